"""Whether a rule can ever fire in a questionnaire: its items and choices exist, and nothing contradicts itself. Pure.

Every condition becomes alternatives, each a set of possible states for each answer (a choice of it, an opt-out, none);
an alternative without a state left can never be. The conditions under which an item is shown count too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from saas.words import _
from tenants.intake.flags import FREE_TEXT, PRACTITIONER, Ask, Clause, Either, Every, Rule, asks_of_rule
from tenants.intake.json_reading import Fault
from tenants.intake.questions import BODY_AREAS, NO, NOT_SURE, YES, All, Condition, Item, Questionnaire, Section, Test
from tenants.intake.scores import facts_of

State = str | int | bool
Alternative = Mapping[str, frozenset[State]]
_MOST = 400  # alternatives; a rule with more is believed
_DECLINED, _NONE, _GIVEN = "~declined", "~none", "~given"
_AGES, _SCORES = frozenset(range(121)), frozenset(range(201))
_FREE: Alternative = {}


@dataclass(frozen=True)
class _Place:
    """An item where it stands: on only when all around it is; shown under all of these conditions."""

    item: Item
    enabled: bool
    whens: tuple[Condition, ...]
    in_rows: bool


@dataclass(frozen=True)
class _Form:
    """A questionnaire as rules see it."""

    places: Mapping[str, _Place]
    scores: frozenset[str]
    rules: Mapping[str, Rule]


class _TooMany(Exception):
    """More alternatives than are worth counting."""


def can_fire(rule: Rule, questionnaire: Questionnaire, rules: Iterable[Rule] = ()) -> bool:
    """Whether some client's answers to this questionnaire make it fire. `rules`: those whose flags it may read."""
    return _reaches(rule, _form(questionnaire, rules))


def never_firing(rules: Collection[Rule], questionnaire: Questionnaire) -> tuple[Rule, ...]:
    """The rules that are on and can never fire in this questionnaire."""
    form = _form(questionnaire, rules)
    return tuple(rule for rule in rules if rule.enabled and not _reaches(rule, form))


def faults_of(rule: Rule, questionnaire: Questionnaire, rules: Iterable[Rule] = ()) -> tuple[Fault, ...]:
    """Items, choices, scores and rules that it names and that are not there."""
    form = _form(questionnaire, rules)
    return tuple(
        Fault(rule.id, "when", sentence) for ask in asks_of_rule(rule) if (sentence := _missing(ask, form)) != ""
    )


def _reaches(rule: Rule, form: _Form) -> bool:
    try:
        return bool(_alternatives(rule.when, form, (rule.id,)))
    except _TooMany:
        return True


def _missing(ask: Ask, form: _Form) -> str:
    if ask.of == "q" and ask.name != FREE_TEXT:
        place = form.places.get(ask.name.partition("@")[0])
        if place is None:
            return _("The questionnaire has no question %(name)s", name=ask.name)
        if not _states(ask, place.item):
            return _("Question %(name)s cannot have this answer", name=ask.name)
    if ask.of == "score" and ask.name not in form.scores:
        return _("The questionnaire has no instrument %(name)s", name=ask.name)
    if ask.of == "flag" and ask.name not in form.rules:
        return _("There is no rule %(name)s", name=ask.name)
    if ask.of == "practitioner" and ask.name not in PRACTITIONER:
        return _("Nothing is known about %(name)s", name=ask.name)
    return ""


def _form(questionnaire: Questionnaire, rules: Iterable[Rule]) -> _Form:
    places = {place.item.id: place for place in _places(questionnaire)}
    return _Form(places, frozenset(facts_of(questionnaire, {})), {rule.id: rule for rule in rules})


def _places(questionnaire: Questionnaire) -> Iterator[_Place]:
    for part in questionnaire.parts:
        for section in part.sections:
            yield from _inside(section.items, section.enabled, _of(section), in_rows=False)


def _inside(items: Iterable[Item], enabled: bool, whens: tuple[Condition, ...], *, in_rows: bool) -> Iterator[_Place]:  # noqa: FBT001
    for item in items:
        on, around = enabled and item.enabled, whens + _of(item)
        yield _Place(item, on, around, in_rows)
        yield from _inside(item.items, on, around, in_rows=in_rows or bool(item.rows_of))


def _of(shown: Item | Section) -> tuple[Condition, ...]:
    return (shown.when,) if shown.when is not None else ()


def clause_of(condition: Condition) -> Clause:
    """A condition of the questionnaire as one of the rules'."""
    if isinstance(condition, Test):
        value = condition.value
        if condition.op in ("in", "has") and not isinstance(value, tuple):
            value = (str(value),)
        return Ask("q", condition.q, condition.op, True if value is None else value)
    parts = tuple(clause_of(part) for part in condition.of)
    return Every(parts) if isinstance(condition, All) else Either(parts)


def _alternatives(clause: Clause, form: _Form, path: tuple[str, ...]) -> list[Alternative]:
    """The ways in which it can hold; `path`: the rules and items it was reached by, so that circles end."""
    if isinstance(clause, Ask):
        return _ways(clause, form, path)
    parts = [_alternatives(part, form, path) for part in clause.of]
    found = [way for ways in parts for way in ways] if isinstance(clause, Either) else _joined(parts)
    return _bounded(found)


