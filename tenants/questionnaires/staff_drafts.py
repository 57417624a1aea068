"""A draft as a whole: discard it, bring back what was discarded, and look at what a newer shipped version has."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_admin import expose

from saas.admin import OfficeView
from saas.errors import DomainError
from saas.stale import ChangedMeanwhile
from saas.web import page_now
from saas.words import _
from saas.words import later as _l
from tenants.intake.form_json import hash_of
from tenants.intake.publishing import Change, Draft, change_draft, discard_draft, swap_draft, versions_of
from tenants.intake.queries import definition_of
from tenants.intake.shipped.newer import has_newer, seen_newer, with_newer
from tenants.questionnaires.forms import PressForm
from tenants.questionnaires.staff import asked_draft, change_lines, said

Answer = Any


class DraftsView(OfficeView):
    """Pages that ask first; the page of the questionnaire leads here."""

    roles = ("owner",)
    part_of = "questionnaires"

    def __init__(self) -> None:
        super().__init__(name=_l("Draft"), endpoint="question_drafts", url="questionnaires/draft")

    def is_visible(self) -> bool:
        return False

    def _done(self, draft: Draft, sentence: str) -> Answer:
        flash(sentence)
        return redirect(url_for("questionnaires.one", id=draft.id), 303)

    # Discarding.

    @expose("/")
    def ask_discard(self) -> Answer:
        return self._discard(asked_draft(), 200)

    @expose("/", methods=("POST",))
    def discard(self) -> Answer:
        draft = asked_draft()
        if not PressForm(request.form).validate():
            return self._discard(draft, 422, _("This page had been open too long. Press once more."))
        try:
            discard_draft(questionnaire_id=draft.id, seen=request.form.get("seen", ""), now=page_now())
        except ChangedMeanwhile as refused:
            problem = _("The draft has changed meanwhile: look again, then discard it.")
            return self._discard(asked_draft(), refused.status, problem)
        except DomainError as refused:
            return self._discard(draft, refused.status, refused.message)
        return self._done(draft, _("The draft is as it was published last. You can bring back what you discarded."))

    def _discard(self, draft: Draft, status: int, problem: str = "") -> Answer:
        newest = next((one for one in versions_of(draft.id) if one.withdrawn_at is None), None)
        page = self.render(
            "manage/questionnaires/discard.html",
            draft=draft,
            title=said(draft.form.title),
            lines=None if newest is None else change_lines(definition_of(newest.id), draft.form),
            problem=problem,
            press=PressForm(),
        )
        return page, status

    @expose("/bring-back/", methods=("POST",))
    def bring_back(self) -> Answer:
        draft = asked_draft()
        if not PressForm(request.form).validate():
            return self._done(draft, _("Please press the button again."))
        try:
            swap_draft(questionnaire_id=draft.id, seen=request.form.get("seen", ""), now=page_now())
        except ChangedMeanwhile:
            return self._done(draft, _("The draft has changed meanwhile: look at it, then press again."))
        return self._done(draft, _("What was discarded is the draft again. The other one lies aside in its place."))

    # A newer shipped version.

    @expose("/newer/")
    def newer(self) -> Answer:
        return self._newer(asked_draft(), 200)

    @expose("/newer/", methods=("POST",))
    def take_newer(self) -> Answer:
        draft = asked_draft()
        if not PressForm(request.form).validate():
            return self._newer(draft, 422, _("This page had been open too long. Press once more."))
        takes = request.form.get("do") == "take"
        change: Change = with_newer if takes else seen_newer
        try:
            change_draft(
                questionnaire_id=draft.id, change=change, now=page_now(), seen=request.form.get("seen", ""),
                about=hash_of,
            )  # fmt: skip
        except ChangedMeanwhile as refused:
            problem = _("The draft has changed meanwhile: look again, then press.")
            return self._newer(asked_draft(), refused.status, problem)
        except DomainError as refused:
            return self._newer(draft, refused.status, refused.message)
        if takes:
            return self._done(draft, _("Taken into the draft. Clients see it once you publish."))
        return self._done(draft, _("Left as it is. You are told again when something newer comes."))

    def _newer(self, draft: Draft, status: int, problem: str = "") -> Answer:
        page = self.render(
            "manage/questionnaires/newer.html",
            draft=draft,
            title=said(draft.form.title),
            waits=has_newer(draft.form),
            lines=[line for line in change_lines(draft.form, with_newer(draft.form)) if line["id"]],
            problem=problem,
            press=PressForm(),
        )
        return page, status
