"""The parts that clients walk through, and the languages all of it is in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import flash, redirect, request, url_for
from flask_admin import expose
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice

from saas.admin import OfficeForm, OfficeView
from saas.errors import DomainError, Invalid
from saas.languages import LANGUAGES
from saas.stale import ChangedMeanwhile, mark_of
from saas.web import page_now
from saas.words import _
from saas.words import later as _l
from tenants.intake.editing import part_of, with_part
from tenants.intake.publishing import Change, Draft, change_draft, versions_of
from tenants.intake.queries import definition_of
from tenants.intake.questions import Part, Questionnaire, in_language
from tenants.intake.shipped.form import shipped_questionnaire
from tenants.intake.tongues import lacking, published_without, with_language, without_language
from tenants.questionnaires.forms import PieceForm, PressForm, form_for, piece_data, words_kept
from tenants.questionnaires.staff import asked_draft, place_of, said

Answer = Any


class LanguageForm(OfficeForm):
    """A language that comes."""

    code = SelectField(validate_choice=False)


class PartsView(OfficeView):
    """The page of a part, and that of the languages; the page of the questionnaire leads here."""

    roles = ("owner",)
    part_of = "questionnaires"

    def __init__(self) -> None:
        super().__init__(name=_l("Parts"), endpoint="question_parts", url="questionnaires/parts")

    def is_visible(self) -> bool:
        return False

    # A part.

    @expose("/")
    def index(self) -> Answer:
        draft = asked_draft()
        part = part_of(draft.form, request.values.get("piece", ""))
        data = {**piece_data(part, draft.form.languages), "seen": mark_of(_part_mark(part))}
        return self._part(draft, part, form_for(draft.form.languages)(data=data), 200)

    @expose("/", methods=("POST",))
    def save(self) -> Answer:
        draft = asked_draft()
        part = part_of(draft.form, request.values.get("piece", ""))
        form = form_for(draft.form.languages)(request.form)
        if not form.validate():
            return self._part(draft, part, form, 422)
        wanted = form.part(part)
        if form.errors:
            return self._part(draft, part, form, 422)

        def change(q: Questionnaire) -> Questionnaire:
            return with_part(q, replace(wanted, sections=part_of(q, part.id).sections))

        try:
            change_draft(
                questionnaire_id=draft.id, change=change, now=page_now(), seen=form.seen.data or "",
                about=lambda q: _part_mark(part_of(q, part.id)),
            )  # fmt: skip
        except ChangedMeanwhile as refused:
            fresh = asked_draft()
            stands = part_of(fresh.form, part.id)
            form.seen.data = mark_of(_part_mark(stands))
            return self._part(fresh, stands, form, refused.status)
        except DomainError as refused:
            form.put(refused)
            return self._part(draft, part, form, refused.status)
        flash(_("Saved in the draft. Clients see it once you publish."))
        return redirect(url_for("questionnaires.one", id=draft.id, _anchor=f"p-{part.id}"), 303)

    def _part(self, draft: Draft, part: Part, form: PieceForm, status: int) -> Answer:
        page = self.render(
            "manage/questionnaires/part.html",
            draft=draft,
            part=part,
            record_form=form,
            languages={code: LANGUAGES.get(code, code) for code in draft.form.languages},
            stands=words_kept(part, draft.form.languages) if status == 409 else [],
        )
        return page, status

    # The languages.

    @expose("/languages/")
    def languages(self) -> Answer:
        return self._languages(asked_draft(), 200)

    @expose("/languages/", methods=("POST",))
    def add_language(self) -> Answer:
        draft, form = asked_draft(), LanguageForm(request.form)
        code = form.code.data or ""
        if not form.validate():
            return self._languages(draft, 422, _("This page had been open too long. Press once more."))
        if code not in LANGUAGES or code in draft.form.languages:
            return self._languages(draft, 422, _("Choose one of the languages shown"))
        own = [definition_of(one.id) for one in versions_of(draft.id)]
        sources = (*own, shipped_questionnaire())
        return self._kept(draft, lambda q: with_language(q, code, sources))

    @expose("/languages/remove/")
    def ask_remove(self) -> Answer:
        return self._remove(asked_draft(), 200)

    @expose("/languages/remove/", methods=("POST",))
    def remove_language(self) -> Answer:
        draft, code = asked_draft(), _asked_code()
        if not PressForm(request.form).validate():
            return self._remove(draft, 422, _("This page had been open too long. Press once more."))
        try:
            return self._kept(draft, lambda q: _fewer(q, code))
        except DomainError as refused:
            return self._remove(draft, refused.status, refused.message)

    def _kept(self, draft: Draft, change: Change) -> Answer:
        change_draft(questionnaire_id=draft.id, change=change, now=page_now())
        flash(_("Saved in the draft. Clients see it once you publish."))
        return redirect(self.get_url(".languages", id=draft.id), 303)

    def _languages(self, draft: Draft, status: int, problem: str = "") -> Answer:
        form = LanguageForm()
        form.code.choices = [
            SelectChoice(code, name) for code, name in LANGUAGES.items() if code not in draft.form.languages
        ]
        page = self.render(
            "manage/questionnaires/languages.html",
            draft=draft,
            listed=[_tongue(draft.form, code) for code in draft.form.languages],
            first=LANGUAGES.get(draft.form.languages[0], draft.form.languages[0]),
            language_form=form,
            problem=problem,
        )
        return page, status

    def _remove(self, draft: Draft, status: int, problem: str = "") -> Answer:
        code = _asked_code()
        page = self.render(
            "manage/questionnaires/language_out.html",
            draft=draft,
            code=code,
            name=LANGUAGES.get(code, code),
            alone=draft.form.languages == (code,),
            problem=problem,
            press=PressForm(),
        )
        return page, status


def _asked_code() -> str:
    return request.values.get("code", "")[:2]


def _fewer(form: Questionnaire, code: str) -> Questionnaire:
    if form.languages == (code,):
        raise Invalid(_("A questionnaire needs one language: add another first"))
    return without_language(form, code)


def _part_mark(part: Part) -> object:
    """What the page of a part edits: not its sections."""
    return [dict(part.title), dict(part.intro), part.optional]


def _tongue(form: Questionnaire, code: str) -> dict[str, Any]:
    """One language: the texts it lacks, each with a way to its page, and the published forms that stay in another."""
    return {
        "code": code,
        "name": LANGUAGES.get(code, code),
        "missing": [
            {"at": at, "what": place_of(form, at)[0], "words": said(texts)[:120]} for at, texts in lacking(form, code)
        ],
        "elsewhere": [in_language(group.text, code) for group in published_without(form, code)],
    }
