"""The shipped questionnaire put together: sections a to n in the five parts that a client walks through.

The order is ours and has a reason: body and goals first, life experiences late, safety after them, and the last page is
never a hard one.
"""

from __future__ import annotations

from functools import cache

from tenants.intake.questions import Part, Questionnaire
from tenants.intake.shipped.about_you import ABOUT, BEFORE, FOR_CHILD, IS_YOUNG
from tenants.intake.shipped.agreement import AGREEMENT, END, EXTRA
from tenants.intake.shipped.health import HEALTH
from tenants.intake.shipped.history import BIRTH, HISTORY
from tenants.intake.shipped.life import LIFE
from tenants.intake.shipped.making import LANGUAGES, say
from tenants.intake.shipped.now import SAFETY, STRESS, WELLBEING
from tenants.intake.shipped.reasons import REASONS
from tenants.intake.shipped.session import SESSION
from tenants.intake.shipped.texts import DOCUMENTS, TEXTS

KEY = "ser"
VERSION = "1.1.1"  # a new one with every change, `test_shipped_names.py` keeps its hash; the last number: words alone


@cache
def shipped_questionnaire() -> Questionnaire:
    """The questionnaire as shipped; a clinic's own draft begins as this."""
    return Questionnaire(
        key=KEY,
        title=say("Before your session", "Antes de su sesión"),
        languages=LANGUAGES,
        parts=(
            Part("about", say("About you", "Sobre usted"), (BEFORE, ABOUT)),
            Part("health", say("Your health", "Su salud"), (REASONS, HEALTH)),
            Part(
                "comfort",
                say("Comfort and history", "Bienestar e historia"),
                (HISTORY, BIRTH, STRESS, LIFE, WELLBEING, SAFETY, EXTRA),
                intro=say(
                    "These questions help {practitioner} take care with you. You don’t need to describe anything that "
                    "happened, and skipping changes nothing about your session.",
                    "Estas preguntas ayudan a {practitioner} a cuidar de usted. No hace falta que describa nada de "
                    "lo que pasó, y saltarlas no cambia nada de su sesión.",
                ),
                optional=True,
            ),
            Part("session", say("In the session", "En la sesión"), (SESSION,)),
            Part("agreement", say("Agreement", "Acuerdo"), (AGREEMENT, END)),
        ),
        documents=DOCUMENTS,
        texts=TEXTS,
        guardian_when=FOR_CHILD,
        young_when=IS_YOUNG,
        based_on=f"{KEY}@{VERSION}",
    )
