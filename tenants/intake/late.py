"""What cannot count as an answer any more, or not yet: kept aside all the same, and looked at for what is urgent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from saas.db import action
from tenants.intake.alerts import raise_alert
from tenants.intake.answer_rows import mark_for, put_aside
from tenants.intake.asking import Typed, urgent_keys
from tenants.intake.file_rows import put_file, sizes_kept
from tenants.intake.models import Intake
from tenants.intake.queries import lock_intake, paper_for, said_now
from tenants.intake.questions import Answer
from tenants.intake.sent import Fault, Upload
from tenants.intake.sorting import Room, answer_sent, raw


@action
def keep_late(*, intake_id: UUID, typed: Mapping[str, Typed], sitting: str, now: datetime) -> tuple[str, ...]:
    """Put aside what a page sent whose questions are closed by now: sent, cancelled or run out. The team is told of
    urgent answers among it; their keys."""
    intake = lock_intake(intake_id)
    paper, said = paper_for(intake.questionnaire_version_id), said_now(intake)
    late: dict[str, Answer] = {}
    room = Room(sizes_kept(intake.id))
    for key, sent in typed.items():
        place = paper.place(key)
        stands = said[key].answer if key in said else Answer()
        found = answer_sent(place.item, sent, stands) if place else None
        answer = raw(sent) if found is None or isinstance(found, Fault) else found
        if sent.mark is None or mark_for(answer) != sent.mark:
            late[key] = _with_file(intake, sent, answer, room, now=now)
    if late:
        put_aside(intake, late, sitting=sitting, now=now)
    urgent = urgent_keys(paper, late)
    tell_of(intake, urgent, now=now)
    return urgent


def _with_file(intake: Intake, sent: Typed, answer: Answer, room: Room, *, now: datetime) -> Answer:
    """The answer with the file that came with it, where there is a place for it; of any other its name alone."""
    if not isinstance(sent.file, Upload) or not answer.file or not room.takes(sent.file, Answer()):
        return replace(answer, file="")
    put_file(intake, UUID(answer.file), sent.file, now=now)
    return answer


def tell_of(intake: Intake, keys: Collection[str], *, now: datetime) -> None:
    """Inside an action: tell the team of urgent answers that were put aside, where no rule reads them."""
    if keys:
        raise_alert(intake_id=intake.id, revision=intake.revision, findings=[f"item:{key}" for key in keys], now=now)
