"""What the console shows of a clinic from inside it: owners and counts, asked for in the clinic's own scope."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from saas.accounts.models import OWNER
from saas.accounts.queries import accounts
from saas.jobs import last_beat
from saas.tenancy import TenantRef, tenant_scope

Facts = Callable[[], Mapping[str, int]]
LATE = timedelta(minutes=2)


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


def look_inside(ref: TenantRef, facts: Facts | None) -> Inside:
    """Enter the clinic for its owners' names and its counts. The caller's session ends."""
    with tenant_scope(ref):
        found = [Owner(one.name, one.email, one.password is not None) for one in accounts() if one.role == OWNER]
        return Inside(tuple(found), dict(facts()) if facts else {})


@dataclass(frozen=True)
class Pulse:
    """When a worker was last seen, and whether that is too long ago."""

    at: datetime | None
    late: bool


def pulse(*, now: datetime) -> Pulse:
    """How the worker is."""
    at = last_beat("worker")
    return Pulse(at, at is None or now - at > LATE)
