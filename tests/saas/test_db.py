"""The transaction: what an action promises, on both databases."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError, IntegrityError

from saas import audit, clock, outbox
from saas.audit import Audit
from saas.db import Busy, TransactionMisuse, action, db, flush_or, in_action, journey, line, new_id, sqlstate
from saas.errors import Conflict
from saas.outbox import Outbox
from saas.tenancy import current_tenant, tenant_scope
from tenants.services.models import Service
from tests.cast import NOW, Clinic


class Halt(Exception):
    """Something went wrong in the middle."""


def service(slug: str) -> Service:
    return db.session.execute(sa.select(Service).where(Service.slug == slug)).scalar_one()


def names() -> list[str]:
    db.session.rollback()
    return list(db.session.execute(sa.select(Service.name).order_by(Service.slug)).scalars())


def count(model: Any) -> int:
    db.session.rollback()
    return int(db.session.execute(sa.select(sa.func.count()).select_from(model)).scalar_one())


@action
def rename(slug: str, name: str) -> None:
    service(slug).name = name
    audit.record("renamed", target="service", target_id=None, now=NOW)
    outbox.emit("test", run_at=NOW)


@action
def rename_all(*steps: tuple[str, str], fail: bool = False) -> None:
    for slug, name in steps:
        rename(slug, name)
    if fail:
        raise Halt


def test_all_that_an_action_writes_is_committed_together(at_rowan: Clinic) -> None:
    deeds, effects = count(Audit), count(Outbox)
    rename_all(("full", "One"), ("desk", "Two"))
    assert {"One", "Two"} <= set(names())
    assert (count(Audit) - deeds, count(Outbox) - effects) == (2, 2)


def test_or_nothing_of_it_audit_and_effects_included(at_rowan: Clinic) -> None:
    before, deeds, effects = names(), count(Audit), count(Outbox)
    with pytest.raises(Halt):
        rename_all(("full", "One"), ("desk", "Two"), fail=True)
    assert (names(), count(Audit), count(Outbox)) == (before, deeds, effects)
    rename("full", "Three")
    assert count(Audit) - deeds == 1, "the audit row of the action that failed came back with the next one"


def test_an_action_inside_an_action_joins_it(at_rowan: Clinic) -> None:
    seen: list[bool] = []

    @action
    def inner() -> None:
        seen.append(in_action())
        rename("full", "Inner")
        raise Halt

    @action
    def outer() -> None:
        rename("desk", "Outer")
        with pytest.raises(Halt):
            inner()
        seen.append(in_action())

    outer()
    assert seen == [True, True]
    assert {"Inner", "Outer"} <= set(names()), "an inner action neither commits nor rolls back by itself"
    assert not in_action()


def test_a_row_changed_outside_an_action_is_a_mistake(at_rowan: Clinic) -> None:
    service("full").name = "By the way"
    with pytest.raises(TransactionMisuse):
        rename("desk", "Two")
    assert "By the way" not in names()
    db.session.add(Service(slug="stray", name="Stray", duration_min=30, payment="free"))
    with pytest.raises(TransactionMisuse):
        rename("desk", "Two")
    db.session.rollback()
    db.session.delete(service("talk"))
    with pytest.raises(TransactionMisuse):
        rename("desk", "Two")
    assert len(names()) == 5


def test_an_action_reads_what_is_true_now(app: Flask, at_rowan: Clinic) -> None:
    """The read transaction that a page has begun ends first: the action does not decide on old news."""
    assert service("full").name == "Full session"
    _elsewhere(app, at_rowan, lambda: rename("full", "Renamed meanwhile"))

    @action
    def look() -> str:
        return service("full").name

    assert look() == "Renamed meanwhile"


def _elsewhere(app: Flask, clinic: Clinic, what: Callable[[], object]) -> None:
    failed: list[BaseException] = []

    def run() -> None:
        try:
            with app.app_context(), tenant_scope(clinic.ref):
                what()
        except BaseException as error:  # noqa: BLE001 - told to the test
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    if failed:
        raise failed[0]


def test_the_line_is_the_sessions_own_as_long_as_its_transaction(at_rowan: Clinic) -> None:
    @action
    def work() -> bool:
        begun = line()
        assert begun is db.session.connection()
        with db.session.begin_nested():
            assert line() is begun
        return line() is begun

    db.session.rollback()
    read = line()
    assert read is db.session.connection()
    assert work()
    assert read.closed
    assert line() is db.session.connection()
    assert not line().closed


def test_a_journey_does_not_run_inside_an_action(at_rowan: Clinic) -> None:
    @journey
    def call_stripe() -> str:
        assert not db.session().in_transaction(), "a transaction is held while the network answers"
        return "answered"

    @action
    def wrong() -> None:
        call_stripe()

    service("full")
    assert call_stripe() == "answered"
    with pytest.raises(TransactionMisuse, match="call_stripe"):
        wrong()


def test_a_tenant_is_not_entered_inside_an_action(at_rowan: Clinic, thornfield: Clinic) -> None:
    from saas.tenancy import ForeignTenant

    @action
    def wrong() -> None:
        with tenant_scope(thornfield.ref):
            pass

    with tenant_scope(at_rowan.ref), pytest.raises(ForeignTenant):
        wrong()
    assert current_tenant().slug == "rowan"


def test_only_a_deadlock_or_a_serialisation_failure_is_tried_again(at_rowan: Clinic) -> None:
    tries: list[str] = []

    @action
    def unlucky(code: str, times: int) -> str:
        tries.append(code)
        service("full").name = f"Try {len(tries)}"
        if len(tries) <= times:
            _raise_sqlstate(code)
        return "done"

    if db.engine.dialect.name != "postgresql":
        with pytest.raises(IntegrityError):
            rename_twice()
        return
    for code in ("40001", "40P01"):
        tries.clear()
        assert unlucky(code, 3) == "done"
        assert len(tries) == 4
    assert "Try 4" in names()
    tries.clear()
    with pytest.raises(DBAPIError) as failed:
        unlucky("40001", 9)
    assert (len(tries), sqlstate(failed.value)) == (4, "40001")
    tries.clear()
    with pytest.raises(DBAPIError):
        unlucky("22012", 9)
    assert len(tries) == 1


def _raise_sqlstate(code: str) -> None:
    db.session.connection().exec_driver_sql(f"DO $$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = '{code}'; END $$")


@action
def rename_twice() -> None:
    service("desk").slug = "full"
    db.session.flush()


def test_two_actions_that_lock_crosswise_both_end(app: Flask, at_rowan: Clinic) -> None:
    """A real deadlock on PostgreSQL: one of the two is thrown out and tried again. SQLite has one writer."""
    meet = threading.Barrier(2, timeout=30)
    runs: list[str] = []

    def cross(mine: str, first: str, second: str) -> None:
        met: list[bool] = []

        @action
        def run() -> None:
            runs.append(mine)
            wanted = sa.select(Service).with_for_update()
            db.session.execute(wanted.where(Service.slug == first)).scalar_one()
            if not met and db.engine.dialect.name == "postgresql":
                met.append(True)
                meet.wait()
            found = db.session.execute(wanted.where(Service.slug == second)).scalar_one()
            found.text = f"{found.text} {mine}".strip()

        with app.app_context(), tenant_scope(at_rowan.ref):
            run()

    ways = [("a", "full", "desk"), ("b", "desk", "full")]
    threads = [threading.Thread(target=cross, args=way) for way in ways]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    db.session.rollback()
    assert (service("desk").text, service("full").text) == ("a", "b")
    assert len(runs) == (3 if db.engine.dialect.name == "postgresql" else 2)


def test_writers_of_sqlite_queue_up_and_lose_nothing(app: Flask, at_rowan: Clinic) -> None:
    """Read, add one, write back: the driver's default mode lost 756 of 800 of these without a word."""

    @action
    def add_one() -> None:
        row = db.session.execute(sa.select(Service).where(Service.slug == "full").with_for_update()).scalar_one()
        row.price_minor += 1

    start = service("full").price_minor
    db.session.rollback()

    def work() -> None:
        with app.app_context(), tenant_scope(at_rowan.ref):
            for _ in range(10):
                add_one()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    db.session.rollback()
    assert service("full").price_minor == start + 60


