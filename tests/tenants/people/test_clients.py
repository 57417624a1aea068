"""The clinic's clients: the list, one of them whole, their record, their notes."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from saas.audit import Audit
from saas.db import action, db
from saas.money import Money
from tenants.bookings.models import Booking
from tenants.bookings.rules import Details
from tenants.clients.actions import add_note, save_client
from tenants.clients.models import Client, ClientNote
from tenants.clients.rules import Record, name_key
from tenants.payments.desk import take_at_clinic
from tenants.payments.models import LedgerEntry
from tests import crowds
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter, log_in, token_of
from tests.saas.test_exports import sheet_of
from tests.tenants.bookings.scenes import TUESDAY_TEN, booked, later, only_sqlite

LIST = "/c/rowan/manage/clients/"
pytestmark = only_sqlite


def person(name: str, **more: Any) -> UUID:
    record = Record(name, **{"email": f"{name_key(name).split()[0]}@example.com", **more})
    return save_client(client_id=None, record=record, locales=("en", "es"), seen=None, now=NOW)


@pytest.fixture
def desk(client: FlaskClient, rowan: Clinic) -> FlaskClient:
    log_in(client, rowan, "alma")
    return client


def names(text: str) -> list[str]:
    return re.findall(r'class="cell-name" href="[^"]*">([^<]*)<', text)


def post(client: FlaskClient, path: str, page: str | None = None, **form: Any) -> Any:
    token = token_of(client.get(page or LIST))
    return client.post(path, data={"csrf_token": token, **form})


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    asked: list[str] = []
    with app.app_context():
        engine = db.engine

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT"):
            asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


def test_the_list_is_found_by_name_in_part_and_by_address_or_number_whole(
    desk: FlaskClient, rowan: Clinic, inside: Enter
) -> None:
    assert "Nobody here yet." in desk.get(LIST).text
    with inside(rowan):
        person("Ína O’Brien", phone="0113 496 0001")
        person("Zoë Adler", known_as="Mme. Núñez", reach="phone", phone="0113 496 0002")
        person("Bob Ina", email="bob@example.com")
    found = {
        "": ["Bob Ina", "Ína O’Brien", "Zoë Adler"],
        "ina": ["Bob Ina", "Ína O’Brien"],
        "obrien INA": ["Ína O’Brien"],
        "zo": ["Zoë Adler"],
        "Núñez": ["Zoë Adler"],
        "mme nunez zoe": ["Zoë Adler"],
        "BOB@example.com": ["Bob Ina"],
        "bob@example": [],
        "0113 496 0002": ["Zoë Adler"],
        "4960002": [],
        "%": [],
        "_": [],
    }
    for search, wanted in found.items():
        assert names(desk.get(LIST, query_string={"search": search}).text) == wanted, search
    assert "typed whole" in desk.get(f"{LIST}?search=bob@example").text
    assert names(desk.get(f"{LIST}?flt_reach=phone").text) == ["Zoë Adler"]
    assert names(desk.get(f"{LIST}?sort=0&desc=1").text) == ["Zoë Adler", "Ína O’Brien", "Bob Ina"]


def test_new_returning_and_who_owes(desk: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        booked(rowan, "desk", TUESDAY_TEN, who=Details(name="Cleo Marsh", email="cleo@example.com"))
        person("Nora New")
    assert names(desk.get(f"{LIST}?flt_kind=returning").text) == []
    with later(days=2):
        log_in(desk, rowan, "alma")
        assert names(desk.get(f"{LIST}?flt_kind=returning").text) == ["Cleo Marsh"]
        assert names(desk.get(f"{LIST}?flt_kind=new").text) == ["Nora New"]
        owing = desk.get(f"{LIST}?flt_owes=yes").text
        assert names(owing) == ["Cleo Marsh"]
        assert "£60" in owing
        assert "24 Mar" in owing


def test_a_practitioner_sees_their_own_clients_only(app: Flask, frozen: None, rowan: Clinic, inside: Enter) -> None:
    ben, fern = app.test_client(), app.test_client()
    log_in(ben, rowan, "ben")
    log_in(fern, rowan, "fern")
    with inside(rowan):
        own = booked(rowan, who=Details(name="Cleo Marsh", email="cleo@example.com")).client_id
        other = booked(rowan, who=Details(name="Dora Lind", email="dora@example.com"), person="iris").client_id
        for clinical in (False, True):
            text = "left shoulder" if clinical else "gate code"
            add_note(client_id=own, account_id=rowan.accounts["ben"], text=text, clinical=clinical, now=NOW)  # type: ignore[arg-type]
    assert names(ben.get(LIST).text) == ["Cleo Marsh"]
    assert ben.get(f"{LIST}?search=dora@example.com").text.count("Dora") == 0
    for path in ("details/", "edit/"):
        assert ben.get(f"{LIST}{path}?id={other}").status_code == 404
    for path in ("note/", "settle/"):
        assert post(ben, LIST + path, id=str(other), text="x", booking=str(other)).status_code == 404
    shown = ben.get(f"{LIST}details/?id={own}").text
    assert "left shoulder" in shown
    assert "gate code" in shown
    at_desk = fern.get(f"{LIST}details/?id={own}").text
    assert "gate code" in at_desk
    assert "left shoulder" not in at_desk
    assert names(fern.get(LIST).text) == ["Cleo Marsh", "Dora Lind"]
    # The front desk cannot mark a note as one it would not see, nor take a colleague's away.
    assert post(fern, f"{LIST}note/", id=str(own), text="rang", clinical="y").status_code == 303
    with inside(rowan):
        kept = next(one for one in db.session.execute(sa.select(ClientNote)).scalars() if one.text == "rang")
        assert not kept.clinical
        bens = db.session.execute(sa.select(ClientNote.id).where(ClientNote.account_id == rowan.accounts["ben"]))
        for note_id in bens.scalars().all():
            assert fern.get(f"{LIST}note/remove/?id={own}&note={note_id}").status_code == 404
            assert post(fern, f"{LIST}note/remove/", id=str(own), note=str(note_id)).status_code == 404
    for path in ("export/csv/", "import/"):
        assert fern.get(LIST + path).status_code == 403


def test_a_clients_page_is_read_and_that_is_noted(desk: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        made = booked(rowan, who=Details(name="Cleo Marsh", email="cleo@example.com", phone="0113 496 0001")).client_id
        db.session.rollback()
    text = desk.get(f"{LIST}details/?id={made}").text
    for words in ("Cleo Marsh", "0113 496 0001", "24 March 2026, 10:00", "Ben Ashby", "£60 to pay", "No notes yet."):
        assert words in text, words
    with inside(rowan):
        row = db.session.execute(sa.select(Audit).where(Audit.deed == "read")).scalar_one()
        assert (row.target, row.target_id, row.account_id) == ("client", made, rowan.accounts["alma"])
    for wrong in ("", "?id=x", f"?id={rowan.services['desk']}"):
        assert desk.get(f"{LIST}details/{wrong}").status_code == 404


def test_a_record_is_made_and_edited_and_the_second_to_save_is_told(
    desk: FlaskClient, rowan: Clinic, inside: Enter
) -> None:
    typed = {"name": "Maya Lindqvist", "email": "maya@example.com", "reach": "email", "locale": ""}
    made = post(desk, f"{LIST}new/", **typed)
    assert made.status_code == 303
    again = post(desk, f"{LIST}new/", **typed)
    assert again.status_code == 422
    assert "Open Maya Lindqvist" in again.text
    edit = desk.get(f"{LIST}edit/?{made.location.partition('?')[2]}")
    seen = re.search(r'name="seen" value="([^"]+)"', edit.text)
    assert seen
    address = edit.request.full_path.replace("/c/rowan", "", 1)
    wrong = post(desk, f"/c/rowan{address}", **{**typed, "email": "maya", "no_calls": "y", "seen": seen[1]})
    assert wrong.status_code == 422
    assert "Enter an email address like name@example.com" in wrong.text
    assert 'value="maya"' in wrong.text
    first = post(desk, f"/c/rowan{address}", **{**typed, "known_as": "May", "locale": "es", "seen": seen[1]})
    assert first.status_code == 303
    second = post(desk, f"/c/rowan{address}", **{**typed, "known_as": "Mimi", "seen": seen[1]})
    assert second.status_code == 409
    assert "Somebody else saved this client meanwhile" in second.text
    assert ">May<" in second.text
    assert 'value="Mimi"' in second.text
    anew = re.search(r'name="seen" value="([^"]+)"', second.text)
    assert anew
    assert post(desk, f"/c/rowan{address}", **{**typed, "known_as": "Mimi", "seen": anew[1]}).status_code == 303
    with inside(rowan):
        row = db.session.execute(sa.select(Client)).scalar_one()
        assert (row.known_as, row.locale, row.name_key) == ("Mimi", "", "maya lindqvist")


def test_a_note_is_kept_and_asked_about_before_it_goes(desk: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        made = person("Cleo Marsh")
    assert post(desk, f"{LIST}note/", id=str(made), text="   ").status_code == 422
    assert post(desk, f"{LIST}note/", id=str(made), text="<b>Prefers</b> the blue room").status_code == 303
    text = desk.get(f"{LIST}details/?id={made}").text
    assert "&lt;b&gt;Prefers&lt;/b&gt; the blue room" in text
    link = re.search(r'href="([^"]*note/remove/[^"]*)"', text)
    assert link
    asked = desk.get(link[1].replace("&amp;", "&"))
    assert "Remove this note?" in asked.text
    note = re.search(r'name="note" value="([^"]+)"', asked.text)
    assert note
    assert post(desk, f"{LIST}note/remove/", id=str(made), note=note[1]).status_code == 303
    assert "No notes yet." in desk.get(f"{LIST}details/?id={made}").text


def test_what_was_typed_at_booking_is_taken_or_forgotten(desk: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        booked(rowan, who=Details(name="Cleo Marsh", email="cleo@example.com"))
        row = booked(
            rowan, "desk", TUESDAY_TEN + timedelta(days=1),
            who=Details(name="Cleo Marsh-Webb", email="cleo@example.com", phone="0113 496 0009", reach="phone"),
        )  # fmt: skip
        booking_id, client_id = row.id, row.client_id
    text = desk.get(f"{LIST}details/?id={client_id}").text
    assert "Typed for this booking" in text
    assert "Name: take “Cleo Marsh-Webb”" in text
    settled = post(desk, f"{LIST}settle/", id=str(client_id), booking=str(booking_id), take="phone")
    assert settled.status_code == 303
    assert "Typed for this booking" not in desk.get(f"{LIST}details/?id={client_id}").text
    with inside(rowan):
        kept = db.session.get_one(Client, client_id)
        assert (kept.name, kept.phone) == ("Cleo Marsh", "+441134960009")
        assert kept.phone_hash
        # They asked not to be written to about this booking: that holds, whatever the record says.
        assert kept.reach == "email"
        assert db.session.get_one(Booking, booking_id).typed == {"reach": "phone"}


def test_a_practitioner_settles_nothing_at_a_colleagues_booking(
    app: Flask, frozen: None, rowan: Clinic, inside: Enter
) -> None:
    ben = app.test_client()
    log_in(ben, rowan, "ben")
    who = {"name": "Cleo Marsh", "email": "cleo@example.com"}
    with inside(rowan):
        own = booked(rowan, who=Details(**who))
        more = Details(**who, phone="0113 496 0009")
        other = booked(rowan, "desk", TUESDAY_TEN + timedelta(days=1), who=more, person="iris")
        client_id, own_id, other_id = own.client_id, own.id, other.id
    form = {"id": str(client_id), "take": "phone"}
    assert post(ben, f"{LIST}settle/", **form, booking=str(other_id)).status_code == 404
    assert post(ben, f"{LIST}settle/", **form, booking=str(own_id)).status_code == 303
    with inside(rowan):
        assert db.session.get_one(Client, client_id).phone == ""
        assert db.session.get_one(Booking, other_id).typed["phone"]


def test_an_export_is_the_owners_and_runs_no_formula(desk: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        made = person("=Ína O’Brien", email="ina@example.com", discreet_name="I.", reach="text", phone="0113 496 0001")
        add_note(client_id=made, account_id=rowan.accounts["alma"], text="left shoulder", clinical=True, now=NOW)
    answer = desk.get(f"{LIST}export/csv/")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8"))))
    assert [row["Name"] for row in rows] == ["'=Ína O’Brien"]
    assert (rows[0]["How to reach them"], rows[0]["Client since"]) == ("By text message", "2026-03-23")
    assert "shoulder" not in answer.text
    assert sheet_of(desk.get(f"{LIST}export/xlsx/?search=ina").data)[1][0] == "'=Ína O’Brien"
    with inside(rowan):
        deeds = db.session.execute(sa.select(Audit.target).where(Audit.deed == "read")).scalars().all()
        assert deeds == ["client", "client"]


@action
def crowd(clinic: Clinic, number: int) -> None:
    same = {"tenant_id": clinic.ref.id, "reach": "email", "created_at": NOW}
    made = [
        {**same, "id": UUID(int=place + 1), "name": f"Client {place:06}", "name_key": f"client {place:06}"}
        for place in range(number)
    ]
    for start in range(0, number, 5000):
        db.session.execute(sa.insert(Client), made[start : start + 5000])


def test_three_hundred_rows_need_as_many_questions_as_three(
    app: Flask, desk: FlaskClient, rowan: Clinic, inside: Enter
) -> None:
    counts = []
    for number in (3, 300):
        with inside(rowan):
            db.session.execute(sa.delete(Client).where(Client.id.is_not(None)))
            db.session.commit()
            crowd(rowan, number)
        for query in ("", "?flt_kind=new&flt_reach=email&search=client"):
            with counted(app) as asked:
                assert desk.get(LIST + query).status_code == 200
            counts.append(len(asked))
    assert counts[:2] == counts[2:]
    assert max(counts) <= 12


def test_a_long_list_is_counted_to_a_thousand_and_shown_whole(desk: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        crowd(rowan, 1000)
    page = desk.get(LIST).text
    assert ("1000 clients" in page, "Page 1 of 40" in page) == (True, True)
    with inside(rowan):
        person("Zuzana")
    page = desk.get(LIST).text
    assert ("More than 1,000 clients" in page, "Page 1<" in page, 'rel="next"' in page) == (True, True, True)
    assert 'rel="next"' in desk.get(f"{LIST}?page=39").text
    last = desk.get(f"{LIST}?page=40").text
    assert (names(last), 'rel="next"' in last, 'rel="prev"' in last) == (["Zuzana"], False, True)


def test_the_money_of_a_client_is_their_bookings_money(desk: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        made = booked(rowan, who=Details(name="Cleo Marsh", email="cleo@example.com")).client_id
        total = db.session.execute(
            sa.select(sa.func.sum(LedgerEntry.amount_minor)).where(
                LedgerEntry.account == "client", LedgerEntry.client_id == made
            )
        ).scalar_one()
    assert f"£{total // 100}" in desk.get(f"{LIST}details/?id={made}").text


def sums(text: str) -> list[tuple[str, str]]:
    return re.findall(r"<dt>(Paid|To pay)</dt><dd>([^<]*)<", text)


def test_the_sums_are_of_every_booking_shown_or_not(desk: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        who = Details(name="Cleo", email="cleo@example.com")
        made = [booked(rowan, "desk", TUESDAY_TEN + timedelta(days=day), who=who) for day in range(2)]
        few = made[0].client_id
        for one, minor in zip(made, (1000, 500), strict=True):
            cash = {"amount": Money(minor, "GBP"), "click": str(one.id)}
            take_at_clinic(booking_id=one.id, client_id=few, method="cash", **cash, now=NOW)  # type: ignore[arg-type]
    text = desk.get(f"{LIST}details/?id={few}").text
    assert sums(text) == [("Paid", "£15"), ("To pay", "£105")]
    assert "Older bookings" not in text
    with inside(rowan):
        crowds.crowd(rowan, bookings=501, clients=1, person="iris")  # the first and the last owe £60 each
        many = db.session.execute(sa.select(Client.id).where(Client.name == "Client 000000")).scalar_one()
    text = desk.get(f"{LIST}details/?id={many}").text
    assert text.count('class="people-past__row"') == 200
    assert "These are the 200 latest. Older bookings are not shown here" in text
    assert sums(text) == [("Paid", "£0"), ("To pay", "£120")]
