"""What of a questionnaire is shown with the answers so far, and whether a condition holds. Pure.

What was not said is unknown, and never "no": only the conditions that ask for it hold then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tenants.intake.questions import (
    NOT_SURE,
    All,
    Answer,
    Answers,
    Condition,
    Item,
    Questionnaire,
    Section,
    Some,
    Test,
    Value,
    sections_of,
    skip_key,
)

_DECIMAL = re.compile(r"-?[0-9]{1,9}\.[0-9]{1,6}")
_Said = Callable[[str], list[Answer | None]]


def is_unknown(answer: Answer | None) -> bool:
    """Nothing was said: an opt-out, "not sure", or no answer at all. What is unknown never counts as "no"."""
    return answer is None or bool(answer.absent) or answer.value in (None, "", (), NOT_SURE, (NOT_SURE,))


def holds(condition: Condition | None, answers: Answers) -> bool:
    """Whether a condition holds. A test of an item in rows holds when it does in one of them.

    Only "declined" and "unknown" hold for what was not said; every other test needs a value, "!=" too.
    """

    def said(id: str) -> list[Answer | None]:
        rows: list[Answer | None] = [answer for key, answer in answers.items() if key.partition("@")[0] == id]
        return rows or [None]

    return _holds(condition, said)


def guardian_answers(q: Questionnaire, answers: Answers) -> bool:
    """Whether somebody answers for a child, so that `guardian_text` is shown."""
    return q.guardian_when is not None and holds(q.guardian_when, answers)


def young_answers(q: Questionnaire, answers: Answers) -> bool:
    """Whether somebody under age answers alone, so that `young_text` is shown."""
    return q.young_when is not None and holds(q.young_when, answers)


def visible(q: Questionnaire, answers: Answers) -> tuple[str, ...]:
    """The ids that are shown with these answers, in order: groups, texts and questions; those in rows as `item@row`.

    Left out are the disabled, those in skipped sections and those whose condition does not hold. An answer to an item
    that is not shown counts for nothing, so what hangs on it is not shown either.
    """
    return _Walk(q, answers).visible()


def sections_shown(q: Questionnaire, answers: Answers) -> tuple[str, ...]:
    """The ids of the sections that have something to ask with these answers, the skipped ones too."""
    walk = _Walk(q, answers)
    return tuple(section.id for section in sections_of(q) if walk.offers(section))


@dataclass(frozen=True)
class _Place:
    item: Item
    section: Section
    around: tuple[Item, ...]

    @property
    def group(self) -> Item | None:
        """The repeating group it stands in or is."""
        return next((one for one in (*self.around, self.item) if one.rows_of), None)


class _Walk:
    """One look at what is shown. What waits for itself (a circle) is not shown."""

    def __init__(self, q: Questionnaire, answers: Answers) -> None:
        self.sections = sections_of(q)
        self.answers = answers
        self.places: dict[str, _Place] = {}
        self.known: dict[tuple[str, str], bool] = {}
        for section in self.sections:
            self._put(section, section.items, ())

    def _put(self, section: Section, items: tuple[Item, ...], around: tuple[Item, ...]) -> None:
        for item in items:
            self.places.setdefault(item.id, _Place(item, section, around))
            self._put(section, item.items, (*around, item))

    def visible(self) -> tuple[str, ...]:
        return tuple(id for section in self.sections for id in self._ids(section.items))

    def offers(self, section: Section) -> bool:
        return section.enabled and bool(section.items) and _holds(section.when, lambda id: self._said(id, ""))

    def _ids(self, items: tuple[Item, ...], row: str = "") -> Iterator[str]:
        for item in items:
            for one in [row] if row or not item.rows_of else self._rows(item):
                if self._shows(item.id, one):
                    yield f"{item.id}@{one}" if one else item.id
                    yield from self._ids(item.items, one)

    def _rows(self, group: Item) -> tuple[str, ...]:
        """What was ticked in the item that the group repeats, but "none of these"."""
        answer = self.answers.get(group.rows_of)
        if answer is None or not isinstance(answer.value, tuple) or not self._shows(group.rows_of, ""):
            return ()
        none = {option.code for option in self.places[group.rows_of].item.options if option.exclusive}
        return tuple(code for code in answer.value if code not in none)

    def _shows(self, id: str, row: str) -> bool:
        key = (id, row)
        if key not in self.known:
            self.known[key] = False
            self.known[key] = self._looks(self.places[id], row) if id in self.places else False
        return self.known[key]

    def _looks(self, place: _Place, row: str) -> bool:
        item, section = place.item, place.section
        skipped = self.answers.get(skip_key(section.id))
        if not item.enabled or (skipped is not None and skipped.value is True) or not self.offers(section):
            return False
        if place.around and not self._shows(place.around[-1].id, "" if item is place.group else row):
            return False
        return _holds(item.when, lambda id: self._said(id, row))

    def _said(self, id: str, row: str) -> list[Answer | None]:
        place = self.places.get(id)
        if place is None:
            return []
        if place.group is None:
            return [self.answers.get(id)] if self._shows(id, "") else []
        rows = (row,) if row else self._rows(place.group)
        return [self.answers.get(f"{id}@{one}") for one in rows if self._shows(id, one)]


def _holds(condition: Condition | None, said: _Said) -> bool:
    if condition is None:
        return True
    if isinstance(condition, All):
        return all(_holds(one, said) for one in condition.of)
    if isinstance(condition, Some):
        return any(_holds(one, said) for one in condition.of)
    return any(_passes(condition, answer) for answer in said(condition.q))


def _passes(test: Test, answer: Answer | None) -> bool:
    if test.op == "declined":
        return answer is not None and answer.absent in ("declined", "in-person")
    if test.op == "unknown":
        return is_unknown(answer)
    if answer is None or answer.absent or answer.value in (None, "", ()):
        return False
    value, wanted = answer.value, test.value
    codes = wanted if isinstance(wanted, tuple) else (wanted,)
    return {
        "answered": value != NOT_SURE,
        "=": value == wanted and isinstance(value, bool) == isinstance(wanted, bool),
        "!=": value not in (wanted, NOT_SURE),
        "in": any(one in codes for one in (value if isinstance(value, tuple) else (value,))),
        "has": isinstance(value, tuple) and any(one in codes for one in value),
        ">=": _compares(value, wanted, at_least=True),
        "<=": _compares(value, wanted, at_least=False),
    }[test.op]


def _compares(value: Value, wanted: Value, *, at_least: bool) -> bool:
    """Numbers with numbers, also those that are kept as decimal text; days with days; nothing else compares."""
    if isinstance(value, bool) or isinstance(wanted, bool):
        return False
    decimal = isinstance(value, str) and isinstance(wanted, int) and _DECIMAL.fullmatch(value) is not None
    said = float(value) if decimal and isinstance(value, str) else value
    if isinstance(said, int | float) and isinstance(wanted, int):
        return said >= wanted if at_least else said <= wanted
    if isinstance(said, str) and isinstance(wanted, str):
        return said >= wanted if at_least else said <= wanted
    return False
