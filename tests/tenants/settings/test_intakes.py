"""Who is told, whose bookings ask, whom clients can ring: the pages."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from saas.jobs import drain
from saas.mail import outgoing
from tenants.intake.alert_effects import HANDLERS
from tenants.intake.help_numbers import OwnNumber
from tenants.intake.settings import Contact, clinic_help, intake_settings
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter, log_in, token_of
from tests.tenants.bookings.scenes import only_sqlite
from tests.tenants.hours.pages import fields_of, said

pytestmark = only_sqlite
SETTINGS = "/c/rowan/manage/settings/"
HOME = f"{SETTINGS}intakes/"


@pytest.fixture
def alma(client: FlaskClient, rowan: Clinic) -> FlaskClient:
    log_in(client, rowan, "alma")
    return client


def test_contacts_and_hours_are_kept_and_who_saves_second_is_told(
    alma: FlaskClient, rowan: Clinic, inside: Enter, app: Flask
) -> None:
    page = alma.get(HOME)
    assert "cannot be published" in said(page)
    press = {"csrf_token": token_of(page)}
    assert "Name a first contact" in said(alma.post(f"{HOME}try/", data=press, follow_redirects=True))
    typed = {
        "first_name": "Alma", "first_email": "alma@rowan.example", "second_email": "ben@rowan.example",
        "start-5": "10:00", "end-5": "13:00",
    }  # fmt: skip
    assert alma.post(HOME, data={**fields_of(page), **typed}).status_code == 303
    with inside(rowan):
        kept = intake_settings()
        assert (kept.first, kept.second) == (Contact("Alma", "alma@rowan.example"), Contact("", "ben@rowan.example"))
        assert (kept.hours[5].start, kept.hours[0].start, kept.hours[6].start) == ("10:00", "09:00", "")
    late = alma.post(HOME, data={**fields_of(page), **typed, "first_name": "Somebody else"})
    assert (late.status_code, 'value="Somebody else"' in late.text) == (409, True)
    wrong = {**fields_of(alma.get(HOME)), "first_email": "alma", "escalate_minutes": "3", "end-0": ""}
    refused = alma.post(HOME, data=wrong)
    assert refused.status_code == 422
    plain = said(refused)
    for words in ("Enter an email address", "from 5 to 120", "Enter both times, or neither"):
        assert words in plain
    assert 'href="#end-0"' in refused.text
    assert 'value="alma"' in refused.text
    assert "Enter a whole number" in said(alma.post(HOME, data={**wrong, "escalate_minutes": "soon"}))
    assert "Alma first; the next one after 15 minutes" in said(alma.get(SETTINGS))
    alma.post(f"{HOME}try/", data=press)
    with inside(rowan):
        drain(app, HANDLERS, NOW)
        assert [mail.to_email for mail in outgoing()] == ["alma@rowan.example", "ben@rowan.example"]
    assert "sent to every contact" in said(alma.get(HOME))


def test_whose_bookings_ask_and_who_reads(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    page = alma.get(f"{HOME}asking/")
    fields = fields_of(page)
    talk = str(rowan.services["talk"])
    typed = {"which": "some", "services": [talk, "not-an-id"], "draft_days": "14", "jurisdiction": "uk"}
    fields.pop("owner_reads", None)
    assert alma.post(f"{HOME}asking/", data={**fields, **typed}).status_code == 303
    with inside(rowan):
        kept = intake_settings()
        assert kept.services == (rowan.services["talk"],)
        assert (kept.asks(rowan.services["desk"]), kept.owner_reads, kept.draft_days) == (False, False, 14)
    refused = alma.post(
        f"{HOME}asking/", data={**fields_of(alma.get(f"{HOME}asking/")), "jurisdiction": "mars", "draft_days": "0"}
    )
    assert (refused.status_code, "Choose one of these" in said(refused)) == (422, True)
    assert "1 session asks. Whoever gives the session." in said(alma.get(SETTINGS))


def test_help_numbers_are_added_left_out_and_checked_but_never_gone(
    alma: FlaskClient, rowan: Clinic, inside: Enter
) -> None:
    page = alma.get(f"{HOME}numbers/")
    every = re.findall(r'name="hide" value="([^"]+)"', page.text)
    assert "999" in said(page)
    assert "999" not in every
    typed = {
        "own-0-name": "Our own line",
        "own-0-number": "0113 496 0000",
        "own-0-way": "text",
        "hide": [*every, "999"],
    }
    assert alma.post(f"{HOME}numbers/", data={**fields_of(page), **typed, "checked": "y"}).status_code == 303
    with inside(rowan):
        kept = intake_settings()
        assert kept.own_numbers == (OwnNumber("Our own line", "0113 496 0000", "text", NOW.date()),)
        assert [one.number for one in clinic_help()] == ["999", "0113 496 0000"]
    refused = alma.post(f"{HOME}numbers/", data={**fields_of(alma.get(f"{HOME}numbers/")), "own-1-name": "Nobody"})
    assert (refused.status_code, "Enter the number" in said(refused), 'value="Nobody"' in refused.text) == (
        422,
        True,
        True,
    )
