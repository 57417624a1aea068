"""The hours in Chromium: by keyboard alone, without script, followed while typing, and what axe says of each state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tenants.availability import actions
from tenants.availability.queries import eras, week_values
from tests.cast import NOW, PASSWORD, Clinic
from tests.saas.accounts.pages import Enter
from tests.screens.__main__ import AXE, Shape, axe_violations, sideways
from tests.windows import NAME_OF_FOCUS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("hours-browser"),
    pytest.mark.parametrize("database", ["sqlite"], indirect=True),
]
Office = Callable[[Shape], Page]
DESK = Shape("1280", dark=False)


def last_week(inside: Enter, rowan: Clinic) -> dict[str, list[tuple[str, str]]]:
    with inside(rowan):
        week = eras(week_values(rowan.practitioners["ben"]))[-1].week
    return {day: list(spans) for day, spans in week.items()}


def tab_to(page: Page, name: str, key: str = "Tab") -> None:
    """Press Tab (or Shift and Tab) until the control with this name has the focus."""
    for _ in range(120):
        page.keyboard.press(key)
        said = str(page.evaluate(NAME_OF_FOCUS))
        if said.startswith(name):
            return
    pytest.fail(f"Tab never comes to {name!r}")


def press(page: Page, key: str) -> None:
    """A key that sends the page."""
    with page.expect_navigation():
        page.keyboard.press(key)


def test_a_week_is_set_by_keyboard_alone(office: Office, base: str, rowan: Clinic, inside: Enter) -> None:
    """Open Saturday, change its hours, take a break, copy it to Sunday, look at what it takes away, save."""
    page = office(DESK)
    page.goto(f"{base}/manage/hours/")
    tab_to(page, "Open this day Saturday")
    press(page, "Enter")
    expect(page.locator("#sat-0-from")).to_be_focused()
    page.keyboard.type("1000AM")
    tab_to(page, "Saturday, opening 1, until")
    page.keyboard.type("0400PM")
    tab_to(page, "Add a break on Saturday")
    press(page, "Enter")
    expect(page.locator("#sat-1-from")).to_be_focused()
    expect(page.locator("#sat-1-from")).to_have_value("13:30")
    tab_to(page, "Copy to… other days from Saturday")
    press(page, "Enter")
    expect(page.locator("#onto-mon")).to_be_focused()
    tab_to(page, "Sunday")
    page.keyboard.press("Space")
    tab_to(page, "Copy")
    press(page, "Enter")
    tab_to(page, "Remove 09:00 to 17:00 on Friday", "Shift+Tab")
    press(page, "Enter")
    expect(page.locator("button[value='open:fri']")).to_be_focused()
    tab_to(page, "Save hours")
    press(page, "Enter")
    expect(page.locator("h1")).to_have_text("Before you save")
    tab_to(page, "Save hours")
    press(page, "Enter")
    expect(page.locator("[role=status]")).to_contain_text("Saved.")
    week = last_week(inside, rowan)
    assert week["sat"] == week["sun"] == [("10:00", "12:30"), ("13:30", "16:00")]
    assert "fri" not in week


def test_enter_in_a_time_field_saves_nothing(office: Office, base: str, rowan: Clinic, inside: Enter) -> None:
    before = last_week(inside, rowan)
    page = office(DESK)
    page.goto(f"{base}/manage/hours/")
    page.locator("#mon-0-from").fill("11:00")
    page.locator("#mon-0-from").focus()
    press(page, "Enter")
    expect(page.locator("#mon-0-from")).to_have_value("11:00")
    assert last_week(inside, rowan) == before


def test_what_it_gives_follows_while_it_is_typed(office: Office, base: str) -> None:
    page = office(DESK)
    page.goto(f"{base}/manage/hours/")
    expect(page.locator("#gives")).to_contain_text("40 hours a week")
    page.locator("#mon-0-to").fill("16:00")
    expect(page.locator("#gives")).to_contain_text("39 hours a week")
    page.locator("#mon-0-to").fill("08:00")
    expect(page.locator("#gives")).to_contain_text("Mend the hours first")
    page.locator("#mon-0-to").fill("17:00")
    page.locator("#tue-on").uncheck()
    expect(page.locator("#gives")).to_contain_text("32 hours a week")
    with page.expect_navigation():
        page.locator("#sun-on").check()
    expect(page.locator("#sun-0-from")).to_have_value("09:00")


def test_all_of_it_works_without_script(chrome: Browser, base: str, rowan: Clinic, inside: Enter) -> None:
    context = chrome.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{base}/login")
    page.locator("#email").fill("alma@rowan.example")
    page.locator("#password").fill(PASSWORD)
    page.locator("main form button").first.click()
    page.goto(f"{base}/manage/hours/")
    page.locator("button[value='open:sat']").click()
    page.get_by_role("button", name="See what this gives").click()
    expect(page.locator("#gives")).to_contain_text("48 hours a week")
    page.get_by_role("button", name="Save hours").click()
    expect(page.locator("[role=status]")).to_contain_text("Saved.")
    assert last_week(inside, rowan)["sat"] == [("09:00", "17:00")]
    context.close()


def _states(page: Page, base: str, rowan: Clinic) -> list[tuple[str, Callable[[], object]]]:
    hours, offers = f"{base}/manage/hours/", f"{base}/manage"
    service = rowan.services["deposit"]

    def fault() -> None:
        page.goto(hours)
        page.locator("#tue-0-to").fill("08:00")
        page.get_by_role("button", name="Save hours").click()

    def copying() -> None:
        page.goto(hours)
        page.locator("button[value='copy:mon']").click()

    def preview() -> None:
        page.goto(hours)
        page.locator("#tue-0-from").fill("14:00")
        page.get_by_role("button", name="Save hours").click()
        expect(page.locator("h1")).to_have_text("Before you save")

    asked = f"{hours}why/?service={service}&who=&day=2030-01-01&time=09:10"
    pages = {
        "hours": hours,
        "days": f"{hours}days/",
        "outside": f"{hours}outside/",
        "why": asked,
        "services": f"{offers}/services/",
        "service": f"{offers}/services/details/?id={service}",
        "service form": f"{offers}/services/edit/?id={service}",
        "service order": f"{offers}/services/order/",
        "practitioner form": f"{offers}/practitioners/edit/?id={rowan.practitioners['ben']}",
    }
    opened = [(name, lambda address=address: page.goto(address)) for name, address in pages.items()]
    return [*opened, ("a fault", fault), ("copying", copying), ("preview", preview)]


@pytest.mark.axe
@pytest.mark.slow
@pytest.mark.parametrize("shape", [Shape("390", dark=False), Shape("1280", dark=True)], ids=lambda shape: shape.name)
def test_axe_finds_nothing_in_any_state(office: Office, base: str, rowan: Clinic, inside: Enter, shape: Shape) -> None:
    """Both widths and both themes; and nothing is wider than a small phone."""
    if not AXE.exists():
        pytest.skip("axe-core is missing; run: make setup-browser")
    with inside(rowan):
        ben, day = rowan.practitioners["ben"], date(NOW.year, NOW.month, NOW.day) + timedelta(days=700)
        actions.set_override(practitioner_id=ben, day=day, windows=[("10:00", "14:00")], now=NOW)
        actions.add_break(practitioner_id=ben, start="12:00", end="13:00", weekday=2, now=NOW)
    page = office(shape)
    wrong = []
    for name, go in _states(page, base, rowan):
        page.set_viewport_size({"width": int(shape.size), "height": 800})
        go()
        page.wait_for_load_state()
        wrong += [f"{name}: {found}" for found in axe_violations(page)]
        if shape.size == "390":
            page.set_viewport_size({"width": 320, "height": 800})
        if (over := sideways(page)) > 0:
            wrong.append(f"{name}: sideways by {over} px")
    assert not wrong
