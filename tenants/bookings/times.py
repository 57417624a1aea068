"""The page on which a time is chosen: for a new booking, for another time of a hold, and for moving a booking."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Sized
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import render_template, request

from saas import formats
from saas.money import Money
from saas.web import page_now
from saas.words import _
from saas.zones import is_zone, local_date
from tenants.bookings import openings
from tenants.bookings.models import Booking
from tenants.bookings.openings import MAX_DAYS, Offer, Person, ServiceOffer
from tenants.bookings.views import WEEKS, Day, by_part_of_day, place_of, slot_at
from tenants.clinic.face import page_clinic
from tenants.clinic.queries import ClinicView

_FIVE_WEEKS = timedelta(weeks=WEEKS)


@dataclass(frozen=True)
class Choice:
    """With whom: one of several."""

    slug: str
    name: str
    href: str
    current: bool


@dataclass(frozen=True)
class ServiceView:
    """The service above the times."""

    slug: str
    name: str
    duration_minutes: int
    price: Money
    text: str = ""
    payment_note: str = ""
    person: str = ""


@dataclass(frozen=True)
class Asked:
    """The page's query, with nonsense left out. `first`: the Monday the five weeks begin on."""

    zone: ZoneInfo
    tz: str
    usual_tz: str
    today: date
    first: date
    day: date | None
    person: str | None


@dataclass(frozen=True)
class Ways:
    """Where the times stand (an address without a query), where the one that is chosen goes, and by which token."""

    times: str
    choose: str
    form_token: str


