"""The main job in real Chromium over a running demo, on a phone, script off and on; and what the clinic sees of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.walks.house import House
from tests.walks.steps import Walker, book_and_pay, the_main_walk, the_owner_sees_it, wait_for_mail, walker_in

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("house")]


@pytest.fixture(params=["script on", "script off"])
def walker(request: pytest.FixtureRequest, browser: Browser, house: House) -> Iterator[Walker]:
    found = walker_in(browser, house, script=request.param == "script on")
    yield found
    found.page.context.close()


def mails_to(walker: Walker, email: str, subject: re.Pattern[str]) -> int:
    """How many mails to `email` the mailbox shows, waiting until there is one."""
    page = walker.page
    rows = page.locator("li, tr", has_text=email).filter(has_text=subject)
    wait_for_mail(page, walker.house, rows)
    walker.look("mailbox")
    return rows.count()


def test_the_main_walk(walker: Walker) -> None:
    the_main_walk(walker, f"maya.{'on' if walker.script else 'off'}@example.com", mails_to)


def test_the_owner_sees_the_booking(browser: Browser, house: House) -> None:
    walker = walker_in(browser, house, script=True)
    book_and_pay(walker, "seen@example.com")
    the_owner_sees_it(walker)
    walker.page.context.close()
