"""Section c: what brings you."""

from __future__ import annotations

from tenants.intake.questions import Item, Section
from tenants.intake.shipped.making import has, is_one_of, line, lines, one, pick, say, scale, several

REASONS = Section(
    "c",
    say("What brings you", "Qué le trae"),
    (
        lines(
            "c.goal", "What would you most like to be different after working together?",
            "¿Qué es lo que más le gustaría que cambiara con las sesiones?",
        ),
        several(
            "c.reasons", "What are you coming for?", "¿Por qué viene?",
            (
                pick("pain", "Pain or tension", "Dolor o tensión"),
                pick("injury", "Recovery after an injury", "Recuperación tras una lesión"),
                pick("surgery", "Recovery after surgery", "Recuperación tras una operación"),
                pick("headache", "Headaches or jaw", "Dolor de cabeza o de mandíbula"),
                pick("stress", "Stress or worry", "Estrés o preocupación"),
                pick("sleep", "Sleep", "Sueño"),
                pick("emotional", "Emotional support beside other care", "Apoyo emocional junto a otros cuidados"),
                pick("wellbeing", "General wellbeing", "Bienestar general"),
                pick("other", "Something else", "Otra cosa"),
            ),
            note=True,
        ),
        Item("c.areas", "bodymap", say("Where in your body do you notice it?", "¿En qué parte del cuerpo lo nota?")),
        scale(
            "c.pain_now", "On average, how strong was your pain or discomfort this past week?",
            "De media, ¿cómo de fuerte ha sido el dolor o la molestia esta última semana?",
            say("none", "nada"), say("as bad as it could be", "lo peor posible"),
        ),
        one(
            "c.duration", "How long has this been going on?", "¿Desde hace cuánto?",
            (
                pick("lt6w", "Less than 6 weeks", "Menos de 6 semanas"),
                pick("6w-3m", "6 weeks to 3 months", "De 6 semanas a 3 meses"),
                pick("3-12m", "3 to 12 months", "De 3 a 12 meses"),
                pick("gt1y", "More than a year", "Más de un año"),
                pick("years", "On and off for years", "Va y viene desde hace años"),
            ),
            when=has("c.reasons", "pain", "headache"),
        ),
        one(
            "c.cause_known", "Do you know what started it?", "¿Sabe cómo empezó?",
            (
                pick("yes", "Yes", "Sí"),
                pick("partly", "Partly", "En parte"),
                pick("no", "No, nobody has found a cause", "No, nadie ha encontrado la causa"),
                pick("not-looked", "Nobody has looked into it yet", "Todavía no se ha mirado"),
            ),
        ),
        one(
            "c.checked", "Has a doctor looked into it?", "¿Lo ha visto un médico?",
            (
                pick("explained", "Yes, and explained it", "Sí, y lo explicó"),
                pick("no-cause", "Yes, and found no cause", "Sí, y no encontró la causa"),
                pick("waiting", "I am waiting for tests", "Estoy esperando pruebas"),
                pick("not-yet", "Not yet", "Todavía no"),
            ),
            when=is_one_of("c.cause_known", "partly", "no", "not-looked"),
        ),
        one(
            "c.linked", "Did it begin, or get worse, around an injury, an operation or a hard time?",
            "¿Empezó, o fue a peor, cerca de una lesión, una operación o una época dura?",
            (pick("yes", "Yes", "Sí"), pick("maybe", "Maybe", "Quizás"), pick("no", "No", "No")),
            sensitive=True,
        ),
        one(
            "c.stress_worse", "Does it get worse when you are tense, worried or under stress?",
            "¿Va a peor con la tensión, las preocupaciones o el estrés?",
            (
                pick("often", "Often", "A menudo"),
                pick("sometimes", "Sometimes", "A veces"),
                pick("rarely", "Rarely", "Pocas veces"),
                pick("not-sure", "Not sure", "No lo sé"),
            ),
        ),
        several(
            "c.tried", "What have you tried?", "¿Qué ha probado?",
            (
                pick("rest", "Rest", "Descanso"),
                pick("exercise", "Exercise or stretching", "Ejercicio o estiramientos"),
                pick("physio", "Physiotherapy", "Fisioterapia"),
                pick("massage", "Massage or other bodywork", "Masaje u otro trabajo corporal"),
                pick("medicine", "Medicine", "Medicinas"),
                pick("talking", "Talking with a counsellor", "Hablar con un psicólogo"),
                pick("other", "Something else", "Otra cosa"),
                pick("none", "Nothing yet", "Nada todavía", alone=True),
            ),
        ),
        line("c.helped", "What helped, even a little? (optional)", "¿Qué ayudó, aunque fuera un poco? (opcional)"),
        one(
            "c.had_cst", "Have you had CranioSacral Therapy (CST) or SomatoEmotional Release (SER) before?",
            "¿Ha recibido antes terapia craneosacral (CST) o liberación somatoemocional (SER)?",
            (
                pick("no", "No", "No"),
                pick("cst", "CST", "CST"),
                pick("ser", "SER", "SER"),
                pick("both", "Both", "Las dos"),
            ),
        ),
        lines(
            "c.had_resp", "How was it for you? (optional)", "¿Cómo le fue? (opcional)",
            when=is_one_of("c.had_cst", "cst", "ser", "both"),
        ),
    ),
)  # fmt: skip
