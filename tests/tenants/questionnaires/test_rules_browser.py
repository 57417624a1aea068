"""The flag rules in Chromium: narrow, in the dark, looked at by axe; a rule changed and published by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from saas.tenancy import tenant_scope
from tenants.intake.rule_actions import save_rule
from tenants.intake.rule_editing import RuleChange
from tests.cast import NOW, Clinic
from tests.screens.__main__ import AXE, Shape, axe_violations, opened, sideways
from tests.tenants.bookings.scenes import only_sqlite
from tests.windows import enter, press_enter, serving, tab_to

pytestmark = [pytest.mark.browser, only_sqlite, pytest.mark.xdist_group("rules-browser")]
PAGES = (
    "", "edit/?id=F-STRESS", "edit/?id=C-CSF", "off/?id=C-CSF", "bands/", "new/", "new/rule/?q=c.reasons&q=g.stress",
    "publish/", "ask/forget/",
)  # fmt: skip


@pytest.fixture
def home(app: Flask, rowan: Clinic) -> Iterator[str]:
    with time_machine.travel(NOW, tick=True), serving(app) as origin:
        yield origin + rowan.home


def logged_in(chrome: Browser, home: str, shape: Shape, heard: list[str]) -> Page:
    page = opened(chrome, shape, heard)
    enter(page, home, "alma@rowan.example")
    return page


@pytest.mark.axe
def test_every_page_is_narrow_dark_and_clean(chrome: Browser, home: str, app: Flask, rowan: Clinic) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is missing; run: make setup-browser")
    with app.app_context(), tenant_scope(rowan.ref):
        save_rule(rule_id="P-HEART", change=RuleChange("high"), now=NOW)
    heard: list[str] = []
    page = logged_in(chrome, home, Shape("320", dark=True), heard)
    wrong = []
    for name in PAGES:
        page.goto(f"{home}/manage/rules/{name}")
        wrong += [f"{name}: {found}" for found in axe_violations(page)]
        wrong += [f"{name}: sideways by {over} px"] if (over := sideways(page)) > 0 else []
    page.context.close()
    assert (wrong, heard) == ([], [])


def test_a_rule_is_changed_and_published_with_the_keyboard_alone(chrome: Browser, home: str) -> None:
    heard: list[str] = []
    page = logged_in(chrome, home, Shape("1280", dark=False), heard)
    page.goto(f"{home}/manage/rules/edit/?id=F-STRESS")
    tab_to(page, "Points")
    page.keyboard.press("Control+A")
    page.keyboard.type("2")
    press_enter(page, "Flag rules")
    tab_to(page, "Look at the changes")
    press_enter(page, "Publish the rules")
    tab_to(page, "Publish")
    press_enter(page, "Flag rules")
    expect(page.get_by_text("Version 2 holds", exact=False)).to_be_visible()
    assert heard == []
    page.context.close()
