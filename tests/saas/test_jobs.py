from __future__ import annotations

import os
import random
import signal
import threading
from collections import Counter
from collections.abc import MutableMapping
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection, wait
from pathlib import Path

import pytest
import structlog
from flask import Flask

from saas import audit, outbox
from saas.audit import Actor, acting_as
from saas.db import action, db, in_action
from saas.jobs import OWN_TIMETABLE, Handler, Job, Worker, beat, drain, last_beat, run_worker
from saas.outbox import LEASE, Effect, Hopeless, Later, emit
from saas.sandbox.mailbox import copies
from saas.tenancy import NoTenant, TenantRef, current_tenant, tenant_scope
from tests.saas.bare import add_tenants, rows
from tests.saas.conftest import Start

PROVE = bool(os.environ.get("LONGTIDE_PROVE"))
KILLS = 50 if PROVE else 6
ROWS = 2000 if PROVE else 60
WORKERS = 4 if PROVE else 2


@pytest.fixture
def clinics(bare: Flask, now: datetime) -> dict[str, TenantRef]:
    return add_tenants(["rowan", "thornfield"], now=now)


@action
def ask(kind: str = "test", *, count: int = 1, run_at: datetime) -> None:
    for number in range(count):
        emit(kind, run_at=run_at, number=number)


def asked(clinic: TenantRef, **what: object) -> None:
    with tenant_scope(clinic):
        ask(**what)  # type: ignore[arg-type]


class Seen:
    """A handler that notes where it was run, and does what it was told to."""

    def __init__(self, *errors: Exception) -> None:
        self.effects: list[Effect] = []
        self.where: list[tuple[str, str, bool]] = []
        self.errors = list(errors)

    def __call__(self, effect: Effect, *, now: datetime) -> None:
        self.effects.append(effect)
        self.where.append((current_tenant().slug, audit.current_actor().kind, in_action()))
        if self.errors:
            raise self.errors.pop(0)


def test_a_handler_runs_in_its_clinic_as_the_system_outside_any_transaction(
    bare: Flask, clinics: dict[str, TenantRef], now: datetime
) -> None:
    asked(clinics["rowan"], run_at=now)
    asked(clinics["thornfield"], run_at=now)
    seen = Seen()
    with tenant_scope(clinics["thornfield"]), acting_as(Actor("staff")):
        assert drain(bare, {"test": seen}, now) == 2
        assert current_tenant().slug == "thornfield"
    assert sorted(seen.where) == [("rowan", "system", False), ("thornfield", "system", False)]
    assert all(row.done_at == now for row in rows().values())


@pytest.mark.parametrize("status", ["suspended", "closed"])
def test_a_clinic_that_is_paused_or_closed_still_keeps_its_promises(
    bare: Flask, clinics: dict[str, TenantRef], now: datetime, status: str
) -> None:
    from saas.tenancy import Tenant

    @action
    def end() -> None:
        db.session.get_one(Tenant, clinics["rowan"].id).status = status

    asked(clinics["rowan"], run_at=now)
    end()
    seen = Seen()
    assert drain(bare, {"test": seen}, now) == 1
    assert seen.where == [("rowan", "system", False)]


def test_nothing_of_one_row_is_left_for_the_next(bare: Flask, clinics: dict[str, TenantRef], now: datetime) -> None:
    for clinic in clinics.values():
        asked(clinic, run_at=now)
    sessions = []

    def handler(effect: Effect, *, now: datetime) -> None:
        assert db.session().info.get("tenant_id") in (None, effect.tenant_id)
        db.session.execute(db.select(1))
        assert db.session().info["tenant_id"] == effect.tenant_id
        sessions.append(id(db.session()))

    assert drain(bare, {"test": handler}, now) == 2
    assert len(sessions) == 2
    with pytest.raises(NoTenant):
        current_tenant()


