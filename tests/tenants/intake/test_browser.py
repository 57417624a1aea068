"""The questions in Chromium at phone size: a calm client, one with a recent puncture who moves, one who answers the
question about safety. Each page is looked at by axe, in the dark too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from saas.db import db
from saas.tenancy import tenant_scope
from tenants.bookings.models import Booking
from tenants.bookings.moves import reschedule
from tenants.intake.assessing import kept_look
from tenants.intake.codes import code_of
from tenants.intake.models import IntakeAlert
from tenants.intake.queries import answers_of
from tests.cast import NOW, Clinic
from tests.screens.__main__ import AXE, Shape, axe_violations, opened, sideways
from tests.tenants.bookings.scenes import only_sqlite
from tests.tenants.intake.asked import HEALTHY, LATER, asked, fresh, link_of
from tests.windows import serving

pytestmark = [pytest.mark.browser, only_sqlite, pytest.mark.xdist_group("intake-browser")]
PHONE = Shape("390", dark=False)
NARROW = Shape("320", dark=True)


@dataclass
class House:
    """The application on loopback, and one client who was asked."""

    app: Flask
    clinic: Clinic
    base: str
    intake_id: UUID
    chrome: Browser
    heard: list[str] = field(default_factory=list)

    def open(self, shape: Shape = PHONE, *, script: bool = True) -> Page:
        page = opened(self.chrome, shape, self.heard, axe=True) if script else self._plain()
        page.goto(self.base)
        return page

    def _plain(self) -> Page:
        return self.chrome.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844}).new_page()


@pytest.fixture
def house(app: Flask, rowan: Clinic, chrome: Browser) -> Iterator[House]:
    with app.app_context(), tenant_scope(rowan.ref):
        intake = asked(rowan)
        link, intake_id = link_of(intake), intake.id
    with time_machine.travel(NOW + timedelta(minutes=5), tick=True), serving(app) as origin:
        found = House(app, rowan, origin + rowan.home + link, intake_id, chrome)
        yield found
        assert found.heard == []


def tick(page: Page, **answers: str) -> None:
    """Choose answers; names have _ for the dot of an item's id."""
    for name, code in answers.items():
        key = name.replace("_", ".", 1)
        page.locator(f'[data-k="{key}"] input[name="{key}"][value="{code}"]').check()


TICKS = """wanted => Object.entries(wanted).forEach(([key, code]) => {
  const box = [...document.querySelectorAll('[data-k]')].find((e) => e.dataset.k === key);
  const input = box.querySelector(`input[value="${code}"]`);
  input.checked = true;
  input.dispatchEvent(new Event('input', { bubbles: true }));
})"""


def healthy(page: Page, *but: str) -> None:
    """The health check, all at once: each tick as the browser would tell of it."""
    wanted = {f"d.{one}": "no" for one in HEALTHY if one not in but} | {"d.neuroflag": "none", "d.preg": "no"}
    page.evaluate(TICKS, wanted)


def on(page: Page) -> None:
    page.get_by_role("button", name="Save and continue").last.click()


def heading(page: Page, words: str) -> None:
    """The page stands there, and its script listens."""
    expect(page.get_by_role("heading", level=1)).to_have_text(words)
    page.wait_for_load_state()


def saved(page: Page) -> None:
    expect(page.locator("[data-keeping]")).to_have_text("Saved")


def agree(page: Page) -> None:
    tick(page, l_accuracy="yes", l_treat="yes", l_notmedical="yes")
    page.locator("[id='l.sign']").fill("Cleo Marsh")


def seen_well(page: Page, where: str) -> list[str]:
    """What is wrong with a page."""
    if not AXE.exists():
        pytest.skip("axe-core is missing; run: make setup-browser")
    # What stays at the foot of the screen covers a different piece at each place: axe is to see what is under it.
    page.evaluate("document.querySelector('.stay').style.position = 'static'")
    found = [f"{where}: {one}" for one in axe_violations(page)]
    return found + ([f"{where}: sideways"] if sideways(page) > 0 else [])


