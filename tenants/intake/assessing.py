"""The rules look at an intake: when something urgent was saved, when it was sent, when its session moved.

Each look is a row, sealed: what it saw, what it found, by which rules. A row is never changed, and `replay` finds the
same again years later. A look decides nothing: it accepts, declines, moves, prices and cancels no booking.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from saas import audit
from saas.db import action, db, new_id
from saas.sealing import seal_value, unseal_value
from saas.tenancy import current_tenant
from tenants.intake.flag_facts import facts_from, labels_of
from tenants.intake.flags import LICENCE, Facts, Flag, Look, rank
from tenants.intake.look_json import facts_as_json, facts_from_json, look_as_json, look_from_json
from tenants.intake.looking import Ready, look
from tenants.intake.models import Intake, IntakeFlags
from tenants.intake.queries import NoSuchIntake, answers_of, definition_of, lock_intake
from tenants.intake.rule_sets import keep_rules_used, rules_in_force, rules_of
from tenants.practitioners.models import Practitioner

Why = Literal["submitted", "saved", "moved", "rules"]
_SPEAK_FIRST = rank("high")


@dataclass(frozen=True)
class Kept:
    """A look that was kept: what it saw and found, why and when, about which session's day."""

    look: Look
    facts: Facts
    number: int
    why: str
    session_date: date | None
    revision: int
    at: datetime


@action
def assess(*, intake_id: UUID, why: Why, now: datetime) -> tuple[Flag, ...]:
    """Let the rules that hold now look at the answers that stand now, and keep what they find.

    The same facts under the same rules are kept once. `attention` follows: somebody must speak with the client first;
    once somebody has decided, only a new finding raises it. Such a finding about what was sent asks for a review again.
    """
    intake = lock_intake(intake_id)
    sent = why == "submitted" or _was_sent(intake)
    facts, found = _looked(intake, keep_rules_used(now=now), whole=sent, now=now)
    last = _newest(intake.id)
    before = opened_look(last, intake.client_id) if last is not None else None
    if before is None or (before.facts, before.look) != (facts, found):
        _keep(intake, found, facts, number=last.number + 1 if last else 1, why=why, now=now)
    graver = before is None or _graver(before.look, found)
    if intake.reviewed_at is None:
        intake.attention = needs_talk(found)
    elif graver and needs_talk(found):  # else what somebody decided who read it stands until they decide again
        intake.attention = True
    if sent and (why == "submitted" or graver):
        intake.review_due = True
    audit.record("intake.assessed", target="intake", target_id=intake.id, now=now, why=why)
    return found.flags


def look_now(intake: Intake, *, now: datetime) -> Kept:
    """What the rules that hold now find in what stands now, and nothing is kept. For what was not sent: no row follows
    every answer there. The caller notes the read."""
    facts, found = _looked(intake, rules_in_force(), whole=_was_sent(intake), now=now)
    return Kept(found, facts, 0, "saved", intake.session_date, intake.revision, now)


def _looked(intake: Intake, rules: Ready, *, whole: bool, now: datetime) -> tuple[Facts, Look]:
    form = definition_of(intake.questionnaire_version_id)
    facts = facts_from(
        form,
        answers_of(intake),
        session_date=intake.session_date,
        today=now.astimezone(ZoneInfo(current_tenant().zone)).date(),
        practitioner=_known_of(intake.practitioner_id),
        whole=whole,
    )
    return facts, look(rules, facts, labels_of(form))


def _was_sent(intake: Intake) -> bool:
    """Whether the client has sent it, be it open again now."""
    return intake.status == "submitted" or intake.submitted_at is not None


def needs_talk(found: Look) -> bool:
    """Whether somebody must speak with the client before hands-on work begins."""
    return any(rank(flag.severity) >= _SPEAK_FIRST for flag in found.on("acute", "contra", "caution", "unknown"))


def kept_look(intake: Intake) -> Kept | None:
    """What the newest look at this intake found; None before the first. The caller notes the read."""
    row = _newest(intake.id)
    return opened_look(row, intake.client_id) if row is not None else None


def look_before(intake: Intake, kept: Kept) -> Kept | None:
    """The look before this one; None before the second. The caller notes the read."""
    found = select(IntakeFlags).where(IntakeFlags.intake_id == intake.id, IntakeFlags.number < kept.number)
    row = db.session.execute(found.order_by(IntakeFlags.number.desc()).limit(1)).scalar_one_or_none()
    return opened_look(row, intake.client_id) if row is not None else None


def replay(row: IntakeFlags) -> Look:
    """The look of this row made again, from the facts it saw and the rules of its hash, whatever rules hold today."""
    intake = db.session.get(Intake, row.intake_id)
    if intake is None:
        raise NoSuchIntake
    facts = opened_look(row, intake.client_id).facts
    return look(rules_of(row.rules_hash), facts, labels_of(definition_of(intake.questionnaire_version_id)))


def look_about(row_id: UUID) -> str:
    """What the sealed part of a row of looks is bound to."""
    return f"intake_flags|sealed|{row_id}"


def _known_of(practitioner_id: UUID | None) -> frozenset[str]:
    found = select(Practitioner.mental_health_licence).where(Practitioner.id == practitioner_id)
    return frozenset((LICENCE,)) if db.session.execute(found).scalar_one_or_none() else frozenset()


def _newest(intake_id: UUID) -> IntakeFlags | None:
    found = select(IntakeFlags).where(IntakeFlags.intake_id == intake_id).order_by(IntakeFlags.number.desc()).limit(1)
    return db.session.execute(found).scalar_one_or_none()


def opened_look(row: IntakeFlags, client_id: UUID) -> Kept:
    """What is sealed in a row of looks. `KeyErased` for a client who was erased."""
    plain = unseal_value(subject=client_id, about=look_about(row.id), sealed=row.sealed)
    return Kept(
        look=look_from_json(plain["look"]),
        facts=facts_from_json(plain["facts"]),
        number=row.number,
        why=row.why,
        session_date=row.session_date,
        revision=row.revision,
        at=row.at,
    )


def _keep(intake: Intake, found: Look, facts: Facts, *, number: int, why: Why, now: datetime) -> None:
    id = new_id()
    plain = {"facts": facts_as_json(facts), "look": look_as_json(found)}
    db.session.add(
        IntakeFlags(
            id=id,
            intake_id=intake.id,
            number=number,
            rules_hash=found.rules_hash,
            revision=intake.revision,
            session_date=intake.session_date,
            why=why,
            sealed=seal_value(subject=intake.client_id, about=look_about(id), value=plain),
            at=now,
        )
    )


def _graver(before: Look, found: Look) -> bool:
    """Whether there is anything to review that was not there before, or that has become another thing."""
    known = {(flag.id, flag.axis, flag.severity) for flag in before.flags}
    return any(
        (flag.id, flag.axis, flag.severity) not in known and flag.axis not in ("fit", "talk") for flag in found.flags
    )
