"""Why is this time not offered? The page's answers, and that they agree with what clients are offered."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tenants.availability import actions
from tenants.bookings import openings
from tenants.clinic.actions import save_booking_rules
from tenants.hours.asking import Question, answers
from tenants.practitioners.actions import retire_room, set_services
from tenants.practitioners.queries import practitioners
from tenants.services.actions import retire_service
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter, log_in
from tests.tenants.bookings.scenes import TUESDAY_TEN, booked, held
from tests.tenants.hours.pages import said

TUESDAY = date(2026, 3, 24)


def asked(client: FlaskClient, rowan: Clinic, **more: str) -> str:
    wanted = {"service": str(rowan.services["desk"]), "who": "ben", "day": TUESDAY.isoformat(), "time": "10:00", **more}
    answer = client.get("/c/rowan/manage/hours/why/", query_string=wanted)
    assert answer.status_code in (200, 422)
    return said(answer)


@pytest.fixture
def alma(client: FlaskClient, rowan: Clinic) -> FlaskClient:
    log_in(client, rowan, "alma")
    return client


def test_a_time_that_is_offered_is_said_to_be(alma: FlaskClient, rowan: Clinic) -> None:
    assert "This time is offered." in asked(alma, rowan)
    assert asked(alma, rowan, who="").count("This time is offered.") == 2


def test_each_reason_is_told(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        held(rowan, "full")
        ben = rowan.practitioners["ben"]
        actions.add_break(practitioner_id=ben, start="12:00", end="13:00", weekday=1, now=NOW)
        away = TUESDAY_TEN + timedelta(hours=5)
        actions.add_time_off(practitioner_id=ben, starts_at=away, ends_at=away + timedelta(hours=1), now=NOW)
    said_at = {
        "10:30": "A booking takes 10:00 to 11:15, with the gaps around it.",
        "11:00": "A booking takes 10:00 to 11:15",
        "12:00": "There is a break from 12:00 to 13:00.",
        "15:30": "There is time off from 15:00 to 16:00.",
        "16:10": "Sessions begin at 16:00 and at 16:30, not in between.",
        "18:00": "18:00 to 19:00 lies outside the opening hours.",
    }
    assert "It is too close to a booking" in asked(alma, rowan, time="09:00", service=str(rowan.services["full"]))
    for time, sentence in said_at.items():
        assert sentence in asked(alma, rowan, time=time), time
    assert "It is too far ahead: the last day that can be booked is Friday 22 May." in asked(
        alma, rowan, day="2026-05-25"
    )
    assert "This time has passed." in asked(alma, rowan, day="2026-03-20")
    assert "The clocks go forward then" in asked(alma, rowan, day="2026-03-29", time="01:30")
    with inside(rowan):
        save_booking_rules(min_notice_min=3 * 24 * 60, horizon_days=60, accepting=True, now=NOW)
    assert "It is too soon: clients can book from Thu 26 Mar, 09:00 on." in asked(alma, rowan, time="14:00")


def test_what_is_not_the_engines_business_is_told_too(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    room = str(rowan.services["room"])
    with inside(rowan):
        booked(rowan, "room", person="iris")
    assert "Every room is taken:" in asked(alma, rowan, service=room)
    assert "Quiet room: A booking takes 10:00 to 11:00" in asked(alma, rowan, service=room)
    with inside(rowan):
        retire_room(room_id=rowan.rooms["quiet"], now=NOW)
        set_services(practitioner_id=rowan.practitioners["ben"], service_ids=[rowan.services["room"]], now=NOW)
        save_booking_rules(min_notice_min=0, horizon_days=60, accepting=False, now=NOW)
        retire_service(service_id=rowan.services["full"], now=NOW)
    assert "This session needs a room, and no room is in use." in asked(alma, rowan, service=room, time="14:00")
    assert "Your page takes no bookings at the moment." in asked(alma, rowan)
    assert "Ben Ashby does not offer this session." in asked(alma, rowan)
    assert "This session is not offered any more." in asked(alma, rowan, service=str(rowan.services["full"]))


@pytest.mark.parametrize(
    "typed, sentence",
    [
        ({"time": "noon"}, "Enter a time like 09:00"),
        ({"day": "soon"}, "Choose a date"),
        ({"service": "x"}, "Choose a session"),
        ({"service": "00000000-0000-7000-8000-000000000000"}, "Choose a session"),
    ],
)
def test_what_cannot_be_asked_is_told_beside_the_field(
    alma: FlaskClient, rowan: Clinic, typed: dict[str, str], sentence: str
) -> None:
    assert asked(alma, rowan, **typed).count(sentence) >= 2


def test_the_answer_agrees_with_what_clients_are_offered(at_rowan: Clinic) -> None:
    """Every five minutes of two days, for everybody: offered exactly when the engine lists it."""
    booked(at_rowan, "room", person="iris")
    held(at_rowan, "full", at=TUESDAY_TEN + timedelta(hours=3))
    for name in ("room", "desk"):
        service = at_rowan.services[name]
        days: dict[str, Any] = {"date_from": TUESDAY, "date_to": TUESDAY + timedelta(days=2), "now": NOW}
        offer = openings.load(openings.find_service(service_id=service), **days)
        listed = {(opening.practitioner_name, opening.starts_at) for opening in openings.list_openings(offer, **days)}
        found = set()
        for number in range(2):
            for minute in range(8 * 60, 18 * 60, 5):
                question = Question(service, TUESDAY + timedelta(days=number), minute)
                for answer in answers(question, practitioners(), zone="Europe/London", now=NOW):
                    assert answer.offered != bool(answer.before or answer.reasons)
                    if answer.offered and answer.at:
                        found.add((answer.practitioner, answer.at))
        assert found == listed
