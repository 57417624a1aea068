"""The look: which rules fire for these facts. Pure, and the same every time.

A rule set is made ready once (`ready`): every condition becomes a function, rules that read other rules' flags come
after them, circles are refused. A look then costs a few thousand comparisons (200 answers in well under 5 ms).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from saas.words import _
from tenants.intake.flag_json import hash_of_rules
from tenants.intake.flag_tests import TALKS, Holds, Scene, compiled, is_missing, is_past
from tenants.intake.flag_words import Words, about_item, about_score, about_unknown_age, confirm_recovered
from tenants.intake.flags import (
    AXES,
    FREE_TEXT,
    YEARS,
    Facts,
    Fit,
    Flag,
    Input,
    KeptOff,
    Label,
    Labels,
    Look,
    Rule,
    RuleSet,
    asks_of_rule,
    rank,
)

_PLACE = re.compile(r"\{([^{}]+)\}")


class Circular(ValueError):
    """Rules that wait for each other's flags: none of them could be looked at first."""

    def __init__(self, ids: tuple[str, ...]) -> None:
        super().__init__(_("These rules wait for each other: %(ids)s", ids=", ".join(ids)))
        self.ids = ids


@dataclass(frozen=True)
class _Step:
    """A rule made ready; `names` are the places its explanation names."""

    rule: Rule
    holds: Holds
    turns: tuple[Holds, ...]
    inputs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Ready:
    """A rule set made ready to look; `hash` names it for good."""

    rules: RuleSet
    hash: str
    steps: tuple[_Step, ...]


def ready(rules: RuleSet) -> Ready:
    """Make a rule set ready; `Circular` when rules wait for each other."""
    return Ready(rules, hash_of_rules(rules), tuple(_step(rule) for rule in in_strata(rules.rules)))


