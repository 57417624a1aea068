"""The times on another website, in Chromium: two origins, with a strict policy on the website's side too."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest
import time_machine
from flask import Flask, render_template
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Frame, Page, expect
from werkzeug.wrappers import Request, Response

from tenants.clinic.actions import save_origins
from tenants.embed.rules import newest
from tests.cast import NOW, Clinic
from tests.hearing import listen_to
from tests.proofs.stage import until
from tests.saas.accounts.pages import Enter
from tests.screens.__main__ import AXE, Shape, axe_violations, opened
from tests.tenants.bookings.scenes import only_sqlite
from tests.windows import serving

pytestmark = [pytest.mark.browser, only_sqlite, pytest.mark.xdist_group("embed-browser")]
HEIGHT = "() => Math.ceil(document.documentElement.getBoundingClientRect().height)"
ASK = """async ([url, init]) => {
  try { const answer = await fetch(url, init); return [answer.status, await answer.json()]; }
  catch (error) { return [error.name, null]; }
}"""


@dataclass(frozen=True)
class Street:
    """Our house, and two websites on other origins: `named` is one that Alma has named, `other` is not."""

    base: str
    named: str
    other: str


def named(address: str) -> str:
    """The same server by its name, which makes it another origin."""
    return address.replace("127.0.0.1", "localhost")


@pytest.fixture
def street(app: Flask, rowan: Clinic, inside: Enter) -> Iterator[Street]:

    def website(environ: Any, start_response: Any) -> Any:
        path = Request(environ).path
        page = Response(f"<!doctype html><title>Rowan</title><h1>Our clinic</h1>{pages[path]}", mimetype="text/html")
        page.headers["Content-Security-Policy"] = (
            f"default-src 'none'; script-src {ours}; frame-src {ours}; connect-src {ours}"
        )
        return page(environ, start_response)

    with time_machine.travel(NOW, tick=True), serving(app) as ours, serving(website) as one, serving(website) as two:
        file, integrity = newest()
        with app.test_request_context():
            code = render_template(
                "manage/embed/code.html", script=f"{ours}/embed/{file}", integrity=integrity,
                frame=f"{ours}{rowan.home}/embed/desk", page=f"{ours}{rowan.home}/book/desk", name="Desk",
            )  # fmt: skip
        framed = f'<iframe src="{ours}{rowan.home}/book/desk"></iframe>'
        pages = {"/": code, "/tampered": code.replace("sha384-", "sha384-A"), "/framed": framed, "/favicon.ico": ""}
        with inside(rowan):
            save_origins(origins=named(one), loopback=True, now=NOW)
        yield Street(ours, named(one), named(two))


@pytest.fixture
def window(chrome: Browser, street: Street) -> Iterator[Callable[[], Page]]:
    """A window of a visitor's; asks for `street` so that it is closed before our house is."""
    made: list[Page] = []

    def open_one() -> Page:
        made.append(opened(chrome, Shape("1280", dark=False), []))
        return made[-1]

    yield open_one
    for page in made:
        page.context.close()


def frame_of(page: Page) -> Frame:
    return next(frame for frame in page.frames if "/embed/" in frame.url)


def height(page: Page) -> int:
    return int(page.locator("iframe").evaluate("f => Math.round(f.getBoundingClientRect().height)"))


def as_tall_as_what_is_in_it(page: Page) -> None:
    until(lambda: height(page) == frame_of(page).evaluate(HEIGHT), "as tall as what is in it")


def shown(page: Page) -> None:
    expect(page.locator("iframe")).to_be_visible()
    expect(page.locator("[data-longtide] a")).to_have_count(0)


