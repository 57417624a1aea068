"""Many who want one time, in one process: who is refused without asking, and who never is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask

from saas.db import action
from saas.tenancy import tenant_scope
from tenants.bookings.actions import release_refused
from tenants.bookings.places import SlotTaken
from tenants.bookings.rush import Sight, in_turn
from tests.cast import NOW, Clinic
from tests.tenants.bookings.scenes import HOUR, TUESDAY_TEN, held

_PATIENCE = 30.0


class Crowd:
    """People who want Ben at ten, one thread each. Whoever is let through says so, and takes nothing."""

    def __init__(self, app: Flask, clinic: Clinic) -> None:
        self.app, self.clinic = app, clinic
        self.threads = ThreadPoolExecutor(8)

    def come(self, take: Callable[[Sight], str] = lambda _sight: "let through") -> Future[str]:
        begun = threading.Event()

        def work() -> str:
            with self.app.app_context(), tenant_scope(self.clinic.ref):
                service, ben = self.clinic.services["desk"], self.clinic.practitioners["ben"]
                begun.set()
                try:
                    return in_turn(service, ben, TUESDAY_TEN, now=NOW, take=take)
                except SlotTaken:
                    return "refused"

        found = self.threads.submit(work)
        assert begun.wait(_PATIENCE)
        return found


@pytest.fixture
def crowd(app: Flask, at_rowan: Clinic) -> Crowd:
    return Crowd(app, at_rowan)


def test_what_has_just_become_free_can_be_had_at_once(crowd: Crowd) -> None:
    """Before, between and after: a refusal is never older than the request."""
    first = held(crowd.clinic)
    assert crowd.come().result(_PATIENCE) == "refused"
    release_refused(booking_id=first.id, now=NOW)
    assert crowd.come().result(_PATIENCE) == "let through"
    second = held(crowd.clinic)
    assert crowd.come().result(_PATIENCE) == "refused"
    release_refused(booking_id=second.id, now=NOW)
    assert [one.result(_PATIENCE) for one in [crowd.come() for _ in range(6)]] == ["let through"] * 6


def test_those_behind_the_winner_are_refused(crowd: Crowd) -> None:
    there, go = threading.Event(), threading.Event()

    def take(_sight: Sight) -> str:
        there.set()
        assert go.wait(_PATIENCE)
        action(held)(crowd.clinic)
        return "won"

    winner = crowd.come(take)
    assert there.wait(_PATIENCE)
    losers = [crowd.come() for _ in range(6)]
    go.set()
    assert [one.result(_PATIENCE) for one in (winner, *losers)] == ["won", *["refused"] * 6]


def test_a_sight_of_a_day_refuses_what_overlaps_and_nothing_else(at_rowan: Clinic) -> None:
    held(at_rowan, "full")  # an hour, and a quarter of an hour to clear up

    def seen(minutes: int) -> bool:
        at = TUESDAY_TEN + timedelta(minutes=minutes)
        service, ben = at_rowan.services["desk"], at_rowan.practitioners["ben"]
        try:
            return in_turn(service, ben, at, now=NOW, take=lambda _sight: True)
        except SlotTaken:
            return False

    engine = HOUR // timedelta(minutes=1)
    assert [seen(at) for at in (-engine, 1 - engine, 0, engine + 14, engine + 15)] == [True, False, False, False, True]
