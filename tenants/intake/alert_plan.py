"""Who is told of an alert at which step, and when the next step is due. Pure: settings and times in, a plan out.

Step 0 is the first contact, at once, whatever the hour. Step 1 is the second; from step 2 on everybody, again and again
until somebody acknowledges. Outside the hours the on-call contact is told with whoever is; without one the next step
waits until somebody answers again, and the client was told that nobody reads along.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tenants.intake.settings import CONTACTS, IntakeSettings, Who


@dataclass(frozen=True)
class Step:
    """Who is told now, in order; and when the next step is due, in UTC."""

    told: tuple[Who, ...]
    next_at: datetime


def step_at(number: int, settings: IntakeSettings, *, now: datetime, zone: str) -> Step:
    """The step of this number, taken at `now`. With no second contact the first is told again."""
    outside = not settings.is_open(now, zone)
    wanted: tuple[Who, ...] = (("first",), ("second",))[number] if number < 2 else ("first", "second")
    if number == 1 and not settings.second.email:
        wanted = ("first",)
    if outside:
        wanted = (*wanted, "on_call")
    told = tuple(who for who in CONTACTS if who in wanted and settings.contact(who).email)
    return Step(told, _next(settings, now=now, zone=zone))


def _next(settings: IntakeSettings, *, now: datetime, zone: str) -> datetime:
    at = now + timedelta(minutes=settings.escalate_minutes)
    if settings.on_call.email:
        return at
    return settings.next_opening(at, zone) or at
