"""The languages of a questionnaire: which texts lack one, and how one comes and goes. Pure.

A published form inside it is shown word for word, in the languages that it came in: its texts are left as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from tenants.intake.questions import Item, Part, Questionnaire, Section, Texts, items_in
from tenants.intake.structure import all_items
from tenants.intake.verbatim import is_instrument

_ITEM = ("text", "help", "guardian_text", "young_text", "lo_text", "hi_text")
_SECTION, _PART = ("title", "intro", "notice"), ("title", "intro")
_Change = Callable[[str, Texts], Texts]


def texts_of(form: Questionnaire) -> Iterator[tuple[str, Texts]]:
    """Every text with the id of what it is of (the title's is empty), but those of published forms."""
    yield "", form.title
    yield from (*form.documents.items(), *form.texts.items())
    for part in form.parts:
        yield from ((part.id, getattr(part, name)) for name in _PART)
        for section in part.sections:
            yield from ((section.id, getattr(section, name)) for name in _SECTION)
    published = {item.id for group in published_in(form) for item in items_in((group,))}
    for item in all_items(form):
        if item.id not in published:
            yield from ((item.id, texts) for texts in _of_item(item))


def lacking(form: Questionnaire, code: str) -> tuple[tuple[str, Texts], ...]:
    """The texts that stand in some language and not in this one."""
    return tuple((at, texts) for at, texts in texts_of(form) if _lacks(texts, code))


def published_in(form: Questionnaire) -> tuple[Item, ...]:
    """The groups that came in as published forms."""
    return tuple(item for item in all_items(form) if is_instrument(item))


def published_without(form: Questionnaire, code: str) -> tuple[Item, ...]:
    """The published forms in it that have no words in this language."""
    return tuple(
        group
        for group in published_in(form)
        if any(_lacks(texts, code) for item in items_in((group,)) for texts in _of_item(item))
    )


def with_language(form: Questionnaire, code: str, sources: Iterable[Questionnaire]) -> Questionnaire:
    """The form in one language more. A text that stands word for word in one of the sources takes its words from there:
    those of the same question if they can be had, else of any. The rest waits to be written."""
    known: dict[tuple[str, ...], str] = {}
    for source in sources:
        for at, texts in texts_of(source):
            for other, words in texts.items() if texts.get(code) else ():
                known.setdefault((at, other, words), texts[code])
                known.setdefault((other, words), texts[code])

    def filled(at: str, texts: Texts) -> Texts:
        keys = [*((at, *one) for one in texts.items()), *texts.items()]
        found = next((known[key] for key in keys if key in known), "")
        return {**texts, code: found} if found and _lacks(texts, code) else texts

    return replace(_each(form, filled), languages=tuple(dict.fromkeys((*form.languages, code))))


def without_language(form: Questionnaire, code: str) -> Questionnaire:
    """The form without this language, and without its words."""

    def bare(_at: str, texts: Texts) -> Texts:
        return {other: words for other, words in texts.items() if other != code}

    return replace(_each(form, bare), languages=tuple(one for one in form.languages if one != code))


def _lacks(texts: Texts, code: str) -> bool:
    return any(words.strip() for words in texts.values()) and not texts.get(code, "").strip()


def _of_item(item: Item) -> tuple[Texts, ...]:
    return (*(getattr(item, name) for name in _ITEM), *(option.text for option in item.options))


def _each(form: Questionnaire, change: _Change) -> Questionnaire:
    def own(piece: Item | Section | Part, names: Iterable[str]) -> dict[str, Any]:
        return {name: change(piece.id, getattr(piece, name)) for name in names}

    def item(one: Item) -> Item:
        if is_instrument(one):
            return one
        options = tuple(replace(option, text=change(one.id, option.text)) for option in one.options)
        return replace(one, options=options, items=tuple(item(inner) for inner in one.items), **own(one, _ITEM))

    def section(one: Section) -> Section:
        return replace(one, items=tuple(item(inner) for inner in one.items), **own(one, _SECTION))

    def part(one: Part) -> Part:
        return replace(one, sections=tuple(section(inner) for inner in one.sections), **own(one, _PART))

    return replace(
        form,
        title=change("", form.title),
        parts=tuple(part(one) for one in form.parts),
        documents={name: change(name, texts) for name, texts in form.documents.items()},
        texts={name: change(name, texts) for name, texts in form.texts.items()},
    )
