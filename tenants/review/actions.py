"""Looks at an intake: what is read and its trace are one transaction, so that nothing is read without one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from saas import audit
from saas.db import action, db
from saas.errors import Invalid
from saas.words import _
from tenants.intake.answer_rows import aside_in
from tenants.intake.assessing import kept_look
from tenants.intake.file_rows import file_in
from tenants.intake.heeding import look_and_tell
from tenants.intake.look_changes import differences
from tenants.intake.models import Intake
from tenants.intake.queries import NoSuchIntake, answers_of, paper_for
from tenants.intake.sent import Upload
from tenants.intake.taking_out import note_taken_out
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
def look_again(*, intake_id: UUID, now: datetime) -> bool:
    """Let the rules that hold now look at an intake that was sent, and whether they find anything otherwise. Looks from
    before stay as they are, and so does what was decided. Raises `Invalid` for one that was not sent."""
    row = _row(intake_id)
    if row.status != "submitted":
        raise Invalid(_("The rules look when the client sends it in"))
    before = kept_look(row)
    look_and_tell(intake_id=row.id, why="rules", now=now)
    after = kept_look(row)
    return before is None or after is None or bool(differences(before.look, after.look))


@action
def look_at_answers(*, intake_id: UUID, language: str, now: datetime) -> tuple[About, tuple[Group, ...]]:
    """Every answer by section, and that the acting person has seen them."""
    about, groups = reading.everything(_row(intake_id), language)
    audit.note_read("intake", target_id=intake_id, now=now, sections=[group.id for group in groups])
    return about, groups


@action
def open_file(*, intake_id: UUID, file_id: str, now: datetime) -> Upload:
    """A file that one of the answers holds, or that was put aside, and that the acting person took it out.
    `NoSuchFile`."""
    row = _row(intake_id)
    held = [*answers_of(row).items(), *((one.key, one.answer) for one in aside_in(row, replaced=False))]
    found = file_in(row, (one for _key, one in held), file_id)
    key = next(key for key, one in held if one.file == file_id)
    place = paper_for(row.questionnaire_version_id).place(key)
    note_taken_out(intake_id=row.id, kind="file", flags=False, now=now, sections=[place.section.id] if place else [])
    return found


@action
def look_at_touch(*, client_id: UUID, now: datetime) -> tuple[TouchLimits, list[Saying]]:
    """What holds about touch and what was said before, and that the acting person has seen it."""
    audit.note_read("touch", target_id=client_id, now=now)
    return touch_of(client_id), touch_history(client_id)
