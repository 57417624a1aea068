"""A language that the clinic does not offer is nowhere: not in links, browsers, bookings, mails or the API."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from saas.languages import for_client
from saas.tenancy import find_by_slug, tenant_scope
from tenants.bookings.actions import confirm, give_details, hold
from tests.browser import read
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter, log_in
from tests.tenants.bookings.scenes import CLEO, TUESDAY_TEN, link, only_sqlite
from tests.tenants.hours.pages import fields_of, said

pytestmark = only_sqlite
PAGE = "/c/rowan/manage/settings/languages/"


@pytest.fixture
def alma(client: FlaskClient, rowan: Clinic) -> FlaskClient:
    log_in(client, rowan, "alma")
    return client


def choose(client: FlaskClient, *codes: str) -> int:
    """Save the page with these ticks."""
    form = fields_of(client.get(PAGE))
    form.setlist("languages", list(codes))
    return client.post(PAGE, data=form).status_code


def lang_of(answer: str) -> str:
    return read(answer).all("html")[0]["lang"]


def test_what_is_not_offered_is_not_spoken(app: Flask, alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        booking = hold(
            service_id=rowan.services["desk"], practitioner_id=rowan.practitioners["ben"], starts_at=TUESDAY_TEN,
            source="web", client_zone="", locale="es", now=NOW,
        )  # fmt: skip
        give_details(booking_id=booking.id, details=CLEO, now=NOW)
        page = link(rowan, confirm(booking_id=booking.id, how="at_clinic", now=NOW))
        assert for_client(booking.locale) == "es"
    stranger = app.test_client()
    spanish = {"Accept-Language": "es"}

    def spoken(address: str) -> str:
        return lang_of(stranger.get(address, headers=spanish).text)

    def refused() -> str:
        answer = stranger.post(f"{rowan.home}/api/v1/bookings", json={}, headers=spanish)
        assert 400 <= answer.status_code < 500
        return answer.text

    before = [spoken(page), spoken(f"{rowan.home}/"), spoken(f"{rowan.home}/?lang=es")]
    assert before == ["es"] * 3
    in_spanish = refused()
    assert choose(alma, "en") == 303
    after = [spoken(page), spoken(f"{rowan.home}/"), spoken(f"{rowan.home}/?lang=es")]
    assert after == ["en-GB"] * 3
    assert "lang=es" not in stranger.get(f"{rowan.home}/?lang=es").text
    assert refused() != in_spanish
    with app.app_context(), tenant_scope(find_by_slug("rowan")):
        assert [for_client("es", ""), for_client("", "en_IE"), for_client("")] == ["en_GB", "en_IE", "en_GB"]
    assert spoken(f"{rowan.home}/login") == "es", "its team reads what it likes"


def test_the_clinics_own_language_stays(alma: FlaskClient) -> None:
    for codes in (("es",), ()):
        form = fields_of(alma.get(PAGE))
        form.setlist("languages", list(codes))
        answer = alma.post(PAGE, data=form)
        assert answer.status_code == 422
        assert "English is your clinic’s own language: it stays" in said(answer)
    assert choose(alma, "en", "tlh") == 422
    old = alma.get(PAGE)
    assert choose(alma, "en") == 303
    assert "Languages English" in said(alma.get("/c/rowan/manage/settings/"))
    assert alma.post(PAGE, data=fields_of(old)).status_code == 409
