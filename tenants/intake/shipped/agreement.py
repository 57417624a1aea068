"""Sections k, l and m: the place of further questionnaires, the agreement, and the close."""

from __future__ import annotations

from tenants.intake.questions import Item, Section, Test
from tenants.intake.shipped.about_you import IS_YOUNG
from tenants.intake.shipped.making import agree, has, is_one_of, note, say
from tenants.intake.shipped.texts import CLOSE, GROUND, NEXT, NOTICE

EXTRA = Section("k", say("Further questionnaires", "Otros cuestionarios"), (), notice=NOTICE, sensitive=True)

AGREEMENT = Section(
    "l",
    say("Agreement", "Acuerdo"),
    (
        note(
            "l.review", "You can look at every answer once more and change any of them before you send this.",
            "Puede volver a ver todas sus respuestas y cambiarlas antes de enviarlas.",
        ),
        note(
            "l.young",
            "Your own yes or no counts here. {clinic} may need the yes of a parent or guardian as well, and nothing "
            "begins before that is clear.",
            "Aquí cuenta su propio sí o no. Puede que {clinic} necesite también el permiso de su madre, de su padre o "
            "de quien tiene su tutela, y nada empieza antes de aclararlo.",
            when=IS_YOUNG,
        ),
        agree(
            "l.accuracy", "accuracy", "What I wrote is true as far as I know.",
            "Lo que he escrito es cierto, hasta donde yo sé.", required=True,
        ),
        agree("l.treat", "treatment", "I agree to CST.", "Acepto recibir CST.", required=True),
        agree(
            "l.treat_ser", "treatment-ser", "I agree to SER.", "Acepto recibir SER.",
            when=is_one_of("h.interest", "open", "ser"),
        ),
        agree(
            "l.notmedical", "not-medical",
            "I understand that CST and SER do not replace medical or mental-health care.",
            "Entiendo que CST y SER no sustituyen la atención médica ni la de salud mental.", required=True,
        ),
        agree(
            "l.contact_gp", "contact-doctor", "{practitioner} may speak with my doctor.",
            "{practitioner} puede hablar con mi médico.", when=Test("b.gp", "answered"),
        ),
        agree(
            "l.contact_therapist", "contact-therapist", "{practitioner} may speak with my counsellor or therapist.",
            "{practitioner} puede hablar con mi psicólogo o terapeuta.", when=has("f.support", "therapist"),
        ),
        agree(
            "l.guardian", "guardian", "I may agree to this for my child.", "Puedo aceptar esto por mi hijo o hija.",
            required=True, when=Test("a.who", "=", "guardian"),
        ),
        Item(
            "l.sign", "signature", say("Type your full name to sign", "Escriba su nombre completo para firmar"),
            required=True,
        ),
    ),
)  # fmt: skip

END = Section(
    "m",
    say("Before you go", "Antes de terminar"),
    (
        Item("m.close", "display", CLOSE),
        Item("m.ground", "display", GROUND),
        Item("m.next", "display", NEXT),
    ),
)
