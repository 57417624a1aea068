"""The editor of weekly hours. Every button sends the whole week and saves nothing; "Save hours" says first what it
takes away."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app, flash, redirect, request, url_for
from flask_admin import expose
from werkzeug.wrappers import Response

from saas.admin import OfficeView, current_account
from saas.errors import Invalid, NotFound
from saas.shell import locale
from saas.stale import ChangedMeanwhile, mark_of
from saas.tenancy import current_tenant
from saas.web import page_now
from saas.words import _, ngettext
from saas.words import later as _l
from tenants.availability.actions import replace_week
from tenants.availability.hours import DAYS, Week
from tenants.availability.queries import era_on, eras, exceptions, week_values
from tenants.availability.rules import day_name
from tenants.clinic.queries import clinic_view
from tenants.hours import drafts, panels
from tenants.hours.drafts import Draft
from tenants.hours.forms import Press, WeekForm, day_in, kept_fields, press_of
from tenants.hours.queries import Preview, outside, people_for, preview, schedule_around, sessions_of
from tenants.hours.rules import with_week
from tenants.practitioners.models import Practitioner

Answer = str | Response | tuple[str, int]
OWN = ("do", "csrf_token")
_RULES_PAGE = "settings.booking"


def today() -> date:
    """The date on the clinic's clock."""
    return page_now().astimezone(ZoneInfo(current_tenant().zone)).date()


def may_see() -> list[Practitioner]:
    """Whose hours the reader may see and change."""
    account = current_account()
    return people_for(account.id, account.role) if account else []


def chosen(people: list[Practitioner], slug: str) -> Practitioner:
    """The one with this address, the first without; 404 for somebody who is none of the reader's business."""
    found = next((person for person in people if slug in ("", person.slug)), None)
    if found is None:
        raise NotFound
    return found


def saved_words(found: Preview) -> str:
    """What was saved, and what it changed."""
    if found.removed and found.added:
        return _("Saved. %(less)s, %(more)s.", less=_fewer(found.removed), more=_more(found.added))
    if found.removed:
        return _("Saved. %(change)s.", change=_fewer(found.removed))
    return _("Saved. %(change)s.", change=_more(found.added)) if found.added else _("Saved.")


def _fewer(count: int) -> str:
    return ngettext("%(num)d opening less", "%(num)d openings less", count)


def _more(count: int) -> str:
    return ngettext("%(num)d opening more", "%(num)d openings more", count)


