"""The owner of a new, empty clinic in real Chromium: from the mail with the first password to a client's booking on her
own page, on a phone. What it took is printed: presses, fields, seconds."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from deploy import demo
from tests.walks.house import ROOT, House
from tests.walks.steps import Walker, choose_a_late_day, wait_for_mail, walker_in

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("house")]
PASSWORD = "seven calm herons wading"
MOST_SECONDS = 300


@dataclass
class Hand:
    """Somebody who presses and types, and is counted."""

    walker: Walker
    presses: int = 0
    fields: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def page(self) -> Page:
        return self.walker.page

    def press(self, what: Locator) -> None:
        self.presses += 1
        what.click()

    def button(self, name: str) -> None:
        self.press(self.page.get_by_role("button", name=re.compile(name)).first)

    def link(self, name: str) -> None:
        self.press(self.page.get_by_role("link", name=re.compile(name)).first)

    def type(self, label: str, text: str) -> None:
        self.fields += 1
        self.page.get_by_label(re.compile(label)).first.fill(text)

    def stands_on(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(re.compile(heading))
        self.walker.look(heading)


def make_clinic(house: House, slug: str) -> None:
    """What the operator types."""
    environment = demo.settings(house.data, int(house.base.rpartition(":")[2]))
    told = ["--name", "Aspen House", "--zone", "Europe/Dublin", "--currency", "EUR", "--country", "IE"]
    told += ["--locale", "en_IE", "--owner", f"alma@{slug}.example"]
    subprocess.run(
        [*demo.FLASK, "tenant", "create", slug, *told],
        env={**environment, "LONGTIDE_PASSWORD_COST": "low"}, cwd=ROOT, check=True, capture_output=True, timeout=120,
    )  # fmt: skip


def first_link(house: House, browser: Browser, email: str) -> str:
    """The address in the first mail to this person."""
    page = browser.new_page()
    rows = page.locator("li, tr", has_text=email)
    wait_for_mail(page, house, rows)
    rows.first.get_by_role("link").first.click()
    body, link = page.locator("body"), re.compile(r"https?://\S+/reset/\S+")
    expect(body).to_contain_text(link)
    found = link.search(body.inner_text())
    page.context.close()
    assert found is not None
    return found[0]


@pytest.fixture(params=["script on", "script off"])
def walker(request: pytest.FixtureRequest, browser: Browser, house: House) -> Iterator[Walker]:
    found = walker_in(browser, house, script=request.param == "script on")
    yield found
    found.page.context.close()


def set_up(hand: Hand, home: str) -> None:
    """The four questions."""
    hand.stands_on("Welcome, Aspen House")
    hand.link("Begin")
    hand.stands_on("How your page looks")
    hand.type("Your colour", "#7d4a78")
    hand.type("Headline", "Rest a while")
    hand.type("Town", "Sligo")
    hand.button("Keep it and go on")
    hand.stands_on("Your first session")
    hand.type("What is it called", "First visit")
    hand.type("Price", "95")
    hand.type("Who gives it", "Alma Byrne")
    hand.button("Keep it and go on")
    hand.stands_on("When you work")
    hand.button("Keep it and go on")
    hand.stands_on("How you are paid")
    hand.button("Keep it and go on")
    hand.stands_on("Your page is open")
    expect(hand.page.get_by_role("link", name=home)).to_be_visible()


def book(browser: Browser, house: House, home: str) -> Walker:
    """A client, on a phone of her own."""
    client = walker_in(browser, house, script=True)
    page = client.page
    page.goto(home)
    client.look("landing")
    page.get_by_role("link", name="Choose a time for First visit").click()
    choose_a_late_day(page)
    page.locator("#times button.slot").first.click()
    page.get_by_label("Your name").fill("Maya Lindqvist")
    page.get_by_label("Email", exact=True).fill("maya@example.com")
    page.locator("button.btn", has_text="Continue").click()
    page.locator("#terms").check()
    page.get_by_role("button", name=re.compile("^Book")).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("You’re booked")
    client.look("booked")
    return client


def test_a_new_owner_is_open_in_five_minutes_and_sees_the_first_booking(
    walker: Walker, browser: Browser, house: House
) -> None:
    slug = "aspen" if walker.script else "aspen-plain"
    home = f"{house.base}/c/{slug}/"
    make_clinic(house, slug)
    link = first_link(house, browser, f"alma@{slug}.example")
    hand = Hand(walker)
    walker.page.goto(link)
    hand.type("New password", PASSWORD)
    hand.type("The same once more", PASSWORD)
    hand.button("Set the password")
    expect(walker.page).not_to_have_url(re.compile("/reset/"))
    if "/login" in walker.page.url:
        hand.type("Email", f"alma@{slug}.example")
        hand.type("Password", PASSWORD)
        hand.press(walker.page.locator("main form button.btn").first)
    set_up(hand, home)
    hand.button("To the office")
    client = book(browser, house, home)
    hand.link("Today")
    news = walker.page.get_by_role("region", name="Since yesterday")
    expect(news.get_by_role("link", name="Maya Lindqvist")).to_be_visible()
    took = time.monotonic() - hand.began
    how = f"{'with' if walker.script else 'without'} script: {hand.presses} presses, {hand.fields} fields, {took:.0f} s"
    print(f"\nfrom the first password to the first booking, {how}")
    assert took < MOST_SECONDS
    for one in (walker, client):
        assert (one.wrong, one.heard) == ([], [])
        assert {address for address in one.asked if not address.startswith(house.base)} == set()
    client.page.context.close()
