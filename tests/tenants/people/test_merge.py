"""Two records made one: everything moves, nothing is lost, and two who are in two places are two people."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from saas.audit import Audit
from saas.db import db
from saas.errors import Invalid
from saas.stale import ChangedMeanwhile
from saas.tenancy import tenant_scope
from tenants.bookings.models import Booking
from tenants.bookings.places import lock_client
from tenants.bookings.rules import Details
from tenants.clients.actions import WasMerged, add_note, find_or_make, save_client
from tenants.clients.models import Client, ClientApart, ClientNote
from tenants.clients.queries import NoSuchClient, client_by_id
from tenants.clients.rules import Record
from tenants.people.actions import TimesOverlap, merge_clients, pointers, say_apart
from tenants.people.queries import said_apart, suggestions, visits_of
from tenants.people.rules import chosen_at_first, merged_record
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter, log_in, token_of
from tests.tenants.bookings.scenes import CLEO, TUESDAY_TEN, booked, fresh, link, only_sqlite

WEDNESDAY = TUESDAY_TEN + timedelta(days=1)
CLEO_AGAIN = Details(name="Cleo M. Marsh", email="c.marsh@example.com", known_as="Clee")
BASE = "/c/rowan/manage"


def two(clinic: Clinic) -> tuple[Booking, Booking]:
    """Cleo booked twice, under two addresses."""
    first = booked(clinic, at=TUESDAY_TEN, who=CLEO)
    return first, booked(clinic, at=WEDNESDAY, who=CLEO_AGAIN, person="iris")


def merge(stays: UUID | None, goes: UUID | None, *, seen: str | None = None, **choices: str) -> int:
    assert stays is not None
    assert goes is not None
    return merge_clients(stays_id=stays, goes_id=goes, choices=choices, seen=seen, now=NOW)


def test_everything_moves_and_merging_again_changes_nothing(at_rowan: Clinic) -> None:
    first, second = two(at_rowan)
    stays, goes = first.client_id, second.client_id
    assert stays
    assert goes
    account = at_rowan.accounts["ben"]
    add_note(client_id=goes, account_id=account, text="gate code", clinical=False, now=NOW)
    assert merge(stays, goes, email="goes") == 1
    kept = db.session.get_one(Client, stays)
    assert (kept.name, kept.known_as, kept.email, kept.phone) == (
        "Cleo Marsh",
        "Clee",
        CLEO_AGAIN.email,
        "+441132000001",
    )
    assert db.session.get_one(Client, goes).merged_into_id == stays
    for table, column in pointers():
        left = sa.select(table).where(table.c.tenant_id == at_rowan.ref.id, table.c[column] == goes)
        assert not db.session.execute(left.execution_options(tenant_checked=True)).all(), table.name
    assert db.session.execute(sa.select(ClientNote.client_id)).scalar_one() == stays
    assert visits_of([stays], now=WEDNESDAY + timedelta(days=1))[stays].owes.minor == 12000
    assert merge(stays, goes) == 0
    audits = db.session.execute(sa.select(Audit).where(Audit.deed == "client.merged")).scalars().all()
    assert [row.facts for row in audits] == [{"absorbed": str(goes), "bookings": 1}]
    db.session.rollback()
    # Whoever books under either address is the survivor, and the record that went leads to them.
    for details in (CLEO, CLEO_AGAIN):
        found, _ = find_or_make(name=details.name, email=details.email, phone="", known_as="", reach="email", now=NOW)
        assert found.id == stays
    assert client_by_id(goes).id == stays
    assert suggestions() == []


def test_a_chain_of_merges_leads_to_the_last(at_rowan: Clinic) -> None:
    first, second = two(at_rowan)
    third = booked(at_rowan, at=WEDNESDAY, who=Details(name="C. Marsh", email="cm@example.com")).client_id
    one, two_ = first.client_id, second.client_id
    merge(one, two_)
    db.session.rollback()
    with pytest.raises(WasMerged):
        merge(third, two_)
    with pytest.raises(TimesOverlap):
        merge(third, one)
    booking = db.session.execute(sa.select(Booking).where(Booking.client_id == third)).scalar_one()
    booking.status = "cancelled"
    db.session.commit()
    merge(third, one)
    rows = db.session.execute(sa.select(Client.merged_into_id).where(Client.id != third)).scalars().all()
    assert rows == [third, third]


def test_two_in_two_places_are_told_apart_and_nothing_changes(at_rowan: Clinic) -> None:
    first = booked(at_rowan, at=TUESDAY_TEN, who=CLEO)
    second = booked(at_rowan, at=TUESDAY_TEN + timedelta(minutes=30), who=CLEO_AGAIN, person="iris")
    with pytest.raises(TimesOverlap) as refused:
        merge(first.client_id, second.client_id)
    assert "Tuesday 24 March at 10:30" in refused.value.message
    assert fresh(second.id).client_id == second.client_id != first.client_id
    with pytest.raises(NoSuchClient):
        merge(first.client_id, first.client_id)
    with pytest.raises(NoSuchClient):
        merge(first.client_id, at_rowan.services["desk"])


def test_a_stale_page_and_values_that_do_not_go_together_are_refused(at_rowan: Clinic) -> None:
    first, second = two(at_rowan)
    with pytest.raises(ChangedMeanwhile):
        merge(first.client_id, second.client_id, seen="0" * 24)
    assert second.client_id
    record = Record("Cleo M. Marsh", email="", phone="0113 200 0009", reach="text")
    save_client(client_id=second.client_id, record=record, locales=(), seen=None, now=NOW)
    with pytest.raises(Invalid) as refused:
        merge(first.client_id, second.client_id, email="goes", reach="stays")
    assert "email" in refused.value.fields
    assert db.session.get_one(Client, second.client_id).merged_into_id is None


def test_the_careful_choice_is_offered_first() -> None:
    ours = Record("Cleo Marsh", email="c@example.com", reach="email")
    theirs = Record("Cleo Webb", "Clee", "w@example.com", "+441132000009", "phone", "C.", no_calls=True)
    offered = chosen_at_first(ours, theirs)
    assert offered == {
        "name": "stays", "known_as": "goes", "email": "stays", "phone": "goes", "reach": "goes",
        "discreet_name": "goes", "no_calls": "goes",
    }  # fmt: skip
    one = merged_record(ours, theirs, {"name": "goes", "no_calls": "stays", "nonsense": "goes"})
    assert (one.name, one.email, one.reach, one.no_calls) == ("Cleo Webb", "c@example.com", "phone", False)


def test_two_merges_at_once_in_both_directions_end_in_one_survivor(app: Flask, rowan: Clinic) -> None:
    with app.app_context(), tenant_scope(rowan.ref):
        first, second = two(rowan)
        ids = (first.client_id, second.client_id)
    ready, outcomes = threading.Barrier(2), []

    def run(stays: UUID | None, goes: UUID | None) -> None:
        with app.app_context(), tenant_scope(rowan.ref):
            ready.wait(60)
            try:
                outcomes.append(merge(stays, goes))
            except WasMerged:
                outcomes.append(-1)

    threads = [threading.Thread(target=run, args=pair) for pair in (ids, ids[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == [-1, 1]
    with app.app_context(), tenant_scope(rowan.ref):
        living = db.session.execute(sa.select(Client.id).where(Client.merged_into_id.is_(None))).scalars().all()
        assert len(living) == 1
        assert set(db.session.execute(sa.select(Booking.client_id)).scalars()) == set(living)


def test_a_booking_that_waited_for_a_merge_is_the_survivors(at_rowan: Clinic) -> None:
    """On SQLite nobody waits for a row: whoever books holds the one writer's place before they look who it is."""
    first, second = two(at_rowan)
    stays, goes = first.client_id, second.client_id
    assert goes
    merge(stays, goes)
    assert lock_client(goes) == (stays if db.engine.dialect.name == "postgresql" else goes)