def test_a_calm_client_answers_everything_and_sends_it(house: House) -> None:
    page = house.open()
    wrong = seen_well(page, "start")
    page.get_by_role("link", name="Begin").click()
    tick(page, a_who="me", a_privacy="yes")
    page.locator("[id='b.dob']").fill("1980-03-31")
    on(page)
    heading(page, "Your health")
    healthy(page)
    tick(page, c_stress_worse="often")
    page.locator("[id='c.goal']").fill("to sleep through")
    saved(page)
    on(page)
    heading(page, "Comfort and history")
    tick_section(page, "e", "Continue")
    tick(page, e_any="vehicle")
    expect(page.get_by_role("heading", name="Road or vehicle accident")).to_be_visible()
    page.locator('[data-k="e.item.when@vehicle"] input[value="5-20y"]').check()
    saved(page)
    wrong += seen_well(page, "history")
    tick_section(page, "f", "Skip this section")
    tick(page, i_reality="no")
    on(page)
    tick(page, h_interest="open")
    on(page)
    heading(page, "Agreement")
    agree(page)
    on(page)
    heading(page, "Look over your answers")
    expect(page.get_by_text("to sleep through")).to_be_visible()
    page.get_by_role("button", name="Send my answers").click()
    heading(page, "Thank you. Your answers are in.")
    with house.app.app_context(), tenant_scope(house.clinic.ref):
        look = kept_look(fresh(house.intake_id))
        assert look is not None
        assert {"F-CRASH", "F-STRESS"} <= {flag.id for flag in look.look.flags if flag.axis == "fit"}
        assert not [flag for flag in look.look.flags if flag.axis in ("contra", "acute")]
    assert wrong == []


def tick_section(page: Page, id: str, words: str) -> None:
    page.locator(f"#s-{id}").get_by_role("button", name=words).click()
    page.wait_for_url("**#s-*")


def test_a_recent_puncture_without_script_then_the_session_moves(house: House) -> None:
    page = house.open(script=False)
    page.goto(f"{house.base}/part/health")
    healthy(page, "lp")
    tick(page, d_lp="yes")
    on(page)
    expect(page.get_by_text("brings up a few more questions")).to_be_visible()
    page.locator("[id='d.lp_when']").fill("1/2026")
    on(page)
    with house.app.app_context(), tenant_scope(house.clinic.ref):
        intake = fresh(house.intake_id)
        assert answers_of(intake)["d.lp_when"].value == "2026-01"
        assert intake.booking_id is not None
        found = {}
        for days in (1, 42):
            reschedule(
                booking_id=intake.booking_id, starts_at=LATER + timedelta(days=days), practitioner_id=None,
                who="client", now=NOW,
            )  # fmt: skip
            look = kept_look(fresh(house.intake_id))
            assert look is not None
            found[days] = {flag.id: flag.axis for flag in look.look.flags}.get("C-CSF")
        assert found == {1: "contra", 42: "caution"}


def test_the_question_about_safety_brings_help_on_the_spot(house: House) -> None:
    page = house.open(NARROW)
    page.goto(f"{house.base}/part/comfort")
    tick_section(page, "j", "Continue")
    tick(page, j_harm="often")
    expect(page.locator("[id='help-j.harm']")).to_be_visible()
    assert seen_well(page, "safety") == []
    expect(page.get_by_role("button", name="Save and continue").last).to_be_enabled()
    with house.app.app_context(), tenant_scope(house.clinic.ref):
        intake = fresh(house.intake_id)
        assert len(list(db.session.execute(select(IntakeAlert)).scalars())) == 1
        assert db.session.get_one(Booking, intake.booking_id).status == "confirmed"
    page.get_by_role("link", name="Leave this page").click()
    heading(page, "Blank page")
    other = house.open()
    other.goto(f"{house.base}/part/comfort")
    expect(other.locator("#s-j")).to_contain_text("You have answered here before")
    assert "often" not in other.locator("#s-j").inner_html()
    other.get_by_role("link", name="Show my answers").click()
    other.get_by_role("button", name="Send the code").click()
    with house.app.app_context(), tenant_scope(house.clinic.ref):
        code = code_of(fresh(house.intake_id))
    other.get_by_label("The six digits").fill(code)
    other.get_by_role("button", name="Show my answers").click()
    expect(other.locator('[data-k="j.harm"] input[value="often"]')).to_be_checked()


def test_what_is_typed_offline_waits_and_is_kept(house: House) -> None:
    page = house.open()
    page.goto(f"{house.base}/part/health")
    page.context.set_offline(True)
    page.locator("[id='c.goal']").fill("to walk again")
    page.locator("[id='c.goal']").blur()
    expect(page.locator("[data-keeping]")).to_contain_text("no connection")
    page.context.set_offline(False)
    saved(page)
    with house.app.app_context(), tenant_scope(house.clinic.ref):
        assert answers_of(fresh(house.intake_id))["c.goal"].value == "to walk again"
    house.heard.clear()  # the browser's own word about the connection
