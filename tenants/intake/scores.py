"""What the instruments in a questionnaire score, from the answers given. Pure.

The rules are the registry's; the numbers are those of the options. Where a number is missing, or an answer, or an item,
there is no total and a reason for it: an unanswered form is never 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from saas.chart import Chart, Series, bars
from tenants.intake.questions import NO, YES, Answer, Answers, Item, Questionnaire
from tenants.intake.registry import (
    INSTRUMENT,
    INSTRUMENTS,
    SCALE,
    SELF_HARM,
    Choice,
    Instrument,
    band_of,
    instrument_of,
    loinc_codes,
    place_worded,
    recognised,
    recognised_by_items,
)

WhyNot = Literal["", "incomplete", "missing-items", "no-scores", "odd-scores"]
ASKS_OF_HARM = "self-harm"  # the `INSTRUMENT` code of an item that a person said asks about it
ITEM_9 = "phq-9.9"
_HARM_CHOICES = INSTRUMENTS["phq-9"].choices
_MANY = 2


@dataclass(frozen=True)
class Cluster:
    """One cluster of symptoms: its sum, and whether enough of its items count."""

    name: str
    total: int
    met: bool


@dataclass(frozen=True)
class Score:
    """What one instrument says. `total` None: it cannot be scored, `why_not` says why.

    `answered` of `of` items; `values` in the order of the sheet (from 1), None for what was not answered. `positive`:
    the first cut-point is reached, a reason to look closer and never a finding. `instrument` is its key, or the id of
    an item that is a clinic's own scale.
    """

    instrument: str
    name: str
    total: float | None
    most: float
    answered: int
    of: int
    band: str = ""
    why_not: WhyNot = ""
    values: tuple[int | None, ...] = ()
    positive: bool | None = None
    clusters: tuple[Cluster, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every item that was asked is answered."""
        return self.answered == self.of


@dataclass(frozen=True)
class Sheet:
    """An instrument as it stands in a questionnaire: its items by place (None for one that is missing), its gate."""

    instrument: Instrument
    items: tuple[Item | None, ...]
    gate: Item | None
    group: str = ""

    @property
    def missing(self) -> tuple[int, ...]:
        """The places (from 1) of the items that are not there and cannot be left out."""
        gaps = [n for n, item in enumerate(self.items, 1) if item is None and n not in self.instrument.skippable]
        return ((0,) if self.instrument.gate and self.gate is None else ()) + tuple(gaps)


def scores_of(q: Questionnaire, answers: Answers) -> tuple[Score, ...]:
    """The scores of everything in `q` that is an instrument or a scale, in the order of the questionnaire.

    `answers` are those that count: of items that are shown.
    """
    sheets = [score_of(sheet, answers) for sheet in sheets_in(q)]
    return (*sheets, *_own_scales(_all_items(q), answers))


def facts_of(q: Questionnaire, answers: Answers) -> Mapping[str, float | None]:
    """What flag rules may ask of scores: totals by instrument, and what was said about harming oneself as "phq-9.9".

    None: asked, and cannot be told. Whatever asks about harming oneself counts, in whichever form it stands.
    """
    found: dict[str, float | None] = {score.instrument: score.total for score in scores_of(q, answers)}
    levels = [_level(item, answers.get(item.id)) for item in _all_items(q) if asks_of_harm(item)]
    if levels:
        found[ITEM_9] = max((level for level in levels if level is not None), default=None)
    return found


def asks_of_harm(item: Item) -> bool:
    """Whether this item is PHQ-9's ninth, or one that a person said asks the same."""
    return SELF_HARM in loinc_codes(item.codes) or any(
        code.system == INSTRUMENT and code.code == ASKS_OF_HARM for code in item.codes
    )


def _level(item: Item, answer: Answer | None) -> int | None:
    """0 for "no", more for anything else, None where nothing was said. An answer without a number is not "no"."""
    if answer is None or answer.value is None or answer.absent:
        return None
    value = _value(item, answer, _HARM_CHOICES)
    if value is not None:
        return value
    option = next((one for one in item.options if one.code == answer.value), None)
    code = option.coding.code if option and option.coding else ""
    return next((choice.value for choice in _HARM_CHOICES if code in choice.codes), 1)


def sheets_in(q: Questionnaire) -> tuple[Sheet, ...]:
    """The instruments in `q`: groups that are known as one, else whatever items of a section are one by their codes."""
    found: list[Sheet] = []
    for part in q.parts:
        for section in part.sections:
            if section.enabled:
                rest = [item for one in section.items for item in _claim(one, found)]
                _claim_by_items(rest, recognised(_codes(rest)), "", found)
    return tuple(found)


