"""Conditions made ready: each becomes a function of the scene. What missing answers mean is decided here. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from tenants.intake.flags import FREE_TEXT, Ask, Clause, Dated, Every, Facts
from tenants.intake.questions import NOT_SURE, TALK, Answer

IN_PERSON = "in-person"
TALKS = frozenset((IN_PERSON, TALK))
"""What says "I'd prefer to talk about this in person": the opt-out of a question, and a choice of its own."""
TOLD = frozenset(("declined", IN_PERSON))


@dataclass(frozen=True)
class Scene:
    """The facts, with the rows of each item gathered, and the rules that have fired so far."""

    facts: Facts
    rows: Mapping[str, tuple[str, ...]]
    fired: set[str]

    def answers(self, name: str) -> tuple[Answer, ...]:
        return tuple(self.facts.answers[key] for key in self.rows.get(name, ()))


Holds = Callable[[Scene], bool]


def is_missing(answer: Answer | None) -> bool:
    """Whether nothing was said: an opt-out, "not sure", or no answer at all."""
    return answer is None or bool(answer.absent) or answer.value in (None, "", (), NOT_SURE, (NOT_SURE,))


def compiled(clause: Clause) -> Holds:
    if isinstance(clause, Ask):
        return _compiled_ask(clause)
    parts = tuple(compiled(part) for part in clause.of)
    if isinstance(clause, Every):
        return lambda scene: all(part(scene) for part in parts)
    return lambda scene: any(part(scene) for part in parts)


def _compiled_ask(ask: Ask) -> Holds:
    name, value = ask.name, ask.value
    if ask.of == "flag":
        return lambda scene: (name in scene.fired) is value
    if ask.of == "practitioner":
        return lambda scene: (name in scene.facts.practitioner) is value
    if ask.of == "age":
        return _plain(ask, lambda scene: scene.facts.age, lambda scene: scene.facts.age is None)
    if ask.of == "score":
        return _plain(
            ask,
            lambda scene: scene.facts.scores.get(name),
            lambda scene: name in scene.facts.scores and scene.facts.scores[name] is None,
        )
    if name == FREE_TEXT:
        return _watched(value if isinstance(value, tuple) else ())
    if ask.op == "unknown":
        return lambda scene: _is_unknown(scene, name)
    said = _SAID[ask.op](value)
    return lambda scene: any(said(answer) for answer in scene.answers(name))


def _plain(ask: Ask, read: Callable[[Scene], int | float | None], unknown: Holds) -> Holds:
    if ask.op == "unknown":
        return unknown
    said = _SAID[ask.op](ask.value)
    return lambda scene: said(Answer(read(scene)))  # type: ignore[arg-type]


def _is_unknown(scene: Scene, name: str) -> bool:
    answers = scene.answers(name)
    if not answers:
        return name in scene.facts.asked
    return any(is_missing(answer) for answer in answers)


_Said = Callable[[Answer], bool]


def _same(value: object) -> _Said:
    return lambda answer: answer.value == value and type(answer.value) is type(value) and not answer.absent


def _other(value: object) -> _Said:
    return lambda answer: not is_missing(answer) and answer.value != value


def _one_of(value: object) -> _Said:
    wanted = value if isinstance(value, tuple) else ()
    return lambda answer: not answer.absent and isinstance(answer.value, str | int) and str(answer.value) in wanted


def _has(value: object) -> _Said:
    wanted = frozenset(value if isinstance(value, tuple) else ())
    return lambda answer: not answer.absent and isinstance(answer.value, tuple) and not wanted.isdisjoint(answer.value)


def _number(answer: Answer) -> float | None:
    value = answer.value
    return value if isinstance(value, int | float) and not isinstance(value, bool) and not answer.absent else None


def _at_least(value: object) -> _Said:
    limit = value if isinstance(value, int) else 0
    return lambda answer: (number := _number(answer)) is not None and number >= limit


def _at_most(value: object) -> _Said:
    limit = value if isinstance(value, int) else 0
    return lambda answer: (number := _number(answer)) is not None and number <= limit


_SAID: Mapping[str, Callable[[object], _Said]] = {
    "=": _same,
    "!=": _other,
    "in": _one_of,
    "has": _has,
    ">=": _at_least,
    "<=": _at_most,
    "answered": lambda _value: lambda answer: not is_missing(answer),
    "declined": lambda _value: lambda answer: answer.absent in TOLD,
}


def _watched(wanted: tuple[str, ...]) -> Holds:
    """Whether one of these words stands in a free text or a note: a match of letters, and no more than that."""
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(word) for word in wanted)})(?!\w)", re.IGNORECASE)

    def holds(scene: Scene) -> bool:
        facts = scene.facts
        typed = [str(answer.value or "") for id, answer in facts.answers.items() if id.partition("@")[0] in facts.free]
        return any(pattern.search(words) for words in (*typed, *(answer.note for answer in facts.answers.values())))

    return holds


# Days.


def latest_day(value: object) -> date | None:
    """The latest day that "2026-03-14", "2026-03" or "2026" can mean; None for what is no date."""
    if not isinstance(value, str):
        return None
    parts = value.split("-")
    try:
        numbers = [int(part) for part in parts if part.isascii() and part.isdecimal()]
        if len(numbers) != len(parts) or not 1 <= len(parts) <= 3:
            return None
        if len(numbers) == 3:
            return date(*numbers)
        year, month = (numbers[0], numbers[1]) if len(numbers) == 2 else (numbers[0], 12)
        return after(date(year, month, 1), 1, "months") - timedelta(days=1)
    except (ValueError, OverflowError):
        return None


def after(day: date, count: int, unit: str) -> date:
    """So many days, weeks or months later; the 31st and one month is the last day of the next."""
    if unit != "months":
        return day + timedelta(days=count * (7 if unit == "weeks" else 1))
    years, month = divmod(day.month - 1 + count, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(day.year + years, month + 1, last)
        except ValueError:
            continue
    raise ValueError


def is_past(dated: Dated, scene: Scene) -> bool:
    days = [latest_day(answer.value) for answer in scene.answers(dated.q)]  # a day that was not said is none
    held = scene.facts.session_date
    if held is None or not days or None in days:
        return False
    latest = max(day for day in days if day is not None)
    try:
        return held > after(latest, dated.count, dated.unit)
    except (ValueError, OverflowError):
        return False
