"""The reports as the owner reads them: numbers equal to the bookings, the hours and the ledger."""

from __future__ import annotations

import csv
import io
import os
import re
import time
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from saas.audit import Audit
from saas.db import action, db
from saas.money import Money
from tenants.availability.actions import add_time_off
from tenants.bookings.changes import cancel_by_staff, settle_change
from tenants.bookings.moves import cancel, complete, no_show
from tenants.payments.desk import take_at_clinic
from tenants.payments.queries import day_totals
from tenants.reports.queries import read_report
from tenants.services.models import Service
from tests.cast import NOW, Clinic
from tests.crowds import crowd
from tests.saas.accounts.pages import Enter, log_in
from tests.tenants.bookings.scenes import HOUR, booked, fresh, later, only_sqlite
from tests.tenants.bookings.test_query_counts import asked
from tests.tenants.week.scenes import client_named

PAGE = "/c/rowan/manage/reports/"
MARCH = [datetime(2026, 3, day, tzinfo=UTC) for day in (16, 23)]
# London's clock changes on Sunday the 29th: the next week begins an hour earlier for the sun.
MARCH += [datetime(2026, 3, 29, 23, tzinfo=UTC), datetime(2026, 4, 5, 23, tzinfo=UTC)]
MANY = 100_000 if os.environ.get("LONGTIDE_PROVE") else 4_000


def busy(clinic: Clinic) -> dict[str, UUID]:
    """Inside Rowan: two who came (one of them twice), one who did not, one cancelled late by the client and one at the
    client's wish by the desk, one that the clinic gave up, and money."""
    made = {}
    places = {"Ada One": 1, "Bea Two": 2, "Cai Three": 3, "Dan Four": 5, "Eve Five": 6, "Fay Six": 7}
    for name, hour in places.items():
        made[name] = booked(clinic, "desk", NOW + hour * HOUR, who=client_named(name)).id
    again = NOW + timedelta(days=8, hours=1)
    made["again"] = booked(clinic, "desk", again, who=client_named("Ada One"), person="iris").id
    cancel(booking_id=made["Dan Four"], who="client", fee_percent=0, click="d", now=NOW + HOUR)
    for name, reason in (("Eve Five", "client"), ("Fay Six", "clinic")):
        change = cancel_by_staff(
            booking_id=made[name], reason=reason, keep_fee=False, seen=None, now=NOW + HOUR  # type: ignore[arg-type]
        )  # fmt: skip
        settle_change(change_id=change, now=NOW + 2 * HOUR)
    for name in ("Ada One", "Bea Two"):
        complete(booking_id=made[name], now=NOW + 4 * HOUR)
    no_show(booking_id=made["Cai Three"], now=NOW + 4 * HOUR)
    for number, (name, minor) in enumerate((("Ada One", 2000), ("Bea Two", 1550), ("again", 300))):
        row = fresh(made[name])
        take_at_clinic(
            booking_id=row.id, client_id=row.client_id, amount=Money(minor, "GBP"), method="cash", click=f"m{number}",
            now=NOW + 5 * HOUR,
        )  # fmt: skip
    return made


