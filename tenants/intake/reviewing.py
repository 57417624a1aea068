"""Reviews: a practitioner has read what came in, and has decided. A state of the intake, apart from its booking's.

A decision changes no booking and tells the client nothing by itself. What the client may be sent is one of a few
neutral sentences, and only when the practitioner asks for it: no mail can carry a clinical word.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import func, select

from saas import audit
from saas.audit import current_actor
from saas.db import action, db, new_id
from saas.errors import Conflict
from saas.outbox import emit
from saas.sealing import seal_value, unseal_value
from saas.stale import ChangedMeanwhile, mark_of, unchanged
from saas.text import Cleaner
from saas.words import _
from tenants.intake.models import Intake, IntakeFlags, IntakeReview
from tenants.intake.queries import lock_intake
from tenants.intake.settings import intake_settings

OUTCOMES = ("proceed", "changes", "cst-only", "clearance", "refer", "defer")
"""Proceed; with changes; CST only for now; ask for medical clearance; refer; defer by agreement."""
SETTLED = frozenset({"proceed", "changes", "cst-only"})
"""With these nobody needs to speak with the client before the session."""
WORDS = ("", "thanks", "talk")
"""What the client is sent: nothing; thanks; that the practitioner would like a word before they meet."""
EARLY = "early"
"""Not a decision: the client was marked as arrived before there was one, and why."""
REMINDER = "intake.review_reminder"
SEND_WORDS = "intake.words"
State = Literal["missing", "open", "done"]
_NOTES = 4000


class ReviewOpen(Conflict):
    """The intake of this booking waits for its review: marking the client as arrived needs a reason."""

    code = "review-open"

    def __init__(self) -> None:
        super().__init__(_("The intake has not been reviewed. Say why you go on without"), fields={})


@dataclass(frozen=True)
class Decision:
    """What a practitioner decides. `changes`: what is done otherwise; `words`: one of `WORDS`."""

    outcome: str
    changes: str = ""
    notes: str = ""
    words: str = ""


@dataclass(frozen=True)
class Reviewed:
    """A decision as it was kept; `revision`: of the answers that it was made on."""

    id: UUID
    at: datetime
    by: UUID
    revision: int
    decision: Decision


@dataclass(frozen=True)
class Standing:
    """How the intake of a booking stands. `speak`: somebody must speak with the client before the session."""

    intake_id: UUID
    client_id: UUID
    state: State
    speak: bool


@action
def review(*, intake_id: UUID, seen: str | None, decision: Decision, now: datetime) -> UUID:
    """Keep a decision on what stood when `seen` was made (`review_mark`; None asks nothing); the review's id.

    `ChangedMeanwhile` when the client has sent more since, the rules have found something else (the session moved), or
    somebody has decided; `Invalid` with a sentence for each field.
    """
    row = lock_intake(intake_id)
    unchanged(seen, *_decided_on(row))
    if row.status != "submitted":
        raise ChangedMeanwhile
    kept = _cleaned(decision)
    review_id = _keep(row, kept, now=now)
    row.review_due, row.reviewed_at = False, now
    row.attention = kept.outcome not in SETTLED
    if kept.words:
        emit(SEND_WORDS, run_at=now, dedupe=f"{SEND_WORDS}:{review_id}", review_id=review_id)
    audit.record("intake.reviewed", target="intake", target_id=intake_id, now=now, revision=row.revision)
    return review_id


def review_mark(row: Intake) -> str:
    """The mark of what a decision is made on, for who decides second."""
    return mark_of(*_decided_on(row))


def _decided_on(row: Intake) -> tuple[object, ...]:
    """The answers, the newest look of the rules at them, and what was decided so far; one query."""
    looks = select(func.count()).select_from(IntakeFlags).where(IntakeFlags.intake_id == row.id).scalar_subquery()
    reviews = select(func.count()).select_from(IntakeReview).where(IntakeReview.intake_id == row.id).scalar_subquery()
    return row.revision, *db.session.execute(select(looks, reviews)).one()


def _cleaned(decision: Decision) -> Decision:
    cleaner = Cleaner()
    if decision.outcome not in OUTCOMES:
        cleaner.refuse("outcome", _("Choose what you have decided"))
    if decision.words not in WORDS:
        cleaner.refuse("words", _("Choose one of these"))
    changes = cleaner.block("changes", decision.changes, _NOTES)
    notes = cleaner.block("notes", decision.notes, _NOTES)
    if decision.outcome == "changes" and not changes:
        cleaner.refuse("changes", _("Say what will be different"))
    cleaner.check()
    return Decision(decision.outcome, changes, notes, decision.words)


def _keep(row: Intake, decision: Decision, *, now: datetime) -> UUID:
    actor = current_actor().account_id
    if actor is None:
        msg = "a review is somebody's"
        raise ValueError(msg)
    kept = IntakeReview(id=new_id(), intake_id=row.id, account_id=actor, revision=row.revision, at=now)
    said = {"outcome": decision.outcome, "changes": decision.changes, "notes": decision.notes, "words": decision.words}
    kept.sealed = seal_value(subject=row.client_id, about=_about(kept.id), value=said)
    db.session.add(kept)
    return kept.id


def _about(row_id: UUID) -> str:
    return f"intake_review|sealed|{row_id}"


def opened(row: IntakeReview, client_id: UUID) -> Decision:
    """The decision of a row. Unseals: whoever shows it records the look."""
    said: dict[str, Any] = unseal_value(subject=client_id, about=_about(row.id), sealed=row.sealed)
    return Decision(said["outcome"], said["changes"], said["notes"], said["words"])


def reviews_of(intake_id: UUID, client_id: UUID) -> list[Reviewed]:
    """Every decision about an intake, the newest first, early arrivals among them. Unseals: record the look."""
    found = select(IntakeReview).where(IntakeReview.intake_id == intake_id)
    rows = db.session.execute(found.order_by(IntakeReview.at.desc(), IntakeReview.id.desc())).scalars()
    return [Reviewed(row.id, row.at, row.account_id, row.revision, opened(row, client_id)) for row in rows]


def unreviewed(booking_id: UUID) -> UUID | None:
    """The id of the booking's intake when it waits for its answers or its review; one query."""
    standing = standing_of([booking_id]).get(booking_id)
    return None if standing is None or standing.state == "done" else standing.intake_id