def in_strata(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules, each after those whose flags it reads; otherwise as they stand."""
    waiting = {rule.id: rule for rule in rules}
    needs = {rule.id: {ask.name for ask in asks_of_rule(rule) if ask.of == "flag"} for rule in waiting.values()}
    placed: list[Rule] = []
    while waiting:
        free = [rule for rule in waiting.values() if not needs[rule.id] & waiting.keys()]
        if not free:
            raise Circular(tuple(waiting))
        placed += free
        for rule in free:
            del waiting[rule.id]
    return tuple(placed)


def look(at: Ready, facts: Facts, labels: Labels) -> Look:
    """What these rules find in these facts; answers are quoted in the words of `labels`."""
    rows: dict[str, tuple[str, ...]] = {}
    for key in facts.answers:
        base = key.partition("@")[0]
        rows[base] = (*rows.get(base, ()), key)
        if base != key:
            rows[key] = (key,)
    scene, words = Scene(facts, rows, set()), Words(facts, labels, rows)
    found: list[Flag] = []
    for step in at.steps:
        if step.rule.enabled and step.holds(scene):
            scene.fired.add(step.rule.id)
            found.append(_flag(step, scene, words))
    found += _unknown(at, facts, labels)
    found += _talk(facts, labels)
    order = {rule.id: place for place, rule in enumerate(at.rules.rules)}
    last = len(order)
    found.sort(key=lambda flag: (AXES.index(flag.axis), -rank(flag.severity), order.get(flag.id, last)))
    return Look(tuple(found), _fit(at.rules, found, scene.fired), kept_off(at.rules), at.rules.name, at.hash)


def kept_off(rules: RuleSet) -> tuple[KeptOff, ...]:
    """Locked rules that this clinic has switched off, with the reason that was given."""
    return tuple(
        KeptOff(rule.id, rule.title, rule.off_reason)
        for rule in rules.rules
        if rule.locked and not rule.enabled and rule.off_reason
    )


# What a rule says.


def _flag(step: _Step, scene: Scene, words: Words) -> Flag:
    rule = step.rule
    axis, severity, weight = rule.axis, rule.severity, rule.weight
    turn = next((turn for turn, holds in zip(rule.turns, step.turns, strict=True) if holds(scene)), None)
    if turn is not None:  # it only ever counts for more, also where the clinic has made the rule itself graver
        axis = min(axis, turn.axis or axis, key=AXES.index)
        severity = max(severity, turn.severity or severity, key=rank)
        weight = rule.weight if turn.weight is None else turn.weight
    flag = Flag(
        id=rule.id,
        axis=axis,
        severity=severity,
        title=rule.title,
        explanation=words.explained(rule.explain),
        why=rule.why,
        source=rule.source,
        next_step=rule.next_step,
        counter=rule.counter,
        inputs=_inputs(step, scene),
        weight=weight if axis == "fit" else 0,
        scope=rule.scope,
    )
    if rule.dated is not None and is_past(rule.dated, scene):
        title, next_step = confirm_recovered(rule)
        return replace(flag, axis="caution", severity="moderate", title=title, next_step=next_step, past=True)
    return flag


def _inputs(step: _Step, scene: Scene) -> tuple[Input, ...]:
    facts = scene.facts
    found: list[Input] = []
    for of, name in step.inputs:
        if of == "q":
            found += [Input("q", key, facts.answers[key]) for key in scene.rows.get(name, ())]
            if name not in scene.rows and name != FREE_TEXT:
                found.append(Input("q", name, None))
        elif of == "score":
            found.append(Input("score", name, facts.scores.get(name)))
        elif of == "age":
            found.append(Input("age", name, facts.age))
        elif of == "practitioner":
            found.append(Input("practitioner", name, name in facts.practitioner))
        else:
            found.append(Input("flag", name, name in scene.fired))
    if step.rule.dated is not None:
        found.append(Input("q", "session_date", facts.session_date.isoformat() if facts.session_date else None))
    return tuple(found)


def _fit(rules: RuleSet, found: Iterable[Flag], fired: set[str]) -> Fit:
    points = sum(flag.weight for flag in found if flag.axis == "fit")
    band = max((band for band in rules.bands if band.points <= points), key=lambda band: band.points)
    gates = {rule.gate for rule in rules.rules if rule.gate and rule.id in fired}
    return Fit(points, band.words, "history" if "history" in gates else "open" if gates else "unsaid")


# What is not known, and what the client would rather say in person.


def _unknown(at: Ready, facts: Facts, labels: Labels) -> list[Flag]:
    found = [
        about_item(id, labels.get(id, Label({})), facts.answers.get(id), acute=id in facts.acute)
        for id in facts.safety
        if is_missing(facts.answers.get(id))
    ]
    asks = [
        ask for step in at.steps if step.rule.enabled and step.rule.axis != "fit" for ask in asks_of_rule(step.rule)
    ]
    if facts.age is None and YEARS in facts.asked and any(ask.of == "age" for ask in asks):
        found.append(about_unknown_age())
    scored = dict.fromkeys(ask.name for ask in asks if ask.of == "score")
    found += [about_score(name) for name in scored if name in facts.scores and facts.scores[name] is None]
    return found


def _talk(facts: Facts, labels: Labels) -> list[Flag]:
    """A line for every "I'd prefer to talk about this in person" (T-TALK), in the questionnaire's order."""
    place = {id: number for number, id in enumerate(labels)}
    found = []
    for id in sorted(facts.answers, key=lambda id: (place.get(id.partition("@")[0], len(place)), id)):
        answer = facts.answers[id]
        said = answer.value if isinstance(answer.value, tuple) else (answer.value,)
        if not TALKS.isdisjoint((answer.absent, *said)):
            label = labels.get(id) or labels.get(id.partition("@")[0]) or Label({})
            found.append(about_item(id, label, answer, talk=True))
    return found


# A rule made ready.


def _step(rule: Rule) -> _Step:
    seen = {(str(ask.of), ask.name): None for ask in asks_of_rule(rule)}
    if rule.dated is not None:
        seen["q", rule.dated.q] = None
    for name in _PLACE.findall("".join(rule.explain.values())):
        if name.startswith("score:"):
            seen["score", name.partition(":")[2]] = None
        elif name == "age":
            seen["age", YEARS] = None
        elif name != "session_date":
            seen["q", name] = None
    return _Step(rule, compiled(rule.when), tuple(compiled(turn.when) for turn in rule.turns), tuple(seen))