class HoursView(OfficeView):
    """The week of one practitioner."""

    roles = ("owner", "practitioner")

    def __init__(self) -> None:
        super().__init__(name=_l("Hours"), endpoint="hours", url="hours")

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Answer:
        people = may_see()
        if not people:
            return self.render("manage/hours/nobody.html")
        who = chosen(people, request.args.get("who", ""))
        if request.method == "POST":
            return self._pressed(people, who)
        values = week_values(who.id)
        since = max(day_in(request.args.get("since")) or today(), today())
        era = era_on(eras(values), since)
        form = WeekForm(data={"since": since.isoformat(), "seen": mark_of(*values)})
        return self._page(people, who, form, drafts.draft_of(era.week if era else {}))

    @expose("/outside/")
    def outside(self) -> Answer:
        """The bookings that lie outside the hours, to keep, move or cancel one by one."""
        people = may_see()
        found = outside({person.id for person in people}, now=page_now())
        wanted = {key: request.args.getlist(key) for key in ("move", "cancel")}
        groups = {key: [one for one in found if str(one.id) in wanted[key]] for key in ("move", "cancel")}
        rest = [one for one in found if not any(one in group for group in groups.values())]
        return self.render("manage/hours/outside.html", groups=groups, rest=rest, any_chosen=any(groups.values()))

    def notice_at(self) -> str:
        """Where an owner changes how soon and how far ahead clients may book; "" where no such page is registered."""
        account = current_account()
        is_owner = account is not None and account.role == "owner"
        return url_for(_RULES_PAGE) if is_owner and _RULES_PAGE in current_app.view_functions else ""

    def move_at(self, booking_id: UUID) -> str:
        """Where a booking is moved."""
        return url_for("week_booking.move", id=booking_id)

    def cancel_at(self, booking_id: UUID) -> str:
        """Where a booking is cancelled."""
        return url_for("week_booking.cancel", id=booking_id)

    def _pressed(self, people: list[Practitioner], who: Practitioner) -> Answer:
        form = WeekForm(request.form)
        draft = form.draft(request.form)
        press = press_of(request.form.get("do", ""))
        if not form.validate():
            problem = _("This page was open for a long time. Nothing is lost: press the button again.")
            return self._page(people, who, form, draft, problem=problem), 422
        if press.verb in ("save", "confirm"):
            return self._save(people, who, form, draft, sure=press.verb == "confirm")
        draft, copying = _edited(draft, press)
        return self._page(people, who, form, draft, press=press, copying=copying)

    def _save(
        self, people: list[Practitioner], who: Practitioner, form: WeekForm, draft: Draft, *, sure: bool
    ) -> Answer:
        faults = drafts.faults(draft)
        since = day_in(form.since.data)
        if since is None or since < today():
            faults["since"] = _("Choose today or a later day")
        if since is None or faults:
            for key in [key for key in faults if key.endswith("-on")]:
                draft = drafts.opened(draft, key[:3])
            return self._page(people, who, form, draft, faults=faults), 422
        week = drafts.week_of(draft)
        found = preview({who.id}, with_week(since, week), now=page_now())
        dropped = [era for era in eras(week_values(who.id)) if era.since > since]
        if not sure and (dropped or not found.harmless):
            return self._preview(who, found, [panels.known_weeks([era], today(), locale())[0] for era in dropped])
        try:
            replace_week(
                practitioner_id=who.id, week=week, valid_from=since, now=page_now(), seen=form.seen.data or None
            )
        except ChangedMeanwhile:
            return self._overtaken(people, who, form, draft, since), 409
        except Invalid as error:
            return self._page(people, who, form, draft, faults=error.fields), 422
        flash(saved_words(found))
        return self.after_saving(who, found)

    def _overtaken(
        self, people: list[Practitioner], who: Practitioner, form: WeekForm, draft: Draft, since: date
    ) -> str:
        """What stands now beside what was typed; pressing again saves what was typed."""
        values = week_values(who.id)
        form.seen.data = mark_of(*values)
        era = era_on(eras(values), since)
        stands = panels.week_words(era.week if era else {}, locale())
        return self._page(people, who, form, draft, stands=stands)

    def _preview(self, who: Practitioner, found: Preview, dropped: list[panels.Known]) -> str:
        return self.render(
            "manage/hours/preview.html",
            found=found,
            dropped=dropped,
            kept=kept_fields(request.form, OWN),
            action=url_for("hours.index", who=who.slug),
            save_words=_("Save hours"),
        )

    def after_saving(self, who: Practitioner, found: Preview) -> Response:
        """On to the hours; to the bookings that no longer fit when there are any."""
        if not found.unfit:
            return redirect(url_for("hours.index", who=who.slug), 303)
        picks = {f"fate-{one.id}": str(one.id) for one in found.unfit}
        move = [key for name, key in picks.items() if request.form.get(name) == "move"]
        cancel = [key for name, key in picks.items() if request.form.get(name) == "cancel"]
        return redirect(url_for("hours.outside", move=move, cancel=cancel), 303)

    def _page(self, people: list[Practitioner], who: Practitioner, form: WeekForm, draft: Draft, **more: Any) -> str:
        tag, zone, now = locale(), current_tenant().zone, page_now()
        values = week_values(who.id)
        since = max(day_in(form.since.data) or today(), today())
        faults: dict[str, str] = more.pop("faults", {})
        account = current_account()
        return self.render(
            "manage/hours/week.html",
            people=people,
            who=who,
            week_form=form,
            draft=draft,
            names={day.key: day_name(day.key) for day in draft},
            faults=faults,
            sum=None if drafts.faults(draft) else self._summary(who, drafts.week_of(draft), since),
            accepting=clinic_view().accepting,
            different=panels.exception_list(
                exceptions([who.id], today=today(), now=now), zone=zone, locale=tag,
                shared=account is not None and account.role == "owner",
            ),
            weeks=panels.known_weeks(eras(values), today(), tag),
            left=len(outside({who.id}, now=now)),
            today=today(),
            press=more.pop("press", Press("")),
            copying=more.pop("copying", ""),
            problem=more.pop("problem", ""),
            stands=more.pop("stands", ()),
        )  # fmt: skip

    def _summary(self, who: Practitioner, week: Week, since: date) -> panels.Summary:
        clinic = clinic_view()
        return panels.summary(
            schedule_around(who.id, since),
            week,
            sessions_of(who.id),
            since=since,
            notice_min=clinic.min_notice_min,
            horizon_days=clinic.horizon_days,
            locale=locale(),
        )


def _edited(draft: Draft, press: Press) -> tuple[Draft, str]:
    """The week after one press, and the day whose hours are about to be copied, if any."""
    if press.day not in DAYS:
        return draft, ""
    if press.verb == "open":
        return drafts.opened(draft, press.day), ""
    if press.verb == "break":
        return drafts.with_break(draft, press.day), ""
    if press.verb == "remove":
        return drafts.without(draft, press.day, press.index), ""
    if press.verb == "paste":
        return drafts.copied(draft, press.day, request.form.getlist("onto")), ""
    return draft, press.day if press.verb == "copy" else ""
