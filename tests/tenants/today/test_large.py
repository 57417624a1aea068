"""A clinic with a hundred thousand bookings (in `make prove`) opens its day like one with a hundred."""

from __future__ import annotations

import os

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.cast import Clinic
from tests.crowds import crowd
from tests.saas.accounts.pages import Enter, log_in
from tests.tenants.bookings.scenes import only_sqlite
from tests.tenants.people.test_large_lists import cpu

MANY = 100_000 if os.environ.get("LONGTIDE_PROVE") else 4_000


@pytest.mark.slow
@only_sqlite
def test_a_hundred_thousand_bookings_cost_no_more_than_a_hundred(
    client: FlaskClient, app: Flask, rowan: Clinic, thornfield: Clinic, inside: Enter
) -> None:
    small, large = client, app.test_client()
    with inside(rowan):
        crowd(rowan, bookings=100, clients=100)
    with inside(thornfield):
        crowd(thornfield, bookings=MANY, clients=MANY // 5, person="max")
    log_in(small, rowan, "alma")
    log_in(large, thornfield, "mallory")
    told, slow = [], []
    for path in ("/manage/", "/manage/?d=2026-03-24", "/manage/?d=2026-06-01"):
        few = cpu(small, rowan.home + path, rounds=12)
        many = cpu(large, thornfield.home + path, rounds=12)
        told.append(f"{path:<30} {few:6.1f} ms {many:6.1f} ms  {many / few:.2f}")
        if many > few * 1.2 + 2:
            slow.append(told[-1])
    print("\n" + "\n".join(told))
    assert not slow
