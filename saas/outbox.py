"""Effects that cross the wall (mail, refund, a look at Stripe later) are rows written in the action's own transaction.

The worker leases a due row, enters its tenant, runs the handler and stamps it done: a rolled-back action leaves no
effect, a killed worker loses none. Payloads carry ids only; what a mail says is derived when it is sent.

A lease is known by the instant it ends (`Effect.leased_until`): a worker that took longer than that cannot put back a
row that another one holds by now. What has happened has happened, so `done` counts whoever says it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import Base, action, db, in_action, line, new_id
from saas.prepared import PreparedInsert
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
    leased_until: datetime | None = None


class Later(Exception):
    """Raised by a handler that cannot do its work yet and knows when to be asked again. Not a failure."""

    def __init__(self, run_at: datetime) -> None:
        super().__init__(run_at.isoformat())
        self.run_at = run_at


class Hopeless(Exception):
    """Raised by a handler whose work can never be done (nobody lives at that address): dead at once, for a person."""


def emit(kind: str, *, run_at: datetime, dedupe: str | None = None, **ids: UUID | str | int) -> None:
    """Ask for an effect, due at `run_at`, as part of the running action. With `dedupe`, a second request with the same
    key in this clinic changes nothing (whether the first is done or not, and also when both are written at once)."""
    emit_for([current_tenant().id], kind, run_at=run_at, dedupe=dedupe, **ids)


@dataclass(frozen=True)
class Due:
    """An effect to ask for, as `emit` takes it."""

    kind: str
    run_at: datetime
    dedupe: str
    ids: Mapping[str, UUID | str | int]


def emit_all(effects: Sequence[Due]) -> None:
    """All that one deed brings about, each with a key of its own, in one statement."""
    connection = line()
    rows = [_row(current_tenant().id, one.kind, one.run_at, one.dedupe, one.ids) for one in effects]
    _insert_once(connection.dialect.name).write(connection, rows)


def _row(
    tenant_id: UUID, kind: str, run_at: datetime, dedupe: str | None, ids: Mapping[str, UUID | str | int]
) -> dict[str, Any]:
    payload = {name: value if isinstance(value, int) else str(value) for name, value in ids.items()}
    return {"tenant_id": tenant_id, "kind": kind, "payload": payload, "run_at": run_at, "dedupe_key": dedupe}


def emit_for(
    tenant_ids: Sequence[UUID], kind: str, *, run_at: datetime, dedupe: str | None = None, **ids: UUID | str | int
) -> None:
    """The same effect for each of these tenants: how a timetable reaches every clinic."""
    for tenant_id in tenant_ids:
        row = _row(tenant_id, kind, run_at, dedupe, ids)
        if dedupe is None:
            db.session.add(Outbox(**row))
            continue
        connection = line()
        _insert_once(connection.dialect.name).write(connection, [row])


@lru_cache(maxsize=2)
def _insert_once(dialect: str) -> PreparedInsert:
    # Not "look, then insert": two requests on PostgreSQL would both look first, and the second one fail.
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return PreparedInsert(insert(Outbox).on_conflict_do_nothing())


def _due(now: datetime, kinds: frozenset[str] | None) -> tuple[Any, ...]:
    wanted = () if kinds is None else (Outbox.kind.in_(sorted(kinds)),)
    return (
        Outbox.done_at.is_(None),
        Outbox.dead_at.is_(None),
        Outbox.run_at <= now,
        or_(Outbox.locked_until.is_(None), Outbox.locked_until < now),
        *wanted,
    )


def lease(*, now: datetime, limit: int = 1, kinds: frozenset[str] | None = None) -> list[Effect]:
    """Take up to `limit` due rows for `LEASE`; no other worker gets them meanwhile.

    Looks first without locking anything: on SQLite an idle worker must not take the one write lock every second.
    """
    if not in_action():
        found = db.session.execute(select(Outbox.id).where(*_due(now, kinds)).limit(1)).first()
        db.session.rollback()
        if found is None:
            return []
    return _claim(now=now, limit=limit, kinds=kinds)


@action
def _claim(*, now: datetime, limit: int, kinds: frozenset[str] | None) -> list[Effect]:
    due = _due(now, kinds)
    # A row that has ended the life of every worker that touched it never reaches `failed`: it is given up here.
    spent = update(Outbox).where(*due, Outbox.attempts >= MAX_ATTEMPTS)
    db.session.execute(spent.values(dead_at=now, locked_until=None), execution_options={"synchronize_session": False})
    ids = select(Outbox.id).where(*due).order_by(Outbox.run_at, Outbox.id).limit(limit)
    taken = list(db.session.execute(ids.with_for_update(skip_locked=True)).scalars())
    if not taken:
        return []
    claim = update(Outbox).where(Outbox.id.in_(taken)).values(locked_until=now + LEASE, attempts=Outbox.attempts + 1)
    rows = db.session.execute(claim.returning(Outbox), execution_options={"synchronize_session": False}).scalars().all()
    return [
        Effect(row.id, row.tenant_id, row.kind, dict(row.payload), row.attempts, row.locked_until)
        for row in sorted(rows, key=lambda row: (row.run_at, row.id))
    ]


def _stamp(effect_id: UUID, *where: Any, **values: object) -> bool:
    changed = update(Outbox).where(Outbox.id == effect_id, Outbox.done_at.is_(None), *where).values(**values)
    result = db.session.execute(changed, execution_options={"synchronize_session": False})
    return bool(result.rowcount)  # type: ignore[attr-defined]


def _held(effect: Effect) -> tuple[Any, ...]:
    return () if effect.leased_until is None else (Outbox.locked_until == effect.leased_until,)


@action
def done(effect_id: UUID, *, now: datetime) -> None:
    """The effect has happened."""
    _stamp(effect_id, done_at=now, dead_at=None, locked_until=None, last_error="")


@action
def postpone(effect: Effect, *, run_at: datetime) -> bool:
    """Ask again at `run_at`; this try does not count. Returns whether the row was still ours."""
    return _stamp(effect.id, *_held(effect), run_at=run_at, locked_until=None, attempts=Outbox.attempts - 1)


@action
def failed(effect: Effect, *, error: str, now: datetime, hopeless: bool = False) -> bool:
    """Try again later (1 s, 2 s, 4 s … at most an hour, with jitter), or give up: after `MAX_ATTEMPTS`, or `hopeless`.

    `error` is a class name, never a message: messages can carry what people wrote. Returns whether the row is dead.
    """
    if hopeless or effect.attempts >= MAX_ATTEMPTS:
        return _stamp(effect.id, *_held(effect), dead_at=now, locked_until=None, last_error=error[:120])
    wait = min(3600.0, 2.0 ** (effect.attempts - 1)) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, not a secret
    again = now + timedelta(seconds=wait)
    _stamp(effect.id, *_held(effect), run_at=again, locked_until=None, last_error=error[:120])
    return False


@action
def revive(effect_id: UUID, *, now: datetime) -> None:
    """Give a dead row a new life (the operator's button)."""
    _stamp(effect_id, Outbox.dead_at.is_not(None), dead_at=None, attempts=0, run_at=now, locked_until=None)


@action
def wake(kind: str, *, now: datetime) -> None:
    """Have every row of this kind that waits in the entered clinic looked at again: what it waited for has changed."""
    mine = (Outbox.tenant_id == current_tenant().id, Outbox.kind == kind)
    waiting = update(Outbox).where(*mine, Outbox.done_at.is_(None), Outbox.dead_at.is_(None))
    db.session.execute(waiting.values(run_at=now), execution_options={"synchronize_session": False})


@action
def revive_kind(kind: str, *, now: datetime) -> int:
    """Give every dead row of this kind a new life. Returns how many."""
    dead = update(Outbox).where(Outbox.kind == kind, Outbox.dead_at.is_not(None), Outbox.done_at.is_(None))
    again = dead.values(dead_at=None, attempts=0, run_at=now, locked_until=None)
    result = db.session.execute(again, execution_options={"synchronize_session": False})
    return int(result.rowcount)  # type: ignore[attr-defined]


@action
def purge(*, before: datetime) -> int:
    """Forget rows done before this instant; dead ones stay until somebody has looked. Returns how many."""
    old = delete(Outbox).where(Outbox.done_at < before)
    gone = db.session.execute(old, execution_options={"synchronize_session": False})
    return int(gone.rowcount)  # type: ignore[attr-defined]


def dead_kinds() -> dict[str, int]:
    """How many rows of each kind were given up."""
    found = select(Outbox.kind, func.count()).where(Outbox.dead_at.is_not(None), Outbox.done_at.is_(None))
    return dict(db.session.execute(found.group_by(Outbox.kind).order_by(Outbox.kind)).all())


def dead(*, kind: str, limit: int) -> list[Outbox]:
    """Rows that were given up (of one kind, or of any), the newest first."""
    found = select(Outbox).where(Outbox.dead_at.is_not(None), Outbox.done_at.is_(None))
    if kind:
        found = found.where(Outbox.kind == kind)
    return list(db.session.execute(found.order_by(Outbox.dead_at.desc(), Outbox.id).limit(limit)).scalars())


def overdue(*, now: datetime, limit: int) -> list[Outbox]:
    """Rows that should have been run more than a minute ago, the oldest first."""
    late = (Outbox.done_at.is_(None), Outbox.dead_at.is_(None), Outbox.run_at < now - timedelta(minutes=1))
    return list(db.session.execute(select(Outbox).where(*late).order_by(Outbox.run_at).limit(limit)).scalars())


def counts(*, now: datetime) -> dict[str, int]:
    """Rows waiting, overdue by more than a minute, and dead: for the metrics and the operator."""
    open_ = (Outbox.done_at.is_(None), Outbox.dead_at.is_(None))
    overdue = Outbox.run_at < now - timedelta(minutes=1)

    def count(*where: Any) -> int:
        return db.session.execute(select(func.count()).select_from(Outbox).where(*where)).scalar_one()

    return {"waiting": count(*open_), "overdue": count(*open_, overdue), "dead": count(Outbox.dead_at.is_not(None))}
