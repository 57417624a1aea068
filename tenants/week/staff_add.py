"""Adding to the calendar: a booking for a client who rings or stands there, and time that nobody can book."""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask_admin import expose

from saas.admin import OfficeView, current_account
from saas.errors import Invalid, NotFound
from saas.shell import locale
from saas.web import page_now
from saas.words import _, ngettext
from saas.words import later as _l
from tenants.availability.actions import block_time, remove_time_off
from tenants.bookings.at_desk import DeskWish, book_at_desk
from tenants.bookings.desk import Asked, TimeRefused
from tenants.bookings.queries import fresh_booking
from tenants.bookings.reasons import sentences
from tenants.clients.queries import client_by_id
from tenants.week import rules
from tenants.week.forms import AddForm, BlockForm, DeskForm, When, day_of, uuid_of
from tenants.week.queries import (
    Away,
    Calendar,
    Known,
    booked_meanwhile,
    find_clients,
    has_been_with,
    services_offered,
    time_off_in,
)
from tenants.week.staff import Answer, knows_labels, may_see, render_with, stale_words, today, week_at, zone
from tenants.week.staff_booking import options_on
from tenants.week.views import when_words


class AddDesk(OfficeView):
    """A booking for a client: find or make, a time, and done."""

    def __init__(self) -> None:
        super().__init__(name=_l("Add a booking"), endpoint="week_add", url="week/add")

    def is_visible(self) -> bool:
        return False

    @expose("/")
    def index(self) -> Answer:
        people, services = _offered()
        if not services:
            return self.render("manage/week/nothing.html", week=url_for("week.index"))
        form = AddForm()
        self._begin(form, people, services)
        return self._page(people, services, form)

    @expose("/", methods=("POST",))
    def book(self) -> Answer:
        people, services = _offered()
        if not services:
            return self.render("manage/week/nothing.html", week=url_for("week.index"))
        form = AddForm(request.form)
        if not form.validate():
            return self._page(people, services, form, status=422, problem=stale_words())
        if form.do.data == "times" or form.looks():
            return self._page(people, services, form)
        return self._book(people, services, form)

    def _begin(self, form: AddForm, people: list[Calendar], services: list[tuple[UUID, str]]) -> None:
        form.click.data = secrets.token_urlsafe(12)
        form.service.data = str(services[0][0])
        slug = request.args.get("p", "")
        who = next((one for one in people if one.slug == slug), people[0] if len(people) == 1 else None)
        form.practitioner.data = str(who.id) if who else ""
        form.day.data = max(rules.day_asked(request.args.get("d", ""), today()), today()).isoformat()
        minute = rules.minute_asked(request.args.get("t", ""))
        form.time.data = "" if minute is None else f"{minute // 60:02}:{minute % 60:02}"
        client = uuid_of(request.args.get("client"))
        form.client_id.data = str(client) if client else ""

    def _book(self, people: list[Calendar], services: list[tuple[UUID, str]], form: AddForm) -> Answer:
        service = next((one for one, _name in services if one == uuid_of(form.service.data)), None)
        if service is None:
            form.error("service", _("Choose a session"))
        known = self._known(form, people)
        details = None if known else form.details()
        note = form.short_note()
        when = form.when([one.id for one in people])
        if form.errors or service is None or when is None or note is None:
            return self._page(people, services, form, status=422)
        wish = DeskWish(
            asked=Asked(service, when.practitioner_id or _only(people), when.starts_at),
            client_id=known.id if known else None,
            details=details,
            note=note,
            click=(form.click.data or secrets.token_urlsafe(12))[:60],
        )
        try:
            booking_id = book_at_desk(wish=wish, now=page_now())
        except TimeRefused as refused:
            said = sentences(refused.whys, zone=zone().key, locale=locale())
            return self._page(people, services, form, status=422, refused=(when, said))
        except Invalid as error:
            form.put_errors(error.fields)
            return self._page(people, services, form, status=422)
        except NotFound:
            form.error("service", _("This session isn’t offered any more. Choose another."))
            return self._page(people, services, form, status=422)
        booking = fresh_booking(booking_id)
        flash(_("Booked for %(when)s.", when=when_words(booking.starts_at, zone())))
        return redirect(week_at(booking.starts_at, booking.practitioner_id, people), 303)

    def _known(self, form: AddForm, people: list[Calendar]) -> Known | None:
        """The client who was chosen among those found; nobody when it is somebody new."""
        wanted = uuid_of(form.client_id.data)
        if wanted is None:
            return None
        try:
            row = client_by_id(wanted)
        except NotFound:
            form.error("q", _("Choose one of the clients found, or enter a new one"))
            return None
        own = seen_by(people)
        if own is not None and not has_been_with(row.id, own):
            form.error("q", _("Choose one of the clients found, or enter a new one"))
            return None
        return Known(row.id, row.name, row.known_as, row.phone)

    def _page(
        self,
        people: list[Calendar],
        services: list[tuple[UUID, str]],
        form: AddForm,
        *,
        status: int = 200,
        problem: str = "",
        refused: tuple[When, list[str]] | None = None,
    ) -> Answer:
        day = day_of(form.day.data) or today()
        service = next((one for one, _name in services if one == uuid_of(form.service.data)), services[0][0])
        looked = (form.q.data or "").strip()[:200]
        known = None if form.q.errors else self._known(form, people)
        times = options_on(
            service, day, people, chosen=form.start.data or "", who=uuid_of(form.practitioner.data), moving=None
        )
        return render_with(
            self, "manage/week/add.html", status, desk=form, people=people, services=services, times=times, day=day,
            looked=looked, found=find_clients(looked, seen_by=seen_by(people)) if looked else [], known=known,
            problem=problem, refused_at=refused[0].starts_at.astimezone(zone()) if refused else None,
            reasons=refused[1] if refused else [], week=url_for("week.index", d=day.isoformat()),
        )  # fmt: skip