def standing_of(booking_ids: Collection[UUID]) -> Mapping[UUID, Standing]:
    """How the intake of each of these bookings stands; nothing for a booking without one. One query, no key."""
    found = (
        select(
            Intake.booking_id,
            Intake.id,
            Intake.client_id,
            Intake.status,
            Intake.review_due,
            Intake.reviewed_at,
            Intake.attention,
        )
        .where(Intake.booking_id.in_(booking_ids), Intake.status.in_(("requested", "open", "submitted")))
        .order_by(Intake.requested_at, Intake.id)
    )
    rows = db.session.execute(found) if booking_ids else ()
    return {row.booking_id: Standing(row.id, row.client_id, state_of(row), row.attention) for row in rows}


def state_of(row: Any) -> State:
    """The state of an intake (or of a row with its columns)."""
    if row.status != "submitted":
        return "missing"
    return "open" if row.review_due or row.reviewed_at is None else "done"


@action
def arrive_early(*, booking_id: UUID, reason: str, now: datetime) -> None:
    """Inside the action that marks a client as arrived: `ReviewOpen` when their intake waits for its review and no
    reason is given; else the reason is kept, sealed, in the history of its reviews."""
    intake_id = unreviewed(booking_id)
    if intake_id is None:
        return
    cleaner = Cleaner()
    why = cleaner.block("reason", reason, 500)
    cleaner.check()
    if not why:
        raise ReviewOpen
    _keep(lock_intake(intake_id), Decision(EARLY, notes=why), now=now)
    audit.record("intake.unreviewed_arrival", target="intake", target_id=intake_id, now=now)


@action
def plan_reminder(*, intake_id: UUID, session_at: datetime | None, now: datetime) -> None:
    """Have the team reminded when the clinic's goal for reviews comes near; what the mail says is looked up then. For
    every new time of the session again: an older one finds nothing to do."""
    if session_at is None or session_at <= now:
        return
    at = max(now, session_at - timedelta(hours=intake_settings().review_hours))
    emit(
        REMINDER, run_at=at, dedupe=f"{REMINDER}:{intake_id}:{int(session_at.timestamp())}",
        intake_id=intake_id, session=int(session_at.timestamp()),
    )  # fmt: skip
