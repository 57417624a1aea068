"""The condition under which a question or a section is shown, put together on a page that needs no script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import flash, redirect, request, url_for
from flask_admin import expose

from saas.admin import OfficeView
from saas.errors import DomainError
from saas.languages import locale
from saas.stale import ChangedMeanwhile, mark_of
from saas.web import page_now
from saas.words import _
from saas.words import later as _l
from tenants.intake.editing import item_of, section_of, with_item, with_section
from tenants.intake.publishing import Draft, change_draft
from tenants.intake.questions import Condition, Item, Questionnaire, Section, item_index, items_in, sections_of
from tenants.intake.reading import choices
from tenants.intake.structure import waits_in_the_end
from tenants.questionnaires.condition_forms import (
    ANSWERED,
    DECLINED,
    DEEPEST,
    MOST,
    NUMBERS,
    SEVERAL,
    UNKNOWN,
    Branch,
    Group,
    Leaf,
    branches,
    checked,
    condition_of,
    faults_of,
    tree_of,
    typed_tree,
    with_branch,
    without_branch,
)
from tenants.questionnaires.forms import PressForm
from tenants.questionnaires.piece_words import condition_lines
from tenants.questionnaires.staff import asked_draft, said
from tenants.questionnaires.staff_pieces import item_mark, open_item, section_mark

Answer = Any
_NEVER_ASKED = ("display", "group", "file", "signature")
_OWN_TICKS = (
    (ANSWERED, _l("Anything at all")),
    (UNKNOWN, _l("Not known: not sure, not said, or not asked")),
    (DECLINED, _l("Would rather not say, or in person")),
)


class ConditionsView(OfficeView):
    """One page; those of a question and of a section lead here."""

    roles = ("owner",)
    part_of = "questionnaires"

    def __init__(self) -> None:
        super().__init__(
            name=_l("When it is shown"), endpoint="question_conditions", url="questionnaires/pieces/condition"
        )

    def is_visible(self) -> bool:
        return False

    @expose("/")
    def index(self) -> Answer:
        draft = asked_draft()
        piece = _piece(draft)
        tree = tree_of(piece.when)
        return self._page(draft, piece, tree or Group(), 200, deep=tree is None)

    @expose("/", methods=("POST",))
    def save(self) -> Answer:
        draft = asked_draft()
        piece = _piece(draft)
        tree = typed_tree(request.form)
        if not PressForm(request.form).validate():
            return self._page(draft, piece, tree, 422, problem=_("This page had been open too long. Press once more."))
        do, _bar, path = request.form.get("do", "").partition("|")
        if do in ("add", "group", "drop"):
            changed, focus = _step(tree, do, path)
            return self._page(draft, piece, changed, 200, focus=focus)
        if do == "always":
            tree = Group()
        index = item_index(draft.form)
        tree = checked(tree, index, lambda id: _refused(draft.form, piece, id))
        if faults_of(tree):
            return self._page(draft, piece, tree, 422)
        return self._keep(draft, piece, tree, condition_of(tree, index))

    def _keep(self, draft: Draft, piece: Item | Section, tree: Group, wanted: Condition | None) -> Answer:
        if tree_of(piece.when) == tree_of(wanted):
            wanted = piece.when  # said in other words only

        def change(form: Questionnaire) -> Questionnaire:
            if isinstance(piece, Item):
                return with_item(form, replace(item_of(form, piece.id), when=wanted))
            return with_section(form, replace(section_of(form, piece.id), when=wanted))

        try:
            change_draft(
                questionnaire_id=draft.id, change=change, now=page_now(), seen=request.form.get("seen", ""),
                about=lambda q: _mark(q, piece),
            )  # fmt: skip
        except ChangedMeanwhile as refused:
            fresh = asked_draft()
            problem = _("Somebody else has changed this meanwhile. Your choice is below; saving puts it in its place.")
            return self._page(fresh, _piece(fresh), tree, refused.status, problem=problem)
        except DomainError as refused:
            return self._page(draft, piece, tree, refused.status, problem=refused.message)
        flash(_("Saved in the draft. Clients see it once you publish."))
        anchor = f"{'i' if isinstance(piece, Item) else 's'}-{piece.id}"
        return redirect(url_for("questionnaires.one", id=draft.id, _anchor=anchor), 303)

    def _page(
        self, draft: Draft, piece: Item | Section, tree: Group, status: int, *, deep: bool = False, problem: str = "",
        focus: str = "",
    ) -> Answer:  # fmt: skip
        page = self.render(
            "manage/questionnaires/condition.html",
            draft=draft,
            piece=piece,
            what="item" if isinstance(piece, Item) else "section",
            called=said(piece.text if isinstance(piece, Item) else piece.title),
            tree=_shown(tree, "", item_index(draft.form)),
            kept=condition_lines(draft.form, piece.when, locale()),
            groups=_before(draft.form, piece),
            full=sum(1 for _one in branches(tree)) >= MOST,
            deep=deep,
            problem=problem or (_("Look at what is marked below.") if faults_of(tree) else ""),
            focus=focus,
            seen=mark_of(_mark(draft.form, piece)),
            press=PressForm(),
        )
        return page, status


def _step(tree: Group, do: str, path: str) -> tuple[Group, str]:
    """The tree after a button that only puts it together, and where the keyboard goes on."""
    if do == "drop":
        return without_branch(tree, path), path.rpartition(".")[0]
    asked = request.form.get(f"add-{path}", "")
    if do == "add" and not asked:
        return tree, path
    return with_branch(tree, path, Group() if do == "group" else Leaf(asked))


def _piece(draft: Draft) -> Item | Section:
    """The question or section whose condition is written."""
    if request.values.get("what") == "section":
        return section_of(draft.form, request.values.get("piece", ""))
    return open_item(draft)


def _mark(form: Questionnaire, piece: Item | Section) -> object:
    return item_mark(form, piece.id) if isinstance(piece, Item) else section_mark(form, piece.id)


def _earlier(form: Questionnaire, piece: Item | Section) -> list[Item]:
    """The questions that are asked before it."""
    found: list[Item] = []
    for section in sections_of(form):
        if section.id == piece.id:
            break
        for item in items_in(section.items):
            if item.id == piece.id:
                return found
            if item.kind not in _NEVER_ASKED:
                found.append(item)
    return found


def _refused(form: Questionnaire, piece: Item | Section, id: str) -> str:
    """Why the condition of this piece cannot look at this question; nothing when it can."""
    own = {piece.id} if isinstance(piece, Item) else {item.id for item in items_in(piece.items)}
    if id in own or any(waits_in_the_end(form, id, one) for one in own):
        return _("This one waits for what you are changing: neither would ever be shown. Take it out here.")
    if id not in item_index(form):
        return _("This question is not there any more: take it out here.")
    if id not in {item.id for item in _earlier(form, piece)}:
        return _("This is asked later, so nothing is known of it yet: move it up, or take it out here.")
    return ""


def _before(form: Questionnaire, piece: Item | Section) -> list[tuple[str, list[tuple[str, str]]]]:
    """The questions that can be looked at, by section, for the select."""
    earlier = {item.id for item in _earlier(form, piece)}
    grouped = [
        (said(section.title), [(one.id, said(one.text)[:90]) for one in items_in(section.items) if one.id in earlier])
        for section in sections_of(form)
    ]
    return [(title, items) for title, items in grouped if items]


def _shown(branch: Branch, path: str, index: Mapping[str, Item]) -> dict[str, Any]:
    """A piece of the tree as the page draws it."""
    if isinstance(branch, Group):
        depth = path.count(".") + 2 if path else 1
        inner = [_shown(one, f"{path}.{n}" if path else str(n), index) for n, one in enumerate(branch.of)]
        return {
            "path": path, "group": True, "match": branch.match, "of": inner, "fault": branch.fault,
            "may_group": depth < DEEPEST,
        }  # fmt: skip
    item = index.get(branch.q)
    ticks = [(option.code, said(option.text)) for option in choices(item)] if item is not None else []
    return {
        "path": path,
        "group": False,
        "q": branch.q,
        "words": said(item.text) if item is not None else branch.q,
        "ticks": ticks,
        "own_ticks": _OWN_TICKS,
        "ticked": branch.ticked,
        "may_without": bool(ticks) and item is not None and item.kind not in SEVERAL,
        "without": branch.without,
        "bounds": item is not None and item.kind in NUMBERS,
        "least": branch.least,
        "most": branch.most,
        "fault": branch.fault,
    }
