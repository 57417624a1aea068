"""The texts that stand around the questions: notice, grounding, close; and the words that consents are to."""

from __future__ import annotations

from tenants.intake.shipped.making import say

NOTICE = say(
    "Some of the next questions touch on hard experiences. You don’t need to describe anything. You can skip the "
    "section, stop, or leave it for a conversation. Your place is saved.",
    "Algunas de las preguntas que siguen tocan experiencias duras. No hace falta que describa nada. Puede saltar la "
    "sección, parar o dejarlo para hablarlo. Su sitio queda guardado.",
)
GROUND = say(
    "Let’s take a moment. Put both feet on the floor and feel the ground. Look around and name five things you can "
    "see. Notice three sounds. Breathe out slowly, a little longer than you breathe in. There is no hurry.",
    "Tómese un momento. Ponga los dos pies en el suelo y sienta cómo le sostiene. Mire a su alrededor y nombre cinco "
    "cosas que ve. Escuche tres sonidos. Suelte el aire despacio, un poco más de lo que tarda en tomarlo. No hay "
    "prisa.",
)
_ON = say(
    "When you’re ready, you can go on, skip, or save and come back.",
    "Cuando quiera, puede seguir, saltar o guardar y volver luego.",
)
# The same between questions, where there is something to go on with, as at the end, where all is sent.
GROUNDING = {tag: f"{words} {_ON[tag]}" for tag, words in GROUND.items()}
CLOSE = say(
    "Thank you. That was a lot to think about. {practitioner} will read this before you meet. Nothing you wrote "
    "cancels your session. Try to do something kind and ordinary for yourself now.",
    "Gracias. Ha sido mucho en que pensar. {practitioner} lo leerá antes de verle. Nada de lo que ha escrito cancela "
    "su sesión. Ahora haga algo sencillo y agradable para usted.",
)
NOT_MONITORED = say(
    "We don’t read forms straight away. If you might be in danger now, use the numbers on this page or your local "
    "emergency number.",
    "No leemos las respuestas al momento. Si puede estar en peligro ahora, use los números de esta página o el "
    "número de emergencias de su zona.",
)
NEXT = say(
    "What happens next: {practitioner} reads your answers and may want to talk with you before the session. You can "
    "come back with the same link if something changes.",
    "Qué pasa ahora: {practitioner} leerá sus respuestas y quizá quiera hablar con usted antes de la sesión. Si algo "
    "cambia, puede volver con el mismo enlace.",
)
TEXTS = {
    "notice": NOTICE, "grounding": GROUNDING, "close": CLOSE, "not_monitored": NOT_MONITORED, "next": NEXT,
}  # fmt: skip

DOCUMENTS = {
    "privacy": say(
        "{clinic} keeps your answers to prepare your sessions and to work safely. They are health data, so we ask "
        "for your clear yes. Only those who care for you here can open them, and each time is recorded. They are "
        "kept locked, and nobody sells them. You can ask for a copy, have mistakes put right, or take this yes back "
        "at any time. Taking it back does not undo what was done before. The privacy notice of {clinic} says more.",
        "{clinic} guarda sus respuestas para preparar las sesiones y trabajar con seguridad. Son datos de salud, por "
        "eso le pedimos un sí claro. Solo puede abrirlas quien le atiende aquí, y cada vez queda registrada. Se "
        "guardan cifradas y nadie las vende. Puede pedir una copia, corregir errores o retirar este sí cuando "
        "quiera. Retirarlo no cambia lo que ya se hizo. El aviso de privacidad de {clinic} dice más.",
    ),
    "accuracy": say(
        "{practitioner} relies on what you write here to work safely with you. If something changes, please say so "
        "before the next session. Leaving a question open is fine.",
        "{practitioner} se guía por lo que usted escribe para trabajar con seguridad. Si algo cambia, dígalo antes "
        "de la próxima sesión. Puede dejar preguntas sin responder.",
    ),
    "treatment": say(
        "CranioSacral Therapy (CST) is gentle work with the hands, mostly on the head, the back and the pelvis. You "
        "lie down with your clothes on. Some people feel tired or sore for a day. We promise no result. You can say "
        "stop at any time, and you don’t have to say why.",
        "La terapia craneosacral (CST) es un trabajo suave con las manos, sobre todo en la cabeza, la espalda y la "
        "pelvis. Usted se tumba con la ropa puesta. Hay quien siente cansancio o molestias durante un día. No "
        "prometemos resultados. Puede decir que pare cuando quiera, sin explicar por qué.",
    ),
    "treatment-ser": say(
        "In SomatoEmotional Release (SER), {practitioner} follows what your body shows and may talk with you about "
        "it. Strong feelings, memories or movements can come up, though it is often quiet. It is not talking "
        "therapy. You choose how far it goes. You can pause, stop, or go on with CST alone at any time. We promise "
        "no result.",
        "En la liberación somatoemocional (SER), {practitioner} sigue lo que muestra su cuerpo y puede hablar con "
        "usted de ello. Pueden surgir emociones, recuerdos o movimientos fuertes, aunque a menudo todo es tranquilo. "
        "No es psicoterapia. Usted decide hasta dónde llega. Puede hacer una pausa, parar o seguir solo con CST "
        "cuando quiera. No prometemos resultados.",
    ),
    "not-medical": say(
        "CST and SER are bodywork. They do not find or treat illness. Please keep on with the care and the medicine "
        "that your doctors gave you, and ask them when you are not sure.",
        "CST y SER son trabajo corporal. No diagnostican ni curan enfermedades. Siga con los cuidados y las "
        "medicinas que le dieron sus médicos, y pregúnteles si tiene dudas.",
    ),
    "contact-doctor": say(
        "This is your choice, and the sessions do not depend on it. {practitioner} would only ask what is needed to "
        "work safely. You can take it back at any time.",
        "Usted decide, y las sesiones no dependen de ello. {practitioner} solo preguntaría lo necesario para "
        "trabajar con seguridad. Puede retirarlo cuando quiera.",
    ),
    "contact-therapist": say(
        "This is your choice, and the sessions do not depend on it. {practitioner} would only speak about what you "
        "both agreed on. You can take it back at any time.",
        "Usted decide, y las sesiones no dependen de ello. {practitioner} solo hablaría de lo que acuerden entre los "
        "dos. Puede retirarlo cuando quiera.",
    ),
    "guardian": say(
        "You are the parent or the legal guardian. You stay in the room with a young child. A child can say stop "
        "too, and {practitioner} stops.",
        "Usted es el padre, la madre o quien tiene la tutela. Se queda en la sala si el niño o la niña es de corta "
        "edad. También un niño puede decir que pare, y {practitioner} para.",
    ),
}  # fmt: skip
