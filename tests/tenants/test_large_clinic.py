"""A clinic with a hundred thousand bookings (`make prove`; fewer here) opens its office like one with a hundred."""

from __future__ import annotations

import os
import time

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tenants.intake.settings import IntakeSettings, save_settings
from tests.cast import NOW, Clinic
from tests.crowds import crowd, looked_at
from tests.saas.accounts.pages import Enter, log_in
from tests.tenants.bookings.scenes import only_sqlite

MANY = 100_000 if os.environ.get("LONGTIDE_PROVE") else 5_000
TURNS, SERIES = 12, 4
LOOKS = 5_000
"""More than four months have, which is what is counted: what came before them costs nothing."""
US = IntakeSettings(jurisdiction="us-tx")
PAGES = (
    "/manage/",
    "/manage/?d=2026-03-24",
    "/manage/?d=2026-06-01",
    "/manage/week/",
    "/manage/hours/",
    "/manage/bookings/",
    "/manage/bookings/?flt_status=confirmed",
    "/manage/clients/",
    "/manage/clients/?page=2",
    "/manage/money/",
    "/manage/money/totals/",
    "/manage/looks/?m=2026-02",
    "/manage/records/",
)
# Milliseconds for each client: whose period is over is asked of everybody who has been known for so long.
EACH = {"/manage/records/": 0.004}
# What looks through everything, and says so: measured and told, not held to the small clinic's.
THROUGH_ALL = (
    "/manage/bookings/?flt_from=",
    "/manage/bookings/?flt_from=&page=3000",
    "/manage/bookings/?flt_from=&flt_money=owed",
    "/manage/bookings/?search=client+000123&flt_from=",
    "/manage/clients/?search=client+000123",
    "/manage/clients/?flt_kind=new",
    "/manage/clients/?flt_owes=yes",
    "/manage/duplicates/",
    "/manage/money/owed/",
    "/manage/money/?flt_state=later",
    "/manage/money/?flt_from=",
    "/manage/money/?flt_from=&flt_state=owed",
)


def once(client: FlaskClient, address: str) -> float:
    """Milliseconds of CPU of one request."""
    began = time.process_time()
    assert client.get(address).status_code == 200
    return (time.process_time() - began) * 1000


@pytest.mark.slow
@only_sqlite
def test_a_hundred_thousand_bookings_cost_no_more_than_a_hundred(
    client: FlaskClient, app: Flask, rowan: Clinic, thornfield: Clinic, inside: Enter
) -> None:
    small, large = client, app.test_client()
    with inside(rowan):
        crowd(rowan, bookings=100, clients=100)
        looked_at(rowan, looks=LOOKS, clients=100, who="alma")
        save_settings(wanted=US, now=NOW)
    with inside(thornfield):
        crowd(thornfield, bookings=MANY, clients=MANY // 5, person="max")
        looked_at(thornfield, looks=MANY, clients=100, who="mallory")
        save_settings(wanted=US, now=NOW)
    log_in(small, rowan, "alma")
    log_in(large, thornfield, "mallory")
    told, slow = [], []
    for path in PAGES:
        once(small, rowan.home + path)
        once(large, thornfield.home + path)
        turns: list[tuple[float, float]] = []
        # By turns, so that what else the machine does weighs on both; the fastest of each. A processor that was slow
        # for a whole series is asked again: what a page costs by itself, every series shows.
        while len(turns) < SERIES * TURNS:
            turns += [(once(small, rowan.home + path), once(large, thornfield.home + path)) for _ in range(TURNS)]
            few, many = (min(times) for times in zip(*turns, strict=True))
            # A millisecond or two is the clock's, and counting names or a month's payments in an index.
            if bearable := many <= few * 1.2 + 2 + EACH.get(path, 0) * MANY // 5:
                break
        told.append(f"{path:<50} {few:6.1f} ms {many:6.1f} ms  {many / few:.2f}")
        if not bearable:
            slow.append(told[-1])
    told += [f"{path:<50} {'':9} {once(large, thornfield.home + path):6.1f} ms" for path in THROUGH_ALL]
    print("\n" + "\n".join(told))
    assert not slow
