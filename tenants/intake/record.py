"""An intake on paper, for the clinic's record: every question that was shown, what was said to it, what was agreed to.

Flags are on it only where the practitioner asks for them. Pure but for the library that writes the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from saas.paper import Sheets, is_whole
from tenants.intake.flag_words import quoted
from tenants.intake.flags import Label
from tenants.intake.questions import (
    Answer,
    Answers,
    Item,
    Questionnaire,
    Section,
    in_language,
    item_index,
    items_in,
    sections_of,
    skip_key,
)
from tenants.intake.reading import choices
from tenants.intake.showing import visible

_FREE = ("short", "long", "signature", "file")


@dataclass(frozen=True)
class Line:
    """A question, what was said to it, and the client's own words beside it."""

    question: str
    said: str
    note: str = ""


@dataclass(frozen=True)
class Chapter:
    """A heading with what stands under it."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Record:
    """All that is on the paper, in the reader's language. `facts`: what it is about, label and value; `unwritten`: what
    is said where letters could not be written; `foot`: stands on every sheet; `made`: when it was sent, not the clock.
    """

    title: str
    clinic: str
    name: str
    facts: tuple[tuple[str, str], ...]
    chapters: tuple[Chapter, ...]
    unwritten: str
    foot: str
    language: str
    made: datetime


def words_of(item: Item, answer: Answer | None, language: str) -> str:
    """What was said to one question, whole: the words of its choices, dates as people write them, free words as they
    are."""
    if answer is not None and item.kind in _FREE and isinstance(answer.value, str) and not answer.absent:
        return answer.value
    return quoted(answer, Label(item.text, {option.code: option.text for option in choices(item)}), language)


def chapters_of(
    form: Questionnaire, answers: Answers, language: str, *, skipped: str, names: Mapping[str, str]
) -> tuple[Chapter, ...]:
    """The answers by section, in the order of the form. `skipped`: what stands for a section the client skipped;
    `names`: what `{clinic}` and `{practitioner}` stand for."""
    items, shown = item_index(form), visible(form, answers)
    repeats = {
        one.id: items[group.rows_of] for group in items.values() if group.rows_of for one in items_in(group.items)
    }

    def said(text: str) -> str:
        for name, value in names.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def lines(section: Section) -> Iterator[Line]:
        decided = answers.get(skip_key(section.id))
        if decided is not None and decided.value is True:
            yield Line(skipped, "")
        below = {item.id for item in items_in(section.items)}
        for key in shown:
            id_, _at, row = key.partition("@")
            item = items[id_]
            if id_ not in below or item.kind in ("display", "group"):
                continue
            question = said(in_language(item.text, language))
            answer = answers.get(key)
            about = f"{question} ({words_of(repeats[id_], Answer((row,)), language)})" if row else question
            yield Line(about, words_of(item, answer, language), answer.note if answer else "")

    found = [Chapter(said(in_language(one.title, language)), tuple(lines(one))) for one in sections_of(form)]
    return tuple(chapter for chapter in found if chapter.lines)


def record_pdf(record: Record) -> bytes:
    """The paper."""
    sheets = Sheets(
        title=record.title, author=record.clinic, language=record.language, made=record.made, foot=record.foot,
        marks=True,
    )  # fmt: skip
    sheets.text(record.clinic, size=12, grey=True)
    sheets.text(record.name, size=20, bold=True)
    sheets.gap(2)
    for label, value in record.facts:
        sheets.text(f"{label}: {value}", size=10, grey=True)
    if not _is_whole(record):
        sheets.gap(3)
        sheets.text(record.unwritten, size=10, bold=True)
    for chapter in record.chapters:
        sheets.gap(6)
        sheets.text(chapter.title, size=14, bold=True)
        for line in chapter.lines:
            sheets.gap(2.5)
            sheets.text(line.question, size=9.5, grey=True)
            for words in (line.said, line.note):
                if words:
                    sheets.text(words)
    return sheets.file()


def _is_whole(record: Record) -> bool:
    """Whether all that the client wrote, and their name, stands on this paper as it is."""
    said = [words for chapter in record.chapters for line in chapter.lines for words in (line.said, line.note)]
    return all(map(is_whole, (record.name, *said)))
