"""The calendar's own page: a week of one practitioner, or a day of several side by side; and taking a change back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app, flash, redirect, request, url_for
from flask_admin import expose
from werkzeug.wrappers import Response

from saas import formats
from saas.admin import OfficeView, current_account
from saas.shell import locale
from saas.tenancy import current_tenant
from saas.web import page_now
from saas.words import _
from saas.words import later as _l
from tenants.availability.walltime import edge, to_datetime
from tenants.bookings.changes import TooLate, undo
from tenants.bookings.places import SlotTaken
from tenants.bookings.queries import fresh_booking
from tenants.week import rules, views
from tenants.week.forms import DeskForm, uuid_of
from tenants.week.queries import Calendar, calendars, change_in, read_calendar

_MOST_COLUMNS = 12
Answer = str | Response | tuple[str, int]


def may_see() -> list[Calendar]:
    """Whose calendars the account may see and change."""
    account = current_account()
    return calendars(role=account.role, account_id=account.id, now=page_now()) if account else []


def zone() -> ZoneInfo:
    """The clinic's clock."""
    return ZoneInfo(current_tenant().zone)


def today() -> date:
    """The date on the clinic's clock."""
    return page_now().astimezone(zone()).date()


def midnight(day: date) -> datetime:
    """The instant at which that day begins there."""
    return to_datetime(edge(current_tenant().zone, day.toordinal(), 0))


def week_at(moment: datetime, who: UUID | None, people: Sequence[Calendar]) -> str:
    """The address of the calendar that shows this moment of this practitioner."""
    slug = next((one.slug for one in people if one.id == who), None)
    return url_for("week.index", d=moment.astimezone(zone()).date().isoformat(), p=slug)


def knows_labels() -> bool:
    """Whether the reader may know what blocked time is for: whose it is, and the owner. The desk sees that it is."""
    account = current_account()
    return account is not None and account.role in ("owner", "practitioner")


def back_to(fallback: str) -> str:
    """Where the form was sent from, when that is a calendar of this very clinic; else `fallback`."""
    wanted = urlsplit(request.form.get("back", ""))
    own = url_for("week.index")
    return f"{own}?{wanted.query}" if wanted.path == own and not wanted.netloc and wanted.query else fallback


def stale_words() -> str:
    """For a form whose token is too old."""
    return _("This page was open for a long time. Nothing is lost: press the button again.")


@dataclass(frozen=True)
class _Choice:
    slug: str
    name: str
    href: str
    current: bool


class WeekView(OfficeView):
    """What comes, who is free, and what can still be taken back."""

    def __init__(self) -> None:
        super().__init__(name=_l("Week"), endpoint="week", url="week")

    @expose("/")
    def index(self) -> Answer:
        people = may_see()
        if not people:
            account = current_account()
            return self.render("manage/week/nobody.html", own=account is not None and account.role == "practitioner")
        chosen = _chosen(people)
        day = rules.day_asked(request.args.get("d", ""), today())
        is_week = len(chosen) == 1
        first = rules.week_of(day) if is_week else day
        days = [first + timedelta(days=number) for number in range(7 if is_week else 1)]
        now = page_now()
        held = read_calendar(
            [one.id for one in chosen], midnight(days[0]), midnight(days[-1] + timedelta(days=1)), now=now
        )
        grid = views.grid(held, days, chosen, zone=zone(), now=now, labels=knows_labels())
        step = timedelta(days=len(days))
        own: dict[str, Any] = {"p": [one.slug for one in chosen]}
        return self.render(
            "manage/week/week.html",
            grid=grid,
            heading=views.span_words(days[0], days[-1]) if is_week else formats.long_date(day, locale()),
            counts=views.count_words(held, is_week=is_week),
            is_week=is_week,
            chosen=chosen,
            people=people,
            choices=_choices(people, chosen, day),
            links={
                "before": url_for("week.index", d=(first - step).isoformat(), **own),
                "now": url_for("week.index", **own),
                "after": url_for("week.index", d=(first + step).isoformat(), **own),
                "add": url_for("week_add.index", d=_add_day(days), p=chosen[0].slug if is_week else None),
                "block": url_for("week_block.index", d=_add_day(days), p=chosen[0].slug),
                "here": url_for("week.index", d=day.isoformat(), **own),
            },
            day=day,
            notices=views.notices(held.pending, zone=zone()),
            hours_href=hours_href(chosen[0].slug if is_week else None),
            nobody_can_book=not any(held.hours.values()),
            nobody_yet=any(held.hours.values()) and not held.entries and days[-1] >= today(),
        )

    @expose("/undo/", methods=("POST",))
    def undo(self) -> Answer:
        people = may_see()
        form = DeskForm(request.form)
        asked = uuid_of(request.form.get("change"))
        change_id, starts_at, practitioner_id = change_in([one.id for one in people], asked)
        there = week_at(starts_at, practitioner_id, people)
        if not form.validate():
            flash(stale_words())
        else:
            there = _undo(change_id, people) or there
        return redirect(back_to(there), 303)


def _undo(change_id: UUID, people: Sequence[Calendar]) -> str | None:
    try:
        booking_id = undo(change_id=change_id, now=page_now())
    except TooLate:
        flash(_("It was too late to undo this: the change is final."))
        return None
    except SlotTaken:
        flash(_("This can’t be undone: the old time has been taken meanwhile."))
        return None
    booking = fresh_booking(booking_id)  # wherever it is now: its change was in these calendars
    flash(_("Undone. The session is on %(when)s.", when=views.when_words(booking.starts_at, zone())))
    return week_at(booking.starts_at, booking.practitioner_id, people)


def _chosen(people: list[Calendar]) -> list[Calendar]:
    asked = request.args.getlist("p")
    if "all" in asked:
        return [one for one in people if one.active][:_MOST_COLUMNS] or people[:1]
    chosen = [one for one in people if one.slug in asked][:_MOST_COLUMNS]
    if chosen:
        return chosen
    account = current_account()
    own = [one for one in people if account is not None and one.account_id == account.id]
    return own[:1] or people[:1]


def _choices(people: Sequence[Calendar], chosen: Sequence[Calendar], day: date) -> list[_Choice]:
    """One person's week each, and everybody's day; nothing where there is one calendar only."""
    if len(people) < 2:
        return []
    alone = chosen[0].slug if len(chosen) == 1 else None

    def href(slug: str) -> str:
        return url_for("week.index", d=day.isoformat(), p=slug)

    each = [_Choice(one.slug, one.name, href(one.slug), one.slug == alone) for one in people]
    active = [one for one in people if one.active]
    everybody = len(chosen) > 1 and len(chosen) == len(active[:_MOST_COLUMNS])
    return [*each, _Choice("all", _("Everyone, by day"), href("all"), everybody)]


def _add_day(days: Sequence[date]) -> str:
    """The day that a new booking in this calendar would most likely be on."""
    return (today() if today() in days else max(days[0], today())).isoformat()


def hours_href(slug: str | None) -> str | None:
    """Where hours are changed, for those who may and where there is such a page."""
    account = current_account()
    if account is None or account.role == "front_desk" or "hours.index" not in current_app.view_functions:
        return None
    return url_for("hours.index", who=slug)


def render_with(view: OfficeView, template: str, status: int, **values: Any) -> Answer:
    """A page of the calendar with its status; `people` among the values become the choices of a field."""
    values["pairs"] = [(one.id, one.name) for one in values.get("people", ())]
    page = view.render(template, **values)
    return page if status == 200 else (page, status)
