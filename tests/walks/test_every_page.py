"""Every page of the running house as it is served: axe, the console, the width, the weight, and whom it asks.

The sample pages of `tests/screens` cover the states; this covers what only the real house has: its answers, its
headers, the back office, the mailbox. Both themes at both widths: each page is fetched at each width, then its theme
changes under it, as at dusk.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from tenants.clinic.rules import SET_UP_STEPS
from tests.screens.__main__ import AXE, Shape, axe_violations, opened, sideways
from tests.walks.house import House

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("house")]
SHAPES = [Shape(size, dark=False) for size in ("390", "1280")]
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SETTINGS = (
    "look", "texts", "contact", "documents", "booking", "place", "policy", "calendar", "notices", "notices/wording",
    "languages", "cards", "intakes", "intakes/asking", "intakes/numbers",
)  # fmt: skip
PUBLIC_KIB, OFFICE_KIB = 120, 350
PACKED = ("font/", "image/png", "image/jpeg", "image/webp")


@dataclass
class Weigher:
    """What the page in hand has fetched, compressed as a proxy would."""

    page: Page
    answers: list[Response] = field(default_factory=list)
    known: dict[str, int] = field(default_factory=dict)

    def kib(self) -> float:
        """Compressed KiB of all that the page in hand asked for: fetched again, as the browser lets go of bodies."""
        urls = {answer.url for answer in self.answers if answer.status < 300 and not answer.url.startswith("data:")}
        return sum(self._weight(url) for url in urls) / 1024

    def _weight(self, url: str) -> int:
        if "/static/" not in url or url not in self.known:
            self.known[url] = self._weigh(url)
        return self.known[url]

    def _weigh(self, url: str) -> int:
        answer = self.page.request.get(url)
        packed = any(kind in answer.headers.get("content-type", "") for kind in PACKED)
        return len(answer.body()) if packed else len(gzip.compress(answer.body(), 9))


@pytest.fixture(params=SHAPES, ids=lambda shape: shape.name)
def shape(request: pytest.FixtureRequest) -> Shape:
    found: Shape = request.param
    return found


@pytest.fixture
def heard() -> list[str]:
    return []


@pytest.fixture
def page(browser: Browser, shape: Shape, heard: list[str]) -> Iterator[Page]:
    if not AXE.exists():
        pytest.skip("axe-core is missing; run: make setup-browser")
    found = opened(browser, shape, heard, axe=True)
    yield found
    found.context.close()


def faults(page: Page, name: str) -> list[str]:
    """What is wrong with the page that is open, in both themes."""
    page.wait_for_load_state()
    page.evaluate("new Promise(done => requestIdleCallback(done))")
    found = []
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        seen = axe_violations(page, colours_only=theme != THEMES[0])
        found += [f"{name}, {theme}: axe {violation}" for violation in seen]
    page.emulate_media(color_scheme=THEMES[0])
    if (over := sideways(page)) > 0:
        found.append(f"{name}: sideways by {over} px")
    if page.locator("h1").count() != 1:
        found.append(f"{name}: {page.locator('h1').count()} h1")
    return found


def visit(page: Page, house: House, addresses: dict[str, str], limit: int) -> list[str]:
    """Open each address and hold it against what every page promises."""
    scale = Weigher(page)
    page.on("response", lambda answer: scale.answers.append(answer))  # noqa: PLW0108 - it marks what it is given
    wrong: list[str] = []
    for name, address in addresses.items():
        scale.answers.clear()
        page.goto(address)
        seen = faults(page, name)
        # Whom it asked and what it weighs, once axe has looked: what its script fetches later has come by then.
        strangers = {a.url for a in scale.answers if not a.url.startswith((house.base, house.facts["sandbox_url"]))}
        wrong += [f"{name}: asked {url}" for url in strangers if not url.startswith("data:")]
        if (weight := scale.kib()) > limit:
            wrong.append(f"{name}: {weight:.0f} KiB")
        wrong += seen
    return wrong


def test_the_house_stands(house: House) -> None:
    """First of all here: what is asked of a page should not wait for the house to be built."""
    assert set(house.facts["clinics"]) == {"still-water", "hollow-oak"}


def test_the_public_pages(page: Page, house: House, heard: list[str]) -> None:
    clinic = f"{house.base}/c/still-water"
    oak = f"{house.base}/c/hollow-oak"
    addresses = {
        "landing": f"{clinic}/",
        "landing, other brand": f"{oak}/",
        "times": f"{clinic}/book/{service_of(page, clinic)}",
        "times, several people": f"{oak}/book/{service_of(page, oak)}",
        "times, far ahead": f"{clinic}/book/{service_of(page, clinic)}?w=2031-01-01",
        "privacy": f"{clinic}/privacy",
        "imprint": f"{clinic}/imprint",
        "terms": f"{clinic}/terms",
        "log-in": f"{clinic}/login",
        "forgot": f"{clinic}/reset",
        "platform": f"{house.base}/",
        "mailbox": house.facts["mailbox_url"],
    }
    wrong = visit(page, house, addresses, PUBLIC_KIB)
    assert (wrong, heard) == ([], [])


def service_of(page: Page, clinic: str) -> str:
    """The first service's slug, asked of the API."""
    answer = page.request.get(f"{clinic}/api/v1/services").json()
    return str(answer["services"][0]["slug"])


