from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from tenants.today.rules import Facts, Told, day_asked, due, news
from tests.cast import NOW

TODAY = date(2026, 3, 23)
A, B = UUID(int=1), UUID(int=2)


def test_a_day_that_nobody_plans_for_is_today() -> None:
    assert day_asked("2026-03-29", TODAY) == date(2026, 3, 29)
    assert {day_asked(odd, TODAY) for odd in ("", "soon", "0001-01-01", "9999-12-31", "2026-02-30")} == {TODAY}


def test_what_is_due_comes_with_the_most_pressing_first() -> None:
    over = Facts("confirmed", NOW, 500, first=True, differs=True, cancelling=False)
    assert due(over, NOW) == ("open", "differs", "owed", "first")
    assert due(Facts("completed", NOW, 0, first=False, differs=False, cancelling=False), NOW) == ()
    assert due(Facts("confirmed", NOW, 0, first=False, differs=False, cancelling=True), NOW) == ("cancelling",)


def test_news_of_a_booking_is_what_became_of_it() -> None:
    def told(booking: UUID, deed: str, minute: int, status: str = "confirmed", **facts: str) -> Told:
        return Told(booking, f"booking.{deed}", NOW + timedelta(minutes=minute), facts, status)

    def kinds(*lines: Told) -> list[str]:
        return [kind for kind, _, _ in news(lines)]

    assert kinds(told(A, "confirmed", 0), told(A, "moved", 1)) == ["new"]
    assert kinds(told(A, "moved", 0), told(A, "change_undone", 1, kind="move")) == []
    assert kinds(told(A, "change_undone", 1, kind="cancel")) == []
    assert kinds(told(A, "moved", 0), told(A, "moved", 1), told(A, "change_undone", 2, kind="move")) == ["moved"]
    gone = "cancelled"
    assert kinds(told(A, "confirmed", 0, gone), told(A, "cancelled", 1, gone), told(B, "moved", 5)) == ["moved", gone]
