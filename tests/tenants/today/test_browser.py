"""An owner's morning with the keyboard alone: today, the totals of the month, a setting."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tenants.clinic.notices import Notices
from tenants.clinic.queries import notices
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter
from tests.screens.__main__ import Shape, opened
from tests.tenants.bookings.scenes import CLEO, booked, fresh, only_sqlite
from tests.windows import enter, press_enter, serving, tab_to

pytestmark = [pytest.mark.browser, only_sqlite, pytest.mark.xdist_group("week-browser")]


def in_main(page: Page, name: str) -> None:
    """Past the menu by its first link, then to what is called `name`."""
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the main part")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, name)


def test_today_totals_and_a_setting_by_keyboard(app: Flask, rowan: Clinic, chrome: Browser, inside: Enter) -> None:
    with inside(rowan):
        booking = booked(rowan, at=NOW + timedelta(hours=2), who=CLEO).id
    with serving(app) as base, time_machine.travel(NOW, tick=True):
        page = opened(chrome, Shape("1280", dark=False), [])
        enter(page, base + rowan.home, "alma@rowan.example")
        # Today: she is here.
        in_main(page, "Has arrived")
        press_enter(page, "Today")
        expect(page.get_by_text("Arrived").first).to_be_visible()
        # What the month has brought, and the month before.
        tab_to(page, "Money")
        press_enter(page, "Money")
        in_main(page, "Totals")
        press_enter(page, "March 2026")
        in_main(page, "Month before")
        press_enter(page, "February 2026")
        # A setting: refused, mended, kept.
        tab_to(page, "Settings")
        press_enter(page, "Settings")
        in_main(page, "Reminders and quiet hours")
        press_enter(page, "Reminders and quiet hours")
        in_main(page, "And once more, hours before")
        page.keyboard.type("48")
        press_enter(page, "Reminders and quiet hours")
        tab_to(page, "The second reminder comes after the first")
        page.keyboard.press("Enter")
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type("2")
        tab_to(page, "Save")
        press_enter(page, "Settings")
        page.context.close()
    with inside(rowan):
        assert fresh(booking).status == "arrived"
        assert notices() == Notices(24, 2)
