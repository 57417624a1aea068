from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask

from saas import outbox
from saas.db import action, db
from saas.outbox import LEASE, MAX_ATTEMPTS, Effect, Outbox, emit
from saas.tenancy import NoTenant, TenantRef, tenant_scope
from tests.saas.bare import add_tenants, rows

MINUTE = timedelta(minutes=1)


@pytest.fixture
def clinics(bare: Flask, now: datetime) -> dict[str, TenantRef]:
    return add_tenants(["rowan", "thornfield"], now=now)


@action
def ask(kind: str = "test", *, run_at: datetime, dedupe: str | None = None, **ids: int) -> None:
    emit(kind, run_at=run_at, dedupe=dedupe, **ids)


def asked(clinic: TenantRef, **what: object) -> None:
    with tenant_scope(clinic):
        ask(**what)  # type: ignore[arg-type]


def leased(now: datetime) -> Effect:
    (effect,) = outbox.lease(now=now)
    return effect


def only() -> Outbox:
    (row,) = rows().values()
    return row


def test_an_effect_is_written_with_its_action_or_not_at_all(clinics: dict[str, TenantRef], now: datetime) -> None:
    @action
    def broken(*, dedupe: str | None) -> None:
        emit("test", run_at=now, dedupe=dedupe)
        raise RuntimeError

    with tenant_scope(clinics["rowan"]):
        for dedupe in (None, "once"):
            with pytest.raises(RuntimeError):
                broken(dedupe=dedupe)
    assert rows() == {}
    asked(clinics["rowan"], run_at=now, number=7)
    assert only().tenant_id == clinics["rowan"].id
    assert only().payload == {"number": 7}


def test_emit_needs_a_clinic(bare: Flask, now: datetime) -> None:
    with pytest.raises(NoTenant):
        ask(run_at=now)


def test_a_key_asks_once_in_its_own_clinic_even_after_it_was_done(clinics: dict[str, TenantRef], now: datetime) -> None:
    for clinic in clinics.values():
        asked(clinic, run_at=now, dedupe="reminder:1")
        asked(clinic, run_at=now + MINUTE, dedupe="reminder:1")
    found = rows()
    assert sorted(row.tenant_id for row in found.values()) == sorted(ref.id for ref in clinics.values())
    outbox.done(leased(now).id, now=now)
    asked(clinics["rowan"], run_at=now, dedupe="reminder:1")
    asked(clinics["thornfield"], run_at=now, dedupe="reminder:1")
    assert rows().keys() == found.keys()


def test_a_key_twice_in_one_action_asks_once(clinics: dict[str, TenantRef], now: datetime) -> None:
    @action
    def twice() -> None:
        emit("test", run_at=now, dedupe="key")
        emit("test", run_at=now, dedupe="key")
        emit("test", run_at=now)
        emit("test", run_at=now)

    with tenant_scope(clinics["rowan"]):
        twice()
    assert len(rows()) == 3


def at_once(app: Flask, count: int, work: Callable[[int], None]) -> list[BaseException]:
    """Run `work` in `count` threads that begin together; what they raised."""
    line, raised = threading.Barrier(count), []

    def run(number: int) -> None:
        try:
            with app.app_context():
                line.wait(timeout=30)
                work(number)
        except BaseException as error:  # noqa: BLE001 - shown by the test
            raised.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return raised


def test_a_key_asked_by_many_at_once_asks_once_and_fails_nobody(
    bare: Flask, clinics: dict[str, TenantRef], now: datetime
) -> None:
    def work(_number: int) -> None:
        for key in range(10):
            asked(clinics["rowan"], run_at=now, dedupe=f"key:{key}")

    assert at_once(bare, 6, work) == []
    assert len(rows()) == 10


def test_many_workers_never_hold_the_same_row(bare: Flask, clinics: dict[str, TenantRef], now: datetime) -> None:
    for number in range(40):
        asked(clinics["rowan"], run_at=now, number=number)
    held: list[Effect] = []

    def work(_number: int) -> None:
        while taken := outbox.lease(now=now, limit=3):
            held.extend(taken)

    assert at_once(bare, 6, work) == []
    # PostgreSQL: a worker that looks while the last rows are locked by others may leave early, but never take them too.
    ids = [effect.id for effect in held]
    assert len(ids) == len(set(ids)) == 40


def test_rows_come_when_they_are_due_in_order(clinics: dict[str, TenantRef], now: datetime) -> None:
    for number, minutes in enumerate((3, 1, 2)):
        asked(clinics["rowan"], run_at=now + minutes * MINUTE, number=number)
    assert outbox.lease(now=now + MINUTE - timedelta(microseconds=1), limit=9) == []
    assert [one.payload["number"] for one in outbox.lease(now=now + 2 * MINUTE, limit=9)] == [1, 2]
    assert [one.payload["number"] for one in outbox.lease(now=now + 9 * MINUTE, limit=9)] == [1, 2, 0]


def test_a_lease_can_be_for_some_kinds_only(clinics: dict[str, TenantRef], now: datetime) -> None:
    asked(clinics["rowan"], kind="mail", run_at=now)
    asked(clinics["rowan"], kind="refund", run_at=now)
    assert [one.kind for one in outbox.lease(now=now, limit=9, kinds=frozenset({"refund"}))] == ["refund"]


