"""The dry run: how many past intakes would be flagged otherwise under the rules that are being written. Counts only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

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
def try_rules(*, now: datetime, most: int = MOST_TRIED) -> Trial:
    """Play the draft over what past looks saw. Changes nothing but the audit, which notes that answers were used.

    Whoever was erased is left out.
    """
    draft = ready(written_rules())
    newest = select(Intake.id, Intake.client_id).where(Intake.status == "submitted")
    sent = db.session.execute(newest.order_by(Intake.submitted_at.desc(), Intake.id.desc()).limit(most + 1)).all()
    rows = _last_looks({one.id: one.client_id for one in sent[:most]})
    fetch_keys({client_id for _row, client_id in rows})
    tried = changed = 0
    before, after = Counter[str](), Counter[str]()
    for row, client_id in rows:
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
    return Trial(tried, changed, len(sent) > most, tuple(moved))


def _last_looks(clients: Mapping[UUID, UUID]) -> list[tuple[IntakeFlags, UUID]]:
    """The newest look at each of these intakes, with whose it is. `clients`: by intake."""
    other = aliased(IntakeFlags)
    last = select(func.max(other.number)).where(other.intake_id == IntakeFlags.intake_id).scalar_subquery()
    found = select(IntakeFlags).where(IntakeFlags.intake_id.in_(clients), IntakeFlags.number == last)
    return [(row, clients[row.intake_id]) for row in db.session.execute(found).scalars()]


def _found(seen: Look) -> frozenset[Found]:
    return frozenset((flag.id, flag.axis, flag.severity) for flag in seen.flags)
