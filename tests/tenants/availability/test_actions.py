from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from saas.db import db
from saas.errors import Invalid
from saas.stale import ChangedMeanwhile, mark_of
from saas.tenancy import tenant_scope
from tenants.availability import actions
from tenants.availability.models import HoursBreak, HoursOverride, TimeOff, WeeklyHours
from tenants.availability.queries import (
    NoSuchHours,
    era_on,
    eras,
    exceptions,
    override_windows,
    time_off_by_id,
    time_off_values,
    week_values,
)
from tenants.practitioners.actions import save_practitioner
from tenants.practitioners.queries import NoSuchPractitioner
from tenants.practitioners.rules import PractitionerRequest
from tests.cast import Clinic

TODAY = date(2026, 3, 23)
WEEK = {"mon": [("09:00", "12:00"), ("13:00", "17:00")], "fri": [("18:00", "00:30")]}


@pytest.fixture
def una(at_rowan: Clinic, now: datetime) -> UUID:
    """Somebody without hours yet."""
    return save_practitioner(practitioner_id=None, request=PractitionerRequest("Una Byrne", position=9), now=now).id


def rows(who: UUID) -> list[tuple[int, str, str, date, date | None]]:
    found = select(WeeklyHours).where(WeeklyHours.practitioner_id == who)
    ordered = db.session.execute(found.order_by(WeeklyHours.valid_from, WeeklyHours.weekday, WeeklyHours.start))
    return [(r.weekday, r.start, r.end, r.valid_from, r.valid_to) for r in ordered.scalars()]


def test_a_new_week_closes_the_old_one_and_keeps_it(una: UUID, now: datetime) -> None:
    actions.replace_week(practitioner_id=una, week=WEEK, valid_from=TODAY, now=now)
    later = TODAY + timedelta(days=14)
    actions.replace_week(practitioner_id=una, week={"tue": [("10:00", "11:00")]}, valid_from=later, now=now)
    assert rows(una) == [
        (0, "09:00", "12:00", TODAY, later),
        (0, "13:00", "17:00", TODAY, later),
        (4, "18:00", "00:30", TODAY, later),
        (1, "10:00", "11:00", later, None),
    ]


def test_a_week_from_an_earlier_day_replaces_what_was_planned(una: UUID, now: datetime) -> None:
    actions.replace_week(practitioner_id=una, week=WEEK, valid_from=TODAY, now=now)
    for ahead, day in ((28, "tue"), (14, "wed")):
        actions.replace_week(
            practitioner_id=una, week={day: [("10:00", "11:00")]}, valid_from=TODAY + timedelta(days=ahead), now=now
        )
    assert [(r[0], r[3], r[4]) for r in rows(una)][-1] == (2, TODAY + timedelta(days=14), None)
    assert {r[0] for r in rows(una)} == {0, 4, 2}


def test_a_closed_week_ends_the_hours(una: UUID, now: datetime) -> None:
    actions.replace_week(practitioner_id=una, week=WEEK, valid_from=TODAY, now=now)
    actions.replace_week(practitioner_id=una, week={}, valid_from=TODAY + timedelta(days=1), now=now)
    assert all(r[4] == TODAY + timedelta(days=1) for r in rows(una))


