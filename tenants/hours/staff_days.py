"""Days off and exceptions: dates that are closed, or open at other hours, for one practitioner or the whole clinic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import flash, redirect, request, url_for
from flask_admin import expose
from werkzeug.wrappers import Response

from saas.admin import OfficeView, current_account
from saas.errors import Forbidden, Invalid, NotFound
from saas.shell import locale
from saas.stale import ChangedMeanwhile, mark_of
from saas.tenancy import current_tenant
from saas.web import page_now
from saas.words import _
from saas.words import later as _l
from tenants.availability import slots
from tenants.availability.actions import (
    add_time_off,
    change_time_off,
    remove_break,
    remove_override,
    remove_time_off,
    set_override,
    set_overrides,
)
from tenants.availability.hours import DAYS
from tenants.availability.models import TimeOff
from tenants.availability.queries import (
    NoSuchHours,
    break_by_id,
    date_values,
    override_windows,
    time_off_by_id,
    time_off_values,
)
from tenants.availability.rules import windows_faults
from tenants.hours import drafts, panels
from tenants.hours.drafts import Ranges
from tenants.hours.forms import Closed, DayForm, OtherHours, Press, day_in, kept_fields, press_of, ranges_in
from tenants.hours.queries import Preview, preview
from tenants.hours.rules import Change, with_day, with_time_off, without_break
from tenants.hours.staff import OWN, Answer, may_see, saved_words, today
from tenants.practitioners.models import Practitioner

EVERYBODY = ""


@dataclass(frozen=True)
class Subject:
    """What is being changed: nothing yet (a new date), an absence, or one person's date."""

    off: TimeOff | None = None
    day: date | None = None
    of: UUID | None = None

    @property
    def is_new(self) -> bool:
        """Whether nothing is kept of it so far."""
        return self.off is None and self.day is None

    def at(self, endpoint: str) -> str:
        """The address of a page about it."""
        if self.off is not None:
            return url_for(endpoint, off=self.off.id)
        return url_for(endpoint, day=self.day.isoformat(), of=self.of) if self.day else url_for(endpoint)

    def mark(self) -> str:
        """The mark of what is kept now."""
        if self.off is not None:
            return mark_of(*time_off_values(self.off))
        return mark_of(override_windows(self.of, self.day) if self.of and self.day else [])


