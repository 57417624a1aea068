"""The clinic's questionnaires: the list, one of them with its sections, what changed, publishing, putting away.

Owners write; practitioners read. Changes go into a draft; clients are asked under what was published last.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from flask import flash, redirect, request
from flask_admin import expose

from saas.admin import OfficeView, current_account, only
from saas.errors import DomainError
from saas.languages import LANGUAGES, locale
from saas.stale import ChangedMeanwhile
from saas.web import page_now
from saas.words import _
from saas.words import later as _l
from tenants.intake.diff import changes
from tenants.intake.editing import (
    NoSuchPiece,
    is_fixed,
    item_of,
    section_of,
    with_item_moved,
    with_section_moved,
    without_item,
    without_section,
)
from tenants.intake.publishing import (
    Draft,
    NoSuchQuestionnaire,
    NotPublishable,
    archive,
    begin_from_shipped,
    change_draft,
    discarded_at,
    draft_of,
    faults_of_draft,
    publish,
    questionnaires,
    versions_of,
    withdraw,
)
from tenants.intake.queries import definition_of
from tenants.intake.questions import Item, Questionnaire, Texts, in_language, item_index, sections_of
from tenants.intake.shipped.newer import has_newer
from tenants.questionnaires.forms import PressForm
from tenants.questionnaires.piece_words import CHANGE_WORDS, KIND_WORDS

Answer = Any


def asked_draft() -> Draft:
    """The draft that the address names."""
    return draft_of(asked_id("id"))


def asked_id(name: str) -> UUID:
    """An id in the address or the form; `NoSuchQuestionnaire` for anything else."""
    try:
        return UUID(request.values.get(name, ""))
    except ValueError:
        raise NoSuchQuestionnaire from None


def may_write() -> bool:
    """Whether this account changes questionnaires."""
    account = current_account()
    return account is not None and account.role == "owner"


def said(texts: Texts) -> str:
    """A text in the reader's language."""
    return in_language(texts, locale())


def overview(form: Questionnaire) -> list[dict[str, Any]]:
    """Parts, sections and questions as the page of a questionnaire shows them."""
    return [
        {
            "title": said(part.title),
            "id": part.id,
            "sections": [
                {
                    "id": section.id,
                    "title": said(section.title),
                    "on": section.enabled,
                    "conditional": section.when is not None,
                    "items": [line for item in section.items for line in _lines(form, item)],
                }
                for section in part.sections
            ],
        }
        for part in form.parts
    ]


def _lines(form: Questionnaire, item: Item, depth: int = 0) -> list[dict[str, Any]]:
    line = {
        "id": item.id,
        "words": said(item.text),
        "kind": KIND_WORDS[item.kind],
        "depth": depth,
        "on": item.enabled,
        "conditional": item.when is not None,
        "sensitive": item.sensitive,
        "fixed": is_fixed(form, item.id),
        "group": item.kind == "group",
    }
    return [line, *(one for inner in item.items for one in _lines(form, inner, depth + 1))]


