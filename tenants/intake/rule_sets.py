"""Which flag rules hold in this clinic, and which are being written. A version once published is never changed.

Until somebody publishes their own, the shipped ones hold. A set that was used is kept as a row, so that a flag can be
replayed from its hash whatever is shipped or written later.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from saas.db import action, db
from saas.errors import NotFound
from tenants.clinic.actions import lock_clinic
from tenants.intake.flag_json import hash_of_rules, rules_as_json, rules_from_json
from tenants.intake.flags import RuleSet
from tenants.intake.looking import Ready, ready
from tenants.intake.models import FlagRules
from tenants.intake.shipped_rules import shipped_rules

_REMEMBERED = 256
_made: dict[str, Ready] = {}


class NoSuchRules(NotFound):
    """The clinic has no rules by this hash."""

    code = "no-such-rules"


def rules_in_force() -> Ready:
    """The rules that hold now."""
    row = newest_published()
    return _ready(row) if row is not None else _shipped()


def rules_of(hash_: str) -> Ready:
    """The rules by this hash, whenever they held. `NoSuchRules` for a hash that is nobody's here."""
    if hash_ == _shipped().hash:
        return _shipped()
    found = select(FlagRules).where(FlagRules.hash == hash_, FlagRules.published_at.is_not(None))
    row = db.session.execute(found.order_by(FlagRules.number).limit(1)).scalar_one_or_none()
    if row is None:
        raise NoSuchRules
    return _ready(row)


def newest_published() -> FlagRules | None:
    """The row of the rules that hold now; None while nothing was ever published or used."""
    found = select(FlagRules).where(FlagRules.published_at.is_not(None)).order_by(FlagRules.number.desc())
    return db.session.execute(found.limit(1)).scalar_one_or_none()


def rules_draft(*, lock: bool = False) -> FlagRules | None:
    """The row of the rules that are being written, if any are."""
    found = select(FlagRules).where(FlagRules.published_at.is_(None)).order_by(FlagRules.number.desc()).limit(1)
    if lock:
        found = found.with_for_update().execution_options(populate_existing=True)
    return db.session.execute(found).scalar_one_or_none()


def written_rules() -> RuleSet:
    """What the editor shows: the draft, or else what holds."""
    row = rules_draft()
    return rules_from_json(row.rules) if row is not None else rules_in_force().rules


@action
def keep_rules_used(*, now: datetime) -> Ready:
    """The rules that hold now, kept as a row before the first flag names them."""
    row = newest_published()
    if row is None:
        lock_clinic()  # two first intakes at once keep them once
        row = newest_published() or add_rules(shipped_rules(), now=now, published_at=now)
    return _ready(row)


def add_rules(rules: RuleSet, *, now: datetime, published_at: datetime | None = None, by: Any = None) -> FlagRules:
    """A new row of rules, numbered after the others. Called under the clinic's lock."""
    last = db.session.execute(select(func.max(FlagRules.number))).scalar_one()
    row = FlagRules(
        number=(last or 0) + 1,
        hash=hash_of_rules(rules),
        rules=rules_as_json(rules),
        account_id=by,
        changed_at=now,
        published_at=published_at,
    )
    db.session.add(row)
    db.session.flush()
    return row


def _shipped() -> Ready:
    known = _made.get("")
    if known is None:
        known = _made[""] = ready(shipped_rules())
    return known


def _ready(row: FlagRules) -> Ready:
    """Made ready once a hash: the same hash is the same rules in every clinic."""
    known = _made.get(row.hash)
    if known is None:
        rules: Mapping[str, Any] = row.rules
        if len(_made) >= _REMEMBERED:
            _made.clear()
        known = _made[row.hash] = ready(rules_from_json(rules))
    return known