def test_the_report_equals_the_bookings_the_hours_and_the_ledger(rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        made = busy(rowan)
        ben, iris = rowan.practitioners["ben"], rowan.practitioners["iris"]
        begins = NOW + timedelta(days=3)
        open_before = read_report(MARCH).report.people[ben].opened
        add_time_off(practitioner_id=ben, starts_at=begins, ends_at=begins + 2 * HOUR, now=NOW)
        found = read_report(MARCH).report
        one = fresh(made["Ada One"])
        minutes = int((one.ends_at - one.starts_at).total_seconds()) // 60
        before, week, after = found.weeks
        assert (before.sessions, before.income, before.new) == (0, 0, 0)
        assert (week.sessions, week.no_shows, week.late, week.new, week.returning) == (3, 1, 2, 2, 0)
        assert (after.sessions, after.new, after.returning) == (1, 0, 1)
        assert (found.whole.new, found.whole.returning) == (2, 0)
        assert (week.booked, after.booked) == (3 * minutes, minutes)
        assert open_before - found.people[ben].opened == 120
        assert week.opened + before.opened + after.opened == found.whole.opened
        totals = day_totals(since=MARCH[0], until=MARCH[-1])
        assert found.whole.income == (totals.received - totals.refunded - totals.disputed).minor == 3850
        for parts in (found.services, found.people):
            assert sum(part.income for part in parts.values()) == 3850
            assert sum(part.sessions for part in parts.values()) == 4
        assert found.people[iris].income == 300


def cells(text: str, title: str) -> list[list[str]]:
    table = text[text.index(f'aria-label="{title}"') :]
    rows = re.findall(r"<tr>(.*?)</tr>", table[: table.index("</table>")], re.DOTALL)
    return [[unescape(re.sub(r"<[^>]+>", "", one)) for one in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows]


@action
def _rename(service_id: UUID, name: str) -> None:
    db.session.get_one(Service, service_id).name = name


@only_sqlite
def test_the_page_and_its_files_say_the_same(client: FlaskClient, app: Flask, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        busy(rowan)
        _rename(rowan.services["desk"], "=1+1")
    log_in(client, rowan, "alma")
    page = client.get(f"{PAGE}?from=2026-03-16&to=2026-04-05")
    head, *weeks, total = cells(page.text, "Week by week")
    assert [row[0] for row in weeks] == ["Mon 16 Mar", "Mon 23 Mar", "Mon 30 Mar"]
    assert weeks[1][1:6] == ["3", "1", "2", "2", "0"]
    assert (total[1], total[-1]) == ("4", "£38.50")
    assert len(head) == len(total) == 10
    assert page.text.count("<figure") == 4
    assert [row[0] for row in cells(page.text, "By practitioner")[1:]][-1] == "In all"
    for part, first in (("weeks", "2026-03-16"), ("services", "'=1+1"), ("people", "Ben"), ("odd", "2026-03-16")):
        file = client.get(f"{PAGE}export/?from=2026-03-16&to=2026-04-05&part={part}")
        assert file.mimetype == "text/csv"
        rows = list(csv.reader(io.StringIO(file.text)))
        assert rows[1][0].startswith(first)
        assert sum(float(row[-1]) for row in rows[1:]) == 38.5
    with inside(rowan):
        noted = db.session.execute(sa.select(Audit.target).where(Audit.deed == "read")).scalars().all()
        assert noted.count("report") == 4
    with later(minutes=11):
        assert client.get(f"{PAGE}export/").status_code == 303


@only_sqlite
def test_what_is_typed_wrong_is_said_and_an_empty_time_too(client: FlaskClient, rowan: Clinic) -> None:
    log_in(client, rowan, "alma")
    for query, words in (
        ("from=2026-03-05&to=2026-03-01", "The last day comes after the first"),
        ("from=&to=2026-03-01", "Choose a day"),
        ("from=2019-03-05&to=2026-03-01", "Choose two years at most"), ("from=soon&to=x", "Choose a day"),
    ):  # fmt: skip
        answer = client.get(f"{PAGE}?{query}")
        assert (answer.status_code, words in answer.text, 'aria-invalid="true"' in answer.text) == (422, True, True)
        assert client.get(f"{PAGE}export/?{query}").status_code == 422
    assert "Nothing happened in this time." in client.get(f"{PAGE}?weeks=4").text
    assert 'aria-current="true">12 weeks' in client.get(f"{PAGE}?weeks=7&from=").text
    fern = client.application.test_client()
    for name in ("ben", "fern"):
        log_in(fern, rowan, name)
        assert fern.get(PAGE).status_code == 403
        fern = client.application.test_client()


@only_sqlite
def test_more_bookings_need_no_more_questions_and_years_of_them_open_in_time(
    client: FlaskClient, app: Flask, rowan: Clinic, inside: Enter
) -> None:
    log_in(client, rowan, "alma")
    with inside(rowan):
        booked(rowan, "desk", NOW + 3 * HOUR, person="iris")
    few = asked(app, client, f"{PAGE}?weeks=12")
    with inside(rowan):
        crowd(rowan, bookings=MANY, clients=MANY // 5)
    assert asked(app, client, f"{PAGE}?weeks=12") == few
    for weeks in (12, 52):
        begun = time.process_time()
        assert client.get(f"{PAGE}?weeks={weeks}").status_code == 200
        spent = time.process_time() - begun
        print(f"reports over {weeks} weeks of {MANY}: {spent * 1000:.0f} ms")
        assert spent < 3
