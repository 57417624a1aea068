"""Sections a and b: before you begin, and about you."""

from __future__ import annotations

from tenants.intake.questions import All, Item, Section, Some, Test
from tenants.intake.shipped.making import agree, is_one_of, line, note, one, pick, say, yes_no

FOR_ANOTHER = is_one_of("a.who", "guardian", "helper")
IS_BABY = Test("b.age", "=", "infant")
# Nobody asks how old the client is of a client who answers alone, so each way of not being a baby is named.
NOT_BABY = Some(
    (
        is_one_of("a.who", "me", "young"),
        Test("a.who", "unknown"),
        Test("b.age", "!=", "infant"),
        Test("b.age", "unknown"),
    )
)
FOR_CHILD = All((Test("a.who", "=", "guardian"), Some((Test("b.age", "!=", "adult"), Test("b.age", "unknown")))))
IS_YOUNG = Test("a.who", "=", "young")

BEFORE = Section(
    "a",
    say("Before you begin", "Antes de empezar"),
    (
        note(
            "a.welcome",
            "Thank you for taking the time. These questions help {practitioner} prepare. Most people need 15 to 20 "
            "minutes. You can stop, skip, or come back at any point.",
            "Gracias por su tiempo. Estas preguntas ayudan a {practitioner} a prepararse. Casi todo el mundo tarda "
            "de 15 a 20 minutos. Puede parar, saltar preguntas o volver cuando quiera.",
        ),
        note(
            "a.control",
            "You decide what to share. You do not need to describe anything painful. “I’d rather not say” is always a "
            "complete answer.",
            "Usted decide qué contar. No hace falta que describa nada doloroso. «Prefiero no decirlo» siempre es una "
            "respuesta completa.",
        ),
        one(
            "a.who", "Who is filling this in?", "¿Quién responde a las preguntas?",
            (
                pick("me", "I am, for myself", "Yo, sobre mí"),
                pick("young", "I am, for myself, and I am under 18", "Yo, sobre mí, y tengo menos de 18 años"),
                pick("guardian", "A parent or guardian", "Un padre, una madre o quien tiene la tutela"),
                pick("helper", "Someone who is helping me", "Alguien que me ayuda"),
            ),
            required=True,
        ),
        line(
            "a.rel", "Your name, and who you are to the client", "Su nombre y qué relación tiene con el cliente",
            required=True, when=FOR_ANOTHER,
        ),
        note(
            "a.child",
            "Please answer every question about your child. Where we say “you”, we mean your child.",
            "Responda a todas las preguntas sobre su hijo o hija. Donde decimos «usted», hablamos de su hijo o hija.",
            when=Test("a.who", "=", "guardian"),
        ),
        note(
            "a.young",
            "It is good that you are doing this yourself. If you are under 13, please ask a parent or guardian to "
            "answer with you. {clinic} may need a parent or guardian to say yes before your first session. "
            "{practitioner} will talk with you about that. What you write here stays with the people who care for you "
            "at {clinic}. If you may not be safe, they may have to tell somebody who can help, and they try to talk "
            "with you first.",
            "Está bien que lo haga por su cuenta. Si tiene menos de 13 años, pida a su madre, a su padre o a quien "
            "tiene su tutela que responda con usted. Puede que {clinic} necesite que den su permiso antes de la "
            "primera sesión. {practitioner} lo hablará con usted. Lo que escriba aquí queda entre quienes le atienden "
            "en {clinic}. Si puede estar en peligro, quizá tengan que avisar a alguien que pueda ayudar, y antes "
            "intentarán hablar con usted.",
            when=IS_YOUNG,
        ),
        agree(
            "a.privacy", "privacy",
            "I agree that {clinic} may collect and keep the health information I give here, as this text says.",
            "Acepto que {clinic} recoja y guarde los datos de salud que doy aquí, como dice este texto.",
            required=True,
        ),
        one(
            "a.lang", "Which language do you prefer to speak?", "¿En qué idioma prefiere hablar?",
            (
                pick("en", "English", "Inglés"),
                pick("es", "Spanish", "Español"),
                pick("other", "Another one", "Otro"),
            ),
            prefill="locale", note=True,
        ),
    ),
)  # fmt: skip

_EMERGENCY = Item(
    "b.emerg", "group", say("Someone to call in an emergency", "A quién llamar en una urgencia"),
    items=(
        line("b.emerg_name", "Name (optional)", "Nombre (opcional)"),
        line("b.emerg_phone", "Phone (optional)", "Teléfono (opcional)"),
        line("b.emerg_rel", "Who they are to you (optional)", "Qué relación tienen (opcional)"),
        yes_no(
            "b.emerg_message", "Is it OK to leave them a message that names the clinic?",
            "¿Podemos dejarle un mensaje que nombre la consulta?", sensitive=True,
        ),
    ),
)  # fmt: skip

ABOUT = Section(
    "b",
    say("About you", "Sobre usted"),
    (
        line("b.name", "Your full name", "Su nombre completo", required=True, prefill="name"),
        line(
            "b.pref", "The name you like to be called (optional)", "Cómo le gusta que le llamen (opcional)",
            prefill="called",
        ),
        line("b.pron", "Your pronouns (optional)", "Sus pronombres (opcional)"),
        Item("b.dob", "date", say("Date of birth", "Fecha de nacimiento"), required=True, prefill="birth_date"),
        one(
            "b.age", "How old is the client?", "¿Qué edad tiene el cliente?",
            (
                pick("infant", "Under 1 year", "Menos de 1 año"),
                pick("child", "1 to 12 years", "De 1 a 12 años"),
                pick("teen", "13 to 17 years", "De 13 a 17 años"),
                pick("adult", "18 or older", "18 años o más"),
            ),
            required=True, when=FOR_ANOTHER,
        ),
        _EMERGENCY,
        one(
            "b.contactsafe", "Is it safe to email or text you about your sessions?",
            "¿Es seguro escribirle por correo o por SMS sobre sus sesiones?",
            (
                pick("yes", "Yes, both", "Sí, las dos cosas"),
                pick("email", "Email only", "Solo por correo"),
                pick("text", "Text only", "Solo por SMS"),
                pick("phone", "Please phone me instead", "Mejor llámenme por teléfono"),
                pick("no", "No, neither", "No, ninguna de las dos"),
            ),
            sensitive=True,
        ),
        line("b.gp", "Your family doctor (optional)", "Su médico de cabecera (opcional)"),
    ),
)  # fmt: skip
