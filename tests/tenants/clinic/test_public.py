from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from PIL import Image

from saas.fleet.actions import suspend
from saas.tenancy import find_platform, tenant_scope
from tenants.clinic import actions, queries
from tests.cast import Clinic

Inside = Callable[[Clinic], AbstractContextManager[Clinic]]


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG")
    return file.getvalue()


def test_the_privacy_notice_is_the_clinics_own(
    client: FlaskClient, rowan: Clinic, inside: Inside, now: datetime
) -> None:
    empty = client.get(f"{rowan.home}/privacy")
    assert empty.status_code == 200
    with inside(rowan):
        actions.save_texts(privacy="<p>We keep little.</p><script>x()</script>", imprint="<p>Alma</p>", now=now)
    page = client.get(f"{rowan.home}/privacy").text
    assert "<p>We keep little.</p>" in page
    assert "x()" not in page
    assert "23 March 2026" in page
    assert "<p>Alma</p>" in client.get(f"{rowan.home}/imprint").text


def test_the_stylesheet_is_the_clinics_colour_and_kept_for_good(
    client: FlaskClient, rowan: Clinic, thornfield: Clinic, inside: Inside, now: datetime
) -> None:
    with inside(rowan):
        actions.save_brand(brand="#7d4a78", heading_style="sans", now=now)
        version = queries.clinic_view().theme_version
    page = client.get(f"{rowan.home}/privacy").text
    address = f"{rowan.home}/theme/{version}.css"
    assert address in page
    sheet = client.get(address)
    assert sheet.mimetype == "text/css"
    assert sheet.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    old = client.get(f"{rowan.home}/theme/0000000000.css")
    assert old.data == sheet.data
    assert old.headers["Cache-Control"] == "public, max-age=60"
    assert client.get(f"{thornfield.home}/theme/{version}.css").data != sheet.data


def test_a_logo_is_served_as_an_image_and_nothing_else(
    client: FlaskClient, rowan: Clinic, thornfield: Clinic, inside: Inside, now: datetime
) -> None:
    with inside(rowan):
        version = actions.save_logo(content=png(), now=now)
    found = client.get(f"{rowan.home}/logo/{version}")
    assert found.data == png()
    assert found.mimetype == "image/png"
    assert "immutable" in found.headers["Cache-Control"]
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in found.headers["Content-Security-Policy"]
    assert found.headers["Content-Disposition"] == "inline; filename=logo.png"
    assert f'src="{rowan.home}/logo/{version}"' in client.get(f"{rowan.home}/imprint").text
    assert client.get(f"{thornfield.home}/logo/{version}").status_code == 404
    assert client.get(f"{rowan.home}/logo/nothing").status_code == 404


@pytest.mark.parametrize("path", ["/privacy", "/imprint", "/theme/0.css", "/logo/0"])
def test_the_platform_has_none_of_it(client: FlaskClient, rowan: Clinic, path: str) -> None:
    assert client.get(path).status_code == 404
    assert client.get(f"/c/nobody{path}").status_code == 404
    assert client.post(f"{rowan.home}{path}").status_code == 405


def test_a_paused_clinics_page_still_has_its_colours(client: FlaskClient, rowan: Clinic, now: datetime) -> None:
    with client.application.app_context(), tenant_scope(find_platform()):
        suspend(tenant_id=rowan.ref.id, reason="a note", now=now)
    page = client.get(f"{rowan.home}/")
    assert page.status_code == 503
    assert "a note" not in page.text
    assert client.get(f"{rowan.home}/privacy").status_code == 200
    assert client.get(f"{rowan.home}/theme/0.css").status_code == 200


def test_these_pages_set_no_cookie(client: FlaskClient, rowan: Clinic) -> None:
    for path in ("/privacy", "/imprint", "/theme/0.css"):
        assert "Set-Cookie" not in client.get(f"{rowan.home}{path}").headers
