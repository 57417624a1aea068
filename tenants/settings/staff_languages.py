"""In which languages clients may read the clinic: public pages, mails and what the API answers."""

from __future__ import annotations

from flask import request
from flask_admin import expose
from wtforms import SelectMultipleField

from saas.languages import LANGUAGES, offered
from saas.stale import mark_of
from saas.web import page_now
from saas.words import _
from saas.words import later as _l
from tenants.settings.actions import save_languages
from tenants.settings.forms import SettingsForm
from tenants.settings.queries import tenant_row
from tenants.settings.saving import KEPT, Answer, SettingsPage, keep, kept, show


class LanguagesForm(SettingsForm):
    """The languages that are ticked."""

    languages = SelectMultipleField(validate_choice=False)


class LanguagesView(SettingsPage):
    """A tick for each."""

    def __init__(self) -> None:
        super().__init__(name=_l("Languages"), endpoint="settings_languages", url="settings/languages")

    @expose("/", methods=("GET", "POST"))
    def index(self) -> Answer:
        form = LanguagesForm(request.form if request.method == "POST" else None, data={"languages": offered()})
        if request.method == "POST" and "languages" not in request.form:
            form.languages.data = []
        status = 200
        if request.method == "POST":
            seen = form.seen.data or ""
            status = keep(
                form,
                lambda: tuple(form.languages.data or ()),
                lambda codes: save_languages(codes=codes, seen=seen, now=page_now()),
            )
        if status == KEPT:
            return kept()
        row = tenant_row()
        ticked = [(code, name, code in (form.languages.data or ())) for code, name in LANGUAGES.items()]
        shown = [(_("Languages"), ", ".join(LANGUAGES[code] for code in row.languages.split()))]
        return show(
            self, "manage/settings/languages.html", form, status,
            mark=mark_of(row.languages), shown=shown, ticked=ticked, own=row.locale.partition("_")[0],
        )  # fmt: skip


def spoken_names() -> list[str]:
    """The names of the languages the clinic offers, each in itself."""
    return [LANGUAGES[code] for code in offered()]
