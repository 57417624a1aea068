"""Short ways to an intake in a state, for tests of what the team sees."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from saas.db import action, db, new_id
from tenants.bookings.models import Booking
from tenants.intake.models import Intake, Questionnaire, QuestionnaireVersion
from tests.cast import NOW, Clinic
from tests.tenants.bookings.scenes import booked


@action
def _add(*rows: Any) -> None:
    for row in rows:
        db.session.add(row)
        db.session.flush()


def an_intake(clinic: Clinic, booking: Booking | None = None, *, now: datetime = NOW) -> UUID:
    """An intake that somebody has begun; its booking is made when none is given."""
    booking = booking or booked(clinic)
    version_id = db.session.execute(select(QuestionnaireVersion.id)).scalars().first() or _version(now)
    intake = Intake(
        id=new_id(), client_id=booking.client_id, booking_id=booking.id, practitioner_id=booking.practitioner_id,
        questionnaire_version_id=version_id, status="open", link_hash=str(new_id()), requested_at=now,
        session_at=booking.starts_at, session_date=booking.starts_at.date(), started_at=now, saved_at=now,
    )  # fmt: skip
    intake_id = intake.id
    _add(intake)
    return intake_id


def _version(now: datetime) -> UUID:
    asked = Questionnaire(id=new_id(), key="ser", kind="intake", title="SER", draft={}, draft_at=now, created_at=now)
    version = QuestionnaireVersion(
        id=new_id(), questionnaire_id=asked.id, number=1, hash="0" * 64, definition={}, published_at=now
    )
    version_id = version.id
    _add(asked, version)
    return version_id
