"""The owner's monthly look at who opened whose record."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from saas.accounts.models import Account
from saas.audit import Actor, acting_as, note_read
from saas.db import action, db
from tenants.bookings.models import Booking
from tenants.bookings.rules import Details
from tenants.clients.models import Client
from tenants.intake.read_reviews import MonthNotOver, mark_reviewed, month_before, month_waits, review_of
from tenants.privacy.looks import Month, Tally
from tenants.privacy.rules import Open, family_words, working_days
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter, log_in, token_of
from tests.tenants.bookings.scenes import TUESDAY_TEN, booked, only_sqlite
from tests.tenants.bookings.test_query_counts import asked
from tests.tenants.review.scenes import an_intake

MARCH, APRIL = date(2026, 3, 1), datetime(2026, 4, 2, 9, 0, tzinfo=UTC)
HERE = "/manage/looks/"


def looks(who: UUID | None, what: Iterable[UUID], *, at: datetime = TUESDAY_TEN, target: str = "client") -> None:
    with acting_as(Actor("staff", who)):
        for one in what:
            note_read(target, target_id=one, now=at, sections=("j",))


def client_called(clinic: Clinic, name: str, *, person: str = "ben", at: datetime = TUESDAY_TEN) -> UUID:
    details = Details(name=name, email=f"c{len(name)}@example.com")
    found = booked(clinic, at=at, who=details, person=person).client_id
    assert found is not None
    return found


def test_each_reader_has_a_line_compared_with_their_months_before(at_rowan: Clinic) -> None:
    alma, ben, fern = (at_rowan.accounts[one] for one in ("alma", "ben", "fern"))
    own = client_called(at_rowan, "Cleo Marsh")
    other = client_called(at_rowan, "Dora Lind", person="iris")
    booking = db.session.execute(select(Booking).where(Booking.client_id == own)).scalars().one()
    intake = an_intake(at_rowan, booking)
    for months in (1, 2):
        looks(ben, [own, own, own], at=TUESDAY_TEN - timedelta(days=31 * months))
    looks(ben, [own, other])
    looks(ben, [intake], target="intake", at=TUESDAY_TEN.replace(hour=23))
    looks(ben, [own], target="touch", at=TUESDAY_TEN.replace(hour=8, minute=15))  # an hour before the first session
    looks(alma, [other])
    looks(None, [own], at=TUESDAY_TEN - timedelta(days=2))  # a Sunday, and nobody of the clinic
    looks(fern, [own], at=APRIL)
    found = {one.account_id: one for one in Month(MARCH).tallies()}
    assert found[ben] == Tally(ben, "Ben", "practitioner", 3, 1, 2.0, 1, 2, 1, 0)
    assert found[alma] == Tally(alma, "Alma", "owner", 1, 0, 0.0, 0, 1, None, 0)
    assert (found[None].name, found[None].outside, set(found)) == ("", 1, {alma, ben, None})
    lines, more = Month(MARCH).noticed(ben)
    assert [(one.client, one.looks, one.outside, one.stranger) for one in lines] == [
        ("Cleo Marsh", 3, 1, False),
        ("Dora Lind", 1, 0, True),
    ]
    assert not more
    assert Month(MARCH).noticed(alma) == ([], False)


@action
def _merged(gone: UUID, into: UUID) -> None:
    db.session.get_one(Client, gone).merged_into_id = into


def test_a_namesake_is_found_by_any_family_name_and_a_merged_record_is_its_survivors(at_rowan: Clinic) -> None:
    ben = at_rowan.accounts["ben"]
    _renamed(ben, "Ben García López")
    kin = client_called(at_rowan, "Rosa Lopez-Ruiz")
    client_called(at_rowan, "Garcia Brown", at=TUESDAY_TEN + timedelta(hours=2))  # a first name
    gone = client_called(at_rowan, "R. Nobody", person="iris")
    looks(ben, [kin, gone])
    assert [(one.clients, one.strangers, one.namesakes) for one in Month(MARCH).tallies()] == [(2, 1, 1)]
    _merged(gone, kin)
    assert [(one.clients, one.strangers, one.namesakes) for one in Month(MARCH).tallies()] == [(1, 0, 1)]


@action
def _renamed(account_id: UUID, name: str) -> None:
    db.session.get_one(Account, account_id).name = name


def test_what_counts_as_a_family_name_and_as_a_day_at_the_clinic() -> None:
    assert family_words("Ana de la Peña-O’Hara") == ("pena", "ohara")
    assert family_words("Alma") == ()
    morning = datetime(2026, 3, 29, 9, 0, tzinfo=UTC)
    hour = timedelta(hours=1)
    spans = [(morning + 4 * hour, morning + 8 * hour), (morning, morning + 2 * hour)]
    assert working_days(spans, "Europe/London") == [Open(morning - hour, morning + 9 * hour)]
    late = (morning + 14 * hour, morning + 17 * hour)  # over midnight: the day on which it begins
    assert working_days([late], "Europe/London") == [Open(late[0] - hour, late[1] + hour)]
    assert month_before(date(2026, 1, 1)) == date(2025, 12, 1)
    assert month_before(date(2025, 12, 1), months=-1) == date(2026, 1, 1)


def test_a_month_is_gone_through_once_and_when_it_is_over(at_rowan: Clinic) -> None:
    alma = at_rowan.accounts["alma"]
    assert month_waits(now=APRIL) is None, "nobody opened anything"
    looks(alma, [client_called(at_rowan, "Cleo Marsh")])
    assert month_waits(now=NOW) is None
    assert month_waits(now=APRIL) == MARCH
    with pytest.raises(MonthNotOver):
        mark_reviewed(month=MARCH, account_id=alma, now=NOW)
    for later in range(2):
        mark_reviewed(month=MARCH, account_id=alma, now=APRIL + timedelta(hours=later))
    kept = review_of(MARCH)
    assert kept is not None
    assert (kept.account_id, kept.at) == (alma, APRIL)
    assert month_waits(now=APRIL) is None


@only_sqlite
def test_the_owner_is_reminded_reads_it_and_says_so(
    client: FlaskClient, app: Flask, rowan: Clinic, inside: Enter
) -> None:
    ben, home = rowan.accounts["ben"], rowan.home
    with inside(rowan):
        first = client_called(rowan, "Cleo Marsh")
        looks(ben, [first], at=TUESDAY_TEN.replace(hour=22))
    with time_machine.travel(APRIL, tick=False):
        log_in(client, rowan, "alma")
        assert "go through who opened whose record" in client.get(f"{home}/manage/").text
        page = client.get(f"{home}{HERE}")
        assert "March 2026" in page.text
        few = asked(app, client, f"{home}{HERE}?m=2026-03")
        whose = asked(app, client, f"{home}{HERE}of/?m=2026-03&who={ben}")
        with inside(rowan):
            many = [_made(f"Person Number{number}") for number in range(60)]
            looks(ben, many)
        assert asked(app, client, f"{home}{HERE}?m=2026-03") == few
        assert asked(app, client, f"{home}{HERE}of/?m=2026-03&who={ben}") == whose
        listed = client.get(f"{home}{HERE}of/?m=2026-03&who={ben}").text
        assert "Cleo Marsh" in listed
        assert "page=1" in listed
        assert "Person Number59" in client.get(f"{home}{HERE}of/?m=2026-03&who={ben}&page=1").text
        form = {"csrf_token": token_of(page), "m": "2026-03"}
        assert client.post(f"{home}{HERE}reviewed/", data={**form, "m": "2026-04"}).status_code == 409
        assert client.post(f"{home}{HERE}reviewed/", data=form).status_code == 303
        assert "Alma went through this month on" in client.get(f"{home}{HERE}?m=2026-03").text
        assert "Went through who opened what in a month" in client.get(f"{home}/manage/audit/").text
        assert "go through who opened whose record" not in client.get(f"{home}/manage/").text
    assert client.get(f"{home}{HERE}?m=nonsense&page=-1").status_code == 200


@action
def _made(name: str) -> UUID:
    row = Client(name=name, created_at=NOW)
    db.session.add(row)
    db.session.flush()
    return row.id
