"""The clinic's own paragraph in each kind of mail, with the whole mail beside it; and what its policy was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import flash, redirect, request, url_for
from flask_admin import expose
from markupsafe import Markup
from wtforms import HiddenField, TextAreaField

from saas import formats
from saas.admin import OfficeView, RecordView
from saas.errors import Invalid, NotFound
from saas.fields import OfficeForm
from saas.shell import locale
from saas.stale import ChangedMeanwhile, mark_of
from saas.tenancy import current_tenant
from saas.text import TooLong, clean_block
from saas.web import page_now
from saas.words import _, ngettext
from saas.words import later as _l
from tenants.bookings import queries
from tenants.bookings.previews import MAIL_WORDS, preview_of
from tenants.clinic.actions import save_mail_text
from tenants.clinic.models import Policy
from tenants.clinic.queries import mail_text, mail_texts
from tenants.clinic.rules import MAIL_KINDS

_LIMIT = 2000


class MailTextForm(OfficeForm):
    """The paragraph."""

    text = TextAreaField()
    seen = HiddenField()


class MailTextView(OfficeView):
    """One line for each kind of mail; the paragraph and the whole mail on a page of its own."""

    roles = ("owner",)
    part_of = "settings"

    def is_visible(self) -> bool:
        """Reached from the settings."""
        return False

    def __init__(self) -> None:
        super().__init__(name=_l("Mail texts"), endpoint="mail_text", url="mail-texts")

    @expose("/")
    def index(self) -> str:
        return self.render("manage/people/mail_texts.html", kinds=MAIL_WORDS, texts=mail_texts())

    @expose("/edit/", methods=("GET", "POST"))
    def edit(self) -> Any:
        kind = request.args.get("kind", "")
        if kind not in MAIL_KINDS:
            raise NotFound
        if request.method == "GET":
            text = mail_text(kind)
            return self._page(kind, MailTextForm(None, data={"text": text, "seen": mark_of(text)}), text)
        form = MailTextForm(request.form)
        if not form.validate():
            return self._page(kind, form, mail_text(kind), status=422)
        typed = form.text.data or ""
        if request.form.get("do") == "preview":
            return self._look(kind, form, typed)
        try:
            save_mail_text(kind=kind, text=typed, seen=form.seen.data or "", now=page_now())
        except Invalid as error:
            form.put_errors(error.fields)
            return self._page(kind, form, mail_text(kind), status=422)
        except ChangedMeanwhile:
            stands = mail_text(kind)
            form.seen.data = mark_of(stands)
            return self._page(kind, form, typed, status=409, stands=stands)
        flash(_("Saved. Mails from now on have this text."))
        return redirect(url_for(".index"), 303)

    def _look(self, kind: str, form: MailTextForm, typed: str) -> Any:
        """Nothing is kept: the mail as it would be."""
        try:
            return self._page(kind, form, clean_block(typed, _LIMIT), looking=True)
        except TooLong as error:
            form.put_errors({"text": error.message})
            return self._page(kind, form, mail_text(kind), status=422)

    def _page(
        self, kind: str, form: MailTextForm, text: str, *, status: int = 200, stands: str | None = None,
        looking: bool = False,
    ) -> Any:  # fmt: skip
        page = self.render(
            "manage/people/mail_text.html",
            form=form,
            kind=kind,
            words=MAIL_WORDS[kind],
            preview=preview_of(kind, text, now=page_now()),
            stands=stands,
            looking=looking,
        )
        return page, status


@dataclass(frozen=True)
class Version:
    """A version of the cancellation policy as the list shows it."""

    id: UUID
    version: int
    since: datetime
    by: str
    free_hours: int
    late_fee_percent: int
    no_show_percent: int
    terms: Markup


def _percent(field: str) -> Any:
    return lambda _view, _context, line, _name: _("%(number)d %%", number=getattr(line, field))


def _since(_view: Any, _context: Any, line: Version, _name: str) -> str:
    return formats.full_date(line.since, locale())


def _free(_view: Any, _context: Any, line: Version, _name: str) -> str:
    return str(ngettext("%(num)d hour before", "%(num)d hours before", line.free_hours))


def _number(_view: Any, _context: Any, line: Version, _name: str) -> Markup:
    address = url_for("policy.details_view", id=line.id)
    return Markup('<a class="cell-name" href="{}">{}</a>').format(address, line.version)


class PolicyView(RecordView):
    """Every version there was. Bookings keep the one they were made under, so none is ever changed."""

    roles = ("owner",)
    part_of = "settings"
    can_export = False
    column_list = ("version", "since", "free_hours", "late_fee_percent", "no_show_percent", "by")
    column_details_list = (*column_list, "terms")
    column_default_sort = ("version", True)
    column_labels = {
        "version": _l("Version"),
        "since": _l("From"),
        "free_hours": _l("Free to cancel until"),
        "late_fee_percent": _l("Kept after that"),
        "no_show_percent": _l("Kept when nobody comes"),
        "by": _l("By"),
        "terms": _l("Terms"),
    }
    column_formatters = {
        "version": _number,
        "since": _since,
        "free_hours": _free,
        "late_fee_percent": _percent("late_fee_percent"),
        "no_show_percent": _percent("no_show_percent"),
    }
    column_formatters_detail = {**column_formatters, "version": lambda _view, _context, line, _name: line.version}
    empty_text = _l("There is no policy yet.")

    def __init__(self) -> None:
        super().__init__(Policy, name=_l("Cancellation policy"), endpoint="policy", url="policies")

    def is_visible(self) -> bool:
        return False

    def get_sortable_columns(self) -> dict[str, Any]:
        return {"version": Policy.version}

    def count_text(self, count: int) -> str:
        return str(ngettext("%(num)d version", "%(num)d versions", count))

    def heading(self, line: Version) -> str:
        return _("Version %(number)d of the policy", number=line.version)

    def get_list(self, *args: Any, **kwargs: Any) -> tuple[int, list[Version]]:
        count, rows = super().get_list(*args, **kwargs)
        return count, _versions(rows)

    def fetch(self, key: UUID) -> Version | None:
        row = super().fetch(key)
        return _versions([row])[0] if row is not None else None


def _versions(rows: list[Policy]) -> list[Version]:
    zone = ZoneInfo(current_tenant().zone)
    names = queries.account_names([row.created_by for row in rows if row.created_by])
    return [
        Version(
            id=row.id,
            version=row.version,
            since=row.created_at.astimezone(zone),
            by=names.get(row.created_by, "") if row.created_by else "",
            free_hours=row.free_hours,
            late_fee_percent=row.late_fee_percent,
            no_show_percent=row.no_show_percent,
            terms=Markup(row.terms),  # noqa: S704 (made safe when it was saved)
        )
        for row in rows
    ]
