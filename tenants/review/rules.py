"""What a practitioner reads of an intake, put in order: opt-outs, what to look at first, what changed. Pure.

Texts come out in the reader's language. Every part knows the sections it shows, so that a look can be recorded by them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tenants.intake.asking import is_urgent
from tenants.intake.flag_words import quoted
from tenants.intake.flags import Flag, Label
from tenants.intake.questions import Answer, Answers, Item, Questionnaire, Section, in_language
from tenants.intake.reading import choices

# What is read before hands-on work whatever the rules say, as the shipped questionnaire asks it.
DIGEST: Mapping[str, tuple[str, ...]] = {
    "wish": ("h.interest", "h.dialogue", "h.emotion", "h.signal"),
    "medicines": ("d.meds",),
    "pregnancy": ("d.preg", "d.preg_week", "d.preg_risk"),
    "recent": ("e.recent",),
    "support": ("f.support", "f.therapist_ok"),
    "contact": ("b.contactsafe",),
    "guardian": ("a.who", "a.rel"),
}
_ROW = "@"


@dataclass(frozen=True)
class Said:
    """One question with its answer in words. `absent`: why there is none; `row`: which row of a repeating group;
    `file`: the id of the file that was handed in."""

    id: str
    section: str
    question: str
    answer: str
    note: str = ""
    absent: str = ""
    row: str = ""
    file: str = ""


@dataclass(frozen=True)
class Change:
    """An answer that is not what it was in the intake before; "" where there was none."""

    section: str
    question: str
    before: str
    now: str


@dataclass(frozen=True)
class Group:
    """A section with what was said in it."""

    id: str
    title: str
    said: tuple[Said, ...]


def leaves(q: Questionnaire) -> Iterator[tuple[Section, Item, Item | None]]:
    """Every question in order, with its section and the group whose rows it repeats in."""
    for part in q.parts:
        for section in part.sections:
            yield from _leaves(section, section.items, None)


def _leaves(section: Section, items: Iterable[Item], rows: Item | None) -> Iterator[tuple[Section, Item, Item | None]]:
    for item in items:
        if item.kind == "group":
            yield from _leaves(section, item.items, item if item.rows_of else rows)
        elif item.kind != "display":
            yield section, item, rows


def said_in(q: Questionnaire, answers: Answers, language: str) -> tuple[Said, ...]:
    """Everything that was answered, opted out of or skipped on purpose, in the questionnaire's order."""
    rows: dict[str, list[str]] = {}
    for key in answers:
        base, _at, row = key.partition(_ROW)
        rows.setdefault(base, []).append(row)
    items = {item.id: item for _section, item, _rows in leaves(q)}
    found = []
    for section, item, group in leaves(q):
        for row in rows.get(item.id, ()):
            key = f"{item.id}{_ROW}{row}" if row else item.id
            named = _row_words(items.get(group.rows_of) if group else None, row, language)
            found.append(_said(section, item, answers[key], language, key=key, row=named))
    return tuple(found)


def _row_words(asked: Item | None, row: str, language: str) -> str:
    texts = label_of(asked).options if asked else {}
    return in_language(texts[row], language) if row in texts else row


def _said(section: Section, item: Item, answer: Answer, language: str, *, key: str, row: str) -> Said:
    words = quoted(answer, label_of(item), language)
    words = f"{words[:1].upper()}{words[1:]}"  # a line of its own, where a flag quotes it within a sentence
    return Said(key, section.id, in_language(item.text, language), words, answer.note, answer.absent, row, answer.file)


def label_of(item: Item) -> Label:
    """How an item and its choices are called."""
    return Label(item.text, {option.code: option.text for option in choices(item)})


def grouped(q: Questionnaire, said: Sequence[Said], language: str) -> tuple[Group, ...]:
    """What was said, by section."""
    titles = {section.id: in_language(section.title, language) for part in q.parts for section in part.sections}
    by_section: dict[str, list[Said]] = {}
    for one in said:
        by_section.setdefault(one.section, []).append(one)
    return tuple(Group(id, titles.get(id, id), tuple(lines)) for id, lines in by_section.items())