def test_two_people_are_told_apart_once_and_stay_so_through_a_merge(at_rowan: Clinic) -> None:
    first, second = two(at_rowan)
    typed = {"name": "Cleo Marsh", "email": "third@example.com", "phone": "", "known_as": "", "reach": "email"}
    third, _new = find_or_make(**typed, now=NOW)
    ids = (first.client_id, second.client_id, third.id)
    assert all(ids)
    for pair in ((ids[2], ids[1]), (ids[1], ids[2])):
        say_apart(one_id=pair[0], other_id=pair[1], now=NOW)  # type: ignore[arg-type]
    assert db.session.execute(sa.select(sa.func.count()).select_from(ClientApart)).scalar_one() == 1
    told = {(one.id, other.id) for group in suggestions() for one, other in group.pairs}
    assert not {(ids[1], ids[2]), (ids[2], ids[1])} & told
    merge(ids[0], ids[1])
    assert suggestions() == []
    assert {ids[0], ids[2]} == {one.id for pair in said_apart() for one in pair}
    with pytest.raises(WasMerged):
        say_apart(one_id=ids[1], other_id=ids[2], now=NOW)  # type: ignore[arg-type]
    # Somebody was wrong: they are merged after all, and nothing is left of it.
    merge(ids[0], ids[2])
    assert said_apart() == []


