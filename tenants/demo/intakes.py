"""Questions of the fictional clinics: published, sent in by one client, half answered by another. Through actions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from saas.db import db
from tenants.clients.queries import client_by_id
from tenants.intake.actions import save_answers, submit
from tenants.intake.asking import Typed
from tenants.intake.consents import Origin
from tenants.intake.models import Intake
from tenants.intake.publishing import begin_once, publish, questionnaires
from tenants.intake.queries import paper_for, published

BEGUN = {
    "a.who": "me", "a.privacy": "yes", "b.dob": "1984-05-12", "b.contactsafe": "yes",
    "c.goal": "To sleep through, and to turn my head without thinking about it.",
    "c.reasons": "pain stress", "c.areas": "neck shoulder", "c.pain_now": "5", "c.duration": "gt1y",
    "c.cause_known": "partly", "c.checked": "explained", "c.linked": "maybe", "c.stress_worse": "often",
}  # fmt: skip
REST = {
    "d.neuroflag": "none", "d.preg": "no", "e.any": "vehicle", "e.item.when@vehicle": "5-20y",
    "e.item.area@vehicle": "neck", "e.item.still@vehicle": "sometimes", "e.recent": "no", "f.gate": "skip",
    "g.stress": "6", "g.tension": "7", "g.worry": "4", "g.sleep": "mixed", "h.interest": "open", "h.touch": "throat",
    "h.dialogue": "little", "h.emotion": "slowing", "i.reality": "no", "i.away": "never", "j.harm": "no",
    "l.accuracy": "yes", "l.treat": "yes", "l.treat_ser": "yes", "l.notmedical": "yes",
}  # fmt: skip


def ask(*, now: datetime) -> None:
    """Publish the shipped questionnaire, unless the clinic asks already."""
    begin_once(now=now)
    if published() is None:
        publish(questionnaire_id=questionnaires()[0].id, now=now)


def answer(*, now: datetime) -> None:
    """The first who was asked sends everything, the second has begun."""
    found = select(Intake).where(Intake.status == "requested", Intake.revision == 0).order_by(Intake.session_at)
    begun = db.session.execute(select(Intake.id).where(Intake.revision > 0)).first()
    intakes = [] if begun else list(db.session.execute(found.limit(2)).scalars())
    for number, (id, version, name) in enumerate([(i.id, i.questionnaire_version_id, i.client_id) for i in intakes]):
        said = {**BEGUN, "b.name": client_by_id(name).name}
        if number == 0:
            items = paper_for(version).places.values()
            health = {at.item.id: "no" for at in items if at.item.kind == "yn4" and at.item.required}
            said |= health | REST | {"l.sign": said["b.name"]}
        typed = {key: _typed(text) for key, text in said.items()}
        save_answers(intake_id=id, typed=typed, sitting=_SITTING, now=now)
        if number == 0:
            submit(intake_id=id, origin=Origin("en"), now=now)


def _typed(text: str) -> Typed:
    return Typed(tuple(text.split())) if text in _SEVERAL else Typed((text,))


_SITTING = "demo"
"""In which the demo's clients answered, as a browser would have: what came in none is locked to every link."""
_SEVERAL = frozenset({BEGUN["c.reasons"], BEGUN["c.areas"]})