def asked(clinic: ClinicView, people: Sequence[tuple[Any, str, str]], booking: Booking | None = None) -> Asked:
    """Read the query; what is unknown or impossible is ignored. Without a zone: the one this `booking` was made in."""
    usual = booking.client_zone if booking is not None and is_zone(booking.client_zone) else clinic.tz
    tz = request.args.get("tz", "")
    tz = tz if is_zone(tz) else usual
    zone = ZoneInfo(tz)
    today = page_now().astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    day = _date(request.args.get("d"), today)
    begin = _date(request.args.get("w"), today)
    base = begin or day or today
    first = monday + _FIVE_WEEKS * max(0, (base - monday).days // (7 * WEEKS))
    person = request.args.get("p")
    return Asked(
        zone, tz, usual, today, first, day, person if any(person == slug for _id, slug, _name in people) else None
    )


def _date(text: str | None, today: date) -> date | None:
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if today - timedelta(days=31) <= found <= today + timedelta(days=3660) else None


def times_page(
    *,
    service: ServiceOffer,
    ways: Ways,
    template: str = "public/bookings/times.html",
    booking_row: Booking | None = None,
    error: str | None = None,
    **more: Any,
) -> str:
    """Render the page; `error` stands above."""
    clinic = page_clinic()
    now = page_now()
    people = service.people
    query = asked(clinic, people, booking_row)
    offer, found = _starts(service, query, now, booking_row)
    end = query.first + _FIVE_WEEKS
    per_day = {day: starts for day, starts in found.items() if query.first <= day < end}
    day = query.day or next(iter(per_day), None)
    soonest = [next(iter(starts)) for starts in islice(found.values(), 3)]
    address = Address(ways.times, query)
    length = service.engine.duration_min
    return render_template(
        template,
        service=service_view(service),
        practitioner_choice=_choices(people, query, address),
        soonest=[slot_at(start, length, query.tz) for start in soonest],
        weeks=_weeks(query, per_day, day, address),
        range_start=query.first,
        range_end=end - timedelta(days=1),
        prev_href=address(w=query.first - _FIVE_WEEKS) if query.first > query.today else None,
        next_href=address(w=end) if _goes_on(offer, end, query.today) else None,
        day=day,
        groups=by_part_of_day([slot_at(start, length, query.tz) for start in per_day.get(day, ())] if day else []),
        tz_name=query.tz,
        tz_label=zone_label(clinic, query),
        tz_is_clinic=query.tz == clinic.tz,
        tz_reset_href=address(tz=clinic.tz if query.usual_tz != clinic.tz else None, d=day),
        form_token=ways.form_token,
        error=error,
        none_open=not per_day,
        action=ways.choose,
        horizon_text=horizon_text(clinic, service),
        **more,
    )


def zone_label(clinic: ClinicView, query: Asked) -> str:
    """What the clock of the page is called."""
    return _("%(place)s time", place=place_of(clinic) if query.tz == clinic.tz else formats.place(query.tz))


def service_view(service: ServiceOffer) -> ServiceView:
    """What stands above the times."""
    alone = service.people[0][2] if len(service.people) == 1 else ""
    return ServiceView(
        service.slug, service.name, service.engine.duration_min, service.price, service.text, person=alone
    )


_Starts = dict[date, dict[int, Person]]


def _starts(service: ServiceOffer, query: Asked, now: datetime, booking: Booking | None) -> tuple[Offer, _Starts]:
    """What can be booked, by local date: each start once, with the first who is free. A page shows hundreds of starts
    as numbers and a dozen as times, so only those are made into openings."""
    # One read serves the weeks that are shown and the soonest times, unless those weeks are far away.
    end = query.first + _FIVE_WEEKS
    first = query.today if (end - query.today).days <= MAX_DAYS else query.first
    offer = openings.load(
        service, date_from=first, date_to=end, now=now, practitioner=query.person,
        except_booking=booking.id if booking else None, for_client=booking.client_id if booking else None,
    )  # fmt: skip
    found: _Starts = {}
    for epoch, person in openings.list_starts(offer, date_from=first, date_to=end, now=now, tz=query.tz):
        found.setdefault(local_date(epoch, query.tz), {}).setdefault(epoch, person)
    return offer, found


@dataclass(frozen=True)
class Address:
    """Addresses of the page at `href`, with what was asked for kept."""

    href: str
    query: Asked

    def each(self) -> Callable[[date], str]:
        """The address of any day: made once and only completed for each, which is a tenth of the work. On the page
        itself it is a question alone (`?d=…`), the same at every clinic."""
        path, _, said = self().partition("?")
        base = "" if path == request.script_root + request.path else path
        join = f"?{said}&" if said else "?"
        return lambda day: f"{base}{join}d={day.isoformat()}"

    def __call__(self, **changed: object) -> str:
        kept: dict[str, object] = {
            "p": self.query.person,
            "tz": self.query.tz if self.query.tz != self.query.usual_tz else None,
        }
        kept.update(changed)
        said = urlencode({name: value for name, value in kept.items() if value is not None}, safe="/:")
        join = "&" if "?" in self.href else "?"  # the address may carry a language already
        return f"{self.href}{join}{said}" if said else self.href


def _choices(people: Sequence[tuple[Any, str, str]], query: Asked, address: Address) -> list[Choice]:
    if len(people) < 2:
        return []
    anyone = Choice("", _("Anyone"), address(p=None, d=query.day), query.person is None)
    return [
        anyone,
        *(Choice(slug, name, address(p=slug, d=query.day), query.person == slug) for _id, slug, name in people),
    ]


def _weeks(query: Asked, per_day: Mapping[date, Sized], chosen: date | None, address: Address) -> list[list[Day]]:
    address_of = address.each()

    def cell(day: date) -> Day:
        count = len(per_day.get(day, ()))
        return Day(day, count, address_of(day) if count else None, day == query.today, day == chosen, day.day == 1)

    days = [query.first + timedelta(days=n) for n in range(7 * WEEKS)]
    return [[cell(day) for day in days[start : start + 7]] for start in range(0, len(days), 7)]


def _goes_on(offer: Offer, end: date, today: date) -> bool:
    horizon = offer.service.rules.horizon_days
    return (end - today).days <= (horizon if horizon is not None else 3650)


def horizon_text(clinic: ClinicView, service: ServiceOffer) -> str:
    """Why there may be nothing free: the clinic takes no bookings, or how far ahead it opens its times."""
    horizon = service.rules.horizon_days
    if not clinic.accepting:
        return _("%(name)s isn’t taking bookings online just now.", name=clinic.first_name or clinic.name)
    if horizon is None:
        return ""
    weeks = max(1, round(horizon / 7))
    return _(
        "%(name)s opens new times about %(weeks)d weeks ahead.", name=clinic.first_name or clinic.name, weeks=weeks
    )


def kept_query() -> dict[str, str]:
    """What was chosen on this page besides a time: with whom, which zone, which day."""
    return {name: request.args[name] for name in ("p", "tz", "d") if name in request.args}
