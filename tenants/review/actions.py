"""Looks at an intake: what is read and its trace are one transaction, so that nothing is read without one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from saas import audit
from saas.db import action, db
from tenants.intake.models import Intake
from tenants.intake.queries import NoSuchIntake
from tenants.intake.touch import Saying, TouchLimits, touch_history, touch_of
from tenants.review import reading
from tenants.review.reading import About, Summary
from tenants.review.rules import Group


def _row(intake_id: UUID) -> Intake:
    row = db.session.get(Intake, intake_id)
    if row is None:
        raise NoSuchIntake
    return row


@action
def look_at_summary(*, intake_id: UUID, language: str, now: datetime) -> Summary:
    """The summary, and that the acting person has seen the sections it is made of."""
    found = reading.summary(_row(intake_id), language, now=now)
    audit.note_read("intake", target_id=intake_id, now=now, sections=found.seen)
    return found


@action
def look_at_answers(*, intake_id: UUID, language: str, now: datetime) -> tuple[About, tuple[Group, ...]]:
    """Every answer by section, and that the acting person has seen them."""
    about, groups = reading.everything(_row(intake_id), language)
    audit.note_read("intake", target_id=intake_id, now=now, sections=[group.id for group in groups])
    return about, groups


@action
def look_at_touch(*, client_id: UUID, now: datetime) -> tuple[TouchLimits, list[Saying]]:
    """What holds about touch and what was said before, and that the acting person has seen it."""
    audit.note_read("touch", target_id=client_id, now=now)
    return touch_of(client_id), touch_history(client_id)
