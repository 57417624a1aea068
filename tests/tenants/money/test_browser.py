"""The money pages in Chromium: a refund with the keyboard alone, and every page looked at by axe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from saas.tenancy import tenant_scope
from tests.cast import NOW, Clinic
from tests.screens.__main__ import AXE, Shape, axe_violations, opened, sideways
from tests.tenants.bookings.scenes import only_sqlite
from tests.tenants.money.till_scenes import Books, at_desk, furnish
from tests.till import open_till
from tests.windows import enter, press_enter, serving, tab_to

pytestmark = [pytest.mark.browser, only_sqlite, pytest.mark.xdist_group("money-browser")]


@dataclass
class House:
    """The application on a free port of loopback, with payments in every state."""

    base: str
    books: Books
    browser: Browser

    def enter(self, shape: Shape, heard: list[str]) -> Page:
        """Alma, logged in."""
        page = opened(self.browser, shape, heard)
        enter(page, self.base, "alma@rowan.example")
        return page

    def pages(self) -> dict[str, str]:
        """Every shape of the money pages."""
        money, books = f"{self.base}/manage/money", self.books
        return {
            "list": f"{money}/",
            "list-empty": f"{money}/?search=nobody-of-that-name",
            "payment-disputed": f"{money}/details/?id={books.disputed}",
            "payment-desk": f"{money}/details/?id={books.desk}",
            "payment-refunded": f"{money}/details/?id={books.refunded}",
            "take": f"{money}/desk/?id={books.owing}",
            "take-nothing": f"{money}/desk/?id={books.desk}",
            "waive": f"{money}/desk/waive/?id={books.owing}",
            "refund": f"{money}/refund/?id={books.paid}",
            "refund-nothing": f"{money}/refund/?id={books.disputed}",
            "owed": f"{money}/owed/",
            "totals": f"{money}/totals/",
            "totals-year": f"{money}/totals/?year=2026",
            "totals-empty": f"{money}/totals/?month=2025-01",
            "disputes": f"{money}/disputes/",
            "payouts": f"{money}/payouts/",
        }


@pytest.fixture
def house(app: Flask, rowan: Clinic, chrome: Browser, tmp_path: Path) -> Iterator[House]:
    with open_till(app, tmp_path, now=NOW) as till:
        with app.app_context(), tenant_scope(rowan.ref):
            books = furnish(till, rowan, now=NOW)
            at_desk(rowan, "Petra Past", now=NOW, hour=10, day=0)
        with time_machine.travel(NOW + timedelta(hours=5), tick=True), serving(app) as origin:
            yield House(origin + rowan.home, books, chrome)


def test_money_is_sent_back_with_the_keyboard_alone(house: House) -> None:
    heard: list[str] = []
    page = house.enter(Shape("1280", dark=False), heard)
    page.goto(house.pages()["list"])
    tab_to(page, "Client’s name")
    page.keyboard.type("paula")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 payment", exact=False).first).to_be_visible()
    tab_to(page, "Tue 24 Mar")
    press_enter(page, "Paula Paid")
    tab_to(page, "Send money back")
    press_enter(page, "Send money back")
    tab_to(page, "Amount in GBP")
    page.keyboard.press("Control+A")
    page.keyboard.type("90")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Only £80 can go back to the card")
    assert page.title().startswith("Error: ")
    tab_to(page, "Amount in GBP")
    page.keyboard.press("Control+A")
    page.keyboard.type("25,50")
    tab_to(page, "As a kindness")
    page.keyboard.press("ArrowDown")
    tab_to(page, "Send it back to the card")
    press_enter(page, "Paula Paid")
    expect(page.get_by_role("status")).to_contain_text("£25.50 is on its way back.")
    expect(page.get_by_text("Taken by mistake")).to_be_visible()
    page.context.close()
    assert [line for line in heard if "422" not in line] == []


@pytest.mark.axe
@pytest.mark.parametrize("shape", [Shape("390", dark=True), Shape("1280", dark=False)], ids=lambda shape: shape.name)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(house: House, shape: Shape) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is missing; run: make setup-browser")
    heard: list[str] = []
    page = house.enter(shape, heard)
    wrong = []
    for name, address in house.pages().items():
        page.goto(address)
        wrong += [f"{name}: {found}" for found in axe_violations(page)]
        wrong += [f"{name}: sideways by {over} px"] if (over := sideways(page)) > 0 else []
        if shape.size == "390":
            page.set_viewport_size({"width": 320, "height": 800})
            wrong += [f"{name}: sideways by {over} px at 320"] if (over := sideways(page)) > 0 else []
            page.set_viewport_size({"width": 390, "height": 844})
    page.context.close()
    assert (wrong, heard) == ([], [])