def _claim(item: Item, found: list[Sheet]) -> list[Item]:
    """What of `item` belongs to no instrument yet; instruments in it are noted in `found`."""
    if not item.enabled or any(code.system == SCALE for code in item.codes):
        return []
    if item.kind != "group":
        return [item]
    named = instrument_of(replace(item, items=()))
    if named is not None:
        found.append(sheet_of(named, list(_leaves(item.items)), item.id))
        return []
    rest = [leaf for one in item.items for leaf in _claim(one, found)]
    return _claim_by_items(rest, recognised(_codes(rest)), item.id, found)


def _claim_by_items(rest: list[Item], known: Instrument | None, group: str, found: list[Sheet]) -> list[Item]:
    """What is left of `rest` when every instrument in it is noted; several may stand in one list."""
    while known is not None:
        sheet = sheet_of(known, rest, group)
        found.append(sheet)
        aside = {*known.totals, *known.beside}
        used = {item.id for item in (*sheet.items, sheet.gate) if item is not None}
        rest = [item for item in rest if item.id not in used and not aside & set(loinc_codes(item.codes))]
        known = recognised_by_items(_codes(rest)) if used else None
    return rest


def _codes(items: Iterable[Item]) -> list[str]:
    return [code for item in items for code in loinc_codes(item.codes)]


def _leaves(items: Iterable[Item]) -> Iterator[Item]:
    for item in items:
        if item.kind == "group":
            yield from _leaves(item.items)
        elif item.enabled:
            yield item


def _all_items(q: Questionnaire) -> Iterator[Item]:
    def below(items: Iterable[Item]) -> Iterator[Item]:
        for item in items:
            if item.enabled:
                yield item
                yield from below(item.items)

    for part in q.parts:
        for section in part.sections:
            if section.enabled:
                yield from below(section.items)


def sheet_of(instrument: Instrument, leaves: Sequence[Item], group: str = "") -> Sheet:
    """The items of `instrument` among `leaves`: by code; where none is coded by place, or by position when the count is
    right."""
    aside = {*instrument.totals, *instrument.beside, instrument.gate} - {""}
    by_code = {code: leaf for leaf in leaves for code in loinc_codes(leaf.codes)}
    gate = by_code.get(instrument.gate) if instrument.gate else None
    placed = [next((by_code[code] for code in codes if code in by_code), None) for codes in instrument.items]
    if not any(placed):
        asked = [leaf for leaf in leaves if leaf.kind != "display" and not aside & set(loinc_codes(leaf.codes))]
        if instrument.gate and gate is None and len(asked) == len(placed) + 1:
            gate, asked = asked[0], asked[1:]
        placed = _by_place(instrument, asked) or (list(asked) if len(asked) == len(placed) else placed)
    return Sheet(instrument, tuple(placed), gate, group)


def _by_place(instrument: Instrument, asked: Sequence[Item]) -> list[Item | None]:
    """Each place with its item: by the ids they got when the instrument came in, else by their published wording.
    Empty unless every place has one. A file may ask more than what counts, or in another order."""
    by_id = {item.id: item for item in asked}
    worded = {place_worded(language, text): item for item in asked for language, text in item.text.items()}
    places = range(1, len(instrument.items) + 1)
    for found in (
        [by_id.get(f"{instrument.key}.{place}") for place in places],
        [worded.get((instrument.key, place)) for place in places],
    ):
        if all(found):
            return found
    return []


def score_of(sheet: Sheet, answers: Answers) -> Score:
    """The score of one sheet."""
    known = sheet.instrument
    there = [item for item in sheet.items if item is not None]
    values = tuple(
        _value(item, answers.get(item.id), known.choices) if item is not None else None for item in sheet.items
    )
    answered = sum(value is not None for value in values)
    bare = Score(known.key, known.name, None, known.most, answered, len(values), values=values)
    asked = [*there, *([sheet.gate] if sheet.gate else [])]
    if sheet.missing:
        return replace(bare, why_not="missing-items")
    if any(_lacks_scores(item, known.choices) for item in asked):
        return replace(bare, why_not="no-scores")
    if any(_has_odd_scores(item, known.choices) for item in asked):
        return replace(bare, why_not="odd-scores")
    if sheet.gate is not None:
        passed = _value(sheet.gate, answers.get(sheet.gate.id), known.choices)
        if passed == 0:
            return replace(bare, total=0, answered=1, of=1, positive=_is_positive(known, 0))
        if passed is None:
            return replace(bare, why_not="incomplete")
    counted = [value for n, value in enumerate(values, 1) if value is not None or n not in known.skippable]
    total = _total(known, counted)
    if total is None:
        return replace(bare, why_not="incomplete")
    return replace(
        bare,
        total=total,
        of=len(counted),
        band=band_of(known, total),
        positive=_is_positive(known, total),
        clusters=_clusters(known, values),
    )


