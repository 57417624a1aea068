"""Counting tries."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from saas import ratelimit
from saas.db import TransactionMisuse, action, db
from saas.errors import TooMany
from saas.ratelimit import RateCounter
from saas.tenancy import tenant_scope
from saas.web import visitor
from tests.cast import NOW, Clinic


def test_the_limit_holds_until_the_window_ends(at_rowan: Clinic) -> None:
    for _ in range(3):
        ratelimit.hit("x", limit=3, window_seconds=600, now=NOW)
    with pytest.raises(TooMany) as refusal:
        ratelimit.hit("x", limit=3, window_seconds=600, now=NOW + timedelta(minutes=4))
    assert refusal.value.retry_after == 6 * 60 + 1
    assert "7 minutes" in refusal.value.message
    ratelimit.hit("x", limit=3, window_seconds=600, now=NOW + timedelta(minutes=10))


def test_keys_are_counted_apart(at_rowan: Clinic) -> None:
    ratelimit.hit("x", limit=1, window_seconds=60, now=NOW)
    ratelimit.hit("y", limit=1, window_seconds=60, now=NOW)
    with pytest.raises(TooMany):
        ratelimit.hit("x", limit=1, window_seconds=60, now=NOW)


def test_clinics_are_counted_apart(app: Flask, rowan: Clinic, thornfield: Clinic) -> None:
    for clinic in (rowan, thornfield):
        with app.app_context(), tenant_scope(clinic.ref):
            ratelimit.hit("x", limit=1, window_seconds=60, now=NOW)


def test_the_table_names_nobody(at_rowan: Clinic) -> None:
    ratelimit.hit("login|account|alma@rowan.example", limit=1, window_seconds=60, now=NOW)
    (row,) = db.session.execute(sa.select(RateCounter)).scalars()
    assert "alma" not in row.key
    assert len(row.key) == 64


def test_what_is_forgotten_begins_again(at_rowan: Clinic) -> None:
    ratelimit.hit("x", limit=1, window_seconds=60, now=NOW)
    ratelimit.forget("x")
    ratelimit.hit("x", limit=1, window_seconds=60, now=NOW)


def test_a_try_counts_even_when_what_was_tried_fails(at_rowan: Clinic) -> None:
    @action
    def fails() -> None:
        raise RuntimeError

    ratelimit.hit("x", limit=1, window_seconds=60, now=NOW)
    with pytest.raises(RuntimeError):
        fails()
    assert ratelimit.count("x", window_seconds=60, now=NOW) == 2


def test_counting_inside_an_action_is_a_mistake(at_rowan: Clinic) -> None:
    @action
    def counts() -> None:
        ratelimit.hit("x", limit=1, window_seconds=60, now=NOW)

    with pytest.raises(TransactionMisuse):
        counts()


def test_tries_at_once_are_all_counted(app: Flask, rowan: Clinic) -> None:
    def run() -> None:
        with app.app_context(), tenant_scope(rowan.ref):
            for _ in range(10):
                ratelimit.count("x", window_seconds=60, now=NOW)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context(), tenant_scope(rowan.ref):
        assert ratelimit.count("x", window_seconds=60, now=NOW) == 41


def test_old_windows_are_purged(at_rowan: Clinic) -> None:
    ratelimit.hit("x", limit=1, window_seconds=60, now=NOW)
    assert ratelimit.purge(now=NOW + timedelta(days=1)) == 0
    assert ratelimit.purge(now=NOW + timedelta(days=3)) == 1


@pytest.mark.parametrize(
    "address, counted_as",
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("", "unknown"),
        ("unix:", "unknown"),
    ],
)
def test_a_household_is_one_visitor(address: str, counted_as: str) -> None:
    with Flask(__name__).test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert visitor() == counted_as
