"""Questions in words, for the people who write them: kinds, conditions, differences, what a fault is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saas.words import later as _l
from tenants.intake.diff import What
from tenants.intake.flag_facts import labels_of
from tenants.intake.flag_reach import clause_of
from tenants.intake.questions import Condition, Kind, Questionnaire
from tenants.questionnaires.rule_words import Line, lines_of

KIND_WORDS: Mapping[Kind, Any] = {
    "single": _l("One of several answers"),
    "multi": _l("Several answers"),
    "yn4": _l("Yes, no or not sure"),
    "bool": _l("Yes or no"),
    "scale": _l("A scale with two ends"),
    "short": _l("A few words"),
    "long": _l("Some sentences"),
    "date": _l("A day"),
    "monthyear": _l("A month or a year"),
    "number": _l("A number"),
    "bodymap": _l("Areas of the body"),
    "display": _l("A text, nothing to answer"),
    "consent": _l("A consent"),
    "signature": _l("A signature"),
    "group": _l("A group of questions"),
    "file": _l("A file"),
}
OFFERED: tuple[Kind, ...] = (
    "single", "multi", "yn4", "bool", "scale", "short", "long", "date", "monthyear", "number", "bodymap", "display",
    "consent", "file", "group",
)  # fmt: skip
"""The kinds that a clinic may add; the others have one place in the shipped questionnaire."""
WITH_CHOICES = frozenset(("single", "multi", "bodymap"))
WITH_ENDS = frozenset(("scale", "number"))
CHANGE_WORDS: Mapping[What, Any] = {
    "added": _l("New"),
    "added-off": _l("New, and switched off: nobody is asked it yet"),
    "removed": _l("Gone"),
    "moved": _l("In another place"),
    "words": _l("Other words"),
    "options": _l("Other answers to choose"),
    "condition": _l("Shown under another condition"),
    "marks": _l("Other settings"),
    "papers": _l("Another text"),
}


def condition_lines(form: Questionnaire, condition: Condition | None, language: str) -> list[Line]:
    """The condition line by line; none for what is always shown."""
    return list(lines_of(clause_of(condition), labels_of(form), language)) if condition is not None else []