class DaysView(OfficeView):
    """One date, or a run of dates, that differs from the week."""

    roles = ("owner", "practitioner")

    def __init__(self) -> None:
        super().__init__(name=_l("Days off and exceptions"), endpoint="hours_days", url="hours/days")

    def is_visible(self) -> bool:
        """Reached from the hours page."""
        return False

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Answer:
        people = may_see()
        if not people:
            raise NotFound
        subject = _subject(people)
        if request.method == "POST":
            return self._pressed(people, subject)
        form, ranges = _shown(people, subject)
        return self._page(people, subject, form, ranges)

    @expose("/remove/", methods=("GET", "POST"))
    def remove(self) -> Answer:
        """Ask first, then give the time back to the week."""
        people = may_see()
        form = DayForm(request.form if request.method == "POST" else None)
        words, change, whose, undo = _to_remove(people)
        if request.method == "POST":
            if not form.validate():
                return self.render("manage/hours/remove.html", day_form=form, words=words, found=None, late=True), 422
            undo()
            flash(_("Removed. The week holds again."))
            return redirect(url_for("hours.index"), 303)
        found = preview(whose, change, now=page_now())
        return self.render("manage/hours/remove.html", day_form=form, words=words, found=found, late=False)

    def _pressed(self, people: list[Practitioner], subject: Subject) -> Answer:
        form, ranges = DayForm(request.form), ranges_in(request.form, "at")
        press = press_of(request.form.get("do", ""))
        if not form.validate():
            late = _("This page was open for a long time. Nothing is lost: press the button again.")
            return self._page(people, subject, form, ranges, problem=late), 422
        if press.verb not in ("save", "confirm"):
            return self._page(people, subject, form, _edited(ranges, press))
        _settle(form, subject)
        whose = _whose(people, form.who.data or EVERYBODY)
        wanted = form.request(current_tenant().zone, ranges)
        if whose is None:
            form.refuse("who", _("Choose whose hours these are"))
        if wanted is None or whose is None:
            return self._page(people, subject, form, ranges), 422
        faults = windows_faults({"mon": wanted.windows}, show_as="at") if isinstance(wanted, OtherHours) else {}
        if faults:
            return self._page(people, subject, form, ranges, faults=faults), 422
        found = preview({person.id for person in whose}, _change(subject, wanted), now=page_now())
        if press.verb == "save" and not found.harmless:
            return self._preview(subject, found)
        everybody = form.who.data == EVERYBODY
        try:
            _save(subject, wanted, None if everybody else whose[0], whose, seen=form.seen.data or subject.mark())
        except ChangedMeanwhile:
            return self._overtaken(people, form, ranges, wanted, whose), 409
        except Invalid as error:
            return self._refused(people, subject, form, ranges, error), 422
        return self._saved(found)

    def _saved(self, found: Preview) -> Response:
        flash(saved_words(found))
        if not found.unfit:
            return redirect(url_for("hours.index"), 303)
        fates: dict[str, list[str]] = {"move": [], "cancel": []}
        for one in found.unfit:
            fates.get(request.form.get(f"fate-{one.id}", ""), []).append(str(one.id))
        return redirect(url_for("hours.outside", move=fates["move"], cancel=fates["cancel"]), 303)

    def _refused(
        self, people: list[Practitioner], subject: Subject, form: DayForm, ranges: Ranges, error: Invalid
    ) -> str:
        places = {"ends_at": "ends", "day": "day"}
        faults = {key: sentence for key, sentence in error.fields.items() if key not in places}
        for key, sentence in error.fields.items():
            if key in places:
                form.refuse(places[key], sentence)
        return self._page(people, subject, form, ranges, faults=faults)

    def _overtaken(
        self,
        people: list[Practitioner],
        form: DayForm,
        ranges: Ranges,
        wanted: Closed | OtherHours,
        whose: list[Practitioner],
    ) -> str:
        """What stands now beside what was typed; pressing again saves what was typed."""
        subject = _subject(people)
        form.seen.data = subject.mark()
        tag = locale()
        if subject.off is not None:
            stands = panels.absence_words(subject.off.starts_at, subject.off.ends_at, current_tenant().zone, tag)
        elif subject.is_new and isinstance(wanted, OtherHours):
            form.seen.data = mark_of(*date_values([one.id for one in whose], wanted.day))
            stands = _kept_by(whose, wanted.day, tag)
        else:
            known, _kept = _windows(subject)
            stands = panels.windows_words(known, tag)
        return self._page(people, subject, form, ranges, stands=stands)

    def _preview(self, subject: Subject, found: Preview) -> str:
        return self.render(
            "manage/hours/preview.html",
            found=found,
            dropped=[],
            kept=kept_fields(request.form, OWN),
            action=subject.at("hours_days.index"),
            save_words=_("Save this date"),
        )

    def _page(self, people: list[Practitioner], subject: Subject, form: DayForm, ranges: Ranges, **more: Any) -> str:
        account = current_account()
        whole = account is not None and account.role == "owner" and not subject.of
        form.who.choices = ([(EVERYBODY, _("The whole clinic"))] if whole else []) + [
            (person.slug, person.name) for person in people if subject.of in (None, person.id)
        ]
        return self.render(
            "manage/hours/day.html",
            day_form=form,
            subject=subject,
            ranges=ranges,
            faults=more.pop("faults", {}),
            problem=more.pop("problem", ""),
            stands=more.pop("stands", ""),
            action=subject.at("hours_days.index"),
            remove=None if subject.is_new else subject.at("hours_days.remove"),
            today=today(),
        )


def _own(people: list[Practitioner], practitioner_id: UUID | None) -> None:
    """Refuse what is none of the reader's business: a colleague's (it is not there), or the whole clinic's."""
    if practitioner_id is None:
        account = current_account()
        if account is None or account.role != "owner":
            raise Forbidden
    elif practitioner_id not in {person.id for person in people}:
        raise NoSuchHours


def _id(name: str) -> UUID:
    try:
        return UUID(request.args.get(name, ""))
    except ValueError:
        raise NoSuchHours from None


def _subject(people: list[Practitioner]) -> Subject:
    if "off" in request.args:
        away = time_off_by_id(_id("off"))
        _own(people, away.practitioner_id)
        return Subject(off=away)
    if "of" in request.args:
        found = Subject(day=day_in(request.args.get("day")), of=_id("of"))
        _own(people, found.of)
        if found.day is None or not _windows(found)[1]:
            raise NoSuchHours
        return found
    return Subject()


def _windows(subject: Subject) -> tuple[list[tuple[str, str]], bool]:
    """One person's windows on that date, and whether the date is kept at all."""
    if subject.of is None or subject.day is None:
        return [], False
    rows = override_windows(subject.of, subject.day)
    return [(start, end) for start, end in rows if start is not None and end is not None], bool(rows)


def _kept_by(whose: list[Practitioner], day: date, tag: str) -> str:
    """What these people keep of a date, by name where it is asked of several."""
    found = []
    for person in whose:
        known, is_kept = _windows(Subject(day=day, of=person.id))
        words = panels.windows_words(known, tag)
        if is_kept:
            found.append(words if len(whose) == 1 else _("%(first)s: %(hours)s", first=person.name, hours=words))
    return "; ".join(found)


