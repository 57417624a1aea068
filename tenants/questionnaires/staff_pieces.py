"""Writing a questionnaire piece by piece: a section, a question with its answers, the condition it is shown under."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import flash, redirect, request, url_for
from flask_admin import expose

from saas.admin import OfficeView
from saas.errors import DomainError
from saas.languages import LANGUAGES, locale
from saas.stale import ChangedMeanwhile, mark_of
from saas.web import page_now
from saas.words import _
from saas.words import later as _l
from tenants.intake.editing import (
    NoSuchPiece,
    fresh_id,
    home_of,
    is_fixed,
    item_of,
    section_of,
    with_item,
    with_new_item,
    with_new_section,
    with_section,
)
from tenants.intake.form_json import as_json
from tenants.intake.publishing import Draft, change_draft
from tenants.intake.questions import Item, Part, Questionnaire, Section, item_index, items_in, sections_of
from tenants.intake.reading import choices
from tenants.questionnaires.forms import (
    DECLINED,
    SPARE,
    UNKNOWN,
    Looked,
    PieceForm,
    PressForm,
    Row,
    condition_from,
    form_for,
    kind_of,
    looks_in,
    options_from,
    piece_data,
    rows_of,
    typed_rows,
    words_kept,
)
from tenants.questionnaires.piece_words import KIND_WORDS, WITH_CHOICES, WITH_ENDS, condition_lines
from tenants.questionnaires.staff import asked_draft, said

Answer = Any
MOST_LOOKED = 4
_CHOSEN = ("single", "multi", "yn4", "bool", "bodymap")


def item_mark(form: Questionnaire, id: str) -> object:
    """What the page of a question edits."""
    return as_json(_alone(form, item_of(form, id)))


def section_mark(form: Questionnaire, id: str) -> object:
    """What the page of a section edits: not its questions."""
    section = replace(section_of(form, id), items=())
    return as_json(replace(form, parts=(Part("p", {}, (section,)),), documents={}, texts={}))


def _alone(form: Questionnaire, item: Item) -> Questionnaire:
    return replace(form, parts=(Part("p", {}, (Section("s", {}, (item,)),)),), documents={}, texts={})


def _open_item(draft: Draft) -> Item:
    """The question that the address names, unless it stands in a published form: those are not edited."""
    item = item_of(draft.form, request.values.get("piece", ""))
    if is_fixed(draft.form, item.id):
        raise NoSuchPiece
    return item


class PiecesView(OfficeView):
    """A page a piece; the page of the questionnaire leads here."""

    roles = ("owner",)
    part_of = "questionnaires"

    def __init__(self) -> None:
        super().__init__(name=_l("Questions"), endpoint="question_pieces", url="questionnaires/pieces")

    def is_visible(self) -> bool:
        return False

    def _done(self, draft: Draft, anchor: str) -> Answer:
        flash(_("Saved in the draft. Clients see it once you publish."))
        return redirect(url_for("questionnaires.one", id=draft.id, _anchor=anchor), 303)

    # A question.

    @expose("/")
    def item(self) -> Answer:
        draft = asked_draft()
        item = _open_item(draft)
        form = form_for(draft.form.languages)(
            data={**piece_data(item, draft.form.languages), "seen": _seen(draft, item)}
        )
        return self._item(draft, item, form, rows_of(item), 200)

    @expose("/", methods=("POST",))
    def save_item(self) -> Answer:
        draft = asked_draft()
        item = _open_item(draft)
        form = form_for(draft.form.languages)(request.form)
        rows = typed_rows(request.form, draft.form.languages)
        if not form.validate():
            return self._item(draft, item, form, rows, 422)
        options, told = options_from(rows, item, draft.form.languages)
        wanted = form.item(item, options)
        if form.errors or any(row.fault for row in told):
            return self._item(draft, item, form, told, 422)
        try:
            change_draft(
                questionnaire_id=draft.id, change=lambda q: with_item(q, wanted), now=page_now(),
                about=lambda q: item_mark(q, item.id), seen=form.seen.data or "",
            )  # fmt: skip
        except ChangedMeanwhile as refused:
            fresh = asked_draft()
            stands = item_of(fresh.form, item.id)
            form.seen.data = _seen(fresh, stands)
            return self._item(fresh, stands, form, told or rows, refused.status)
        except DomainError as refused:
            form.put(refused)
            return self._item(draft, item, form, told or rows, refused.status)
        return self._done(draft, f"i-{item.id}")

    def _item(self, draft: Draft, item: Item, form: PieceForm, rows: Sequence[Row], status: int) -> Answer:
        page = self.render(
            "manage/questionnaires/item.html",
            draft=draft,
            item=item,
            section=home_of(draft.form, item.id),
            kind=KIND_WORDS[item.kind],
            record_form=form,
            rows=_with_spare(rows) if item.kind in WITH_CHOICES else [],
            ends=item.kind in WITH_ENDS,
            lines=condition_lines(draft.form, item.when, locale()),
            languages={code: LANGUAGES.get(code, code) for code in draft.form.languages},
            stands=words_kept(item, draft.form.languages) if status == 409 else [],
            guardian=draft.form.guardian_when is not None,
        )
        return page, status

    @expose("/new-question/")
    def new_item(self) -> Answer:
        draft = asked_draft()
        section = section_of(draft.form, request.values.get("section", ""))
        return self._new_item(draft, section, form_for(draft.form.languages)(), 200)

    @expose("/new-question/", methods=("POST",))
    def add_item(self) -> Answer:
        draft = asked_draft()
        section = section_of(draft.form, request.values.get("section", ""))
        form = form_for(draft.form.languages)(request.form)
        if not form.validate():
            return self._new_item(draft, section, form, 422)
        texts = form.texts("text", needed=True)
        if form.errors:
            return self._new_item(draft, section, form, 422)
        item = Item(
            fresh_id(draft.form, section.id), kind_of(form.kind.data or ""), texts, sensitive=section.sensitive,
            enabled=False,
        )  # fmt: skip
        if item.kind in ("single", "multi"):  # a question needs choices; these two are there to be written over
            item = replace(item, options=choices(replace(item, kind="bool", options=())))
        try:
            change_draft(questionnaire_id=draft.id, change=lambda q: with_new_item(q, section.id, item), now=page_now())
        except DomainError as refused:
            form.put(refused)
            return self._new_item(draft, section, form, refused.status)
        flash(_("Added, and switched off until you switch it on."))
        return redirect(self.get_url(".item", id=draft.id, piece=item.id), 303)

    def _new_item(self, draft: Draft, section: Section, form: PieceForm, status: int) -> Answer:
        page = self.render(
            "manage/questionnaires/new_item.html",
            draft=draft,
            section=section,
            title=said(section.title),
            record_form=form,
            languages={code: LANGUAGES.get(code, code) for code in draft.form.languages},
        )
        return page, status

    # A section.

    @expose("/section/")
    def section(self) -> Answer:
        draft, section = self._asked_section()
        data = piece_data(section, draft.form.languages) if section is not None else {"enabled": True}
        seen = mark_of(section_mark(draft.form, section.id)) if section is not None else ""
        return self._section(draft, section, form_for(draft.form.languages)(data={**data, "seen": seen}), 200)

    @expose("/section/", methods=("POST",))
    def save_section(self) -> Answer:
        draft, section = self._asked_section()
        form = form_for(draft.form.languages)(request.form)
        if not form.validate():
            return self._section(draft, section, form, 422)
        wanted = form.section(section or Section(fresh_id(draft.form), {}, ()))
        if form.errors:
            return self._section(draft, section, form, 422)
        part = request.values.get("part", "")
        try:
            if section is None:
                change_draft(
                    questionnaire_id=draft.id, change=lambda q: with_new_section(q, part, wanted), now=page_now()
                )
            else:
                change_draft(
                    questionnaire_id=draft.id, now=page_now(), seen=form.seen.data or "",
                    change=lambda q: with_section(q, replace(wanted, items=section_of(q, wanted.id).items)),
                    about=lambda q: section_mark(q, wanted.id),
                )  # fmt: skip
        except ChangedMeanwhile as refused:
            fresh = asked_draft()
            form.seen.data = mark_of(section_mark(fresh.form, wanted.id))
            return self._section(fresh, section_of(fresh.form, wanted.id), form, refused.status)
        except DomainError as refused:
            form.put(refused)
            return self._section(draft, section, form, refused.status)
        return self._done(draft, f"s-{wanted.id}")

    def _asked_section(self) -> tuple[Draft, Section | None]:
        draft, piece = asked_draft(), request.values.get("piece", "")
        if not piece and any(part.id == request.values.get("part") for part in draft.form.parts):
            return draft, None
        return draft, section_of(draft.form, piece)

    def _section(self, draft: Draft, section: Section | None, form: PieceForm, status: int) -> Answer:
        page = self.render(
            "manage/questionnaires/section.html",
            draft=draft,
            section=section,
            part=request.values.get("part", ""),
            record_form=form,
            lines=condition_lines(draft.form, section.when, locale()) if section is not None else [],
            languages={code: LANGUAGES.get(code, code) for code in draft.form.languages},
            stands=words_kept(section, draft.form.languages) if section is not None and status == 409 else [],
        )
        return page, status

    # The condition of either.

    @expose("/condition/")
    def condition(self) -> Answer:
        draft = asked_draft()
        piece = _piece(draft)
        index, earlier = item_index(draft.form), _earlier(draft.form, piece)
        asked = [id for id in dict.fromkeys(request.args.getlist("q")) if id in {item.id for item in earlier}]
        known = looks_in(piece.when, index)
        match, lines = known or ("all", [])
        lines = [*lines, *(Looked(index[id], frozenset()) for id in asked if id not in {one.item.id for one in lines})]
        return self._condition(draft, piece, match, lines[:MOST_LOOKED], 200, deep=known is None)

    @expose("/condition/", methods=("POST",))
    def save_condition(self) -> Answer:
        draft = asked_draft()
        piece = _piece(draft)
        earlier = {item.id: item for item in _earlier(draft.form, piece)}
        asked = [id for id in dict.fromkeys(request.form.getlist("q")) if id in earlier][:MOST_LOOKED]
        match = "any" if request.form.get("match") == "any" else "all"
        lines = [Looked(earlier[id], frozenset(request.form.getlist(f"c-{id}"))) for id in asked]
        if not PressForm(request.form).validate():
            return self._condition(draft, piece, match, lines, 422)
        always = request.form.get("do") == "always"
        wanted, told = (None, []) if always else condition_from(match, lines)
        if any(line.fault for line in told):
            return self._condition(draft, piece, match, told, 422)
        kept = replace(piece, when=wanted)

        def change(form: Questionnaire) -> Questionnaire:
            if isinstance(kept, Item):
                return with_item(form, replace(item_of(form, kept.id), when=wanted))
            return with_section(form, replace(section_of(form, kept.id), when=wanted))

        try:
            change_draft(
                questionnaire_id=draft.id, change=change, now=page_now(), seen=request.form.get("seen", ""),
                about=lambda q: _condition_mark(q, kept),
            )  # fmt: skip
        except ChangedMeanwhile as refused:
            fresh = asked_draft()
            problem = _("Somebody else has changed this meanwhile. Your choice is below; saving puts it in its place.")
            return self._condition(fresh, _piece(fresh), match, told or lines, refused.status, problem=problem)
        except DomainError as refused:
            return self._condition(draft, piece, match, told or lines, refused.status, problem=refused.message)
        return self._done(draft, f"{'i' if isinstance(piece, Item) else 's'}-{piece.id}")

    def _condition(
        self, draft: Draft, piece: Item | Section, match: str, lines: Sequence[Looked], status: int, *,
        deep: bool = False, problem: str = "",
    ) -> Answer:  # fmt: skip
        page = self.render(
            "manage/questionnaires/condition.html",
            draft=draft,
            piece=piece,
            what="item" if isinstance(piece, Item) else "section",
            called=said(piece.text if isinstance(piece, Item) else piece.title),
            match=match,
            looked=[
                {
                    "id": line.item.id,
                    "words": said(line.item.text),
                    "ticks": [(option.code, said(option.text)) for option in choices(line.item)],
                    "ticked": line.ticked,
                    "fault": line.fault,
                }
                for line in lines
            ],
            own_ticks=(
                (UNKNOWN, _("Not known: not sure, not said, or not asked")),
                (DECLINED, _("Would rather not say, or in person")),
            ),
            kept=condition_lines(draft.form, piece.when, locale()),
            groups=_groups(draft.form, piece),
            most=MOST_LOOKED,
            deep=deep,
            problem=problem,
            seen=mark_of(_condition_mark(draft.form, piece)),
            press=PressForm(),
        )
        return page, status


def _seen(draft: Draft, item: Item) -> str:
    return mark_of(item_mark(draft.form, item.id))


def _with_spare(rows: Sequence[Row]) -> list[Row]:
    """The rows with empty ones after them."""
    spare = SPARE - sum(1 for row in rows if not row.code and not any((row.texts or {}).values()))
    return [*rows, *(Row() for _number in range(max(0, spare)))]


def _piece(draft: Draft) -> Item | Section:
    """The question or section whose condition is written."""
    if request.values.get("what") == "section":
        return section_of(draft.form, request.values.get("piece", ""))
    return _open_item(draft)


def _condition_mark(form: Questionnaire, piece: Item | Section) -> object:
    return item_mark(form, piece.id) if isinstance(piece, Item) else section_mark(form, piece.id)


def _earlier(form: Questionnaire, piece: Item | Section) -> list[Item]:
    """The questions with choices that are asked before it."""
    found: list[Item] = []
    for section in sections_of(form):
        if section.id == piece.id:
            break
        for item in items_in(section.items):
            if item.id == piece.id:
                return found
            if item.kind in _CHOSEN:
                found.append(item)
    return found


def _groups(form: Questionnaire, piece: Item | Section) -> list[tuple[str, list[tuple[str, str]]]]:
    """Those questions by section, for the select."""
    earlier = {item.id for item in _earlier(form, piece)}
    grouped = [
        (said(section.title), [(one.id, said(one.text)[:90]) for one in items_in(section.items) if one.id in earlier])
        for section in sections_of(form)
    ]
    return [(title, items) for title, items in grouped if items]
