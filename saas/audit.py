"""Who did what, and who read what: append-only rows, written as the last statement of the action they tell of.

They carry ids and codes, never what somebody wrote. Chaining the rows is a job's work, not the action's (measured:
chaining inside it costs a clinic four fifths of its write rate).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, String, event, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from saas.db import Base, action, db
from saas.prepared import PreparedInsert
from saas.tenancy import TenantOwned, current_tenant


class Audit(TenantOwned, Base):
    """One deed. `actor` is client, staff, operator or system; `account_id` names the person who was logged in."""

    __tablename__ = "audit"

    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(10))
    account_id: Mapped[UUID | None]
    deed: Mapped[str] = mapped_column(String(60))
    target: Mapped[str] = mapped_column(String(40))
    target_id: Mapped[UUID | None]
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """The ways it is read: by time, by who did it, by what was done, and by what it is about."""
        return (
            Index("ix_audit_at", "tenant_id", "at"),
            Index("ix_audit_account", "tenant_id", "account_id", "at"),
            Index("ix_audit_deed", "tenant_id", "deed", "at"),
            Index("ix_audit_target", "tenant_id", "target", "target_id"),
        )


@dataclass(frozen=True)
class Actor:
    """On whose behalf code runs."""

    kind: str
    account_id: UUID | None = None


SYSTEM = Actor("system")
CLIENT = Actor("client")
_actor: ContextVar[Actor] = ContextVar("actor", default=SYSTEM)


def current_actor() -> Actor:
    """Who is acting here; the system, when nobody said."""
    return _actor.get()


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """Run on behalf of `actor`."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


def record(deed: str, *, target: str, target_id: UUID | None, now: datetime, **facts: str | int | None) -> None:
    """Note a deed of the running action. `facts` are ids, counts and codes."""
    actor = _actor.get()
    row = {
        "tenant_id": current_tenant().id,
        "at": now,
        "actor": actor.kind,
        "account_id": actor.account_id,
        "deed": deed,
        "target": target,
        "target_id": target_id,
        "facts": facts,
    }
    db.session.info.setdefault("audit", []).append(row)


@action
def note_read(target: str, *, target_id: UUID | None, now: datetime, sections: Iterable[str] = ()) -> None:
    """Note that a client's record was read: one of the two writes a GET may make (the other is a look at Stripe).

    `sections`: the ids of what was seen of it, where not all of it is. Inside an action that reads, the look and its
    trace are one transaction: what cannot be recorded is not read.
    """
    seen = " ".join(sections)
    record("read", target=target, target_id=target_id, now=now, **({"sections": seen} if seen else {}))


_INSERT = PreparedInsert(insert(Audit))


def _write_rows(session: Session) -> None:
    rows = session.info.pop("audit", [])
    if rows:
        # As values and all at once: nobody reads them back here, and as entities they cost a tenth of a booking.
        session.flush()
        _INSERT.write(session.connection(), rows)


def _drop_rows(session: Session) -> None:
    session.info.pop("audit", None)


def init_audit() -> None:
    """Install the hooks that write the rows last and drop them on a rollback. Called once, by the app."""
    factory = db.session.session_factory
    if not event.contains(factory, "before_commit", _write_rows):
        event.listen(factory, "before_commit", _write_rows)
        event.listen(factory, "after_rollback", _drop_rows)
