"""The clinic's own words in mails, and the versions of its policy."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from saas.stale import ChangedMeanwhile, mark_of
from tenants.bookings.previews import MAIL_WORDS
from tenants.clinic.actions import save_mail_text, save_policy
from tenants.clinic.queries import mail_text
from tenants.clinic.rules import MAIL_KINDS, PolicyRequest
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter, log_in, token_of
from tests.tenants.bookings.scenes import later, only_sqlite

pytestmark = only_sqlite
LIST = "/c/rowan/manage/mail-texts/"


@pytest.fixture
def desk(client: FlaskClient, rowan: Clinic) -> FlaskClient:
    log_in(client, rowan, "alma")
    return client


def test_every_kind_of_mail_is_shown_whole(desk: FlaskClient) -> None:
    assert set(MAIL_WORDS) == set(MAIL_KINDS)
    shown = desk.get(LIST).text
    assert shown.count("No words of your own yet.") == len(MAIL_KINDS)
    for kind in MAIL_KINDS:
        page = desk.get(f"{LIST}edit/?kind={kind}")
        assert page.status_code == 200, kind
        assert "Monday 30 March" in page.text, kind
        assert "1 Rowan Lane" in page.text, kind
    assert desk.get(f"{LIST}edit/?kind=advert").status_code == 404


def test_a_text_is_seen_in_the_mail_before_it_is_kept(desk: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    address = f"{LIST}edit/?kind=confirmed"
    page = desk.get(address)
    form: dict[str, Any] = {
        "csrf_token": token_of(page),
        "seen": re.findall(r'name="seen" value="([^"]+)"', page.text)[0],
        "text": "Ring the <b>blue</b> bell",
    }
    looked = desk.post(address, data={**form, "do": "preview"})
    assert looked.status_code == 200
    assert "not saved yet" in looked.text
    assert looked.text.count("Ring the &lt;b&gt;blue&lt;/b&gt; bell") == 2
    with inside(rowan):
        assert mail_text("confirmed") == ""
    long = desk.post(address, data={**form, "text": "x" * 2001})
    assert long.status_code == 422
    assert "Use at most 2000 characters" in long.text
    assert desk.post(address, data=form).status_code == 303
    assert "Ring the &lt;b&gt;blue" in desk.get(LIST).text
    late = desk.post(address, data={**form, "text": "Bring socks"})
    assert late.status_code == 409
    assert "Somebody else saved this text meanwhile" in late.text
    assert "Bring socks</textarea>" in late.text
    with inside(rowan):
        assert mail_text("confirmed") == "Ring the <b>blue</b> bell"
        with pytest.raises(ChangedMeanwhile):
            save_mail_text(kind="confirmed", text="x", seen=mark_of(""), now=NOW)


def test_versions_of_the_policy_are_read_and_never_changed(desk: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan), later(minutes=1):
        save_policy(policy=PolicyRequest(48, 40, 90, "<p>Please <b>ring</b> us</p>"), now=NOW)
    text = desk.get("/c/rowan/manage/policies/").text
    assert "2 versions" in text
    assert re.findall(r'class="cell-name"[^>]*>(\d+)<', text) == ["2", "1"]
    assert "48 hours before" in text
    found = re.search(r'class="cell-name" href="([^"]+)"', text)
    assert found
    assert "Please <b>ring</b> us" in desk.get(found[1].replace("&amp;", "&")).text
    for path in ("new/", "edit/", "export/csv/"):
        assert desk.get(f"/c/rowan/manage/policies/{path}").status_code in (302, 303, 404)