class QuestionnairesView(OfficeView):
    """All of them, and one with what can be done with it."""

    roles = ("owner", "practitioner")

    def __init__(self) -> None:
        super().__init__(name=_l("Questions"), endpoint="questionnaires", url="questionnaires")

    def _done(self, sentence: str, id: UUID | None = None) -> Answer:
        flash(sentence)
        return redirect(self.get_url(".one", id=id) if id else self.get_url(".index"), 303)

    @expose("/")
    def index(self) -> Answer:
        return self.render(
            "manage/questionnaires/list.html", listed=questionnaires(), press=PressForm(), writes=may_write()
        )

    @expose("/begin/", methods=("POST",))
    @only("owner")
    def begin(self) -> Answer:
        if not PressForm(request.form).validate():
            return self._done(_("Please press the button again."))
        return self._done(_("Begun from the shipped questions. Nothing is asked before you publish."), self._begun())

    def _begun(self) -> UUID:
        return begin_from_shipped(now=page_now())

    @expose("/one/")
    def one(self) -> Answer:
        draft = asked_draft()
        versions = versions_of(draft.id)
        newest = next((one for one in versions if one.withdrawn_at is None), None)
        return self.render(
            "manage/questionnaires/one.html",
            draft=draft,
            title=said(draft.form.title),
            parts=overview(draft.form),
            versions=versions,
            drafting=newest is None or definition_of(newest.id) != draft.form,
            newer=has_newer(draft.form),
            aside=discarded_at(draft.id),
            languages=[LANGUAGES.get(code, code) for code in draft.form.languages],
            press=PressForm(),
            writes=may_write(),
        )

    @expose("/move/", methods=("POST",))
    @only("owner")
    def move(self) -> Answer:
        draft = asked_draft()
        what, _bar, rest = request.form.get("go", "").partition("|")
        piece, _bar, step = rest.partition("|")
        if not PressForm(request.form).validate():
            return self._done(_("Please press the button again."), draft.id)
        mover = with_item_moved if what == "item" else with_section_moved
        change_draft(
            questionnaire_id=draft.id, change=lambda form: mover(form, piece, 1 if step == "1" else -1), now=page_now()
        )
        return redirect(self.get_url(".one", id=draft.id, _anchor=f"{what[:1]}-{piece}"), 303)

    # What changed, and publishing.

    @expose("/changes/")
    def changes(self) -> Answer:
        draft = asked_draft()
        versions = {str(one.number): one for one in versions_of(draft.id)}
        older = request.values.get("from", next(iter(versions), ""))
        newer = request.values.get("to", "")
        forms = {number: definition_of(one.id) for number, one in versions.items() if number in (older, newer)}
        before, after = forms.get(older), forms.get(newer, draft.form)
        return self.render(
            "manage/questionnaires/changes.html",
            draft=draft,
            versions=list(versions),
            older=older,
            newer=newer if newer in versions else "",
            lines=[] if before is None else change_lines(before, after),
        )

    @expose("/publish/")
    @only("owner")
    def publish_page(self) -> Answer:
        return self._publish(asked_draft(), 200)

    @expose("/publish/", methods=("POST",))
    @only("owner")
    def publish(self) -> Answer:
        draft = asked_draft()
        if not PressForm(request.form).validate():
            return self._publish(draft, 422, _("This page had been open too long. Press the button once more."))
        try:
            publish(questionnaire_id=draft.id, seen=request.form.get("seen", ""), now=page_now())
        except ChangedMeanwhile as refused:
            return self._publish(
                asked_draft(), refused.status, _("The draft has changed meanwhile: look again, then publish.")
            )
        except NotPublishable as refused:
            return self._publish(draft, refused.status)
        except DomainError as refused:
            return self._publish(draft, refused.status, refused.message)
        return self._done(
            _("Published. New clients are asked these questions; who has begun finishes theirs."), draft.id
        )

    def _publish(self, draft: Draft, status: int, problem: str = "") -> Answer:
        newest = next((one for one in versions_of(draft.id) if one.withdrawn_at is None), None)
        faults = []
        for fault in faults_of_draft(draft.form):
            what, words = place_of(draft.form, fault.at)
            faults.append({"at": fault.at, "what": what, "words": words, "sentence": fault.sentence})
        page = self.render(
            "manage/questionnaires/publish.html",
            draft=draft,
            faults=faults,
            lines=None if newest is None else change_lines(definition_of(newest.id), draft.form),
            problem=problem,
            press=PressForm(),
        )
        return page, status

    # What asks first.

    @expose("/ask/<deed>/")
    @only("owner")
    def ask(self, deed: str) -> Answer:
        return self._ask(deed, 200)

    @expose("/ask/<deed>/", methods=("POST",))
    @only("owner")
    def do(self, deed: str) -> Answer:
        if deed not in _DEEDS:
            raise NoSuchPiece
        draft = asked_draft()
        if not PressForm(request.form).validate():
            return self._ask(deed, 422)
        _DEEDS[deed][3](draft, request.form.get("piece", ""))
        return self._done(_("Done."), None if deed == "archive" else draft.id)

    def _ask(self, deed: str, status: int) -> Answer:
        if deed not in _DEEDS:
            raise NoSuchPiece
        draft, piece = asked_draft(), request.values.get("piece", "")
        question, follows, words, _deed = _DEEDS[deed]
        called = {
            "item": lambda: said(item_of(draft.form, piece).text),
            "section": lambda: said(section_of(draft.form, piece).title),
            "archive": lambda: said(draft.form.title),
            "withdraw": lambda: _("Version %(number)s", number=_version(draft, piece).number),
        }[deed]()
        page = self.render(
            "manage/questionnaires/sure.html",
            deed=deed,
            draft=draft,
            piece=piece,
            called=called,
            question=question,
            follows=follows,
            words=words,
            press=PressForm(),
        )
        return page, status


def place_of(form: Questionnaire, id: str) -> tuple[str, str]:
    """What has this id ("item", "section" or "part"; nothing for a text around them), and how it is called."""
    items = item_index(form)
    if id in items:
        return "item", said(items[id].text)
    named: dict[str, tuple[str, str]] = {part.id: ("part", said(part.title)) for part in form.parts}
    named |= {section.id: ("section", said(section.title)) for section in sections_of(form)}
    return named.get(id, ("", id))


def change_lines(before: Questionnaire, after: Questionnaire) -> list[dict[str, Any]]:
    """The differences as the pages show them."""
    return [
        {
            "id": one.id,
            "words": said(one.words),
            "what": CHANGE_WORDS[one.what],
            "before": "" if one.before is None else said(one.before),
            "after": "" if one.after is None else said(one.after),
        }
        for one in changes(before, after)
    ]


def _version(draft: Draft, piece: str) -> Any:
    found = next((one for one in versions_of(draft.id) if str(one.id) == piece), None)
    if found is None:
        raise NoSuchQuestionnaire
    return found


def _drop(without: Callable[[Questionnaire, str], Questionnaire], draft: Draft, piece: str) -> None:
    change_draft(questionnaire_id=draft.id, change=lambda form: without(form, piece), now=page_now())


def _drop_item(form: Questionnaire, id: str) -> Questionnaire:
    if is_fixed(form, id):
        raise NoSuchPiece
    return without_item(form, id)


_DEEDS: dict[str, tuple[Any, Any, Any, Callable[[Draft, str], None]]] = {
    "item": (
        _l("Take this question out?"),
        _l("It goes from the draft, with all that stands in it. Published versions and the answers clients gave stay."),
        _l("Take it out"),
        partial(_drop, _drop_item),
    ),
    "section": (
        _l("Take this section out?"),
        _l("It goes from the draft, with all that stands in it. Published versions and the answers clients gave stay."),
        _l("Take it out"),
        partial(_drop, without_section),
    ),
    "withdraw": (
        _l("Send this version out no more?"),
        _l("Who has begun it may finish. New clients are asked the version published before it, if there is one."),
        _l("Withdraw it"),
        lambda draft, piece: withdraw(version_id=_version(draft, piece).id, now=page_now()),
    ),
    "archive": (
        _l("Put this questionnaire away?"),
        _l("It is sent out no more. What clients answered stays readable."),
        _l("Put it away"),
        lambda draft, _piece: archive(questionnaire_id=draft.id, now=page_now()),
    ),
}
