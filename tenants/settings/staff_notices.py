"""When clients are reminded, when mails wait, and what a stranger may read on the outside of them."""

from __future__ import annotations

from dataclasses import asdict, astuple

from flask import request
from flask_admin import expose

from saas.stale import mark_of
from saas.tenancy import current_tenant
from saas.web import page_now
from saas.words import _, ngettext
from saas.words import later as _l
from tenants.bookings.previews import MAIL_WORDS, preview_of
from tenants.clinic.actions import save_envelope, save_notices
from tenants.clinic.notices import MOST_HOURS, Envelope, Notices, clean_envelope
from tenants.clinic.queries import envelope, notices
from tenants.services.queries import every_service
from tenants.settings.forms import EnvelopeForm, NoticesForm
from tenants.settings.saving import KEPT, Answer, SettingsPage, keep, kept, show


class NoticesView(SettingsPage):
    """Two pages: the times, and the words outside."""

    def __init__(self) -> None:
        super().__init__(name=_l("Reminders and quiet hours"), endpoint="settings_notices", url="settings/notices")

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Answer:
        data = {name: "" if value is None else str(value) for name, value in asdict(notices()).items()}
        form = NoticesForm(request.form if request.method == "POST" else None, data=data)
        status = 200
        if request.method == "POST":
            seen = form.seen.data or ""
            status = keep(form, form.request, lambda typed: save_notices(wanted=typed, seen=seen, now=page_now()))
        if status == KEPT:
            return kept(_("Saved. Bookings that were made before follow it too."))
        stands = notices()
        shown = [(_("Reminders"), reminder_words(stands)), (_("Quiet hours"), quiet_words(stands))]
        mark = mark_of(*astuple(stands))
        return show(self, "manage/settings/notices.html", form, status, mark=mark, shown=shown, most=MOST_HOURS)

    @expose("/wording/", methods=("GET", "POST"))
    def wording(self) -> Answer:
        looking = request.method == "POST" and request.form.get("do") == "preview"
        form = EnvelopeForm(request.form if request.method == "POST" else None, data=asdict(envelope()))
        status = 200
        if request.method == "POST":
            status = keep(form, form.request, lambda typed: _keep(typed, form.seen.data or "", looking=looking))
        if status == KEPT and not looking:
            return kept(_("Saved. Mails from now on have it."))
        stands = envelope()
        wanted = form.request() if looking and status == KEPT else stands
        shown = [(_("From"), stands.sender_name), (_("Subjects begin with"), stands.subject_words)]
        now = page_now()
        subjects = [
            (words[0], preview_of(kind, "", now=now, outside=wanted).subject) for kind, words in MAIL_WORDS.items()
        ]
        return show(
            self, "manage/settings/wording.html", form, 200 if status == KEPT else status,
            mark=mark_of(*astuple(stands)), shown=shown, sender=wanted.sender_name or current_tenant().name,
            subjects=subjects, looking=looking and status == KEPT,
        )  # fmt: skip


def _keep(wanted: Envelope, seen: str, *, looking: bool) -> None:
    services = [row.name for row in every_service()]
    if looking:
        clean_envelope(wanted, services=services)
    else:
        save_envelope(wanted=wanted, services=services, seen=seen, now=page_now())


def notices_words(stands: Notices) -> str:
    """The times in a line."""
    return f"{reminder_words(stands)} {quiet_words(stands)}"


def reminder_words(stands: Notices) -> str:
    """When clients are reminded."""
    if stands.remind_hours is None:
        return _("No reminders.")
    if stands.remind_again_hours is None:
        return ngettext("A reminder %(num)d hour before.", "A reminder %(num)d hours before.", stands.remind_hours)
    return _(
        "Reminders %(first)d and %(second)d hours before.",
        first=stands.remind_hours,
        second=stands.remind_again_hours,
    )


def quiet_words(stands: Notices) -> str:
    """When mails wait."""
    if not stands.quiet_from:
        return _("No quiet hours.")
    return _("Quiet from %(start)s to %(end)s.", start=stands.quiet_from, end=stands.quiet_to)


def sender_words(outside: Envelope) -> str:
    """The outside in a line."""
    return outside.sender_name or _("Mails come from your clinic’s name")
