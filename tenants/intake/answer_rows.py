"""Answers as rows: each sealed by itself under the client's key, with its item inside, so that the table tells nobody
what somebody was asked. A later answer replaces an earlier one, which stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select

from saas import audit
from saas.crypto import keyed_hash
from saas.db import db, new_id
from saas.sealing import seal_value, unseal_value
from saas.stale import mark_of
from saas.tenancy import current_tenant
from tenants.intake.models import Intake, IntakeAnswer
from tenants.intake.questions import Answer, Value

LONGEST_KEY = 120
"""So much of an item's name is kept; that of an unknown one may be longer."""


@dataclass(frozen=True)
class Said:
    """One answer as it stands, and in which sitting it was given ("" for what was taken over or came otherwise)."""

    answer: Answer
    sitting: str
    row_id: UUID
    at: datetime


@dataclass(frozen=True)
class Past:
    """One answer of the history. `dropped`: it was sent, kept aside, and never counted."""

    key: str
    answer: Answer
    at: datetime
    replaced_at: datetime | None
    dropped: bool


def item_key(intake_id: UUID, key: str) -> str:
    """What a row shows of the item it answers: a keyed hash bound to the intake."""
    return keyed_hash("intake-item", current_tenant().id, f"{intake_id}|{key}")


def _about(row_id: UUID) -> str:
    return f"intake_answer|sealed|{row_id}"


def said_in(intake: Intake) -> dict[str, Said]:
    """What was answered in this very intake, by key; one query."""
    rows = select(IntakeAnswer.id, IntakeAnswer.sealed, IntakeAnswer.at).where(
        IntakeAnswer.intake_id == intake.id, IntakeAnswer.replaced_at.is_(None), IntakeAnswer.dropped.is_(False)
    )
    found = {}
    for row_id, sealed, at in db.session.execute(rows.order_by(IntakeAnswer.revision, IntakeAnswer.id)):
        told = unseal_value(subject=intake.client_id, about=_about(row_id), sealed=sealed)
        found[told["item"]] = Said(answer_of(told), told.get("sitting", ""), row_id, at)
    return found


def answers_to(key: str, whose: Mapping[UUID, UUID]) -> dict[UUID, Answer]:
    """What stands for this one question in each of these intakes (intake → client); one query for all."""
    mine = [item_key(intake_id, key) for intake_id in whose]
    rows = select(IntakeAnswer.intake_id, IntakeAnswer.id, IntakeAnswer.sealed).where(
        IntakeAnswer.intake_id.in_(list(whose)), IntakeAnswer.item_key.in_(mine),
        IntakeAnswer.replaced_at.is_(None), IntakeAnswer.dropped.is_(False),
    )  # fmt: skip
    return {
        intake_id: answer_of(unseal_value(subject=whose[intake_id], about=_about(row_id), sealed=sealed))
        for intake_id, row_id, sealed in db.session.execute(rows.order_by(IntakeAnswer.revision))
    }


def history_of(intake: Intake) -> list[Past]:
    """Everything that was ever sent, in order, what was dropped too."""
    return _past(intake, select(IntakeAnswer).where(IntakeAnswer.intake_id == intake.id))


def aside_in(intake: Intake, *, replaced: bool) -> list[Past]:
    """What was sent and does not stand, in order: never counted, and where wanted also `replaced`; one query."""
    gone = [IntakeAnswer.dropped.is_(True), *([IntakeAnswer.replaced_at.is_not(None)] if replaced else [])]
    return _past(intake, select(IntakeAnswer).where(IntakeAnswer.intake_id == intake.id, or_(*gone)))


def _past(intake: Intake, rows: Select[IntakeAnswer]) -> list[Past]:
    found = []
    for row in db.session.execute(rows.order_by(IntakeAnswer.revision, IntakeAnswer.id)).scalars():
        told = unseal_value(subject=intake.client_id, about=_about(row.id), sealed=row.sealed)
        found.append(Past(told["item"], answer_of(told), row.at, row.replaced_at, row.dropped))
    return found


def answer_of(told: Mapping[str, Any]) -> Answer:
    """The answer in what was sealed."""
    value: Value = tuple(told["value"]) if isinstance(told["value"], list) else told["value"]
    return Answer(value, told["absent"], told["note"], told.get("file", ""))


def told_of(answer: Answer) -> dict[str, Any]:
    """The answer as JSON can say it."""
    value = list(answer.value) if isinstance(answer.value, tuple) else answer.value
    return {"value": value, "absent": answer.absent, "note": answer.note} | (
        {"file": answer.file} if answer.file else {}
    )


def mark_for(answer: Answer) -> str:
    """A short mark of an answer, by which a page tells what it showed."""
    return mark_of(told_of(answer))[:10]


def put_answers(
    intake: Intake, answers: Mapping[str, Answer], *, known: Mapping[str, Said], sitting: str, now: datetime
) -> None:
    """Inside an action that holds the intake's lock: write these under a new revision; what they replace stays."""
    intake.revision += 1
    replaced = [known[key].row_id for key in answers if key in known]
    if replaced:
        for row in db.session.execute(select(IntakeAnswer).where(IntakeAnswer.id.in_(replaced))).scalars():
            row.replaced_at = now
    db.session.add_all([_row(intake, key, told_of(answer), sitting, now) for key, answer in answers.items()])


def put_aside(intake: Intake, dropped: Mapping[str, Answer], *, sitting: str, now: datetime) -> None:
    """Inside an action that holds the intake's lock: keep what belongs to no question, without ever reading it."""
    intake.revision += 1
    for key, answer in dropped.items():
        row = _row(intake, key, told_of(answer), sitting, now)
        row.dropped = True
        db.session.add(row)


def _row(intake: Intake, key: str, told: dict[str, Any], sitting: str, now: datetime) -> IntakeAnswer:
    row_id = new_id()
    value = {"item": key[:LONGEST_KEY], **told} | ({"sitting": sitting} if sitting else {})
    return IntakeAnswer(
        id=row_id,
        intake_id=intake.id,
        item_key=item_key(intake.id, key),
        revision=intake.revision,
        sealed=seal_value(subject=intake.client_id, about=_about(row_id), value=value),
        at=now,
        replaced_at=None,
        dropped=False,
        account_id=audit.current_actor().account_id,
    )
