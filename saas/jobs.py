"""The worker: takes due effects one at a time and runs them for their clinic; and the timetable.

A killed worker loses nothing: what it held comes back when the lease ends. Two workers never run the same row. A job of
the timetable is an outbox row of its own, written once a period under a key that names the period, so it has the same
leases, retries and dead letters as everything else, and a job for each clinic becomes one row in each clinic.

Logs tell kinds, ids and class names, never a message: messages can carry what people wrote.
"""

from __future__ import annotations

import contextvars
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog
from flask import Flask, has_app_context
from sqlalchemy import String, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from saas import clock, outbox, ratelimit
from saas.db import Base, action, db
from saas.outbox import Effect, Hopeless, Later
from saas.tenancy import Tenant, find_by_id, find_platform, tenant_scope

BEAT = timedelta(seconds=10)
SOON = timedelta(seconds=1)
KEEP_DONE = timedelta(days=30)

_log = structlog.get_logger("longtide.worker")


class Handler(Protocol):
    """What runs an effect: in its clinic, outside any transaction, `now` passed in."""

    def __call__(self, effect: Effect, *, now: datetime) -> None: ...


class Task(Protocol):
    """What a job of the timetable runs."""

    def __call__(self, *, now: datetime) -> object: ...


@dataclass(frozen=True)
class Job:
    """Work that comes round: once `every` period, `after` its start (UTC), for the platform or for each clinic."""

    name: str
    run: Task
    every: timedelta = timedelta(days=1)
    after: timedelta = timedelta(0)
    each_clinic: bool = False

    @property
    def kind(self) -> str:
        """The kind of its outbox rows."""
        return f"job.{self.name}"

    def period(self, now: datetime) -> datetime:
        """The start of the period that `now` is in, counted from 1970."""
        epoch = datetime(1970, 1, 1, tzinfo=UTC) + self.after
        return epoch + (now - epoch) // self.every * self.every


class Heartbeat(Base):
    """When a kind of process was last seen alive. Platform table."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime]


@action
def beat(name: str, *, now: datetime) -> None:
    """Note that `name` is alive."""
    insert = postgresql.insert if db.session.connection().dialect.name == "postgresql" else sqlite.insert
    row = insert(Heartbeat).values(name=name, at=now)
    db.session.execute(row.on_conflict_do_update(index_elements=["name"], set_={"at": now}))


def last_beat(name: str) -> datetime | None:
    """When `name` was last seen: for the metrics and the operator."""
    return db.session.execute(select(Heartbeat.at).where(Heartbeat.name == name)).scalar()


@action
def _ask(kind: str, tenant_ids: Sequence[object], *, period: datetime) -> None:
    outbox.emit_for(tenant_ids, kind, run_at=period, dedupe=f"{kind}:{period:%Y%m%dT%H%MZ}")  # type: ignore[arg-type]


def _clinic_ids() -> list[object]:
    return list(db.session.execute(select(Tenant.id).where(Tenant.kind == "clinic").order_by(Tenant.id)).scalars())


def _job_handler(job: Job) -> Handler:
    def run(effect: Effect, *, now: datetime) -> None:
        tenant = find_by_id(effect.tenant_id)
        if not job.each_clinic or (tenant is not None and not tenant.is_platform):
            job.run(now=now)
            return
        _ask(job.kind, _clinic_ids(), period=job.period(now))

    return run


def purge_outbox(*, now: datetime) -> int:
    """Forget effects done a month ago."""
    return outbox.purge(before=now - KEEP_DONE)


OWN_TIMETABLE = (
    Job("purge-outbox", purge_outbox, after=timedelta(hours=3)),
    Job("purge-tries", ratelimit.purge, every=timedelta(hours=1)),
)


class Worker:
    """One worker's state between two rows."""

    def __init__(self, app: Flask, handlers: Mapping[str, Handler], timetable: Sequence[Job] = ()) -> None:
        self._app = app
        self._timetable = timetable
        self._handlers = {**handlers, **{job.kind: _job_handler(job) for job in timetable}}
        self._asked: dict[str, datetime] = {}
        self._beat_at: datetime | None = None

    def _apart(self, what: Callable[[], bool]) -> bool:
        """Run `what` as the system, with nothing of the caller's: no clinic, no person, no session."""

        def run() -> bool:
            with self._app.app_context():
                return what()

        return contextvars.Context().run(run)

    def keep_time(self, now: datetime) -> None:
        """Write what the timetable owes, and the heartbeat."""

        def run() -> bool:
            if self._beat_at is None or now - self._beat_at >= BEAT:
                beat("worker", now=now)
                self._beat_at = now
            owed = [job for job in self._timetable if self._asked.get(job.name) != job.period(now)]
            platform = find_platform() if owed else None
            if platform is None:
                return False
            for job in owed:
                _ask(job.kind, [platform.id], period=job.period(now))
                self._asked[job.name] = job.period(now)
            return True

        self._apart(run)

    def work_once(self, now: datetime) -> bool:
        """Run one due effect, if there is one. Returns whether there was."""

        def run() -> bool:
            leased = outbox.lease(now=now)
            if leased:
                self._handle(leased[0], now)
            return bool(leased)

        return self._apart(run)

    def _handle(self, effect: Effect, now: datetime) -> None:
        tenant = find_by_id(effect.tenant_id)
        say = _log.bind(kind=effect.kind, effect=str(effect.id), tenant=str(effect.tenant_id), attempt=effect.attempts)
        try:
            with tenant_scope(tenant):
                self._handlers[effect.kind](effect, now=now)
        except Later as later:
            outbox.postpone(effect, run_at=max(later.run_at, now + SOON))
            say.info("effect.postponed")
        except Exception as error:  # noqa: BLE001 - whatever a handler does, the next row must have its turn
            name = type(error).__name__ if effect.kind in self._handlers else "UnknownKind"
            dead = outbox.failed(effect, error=name, now=now, hopeless=isinstance(error, Hopeless))
            (say.error if dead else say.warning)("effect.dead" if dead else "effect.failed", error=name)
        else:
            outbox.done(effect.id, now=now)
            say.info("effect.done")


def run_worker(
    app: Flask,
    handlers: Mapping[str, Handler],
    timetable: Sequence[Job],
    *,
    stop: threading.Event,
    poll_seconds: float = 1.0,
) -> None:
    """Work until `stop` is set; the row in hand is finished first. A database that cannot be reached is waited for."""
    worker = Worker(app, handlers, timetable)
    _log.info("worker.started")
    while not stop.is_set():
        try:
            worker.keep_time(clock.now())
            busy = worker.work_once(clock.now())
        except Exception as error:  # noqa: BLE001 - a worker outlives its database's bad minutes
            _log.error("worker.trouble", error=type(error).__name__)
            busy = False
        if not busy:
            stop.wait(poll_seconds)
    _log.info("worker.stopped")


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set: the row in hand is finished, then the worker ends."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        # Set by another thread: the main one may be inside the event's own lock just now, and would wait for itself.
        signal.signal(number, lambda *_: threading.Thread(target=stop.set).start())
    return stop


def drain(app: Flask, handlers: Mapping[str, Handler], now: datetime, *, timetable: Sequence[Job] = ()) -> int:
    """Run everything due at `now` until nothing is; returns how many rows. The caller's session then reads afresh."""
    worker = Worker(app, handlers, timetable)
    if timetable:
        worker.keep_time(now)
    ran = 0
    while worker.work_once(now):
        ran += 1
    if has_app_context():
        db.session.rollback()
    return ran
