"""An alert taken and an intake decided with the keyboard alone; every page narrow, dark, and looked at by axe."""

from __future__ import annotations

import pytest
import time_machine
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from saas.db import db
from tenants.intake.alerts import raise_alert
from tenants.intake.models import Intake
from tenants.intake.reviewing import reviews_of
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter
from tests.screens.__main__ import AXE, Shape, axe_violations, opened, sideways
from tests.tenants.bookings.scenes import HOUR, booked, only_sqlite
from tests.tenants.review.scenes import ACUTE, LUMBAR, sent_in
from tests.windows import enter, press_enter, serving, tab_to

pytestmark = [pytest.mark.browser, only_sqlite, pytest.mark.xdist_group("week-browser")]


def faults(page: Page, address: str, *, dark: bool) -> list[str]:
    """What is wrong with a page in one theme."""
    page.emulate_media(color_scheme="dark" if dark else "light")
    page.goto(address)
    found = [] if (over := sideways(page)) <= 0 else [f"{address}: sideways by {over} px"]
    return found + ([f"{address}: {said}" for said in axe_violations(page)] if AXE.exists() else [])


def test_an_alert_and_a_decision_by_keyboard_and_every_page_narrow(
    app: Flask, rowan: Clinic, chrome: Browser, inside: Enter
) -> None:
    with inside(rowan):
        booking = booked(rowan, at=NOW + 2 * HOUR)
        client_id = booking.client_id
        intake = sent_in(rowan, {**LUMBAR, "j.harm": ACUTE["j.harm"]}, booking=booking)
        raise_alert(intake_id=intake, revision=1, now=NOW)
    with serving(app) as base, time_machine.travel(NOW, tick=True):
        heard: list[str] = []
        page = opened(chrome, Shape("390", dark=False), heard, axe=AXE.exists())
        page.set_viewport_size({"width": 320, "height": 700})
        home = f"{base}{rowan.home}"
        enter(page, home, "alma@rowan.example")
        office = f"{home}/manage"
        wrong = []
        places = (
            f"intakes/open/?id={intake}", "intakes/", f"intakes/touch/?client={client_id}",
            f"intakes/answers/?id={intake}", "settings/intakes/",
        )  # fmt: skip
        for number, place in enumerate(places):
            wrong += faults(page, f"{office}/{place}", dark=number % 2 == 0)
        assert (wrong, heard) == ([], [])
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto(f"{office}/")
        tab_to(page, "Cleo Marsh")
        press_enter(page, "Cleo Marsh")
        tab_to(page, "I spoke with them")
        page.keyboard.press("Space")
        tab_to(page, "I have seen it")
        press_enter(page, "Cleo Marsh")
        expect(page.get_by_text("Nobody else is told any more")).to_be_visible()
        tab_to(page, "Proceed")
        page.keyboard.press("ArrowDown")
        tab_to(page, "What will be different")
        page.keyboard.type("Feet first, slowly.")
        tab_to(page, "Keep the decision")
        press_enter(page, "Intakes")
        page.goto(f"{office}/")
        page.get_by_role("button", name="Has arrived").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Today")
        page.context.close()
    with inside(rowan):
        (kept,) = reviews_of(intake, db.session.get_one(Intake, intake).client_id)
        assert (kept.decision.outcome, kept.decision.changes) == ("changes", "Feet first, slowly.")
