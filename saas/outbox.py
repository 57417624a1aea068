"""Effects that cross the wall (mail, refund, a look at Stripe later) are rows written in the action's own transaction.

The worker leases a due row, enters its tenant, runs the handler and stamps it done: a rolled-back action leaves no effect,
a killed worker loses none. Payloads carry ids only; what a mail says is derived when it is sent.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, func, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import Base, action, db, new_id
from saas.tenancy import current_tenant

LEASE = timedelta(minutes=2)
MAX_ATTEMPTS = 12


class Outbox(Base):
    """One due effect. Platform table: ids, times and states only."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("tenant_id", "dedupe_key"),
        Index("ix_outbox_due", "done_at", "dead_at", "run_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenant.id"))
    kind: Mapped[str] = mapped_column(String(60))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    run_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(String(120), default="")
    dedupe_key: Mapped[str | None] = mapped_column(String(120))


@dataclass(frozen=True)
class Effect:
    """A leased row as its handler sees it. `id` is stable over retries: a mail's Message-ID is made from it."""

    id: UUID
    tenant_id: UUID
    kind: str
    payload: Mapping[str, Any]
    attempts: int


class Later(Exception):
    """Raised by a handler that cannot do its work yet and knows when to be asked again. Not a failure."""

    def __init__(self, run_at: datetime) -> None:
        super().__init__(run_at.isoformat())
        self.run_at = run_at


def emit(kind: str, *, run_at: datetime, dedupe: str | None = None, **ids: UUID | str | int) -> None:
    """Ask for an effect, due at `run_at`, as part of the running action. With `dedupe`, a second request with the same
    key in this clinic changes nothing (whether the first is done or not)."""
    tenant = current_tenant()
    if dedupe is not None:
        seen = select(Outbox.id).where(Outbox.tenant_id == tenant.id, Outbox.dedupe_key == dedupe)
        if db.session.execute(seen).first():
            return
    payload = {name: value if isinstance(value, int) else str(value) for name, value in ids.items()}
    db.session.add(Outbox(tenant_id=tenant.id, kind=kind, payload=payload, run_at=run_at, dedupe_key=dedupe))


@action
def lease(*, now: datetime, limit: int = 1, kinds: frozenset[str] | None = None) -> list[Effect]:
    """Take up to `limit` due rows for `LEASE`; no other worker gets them meanwhile."""
    due = select(Outbox.id).where(
        Outbox.done_at.is_(None),
        Outbox.dead_at.is_(None),
        Outbox.run_at <= now,
        or_(Outbox.locked_until.is_(None), Outbox.locked_until < now),
    )
    if kinds is not None:
        due = due.where(Outbox.kind.in_(sorted(kinds)))
    ids = due.order_by(Outbox.run_at, Outbox.id).limit(limit).with_for_update(skip_locked=True)
    taken = list(db.session.execute(ids).scalars())
    if not taken:
        return []
    claim = update(Outbox).where(Outbox.id.in_(taken)).values(locked_until=now + LEASE, attempts=Outbox.attempts + 1)
    rows = db.session.execute(claim.returning(Outbox), execution_options={"synchronize_session": False}).scalars().all()
    ordered = sorted(rows, key=lambda row: (row.run_at, row.id))
    return [Effect(row.id, row.tenant_id, row.kind, dict(row.payload), row.attempts) for row in ordered]


def _stamp(effect_id: UUID, **values: object) -> None:
    changed = update(Outbox).where(Outbox.id == effect_id).values(**values)
    db.session.execute(changed, execution_options={"synchronize_session": False})


@action
def done(effect_id: UUID, *, now: datetime) -> None:
    """The effect has happened."""
    _stamp(effect_id, done_at=now, locked_until=None, last_error="")


@action
def postpone(effect_id: UUID, *, run_at: datetime) -> None:
    """Ask again at `run_at`; this try does not count."""
    _stamp(effect_id, run_at=run_at, locked_until=None, attempts=Outbox.attempts - 1)


@action
def failed(effect: Effect, *, error: str, now: datetime) -> bool:
    """Try again later (1 s, 2 s, 4 s … at most an hour, with jitter), or give up after `MAX_ATTEMPTS`.

    `error` is a class name, never a message: messages can carry what people wrote. Returns whether the row is dead.
    """
    if effect.attempts >= MAX_ATTEMPTS:
        _stamp(effect.id, dead_at=now, locked_until=None, last_error=error[:120])
        return True
    wait = min(3600.0, 2.0 ** (effect.attempts - 1)) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, not a secret
    _stamp(effect.id, run_at=now + timedelta(seconds=wait), locked_until=None, last_error=error[:120])
    return False


@action
def revive(effect_id: UUID, *, now: datetime) -> None:
    """Give a dead row a new life (the operator's button)."""
    _stamp(effect_id, dead_at=None, attempts=0, run_at=now, locked_until=None)


@action
def purge(*, before: datetime) -> int:
    """Forget rows done before this instant. Returns how many."""
    gone = db.session.execute(Outbox.__table__.delete().where(Outbox.done_at < before))  # type: ignore[attr-defined]
    return int(gone.rowcount)


def counts(*, now: datetime) -> dict[str, int]:
    """Rows waiting, overdue by more than a minute, and dead: for the metrics and the operator."""
    open_ = (Outbox.done_at.is_(None), Outbox.dead_at.is_(None))
    overdue = Outbox.run_at < now - timedelta(minutes=1)

    def count(*where: Any) -> int:
        return db.session.execute(select(func.count()).select_from(Outbox).where(*where)).scalar_one()

    return {"waiting": count(*open_), "overdue": count(*open_, overdue), "dead": count(Outbox.dead_at.is_not(None))}