@pytest.mark.parametrize(
    "week, fields",
    [
        ({"mon": [("09:00", "12:00"), ("11:00", "13:00")]}, {"mon-1"}),
        ({"mon": [("9", "12:00")]}, {"mon-0"}),
        ({"mon": [("09:00", "09:00")]}, {"mon-0"}),
        ({"sun": [("22:00", "02:00")], "mon": [("01:00", "03:00")]}, {"mon-0"}),
        ({"someday": [("09:00", "10:00")]}, {"someday-0"}),
        ({"tue": [(f"{h:02}:00", f"{h:02}:30") for h in range(13)]}, {"tue-12"}),
    ],
)
def test_a_week_that_cannot_be_is_told_window_by_window(
    una: UUID, now: datetime, week: dict[str, list[tuple[str, str]]], fields: set[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        actions.replace_week(practitioner_id=una, week=week, valid_from=TODAY, now=now)
    assert set(refused.value.fields) == fields
    assert rows(una) == []


def test_history_is_not_rewritten(una: UUID, now: datetime) -> None:
    with pytest.raises(Invalid):
        actions.replace_week(practitioner_id=una, week=WEEK, valid_from=TODAY - timedelta(days=1), now=now)


def test_a_day_is_overridden_closed_and_given_back(una: UUID, now: datetime) -> None:
    def spans() -> list[tuple[str | None, str | None]]:
        found = select(HoursOverride).where(HoursOverride.practitioner_id == una).order_by(HoursOverride.start)
        return [(r.start, r.end) for r in db.session.execute(found).scalars()]

    day = TODAY + timedelta(days=3)
    actions.set_override(practitioner_id=una, day=day, windows=[("10:00", "11:00"), ("12:00", "13:00")], now=now)
    assert spans() == [("10:00", "11:00"), ("12:00", "13:00")]
    actions.set_override(practitioner_id=una, day=day, windows=[], now=now)
    assert spans() == [(None, None)]
    actions.remove_override(practitioner_id=una, day=day, now=now)
    assert spans() == []
    with pytest.raises(NoSuchHours):
        actions.remove_override(practitioner_id=una, day=day, now=now)


@pytest.mark.parametrize("ahead", [-1, 800])
def test_only_days_to_come_are_overridden(una: UUID, now: datetime, ahead: int) -> None:
    with pytest.raises(Invalid):
        actions.set_override(practitioner_id=una, day=TODAY + timedelta(days=ahead), windows=[], now=now)


def test_a_break_is_on_a_weekday_or_on_a_date(una: UUID, now: datetime) -> None:
    one = actions.add_break(practitioner_id=una, start="12:00", end="13:00", weekday=0, now=now)
    two = actions.add_break(practitioner_id=una, start="15:00", end="15:15", day=TODAY, now=now)
    for wrong in ({}, {"weekday": 0, "day": TODAY}, {"weekday": 7}):
        with pytest.raises(Invalid):
            actions.add_break(practitioner_id=una, start="12:00", end="13:00", now=now, **wrong)
    with pytest.raises(Invalid):
        actions.add_break(practitioner_id=una, start="12:00", end="12:00", weekday=0, now=now)
    actions.remove_break(break_id=one, now=now)
    assert list(db.session.execute(select(HoursBreak.id).where(HoursBreak.practitioner_id == una)).scalars()) == [two]


def test_time_off_is_for_one_or_for_the_whole_clinic(una: UUID, now: datetime) -> None:
    away = {"starts_at": now + timedelta(days=1), "ends_at": now + timedelta(days=3), "now": now}
    one = actions.add_time_off(practitioner_id=una, **away)
    two = actions.add_time_off(practitioner_id=None, **away)
    assert set(db.session.execute(select(TimeOff.id)).scalars()) == {one, two}
    actions.remove_time_off(time_off_id=one, now=now)
    with pytest.raises(NoSuchHours):
        actions.remove_time_off(time_off_id=one, now=now)


@pytest.mark.parametrize("begin, end", [(1, 1), (2, 1), (-3, -1), (0, 800)])
def test_time_off_that_cannot_be_is_refused(una: UUID, now: datetime, begin: int, end: int) -> None:
    with pytest.raises(Invalid):
        actions.add_time_off(
            practitioner_id=una, starts_at=now + timedelta(days=begin), ends_at=now + timedelta(days=end), now=now
        )


def test_the_neighbour_changes_nobodys_hours_here(
    una: UUID, at_rowan: Clinic, thornfield: Clinic, now: datetime
) -> None:
    pause = actions.add_break(practitioner_id=una, start="12:00", end="13:00", weekday=0, now=now)
    day = TODAY + timedelta(days=1)
    away = actions.add_time_off(practitioner_id=una, starts_at=now, ends_at=now + timedelta(days=1), now=now)
    with tenant_scope(thornfield.ref):
        refused: tuple[Callable[[], object], ...] = (
            lambda: actions.replace_week(practitioner_id=una, week=WEEK, valid_from=TODAY, now=now),
            lambda: actions.set_override(practitioner_id=una, day=day, windows=[], now=now),
            lambda: actions.remove_override(practitioner_id=una, day=day, now=now),
            lambda: actions.add_break(practitioner_id=una, start="12:00", end="13:00", weekday=0, now=now),
            lambda: actions.add_time_off(practitioner_id=una, starts_at=now, ends_at=now + timedelta(days=1), now=now),
        )
        for attempt in refused:
            with pytest.raises(NoSuchPractitioner):
                attempt()
        unknown: tuple[Callable[[], object], ...] = (
            lambda: actions.remove_break(break_id=pause, now=now),
            lambda: actions.remove_time_off(time_off_id=away, now=now),
            lambda: actions.remove_time_off(time_off_id=uuid4(), now=now),
        )
        for attempt in unknown:
            with pytest.raises(NoSuchHours):
                attempt()


def test_who_saves_second_is_told(una: UUID, now: datetime) -> None:
    seen = mark_of(*week_values(una))
    actions.replace_week(practitioner_id=una, week=WEEK, valid_from=TODAY, now=now, seen=seen)
    with pytest.raises(ChangedMeanwhile):
        actions.replace_week(practitioner_id=una, week={}, valid_from=TODAY, now=now, seen=seen)
    day = TODAY + timedelta(days=2)
    unset = mark_of(override_windows(una, day))
    actions.set_override(practitioner_id=una, day=day, windows=[], now=now, seen=unset)
    with pytest.raises(ChangedMeanwhile):
        actions.set_override(practitioner_id=una, day=day, windows=[("10:00", "11:00")], now=now, seen=unset)
    away = {"starts_at": now + timedelta(days=1), "ends_at": now + timedelta(days=3)}
    one = actions.add_time_off(practitioner_id=una, **away, now=now)
    seen = mark_of(*time_off_values(time_off_by_id(one)))
    longer = {**away, "ends_at": now + timedelta(days=4)}
    actions.change_time_off(time_off_id=one, practitioner_id=None, **longer, now=now, seen=seen)
    with pytest.raises(ChangedMeanwhile):
        actions.change_time_off(time_off_id=one, practitioner_id=una, **away, now=now, seen=seen)
    assert time_off_values(time_off_by_id(one)) == (None, longer["starts_at"], longer["ends_at"])


def test_one_date_for_several_is_all_or_nothing(una: UUID, at_rowan: Clinic, now: datetime) -> None:
    day = TODAY + timedelta(days=2)
    everybody = [una, *at_rowan.practitioners.values()]
    actions.set_overrides(practitioner_ids=everybody, day=day, windows=[("10:00", "12:00")], now=now)
    found = exceptions(everybody, today=TODAY, now=now)
    assert {(one.practitioner_id, one.windows) for one in found.days} == {
        (who, (("10:00", "12:00"),)) for who in everybody
    }
    with pytest.raises(NoSuchPractitioner):
        actions.set_overrides(practitioner_ids=[una, uuid4()], day=day, windows=[], now=now)
    assert override_windows(una, day) == [("10:00", "12:00")]


def test_weeks_are_read_as_eras_with_the_closed_time_between(una: UUID, now: datetime) -> None:
    first, second, third = TODAY, TODAY + timedelta(days=7), TODAY + timedelta(days=14)
    for since, week in ((first, WEEK), (second, {}), (third, {"tue": [("10:00", "11:00")]})):
        actions.replace_week(practitioner_id=una, week=week, valid_from=since, now=now)
    known = eras(week_values(una))
    assert [(era.since, era.until, sorted(era.week)) for era in known] == [
        (first, second, ["fri", "mon"]),
        (second, third, []),
        (third, None, ["tue"]),
    ]
    assert era_on(known, second - timedelta(days=1)) == known[0]
    assert era_on(known, first - timedelta(days=1)) is None
    assert eras([]) == []
