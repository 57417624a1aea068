"""The pages in real Chromium: what the script does, what axe says, how narrow it gets. No application behind them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from tests.screens import cases, samples
from tests.screens.__main__ import AXE, Shape, axe_violations, opened, served, sideways
from tests.windows import chromium_open

pytestmark = pytest.mark.browser

# One of each shape: the error pages differ by a sentence, the booking page by a line.
ALIKE = {f"9-error-{code}" for code in samples.CODES if code != 404}
ALIKE |= {"6-booking-arrived", "6-booking-completed", "6-booking-expired"}
NAMES = [name for name in cases.pages() if name not in ALIKE]
# Both widths and both themes here; every pair of them in `make prove`, and in `make screens`.
PROVE = os.environ.get("LONGTIDE_PROVE") == "1"
SHAPES = [Shape(size, dark) for size in ("390", "1280") for dark in (False, True) if PROVE or dark == (size == "1280")]


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with served() as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium_open() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, timezone_id="Europe/Lisbon")
    opened_page = context.new_page()
    yield opened_page
    context.close()


@pytest.mark.axe
@pytest.mark.parametrize("names", [NAMES[::3], NAMES[1::3], NAMES[2::3]], ids=["one", "two", "three"])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_axe_finds_nothing_and_the_console_is_quiet(
    browser: Browser, base: str, shape: Shape, names: list[str]
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is missing; run: make setup-browser")
    heard: list[str] = []
    page = opened(browser, shape, heard, axe=True)
    wrong = []
    for name in names:
        page.goto(f"{base}/preview/{name}")
        wrong += [f"{name}: {found}" for found in axe_violations(page)]
        wrong += [f"{name}: sideways by {over} px"] if (over := sideways(page)) > 0 else []
        if shape.size == "390":
            wrong += at_320(page, name)
    page.context.close()
    assert wrong == []
    assert heard == []


def at_320(page: Page, name: str) -> list[str]:
    """Nothing scrolls sideways on the narrowest phone either: the page that is open, made narrower for a moment."""
    wide = page.viewport_size
    assert wide is not None
    page.set_viewport_size({**wide, "width": 320})
    found = [f"{name}: sideways by {over} px at 320"] if (over := sideways(page)) > 0 else []
    page.set_viewport_size(wide)
    return found


def test_no_page_asks_another_host(page: Page, base: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for name in ("1-landing", "2-times", "5-booked"):
        page.goto(f"{base}/preview/{name}")
    assert [url for url in asked if not url.startswith((base, "data:"))] == []


def test_the_error_summary_takes_the_focus(page: Page, base: str) -> None:
    page.goto(f"{base}/preview/3b-details-error")
    expect(page.locator(".errsum")).to_be_focused()
    page.get_by_role("link", name="Enter your name").click()
    expect(page.locator("#name")).to_be_focused()


def test_a_double_tap_sends_once(page: Page, base: str) -> None:
    sent: list[Request] = []

    def nothing_new(route: Route) -> None:
        sent.append(route.request)
        route.fulfill(status=204)  # the page stays: a second tap is possible

    page.route("**/b/t0ken/details", nothing_new)
    page.goto(f"{base}/preview/3-details")
    button = page.locator(".actions .btn")
    with page.expect_response("**/b/t0ken/details"):
        button.click()
    expect(page.locator("form.form")).to_have_attribute("aria-busy", "true")
    button.click()
    button.press("Enter")
    expect(button).to_be_focused()
    assert len(sent) == 1


def test_the_visitors_zone_is_offered_and_not_taken(page: Page, base: str) -> None:
    page.goto(f"{base}/preview/2-times?d=2026-11-24")
    expect(page.get_by_text("Times are in Galway time.")).to_be_visible()
    offer = page.get_by_role("link", name="Show times in Lisbon time")
    expect(offer).to_be_visible()
    offer.click()
    page.wait_for_url("**/2-times?d=2026-11-24&tz=Europe%2FLisbon#times")


def test_nobody_is_offered_the_zone_they_are_in(browser: Browser, base: str) -> None:
    context = browser.new_context(timezone_id="Europe/Dublin")
    page = context.new_page()
    page.goto(f"{base}/preview/2-times")
    expect(page.locator("[data-tz-offer]")).to_be_hidden()
    context.close()


def test_choosing_a_day_keeps_the_place_and_the_focus(page: Page, base: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 420})
    page.goto(f"{base}/preview/2-times")
    page.evaluate("scrollTo(0, 260)")
    day = page.locator("#d2026-12-02")
    day.scroll_into_view_if_needed()
    before = day.bounding_box()
    day.click()
    page.wait_for_url("**/2-times?d=2026-12-02")
    expect(page.locator("#d2026-12-02")).to_be_focused()
    after = page.locator("#d2026-12-02").bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) < 2


@pytest.mark.parametrize("answer", ['{"state": "booked"}', '<main data-state="booked">'], ids=["json", "page"])
def test_a_pending_page_moves_on_when_the_payment_is_confirmed(page: Page, base: str, answer: str) -> None:
    asked = []

    def poll(route: Route) -> None:
        asked.append(route.request.url)
        pending = len(asked) < 3
        route.fulfill(body='{"state": "pending"}' if pending else answer)

    page.clock.install()
    page.route("**/b/t0ken/return", poll)
    page.route("**/b/t0ken", lambda route: route.fulfill(content_type="text/html", body="<h1>Booked</h1>"))
    page.goto(f"{base}/preview/5b-pending")
    for wanted in (1, 2, 3):
        with page.expect_response("**/b/t0ken/return"):
            page.clock.run_for(3100)
        assert len(asked) == wanted
    page.wait_for_url("**/b/t0ken")


def test_a_pending_page_gives_up_asking_after_two_minutes(page: Page, base: str) -> None:
    asked = []

    def poll(route: Route) -> None:
        asked.append(1)
        route.fulfill(body='{"state": "pending"}')

    page.clock.install()
    page.route("**/b/t0ken/return", poll)
    page.goto(f"{base}/preview/5b-pending")
    for _ in range(40):
        with page.expect_response("**/b/t0ken/return"):
            page.clock.run_for(3100)
    page.clock.run_for(30_000)
    assert len(asked) == 40


def test_the_pages_work_without_script(browser: Browser, base: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{base}/preview/5b-pending")
    expect(page.get_by_role("link", name="Check again now")).to_be_visible()
    page.goto(f"{base}/preview/2-times")
    expect(page.locator("[data-tz-offer]")).to_be_hidden()
    with page.expect_request(f"{base}/book/first") as caught:
        page.locator("button.slot").nth(3).click()
    posted = caught.value
    assert posted.method == "POST"
    assert posted.post_data is not None
    assert "form_token=t0ken" in posted.post_data
    assert "start=2026-11-24T10%3A30" in posted.post_data
    context.close()
