"""Section h: how you would like the session to be."""

from __future__ import annotations

from tenants.intake.questions import Item, Section
from tenants.intake.shipped.about_you import NOT_BABY
from tenants.intake.shipped.making import line, one, pick, say, several

SESSION = Section(
    "h",
    say("How you would like the session to be", "Cómo le gustaría que fuera la sesión"),
    (
        one(
            "h.interest", "Which would you like?", "¿Qué le gustaría?",
            (
                pick("cst", "CST only", "Solo CST"),
                pick("open", "CST, and I am open to SER if it comes up", "CST, y SER si surge"),
                pick("ser", "SER", "SER"),
                pick("not-sure", "Not sure yet, please explain", "Todavía no lo sé, explíquemelo"),
            ),
            required=True,
        ),
        Item(
            "h.touch", "bodymap",
            say("Where would you rather not be touched?", "¿Dónde prefiere que no le toquen?"),
            help=say(
                "{practitioner} leaves these alone without asking why.",
                "{practitioner} no tocará ahí ni preguntará por qué."
            ),
            options=(
                pick("ask-each-time", "Ask me each time", "Pregúnteme cada vez"),
                pick("none", "Nowhere in particular", "Ningún sitio en especial", alone=True),
            ),
            sensitive=True, note=True,
        ),
        one(
            "h.dialogue", "Talking during the session", "Hablar durante la sesión",
            (
                pick("fine", "That is fine", "Me parece bien"),
                pick("little", "A little", "Un poco"),
                pick("quiet", "I prefer quiet", "Prefiero el silencio"),
                pick("not-sure", "Not sure", "No lo sé"),
            ),
        ),
        one(
            "h.emotion", "If strong feelings come up, what helps you most?",
            "Si llegan emociones fuertes, ¿qué le ayuda más?",
            (
                pick("presence", "Someone quietly there", "Que alguien esté ahí, en silencio"),
                pick("talking", "Talking", "Hablar"),
                pick("slowing", "Slowing down", "Ir más despacio"),
                pick("stopping", "Stopping", "Parar"),
                pick("not-sure", "I don’t know yet", "Todavía no lo sé"),
            ),
            sensitive=True,
        ),
        line(
            "h.signal", "A word or sign that you would like to use for “stop” (optional)",
            "Una palabra o un gesto que quiera usar para decir «pare» (opcional)",
        ),
        several(
            "h.room", "What makes the room easier for you?", "¿Qué le haría más cómoda la sala?",
            (
                pick("door-open", "The door a little open", "La puerta un poco abierta"),
                pick("low-light", "Soft light", "Luz suave"),
                pick("blanket", "A blanket", "Una manta"),
                pick("companion", "Someone I bring with me", "Que me acompañe alguien"),
                pick("woman", "A woman as practitioner", "Que me atienda una mujer"),
                pick("man", "A man as practitioner", "Que me atienda un hombre"),
                pick("clothed", "Keeping my clothes on", "Seguir con la ropa puesta"),
            ),
            note=True,
        ),
        several(
            "h.after", "After the session", "Después de la sesión",
            (
                pick("driving", "I am driving", "Conduzco yo"),
                pick("collected", "Someone collects me", "Me recogen"),
                pick("quiet", "I would like some quiet time", "Me gustaría un rato tranquilo"),
                pick("plans", "I have plans straight after", "Tengo planes justo después"),
            ),
            sensitive=True,
        ),
    ),
    intro=say(
        "In SER, strong feelings and movements of the body can come up, though it is often quiet. {practitioner} may "
        "talk with you in the session. You can pause or stop at any time. CST without SER is always fine.",
        "En SER pueden surgir emociones fuertes y movimientos del cuerpo, aunque a menudo todo es tranquilo. "
        "{practitioner} puede hablar con usted en la sesión. Puede hacer una pausa o parar cuando quiera. CST sin "
        "SER siempre está bien.",
    ),
    when=NOT_BABY,
)  # fmt: skip
