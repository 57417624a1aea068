"""Asking the engine about a plain Monday."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from tenants.availability.slots import DAYS, Rules, Schedule, Service, Week

LONG_AGO = datetime(2009, 1, 1, tzinfo=UTC)
HOUR = Service(duration_min=60, step_min=60, buffer_before_min=0, buffer_after_min=0)
# A plain Monday in UTC, for the rules that have nothing to do with zones.
MONDAY = date(2024, 3, 4)


def every(*windows: tuple[str, str]) -> Week:
    return {day: list(windows) for day in DAYS}


def at(text: str, day: date = MONDAY) -> datetime:
    return datetime.fromisoformat(f"{day}T{text}+00:00")


def query(schedule: Schedule, day: date = MONDAY, days: int = 1, **change: Any) -> dict[str, Any]:
    asked = {
        "service": HOUR,
        "rules": Rules(min_notice_min=0, horizon_days=None),
        "schedule": schedule,
        "blocks": [],
        "busy": [],
        "date_from": day,
        "date_to": day + timedelta(days=days),
        "now": LONG_AGO,
    }
    return asked | change
