"""When mails go out and what is read outside: the pages."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tenants.clinic.actions import save_envelope
from tenants.clinic.notices import Envelope, Notices
from tenants.clinic.queries import envelope, notices
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter, log_in
from tests.tenants.bookings.scenes import only_sqlite
from tests.tenants.hours.pages import fields_of, said, send

pytestmark = only_sqlite
SETTINGS = "/c/rowan/manage/settings/"
TIMES = f"{SETTINGS}notices/"
WORDS = f"{SETTINGS}notices/wording/"


@pytest.fixture
def alma(client: FlaskClient, rowan: Clinic) -> FlaskClient:
    log_in(client, rowan, "alma")
    return client


def keep(client: FlaskClient, page: TestResponse, **typed: str) -> TestResponse:
    """Save the times as the page has them, but for `typed`."""
    return client.post(TIMES, data={**fields_of(page), **typed})


def test_times_are_kept_and_said_in_the_list_of_settings(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    page = alma.get(TIMES)
    assert 'value="24"' in page.text
    assert "Nobody is reminded" in said(page)
    typed = {"remind_hours": "48", "remind_again_hours": "3", "quiet_from": "21:30", "quiet_to": "7:00"}
    assert keep(alma, page, **typed).status_code == 303
    with inside(rowan):
        assert notices() == Notices(48, 3, "21:30", "07:00")
    assert "Reminders 48 and 3 hours before. Quiet from 21:30 to 07:00." in said(alma.get(SETTINGS))
    answer = keep(alma, page, remind_hours="")
    assert (answer.status_code, "Somebody else has changed this meanwhile" in said(answer)) == (409, True)
    answer = keep(alma, alma.get(TIMES), remind_hours="x", quiet_from="late")
    assert answer.status_code == 422
    assert "Enter a whole number, such as 24" in said(answer)
    assert 'value="late"' in answer.text
    blank = dict.fromkeys(typed, "")
    assert keep(alma, alma.get(TIMES), **blank).status_code == 303
    assert "No reminders. No quiet hours." in said(alma.get(SETTINGS))


def test_words_outside_are_tried_kept_and_refused(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    page = alma.get(WORDS)
    assert "From: Rowan" in said(page)
    assert "A reminder: Monday 30 March, 10:30" in said(page)
    tried = send(alma, WORDS, page, "preview", sender_name="Ben", subject_words="From Ben")
    assert "not saved yet From: Ben Booked From Ben: Monday 30 March, 10:30" in said(tried)
    with inside(rowan):
        assert envelope() == Envelope()
    for do in ("preview", "save"):
        answer = send(alma, WORDS, page, do, sender_name="Desk session with Ben", subject_words="CST")
        assert answer.status_code == 422
        assert "tell nothing of what you do: without “desk session”" in said(answer)
        assert "without “cst”" in said(answer)
    assert send(alma, WORDS, page, sender_name="Ben").status_code == 303
    with inside(rowan):
        assert envelope() == Envelope("Ben")
        save_envelope(wanted=Envelope("Iris"), services=[], now=NOW)
    answer = send(alma, WORDS, alma.get(WORDS), "preview", sender_name="Ada")
    assert answer.status_code == 200
    assert send(alma, WORDS, page, sender_name="Ada").status_code == 409