def _offered() -> tuple[list[Calendar], list[tuple[UUID, str]]]:
    """Who takes bookings among those whose calendars may be seen, and the sessions they offer."""
    people = [one for one in may_see() if one.active]
    return people, services_offered([one.id for one in people])


def seen_by(people: list[Calendar]) -> list[UUID] | None:
    """Whose clients somebody may look for: a practitioner's own, everybody's for the rest."""
    account = current_account()
    return [one.id for one in people] if account is not None and account.role == "practitioner" else None


def _only(people: list[Calendar]) -> UUID | None:
    return people[0].id if len(people) == 1 else None


class BlockDesk(OfficeView):
    """Time that nobody can book: part of a day of one practitioner."""

    def __init__(self) -> None:
        super().__init__(name=_l("Block time"), endpoint="week_block", url="week/block")

    def is_visible(self) -> bool:
        return False

    @expose("/")
    def index(self) -> Answer:
        people = [one for one in may_see() if one.active]
        form = BlockForm()
        slug = request.args.get("p", "")
        who = next((one for one in people if one.slug == slug), people[0] if people else None)
        form.practitioner.data = str(who.id) if who else ""
        form.day.data = max(rules.day_asked(request.args.get("d", ""), today()), today()).isoformat()
        return self._page(people, form)

    @expose("/", methods=("POST",))
    def block(self) -> Answer:
        people = [one for one in may_see() if one.active]
        form = BlockForm(request.form)
        if not form.validate():
            return self._page(people, form, 422, stale_words())
        span = form.span([one.id for one in people])
        if span is None:
            return self._page(people, form, 422)
        who_id, begins, ends = span
        try:
            label = (form.label.data or "") if knows_labels() else ""
            block_time(practitioner_id=who_id, starts_at=begins, ends_at=ends, label=label, now=page_now())
        except Invalid as error:
            form.put_errors(error.fields if "label" in error.fields else {"ends": error.message})
            return self._page(people, form, 422)
        flash(_blocked_words(who_id, begins, ends))
        return redirect(week_at(begins, who_id, people), 303)

    def _page(self, people: list[Calendar], form: BlockForm, status: int = 200, problem: str = "") -> Answer:
        return render_with(
            self,
            "manage/week/block.html",
            status,
            desk=form,
            people=people,
            problem=problem,
            labels=knows_labels(),
            week=url_for("week.index"),
        )

    @expose("/remove/")
    def remove(self) -> Answer:
        return self._ask(*_asked())

    @expose("/remove/", methods=("POST",))
    def remove_now(self) -> Answer:
        people, away = _asked()
        if not DeskForm(request.form).validate():
            return self._ask(people, away, 422)
        remove_time_off(time_off_id=away.id, now=page_now())
        flash(_("This time can be booked again, as far as the hours allow."))
        return redirect(week_at(away.starts_at, away.practitioner_id, people), 303)

    def _ask(self, people: list[Calendar], away: Away, status: int = 200) -> Answer:
        who = next(one.name for one in people if one.id == away.practitioner_id)
        return render_with(
            self, "manage/week/unblock.html", status, away_id=away.id, who=who,
            label=away.label if knows_labels() else "",
            begins=when_words(away.starts_at, zone()), ends=when_words(away.ends_at, zone()),
            week=week_at(away.starts_at, away.practitioner_id, people), problem="" if status == 200 else stale_words(),
        )  # fmt: skip


def _asked() -> tuple[list[Calendar], Away]:
    """Whose calendars may be seen, and the time off in one of them that the address names."""
    people = may_see()
    wanted = uuid_of(request.form.get("id") or request.args.get("id"))
    return people, time_off_in([one.id for one in people], wanted)


def _blocked_words(who: UUID, begins: datetime, ends: datetime) -> str:
    stay = booked_meanwhile(who, begins, ends)
    if not stay:
        return _("This time is blocked: nobody can book it.")
    return ngettext(
        "This time is blocked. %(num)d session inside it stays: move or cancel it.",
        "This time is blocked. %(num)d sessions inside it stay: move or cancel them.",
        stay,
    )
