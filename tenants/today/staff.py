"""The first page of the office: a day, and one press for each session of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import flash, redirect, request, url_for
from flask_admin import expose
from werkzeug.wrappers import Response

from saas import formats
from saas.admin import Home, OfficeForm, current_account
from saas.errors import NotFound
from saas.shell import locale
from saas.tenancy import current_tenant
from saas.web import page_now
from saas.words import _
from saas.words import later as _l
from tenants.availability.walltime import edge, to_datetime
from tenants.bookings.early import early_page
from tenants.bookings.moves import turn
from tenants.bookings.pending import BeingCancelled
from tenants.bookings.queries import client_of, fresh_booking
from tenants.bookings.rules import SAID, NotNow
from tenants.bookings.words import STATUS_WORDS
from tenants.intake.help_numbers import check_is_due
from tenants.intake.read_reviews import month_waits
from tenants.intake.reviewing import ReviewOpen
from tenants.intake.settings import clinic_help, intake_settings
from tenants.payments.queries import Totals, day_totals
from tenants.today import views
from tenants.today.queries import (
    Alert,
    Whose,
    has_sessions,
    news_since,
    next_start,
    open_alerts,
    session_of,
    visits_between,
    whose,
)
from tenants.today.rules import day_asked

_DESK = ("owner", "front_desk")
_ANSWERING = ("owner", "practitioner")
_A_DAY = timedelta(days=1)
Answer = str | Response | tuple[str, int]


class TodayView(Home):
    """Who comes, what is due, what has changed, and the day's money."""

    title = _l("Today")

    def is_visible(self) -> bool:
        return True

    @expose("/")
    def index(self) -> Answer:
        return self._page(day_asked(request.args.get("d", ""), _today()))

    @expose("/turn/", methods=("POST",))
    def turn(self) -> Answer:
        _role, people = _reader()
        booking_id, starts_at = session_of(people, _uuid_of(request.form.get("id")))
        day = starts_at.astimezone(_zone()).date()
        if not OfficeForm(request.form).validate():
            words = _("This page was open for a long time. Nothing is lost: press the button again.")
            return self._page(day, problem=words, status=422)
        verb = SAID.get(request.form.get("verb", ""))
        if verb is None:
            return self._page(day, problem=_("Choose one of the buttons."), status=422)
        try:
            booking = turn(verb, booking_id=booking_id, now=page_now(), reason=request.form.get("reason", ""))
        except ReviewOpen as asked:
            return early_page(self, fresh_booking(booking_id), asked, url_for(".turn"))
        except BeingCancelled:
            words = _("It has been cancelled a moment ago. Undo that first.")
            return self._page(day, problem=words, status=409)
        except NotNow:
            words = _("That isn’t possible any more. This is how the day stands.")
            return self._page(day, problem=words, status=409)
        client = client_of(booking)
        flash(_("%(who)s: %(state)s.", who=client.name if client else "", state=str(STATUS_WORDS[booking.status])))
        return redirect(url_for("manage.index", d=None if day == _today() else day.isoformat()), 303)

    def _page(self, day: date, *, problem: str = "", status: int = 200) -> Answer:
        role, people = _reader()
        if people is not None and not people:
            return self.render("manage/today/nobody.html")
        zone, now, today = _zone(), page_now(), _today()
        lo, hi = _midnight(day), _midnight(day + _A_DAY)
        visits = visits_between(people, lo, hi, now=now)
        sessions = [visit for visit in visits if visit.status != "held"]
        changes, more = news_since(people, _midnight(today - _A_DAY)) if day == today else ([], False)
        following = next_start(people, hi) if not sessions else None
        money = _money(lo, hi) if role in _DESK else None
        page = self.render(
            "manage/today/today.html",
            day=day,
            heading=views.day_words(day, today),
            is_today=day == today,
            counts=views.count_words(visits, role=role),
            problem=problem,
            check_numbers=role == "owner" and day == today and _numbers_are_old(today),
            looks_month=month_waits(now=now) if role == "owner" and day == today else None,
            alerts=_alerts(people, zone) if role in _ANSWERING else [],
            lines=[views.line_of(visit, zone=zone, now=now, role=role) for visit in sessions],
            holds=[views.held_words(visit, zone=zone) for visit in visits if visit.status == "held"],
            changes=[views.change_of(one, zone=zone, role=role) for one in changes],
            more=more,
            money=money,
            to_take=views.still_to_take(sessions, current_tenant().currency),
            links=_links(day, today),
            following=_following(following, zone),
            is_new=not sessions and following is None and not has_sessions(people),
            role=role,
        )
        return page if status == 200 else (page, status)


def _numbers_are_old(today: date) -> bool:
    """Whether the owner should go through the help numbers again: only where intakes are in use."""
    chosen = intake_settings()
    return chosen.has_contacts and check_is_due(clinic_help(chosen), today=today)


def _alerts(people: Whose, zone: ZoneInfo) -> list[Alert]:
    return [replace(one, raised_at=one.raised_at.astimezone(zone)) for one in open_alerts(people)]


def _money(lo: datetime, hi: datetime) -> Totals:
    return day_totals(since=lo, until=hi)


def _links(day: date, today: date) -> dict[str, str]:
    return {
        "before": url_for("manage.index", d=(day - _A_DAY).isoformat()),
        "now": url_for("manage.index"),
        "after": url_for("manage.index", d=(day + _A_DAY).isoformat()),
        "add": url_for("week_add.index", d=max(day, today).isoformat()),
    }


def _following(start: datetime | None, zone: ZoneInfo) -> dict[str, Any] | None:
    if start is None:
        return None
    day = start.astimezone(zone).date()
    return {"day": formats.long_date(day, locale()), "href": url_for("manage.index", d=day.isoformat())}


def _reader() -> tuple[str, Whose]:
    """The reader's role, and whose day they may see."""
    account = current_account()
    if account is None:
        raise NotFound
    return account.role, whose(role=account.role, account_id=account.id)


def _zone() -> ZoneInfo:
    return ZoneInfo(current_tenant().zone)


def _today() -> date:
    return page_now().astimezone(_zone()).date()


def _midnight(day: date) -> datetime:
    return to_datetime(edge(current_tenant().zone, day.toordinal(), 0))


def _uuid_of(text: str | None) -> UUID | None:
    try:
        return UUID((text or "").strip())
    except ValueError:
        return None
