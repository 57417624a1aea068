"""What changed from one version of a questionnaire to another, question by question. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Literal

from tenants.intake.questions import Item, Part, Questionnaire, Section, Texts, sections_of
from tenants.intake.structure import all_items

What = Literal["added", "added-off", "removed", "moved", "words", "options", "condition", "marks", "papers"]


@dataclass(frozen=True)
class Change:
    """One thing that is different. `words`: how it is called now, or was before it went; `before`, `after`: the texts,
    where the change is about a single one."""

    what: What
    id: str
    words: Texts
    before: Texts | None = None
    after: Texts | None = None


def changes(old: Questionnaire, new: Questionnaire) -> tuple[Change, ...]:
    """Everything that is different, in the order of the newer one; what is gone comes last."""
    return (*_around(old, new), *_items(old, new))


def _around(old: Questionnaire, new: Questionnaire) -> Iterator[Change]:
    if old.title != new.title:
        yield Change("words", "", new.title, old.title, new.title)
    marks = ("languages", "guardian_when", "young_when", "based_on")
    if any(getattr(old, name) != getattr(new, name) for name in marks):
        yield Change("marks", "", new.title)
    yield from _pieces({part.id: part for part in old.parts}, {part.id: part for part in new.parts})
    yield from _pieces({one.id: one for one in sections_of(old)}, {one.id: one for one in sections_of(new)})
    for papers, others in ((old.documents, new.documents), (old.texts, new.texts)):
        for name in sorted({*papers, *others}):
            if papers.get(name) != others.get(name):
                yield Change("papers", name, {}, papers.get(name, {}), others.get(name, {}))


def _pieces(old: Mapping[str, Part | Section], new: Mapping[str, Part | Section]) -> Iterator[Change]:
    for id, now in new.items():
        was = old.get(id)
        if was is None:
            yield Change("added", id, now.title)
            continue
        if was.title != now.title:
            yield Change("words", id, now.title, was.title, now.title)
        if was.intro != now.intro:
            yield Change("words", id, now.title, was.intro, now.intro)
        if isinstance(was, Section) and isinstance(now, Section):
            if was.notice != now.notice:
                yield Change("words", id, now.title, was.notice, now.notice)
            if was.when != now.when:
                yield Change("condition", id, now.title)
            if _marks(was) != _marks(now):
                yield Change("marks", id, now.title)
    yield from (Change("removed", id, was.title) for id, was in old.items() if id not in new)


def _items(old: Questionnaire, new: Questionnaire) -> Iterator[Change]:
    before, after = {item.id: item for item in all_items(old)}, {item.id: item for item in all_items(new)}
    moved = _moved([id for id in before if id in after], [id for id in after if id in before])
    for id, now in after.items():
        was = before.get(id)
        if was is None:
            yield Change("added" if now.enabled else "added-off", id, now.text)
            continue
        if id in moved:
            yield Change("moved", id, now.text)
        yield from _of_one(was, now)
    yield from (Change("removed", id, was.text) for id, was in before.items() if id not in after)


def _of_one(was: Item, now: Item) -> Iterator[Change]:
    for name in ("text", "help", "guardian_text", "young_text", "lo_text", "hi_text"):
        if getattr(was, name) != getattr(now, name):
            yield Change("words", now.id, now.text, getattr(was, name), getattr(now, name))
    if was.options != now.options:
        yield Change("options", now.id, now.text)
    if (was.when, was.rows_of) != (now.when, now.rows_of):
        yield Change("condition", now.id, now.text)
    if _marks(was) != _marks(now):
        yield Change("marks", now.id, now.text)


_TOLD = frozenset(
    "text help guardian_text young_text lo_text hi_text options when rows_of items title intro notice".split()
)  # what has a change of its own


def _marks(piece: Item | Section) -> tuple[object, ...]:
    return tuple(getattr(piece, each.name) for each in fields(piece) if each.name not in _TOLD)


def _moved(before: list[str], after: list[str]) -> frozenset[str]:
    """The fewest ids that left their place: all but the longest run that kept its order."""
    place = {id: number for number, id in enumerate(before)}
    ends: list[list[str]] = []
    for id in after:
        at = next((n for n, run in enumerate(ends) if place[run[-1]] >= place[id]), len(ends))
        run = [*(ends[at - 1] if at else []), id]
        ends[at : at + 1] = [run]
    return frozenset(after) - frozenset(ends[-1] if ends else ())
