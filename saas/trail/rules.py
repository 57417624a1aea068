"""How a row of the audit is written for its hash, and what a walk along the chain makes of what it meets. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

START = "0" * 64
"""What stands before the first link."""

GRACE = timedelta(hours=1)
"""How long after a row's time it may still come when all rows until then are chained. Transactions end within
half a minute; the rest is for clocks that differ. What says that it is older was put in afterwards."""

Hash = Callable[[str], str]


@dataclass(frozen=True)
class Entry:
    """A row of the audit."""

    id: UUID
    at: datetime
    actor: str
    account_id: UUID | None
    deed: str
    target: str
    target_id: UUID | None
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Link:
    """One link of the chain and the row it names; None when that row has gone."""

    seq: int
    audit_id: UUID
    hash: str
    until: datetime
    entry: Entry | None


@dataclass(frozen=True)
class Finding:
    """What is wrong, and where. `kind`: altered, missing (a row), cut (a link), inserted."""

    kind: str
    seq: int | None
    audit_id: UUID | None
    at: datetime | None = None
    deed: str = ""


@dataclass(frozen=True)
class Walk:
    """How far a chain holds: its last good link (`head`, `START` before the first), and the first thing wrong."""

    links: int
    head: str
    until: datetime | None
    finding: Finding | None
    expected: bool


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def canonical(before: str, seq: int, until: datetime, entry: Entry) -> str:
    """One text for a row at its place: the hash before it, its number, when it was chained, and all its columns."""
    row = {
        "id": entry.id.hex,
        "at": _moment(entry.at),
        "actor": entry.actor,
        "account_id": entry.account_id.hex if entry.account_id else None,
        "deed": entry.deed,
        "target": entry.target,
        "target_id": entry.target_id.hex if entry.target_id else None,
        "facts": dict(entry.facts),
    }
    told = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return f"{before}\n{seq}\n{_moment(until)}\n{told}"


def walk(links: Iterable[Link], hashed: Hash, *, expect: str | None = None) -> Walk:
    """Go along the chain (`links` by number) and stop at the first thing wrong. `expect`: a hash noted elsewhere, which
    must stand in it: only that shows that links were cut off at the end."""
    seq, head, until, met = 0, START, None, expect is None
    for link in links:
        wrong = _wrong(link, seq + 1, head, hashed)
        if wrong is not None:
            return Walk(seq, head, until, wrong, met)
        seq, head, until = link.seq, link.hash, link.until
        met = met or head == expect
    return Walk(seq, head, until, None, met)


def _wrong(link: Link, seq: int, before: str, hashed: Hash) -> Finding | None:
    if link.seq != seq:
        return Finding("cut", seq, None)
    if link.entry is None:
        return Finding("missing", seq, link.audit_id)
    if hashed(canonical(before, seq, link.until, link.entry)) != link.hash:
        return Finding("altered", seq, link.audit_id, link.entry.at, link.entry.deed)
    return None


def floor(until: datetime | None) -> datetime | None:
    """The oldest time a row may bear when all rows until then are chained; None before the first run."""
    return None if until is None else until - GRACE