def _total(known: Instrument, values: Sequence[int | None]) -> float | None:
    """The sum (or the count of what is not 0); with what may be left out, the mean of the others stands in for it."""
    given = [value for value in values if value is not None]
    missed = len(values) - len(given)
    if missed > known.may_miss or not given:
        return None
    if known.rule == "count":
        return sum(value > 0 for value in given)
    return sum(given) if not missed else round(sum(given) * len(values) / len(given), 1)


def _value(item: Item, answer: Answer | None, choices: Sequence[Choice]) -> int | None:
    """The number of one answer, None where there is none."""
    if answer is None or answer.absent or answer.value is None:
        return None
    said = answer.value
    if isinstance(said, bool):
        return int(said)
    if isinstance(said, int):
        return said
    option = next((one for one in item.options if one.code == said), None)
    if option is not None:
        return option.score
    binary = len(choices) <= _MANY
    return {YES: 1, NO: 0}.get(said) if item.kind == "yn4" and isinstance(said, str) and binary else None


def _lacks_scores(item: Item, choices: Sequence[Choice]) -> bool:
    if item.kind in ("bool", "yn4"):
        return len(choices) > _MANY
    if item.kind in ("scale", "number"):
        return False
    return not item.options or any(option.score is None for option in item.options)


def _has_odd_scores(item: Item, choices: Sequence[Choice]) -> bool:
    if not item.options:
        return item.kind == "scale" and (item.lo, item.hi) != (0, max(choice.value for choice in choices))
    return sorted(option.score or 0 for option in item.options) != sorted(choice.value for choice in choices)


def _is_positive(known: Instrument, total: float) -> bool | None:
    return total >= known.cuts[0].at if known.cuts else None


def _clusters(known: Instrument, values: Sequence[int | None]) -> tuple[Cluster, ...]:
    def one(name: str, given: list[int], need: int) -> Cluster:
        return Cluster(name, sum(given), sum(value >= known.symptom_from for value in given) >= need)

    return tuple(
        one(part.name, [value or 0 for value in values[part.first - 1 : part.last]], part.need)
        for part in known.clusters
    )


def _own_scales(items: Iterable[Item], answers: Answers) -> Iterator[Score]:
    for item in items:
        codes = {code.code for code in item.codes if code.system == SCALE}
        if "rating" in codes:
            yield _own(item, [item], answers)
        elif "sum" in codes:
            yield _own(item, [leaf for leaf in _leaves(item.items) if leaf.kind != "display"], answers)


def _own(item: Item, leaves: list[Item], answers: Answers) -> Score:
    values = tuple(_value(leaf, answers.get(leaf.id), ()) for leaf in leaves)
    answered = sum(value is not None for value in values)
    most = sum(max([leaf.hi or 0, *(option.score or 0 for option in leaf.options)]) for leaf in leaves)
    name = item.text.get("en") or next(iter(item.text.values()), item.id)
    bare = Score(item.id, name, None, most, answered, len(values), values=values)
    if any(_lacks_scores(leaf, ()) for leaf in leaves):
        return replace(bare, why_not="no-scores")
    if answered < len(values) or not values:
        return replace(bare, why_not="incomplete")
    return replace(bare, total=sum(value or 0 for value in values))


@dataclass(frozen=True)
class Point:
    """A score on a day."""

    on: date
    score: Score


def trend(dated: Iterable[tuple[date, Sequence[Score]]]) -> Mapping[str, tuple[Point, ...]]:
    """Each instrument's scores by day, the oldest first; those that could not be scored stand among them."""
    found: dict[str, list[Point]] = {}
    for on, scores in sorted(dated, key=lambda one: one[0]):
        for score in scores:
            found.setdefault(score.instrument, []).append(Point(on, score))
    return {key: tuple(points) for key, points in found.items()}


def trend_chart(points: Sequence[Point], *, label: Callable[[date], str], say: Callable[[int], str]) -> Chart:
    """The totals as bars, for `templates/components/chart.html`; a day without a total has no bar."""
    name = points[-1].score.name if points else ""
    totals = [round(point.score.total) if point.score.total is not None else 0 for point in points]
    return bars([label(point.on) for point in points], [Series(name, totals)], say)
