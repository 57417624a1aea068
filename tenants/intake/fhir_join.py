"""Files of one published form in different languages as one form: whoever answers reads it in theirs. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from tenants.intake.fhir_item import LINK
from tenants.intake.questions import Coding, Item, Questionnaire, Section, Texts, item_index

_MOST_CODES = 20


def joined(old: Questionnaire, new: Questionnaire) -> Questionnaire:
    """`new`, with the words of `old` in the languages that it lacks; `new` alone where they are not the same sheet.

    The same sheet has the same counted items with the same answers and numbers. Of one that began in another language
    the order and what stands beside the items stay as they were.
    """
    if set(old.languages) <= set(new.languages) or _sheet(old) != _sheet(new):
        return new
    base, other = (new, old) if old.languages[0] == new.languages[0] else (old, new)
    words = item_index(other)
    languages = (*base.languages, *(code for code in other.languages if code not in base.languages))

    def beside(here: Texts, there: Texts) -> Texts:
        newer, older = (there, here) if other is new else (here, there)
        return {**older, **newer}

    def item_joined(item: Item) -> Item:
        inner = tuple(item_joined(one) for one in item.items)
        found = words.get(item.id)
        if found is None or not _alike(item, found):
            return replace(item, items=inner)
        options = zip(item.options, found.options, strict=True)
        return replace(
            item,
            text=beside(item.text, found.text),
            help=beside(item.help, found.help),
            lo_text=beside(item.lo_text, found.lo_text),
            hi_text=beside(item.hi_text, found.hi_text),
            options=tuple(replace(own, text=beside(own.text, said.text)) for own, said in options),
            codes=tuple(_codes(item, found))[:_MOST_CODES],
            items=inner,
        )

    title = dict.fromkeys(languages, base.title[base.languages[0]])

    def section_joined(section: Section) -> Section:
        return replace(section, title=title, items=tuple(item_joined(item) for item in section.items))

    parts = tuple(
        replace(part, title=title, sections=tuple(section_joined(section) for section in part.sections))
        for part in base.parts
    )
    texts = {key: beside(base.texts.get(key, {}), other.texts.get(key, {})) for key in {**old.texts, **new.texts}}
    return replace(base, title=title, languages=languages, parts=parts, texts=texts)


def _sheet(form: Questionnaire) -> Mapping[str, object]:
    """What is counted: each item by its place, with its answers and their numbers."""
    counted = re.compile(rf"{re.escape(form.key)}\.\d+")
    return {id_: _shape(item) for id_, item in item_index(form).items() if counted.fullmatch(id_)}


def _shape(item: Item) -> object:
    return item.kind, item.lo, item.hi, tuple((option.code, option.score) for option in item.options)


def _alike(one: Item, other: Item) -> bool:
    return _shape(one) == _shape(other)


def _codes(item: Item, found: Item) -> Iterator[Coding]:
    """Those of the item, and the link id that the other file knows it by: answers to either find it."""
    yield from item.codes
    yield from (code for code in found.codes if code.system == LINK and code not in item.codes)
