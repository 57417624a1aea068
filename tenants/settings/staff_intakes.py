"""Three pages about intakes: who is told when somebody must look now, whose bookings ask, and whom clients can ring."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import request, url_for
from flask_admin import expose

from saas import formats
from saas.errors import Invalid
from saas.shell import locale
from saas.tenancy import current_tenant
from saas.web import page_now
from saas.words import _, ngettext
from saas.words import later as _l
from tenants.intake import alerts
from tenants.intake.help_numbers import HelpNumber, OwnNumber, check_is_due, help_for
from tenants.intake.settings import (
    CONTACTS,
    OWN_NUMBERS,
    IntakeSettings,
    OpenHours,
    clinic_help,
    intake_settings,
    save_settings,
    settings_mark,
)
from tenants.services.queries import every_service
from tenants.settings.forms import PressForm, SettingsForm
from tenants.settings.forms_intakes import AskingForm, ContactsForm, NumbersForm, asking_data, contacts_data
from tenants.settings.saving import KEPT, Answer, SettingsPage, keep, kept, show

CONTACT_WORDS = {
    "first": _l("First contact"),
    "second": _l("Second contact"),
    "on_call": _l("On call outside the hours"),
}
_MONDAY = date(2024, 1, 1)


class IntakesView(SettingsPage):
    """What is decided about intakes."""

    def __init__(self) -> None:
        super().__init__(name=_l("Alerts about intakes"), endpoint="settings_intakes", url="settings/intakes")

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Answer:
        stands = intake_settings()
        form = ContactsForm(request.form if request.method == "POST" else None, data=contacts_data(stands))
        typed, status = stands, 200
        if request.method == "POST":
            typed = form.request(request.form, stands)
            status = keep(form, lambda: form.request(request.form, stands), lambda wanted: _save(wanted, form))
        if status == KEPT:
            return kept(_("Saved. Alerts follow it from now on."), at="settings_intakes.index")
        return self._contacts(form, typed, status)

    def _contacts(self, form: ContactsForm, typed: IntakeSettings, status: int) -> Answer:
        stands = intake_settings()
        shown = [(CONTACT_WORDS[who], contact_words(stands, who)) for who in CONTACTS]
        shown.append((_("Hours"), hours_words(stands)))
        return show(
            self, "manage/settings/intakes.html", form, status, mark=settings_mark(stands), shown=shown,
            days=_days(typed.hours, form), has_contacts=stands.has_contacts, tried=_tried(), press=PressForm(None),
        )  # fmt: skip

    @expose("/try/", methods=("POST",))
    def try_it(self) -> Answer:
        PressForm(request.form).require()
        try:
            alerts.try_alert(now=page_now())
        except Invalid as refused:
            return kept(refused.message, at="settings_intakes.index")
        return kept(_("A test is on its way. How it went stands here in a moment."), at="settings_intakes.index")

    @expose("/seen/", methods=("POST",))
    def seen(self) -> Answer:
        PressForm(request.form).require()
        alerts.dismiss_test(alert_id=_uuid_of(request.form.get("id", "")), now=page_now())
        return kept(_("Noted."), at="settings_intakes.index")

    @expose("/asking/", methods=("GET", "POST"))
    def asking(self) -> Answer:
        stands = intake_settings()
        form = AskingForm(request.form if request.method == "POST" else None, data=asking_data(stands))
        form.services.choices = [(str(one.id), one.name) for one in every_service()]
        status = 200
        if request.method == "POST":
            status = keep(form, lambda: form.request(stands), lambda wanted: _save(wanted, form))
        if status == KEPT:
            return kept()
        stands = intake_settings()
        shown = [(_("Which bookings ask"), asks_words(stands)), (_("Who reads"), reads_words(stands))]
        return show(self, "manage/settings/intakes_asking.html", form, status, mark=settings_mark(stands), shown=shown)

    @expose("/numbers/", methods=("GET", "POST"))
    def numbers(self) -> Answer:
        stands, today = intake_settings(), _today()
        form = NumbersForm(request.form if request.method == "POST" else None)
        typed, status = stands, 200
        if request.method == "POST":
            hidden = tuple(request.form.getlist("hide"))
            typed = form.request(request.form, hidden, stands, today=today)
            status = keep(form, lambda: typed, lambda wanted: _save(wanted, form))
        if status == KEPT:
            return kept(_("Saved. Clients see these numbers from now on."))
        stands = intake_settings()
        listed = clinic_help(stands)
        every = help_for(current_tenant().country, checked=stands.numbers_checked)
        return show(
            self, "manage/settings/intakes_numbers.html", form, status, mark=settings_mark(stands),
            shown=[(_("Numbers"), ", ".join(one.say for one in listed))],
            built_in=[(one, one.id in typed.hidden_numbers) for one in every], own=_own_rows(typed.own_numbers, form),
            due=check_is_due(listed, today=today),
        )  # fmt: skip


def _save(wanted: IntakeSettings, form: SettingsForm) -> None:
    save_settings(wanted=wanted, seen=form.seen.data or "", now=page_now())


def _days(hours: tuple[OpenHours, ...], form: SettingsForm) -> list[dict[str, Any]]:
    return [
        {
            "number": number,
            "name": formats.weekday(_MONDAY + timedelta(days=number), locale()),
            "start": day.start,
            "end": day.end,
            "start_error": form.refused.get(f"start-{number}", ""),
            "end_error": form.refused.get(f"end-{number}", ""),
        }
        for number, day in enumerate(hours)
    ]


def _own_rows(own: tuple[OwnNumber, ...], form: SettingsForm) -> list[dict[str, Any]]:
    blank = (OwnNumber("", ""),) * OWN_NUMBERS
    return [
        {
            "id": f"own-{number}",
            "name": one.name,
            "number": one.number,
            "way": one.way,
            "name_error": form.refused.get(f"own-{number}-name", ""),
            "number_error": form.refused.get(f"own-{number}-number", ""),
        }
        for number, one in enumerate((*own, *blank)[:OWN_NUMBERS])
    ]


def _tried() -> list[dict[str, Any]]:
    """The record of the tests, in words."""
    zone = ZoneInfo(current_tenant().zone)
    return [
        {
            "id": row.id,
            "at": row.raised_at.astimezone(zone),
            "failed": row.failed_at is not None,
            "arrived": row.delivered_at is not None,
            "unseen": row.acknowledged_at is None and row.failed_at is not None,
        }
        for row in alerts.trials()
    ]


def _today() -> date:
    return page_now().astimezone(ZoneInfo(current_tenant().zone)).date()


def _uuid_of(text: str) -> UUID:
    try:
        return UUID(text.strip())
    except ValueError:
        return UUID(int=0)


def contact_words(stands: IntakeSettings, who: Any) -> str:
    """Somebody and their address."""
    contact = stands.contact(who)
    return ", ".join(part for part in (contact.name, contact.email) if part) or _("Nobody")


def hours_words(stands: IntakeSettings) -> str:
    """When somebody answers."""
    days = [
        f"{formats.weekday_short(_MONDAY + timedelta(days=number), locale())} {day.start}-{day.end}"
        for number, day in enumerate(stands.hours)
        if day.start
    ]
    return ", ".join(days) or _("Never")


def alerts_words(stands: IntakeSettings) -> str:
    """Who is told, in a line."""
    if not stands.has_contacts:
        return _("Nobody is named yet: questions about safety cannot be published")
    return _(
        "%(who)s first; the next one after %(minutes)d minutes",
        who=stands.first.name or stands.first.email, minutes=stands.escalate_minutes,
    )  # fmt: skip


def asks_words(stands: IntakeSettings) -> str:
    """Whose bookings ask."""
    if stands.services is None:
        return _("Every booking asks")
    return ngettext("%(num)d session asks", "%(num)d sessions ask", len(stands.services))


def reads_words(stands: IntakeSettings) -> str:
    """Who opens answers."""
    return _("Whoever gives the session, and owners") if stands.owner_reads else _("Whoever gives the session")


def numbers_words(listed: tuple[HelpNumber, ...], *, today: date) -> str:
    """The help numbers in a line."""
    said = ", ".join(one.number or one.name for one in listed)
    return _("Please check them again: %(numbers)s", numbers=said) if check_is_due(listed, today=today) else said


def lines() -> list[tuple[str, str, str]]:
    """The lines on the page of all settings: name, address, what holds now."""
    stands = intake_settings()
    return [
        (_("Alerts about intakes"), url_for("settings_intakes.index"), alerts_words(stands)),
        (_("Asking and reading"), url_for("settings_intakes.asking"), f"{asks_words(stands)}. {reads_words(stands)}."),
        (
            _("Help numbers"),
            url_for("settings_intakes.numbers"),
            numbers_words(clinic_help(stands), today=_today()),
        ),
    ]
