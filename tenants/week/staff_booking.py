"""One booking from the calendar: arrive, complete, no-show in one press; move and cancel with three minutes to undo."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask_admin import expose

from saas import audit, formats
from saas.admin import OfficeView, current_account
from saas.money import Money
from saas.shell import locale, region
from saas.stale import ChangedMeanwhile, mark_of
from saas.web import page_now
from saas.words import _
from saas.words import later as _l
from tenants.bookings.changes import JustMoved, cancel_by_staff, marked, move_by_staff
from tenants.bookings.desk import TimeRefused, openings_on
from tenants.bookings.early import IntakeLine, early_page, intake_line
from tenants.bookings.letters import mail_address
from tenants.bookings.models import Booking
from tenants.bookings.moves import late_fee, turn
from tenants.bookings.pending import BeingCancelled, open_change
from tenants.bookings.queries import client_of, fresh_booking, practitioner_of, service_of
from tenants.bookings.reasons import sentences
from tenants.bookings.rules import CANCEL_REASONS, SAID, NotNow, sayable
from tenants.bookings.views import value_of
from tenants.bookings.words import STATUS_WORDS
from tenants.clients.rules import reach_for
from tenants.intake.reviewing import ReviewOpen
from tenants.payments.queries import BookingMoney, money_of
from tenants.payments.rules import settlement
from tenants.week.forms import CancelForm, DeskForm, WhenForm, day_of, uuid_of
from tenants.week.queries import Calendar, booking_in
from tenants.week.staff import Answer, back_to, may_see, render_with, stale_words, week_at, zone
from tenants.week.views import short_name, when_words

REASON_WORDS = {
    "client": _l("The client asked for it"),
    "clinic": _l("The clinic can’t give the session"),
    "mistake": _l("It was booked by mistake"),
    "other": _l("Something else"),
}


@dataclass(frozen=True)
class Option:
    """A free time that can be chosen: `value` names with whom and when."""

    value: str
    starts_local: datetime
    who: str
    checked: bool


@dataclass(frozen=True)
class Shown:
    """A booking as these pages show it."""

    id: UUID
    client: str
    known_as: str
    email: str
    phone: str
    reach: str
    mailed: bool
    service: str
    who: str
    start: datetime
    end: datetime
    when: str
    status: str
    status_words: str
    note: str
    money: BookingMoney
    price: Money
    seen: str
    verbs: tuple[str, ...]
    may_move: bool
    undo_id: UUID | None
    undo_until: str
    intake: IntakeLine | None


def options_on(
    service_id: UUID, day: date, people: list[Calendar], *, chosen: str, who: UUID | None, moving: UUID | None
) -> list[Option]:
    """The free times of one day as choices."""
    wanted = [one.id for one in people if who in (None, one.id)]
    found = openings_on(service_id, day, practitioners=wanted, moving=moving, now=page_now())
    named = len(wanted) > 1
    return [
        Option(
            value=f"{one.practitioner_id}|{value_of(one.starts_at)}",
            starts_local=one.starts_at.astimezone(zone()),
            who=one.practitioner_name if named else "",
            checked=chosen == f"{one.practitioner_id}|{value_of(one.starts_at)}",
        )
        for one in found
    ]


def shown(booking: Booking) -> Shown:
    """What its pages need to know, read at this moment."""
    client, now = client_of(booking), page_now()
    change = open_change(booking.id)
    waiting = change is not None and change.until > now
    going = change is not None and change.kind == "cancel"
    start, end = booking.starts_at.astimezone(zone()), booking.ends_at.astimezone(zone())
    standing = booking.status == "confirmed" and not going
    verbs = sayable(booking.status, starts_at=booking.starts_at, zone=booking.zone, now=now)
    return Shown(
        id=booking.id,
        client=client.name if client else "",
        known_as=client.known_as if client else "",
        email=client.email if client else "",
        phone=formats.phone(client.phone, region()) if client and client.phone else "",
        reach=reach_for(client.reach, booking.typed.get("reach")) if client else "",
        mailed=bool(mail_address(booking, client)),
        service=service_of(booking).name,
        who=practitioner_of(booking).name,
        start=start,
        end=end,
        when=when_words(booking.starts_at, zone()),
        status=booking.status,
        status_words=str(STATUS_WORDS[booking.status]),
        note=booking.note,
        money=money_of(booking.id),
        price=booking.price,
        seen=mark_of(*marked(booking)),
        verbs=verbs if booking.client_id and not going else (),
        may_move=standing,
        undo_id=change.id if change is not None and waiting else None,
        undo_until=formats.clock(change.until.astimezone(zone()), locale()) if change is not None and waiting else "",
        intake=intake_line(booking.id),
    )


class BookingDesk(OfficeView):
    """One booking, and what can be done with it."""

    def __init__(self) -> None:
        super().__init__(name=_l("Booking"), endpoint="week_booking", url="week/booking")

    def is_visible(self) -> bool:
        return False

    @expose("/")
    def index(self) -> Answer:
        people, booking = _asked()
        audit.note_read("booking", target_id=booking.id, now=page_now())
        return self._page(people, fresh_booking(booking.id))

    def _page(self, people: list[Calendar], booking: Booking, problem: str = "", status: int = 200) -> Answer:
        week = week_at(booking.starts_at, booking.practitioner_id, people)
        account = current_account()
        return render_with(
            self, "manage/week/booking.html", status, booking=shown(booking), problem=problem, week=week,
            may_ask=account is not None and account.role in ("owner", "front_desk"),
        )  # fmt: skip

    @expose("/turn/", methods=("POST",))
    def turn(self) -> Answer:
        people, booking = _asked()
        if not DeskForm(request.form).validate():
            return self._page(people, booking, stale_words(), 422)
        verb = SAID.get(request.form.get("verb", ""))
        if verb is None:
            return self._page(people, booking, _("Choose one of the buttons."), 422)
        try:
            turn(verb, booking_id=booking.id, now=page_now(), reason=request.form.get("reason", ""))
        except ReviewOpen as asked:
            return early_page(self, booking, asked, url_for(".turn"))
        except NotNow:
            return self._page(people, fresh_booking(booking.id), _("That isn’t possible any more."), 409)
        booking = fresh_booking(booking.id)
        said = {"who": _name(booking), "state": str(STATUS_WORDS[booking.status])}
        flash(_("%(who)s: %(state)s.", **said))
        return redirect(back_to(week_at(booking.starts_at, booking.practitioner_id, people)), 303)

    @expose("/move/")
    def move(self) -> Answer:
        people, booking = _asked()
        form = WhenForm()
        form.day.data = booking.starts_at.astimezone(zone()).date().isoformat()
        form.practitioner.data = str(booking.practitioner_id)
        form.seen.data = mark_of(*marked(booking))
        return self._move_page(people, booking, form)

    @expose("/move/", methods=("POST",))
    def move_now(self) -> Answer:
        people, booking = _asked()
        form = WhenForm(request.form)
        if not form.validate():
            return self._move_page(people, booking, form, status=422, problem=stale_words())
        if form.do.data == "times":
            return self._move_page(people, booking, form)
        when = form.when([one.id for one in people])
        if when is None:
            return self._move_page(people, booking, form, status=422)
        try:
            change = move_by_staff(
                booking_id=booking.id, starts_at=when.starts_at, practitioner_id=when.practitioner_id,
                seen=form.seen.data or None, now=page_now(),
            )  # fmt: skip
        except TimeRefused as refused:
            said = sentences(refused.whys, zone=zone().key, locale=locale())
            return self._move_page(people, booking, form, status=422, refused=(when.starts_at, said))
        except ChangedMeanwhile:
            return self._overtaken(people, booking, form)
        except NotNow as error:
            return self._page(people, fresh_booking(booking.id), _not_now(error), 409)
        booking = fresh_booking(booking.id)
        if change is None:
            flash(_("It is there already: nothing has changed."))
        return redirect(week_at(booking.starts_at, booking.practitioner_id, people), 303)

    def _overtaken(self, people: list[Calendar], booking: Booking, form: WhenForm) -> Answer:
        """What stands now beside what was typed; pressing again moves it from there."""
        booking = fresh_booking(booking.id)
        form.seen.data = mark_of(*marked(booking))
        return self._move_page(people, booking, form, status=409, overtaken=True)

    def _move_page(
        self,
        people: list[Calendar],
        booking: Booking,
        form: WhenForm,
        *,
        status: int = 200,
        problem: str = "",
        refused: tuple[datetime, list[str]] | None = None,
        overtaken: bool = False,
    ) -> Answer:
        day = day_of(form.day.data) or booking.starts_at.astimezone(zone()).date()
        active = [one for one in people if one.active or one.id == booking.practitioner_id]
        times = options_on(
            booking.service_id, day, active, chosen=form.start.data or "", who=uuid_of(form.practitioner.data),
            moving=booking.id,
        )  # fmt: skip
        return render_with(
            self, "manage/week/move.html", status, desk=form, booking=shown(booking), people=active, day=day,
            times=times, problem=problem, refused_at=refused[0].astimezone(zone()) if refused else None,
            reasons=refused[1] if refused else [], overtaken=overtaken,
            day_after=(day + timedelta(days=1)).isoformat(),
            week=week_at(booking.starts_at, booking.practitioner_id, people),
        )  # fmt: skip

    @expose("/cancel/")
    def cancel(self) -> Answer:
        people, booking = _asked()
        form = CancelForm()
        form.seen.data = mark_of(*marked(booking))
        return self._cancel_page(people, booking, form)

    @expose("/cancel/", methods=("POST",))
    def cancel_now(self) -> Answer:
        people, booking = _asked()
        form = CancelForm(request.form)
        if not form.validate():
            return self._cancel_page(people, booking, form, status=422, problem=stale_words())
        reason = next((one for one in CANCEL_REASONS if one == form.reason.data), None)
        if reason is None:
            form.error("reason", _("Choose why it is cancelled"))
            return self._cancel_page(people, booking, form, status=422)
        try:
            cancel_by_staff(
                booking_id=booking.id, reason=reason, keep_fee=form.money.data == "keep",
                seen=form.seen.data or None, now=page_now(),
            )  # fmt: skip
        except ChangedMeanwhile:
            booking = fresh_booking(booking.id)
            form.seen.data = mark_of(*marked(booking))
            return self._cancel_page(people, booking, form, status=409, overtaken=True)
        except NotNow as error:
            return self._page(people, fresh_booking(booking.id), _not_now(error), 409)
        return redirect(week_at(booking.starts_at, booking.practitioner_id, people), 303)

    def _cancel_page(
        self,
        people: list[Calendar],
        booking: Booking,
        form: CancelForm,
        *,
        status: int = 200,
        problem: str = "",
        overtaken: bool = False,
    ) -> Answer:
        known = shown(booking)
        fee = late_fee(booking, now=page_now())
        kept = settlement(price=booking.price, paid=known.money.refundable, percent=fee).kept
        return render_with(
            self, "manage/week/cancel.html", status, desk=form, booking=known, kept=kept or None, problem=problem,
            reasons=REASON_WORDS, overtaken=overtaken,
            week=week_at(booking.starts_at, booking.practitioner_id, people),
        )  # fmt: skip


def _asked() -> tuple[list[Calendar], Booking]:
    """Whose calendars may be seen, and the booking in one of them that the address names."""
    people = may_see()
    wanted = uuid_of(request.form.get("id") or request.args.get("id"))
    return people, booking_in([one.id for one in people], wanted)


def _name(booking: Booking) -> str:
    client = client_of(booking)
    return short_name(client.name if client else "")


def _not_now(error: NotNow) -> str:
    if isinstance(error, BeingCancelled):
        return _("It has been cancelled a moment ago. Undo that first.")
    if isinstance(error, JustMoved):
        return _("It was moved a moment ago, and the client doesn’t know yet. Undo the move first, or wait a moment.")
    return _("That isn’t possible any more. This is how the booking stands.")
