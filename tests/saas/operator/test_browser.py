"""The operator's console in Chromium: axe on every page, nothing wider than a phone, and a clinic suspended by keys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask
from playwright.sync_api import Browser, expect

from saas.accounts.actions import create_account
from saas.db import action, db
from saas.outbox import Outbox
from saas.tenancy import find_by_slug, find_platform, tenant_scope
from saas.webhooks import InboundEvent
from tests.cast import NOW, PASSWORD, Clinic
from tests.screens.__main__ import AXE, Shape, axe_violations, opened, sideways
from tests.windows import enter, serving

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("operator-browser"),
    pytest.mark.parametrize("database", ["sqlite"], indirect=True),
]
EMAIL = "odo@longtide.example"


@pytest.fixture
def base(app: Flask, rowan: Clinic) -> Iterator[str]:
    """The platform's address, with Odo, a mail that was given up and a notice. The clock goes on from `NOW`."""
    with app.app_context(), tenant_scope(find_platform()):
        create_account(email=EMAIL, name="Odo", role="operator", password=PASSWORD, now=NOW)
        _trouble(rowan)
    with time_machine.travel(NOW, tick=True), serving(app, host="localhost") as origin:
        yield origin


@action
def _trouble(clinic: Clinic) -> None:
    ids = {"booking_id": str(clinic.ref.id)}
    mine = {"tenant_id": clinic.ref.id}
    db.session.add(Outbox(kind="booking.confirmed", payload=ids, run_at=NOW, attempts=12, dead_at=NOW, **mine))
    db.session.add(InboundEvent(id="evt_1", type="charge.refunded", handled="ignored", received_at=NOW, **mine))


def test_every_page_is_sound_and_fits_a_phone(chrome: Browser, base: str, rowan: Clinic) -> None:
    here = f"id={rowan.ref.id}"
    pages = (
        "", "clinics/", "clinics/?search=nobody", "clinics/new/", f"clinics/clinic/?{here}",
        f"clinics/ask/suspend/?{here}", "jobs/", "notices/", "audit/",
    )  # fmt: skip
    heard: list[str] = []
    wrong: list[str] = []
    for shape in (Shape("320", dark=False), Shape("1280", dark=True)):
        page = opened(chrome, shape, heard, axe=AXE.exists())
        enter(page, base, EMAIL)
        for path in pages:
            page.goto(f"{base}/operator/{path}")
            if sideways(page) > 0:
                wrong.append(f"{path} {shape.name}: scrolls sideways")
            wrong += [f"{path} {shape.name}: {found}" for found in axe_violations(page)] if AXE.exists() else []
        page.context.close()
    assert wrong + heard == []


def test_a_clinic_is_suspended_by_keys_alone(chrome: Browser, base: str, app: Flask) -> None:
    heard: list[str] = []
    page = opened(chrome, Shape("1280", dark=False), heard)
    enter(page, base, EMAIL)

    def go(words: str) -> None:
        """To the link or button of this name by Tab alone, and press it."""
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.innerText || ''").strip() == words:
                with page.expect_navigation():
                    page.keyboard.press("Enter")
                return
        raise AssertionError(words)

    go("Clinics")
    go("Rowan")
    go("Suspend the clinic")
    go("Suspend")
    expect(page.get_by_role("alert")).to_contain_text("Enter the reason")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "reason":
            break
    page.keyboard.type("unpaid since May")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Done.")
    with app.app_context():
        ref = find_by_slug("rowan")
        assert ref is not None
        assert (ref.status, ref.status_reason) == ("suspended", "unpaid since May")
    assert not [line for line in heard if "422" not in line]