def test_later_is_asked_again_then_and_never_at_once(bare: Flask, clinics: dict[str, TenantRef], now: datetime) -> None:
    asked(clinics["rowan"], run_at=now)
    seen = Seen(Later(now + timedelta(minutes=5)), Later(now))
    assert drain(bare, {"test": seen}, now) == 1
    assert drain(bare, {"test": seen}, now + timedelta(minutes=4)) == 0
    assert drain(bare, {"test": seen}, now + timedelta(minutes=5)) == 1
    assert drain(bare, {"test": seen}, now + timedelta(minutes=6)) == 1
    (row,) = rows().values()
    assert (row.attempts, row.last_error) == (1, "")


def test_a_failure_is_tried_again_and_tells_only_its_class(
    bare: Flask, clinics: dict[str, TenantRef], now: datetime
) -> None:
    asked(clinics["rowan"], run_at=now)
    seen = Seen(ValueError("cleo@example.com is unwell"))
    with structlog.testing.capture_logs() as logs:
        drain(bare, {"test": seen}, now)
    (row,) = rows().values()
    assert (row.last_error, row.done_at, row.dead_at) == ("ValueError", None, None)
    assert [entry["event"] for entry in logs] == ["effect.failed"]
    assert logs[0]["error"] == "ValueError"
    assert logs[0]["kind"] == "test"
    assert "cleo" not in str(logs)
    assert drain(bare, {"test": seen}, now + timedelta(minutes=1)) == 1
    assert next(iter(rows().values())).done_at is not None
    assert [effect.id for effect in seen.effects] == [row.id] * 2


def test_a_failure_takes_what_it_half_wrote_with_it(bare: Flask, clinics: dict[str, TenantRef], now: datetime) -> None:
    asked(clinics["rowan"], run_at=now)

    @action
    def half() -> None:
        emit("other", run_at=now)
        db.session.flush()
        raise ValueError

    drain(bare, {"test": lambda effect, *, now: half()}, now)
    assert [row.kind for row in rows().values()] == ["test"]


def test_one_bad_row_does_not_stop_the_others(bare: Flask, clinics: dict[str, TenantRef], now: datetime) -> None:
    asked(clinics["rowan"], count=3, run_at=now)
    seen = Seen(RuntimeError(), Hopeless())
    with structlog.testing.capture_logs() as logs:
        assert drain(bare, {"test": seen}, now) == 3
    assert [entry["event"] for entry in logs] == ["effect.failed", "effect.dead", "effect.done"]
    assert sorted(row.last_error for row in rows().values()) == ["", "Hopeless", "RuntimeError"]


def test_a_kind_that_nobody_handles_is_tried_again_for_the_next_release(
    bare: Flask, clinics: dict[str, TenantRef], now: datetime
) -> None:
    asked(clinics["rowan"], kind="tomorrow", run_at=now)
    drain(bare, {}, now)
    (row,) = rows().values()
    assert (row.last_error, row.dead_at) == ("UnknownKind", None)
    seen = Seen()
    assert drain(bare, {"tomorrow": seen}, now + timedelta(minutes=1)) == 1


def test_what_a_handler_asks_for_is_run_too(bare: Flask, clinics: dict[str, TenantRef], now: datetime) -> None:
    asked(clinics["rowan"], run_at=now)
    seen = Seen()
    handlers: dict[str, Handler] = {"test": lambda effect, *, now: ask("second", run_at=now), "second": seen}
    assert drain(bare, handlers, now) == 2
    assert len(seen.effects) == 1


# The timetable: every job once a period, however many workers look at the clock.


def test_a_period_begins_where_the_job_says() -> None:
    job = Job("purge", lambda *, now: None, after=timedelta(hours=3))
    day = datetime(2026, 3, 23, tzinfo=UTC)
    assert job.period(day + timedelta(hours=2, minutes=59)) == day - timedelta(hours=21)
    assert job.period(day + timedelta(hours=3)) == day + timedelta(hours=3)
    hourly = Job("look", lambda *, now: None, every=timedelta(hours=1))
    assert hourly.period(day + timedelta(minutes=61)) == day + timedelta(hours=1)


