from datetime import datetime, timedelta
from typing import Any

from tenants.availability.slots import Block, Break, Busy, Rules, Schedule, Service, explain
from tests.tenants.availability.asking import at, every, query


def codes(schedule: Schedule, start: datetime, **change: Any) -> list[str]:
    return [reason.code for reason in explain(at=start, **query(schedule, **change))]


def test_every_rule_has_its_reason() -> None:
    hours = Schedule("UTC", every(("09:00", "17:00")), breaks=[Break("12:00", "13:00")])
    lunch_off = [Block(at("14:00"), at("15:00"))]
    taken = [Busy(at("10:00"), at("11:00"), 0, 15)]
    asked: dict[str, Any] = {"blocks": lunch_off, "busy": taken}
    assert codes(hours, at("09:00"), **asked) == []
    assert codes(hours, at("09:20"), **asked) == ["off_grid", "booked"]
    assert codes(hours, at("09:00:01")) == ["off_grid"]
    assert codes(hours, at("08:00"), **asked) == ["off_grid", "outside_hours"]
    assert codes(hours, at("12:00"), **asked) == ["on_break"]
    assert codes(hours, at("14:00"), **asked) == ["time_off"]
    assert codes(hours, at("10:00"), **asked) == ["booked"]
    assert codes(hours, at("11:00"), **asked) == ["buffer"]
    assert codes(hours, at("09:00"), now=at("09:30"), rules=Rules(60, None)) == ["notice"]
    assert codes(hours, at("09:00"), now=at("09:00") - timedelta(days=3), rules=Rules(0, 2)) == ["horizon"]


def test_reasons_say_which_interval_stands_in_the_way() -> None:
    hours = Schedule("UTC", every(("09:00", "12:00")))
    half_past = Service(60, 30, 0, 0)
    (outside,) = explain(at=at("11:30"), **query(hours, service=half_past))
    assert (outside.code, outside.start, outside.end) == ("outside_hours", at("12:00"), at("12:30"))
    (off_grid,) = explain(at=at("10:10"), **query(hours))
    assert (off_grid.start, off_grid.end) == (at("10:00"), at("11:00"))
    (buffer,) = explain(at=at("11:00"), **query(hours, busy=[Busy(at("10:00"), at("11:00"), 5, 15)]))
    assert (buffer.code, buffer.start, buffer.end) == ("buffer", at("09:55"), at("11:15"))
    (notice,) = explain(at=at("09:00"), **query(hours, now=at("08:30:10"), rules=Rules(60, None)))
    assert (notice.start, notice.end) == (None, at("09:30:10"))
    (horizon,) = explain(at=at("09:00"), **query(hours, now=at("00:00") - timedelta(days=9), rules=Rules(0, 8)))
    assert (horizon.start, horizon.end) == (at("00:00"), None)


def test_a_full_group_is_booked_where_it_is_full() -> None:
    pair = Service(duration_min=60, step_min=60, buffer_before_min=0, buffer_after_min=10, capacity=2)
    hours = Schedule("UTC", every(("09:00", "13:00")))
    busy = [Busy(at("10:00"), at("11:00"), 0, 0), Busy(at("10:30"), at("11:30"), 0, 0)]
    (reason,) = explain(at=at("10:00"), **query(hours, service=pair, busy=busy))
    assert (reason.code, reason.start, reason.end) == ("booked", at("10:30"), at("11:00"))
    assert codes(hours, at("09:00"), service=pair, busy=busy) == []
    early = [Busy(at("10:00"), at("11:00"), 0, 0), Busy(at("10:05"), at("11:30"), 0, 0)]
    assert codes(hours, at("09:00"), service=pair, busy=early) == ["buffer"]


def test_the_dates_of_a_query_are_no_reason() -> None:
    hours = Schedule("UTC", every(("09:00", "12:00")))
    assert explain(at=at("09:00") + timedelta(days=30), **query(hours)) == []
