"""Accounts in Chromium: passkeys with the browser's own virtual authenticator, and what axe says of the pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from saas.accounts import invitations, seconds, totp
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter
from tests.screens.__main__ import AXE, Shape, axe_violations, opened, sideways
from tests.windows import enter, serving

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("accounts-browser"),
    pytest.mark.parametrize("database", ["sqlite"], indirect=True),
]
SECRET = b"12345678901234567890"


@pytest.fixture
def base(app: Flask, rowan: Clinic) -> Iterator[str]:
    """Rowan's address, by a name: browsers keep passkeys for no number. The clock goes on from `NOW`."""
    with time_machine.travel(NOW, tick=True), serving(app, host="localhost") as origin:
        yield origin + rowan.home


def leave(page: Page) -> None:
    page.get_by_role("button", name="Log out", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    page.wait_for_load_state()  # a passkey is its script's


def test_a_passkey_is_added_and_opens_the_door(chrome: Browser, base: str) -> None:
    heard: list[str] = []
    page = opened(chrome, Shape("1280", dark=False), heard)
    line = page.context.new_cdp_session(page)
    line.send("WebAuthn.enable")
    device = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    key = line.send("WebAuthn.addVirtualAuthenticator", {"options": device})["authenticatorId"]
    enter(page, base, "alma@rowan.example")
    page.goto(f"{base}/manage/account/second/")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("What do you call this device?").fill("The desk")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery codes")
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("The desk").first).to_be_visible()

    # In place of a password: one press, and nothing typed.
    leave(page)
    page.get_by_role("button", name="Log in with a passkey").click()
    page.wait_for_url("**/manage/**")

    # As the second step after a password, which alone opens nothing any more.
    leave(page)
    enter(page, base, "alma@rowan.example")
    expect(page.get_by_role("heading", level=1)).to_have_text("The second step")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/manage/**")

    # "Is it still you?", with what was typed.
    page.goto(f"{base}/manage/account/")
    page.get_by_label("Your name").fill("Alma Quinn")
    with time_machine.travel(NOW.replace(hour=10), tick=True):
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Is it still you, Alma?")
        page.get_by_role("button", name="Use a passkey").click()
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_text("Saved.")).to_be_visible()
        expect(page.get_by_label("Your name")).to_have_value("Alma Quinn")

        # A device that is not Alma's opens nothing, and the page says so.
        leave(page)
        line.send("WebAuthn.clearCredentials", {"authenticatorId": key})
        page.get_by_role("button", name="Log in with a passkey").click()
        expect(page.get_by_text("That did not go through")).to_be_visible()
    page.context.close()
    assert heard == []


@pytest.mark.axe
def test_axe_finds_nothing_on_the_pages_of_accounts(chrome: Browser, base: str, rowan: Clinic, inside: Enter) -> None:
    """In the dark on a phone, and no wider than the narrowest one."""
    if not AXE.exists():
        pytest.skip("axe-core is missing; run: make setup-browser")
    with inside(rowan):
        guest = invitations.invite(email="dee@x.example", name="Dee", role="front_desk", now=NOW)
        token, guest_id = invitations.link_token(guest), guest.id
        typed = totp.code_at(SECRET, totp.step_of(NOW))
        seconds.add_app(account_id=rowan.accounts["fern"], secret=SECRET, typed=typed, now=NOW)
    heard: list[str] = []
    page = opened(chrome, Shape("390", dark=True), heard, axe=True)
    wrong: list[str] = []

    def look(path: str) -> None:
        if path:
            page.goto(f"{base}{path}")
        found = axe_violations(page)
        page.set_viewport_size({"width": 320, "height": 800})
        found += [f"sideways by {over} px at 320"] if (over := sideways(page)) > 0 else []
        page.set_viewport_size({"width": 390, "height": 844})
        wrong.extend(f"{path or page.url}: {one}" for one in found)

    for path in ("/login", f"/invite/{token}"):
        look(path)
    enter(page, base, "fern@rowan.example")
    look("")
    page.get_by_role("button", name="Go on").click()
    look("")
    enter(page, base, "alma@rowan.example")
    account, team = "/manage/account", "/manage/team"
    pages = ("/", "/password/", "/second/", "/second/app/", "/second/passkey/", "/second/app/remove/", "/second/codes/")
    for path in (*(account + one for one in pages), *(team + one for one in ("/", "/invite/", "/rules/"))):
        look(path)
    for path in (f"{team}/edit/?id={guest_id}", f"{team}/ask/withdraw/?id={guest_id}"):
        look(path)
    page.goto(f"{base}{team}/invite/")
    page.get_by_role("button", name="Send the invitation").click()
    look("")
    page.goto(f"{base}{account}/second/app/")
    page.get_by_role("button", name="Add the app").click()
    look("")
    with time_machine.travel(NOW.replace(hour=10), tick=True):
        page.goto(f"{base}{team}/")
        look("")
    page.context.close()
    assert wrong == []
    assert [one for one in heard if "422" not in one] == []
