"""The calendar in Chromium: with the keyboard alone, by dragging, and looked at by axe in every shape."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from saas.db import db
from tenants.availability.actions import block_time
from tenants.bookings.models import Booking, BookingChange
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter
from tests.screens.__main__ import AXE, Shape, axe_violations, sideways
from tests.tenants.bookings.scenes import HOUR, TUESDAY_TEN, fresh, only_sqlite
from tests.windows import press_enter, tab_to

pytestmark = [pytest.mark.browser, only_sqlite, pytest.mark.xdist_group("week-browser")]
Office = Callable[[Shape], Page]
Made = dict[str, UUID]
LAPTOP = Shape("1280", dark=False)


def test_everything_is_done_with_the_keyboard(office: Office, busy_week: Made, rowan: Clinic, inside: Enter) -> None:
    page = office(LAPTOP)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the main part")).to_be_focused()
    # Move: from the calendar to the booking, to its form, a time typed, Enter.
    tab_to(page, "Hana V.")
    press_enter(page, "Hana Vrba")
    tab_to(page, "Move")
    press_enter(page, "Move a booking")
    tab_to(page, "Or another time")
    page.keyboard.type("1130AM")
    press_enter(page, "23 to 29 March")
    expect(page.get_by_text("Moved: Hana V. is now on Mon 23 Mar, 11:30.")).to_be_visible()
    tab_to(page, "Undo (until")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Undone. The session is on Monday 23 March, 16:00.")).to_be_visible()
    # Cancel, with its reason.
    tab_to(page, "Tom D.")
    press_enter(page, "Tom Daly")
    tab_to(page, "Cancel")
    press_enter(page, "Cancel a booking")
    tab_to(page, "The client asked for it")
    page.keyboard.press("ArrowDown")
    tab_to(page, "Cancel the booking")
    press_enter(page, "23 to 29 March")
    expect(page.get_by_text("Cancelled: Tom D., Mon 23 Mar, 14:00.")).to_be_visible()
    # A booking for somebody who rings: found by name, chosen with the space bar, at a time typed.
    tab_to(page, "Add a booking")
    press_enter(page, "Add a booking")
    tab_to(page, "Or another time")
    page.keyboard.type("1200PM")
    tab_to(page, "Find a client")
    page.keyboard.type("maya")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 client found")).to_be_visible()
    tab_to(page, "Somebody new: as entered below")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_label("Maya Lind")).to_be_checked()
    tab_to(page, "Book")
    press_enter(page, "23 to 29 March")
    expect(page.get_by_text("Booked for Monday 23 March, 12:00.")).to_be_visible()
    tab_to(page, "Week after")
    press_enter(page, "30 March to 5 April")
    with inside(rowan):
        assert fresh(busy_week["Hana Vrba"]).starts_at.hour == 16
        kinds = db.session.execute(sa.select(BookingChange.kind, BookingChange.state)).all()
        assert {tuple(row) for row in kinds} == {("move", "undone"), ("cancel", "open")}
        assert len(db.session.execute(sa.select(Booking.id).where(Booking.source == "staff")).all()) == 1


def drag(page: Page, booking: UUID, day: str, minutes_later: int) -> None:
    """Carry a session to another day's column, and down or up by minutes."""
    page.wait_for_load_state()  # to carry is the script's
    item = page.locator(f'[data-booking="{booking}"]')
    item.scroll_into_view_if_needed()
    item.hover()  # waits until it can be pressed: a page that is just coming in (a view transition) hears nothing
    box, column = item.bounding_box(), page.locator(f'[data-day="{day}"] .cal__grid').bounding_box()
    assert box is not None
    assert column is not None
    hours = float(page.locator(".cal").get_attribute("data-hours") or 0)
    x, y = box["x"] + box["width"] / 2, box["y"] + 8
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y + 5)
    page.mouse.move(column["x"] + column["width"] / 2, y + minutes_later * column["height"] / (hours * 60), steps=4)
    page.mouse.up()


def test_a_session_is_carried_to_another_time(office: Office, busy_week: Made, rowan: Clinic, inside: Enter) -> None:
    page = office(LAPTOP)
    niamh = busy_week["Niamh Ford"]
    # A press that does not move is a click.
    page.locator(f'[data-booking="{niamh}"]').click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Niamh Ford")
    page.go_back()
    drag(page, niamh, "2026-03-25", 120)
    expect(page.get_by_text("Moved: Niamh F. is now on Wed 25 Mar, 11:00.")).to_be_visible()
    # Onto another session: the page says why not, and nothing has moved.
    drag(page, busy_week["Sam Wells"], "2026-03-27", 60)
    expect(page.get_by_text("10:00 to 11:00 is booked.")).to_be_visible()
    with inside(rowan):
        assert fresh(niamh).starts_at == TUESDAY_TEN.replace(day=25, hour=11)
        assert fresh(busy_week["Sam Wells"]).sequence == 0


@pytest.mark.axe
@pytest.mark.parametrize("shape", [Shape("1280", dark=True), Shape("390", dark=False)], ids=lambda shape: shape.name)
def test_axe_finds_nothing_on_any_page_of_the_calendar(office: Office, busy_week: Made, shape: Shape) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is missing; run: make setup-browser")
    page = office(shape)
    base = page.url.rstrip("/")
    hana = busy_week["Hana Vrba"]
    wrong = []
    for path in (
        "", "?p=all&d=2026-03-24", "?d=2026-04-04", "add/", f"booking/?id={hana}", f"booking/move/?id={hana}",
        f"booking/cancel/?id={hana}", "block/", f"block/remove/?id={busy_week['away']}",
    ):  # fmt: skip
        page.goto(f"{base}/{path}")
        wrong += [f"{path}: {found}" for found in axe_violations(page)]
        page.set_viewport_size({"width": 320, "height": 800} if shape.size == "390" else {"width": 1280, "height": 800})
        wrong += [f"{path}: sideways"] if sideways(page) > 0 else []
    # A form that comes back, and a cancel that waits.
    page.goto(f"{base}/booking/cancel/?id={hana}")
    page.get_by_role("button", name="Cancel the booking").last.click()
    wrong += [f"cancel refused: {found}" for found in axe_violations(page)]
    page.get_by_label("Something else").check()
    page.get_by_role("button", name="Cancel the booking").last.click()
    expect(page.get_by_text("Cancelled: Hana V.")).to_be_visible()
    wrong += [f"undo: {found}" for found in axe_violations(page)]
    assert wrong == []


CUT = """() => [...document.querySelectorAll('.ev > :is(a, p)')]
  .filter(e => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1).map(e => e.innerText)"""


def test_what_stands_side_by_side_is_whole(office: Office, busy_week: Made, rowan: Clinic, inside: Enter) -> None:
    begins, who = TUESDAY_TEN - HOUR, rowan.practitioners["ben"]
    with inside(rowan):  # round a session, and beside the edge of another
        block_time(practitioner_id=who, starts_at=begins, ends_at=begins + 4 * HOUR, label="Supervision", now=NOW)
        begins += 48 * HOUR
        block_time(practitioner_id=who, starts_at=begins + HOUR / 2, ends_at=begins + 3 * HOUR, label="", now=NOW)
    for width in ("1280", "390"):
        page = office(Shape(width, dark=False))
        expect(page.get_by_text("Supervision")).to_be_visible()
        assert page.locator(".ev--part").count() == 4
        assert page.evaluate(CUT) == []
