"""The dry run: how many past intakes would be flagged otherwise under the rules that are being written. Counts only."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from saas import audit
from saas.db import action, db
from saas.sealing import KeyErased, fetch_keys
from tenants.intake.assessing import opened_look
from tenants.intake.flags import Axis, Look
from tenants.intake.looking import look, ready
from tenants.intake.models import Intake, IntakeFlags
from tenants.intake.rule_sets import written_rules

MOST_TRIED = 500
"""So many of the newest intakes are tried; the page says so."""
Found = tuple[str, Axis, str]


@dataclass(frozen=True)
class RuleCount:
    """A rule, and how many of the intakes it flags now and would flag."""

    rule: str
    now: int
    then: int


@dataclass(frozen=True)
class Trial:
    """`tried` intakes, the newest; `changed` of them would have other flags; `more`: there are older ones."""

    tried: int
    changed: int
    more: bool
    rules: tuple[RuleCount, ...]


@action
def try_rules(*, now: datetime) -> Trial:
    """Play the draft over what past looks saw. Changes nothing but the audit, which notes that answers were used."""
    draft = ready(written_rules())
    newest = select(IntakeFlags.intake_id, func.max(IntakeFlags.number).label("number")).group_by(IntakeFlags.intake_id)
    last = newest.subquery()
    found = (
        select(IntakeFlags, Intake.client_id)
        .join(last, (IntakeFlags.intake_id == last.c.intake_id) & (IntakeFlags.number == last.c.number))
        .join(Intake, IntakeFlags.intake_id == Intake.id)
        .where(Intake.status == "submitted")
        .order_by(Intake.submitted_at.desc(), Intake.id.desc())
        .limit(MOST_TRIED + 1)
    )
    rows = [(row, client_id) for row, client_id in db.session.execute(found)]
    fetch_keys({client_id for _row, client_id in rows})
    tried = changed = 0
    before, after = Counter[str](), Counter[str]()
    for row, client_id in rows[:MOST_TRIED]:
        try:
            kept = opened_look(row, client_id)
        except KeyErased:
            continue
        again = look(draft, kept.facts, {})
        tried += 1
        changed += _found(kept.look) != _found(again)
        before.update({id for id, _axis, _severity in _found(kept.look)})
        after.update({id for id, _axis, _severity in _found(again)})
    audit.record("rules.tried", target="flag_rules", target_id=None, now=now, count=tried)
    moved = [RuleCount(id, before[id], after[id]) for id in sorted(before | after) if before[id] != after[id]]
    return Trial(tried, changed, len(rows) > MOST_TRIED, tuple(moved))


def _found(seen: Look) -> frozenset[Found]:
    return frozenset((flag.id, flag.axis, flag.severity) for flag in seen.flags)