def test_pages_that_say_no(page: Page, house: House, heard: list[str]) -> None:
    clinic = f"{house.base}/c/still-water"
    addresses = {
        "no clinic": f"{house.base}/c/nobody-here/",
        "no page": f"{clinic}/nothing",
        "no booking": f"{clinic}/b/{'x' * 22}",
        "no service": f"{clinic}/book/none",
        "not by GET": f"{clinic}/logout",
    }
    assert visit(page, house, addresses, PUBLIC_KIB) == []


@pytest.fixture
def office(page: Page, house: House) -> str:
    """The back office's address, its owner logged in."""
    clinic = f"{house.base}/c/hollow-oak"
    log_in(page, f"{clinic}/login", *house.login("hollow-oak"))
    return f"{clinic}/manage"


def test_the_offices_calendars_and_bookings(page: Page, house: House, office: str, heard: list[str]) -> None:
    addresses = {
        "home": f"{office}/",
        "week": f"{office}/week/",
        "everybody's day": f"{office}/week/?p=all",
        "a booking is added": f"{office}/week/add/",
        "time is blocked": f"{office}/week/block/",
        "bookings, none": f"{office}/bookings/?search=nobody-of-that-name",
        "hours": f"{office}/hours/",
        "intakes": f"{office}/intakes/?which=all",
        "a date": f"{office}/hours/days/",
        "why not": f"{office}/hours/why/",
        "bookings": f"{office}/bookings/",
    }
    wrong = visit(page, house, addresses, OFFICE_KIB)
    open_the_first(page)
    wrong += faults(page, "a booking")
    assert (wrong, heard) == ([], [])


def test_the_offices_people_and_money(page: Page, house: House, office: str, heard: list[str]) -> None:
    addresses = {
        "payments": f"{office}/money/",
        "who owes what": f"{office}/money/owed/",
        "totals": f"{office}/money/totals/",
        "disputes": f"{office}/money/disputes/",
        "payouts": f"{office}/money/payouts/",
        "clients, none": f"{office}/clients/?search=nobody-of-that-name",
        "a new client": f"{office}/clients/new/",
        "a list of clients to bring": f"{office}/clients/import/",
        "possible duplicates": f"{office}/duplicates/",
        "clients": f"{office}/clients/",
    }
    wrong = visit(page, house, addresses, OFFICE_KIB)
    open_the_first(page)
    wrong += faults(page, "a client")
    page.get_by_role("link", name="Edit", exact=True).click()
    expect(page.get_by_role("button", name="Save")).to_be_visible()
    wrong += faults(page, "a client's record")
    assert (wrong, heard) == ([], [])


def test_the_offices_settings_and_mails(page: Page, house: House, office: str, heard: list[str]) -> None:
    addresses = {
        "settings": f"{office}/settings/",
        **{f"settings, {name}": f"{office}/settings/{name}/" for name in SETTINGS},
        "versions of the policy": f"{office}/policies/",
        "mail texts": f"{office}/mail-texts/",
        "a mail's text": f"{office}/mail-texts/edit/?kind=confirmed",
    }
    wrong = visit(page, house, addresses, OFFICE_KIB)
    assert (wrong, heard) == ([], [])


def test_what_the_office_offers_and_its_set_up(page: Page, house: House, office: str, heard: list[str]) -> None:
    addresses = {
        "sessions and prices": f"{office}/services/",
        "a new session": f"{office}/services/new/",
        "practitioners": f"{office}/practitioners/",
        "rooms": f"{office}/rooms/",
        "the set-up": f"{office}/start/",
        **{f"the set-up, {step}": f"{office}/start/{step}/" for step in SET_UP_STEPS},
    }
    wrong = visit(page, house, addresses, OFFICE_KIB)
    assert (wrong, heard) == ([], [])


def test_the_office_writes_its_questions(page: Page, house: House, office: str, heard: list[str]) -> None:
    wrong = visit(page, house, {"questionnaires": f"{office}/questionnaires/"}, OFFICE_KIB)
    open_the_first(page)
    one = re.sub(r".*[?&]id=", "id=", page.url)
    pages = f"{office}/questionnaires"
    addresses = {
        "a questionnaire": f"{pages}/one/?{one}",
        "a question": f"{pages}/pieces/?{one}&piece=f.effect",
        "a condition": f"{pages}/pieces/condition/?{one}&piece=f.stuck&q=b.age",
        "what changed": f"{pages}/changes/?{one}",
        "publishing": f"{pages}/publish/?{one}",
        "a preview": f"{pages}/preview/?{one}&part=comfort",
    }
    wrong += visit(page, house, addresses, OFFICE_KIB)
    assert (wrong, heard) == ([], [])


def test_the_operator(page: Page, house: House, heard: list[str]) -> None:
    known = house.facts["operator"]
    log_in(page, f"{house.base}/login", known["email"], known["password"])
    wrong = visit(page, house, {"operator": known["url"]}, OFFICE_KIB)
    assert (wrong, heard) == ([], [])


def open_the_first(page: Page) -> None:
    """Where the first row of a list leads."""
    listed = page.url
    page.locator("tbody a").first.click()
    page.wait_for_url(lambda url: url != listed)


def log_in(page: Page, address: str, email: str, password: str) -> None:
    """As somebody of the clinic or the platform."""
    page.goto(address)
    page.get_by_label(re.compile("Email")).fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.locator("main form button").first.click()
    page.wait_for_url(lambda url: "/login" not in url)
