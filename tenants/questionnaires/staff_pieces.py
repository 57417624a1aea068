"""Writing a questionnaire piece by piece: a section, a question with its answers."""

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
from tenants.intake.questions import Item, Part, Questionnaire, Section
from tenants.intake.reading import choices
from tenants.intake.structure import all_items
from tenants.questionnaires.forms import (
    SPARE,
    WITH_CALM,
    PieceForm,
    Row,
    calm_from,
    calm_ticks,
    form_for,
    kind_of,
    options_from,
    piece_data,
    rows_of,
    typed_rows,
    words_kept,
)
from tenants.questionnaires.piece_words import KIND_WORDS, WITH_CHOICES, WITH_ENDS, condition_lines
from tenants.questionnaires.staff import asked_draft, said

Answer = Any


def item_mark(form: Questionnaire, id: str) -> object:
    """What the page of a question edits."""
    return as_json(_alone(form, item_of(form, id)))


def section_mark(form: Questionnaire, id: str) -> object:
    """What the page of a section edits: not its questions."""
    section = replace(section_of(form, id), items=())
    return as_json(replace(form, parts=(Part("p", {}, (section,)),), documents={}, texts={}))


def _alone(form: Questionnaire, item: Item) -> Questionnaire:
    return replace(form, parts=(Part("p", {}, (Section("s", {}, (item,)),)),), documents={}, texts={})


def open_item(draft: Draft) -> Item:
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
        item = open_item(draft)
        form = form_for(draft.form.languages)(
            data={**piece_data(item, draft.form.languages), "seen": _seen(draft, item)}
        )
        return self._item(draft, item, form, rows_of(item), 200, calm=calm_ticks(item))

    @expose("/", methods=("POST",))
    def save_item(self) -> Answer:
        draft = asked_draft()
        item = open_item(draft)
        form = form_for(draft.form.languages)(request.form)
        rows = typed_rows(request.form, draft.form.languages)
        if not form.validate():
            return self._item(draft, item, form, rows, 422)
        options, told = options_from(rows, item, draft.form.languages)
        form.rows_of.choices = _may_repeat(draft.form, item)
        wanted = form.item(item, options)
        ticked = {row.code for row in told if row.calm} | set(request.form.getlist("calm"))
        calm, fault = calm_from(wanted, ticked, asked="calm-asked" in request.form)
        wanted = replace(wanted, calm=calm)
        if form.errors or any(row.fault for row in told) or fault:
            shown = frozenset(ticked) if "calm-asked" in request.form else calm_ticks(wanted)
            told = [replace(row, calm=row.code in shown) for row in told]
            return self._item(draft, item, form, told, 422, calm=shown, fault=fault)
        try:
            change_draft(
                questionnaire_id=draft.id, change=lambda q: with_item(q, wanted), now=page_now(),
                about=lambda q: item_mark(q, item.id), seen=form.seen.data or "",
            )  # fmt: skip
        except ChangedMeanwhile as refused:
            fresh = asked_draft()
            stands = item_of(fresh.form, item.id)
            form.seen.data = _seen(fresh, stands)
            return self._item(fresh, stands, form, told or rows, refused.status, calm=frozenset(ticked))
        except DomainError as refused:
            form.put(refused)
            return self._item(draft, item, form, told or rows, refused.status, calm=frozenset(ticked))
        return self._done(draft, f"i-{item.id}")

    def _item(
        self, draft: Draft, item: Item, form: PieceForm, rows: Sequence[Row], status: int, *,
        calm: frozenset[str] = frozenset(), fault: str = "",
    ) -> Answer:  # fmt: skip
        form.rows_of.choices = _may_repeat(draft.form, item)
        acute = item.kind in WITH_CALM and bool(form.acute.data)
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
            young=draft.form.young_when is not None,
            calm_asked=acute,
            calm_fault=fault,
            calm_ticks=[
                (one.code, said(one.text), one.code in calm)
                for one in choices(item)
                if acute and item.kind not in WITH_CHOICES
            ],
            problem=fault,
        )
        return page, status

    @expose("/new-question/")
    def new_item(self) -> Answer:
        draft = asked_draft()
        section, _group = self._place(draft)
        return self._new_item(draft, section, form_for(draft.form.languages)(), 200)

    @expose("/new-question/", methods=("POST",))
    def add_item(self) -> Answer:
        draft = asked_draft()
        section, group = self._place(draft)
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
            change_draft(
                questionnaire_id=draft.id, now=page_now(),
                change=lambda q: with_new_item(q, section.id, item, group_id=group),
            )  # fmt: skip
        except DomainError as refused:
            form.put(refused)
            return self._new_item(draft, section, form, refused.status)
        flash(_("Added, and switched off until you switch it on."))
        return redirect(self.get_url(".item", id=draft.id, piece=item.id), 303)

    def _place(self, draft: Draft) -> tuple[Section, str]:
        """Where a new question goes: a section, and the id of a group in it or nothing."""
        group = request.values.get("group", "")
        if group:
            if item_of(draft.form, group).kind != "group" or is_fixed(draft.form, group):
                raise NoSuchPiece
            return home_of(draft.form, group), group
        return section_of(draft.form, request.values.get("section", "")), ""

    def _new_item(self, draft: Draft, section: Section, form: PieceForm, status: int) -> Answer:
        page = self.render(
            "manage/questionnaires/new_item.html",
            draft=draft,
            section=section,
            group=request.values.get("group", ""),
            title=said(item_of(draft.form, request.values["group"]).text)
            if request.values.get("group")
            else said(section.title),
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


def _may_repeat(form: Questionnaire, group: Item) -> list[tuple[str, str]]:
    """The questions for whose answers a group can be repeated: those before it with several answers."""
    found = [("", _("Once"))]
    if group.kind != "group":
        return found
    for item in all_items(form):
        if item.id == group.id:
            break
        if item.kind == "multi" and not is_fixed(form, item.id):
            found.append((item.id, said(item.text)[:90]))
    return found


def _seen(draft: Draft, item: Item) -> str:
    return mark_of(item_mark(draft.form, item.id))


def _with_spare(rows: Sequence[Row]) -> list[Row]:
    """The rows with empty ones after them."""
    spare = SPARE - sum(1 for row in rows if not row.code and not any((row.texts or {}).values()))
    return [*rows, *(Row() for _number in range(max(0, spare)))]