def test_a_killed_workers_row_comes_back_when_its_lease_is_over(clinics: dict[str, TenantRef], now: datetime) -> None:
    asked(clinics["rowan"], run_at=now)
    first = leased(now)
    assert outbox.lease(now=now + LEASE) == []
    again = leased(now + LEASE + timedelta(microseconds=1))
    assert (again.id, again.attempts) == (first.id, 2)


def test_an_idle_look_writes_nothing_and_waits_for_nobody(
    bare: Flask, clinics: dict[str, TenantRef], now: datetime
) -> None:
    """On SQLite there is one write lock: an idle worker must not queue for it."""
    holder = db.engine.connect()
    with holder, holder.execution_options(begin="IMMEDIATE").begin():
        assert outbox.lease(now=now) == []


def test_done_is_for_ever(clinics: dict[str, TenantRef], now: datetime) -> None:
    asked(clinics["rowan"], run_at=now)
    effect = leased(now)
    outbox.done(effect.id, now=now)
    outbox.failed(effect, error="X", now=now)
    outbox.postpone(effect, run_at=now + MINUTE)
    outbox.done(effect.id, now=now + MINUTE)
    assert (only().done_at, only().dead_at, only().run_at) == (now, None, now)
    assert outbox.lease(now=now + timedelta(days=9)) == []


def test_a_slow_worker_cannot_put_back_a_row_that_another_holds(clinics: dict[str, TenantRef], now: datetime) -> None:
    asked(clinics["rowan"], run_at=now)
    slow = leased(now)
    later = now + LEASE + MINUTE
    quick = leased(later)
    assert not outbox.postpone(slow, run_at=later)
    outbox.failed(slow, error="Slow", now=later)
    assert outbox.lease(now=later) == []
    assert only().locked_until == quick.leased_until
    outbox.done(slow.id, now=later)
    outbox.failed(quick, error="Quick", now=later)
    assert only().done_at == later


def test_failures_wait_longer_and_longer_and_end(clinics: dict[str, TenantRef], now: datetime) -> None:
    asked(clinics["rowan"], run_at=now)
    at = now
    for number in range(1, MAX_ATTEMPTS + 1):
        effect = leased(at)
        assert effect.attempts == number
        dead = outbox.failed(effect, error="Trouble" * 40, now=at)
        assert dead == (number == MAX_ATTEMPTS)
        wait = (only().run_at - at).total_seconds()
        if not dead:
            assert 0.8 * min(3600, 2 ** (number - 1)) <= wait <= 1.2 * 3600
            at = only().run_at
    assert only().dead_at == at
    assert only().last_error == ("Trouble" * 40)[:120]
    assert outbox.lease(now=at + timedelta(days=9)) == []
    assert outbox.counts(now=at) == {"waiting": 0, "overdue": 0, "dead": 1}


def test_hopeless_is_dead_at_once(clinics: dict[str, TenantRef], now: datetime) -> None:
    asked(clinics["rowan"], run_at=now)
    assert outbox.failed(leased(now), error="BadAddress", now=now, hopeless=True)
    assert only().dead_at == now


def test_a_row_that_kills_every_worker_is_given_up(clinics: dict[str, TenantRef], now: datetime) -> None:
    asked(clinics["rowan"], run_at=now)
    at = now
    for _ in range(MAX_ATTEMPTS):
        leased(at)
        at += LEASE + MINUTE
    assert outbox.lease(now=at) == []
    assert only().dead_at == at


def test_postponing_is_no_failure(clinics: dict[str, TenantRef], now: datetime) -> None:
    asked(clinics["rowan"], run_at=now)
    for number in range(2 * MAX_ATTEMPTS):
        at = now + number * MINUTE
        assert outbox.postpone(leased(at), run_at=at + MINUTE)
    assert only().attempts == 0


def test_revive_gives_the_dead_a_new_life_and_touches_no_other(clinics: dict[str, TenantRef], now: datetime) -> None:
    asked(clinics["rowan"], run_at=now)
    effect = leased(now)
    outbox.revive(effect.id, now=now)
    assert outbox.lease(now=now) == []
    outbox.failed(effect, error="X", now=now, hopeless=True)
    outbox.revive(effect.id, now=now + MINUTE)
    assert leased(now + MINUTE).attempts == 1


def test_counts_tell_waiting_overdue_and_dead(clinics: dict[str, TenantRef], now: datetime) -> None:
    asked(clinics["rowan"], run_at=now)
    asked(clinics["rowan"], run_at=now + 10 * MINUTE)
    assert outbox.counts(now=now + 2 * MINUTE) == {"waiting": 2, "overdue": 1, "dead": 0}
    outbox.done(leased(now).id, now=now)
    assert outbox.counts(now=now + 2 * MINUTE) == {"waiting": 1, "overdue": 0, "dead": 0}


def test_purge_forgets_what_was_done_long_ago_and_keeps_the_dead(clinics: dict[str, TenantRef], now: datetime) -> None:
    for _ in range(3):
        asked(clinics["rowan"], run_at=now)
    done, dead, waiting = outbox.lease(now=now, limit=3)
    outbox.done(done.id, now=now)
    outbox.failed(dead, error="X", now=now, hopeless=True)
    assert outbox.purge(before=now) == 0
    assert outbox.purge(before=now + MINUTE) == 1
    assert rows().keys() == {dead.id, waiting.id}