def _bounded(found: list[Alternative]) -> list[Alternative]:
    unlike = list({tuple(sorted((key, states) for key, states in way.items())): way for way in found}.values())
    if len(unlike) > _MOST:
        raise _TooMany
    return unlike


def _joined(parts: list[list[Alternative]]) -> list[Alternative]:
    """Every way in which all of them hold together."""
    found: list[Alternative] = [_FREE]
    for ways in parts:
        if len(found) * len(ways) > _MOST * 10:
            raise _TooMany
        both = (_both(one, other) for one, other in product(found, ways))
        found = _bounded([way for way in both if way is not None])
    return found


def _both(one: Alternative, other: Alternative) -> Alternative | None:
    joined = dict(one)
    for key, states in other.items():
        joined[key] = joined[key] & states if key in joined else states
        if not joined[key]:
            return None
    return joined


def _ways(ask: Ask, form: _Form, path: tuple[str, ...]) -> list[Alternative]:
    if ask.of == "flag":
        rule = form.rules.get(ask.name)
        if ask.value is False:
            return [_FREE]
        if rule is None or not rule.enabled or rule.id in path:
            return []
        return _alternatives(rule.when, form, (*path, rule.id))
    if ask.of == "practitioner":
        return [{f"practitioner {ask.name}": frozenset((bool(ask.value),))}] if ask.name in PRACTITIONER else []
    if ask.of in ("age", "score"):
        if ask.of == "score" and ask.name not in form.scores:
            return []
        every = _AGES if ask.of == "age" else _SCORES
        states = frozenset(("~none",)) if ask.op == "unknown" else _numbers(ask, every)
        return [{f"{ask.of} {ask.name}": states}] if states else []
    if ask.name == FREE_TEXT:
        return [_FREE] if any(place.item.kind in ("short", "long") for place in form.places.values()) else []
    return _answers(ask, form, path)


def _answers(ask: Ask, form: _Form, path: tuple[str, ...]) -> list[Alternative]:
    place = form.places.get(ask.name.partition("@")[0])
    if place is None or not place.enabled:
        return []
    states = _states(ask, place.item)
    if not states:
        return []
    # Two rows of a group may differ, and two choices of several may both be made: such tests exclude nothing.
    key = f"{ask.name} {ask.op} {ask.value}" if place.in_rows else ask.name
    own: list[Alternative] = [{key: states}]
    if ask.name in path:
        return own
    around = [_alternatives(clause_of(when), form, (*path, ask.name)) for when in place.whens]
    return _joined([own, *around])


def _choices(item: Item) -> frozenset[State]:
    codes: list[State] = [option.code for option in item.options]
    if item.kind in ("bool", "consent"):
        codes += [True, False]
    elif item.kind == "yn4" and not codes:
        codes += [YES, NO, NOT_SURE]
    elif item.kind == "bodymap":
        codes += list(BODY_AREAS)
    elif item.kind == "scale":
        lo, hi = item.lo or 0, 10 if item.hi is None else item.hi
        codes += list(range(lo, min(hi, lo + 1000) + 1))
    return frozenset(codes)


def _states(ask: Ask, item: Item) -> frozenset[State]:
    """The states of this item's answer in which the test holds."""
    several = item.kind in ("multi", "bodymap")
    choices = _choices(item)
    values = frozenset((_GIVEN,)) if several or not choices else choices
    missing = frozenset((_DECLINED, _NONE)) if item.sensitive or item.safety else frozenset((_NONE,))
    wanted = frozenset(ask.value) if isinstance(ask.value, tuple) else frozenset((ask.value,))
    if ask.op == "declined":
        return missing - {_NONE}
    if ask.op == "unknown":
        return missing | (values & {NOT_SURE})
    if ask.op == "answered":
        return values - {NOT_SURE}
    if ask.op == "has":
        return values if several and wanted & choices else frozenset()
    if ask.op in (">=", "<="):
        return _numbers(ask, choices) if item.kind == "scale" else values if item.kind == "number" else frozenset()
    if not choices or several:  # free words, dates and numbers can be anything
        return values if item.kind in ("short", "long", "number", "date", "monthyear") else frozenset()
    if ask.op == "!=":
        return frozenset(code for code in values if code not in wanted and code != NOT_SURE)
    return frozenset(code for code in values if any(code == one and type(code) is type(one) for one in wanted))


def _numbers(ask: Ask, numbers: Iterable[State]) -> frozenset[State]:
    value = ask.value
    whole = [number for number in numbers if isinstance(number, int) and not isinstance(number, bool)]
    if isinstance(value, tuple):
        return frozenset(number for number in whole if str(number) in value)
    if not isinstance(value, int):
        return frozenset()
    if ask.op == ">=":
        return frozenset(number for number in whole if number >= value)
    if ask.op == "<=":
        return frozenset(number for number in whole if number <= value)
    return frozenset(number for number in whole if number == value)
