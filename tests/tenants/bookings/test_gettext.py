"""Every word that a client reads comes through gettext: with a catalogue that puts brackets around each message that
the extractor finds, nothing but the clinic's own words, dates and sums stands outside of brackets."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from flask import Flask

from tests.browser import Browser, Page, read
from tests.cast import Clinic
from tests.house.tree import ROOT
from tests.tenants.bookings.scenes import (
    DORA,
    TUESDAY_TEN,
    at,
    booked,
    details,
    held,
    later,
    link,
    only_sqlite,
    token_of,
)

Inside = Callable[[Clinic], AbstractContextManager[Clinic]]
pytestmark = [only_sqlite, pytest.mark.xdist_group("sentences")]
KEYWORDS = {
    "_": None, "_l": None, "gettext": None, "later": None, "lazy_gettext": None, "ngettext": (1, 2)
}  # fmt: skip
SPOKEN = ("aria-label", "alt", "title", "placeholder")
DATES = {*calendar.day_name, *calendar.day_abbr, *calendar.month_name, *calendar.month_abbr, "minutes"}
OWN = """Español Rowan Longtide Quiet work One to one Ben Iris Ashby Leeds Lane LS AA hello example com
rowan Full Deposit Desk session Talk Room Cleo Dora Marsh cleo maya New York"""


@pytest.fixture(scope="module")
def bracketed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of translations in which ⟦every message⟧ is in brackets."""
    found = Catalog(locale="en_GB")
    for folder, method in (("saas", "python"), ("tenants", "python"), ("templates", "jinja2")):
        pattern = "**.py" if method == "python" else "**.html"
        options = {pattern: {"trimmed": "false", "newstyle_gettext": "true", "silent": "false"}}
        for _, _, message, _, _ in extract_from_dir(
            ROOT / folder, [(pattern, method)], options_map=options, keywords=KEYWORDS
        ):
            said = tuple(f"⟦{part}⟧" for part in message) if isinstance(message, tuple) else f"⟦{message}⟧"
            found.add(message, said)
    target = tmp_path_factory.mktemp("translations")
    (target / "en_GB" / "LC_MESSAGES").mkdir(parents=True)
    with (target / "en_GB" / "LC_MESSAGES" / "messages.mo").open("wb") as file:
        write_mo(file, found)
    return target


@pytest.fixture
def reader(browser: Browser, app: Flask, bracketed: Path) -> Iterator[Browser]:
    """A browser of somebody whose language is brackets."""
    babel = app.extensions["babel"]
    before = babel.translation_directories
    with app.app_context():
        known = babel.instance.domain_instance.cache
    babel.translation_directories = [str(bracketed)]
    known.clear()
    yield browser
    babel.translation_directories = before
    known.clear()


def bare(page: Page) -> list[str]:
    """Words of a page that no catalogue can change."""
    parts = read(page.html)
    heard = [value for _, attrs in parts.tags for name, value in attrs.items() if name in SPOKEN]
    text = "\n".join(["".join(parts.said), parts.title, *heard])
    assert "⟦" in text
    while "⟦" in text:
        shorter = re.sub(r"⟦[^⟦⟧]*⟧", " ", text)
        assert shorter != text, f"a bracket is not closed: {text}"
        text = shorter
    known = {*DATES, *OWN.split()}
    return [word for word in re.findall(r"[^\W\d_]{2,}", text) if word not in known]


def test_the_way_to_a_booking(reader: Browser, rowan: Clinic, inside: Inside) -> None:
    times = reader.get(f"{rowan.home}/book/desk?d=2026-03-24&p=ben")
    abroad = reader.get(f"{rowan.home}/book/full?d=2026-03-24&tz=America/New_York")
    far = reader.get(f"{rowan.home}/book/desk?w=2027-03-01")
    first = details(reader, rowan)
    wrong = first.press("⟦Continue⟧", name="", email="cleo", phone="x")
    with inside(rowan):
        held(rowan, at=TUESDAY_TEN + timedelta(hours=2))
    taken = times.choose("2026-03-24T12:00Z")
    checked = first.press("⟦Continue⟧", name="Cleo Marsh", email="cleo@example.com")
    unticked = checked.press("⟦Book this time⟧")
    with later(minutes=16):
        lapsed = reader.get(first.path)
    done = unticked.press("⟦Book this time⟧", terms="1")
    free = reader.get(f"{rowan.home}/book/talk?d=2026-03-25").choose("2026-03-25T10:00Z")
    given_up = free.press("⟦Continue⟧", name="Dora", email="dora@example.com", known_as="Dora")
    pages = {
        "landing": reader.get(f"{rowan.home}/"), "times": times, "abroad": abroad, "far": far, "details": first,
        "wrong": wrong, "taken": taken, "check": checked, "unticked": unticked, "lapsed": lapsed, "done": done,
        "given up": given_up.press("⟦Give up this time⟧"), "terms": reader.get(f"{rowan.home}/terms"),
        "privacy": reader.get(f"{rowan.home}/privacy"), "imprint": reader.get(f"{rowan.home}/imprint"),
        "nothing": reader.get(f"{rowan.home}/nothing"),
        "not so": reader.get(f"{first.path.removesuffix('/details')}/extend"), "stale": reader.post(times.path, {}),
    }  # fmt: skip
    assert {name: bare(page) for name, page in pages.items() if bare(page)} == {}


def test_the_booking_page_and_after(reader: Browser, rowan: Clinic, inside: Inside) -> None:
    with inside(rowan):
        booking = booked(rowan, who=DORA)
        address = link(rowan, booking)
        hold = f"{rowan.home}/b/{token_of(held(rowan, person='iris'))}"
    page = reader.get(address)
    with at(TUESDAY_TEN + timedelta(hours=2)):
        past = reader.get(address)
    pages = {"page": page, "past": past, "held": reader.get(hold), "change": reader.get(f"{address}/change")}
    times = reader.get(f"{address}/change?d=2026-03-25")
    pages["moved"] = times.choose("2026-03-25T14:00Z")
    pages["told"] = pages["moved"].press("⟦Move my booking⟧")
    pages["cancel"] = reader.get(f"{address}/cancel")
    pages["cancelled"] = pages["cancel"].press("⟦Cancel my booking⟧")
    with later(minutes=20):
        pages["lapsed"] = reader.get(hold)
        pages["returned"] = reader.get(f"{hold}/return")
    assert {name: bare(page) for name, page in pages.items() if bare(page)} == {}
