"""Heeding an answer: the rules look, and the team is told of what cannot wait, in the transaction that keeps it.

The team is told of what an acute rule finds, and of every answer beside which help is shown, whatever the rules say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from uuid import UUID

from saas.db import action
from tenants.intake.alerts import raise_alert
from tenants.intake.asking import Paper, is_urgent
from tenants.intake.assessing import Kept, Why, assess, kept_look
from tenants.intake.flag_facts import BIRTH
from tenants.intake.flags import FREE_TEXT, ITEM_9, Ask, Rule, asks_of_rule
from tenants.intake.looking import Ready
from tenants.intake.queries import lock_intake, paper_for
from tenants.intake.questions import Answer, Questionnaire, item_index
from tenants.intake.rule_sets import rules_in_force
from tenants.intake.scores import asks_of_harm, sheets_in

_REMEMBERED = 64
_read: dict[tuple[str, str], frozenset[str]] = {}


@action
def look_and_tell(*, intake_id: UUID, why: Why, now: datetime) -> None:
    """Let the rules look at what stands now, and raise an alert for what cannot wait and is new since the last look."""
    intake = lock_intake(intake_id)
    paper = paper_for(intake.questionnaire_version_id)
    held = _findings(kept_look(intake), paper)
    assess(intake_id=intake_id, why=why, now=now)
    found = _findings(kept_look(intake), paper)
    if found:
        raise_alert(intake_id=intake_id, revision=intake.revision, findings=found, held=held, now=now)


def _findings(kept: Kept | None, paper: Paper) -> tuple[str, ...]:
    """What could not wait at this look: acute flags by id, answers with help beside them as `item:<key>`."""
    if kept is None:
        return ()
    urgent = (
        f"item:{key}"
        for key, answer in kept.facts.answers.items()
        if (place := paper.place(key)) is not None and is_urgent(place.item, answer)
    )
    return (*(flag.id for flag in kept.look.on("acute")), *urgent)


def is_heeded(paper: Paper, new: Mapping[str, Answer]) -> bool:
    """Whether one of these answers is looked at as soon as it is kept: its question may be urgent, or an acute rule
    that is on reads it."""
    read = _read_by_acute(paper, rules_in_force()) if new else frozenset()
    for key, answer in new.items():
        place = paper.place(key)
        if place is None:
            continue
        in_words = place.item.kind in ("short", "long") or bool(answer.note)
        if place.item.acute or place.item.id in read or (in_words and FREE_TEXT in read):
            return True
    return False


def _read_by_acute(paper: Paper, rules: Ready) -> frozenset[str]:
    """The items that acute rules read, through scores, the age and other rules too; `FREE_TEXT` for every text."""
    at = (paper.hash, rules.hash)
    if at not in _read:
        if len(_read) >= _REMEMBERED:
            _read.clear()
        _read[at] = frozenset(id for ask in _asks_of_acute(rules) for id in _items_of(ask, paper.form))
    return _read[at]


def can_be_acute(rule: Rule) -> bool:
    """Whether a finding of this rule, as it stands or turned, is that somebody must act now."""
    return rule.enabled and "acute" in (rule.axis, *(turn.axis for turn in rule.turns))


def _asks_of_acute(rules: Ready) -> Iterator[Ask]:
    by_id = {rule.id: rule for rule in rules.rules.rules}
    waiting = [rule.id for rule in by_id.values() if can_be_acute(rule)]
    for id in waiting:  # grows by the rules whose flags are read
        for ask in asks_of_rule(by_id[id]):
            if ask.of != "flag":
                yield ask
            elif ask.name in by_id and ask.name not in waiting:
                waiting.append(ask.name)


def _items_of(ask: Ask, form: Questionnaire) -> Iterator[str]:
    if ask.of == "age":
        yield BIRTH
    elif ask.of == "score" and ask.name == ITEM_9:
        yield from (item.id for item in item_index(form).values() if asks_of_harm(item))
    elif ask.of == "score":
        yield ask.name  # a scale of the clinic's own is named by its item
        for sheet in sheets_in(form):
            if sheet.instrument.key == ask.name:
                yield from (item.id for item in sheet.items if item is not None)
    elif ask.of == "q":
        yield ask.name.partition("@")[0]