@pytest.mark.slow
def test_a_database_that_stays_locked_is_busy_and_not_broken(app: Flask, rowan: Clinic) -> None:
    """The five seconds of patience pass for real here: nothing of ours is patched."""
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine
        if engine.dialect.name != "sqlite":
            return
        before = clock.monotonic()
        other = sqlite3.connect(engine.url.database, isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            with tenant_scope(rowan.ref), pytest.raises(Busy):
                rename("full", "Never")
            assert clock.monotonic() - before > 4
            answer = app.test_client().post(f"{rowan.home}/api/v1/bookings", json=_wish())
        finally:
            other.execute("ROLLBACK")
            other.close()
        assert answer.status_code == 503
        assert (answer.json or {})["type"].endswith("/busy")
        with tenant_scope(rowan.ref):
            rename("full", "Afterwards")


def _wish() -> dict[str, object]:
    day = clock.now() + timedelta(days=7)
    day += timedelta(days=-day.weekday() % 7)
    return {
        "service": "talk", "starts_at": day.strftime("%Y-%m-%dT10:00:00+00:00"), "accept_policy": True,
        "client": {"name": "Cleo", "email": "cleo@example.com"},
    }  # fmt: skip


class Twice(Conflict):
    """There is one already."""


def test_a_broken_constraint_becomes_the_named_refusal_and_no_other(at_rowan: Clinic) -> None:
    @action
    def clash(refusals: dict[str, Callable[[], Conflict]]) -> None:
        service("desk").slug = "full"
        flush_or(dict(refusals))

    with pytest.raises(Twice):
        clash({"service_tenant_id_slug": Twice, "service.slug": Twice})
    with pytest.raises(IntegrityError):
        clash({"something_else": Twice})
    assert len(names()) == 5


def test_an_instant_is_aware_and_utc_on_both_databases(at_rowan: Clinic) -> None:
    at = datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=1)))

    @action
    def write() -> None:
        outbox.emit("moment", run_at=at)

    write()
    db.session.rollback()
    read = db.session.execute(sa.select(Outbox.run_at).where(Outbox.kind == "moment")).scalar_one()
    assert (read, read.tzinfo) == (at, UTC)
    with pytest.raises(Exception, match="an instant needs a time zone"):
        db.session.execute(sa.select(Outbox).where(Outbox.run_at > datetime(2026, 1, 1)))


def test_ids_are_version_7_and_sort_by_time() -> None:
    made = [new_id() for _ in range(200)]
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}
    assert len(set(made)) == 200
    assert [one.int >> 80 for one in made] == sorted(one.int >> 80 for one in made)