def test_a_job_runs_once_a_period_whoever_asks(bare: Flask, clinics: dict[str, TenantRef], now: datetime) -> None:
    add_tenants(["longtide"], now=now, kind="platform")
    ran: list[datetime] = []
    job = Job("tidy", lambda *, now: ran.append(now))
    for hours in (0, 0, 1, 2):
        drain(bare, {}, now + timedelta(hours=hours), timetable=[job])
    assert ran == [now]
    drain(bare, {}, now + timedelta(days=1), timetable=[job])
    assert ran == [now, now + timedelta(days=1)]


def test_a_job_for_each_clinic_runs_in_each_and_fails_alone(
    bare: Flask, clinics: dict[str, TenantRef], now: datetime
) -> None:
    add_tenants(["longtide"], now=now, kind="platform")
    ran: list[str] = []
    trouble = ["rowan"]

    def task(*, now: datetime) -> None:
        ran.append(current_tenant().slug)
        if current_tenant().slug in trouble:
            raise ValueError

    job = Job("tidy", task, each_clinic=True)
    drain(bare, {}, now, timetable=[job])
    assert sorted(ran) == ["rowan", "thornfield"]
    trouble.clear()
    drain(bare, {}, now + timedelta(minutes=1), timetable=[job])
    assert sorted(ran) == ["rowan", "rowan", "thornfield"]


def test_without_a_platform_the_timetable_waits(bare: Flask, clinics: dict[str, TenantRef], now: datetime) -> None:
    assert drain(bare, {}, now, timetable=OWN_TIMETABLE) == 0


def test_the_platform_forgets_what_was_done_a_month_ago(
    bare: Flask, clinics: dict[str, TenantRef], now: datetime
) -> None:
    add_tenants(["longtide"], now=now, kind="platform")
    asked(clinics["rowan"], run_at=now)
    drain(bare, {"test": Seen()}, now)
    drain(bare, {}, now + timedelta(days=29), timetable=OWN_TIMETABLE)
    assert "test" in {row.kind for row in rows().values()}
    drain(bare, {}, now + timedelta(days=31), timetable=OWN_TIMETABLE)
    assert "test" not in {row.kind for row in rows().values()}


def test_the_heartbeat_is_one_row_that_moves(bare: Flask, now: datetime) -> None:
    assert last_beat("worker") is None
    beat("worker", now=now)
    beat("worker", now=now + timedelta(seconds=9))
    beat("other", now=now)
    assert last_beat("worker") == now + timedelta(seconds=9)
    worker = Worker(bare, {})
    worker.keep_time(now + timedelta(minutes=1))
    worker.keep_time(now + timedelta(minutes=1, seconds=9))
    db.session.rollback()
    assert last_beat("worker") == now + timedelta(minutes=1)


def test_a_worker_outlives_its_databases_bad_minutes(bare: Flask, clinics: dict[str, TenantRef], now: datetime) -> None:
    """Asked to stop by its first piece of work, which comes after a look at a database that is not there."""
    asked(clinics["rowan"], run_at=now)
    stop, engine = threading.Event(), db.engine
    engines = bare.extensions["sqlalchemy"]._app_engines[bare]
    broken = type(engine.url)(**{**engine.url._asdict(), "database": "/nowhere/at all", "host": None})
    from sqlalchemy import create_engine

    real = engines[None]
    engines[None] = create_engine(broken)
    mended = threading.Event()

    def log(_logger: object, _name: str, event: MutableMapping[str, object]) -> MutableMapping[str, object]:
        if event["event"] == "worker.trouble":
            engines[None] = real
            mended.set()
        raise structlog.DropEvent

    def handler(effect: Effect, *, now: datetime) -> None:
        stop.set()

    structlog.configure(processors=[log])
    try:
        thread = threading.Thread(
            target=run_worker, args=(bare, {"test": handler}, []), kwargs={"stop": stop, "poll_seconds": 0.01}
        )
        thread.start()
        thread.join(timeout=30)
    finally:
        engines[None] = real
        structlog.reset_defaults()
    assert mended.is_set()
    assert not thread.is_alive()
    assert all(row.done_at for row in rows().values())


