"""A client who was asked: the shipped questionnaire published, a booking, and the intake that came with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from saas.db import action, db
from saas.links import link_for
from tenants.bookings.rules import Details
from tenants.intake.actions import Session, request_intake
from tenants.intake.asking import Typed
from tenants.intake.assessing import Kept, opened_look
from tenants.intake.form_json import as_json, hash_of
from tenants.intake.models import Intake, IntakeFlags, Questionnaire, QuestionnaireVersion
from tenants.intake.queries import LINK
from tenants.intake.questions import Questionnaire as Form
from tenants.intake.settings import Contact, IntakeSettings, save_settings
from tenants.intake.shipped.form import shipped_questionnaire
from tests.cast import NOW, Clinic
from tests.tenants.bookings.scenes import CLEO, TUESDAY_TEN, booked

LATER = TUESDAY_TEN + timedelta(days=14)
HEALTHY = (
    "bleed aneurysm skull headinj headspine_op lp icp chiari tumour seizure clot thinner heart infection bones implants"
).split()


def said(*values: str, note: str = "", absent: str = "") -> Typed:
    """One answer, as a script sends it."""
    return Typed(values, absent, note)


@action
def publish_form(form: Form | None = None, *, key: str = "ser", now: datetime = NOW) -> UUID:
    """A version of the shipped questionnaire, or of another, as publishing leaves it."""
    wanted = form or shipped_questionnaire()
    data = as_json(wanted)
    sheet = Questionnaire(key=key, kind="intake", title="Questions", draft=data, draft_at=now, created_at=now)
    db.session.add(sheet)
    db.session.flush()
    version = QuestionnaireVersion(
        questionnaire_id=sheet.id, number=1, hash=hash_of(wanted), definition=data, published_at=now
    )
    db.session.add(version)
    db.session.flush()
    return version.id


def publishes(clinic: Clinic, form: Form | None = None, *, now: datetime = NOW) -> None:
    """The clinic asks: contacts for alerts, then the questionnaire."""
    contact = Contact("Alma", f"alma@{clinic.ref.slug}.example")
    save_settings(wanted=IntakeSettings(first=contact, second=replace(contact, email="ben@rowan.example")), now=now)
    publish_form(form, now=now)


def asked(
    clinic: Clinic, *, at: datetime = LATER, who: Details = CLEO, now: datetime = NOW, publish: bool = True,
    form: Form | None = None,
) -> Intake:  # fmt: skip
    """An intake for a booking that stands."""
    if publish:
        publishes(clinic, form, now=now)
    booking = booked(clinic, at=at, who=who, now=now)
    assert booking.client_id is not None
    id = request_intake(
        session=Session(
            booking.id, booking.client_id, booking.practitioner_id, booking.service_id, booking.starts_at, booking.zone,
            "en_GB",
        ),
        now=now,
    )  # fmt: skip
    assert id is not None
    return fresh(id)


def fresh(intake_id: UUID) -> Intake:
    return db.session.get_one(Intake, intake_id, populate_existing=True)


def link_of(intake: Intake) -> str:
    """Where its pages begin, under the clinic's home."""
    return f"/intake/{link_for(LINK, intake.id, intake.link_generation).token}"


def kept_looks(intake: Intake) -> list[Kept]:
    """Every look at this intake, the oldest first."""
    found = select(IntakeFlags).where(IntakeFlags.intake_id == intake.id).order_by(IntakeFlags.number)
    return [opened_look(row, intake.client_id) for row in db.session.execute(found).scalars()]
