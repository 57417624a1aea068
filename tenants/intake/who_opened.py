"""Who of the clinic opened a client's answers or record: when, as what, and which sections. From the audit."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from saas.accounts.models import Account
from saas.accounts.queries import accounts
from saas.audit import CLIENT, Audit
from saas.db import db

LOOKS = ("read", "intake.exported", "client.copied")
LOOKED_AT = ("intake", "client", "touch")
"""Which rows of the audit tell that somebody saw what a client said or where they live."""


@dataclass(frozen=True)
class Opened:
    """One look. `who` and `role` are "" where nobody of the clinic is named; `what`: intake (answers), client (the
    record) or touch; `kept`: they took it out as a file."""

    at: datetime
    who: str
    role: str
    what: str
    sections: tuple[str, ...]
    kept: bool


def opened(ids: Collection[UUID]) -> list[Opened]:
    """Every look of the clinic's at these clients and intakes, oldest first. Two queries."""
    found = select(Audit).where(
        Audit.deed.in_(LOOKS), Audit.target.in_(LOOKED_AT), Audit.target_id.in_(ids), Audit.actor != CLIENT.kind
    )
    people = {one.id: one for one in accounts()}
    return [_opened(row, people) for row in db.session.execute(found.order_by(Audit.at, Audit.id)).scalars()]


def _opened(row: Audit, people: Mapping[UUID, Account]) -> Opened:
    person = people.get(row.account_id) if row.account_id else None
    sections = str(row.facts.get("sections", "")).replace(",", " ").split()
    named = (person.name, person.role) if person else ("", "")
    return Opened(row.at, *named, row.target, tuple(sections), row.deed != "read")
