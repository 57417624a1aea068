"""What the console shows of a clinic from inside it: owners and counts, asked for in the clinic's own scope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import ScalarSelect, literal, select

from saas.accounts.models import OWNER, Account
from saas.db import db
from saas.jobs import last_beat
from saas.tenancy import TenantRef, tenant_scope

LATE = timedelta(minutes=2)


class Facts(Protocol):
    """What clinics hand down: counts of the entered one by code, as parts of a statement (its tables have no name
    here)."""

    def __call__(self, *, now: datetime) -> Mapping[str, ScalarSelect[int]]: ...


@dataclass(frozen=True)
class Owner:
    """Somebody who owns a clinic. `joined`: whether they have chosen a password."""

    name: str
    email: str
    joined: bool


@dataclass(frozen=True)
class Inside:
    """What is known from inside: its owners, and counts by code."""

    owners: tuple[Owner, ...]
    facts: Mapping[str, int]


def look_inside(ref: TenantRef, facts: Facts | None, codes: tuple[str, ...], *, now: datetime) -> Inside:
    """Enter the clinic for its owners and the counts named by `codes`: one statement. The caller's session ends."""
    with tenant_scope(ref):
        known = facts(now=now) if facts else {}
        counts = [known[code].label(code) for code in codes if code in known]
        owners = (Account.name, Account.email, Account.password.is_not(None))
        # There is a row for the counts where nobody owns the clinic.
        one = select(literal(1).label("one")).subquery()
        asked = select(*owners, *counts).select_from(one).outerjoin(Account, Account.role == OWNER)
        asked = asked.order_by(Account.active.desc(), Account.name, Account.id)
        rows: Sequence[Any] = db.session.execute(asked).all()
        found = tuple(Owner(*row[:3]) for row in rows if row[0] is not None)
        return Inside(found, dict(zip((count.name for count in counts), rows[0][3:], strict=True)))


@dataclass(frozen=True)
class Pulse:
    """When a worker was last seen, and whether that is too long ago."""

    at: datetime | None
    late: bool


def pulse(*, now: datetime) -> Pulse:
    """How the worker is."""
    at = last_beat("worker")
    return Pulse(at, at is None or now - at > LATE)
