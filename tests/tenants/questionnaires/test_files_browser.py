"""The pages of forms as files in Chromium, narrow and dark: a form comes in and is placed, and axe finds nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import time_machine
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from saas.tenancy import tenant_scope
from tenants.intake.publishing import begin_from_shipped
from tests.cast import NOW, Clinic
from tests.screens.__main__ import AXE, Shape, axe_violations, opened, sideways
from tests.tenants.bookings.scenes import booked, only_sqlite
from tests.tenants.intake.made import packed, response_file, sheet_file
from tests.windows import enter, press_enter, serving, tab_to

pytestmark = [pytest.mark.browser, pytest.mark.axe, only_sqlite, pytest.mark.xdist_group("form-files-browser")]
NARROW = Shape("320", dark=True)


def _looked_at(page: Page, heading: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    assert axe_violations(page) == [], heading
    assert sideways(page) == 0, heading


def test_a_form_comes_in_and_answers_to_it_too(app: Flask, rowan: Clinic, chrome: Browser, tmp_path: Path) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is missing; run: make setup-browser")
    form, answers = tmp_path / "form.json", tmp_path / "answers.json"
    form.write_bytes(packed(sheet_file("phq-9", scored="")))
    answers.write_bytes(packed(response_file("phq-9", 0, 0, 0, 1, 2, 1, 3, 2, 1, total=13)))
    with app.app_context(), tenant_scope(rowan.ref):
        begin_from_shipped(now=NOW)
        cleo = booked(rowan).client_id
    with time_machine.travel(NOW, tick=True), serving(app) as origin:
        base = origin + rowan.home
        page = opened(chrome, NARROW, [], axe=True)
        enter(page, base, "alma@rowan.example")
        page.goto(f"{base}/manage/questionnaires/files/")
        page.locator("#file").set_input_files(form)
        tab_to(page, "Check the file")
        press_enter(page, "What the file holds")
        _looked_at(page, "What the file holds")
        tab_to(page, "Yes, these numbers are right")
        page.keyboard.press("Space")
        tab_to(page, "Bring PHQ-9 in")
        press_enter(page, "Where PHQ-9 is asked")
        tab_to(page, "Put it in")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Stands in the draft")).to_be_visible()
        _looked_at(page, "Where PHQ-9 is asked")
        page.context.close()
        page = opened(chrome, NARROW, [], axe=True)
        enter(page, base, "ben@rowan.example")
        page.goto(f"{base}/manage/questionnaires/answers/?client={cleo}")
        page.locator("#file").set_input_files(answers)
        page.get_by_role("button", name="Check the file").click()
        _looked_at(page, "What the file holds")
        page.get_by_role("button", name="Keep these answers").click()
        expect(page.get_by_role("status")).to_contain_text("The answers are kept.")
        page.context.close()
