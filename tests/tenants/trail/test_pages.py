"""The owner's audit: found by person, deed, thing and day; the same few statements however long it is."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from time import process_time
from uuid import UUID

import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, insert, select

from saas.audit import Audit, note_read
from saas.db import action, db, new_id
from tenants.intake.settings import IntakeSettings, save_settings
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter, log_in
from tests.tenants.bookings.scenes import TUESDAY_TEN, booked, only_sqlite

HERE = "/manage/audit/"


@action
def _fill(clinic: Clinic, count: int, *, account_id: UUID | None = None, deed: str = "room.saved") -> None:
    row = {"tenant_id": clinic.ref.id, "actor": "staff", "account_id": account_id, "deed": deed, "target": "room"}
    rows = [
        {**row, "at": NOW - timedelta(days=40, seconds=number), "target_id": new_id(), "facts": {"count": number}}
        for number in range(count)
    ]
    db.session.connection().execute(insert(Audit), rows)


@action
def _double() -> None:
    """Every such row once more, with an id of its own: the database copies them in a tenth of the time."""
    columns = [column for column in Audit.__table__.columns if column.name != "id"]
    rows = select(func.lower(func.hex(func.randomblob(16))), *columns).where(Audit.deed == "room.saved")
    db.session.connection().execute(insert(Audit).from_select(["id", *(one.name for one in columns)], rows))


def _shown(page: str) -> list[str]:
    return re.findall(r'<strong class="cell-name">([^<]+)</strong>', page)


def test_who_did_what_is_found_by_person_deed_thing_and_day(client: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        made = booked(rowan, "desk", TUESDAY_TEN).id
        _fill(rowan, 1, account_id=rowan.accounts["ben"])
    log_in(client, rowan, "alma")
    page = client.get(rowan.home + HERE)
    assert "Logged in" in _shown(page.text)
    assert {"Confirmed a booking", "Saved a service"} <= set(_shown(page.text))
    assert f"/manage/week/booking/?id={made}" in page.text

    def ask(**query: object) -> list[str]:
        return _shown(client.get(rowan.home + HERE, query_string=query).text)

    assert ask(who=rowan.accounts["ben"]) == ["Saved a room"]
    assert set(ask(who="system")) >= {"Confirmed a booking"}
    assert ask(deed="account.login") == ["Logged in"]
    assert set(ask(target="booking", target_id=made)) >= {"Held a time", "Confirmed a booking"}
    assert ask(to="2026-02-20") == ["Saved a room"]
    assert ask(**{"from": "2026-03-24"}) == []
    told = client.get(f"{rowan.home}{HERE}?from=2026-03-24").text
    assert "Nobody did that in this time" in told
    assert ask() == ask(who="Mallory", deed="x' OR 1=1", **{"from": "tomorrow", "older": "1"})


def test_older_pages_follow_one_another_and_miss_nothing(client: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        _fill(rowan, 120, deed="room.moved")
    log_in(client, rowan, "alma")
    address, pages = f"{HERE}?deed=room.moved", []
    while True:
        page = client.get(rowan.home + address if address.startswith(HERE) else address).text
        pages.append(re.findall(r"target_id=([0-9a-f-]{36})", page.partition("<tbody>")[2]))
        found = re.search(r'rel="next" href="([^"]+)"', page)
        if found is None:
            break
        address = found[1].replace("&amp;", "&")
    assert [len(rows) for rows in pages] == [50, 50, 20]
    assert len({row for rows in pages for row in rows}) == 120


def test_an_export_holds_what_was_asked_for_and_is_itself_noted(
    client: FlaskClient, rowan: Clinic, inside: Enter
) -> None:
    with inside(rowan):
        _fill(rowan, 3, account_id=rowan.accounts["ben"])
    log_in(client, rowan, "alma")
    answer = client.get(f"{rowan.home}{HERE}export/csv/?who={rowan.accounts['ben']}")
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert [row[1:4] for row in rows[1:]] == [["Ben", "Saved a room", "room.saved"]] * 3
    assert '"count": 0' in rows[1][6]
    assert client.get(f"{rowan.home}{HERE}export/xlsx/").data[:2] == b"PK"
    with inside(rowan):
        note_read("intake", target_id=new_id(), now=NOW, sections=("f", "j"))
    assert '"f j"' in client.get(f"{rowan.home}{HERE}export/csv/").text.replace('""', '"')
    with inside(rowan):
        save_settings(wanted=IntakeSettings(owner_reads=False), now=NOW)
    assert "f j" not in client.get(f"{rowan.home}{HERE}export/csv/").text, "who may not read answers is told of none"
    assert client.get(f"{rowan.home}{HERE}export/exe/").status_code == 404
    assert "Took out the audit" in client.get(rowan.home + HERE).text
    with time_machine.travel(NOW + timedelta(minutes=11), tick=False):
        assert "/account/again" in client.get(f"{rowan.home}{HERE}export/csv/").location


@only_sqlite
def test_a_hundred_thousand_rows_cost_what_a_hundred_do(
    client: FlaskClient, app: Flask, rowan: Clinic, inside: Enter
) -> None:
    asked = ("", f"?who={rowan.accounts['alma']}", "?deed=account.login", "?from=2026-02-01&to=2026-02-05")
    log_in(client, rowan, "alma")
    statements: list[str] = []
    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))

    def measured() -> list[tuple[float, int]]:
        found = []
        for query in asked:
            took = []
            for _ in range(4):
                statements.clear()
                began = process_time()
                assert client.get(rowan.home + HERE + query).status_code == 200
                took.append(process_time() - began)
            found.append((min(took), len(statements)))
        return found

    few = measured()
    with inside(rowan):
        _fill(rowan, 12_500)
        for _ in range(3):
            _double()
    turns: list[list[tuple[float, int]]] = []
    while True:  # what others do on the machine only adds
        turns.append(measured())
        assert [count for _, count in few] == [count for _, count in turns[-1]]
        many = [min(took for took, _ in of_one) for of_one in zip(*turns, strict=True)]
        # A page of fifty rows is drawn at most once more than before; nothing grows with the rest.
        slow = [(query, a, b) for query, (a, _), b in zip(asked, few, many, strict=True) if b > a * 1.5 + 0.02]
        if not slow or len(turns) == 4:
            break
    assert not slow