@only_sqlite
def test_the_page_remembers_two_people(client: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        first = booked(rowan, at=TUESDAY_TEN, who=CLEO)
        second = booked(rowan, at=WEDNESDAY, who=Details(name="Cleo Marsh", email="c.marsh@example.com"))
        ids = {"a": str(first.client_id), "b": str(second.client_id)}
    log_in(client, rowan, "fern")
    page = client.get(f"{BASE}/duplicates/merge/", query_string=ids)
    assert "These are two different people" in page.text
    done = client.post(f"{BASE}/duplicates/apart/", data={**ids, "csrf_token": token_of(page)})
    assert done.status_code == 303
    listed = client.get(done.location).text
    assert "Remembered: they are two people." in listed
    assert "There is nothing to do here." in listed
    assert "Said to be two people" in listed
    assert "Is this the same person?" not in client.get(f"{BASE}/clients/details/?id={ids['a']}").text


@only_sqlite
def test_the_pages_show_both_and_make_them_one(client: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    log_in(client, rowan, "fern")
    assert "There is nothing to do here." in client.get(f"{BASE}/duplicates/").text
    with inside(rowan):
        first = booked(rowan, at=TUESDAY_TEN, who=CLEO)
        other = Details(name="Cleo Marsh", email="c.marsh@example.com")
        second = booked(rowan, at=WEDNESDAY, who=other)
        old_link = link(rowan, second)
        ids = {"a": str(first.client_id), "b": str(second.client_id)}
        booking_id = second.id
    assert "Cleo Marsh and Cleo Marsh" in client.get(f"{BASE}/duplicates/").text
    assert "Is this the same person?" in client.get(f"{BASE}/clients/details/?id={ids['a']}").text
    page = client.get(f"{BASE}/duplicates/merge/", query_string=ids)
    assert "c.marsh@example.com" in page.text
    seen = page.text.partition('name="seen" value="')[2].partition('"')[0]
    form: dict[str, Any] = {**ids, "csrf_token": token_of(page)}
    stale = client.post(f"{BASE}/duplicates/merge/", data={**form, "seen": "x"})
    assert stale.status_code == 409
    assert "Somebody saved one of them meanwhile" in stale.text
    done = client.post(f"{BASE}/duplicates/merge/", data={**form, "seen": seen, "take-email": "goes"})
    assert done.status_code == 303
    shown = client.get(done.location).text
    assert "1 booking moved here." in shown
    assert "c.marsh@example.com" in shown
    gone = client.get(f"{BASE}/clients/details/?id={ids['b']}")
    assert gone.status_code == 303
    assert ids["a"] in gone.location
    assert client.get(old_link).status_code == 200
    with inside(rowan):
        assert str(fresh(booking_id).client_id) == ids["a"]
    for wrong in ({"a": "x", "b": ids["a"]}, {"a": ids["a"], "b": ids["a"]}, {}):
        assert client.get(f"{BASE}/duplicates/merge/", query_string=wrong).status_code == 404
