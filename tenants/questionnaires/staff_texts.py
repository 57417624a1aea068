"""The texts around the questions: what consents are to, notice, pause, close; the languages side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import flash, redirect, request, url_for
from flask_admin import expose
from wtforms import HiddenField, TextAreaField

from saas.admin import OfficeForm, OfficeView
from saas.errors import DomainError
from saas.languages import LANGUAGES
from saas.stale import ChangedMeanwhile, mark_of
from saas.text import TooLong, clean_block
from saas.web import page_now
from saas.words import _
from saas.words import later as _l
from tenants.intake.form_json import LONGEST_DOCUMENT
from tenants.intake.publishing import Draft, change_draft
from tenants.intake.questions import Questionnaire, Texts
from tenants.questionnaires.staff import asked_draft

Answer = Any
TEXT_WORDS: Mapping[str, Any] = {
    "notice": _l("Notice before hard questions"),
    "grounding": _l("What “Pause” says"),
    "close": _l("Close"),
    "not_monitored": _l("That nobody reads at once"),
    "next": _l("What happens next"),
}


def texts_mark(form: Questionnaire) -> object:
    """What this page edits."""
    return [dict(form.title), dict(form.texts), dict(form.documents)]


def _named(form: Questionnaire) -> dict[str, Texts]:
    """Every text by the name of its field."""
    return {
        "title": form.title,
        **{f"t-{name}": texts for name, texts in form.texts.items()},
        **{f"d-{name}": texts for name, texts in form.documents.items()},
    }


class TextsForm(OfficeForm):
    """The texts, a field for each in each language."""

    seen = HiddenField()


def _form_of(form: Questionnaire) -> type[TextsForm]:
    fields = {f"{name}-{code}": TextAreaField() for name in _named(form) for code in form.languages}
    return type("OneTextsForm", (TextsForm,), fields)


class TextsView(OfficeView):
    """One page; the page of the questionnaire leads here."""

    roles = ("owner",)
    part_of = "questionnaires"

    def __init__(self) -> None:
        super().__init__(name=_l("Texts"), endpoint="question_texts", url="questionnaires/texts")

    def is_visible(self) -> bool:
        return False

    @expose("/")
    def index(self) -> Answer:
        draft = asked_draft()
        data = {
            f"{name}-{code}": texts.get(code, "")
            for name, texts in _named(draft.form).items()
            for code in draft.form.languages
        }
        form = _form_of(draft.form)(data={**data, "seen": mark_of(texts_mark(draft.form))})
        return self._page(draft, form, 200)

    @expose("/", methods=("POST",))
    def save(self) -> Answer:
        draft = asked_draft()
        form = _form_of(draft.form)(request.form)
        if not form.validate():
            return self._page(draft, form, 422)
        said = {name: self._texts(draft, form, name) for name in _named(draft.form)}
        if form.errors:
            return self._page(draft, form, 422)

        def change(stands: Questionnaire) -> Questionnaire:
            return replace(
                stands,
                title=said["title"],
                texts={name: said[f"t-{name}"] for name in draft.form.texts},
                documents={name: said[f"d-{name}"] for name in draft.form.documents},
            )

        try:
            change_draft(
                questionnaire_id=draft.id, change=change, now=page_now(), about=texts_mark, seen=form.seen.data or ""
            )
        except ChangedMeanwhile as refused:
            fresh = asked_draft()
            form.seen.data = mark_of(texts_mark(fresh.form))
            return self._page(fresh, form, refused.status)
        except DomainError as refused:
            form.put(refused)
            return self._page(draft, form, refused.status)
        flash(_("Saved in the draft. Clients see it once you publish."))
        return redirect(url_for("questionnaires.one", id=draft.id), 303)

    def _texts(self, draft: Draft, form: TextsForm, name: str) -> Texts:
        """One text as typed. Words that stood there are needed; those of a language that came later may wait."""
        found: dict[str, str] = {}
        for code in draft.form.languages:
            key = f"{name}-{code}"
            try:
                found[code] = clean_block(form[key].data, LONGEST_DOCUMENT)
            except TooLong as error:
                form.put_errors({key: error.message})
                continue
            if not found[code] and _named(draft.form)[name].get(code):
                form.put_errors({key: _("Write it in each language")})
        return {code: words for code, words in found.items() if words}

    def _page(self, draft: Draft, form: TextsForm, status: int) -> Answer:
        page = self.render(
            "manage/questionnaires/texts.html",
            draft=draft,
            record_form=form,
            languages={code: LANGUAGES.get(code, code) for code in draft.form.languages},
            around=[(f"t-{name}", TEXT_WORDS.get(name, name)) for name in draft.form.texts],
            papers=[(f"d-{name}", name) for name in draft.form.documents],
            stands=[
                (f"{name} ({code})", words)
                for name, texts in _named(draft.form).items()
                for code, words in texts.items()
                if status == 409 and words != form[f"{name}-{code}"].data
            ],
        )
        return page, status
