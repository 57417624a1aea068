"""The steps of the main job in real Chromium, over any running house: from the clinic's page to a booking that is
paid, moved, and cancelled with the money on its way back."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Locator, Page, expect

from tests.hearing import listen_to
from tests.proofs.stage import until
from tests.screens.__main__ import AXE, axe_violations, sideways
from tests.walks.house import House

PHONE = {"width": 390, "height": 844}
SOON = 30_000
expect.set_options(timeout=SOON)


@dataclass
class Walker:
    """A page that notes what the console said, who was asked, and what axe finds on every page it stands on."""

    page: Page
    script: bool
    house: House
    heard: list[str] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    def look(self, name: str) -> None:
        """Hold the page against what every page must be."""
        self.page.wait_for_load_state()
        titles = self.page.locator("h1").count()
        if titles != 1:
            self.wrong.append(f"{name}: {titles} h1")
        if self.script and AXE.exists():
            self.wrong += [f"{name}: {found}" for found in axe_violations(self.page)]
            if sideways(self.page) > 0:
                self.wrong.append(f"{name}: scrolls sideways")


def walker_in(browser: Browser, house: House, *, script: bool) -> Walker:
    """Somebody with a phone in front of `house`; `walker.page.context.close()` ends it."""
    context = browser.new_context(viewport=PHONE, java_script_enabled=script, locale="en-IE")  # type: ignore[arg-type]
    page = context.new_page()
    found = Walker(page, script, house)
    listen_to(page, found.heard, but="422")
    page.on("request", lambda r: found.asked.add("/".join(r.url.split("/")[:3])))
    return found


def choose_a_late_day(page: Page) -> None:
    """The last open day of the five weeks: by whatever hour the walk is taken, to cancel is still free."""
    day = page.locator("a.day").last
    expected = page.url.partition("?")[0] + "?d=" + str(day.get_attribute("id")).removeprefix("d")
    day.click()
    expect(page).to_have_url(re.compile(re.escape(expected)))


def press(page: Page, name: str | re.Pattern[str]) -> None:
    page.get_by_role("button", name=name).first.click()


def book_and_pay(walker: Walker, email: str) -> str:
    """From the landing page to "You're booked"; answers the booking page's address."""
    page = walker.page
    page.goto(f"{walker.house.base}/c/still-water/")
    walker.look("landing")
    page.get_by_role("link", name="Choose a time for First visit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("When would suit you?")
    walker.look("times")
    choose_a_late_day(page)
    page.locator("#times button.slot").first.click()
    expect(page).to_have_url(re.compile(r"/details$"))
    walker.look("details")
    press(page, re.compile("15 more minutes"))
    page.get_by_label("Your name").fill("Maya Lindqvist")
    page.get_by_label("Email", exact=True).fill("maya")
    page.locator("button.btn", has_text="Continue").click()
    expect(page.locator(".errsum")).to_be_visible()
    walker.look("details with an error")
    assert page.get_by_label("Your name").input_value() == "Maya Lindqvist"
    page.get_by_label("Email", exact=True).fill(email)
    page.locator("button.btn", has_text="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check before you pay")
    walker.look("check")
    press(page, re.compile("^Pay "))
    expect(page.locator(".errsum")).to_be_visible()
    page.locator("#terms").check()
    press(page, re.compile("^Pay "))
    expect(page).to_have_url(re.compile(re.escape(walker.house.facts["sandbox_url"])))
    page.locator("button[name=outcome][value=pay]").click()
    return wait_for_booked(walker)


def wait_for_mail(page: Page, house: House, rows: Locator) -> None:
    """Open the mailbox again and again until it shows one of `rows`."""

    def there() -> bool:
        page.goto(house.facts["mailbox_url"])
        return rows.count() > 0

    until(there, "a mail", every=0.3)


def wait_for_booked(walker: Walker) -> str:
    """The page that Stripe leads back to. A script asks by itself; without one, a link does."""
    page, heading = walker.page, walker.page.get_by_role("heading", level=1)
    expect(page).to_have_url(re.compile(r"/b/[\w-]{22}/return"))

    def booked() -> bool:
        if heading.inner_text().startswith("You’re booked"):
            return True
        page.get_by_role("link", name="Check again now").click()
        return False

    if not walker.script:
        until(booked, "the payment is known", every=0.3)
    expect(heading).to_contain_text("You’re booked")
    walker.look("booked")
    return page.url.partition("?")[0].removesuffix("/return")


def the_main_walk(walker: Walker, email: str, mails: Callable[[Walker, str, re.Pattern[str]], int]) -> None:
    """Book, pay, find one mail (`mails`: how many came to `email` with such a subject), move, cancel."""
    page = walker.page
    booking = book_and_pay(walker, email)
    assert mails(walker, email, re.compile(r"\d{2}:\d{2}")) == 1

    page.goto(booking)
    expect(page.get_by_text("€95")).not_to_have_count(0)
    page.get_by_role("link", name="Choose another time").click()
    walker.look("change")
    choose_a_late_day(page)
    page.locator("#times button.slot").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Move your booking?")
    walker.look("move")
    press(page, "Move my booking")
    expect(page.get_by_text("Your booking has moved.")).to_be_visible()
    walker.look("booking page")

    page.get_by_role("link", name="cancel", exact=True).click()
    walker.look("cancel")
    press(page, re.compile(r"send €95(\.00)? back"))
    expect(page.get_by_role("heading", level=1)).to_have_text("This booking is cancelled")
    expect(page.get_by_text(re.compile(r"€95(\.00)? is on its way back"))).to_be_visible()
    walker.look("cancelled")

    origins = {walker.house.base, walker.house.facts["sandbox_url"], "data:"}
    assert {origin for origin in walker.asked if not origin.startswith("data:")} <= origins
    assert walker.heard == []
    assert walker.wrong == []


def the_owner_sees_it(walker: Walker) -> None:
    """The owner logs in and finds the booking of `book_and_pay` in the list."""
    page, house = walker.page, walker.house
    email, password = house.login("still-water")
    page.goto(f"{house.base}/c/still-water/manage/")
    page.get_by_label(re.compile("Email")).fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.locator("form button[type=submit], form input[type=submit], form button.btn").first.click()
    expect(page).not_to_have_url(re.compile("/login"))
    page.goto(f"{house.base}/c/still-water/manage/bookings/")
    expect(page.get_by_text("Maya Lindqvist").first).to_be_visible()
    walker.look("owner's list")
    assert walker.wrong == []