def test_a_time_is_chosen_on_the_website_and_booked_at_ours(street: Street, window: Callable[[], Page]) -> None:
    page = window()
    heard: list[str] = []
    listen_to(page, heard)
    if AXE.exists():
        page.goto(f"{street.base}/c/rowan/embed/desk")
        assert axe_violations(page) == []
    page.goto(street.named + "/")
    shown(page)
    inner = frame_of(page)
    assert inner.title() == "Choose a time, Rowan"
    assert page.locator("iframe").get_attribute("title") == "Choose a time: Desk"
    as_tall_as_what_is_in_it(page)
    assert inner.evaluate("() => scrollY") == 0
    assert inner.locator("header, footer").count() == 0
    # Another day is another page, in the frame; the frame follows its height, narrow or wide.
    inner.locator("a.day").last.click()
    expect(page.frame_locator("iframe").locator("a.day[aria-current=date]")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    as_tall_as_what_is_in_it(page)
    assert frame_of(page).evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    # Choosing leaves the website: the whole window is ours now.
    page.frame_locator("iframe").locator("button.slot").first.click()
    page.wait_for_url(lambda url: url.startswith(street.base) and url.endswith("/details"))
    assert page.main_frame.child_frames == []
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.context.cookies() == []
    assert heard == []


def test_only_the_frame_says_how_tall_it_is_and_never_beyond_reason(street: Street, window: Callable[[], Page]) -> None:
    page = window()
    page.goto(street.named + "/")
    shown(page)
    stands = height(page)
    page.evaluate("() => postMessage({ type: 'longtide:height', height: 5000 }, '*')")
    for said in ("{ type: 'longtide:height', height: 'x' }", "{ type: 'other', height: 3000 }", "null", "7"):
        frame_of(page).evaluate(f"() => parent.postMessage({said}, '*')")
    page.evaluate("() => new Promise(done => setTimeout(done))")
    assert height(page) == stands
    for wanted, becomes in ((99_999, 6000), (1, 200), (700.2, 701)):
        frame_of(page).evaluate(f"() => parent.postMessage({{ type: 'longtide:height', height: {wanted} }}, '*')")
        expect(page.locator("iframe")).to_have_css("height", f"{becomes}px")


def test_where_it_may_not_be_shown_the_link_stays(street: Street, window: Callable[[], Page]) -> None:
    page = window()
    page.goto(street.other + "/")
    page.wait_for_load_state("networkidle")
    link = page.get_by_role("link", name="Choose a time: Desk")
    expect(link).to_be_visible()
    expect(page.locator("iframe")).to_be_hidden()
    assert page.frames[1].url.startswith("chrome-error:"), "the browser was asked, and refused"
    # A script that is not the published one does not run at all.
    page.goto(street.named + "/tampered")
    page.wait_for_load_state("networkidle")
    assert page.locator("iframe").count() == 0
    # And none of our other pages is ever framed, not even on a website that is named.
    page.goto(street.named + "/framed")
    page.wait_for_load_state("networkidle")
    assert page.frames[1].url.startswith("chrome-error:")


def test_pages_of_a_named_website_ask_the_api_and_others_cannot(
    street: Street, rowan: Clinic, window: Callable[[], Page], client: FlaskClient
) -> None:
    page = window()
    api = f"{street.base}{rowan.home}/api/v1"
    openings = f"{api}/openings?service=desk&from=2026-03-24&to=2026-03-25"
    page.goto(street.named + "/")
    status, body = page.evaluate(ASK, [openings, {}])
    assert status == 200
    wish = {
        "service": "desk", "starts_at": body["openings"][0]["starts_at"], "accept_policy": True,
        "client": {"name": "Cleo Marsh", "email": "cleo@example.com"},
    }  # fmt: skip
    send: dict[str, Any] = {
        "method": "POST", "headers": {"Content-Type": "application/json", "Idempotency-Key": "one"},
    }  # fmt: skip
    send["body"] = json.dumps(wish)
    status, booked = page.evaluate(ASK, [f"{api}/bookings", send])
    assert (status, booked["status"]) == (201, "confirmed")
    assert page.evaluate(ASK, [f"{api}/bookings", {**send, "body": "{}"}])[0] == 422, "refusals are read too"
    token = booked["manage_url"].rpartition("/")[2]
    assert page.evaluate(ASK, [f"{api}/bookings/{token}", {}]) == ["TypeError", None], "what is behind a link"
    assert page.evaluate(ASK, [openings, {"credentials": "include"}]) == ["TypeError", None], "never with cookies"
    page.goto(street.other + "/")
    assert page.evaluate(ASK, [openings, {}]) == ["TypeError", None]
    assert page.evaluate(ASK, [f"{api}/bookings", send]) == ["TypeError", None]
    assert unescape(booked["starts_at"]) == wish["starts_at"]
