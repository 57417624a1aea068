"""Where settings begin, and the plain ones: texts, documents, contact, when to book, clock and currency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from flask import request, url_for
from flask_admin import expose
from markupsafe import Markup

from saas import formats
from saas.admin import OfficeView
from saas.errors import Invalid
from saas.shell import locale
from saas.stale import mark_of
from saas.tenancy import current_tenant
from saas.text import Cleaner
from saas.web import page_now
from saas.words import _, ngettext
from saas.words import later as _l
from tenants.clinic.actions import save_booking_rules, save_profile, save_texts
from tenants.clinic.queries import envelope, latest_policy, notices, own_row, profile_of
from tenants.clinic.rules import Note, Profile, clean_html, profile_values
from tenants.settings import forms
from tenants.settings.actions import Place, place_of, save_place
from tenants.settings.forms import BookingForm, ContactForm, DocumentsForm, PlaceForm, SettingsForm, WordsForm
from tenants.settings.queries import booked, tenant_row
from tenants.settings.saving import KEPT, Answer, keep, kept, show
from tenants.settings.staff_intakes import lines as intake_lines
from tenants.settings.staff_languages import spoken_names
from tenants.settings.staff_notices import notices_words, sender_words
from tenants.settings.staff_stripe import cards_words

_BLANK_ROWS = 2  # rows for promises and facts beside those that are filled in


class SettingsView(OfficeView):
    """Every setting in a line, with what holds now; each has a page of its own."""

    roles = ("owner",)

    def __init__(self) -> None:
        super().__init__(name=_l("Settings"), endpoint="settings", url="settings")

    @expose("/")
    def index(self) -> str:
        return self.render("manage/settings/index.html", groups=_groups())

    @expose("/texts/", methods=("GET", "POST"))
    def texts(self) -> Answer:
        stands = profile_of(own_row())
        if request.method == "GET":
            return self._texts(WordsForm(None, data=_shown(stands, forms.WORDS)), stands, 200)
        form = WordsForm(request.form)
        status = keep(form, lambda: form.request(request.form), lambda typed: self._save(typed, forms.WORDS, form))
        return kept() if status == KEPT else self._texts(form, form.request(request.form), status)

    def _save(self, typed: Profile, only: Sequence[str], form: SettingsForm) -> None:
        save_profile(profile=typed, only=only, seen=form.seen.data or "", now=page_now())

    def _texts(self, form: WordsForm, typed: Profile, status: int) -> Answer:
        stands = profile_of(own_row())
        notes = {name: _rows(getattr(typed, name), name, form.refused) for name in ("promises", "facts")}
        shown = [(_PROFILE_WORDS[name], _said(getattr(stands, name))) for name in forms.WORDS]
        return self._page("texts", form, status, mark_of(*profile_values(stands, forms.WORDS)), shown, notes=notes)

    @expose("/contact/", methods=("GET", "POST"))
    def contact(self) -> Answer:
        stands = profile_of(own_row())
        form = ContactForm(request.form if request.method == "POST" else None, data=_shown(stands, forms.CONTACT))
        status = 200
        if request.method == "POST":
            status = keep(form, form.request, lambda typed: self._save(typed, forms.CONTACT, form))
        if status == KEPT:
            return kept()
        stands = profile_of(own_row())
        shown = [(_PROFILE_WORDS[name], _said(getattr(stands, name))) for name in forms.CONTACT]
        return self._page("contact", form, status, mark_of(*profile_values(stands, forms.CONTACT)), shown)

    @expose("/documents/", methods=("GET", "POST"))
    def documents(self) -> Answer:
        row = own_row()
        if request.method == "GET":
            mark = mark_of(row.privacy_text, row.imprint_text)
            form = DocumentsForm(None, data={"privacy": row.privacy_text, "imprint": row.imprint_text, "seen": mark})
            return self._documents(form, 200, row.privacy_text, row.imprint_text)
        form = DocumentsForm(request.form)
        looking = request.form.get("do") == "preview"
        status = keep(form, lambda: _cleaned(form), lambda _safe: None if looking else _save_texts(form))
        if status == KEPT and not looking:
            return kept()
        safe = _cleaned(form) if status == KEPT else (row.privacy_text, row.imprint_text)
        return self._documents(form, 200 if status == KEPT else status, *safe, looking=looking)

    def _documents(
        self, form: DocumentsForm, status: int, privacy: str, imprint: str, *, looking: bool = False
    ) -> Answer:
        row = own_row()
        shown = [(_("Privacy notice"), row.privacy_text), (_("Imprint"), row.imprint_text)]
        safe = {"privacy": Markup(privacy), "imprint": Markup(imprint)}  # noqa: S704 (safe_html has cleaned them)
        mark = mark_of(row.privacy_text, row.imprint_text)
        return self._page("documents", form, status, mark, shown, safe=safe, looking=looking)

    @expose("/booking/", methods=("GET", "POST"))
    def booking(self) -> Answer:
        row = own_row()
        form = BookingForm(request.form if request.method == "POST" else None, data=_booking_data(row))
        status = 200
        if request.method == "POST":
            status = keep(form, lambda: (form.notice_min(), form.horizon()), lambda typed: _save_booking(form, *typed))
        if status == KEPT:
            return kept(_("Saved. Openings follow it from now on."))
        row = own_row()
        shown = [
            (_("Notice"), notice_words(row.min_notice_min)),
            (_("How far ahead"), horizon_words(row.horizon_days)),
            (_("Bookings online"), _("Open") if row.accepting else _("Paused")),
        ]
        return self._page("booking", form, status, mark_of(row.min_notice_min, row.horizon_days, row.accepting), shown)

    @expose("/place/", methods=("GET", "POST"))
    def place(self) -> Answer:
        form = PlaceForm(request.form if request.method == "POST" else None, data=asdict(place_of(tenant_row())))
        status = 200
        if request.method == "POST":

            def read() -> Place:
                return Place(form.name.data or "", form.zone.data or "", form.currency.data or "")

            def deed(typed: Place) -> None:
                save_place(place=typed, seen=form.seen.data or "", now=page_now())

            status = keep(form, read, deed)
        if status == KEPT:
            return kept()
        stands = place_of(tenant_row())
        shown = [(_("Name"), stands.name), (_("Time zone"), stands.zone), (_("Currency"), stands.currency)]
        return self._page(
            "place",
            form,
            status,
            mark_of(stands.name, stands.zone, stands.currency),
            shown,
            zones=_zones(),
            clock=page_now().astimezone(ZoneInfo(stands.zone)),
            booked=booked(now=page_now()),
            stands_now=stands,
        )

    def _page(
        self, name: str, form: SettingsForm, status: int, mark: str, shown: list[tuple[Any, str]], **more: Any
    ) -> Answer:
        return show(self, f"manage/settings/{name}.html", form, status, mark=mark, shown=shown, **more)


_PROFILE_WORDS = {
    "headline": _l("Headline"),
    "lead": _l("Below the headline"),
    "person": _l("Who signs"),
    "first_name": _l("First name"),
    "promises": _l("You stay in charge"),
    "facts": _l("Good to know"),
    "place": _l("Town"),
    "address": _l("Address"),
    "map_url": _l("Map"),
    "phone": _l("Telephone"),
    "email": _l("Email"),
}


def _said(value: Any) -> str:
    return "; ".join(f"{note.title}: {note.text}" for note in value) if isinstance(value, tuple) else str(value)


def _shown(profile: Profile, only: Sequence[str]) -> dict[str, Any]:
    shown = {name: getattr(profile, name) for name in only if name not in ("promises", "facts")}
    if shown.get("phone"):
        shown["phone"] = formats.phone(shown["phone"], current_tenant().country)
    return shown


def _rows(notes: tuple[Note, ...], field: str, refused: Mapping[str, str]) -> list[dict[str, str]]:
    """The rows of the page: what is there, and a few to write in."""
    blank = (Note("", ""),) * _BLANK_ROWS
    return [
        {
            "name": f"{field}-{number}",
            "title": note.title,
            "text": note.text,
            "title_error": refused.get(f"{field}-{number}-title", ""),
            "text_error": refused.get(f"{field}-{number}-text", ""),
        }
        for number, note in enumerate((*notes, *blank)[: forms.NOTES])
    ]


def _cleaned(form: DocumentsForm) -> tuple[str, str]:
    """Both documents as they would be kept; too long ones have their sentence beside them."""
    cleaner = Cleaner()
    found = tuple(clean_html(cleaner, name, form[name].data or "") for name in ("privacy", "imprint"))
    form.put_errors(cleaner.fields)
    return found[0], found[1]


def _save_texts(form: DocumentsForm) -> None:
    save_texts(
        privacy=form.privacy.data or "", imprint=form.imprint.data or "", seen=form.seen.data or "", now=page_now()
    )


def _booking_data(row: Any) -> dict[str, Any]:
    """The notice in the largest unit that keeps it whole."""
    whole = [(name, size) for name, size in forms.UNITS.items() if row.min_notice_min % size == 0]
    unit, size = whole[-1] if row.min_notice_min else ("hours", 60)
    horizon = "" if row.horizon_days is None else str(row.horizon_days)
    return {
        "notice": str(row.min_notice_min // size),
        "unit": unit,
        "horizon_days": horizon,
        "accepting": row.accepting,
    }


def _save_booking(form: BookingForm, notice: int, horizon: int | None) -> None:
    try:
        save_booking_rules(
            min_notice_min=notice,
            horizon_days=horizon,
            accepting=bool(form.accepting.data),
            seen=form.seen.data or "",
            now=page_now(),
        )
    except Invalid as refused:
        places = {"min_notice_min": "notice"}
        named = {places.get(name, name): sentence for name, sentence in refused.fields.items()}
        raise Invalid(refused.message, fields=named) from refused


def notice_words(minutes: int) -> str:
    """How late clients may book."""
    if not minutes:
        return _("Until the session begins")
    if minutes % 1440 == 0:
        return ngettext("At least %(num)d day before", "At least %(num)d days before", minutes // 1440)
    if minutes % 60 == 0:
        return ngettext("At least %(num)d hour before", "At least %(num)d hours before", minutes // 60)
    return ngettext("At least %(num)d minute before", "At least %(num)d minutes before", minutes)


def horizon_words(days: int | None) -> str:
    """How far ahead clients may book."""
    return _("Without end") if days is None else ngettext("%(num)d day ahead", "%(num)d days ahead", days)


def _zones() -> list[str]:
    """The places of the world, as IANA names them."""
    left_out = ("Etc/", "SystemV/", "posix/", "right/", "US/", "Canada/", "Brazil/", "Chile/", "Mexico/")
    return sorted(name for name in available_timezones() if "/" in name and not name.startswith(left_out))


def _groups() -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Each heading with its lines: name, address, what holds now."""
    row, tenant, policy = own_row(), current_tenant(), latest_policy()
    booking = f"{notice_words(row.min_notice_min)}. {horizon_words(row.horizon_days)}."
    if not row.accepting:
        booking = _("Bookings online are paused.")
    contact = ", ".join(part for part in (row.place, row.email) if part)
    return [
        (
            _("What clients see"),
            [
                (_("Look"), url_for("settings_brand.index"), _("Your colour, headings and logo")),
                (_("Texts"), url_for(".texts"), row.headline or _("Nothing written yet")),
                (_("Contact and address"), url_for(".contact"), contact or _("Nothing written yet")),
                (_("Privacy notice and imprint"), url_for(".documents"), _written(row)),
                (_("Mail texts"), url_for("mail_text.index"), _("Your own words in each kind of mail")),
                (_("Reminders and quiet hours"), url_for("settings_notices.index"), notices_words(notices())),
                (_("Sender and subjects"), url_for("settings_notices.wording"), sender_words(envelope())),
                (_("On your own website"), url_for("website.index"), ", ".join(row.origins) or _("Not shown there")),
            ],
        ),
        (
            _("How booking works"),
            [
                (_("When clients may book"), url_for(".booking"), booking),
                (_("Cancellation policy"), url_for("settings_policy.index"), policy_words(policy)),
                (_("Sessions and prices"), url_for("service.index_view"), _("What you offer, and what it costs")),
                (_("Cards online"), url_for("settings_stripe.index"), cards_words()),
            ],
        ),
        (_("Intakes"), intake_lines()),
        (
            _("The clinic"),
            [
                (_("Name, time zone, currency"), url_for(".place"), f"{tenant.zone}, {tenant.currency}"),
                (_("Languages"), url_for("settings_languages.index"), formats.joined(spoken_names(), locale())),
                (_("Your own calendar"), url_for("settings_feed.index"), _("Bookings on your phone, by a secret link")),
                (_("Set-up, step by step"), url_for("settings_start.index"), _("What a new clinic needs, in order")),
            ],
        ),
    ]


def _written(row: Any) -> str:
    there = {_("Privacy notice"): row.privacy_text, _("Imprint"): row.imprint_text}
    missing = [name for name, text in there.items() if not text]
    if not missing:
        return _("Both are written")
    return _("Not written yet: %(names)s", names=formats.joined(missing, locale()))


def policy_words(policy: Any) -> str:
    """The policy in a line."""
    if policy is None:
        return _("There is no policy yet.")
    return _(
        "Free until %(hours)s hours before; then %(late)s %% is kept, and %(missed)s %% when nobody comes",
        hours=policy.free_hours,
        late=policy.late_fee_percent,
        missed=policy.no_show_percent,
    )