def _shown(people: list[Practitioner], subject: Subject) -> tuple[DayForm, Ranges]:
    names = {person.id: person.slug for person in people}
    seen = subject.mark()
    if subject.off is not None:
        zone = ZoneInfo(current_tenant().zone)
        start, end = (moment.astimezone(zone) for moment in time_off_values(subject.off)[1:])
        whose = names.get(subject.off.practitioner_id, EVERYBODY) if subject.off.practitioner_id else EVERYBODY
        return DayForm(data={"who": whose, "kind": "closed", "seen": seen, **_typed(start, end)}), ()
    if subject.of is not None and subject.day is not None:
        data = {"who": names[subject.of], "kind": "other", "day": subject.day.isoformat(), "seen": seen}
        return DayForm(data=data), drafts.shown(_windows(subject)[0])
    wanted = request.args.get("who", "")
    day = day_in(request.args.get("day"))
    who = wanted if wanted in names.values() else next(iter(names.values()))
    return DayForm(data={"who": who, "kind": "closed", "day": day.isoformat() if day else "", "seen": seen}), ()


def _typed(start: datetime, end: datetime) -> dict[str, str]:
    """An absence as the form shows it: dates alone where it is whole dates."""
    midnight = end.time() == start.time() == datetime.min.time()
    last = date.fromordinal(end.toordinal() - 1) if end.time() == datetime.min.time() else end.date()
    times = {} if midnight else {"begins": f"{start:%H:%M}", "ends": f"{end:%H:%M}"}
    return {"day": start.date().isoformat(), "last": "" if last == start.date() else last.isoformat(), **times}


def _settle(form: DayForm, subject: Subject) -> None:
    """What is changed stays what it is: an absence closes, a date keeps its day."""
    if subject.off is not None:
        form.kind.data = "closed"
    elif subject.day is not None:
        form.kind.data, form.day.data = "other", subject.day.isoformat()


def _edited(ranges: Ranges, press: Press) -> Ranges:
    if press.verb == "add":
        return (*ranges, ("", "")) if ranges else (("10:00", "14:00"),)
    if press.verb == "remove":
        return ranges[: press.index] + ranges[press.index + 1 :]
    return ranges


def _whose(people: list[Practitioner], slug: str) -> list[Practitioner] | None:
    """The people meant; None for somebody whom the reader may not choose."""
    account = current_account()
    if slug == EVERYBODY:
        return people if account is not None and account.role == "owner" else None
    return [person for person in people if person.slug == slug] or None


def _change(subject: Subject, wanted: Closed | OtherHours) -> Change:
    if isinstance(wanted, OtherHours):
        return with_day(wanted.day, wanted.windows)
    old = (subject.off.starts_at, subject.off.ends_at) if subject.off is not None else None
    return with_time_off(wanted.starts_at, wanted.ends_at, in_place_of=old)


def _save(
    subject: Subject,
    wanted: Closed | OtherHours,
    one: Practitioner | None,
    whose: list[Practitioner],
    *,
    seen: str | None,
) -> None:
    """One action for whatever was meant."""
    now = page_now()
    if isinstance(wanted, OtherHours):
        if one is None:
            ids = [each.id for each in whose]
            set_overrides(practitioner_ids=ids, day=wanted.day, windows=wanted.windows, now=now, seen=seen)
        else:
            set_override(practitioner_id=one.id, day=wanted.day, windows=wanted.windows, now=now, seen=seen)
        return
    who = one.id if one else None
    span = {"starts_at": wanted.starts_at, "ends_at": wanted.ends_at}
    if subject.off is not None:
        change_time_off(time_off_id=subject.off.id, practitioner_id=who, **span, now=now, seen=seen)
    else:
        add_time_off(practitioner_id=who, **span, now=now)


def _to_remove(people: list[Practitioner]) -> tuple[str, Change, set[UUID], Callable[[], None]]:
    """What would go, in words; what that changes; for whom; and the deed."""
    now, zone, tag = page_now(), current_tenant().zone, locale()
    everybody = {person.id for person in people}
    if "pause" in request.args:
        rest = break_by_id(_id("pause"))
        _own(people, rest.practitioner_id)
        day = None if rest.weekday is None else DAYS[rest.weekday]
        words = panels.windows_words([(rest.start, rest.end)], tag)
        gone = without_break(slots.Break(rest.start, rest.end, day=day, date=rest.day))
        rest_id = rest.id
        return words, gone, {rest.practitioner_id}, lambda: remove_break(break_id=rest_id, now=now)
    subject = _subject(people)
    if subject.off is not None:
        span, off_id, who = time_off_values(subject.off)[1:], subject.off.id, subject.off.practitioner_id
        words = panels.absence_words(*span, zone, tag)
        nothing = with_time_off(span[0], span[0], in_place_of=span)
        return words, nothing, {who} if who else everybody, lambda: remove_time_off(time_off_id=off_id, now=now)
    if subject.of is None or subject.day is None:
        raise NoSuchHours
    of, on = subject.of, subject.day
    words = _(
        "%(first)s: %(hours)s", first=panels.day_words(on, tag), hours=panels.windows_words(_windows(subject)[0], tag)
    )
    return words, with_day(on, None), {of}, lambda: remove_override(practitioner_id=of, day=on, now=now)
