"""Which language a page speaks: asked in the address, known of the reader, said by the browser, the clinic's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from flask.testing import FlaskClient

from saas import mail
from saas.languages import spoken
from tests.browser import Browser, read
from tests.cast import Clinic
from tests.tenants.bookings.scenes import DORA, TYPED, booked, details, link, one, only_sqlite

Inside = Callable[[Clinic], AbstractContextManager[Clinic]]


@pytest.mark.parametrize(
    "code, own, country, expected",
    [
        ("en", "en_IE", "IE", "en_IE"),
        ("es", "en_IE", "IE", "es"),
        ("es", "en_US", "US", "es_US"),
        ("es", "es_MX", "MX", "es_MX"),
        ("en", "es_MX", "MX", "en_150"),
        ("de", "de", "AT", "de"),
    ],
)
def test_a_clinic_speaks_a_language_as_its_country_does(code: str, own: str, country: str, expected: str) -> None:
    assert spoken(code, own, country) == expected


def lang_of(html: str) -> str:
    return read(html).all("html")[0]["lang"]


@pytest.mark.parametrize(
    "query, header, expected",
    [
        ("", "", "en-GB"),
        ("", "es-MX,es;q=0.9,en;q=0.5", "es"),
        ("", "fr, en-US;q=0.8, es;q=0.7", "en-GB"),
        ("", "fr, es;q=0, *", "en-GB"),
        ("?lang=es", "en", "es"),
        ("?lang=en", "es", "en-GB"),
        ("?lang=klingon", "", "en-GB"),
    ],
)
@only_sqlite
def test_the_address_comes_before_the_browser_and_the_clinic_last(
    app: Flask, rowan: Clinic, query: str, header: str, expected: str
) -> None:
    page = app.test_client().get(f"{rowan.home}/{query}", headers={"Accept-Language": header} if header else {})
    assert lang_of(page.get_data(as_text=True)) == expected


@only_sqlite
def test_a_language_asked_for_goes_along_every_link_and_is_kept_on_the_booking(
    browser: Browser, rowan: Clinic, inside: Inside
) -> None:
    landing = browser.get(f"{rowan.home}/")
    assert 'href="?lang=es" hreflang="es" lang="es">Español' in landing.html
    spanish = browser.get(f"{rowan.home}/?lang=es")
    own = [a["href"] for a in read(spanish.html).all("a") if a.get("href", "").startswith(rowan.home)]
    assert own
    assert [href for href in own if "lang=es" not in href] == []
    first = details(browser, rowan, query="&p=ben&lang=es")
    assert "lang=es" in first.url
    assert lang_of(first.html) == "es"
    checked = first.press("Continuar", **TYPED)
    done = checked.press("Reservar esta hora", terms="1")
    assert "Su reserva está hecha, Cleo" in done.html
    with inside(rowan):
        booking = one(rowan)
        assert booking.locale == "es"
        address = link(rowan, booking)
    # The link of the mails says nothing of a language: the booking knows.
    assert "Su reserva" in browser.get(address).html
    assert lang_of(browser.get(f"{address}?lang=en").html) == "en-GB"


@only_sqlite
def test_a_page_behind_a_link_speaks_as_its_booking_whatever_the_browser_says(
    app: Flask, rowan: Clinic, inside: Inside
) -> None:
    with inside(rowan):
        address = link(rowan, booked(rowan, who=DORA))
    page = app.test_client().get(address, headers={"Accept-Language": "es"})
    assert lang_of(page.get_data(as_text=True)) == "en-GB"


@only_sqlite
def test_files_and_programs_have_one_address_in_every_language(client: FlaskClient, rowan: Clinic) -> None:
    html = client.get(f"{rowan.home}/?lang=es").get_data(as_text=True)
    kept = [href for href in re.findall(r'(?:href|src)="([^"]+)"', html) if "lang=" in href]
    assert [href for href in kept if re.search(r"\.(?:css|js|svg|woff2)|/logo/", href)] == []


@only_sqlite
def test_a_mail_is_whole_in_the_language_of_its_booking(app: Flask) -> None:
    words = {"home": "Rowan", "name": "Cleo", "link": "http://localhost/reset/x", "login": "http://localhost/login"}
    with app.test_request_context():
        subject, text, _html = mail.render("account_reset", "es", region="", **words)
    assert subject == "Su enlace para una contraseña nueva"
    assert "El enlace vale durante dos horas" in text