# Real processes, killed and stopped.


def past() -> datetime:
    """Long due by any clock."""
    return datetime(2026, 1, 1, tzinfo=UTC)


def test_workers_never_run_the_same_row_and_end_at_sigterm(
    bare: Flask, clinics: dict[str, TenantRef], start_worker: Start
) -> None:
    asked(clinics["rowan"], count=ROWS // 2, run_at=past())
    asked(clinics["thornfield"], count=ROWS // 2, run_at=past())
    expected = {str(effect_id) for effect_id in rows()}
    db.session.remove()
    children = [start_worker("run") for _ in range(WORKERS)]
    lines = {child.line: child for child in children}
    did: list[str] = []
    while len(did) < ROWS:
        did.extend(lines[line].says()[1] for line in wait(list(lines), timeout=60) if isinstance(line, Connection))
    for child in children:
        child.process.terminate()
    assert [child.ends() for child in children] == [0] * WORKERS
    for child in children:
        while child.line.poll():
            try:
                did.append(child.line.recv()[1])
            except EOFError:
                break
    assert Counter(did) == dict.fromkeys(expected, 1)
    assert all(row.done_at and row.attempts == 1 for row in rows().values())


def test_sigterm_finishes_the_row_in_hand(bare: Flask, clinics: dict[str, TenantRef], start_worker: Start) -> None:
    asked(clinics["rowan"], count=2, run_at=past())
    child = start_worker("gate")
    began, effect_id = child.says()
    assert began == "begin"
    child.process.terminate()
    child.line.send("go on")
    assert child.says() == ("did", effect_id)
    assert child.ends() == 0
    assert Counter(bool(row.done_at) for row in rows().values()) == {True: 1, False: 1}
    assert all(row.locked_until is None for row in rows().values())


def test_a_worker_killed_anywhere_loses_nothing(
    bare: Flask, clinics: dict[str, TenantRef], start_worker: Start, tmp_path: Path, now: datetime
) -> None:
    """kill -9 before the mail, or between mail and stamp: only then there is a second copy, of the same name."""
    dice = random.Random(4)
    asked(clinics["rowan"], count=KILLS * 2, run_at=now)
    db.session.remove()
    at, kills, doubles = now, 0, 0
    child = start_worker("step")
    while True:
        child.line.send(at)
        if child.says()[0] == "idle":
            break
        fate = dice.choice(["before", "after", "lives", "lives"]) if kills < KILLS else "lives"
        if fate != "before":
            child.line.send("go on")
            assert child.says()[0] == "sent"
        if fate == "lives":
            child.line.send("go on")
            assert child.says()[0] == "ran"
            continue
        child.process.kill()
        assert child.ends() == -signal.SIGKILL
        kills += 1
        doubles += fate == "after"
        at += LEASE + timedelta(seconds=1)
        child = start_worker("step")
    assert kills == KILLS
    assert all(row.done_at for row in rows().values())
    sent = {name: len(files) for name, files in copies(tmp_path / "mailbox").items()}
    assert sent.keys() == {str(effect_id) for effect_id in rows()}
    assert sum(sent.values()) - len(sent) == doubles
    print(f"{KILLS} kill -9 of the worker: {len(sent)} mails due, {len(sent)} sent, {doubles} second copies")


def test_a_lease_is_longer_than_the_longest_mail_takes() -> None:
    from saas.mail import SMTP_PATIENCE_SECONDS

    assert timedelta(seconds=SMTP_PATIENCE_SECONDS) * 1.5 < outbox.LEASE