def opted_out(said: Iterable[Said]) -> dict[str, tuple[Said, ...]]:
    """What somebody would rather not say, and what they would rather say in person."""
    every = tuple(said)
    return {why: tuple(one for one in every if one.absent == why) for why in ("declined", "in-person")}


def digest(q: Questionnaire, said: Iterable[Said], language: str) -> dict[str, tuple[Said, ...]]:
    """What is read before hands-on work: by heading, with a line for what this client was asked and did not answer.
    A heading is missing where the questionnaire asks none of it."""
    known = {one.id: one for one in said}
    places = {item.id: (section, item) for section, item, _rows in leaves(q) if item.enabled}
    found = {}
    for heading, ids in DIGEST.items():
        lines = tuple(known.get(id) or _unsaid(*places[id], language) for id in ids if id in places)
        told = tuple(one for one in lines if one.answer or one.id == ids[0])
        if told:
            found[heading] = told
    return found


def put_aside(
    q: Questionnaire, sent: Iterable[tuple[str, Answer, datetime]], stands: Mapping[str, datetime], language: str
) -> tuple[Said, ...]:
    """What was sent and never counted (key, answer, when; in order), the newest for each question: while nothing newer
    `stands` there, and always where it is urgent. What belongs to no question is left out."""
    urgent = _urgent(q)
    newest = {key: (answer, at) for key, answer, at in sent}
    left = {
        key: answer
        for key, (answer, at) in newest.items()
        if key not in stands or stands[key] <= at or urgent(key, answer)
    }
    return tuple(one for one in said_in(q, left, language) if one.answer)


def taken_back(q: Questionnaire, before: Iterable[tuple[str, Answer]], now: Answers, language: str) -> tuple[Said, ...]:
    """What was said `before` (in order) and is urgent, where nothing urgent is said `now`: the newest of each."""
    urgent = _urgent(q)
    left = {key: answer for key, answer in before if urgent(key, answer) and not (key in now and urgent(key, now[key]))}
    return said_in(q, left, language)


def _urgent(q: Questionnaire) -> Callable[[str, Answer], bool]:
    items = {item.id: item for _section, item, _rows in leaves(q) if item.acute}
    return lambda key, answer: (at := items.get(key.partition(_ROW)[0])) is not None and is_urgent(at, answer)


def _unsaid(section: Section, item: Item, language: str) -> Said:
    return Said(item.id, section.id, in_language(item.text, language), "", absent="not-asked")


def changes(q: Questionnaire, before: Answers, now: Iterable[Said], language: str) -> tuple[Change, ...]:
    """What this client answers otherwise than last time, in order; notes count too. `now`: all that is said now."""
    was = {one.id: one for one in said_in(q, before, language)}
    found = []
    for one in now:
        old = was.pop(one.id, None)
        if old is None or (old.answer, old.note, old.file) != (one.answer, one.note, one.file):
            found.append(Change(one.section, _question(one), _whole(old), _whole(one)))
    found += [Change(old.section, _question(old), _whole(old), "") for old in was.values()]
    return tuple(found)


def _question(one: Said) -> str:
    return f"{one.question} ({one.row})" if one.row else one.question


def _whole(one: Said | None) -> str:
    if one is None:
        return ""
    return f"{one.answer}: {one.note}" if one.note else one.answer


def sections_seen(
    q: Questionnaire, *, flags: Iterable[Flag], said: Iterable[Said], changed: Iterable[Change] = ()
) -> tuple[str, ...]:
    """The sections whose answers a page shows, in order: through flags that quote them, lines, and changes."""
    place = {item.id: section.id for section, item, _rows in leaves(q)}
    shown = {one.section for one in said} | {one.section for one in changed}
    for flag in flags:
        asked = {one.name.partition(_ROW)[0] for one in flag.inputs if one.of == "q"}
        shown |= {place[name] for name in asked if name in place}
    return tuple(section.id for part in q.parts for section in part.sections if section.id in shown)
