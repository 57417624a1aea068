"""The editor in Chromium by the keyboard alone, narrow and dark: a question, its condition, a look, publishing."""

from __future__ import annotations

import pytest
import time_machine
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from saas.db import action
from saas.tenancy import tenant_scope
from tenants.intake.flags import RuleSet
from tenants.intake.publishing import begin_from, draft_of, versions_of
from tenants.intake.questions import Test, item_index
from tenants.intake.rule_sets import add_rules
from tenants.intake.shipped_rules import shipped_rules
from tests.cast import NOW, Clinic
from tests.screens.__main__ import AXE, Shape, axe_violations, opened, sideways
from tests.tenants.bookings.scenes import only_sqlite
from tests.tenants.intake.forms import ask, form
from tests.windows import enter, press_enter, serving, tab_to

pytestmark = [pytest.mark.browser, pytest.mark.axe, only_sqlite, pytest.mark.xdist_group("form-files-browser")]


@action
def _no_rules() -> None:
    add_rules(RuleSet("none", (), shipped_rules().bands), now=NOW, published_at=NOW)


def _looked_at(page: Page) -> None:
    assert axe_violations(page) == [], page.title()
    assert sideways(page) == 0, page.title()


def _saved(page: Page) -> None:
    tab_to(page, "Save in the draft")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved in the draft")).to_be_visible()


def _add(page: Page) -> None:
    tab_to(page, "Add a question to Invented")
    press_enter(page, "Add a question")
    tab_to(page, "How it is answered")
    page.keyboard.type("Some sentences")
    tab_to(page, "Question in English")
    page.keyboard.type("What helps you to rest?")
    tab_to(page, "Question in Español")
    page.keyboard.type("¿Qué le ayuda a descansar?")
    tab_to(page, "Add it to the draft")
    press_enter(page, "Change a question")


def _give_a_condition(page: Page) -> None:
    tab_to(page, "Change the condition")
    press_enter(page, "When it is shown")
    tab_to(page, "Add a group")
    page.keyboard.press("Enter")
    expect(page.get_by_role("group", name="A group of conditions")).to_be_focused()
    tab_to(page, "Add this question")
    page.keyboard.press("Enter")
    expect(page.get_by_role("group", name="How is your sleep?")).to_be_focused()
    tab_to(page, "Invented")
    page.keyboard.press("Space")
    _looked_at(page)
    _saved(page)


def test_a_question_is_added_given_a_condition_seen_and_published_by_keyboard(
    app: Flask, rowan: Clinic, chrome: Browser
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is missing; run: make setup-browser")
    with app.app_context(), tenant_scope(rowan.ref):
        _no_rules()
        draft = begin_from(form(ask("s.sleep", text={"en": "How is your sleep?", "es": "¿Cómo duerme?"})), now=NOW)
    with time_machine.travel(NOW, tick=True), serving(app) as origin:
        base = f"{origin}{rowan.home}"
        page = opened(chrome, Shape("320", dark=True), [], axe=True)
        enter(page, base, "alma@rowan.example")
        page.goto(f"{base}/manage/questionnaires/one/?id={draft}")
        _add(page)
        _give_a_condition(page)
        tab_to(page, "What helps you to rest?")
        press_enter(page, "Change a question")
        tab_to(page, "This question is asked")
        page.keyboard.press("Space")
        _looked_at(page)
        _saved(page)
        page.goto(f"{base}/manage/questionnaires/one/?id={draft}")
        tab_to(page, "See it as a client")
        press_enter(page, "As a client sees it")
        tab_to(page, "Back to the questions")
        press_enter(page, "Invented")
        tab_to(page, "Publish")
        press_enter(page, "Publish the questions")
        tab_to(page, "Publish")
        page.keyboard.press("Enter")
        expect(page.get_by_text("What stands here is published")).to_be_visible()
        page.context.close()
    with app.app_context(), tenant_scope(rowan.ref):
        asked = item_index(draft_of(draft).form)["s.q1"]
        assert (asked.kind, asked.enabled, asked.when) == ("long", True, Test("s.sleep", "in", ("yes",)))
        assert len(versions_of(draft)) == 1
