"""The clinic's list of bookings."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from saas.audit import Audit
from saas.db import action, db
from tenants.bookings.changes import move_by_staff
from tenants.bookings.models import Booking
from tenants.bookings.pending import KEPT
from tenants.clients.models import Client
from tests.cast import NOW, Clinic
from tests.crowds import crowd
from tests.saas.accounts.pages import Enter, log_in
from tests.saas.test_exports import sheet_of
from tests.tenants.bookings.scenes import booked
from tests.tenants.bookings.test_query_counts import asked

LIST = "/c/rowan/manage/bookings/"


@action
def add_booking(
    clinic: Clinic,
    client: str | None,
    starts: datetime,
    *,
    status: str = "confirmed",
    practitioner: str = "ben",
    service: str = "full",
    note: str = "",
) -> UUID:
    """A row as the actions leave it; made directly, because the list also shows what time has done to bookings."""
    person = None
    if client is not None:
        person = Client(
            name=client, known_as=client.split()[0], email="c@x.example", phone="+441134960000", created_at=NOW
        )
        db.session.add(person)
        db.session.flush()
    ends = starts + timedelta(hours=1)
    booking = Booking(
        service_id=clinic.services[service], practitioner_id=clinic.practitioners[practitioner],
        client_id=person.id if person else None, status=status, starts_at=starts, ends_at=ends, busy_from=starts,
        busy_to=ends, wall_start=starts.replace(tzinfo=None), zone="Europe/London", price_minor=8000, online_minor=8000,
        currency="GBP", payment_mode="full", policy={}, source="page", link_hash=f"{starts:%s}{practitioner}{client}",
        note=note, created_at=NOW,
    )  # fmt: skip
    db.session.add(booking)
    db.session.flush()
    return booking.id


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


@pytest.fixture
def desk(client: FlaskClient, rowan: Clinic) -> FlaskClient:
    log_in(client, rowan, "alma")
    return client


def names(text: str) -> list[str]:
    return re.findall(r'<td class="col-client">([^<]*)</td>', text)


def test_the_list_has_today_and_later_in_order(desk: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        add_booking(rowan, "Later Lou", at(27, 10))
        add_booking(rowan, "Past Pat", at(20, 10), status="completed")
        add_booking(rowan, "Today Tia", at(23, 8))
        add_booking(rowan, "Soon Sam", at(24, 10))
    text = desk.get(LIST).text
    assert names(text) == ["Today Tia", "Soon Sam", "Later Lou"]
    assert "3 bookings" in text
    assert names(desk.get(f"{LIST}?flt_from=2026-03-01").text)[0] == "Past Pat"


def test_an_old_place_that_is_kept_is_no_booking(desk: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        made = booked(rowan).id
        move_by_staff(booking_id=made, starts_at=at(25, 10), practitioner_id=None, seen=None, now=NOW)
        kept = db.session.execute(sa.select(Booking.id).where(Booking.source == KEPT)).scalar_one()
    for query in ("", "?flt_status=held"):
        assert names(desk.get(LIST + query).text) == ([] if query else ["Cleo Marsh"]), query
    assert "1 booking" in desk.get(LIST).text
    assert len(list(csv.reader(io.StringIO(desk.get(f"{LIST}export/csv/").data.decode())))) == 2
    assert desk.get(f"{LIST}details/?id={made}").status_code == 200
    assert desk.get(f"{LIST}details/?id={kept}").status_code != 200


def test_an_empty_list_says_what_to_do(desk: FlaskClient) -> None:
    assert "No bookings here." in desk.get(LIST).text


@pytest.mark.parametrize(
    "query,found",
    [
        ("search=lou", ["Later Lou"]),
        ("search=LATER+lou", ["Later Lou"]),
        ("search=%25", []),
        ("search=_", []),
        ("flt_practitioner={iris}", ["Soon Sam"]),
        ("flt_status=no_show", ["Soon Sam"]),
        ("flt_to=2026-03-24", ["Today Tia", "Soon Sam"]),
        ("flt_from=2026-03-25", ["Later Lou"]),
        ("flt_from=&flt_status=&flt_to=&search=", ["Past Pat", "Today Tia", "Soon Sam", "Later Lou"]),
        ("sort=1", ["Later Lou", "Soon Sam", "Today Tia"]),
        ("sort=0&desc=1", ["Later Lou", "Soon Sam", "Today Tia"]),
        ("search=sam&flt_practitioner={ben}", []),
    ],
)
def test_the_list_is_narrowed(desk: FlaskClient, rowan: Clinic, inside: Enter, query: str, found: list[str]) -> None:
    with inside(rowan):
        add_booking(rowan, "Later Lou", at(27, 10))
        add_booking(rowan, "Past Pat", at(20, 10), status="completed")
        add_booking(rowan, "Today Tia", at(23, 8))
        add_booking(rowan, "Soon Sam", at(24, 10), practitioner="iris", status="no_show")
    filled = query.format(**{name: str(id_) for name, id_ in rowan.practitioners.items()})
    assert names(desk.get(f"{LIST}?{filled}").text) == found


def test_lapsed_holds_are_shown_to_those_who_ask(desk: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        add_booking(rowan, "Gone Gil", at(24, 10), status="expired")
        add_booking(rowan, None, at(24, 12), status="held")
    assert names(desk.get(LIST).text) == ["Not named yet"]
    assert names(desk.get(f"{LIST}?flt_status=expired").text) == ["Gone Gil"]


def test_a_long_list_has_pages_of_25(desk: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        for number in range(27):
            add_booking(rowan, f"Client {number:02}", at(24, 0) + timedelta(days=number))
    first = desk.get(f"{LIST}?search=client").text
    assert len(names(first)) == 25
    assert "Page 1 of 2" in first
    second = re.search(r'rel="next" href="([^"]+)"', first)
    assert second
    assert names(desk.get(second[1].replace("&amp;", "&")).text) == ["Client 25", "Client 26"]


def test_one_booking_is_read_whole_and_that_is_noted(desk: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        id_ = add_booking(rowan, "Cleo Marsh", at(30, 9), note="The stairs, please")
    page = desk.get(f"{LIST}details/?id={id_}")
    assert page.status_code == 200
    for words in (
        "Cleo Marsh",
        "Monday 30 March 2026, 09:00–11:00",
        "0113 496 0000",
        "The stairs, please",
        "£80",
        "Ben Ashby",
    ):
        assert words in page.text, words
    with inside(rowan):
        row = db.session.execute(sa.select(Audit).where(Audit.deed == "read")).scalar_one()
        assert (row.target, row.target_id, row.account_id) == ("booking", id_, rowan.accounts["alma"])


def test_the_way_back_keeps_the_search_and_leads_nowhere_else(desk: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        id_ = add_booking(rowan, "Cleo Marsh", at(30, 9))
    text = desk.get(f"{LIST}?search=cleo").text
    link = re.search(r'class="cell-name" href="([^"]+)"', text)
    assert link
    assert "/c/rowan/manage/bookings/?search=cleo" in desk.get(link[1].replace("&amp;", "&")).text
    foreign = desk.get(f"{LIST}details/?id={id_}&url=/c/thornfield/manage/")
    assert "thornfield" not in foreign.text


def test_the_neighbour_sees_nothing(client: FlaskClient, rowan: Clinic, thornfield: Clinic, inside: Enter) -> None:
    with inside(rowan):
        id_ = add_booking(rowan, "Cleo Marsh", at(30, 9))
    log_in(client, thornfield, "mallory")
    base = "/c/thornfield/manage/bookings/"
    practitioner = rowan.practitioners["ben"]
    for path in ("", "?search=cleo", f"?flt_practitioner={practitioner}", "export/csv/", f"details/?id={id_}"):
        answer = client.get(base + path, follow_redirects=True)
        assert answer.status_code == 200
        assert "Cleo" not in answer.text, path
        assert "Ben Ashby" not in answer.text, path


def test_exports_have_the_lists_rows_and_no_formulas(desk: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        add_booking(rowan, '=HYPERLINK("x")', at(24, 10))
        add_booking(rowan, "Ína Ó’Brien", at(25, 10))
    answer = desk.get(f"{LIST}export/csv/")
    assert answer.mimetype == "text/csv"
    assert "booking_2026-03-23.csv" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8"))))
    assert [row["Client"] for row in rows] == ['\'=HYPERLINK("x")', "Ína Ó’Brien"]
    assert rows[0]["Status"] == "Confirmed"
    sheet = sheet_of(desk.get(f"{LIST}export/xlsx/").data)
    assert [row[1] for row in sheet[1:]] == ['\'=HYPERLINK("x")', "Ína Ó’Brien"]


def test_what_clients_typed_is_text(desk: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        id_ = add_booking(rowan, "<script>x</script>", at(24, 10), note="<img src=x>")
    for path in ("", "?search=%3Cscript%3E", f"details/?id={id_}"):
        text = desk.get(LIST + path).text
        assert "<script>x" not in text
        assert "<img src=x" not in text


def test_nothing_can_be_changed_here(desk: FlaskClient, app: Flask, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        id_ = add_booking(rowan, "Cleo Marsh", at(24, 10))
    forms = {
        "new/": {"status": "confirmed"},
        f"edit/?id={id_}": {"status": "cancelled"},
        "delete/": {"id": str(id_)},
        "action/": {"action": "delete", "rowid": str(id_)},
        "ajax/update/": {"list_form_pk": str(id_), "status": "cancelled"},
    }
    for path, data in forms.items():
        assert desk.post(LIST + path, data=data).status_code in (302, 403, 404), path
    with inside(rowan):
        assert db.session.execute(sa.select(Booking.status)).scalars().all() == ["confirmed"]


def test_the_list_asks_the_database_as_often_for_300_rows_as_for_three(
    desk: FlaskClient, app: Flask, rowan: Clinic, thornfield: Clinic, inside: Enter
) -> None:
    large = app.test_client()
    log_in(large, thornfield, "mallory")
    counts = []
    for client, clinic, person, rows in ((desk, rowan, "ben", 3), (large, thornfield, "max", 300)):
        with inside(clinic):
            crowd(clinic, bookings=rows, clients=rows, person=person)
        chosen = {
            "flt_from": "2000-01-01",
            "flt_to": "2199-01-01",
            "flt_practitioner": clinic.practitioners[person],
            "flt_service": clinic.services["desk"],
            "flt_status": "confirmed",
            "flt_money": "paid",
        }
        for query in ("", "flt_from=", urlencode(chosen), "search=client"):
            address = f"{clinic.home}/manage/bookings/?{query}"
            assert client.get(address).text.count('class="cell-name"') == (
                25 if rows == 300 else 3 - ("money" in query)
            )
            counts.append((query[:9], asked(app, client, address)))
    assert counts[:4] == counts[4:]
    assert max(count for _, count in counts) <= 12
