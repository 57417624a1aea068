"""Rules in words, for the people who write them: lists, severities, conditions line by line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from saas.words import _
from saas.words import later as _l
from tenants.intake.flags import FREE_TEXT, ITEM_9, Ask, Axis, Clause, Every, Label, Labels, Rule, Severity
from tenants.intake.questions import in_language
from tenants.intake.rule_editing import Threshold

AXIS_WORDS: Mapping[Axis, Any] = {
    "acute": _l("Somebody must act now"),
    "contra": _l("To be cleared before hands-on work"),
    "caution": _l("Caution"),
    "fit": _l("Matches your description of SER"),
}
SEVERITY_WORDS: Mapping[Severity, Any] = {
    "info": _l("For information"),
    "low": _l("Low"),
    "moderate": _l("Moderate: look before the first session"),
    "high": _l("High: speak with the client first"),
    "critical": _l("Critical: act now"),
}
SEVERITY_SHORT: Mapping[Severity, Any] = {
    "info": _l("For information"),
    "low": _l("Low"),
    "moderate": _l("Moderate"),
    "high": _l("High"),
    "critical": _l("Critical"),
}
SEVERITY_PILL: Mapping[Severity, str] = {
    "info": "off", "low": "info", "moderate": "info", "high": "warn", "critical": "warn",
}  # fmt: skip
CHANGE_WORDS = {
    "added": _l("New"),
    "gone": _l("Gone"),
    "off": _l("Switched off"),
    "on": _l("Switched on"),
    "changed": _l("Changed"),
}
SOURCE_WORDS = {
    "clinic-description": _l("From the description of SER"),
    "literature": _l("From what others have written, in our words"),
    "own": _l("Our own rule"),
}
_LONGEST = 90


@dataclass(frozen=True)
class Line:
    """A line of a condition; those below it are indented."""

    depth: int
    words: str


def lines_of(clause: Clause, labels: Labels, language: str, depth: int = 0) -> Iterator[Line]:
    """The condition line by line, in this language."""
    if isinstance(clause, Ask):
        yield Line(depth, asked(clause, labels, language))
        return
    yield Line(depth, _("All of these:") if isinstance(clause, Every) else _("At least one of these:"))
    for part in clause.of:
        yield from lines_of(part, labels, language, depth + 1)


def rule_lines(rule: Rule, labels: Labels, language: str) -> list[Line]:
    """When a rule fires, when it counts for more, and how long it holds."""
    found = list(lines_of(rule.when, labels, language))
    for turn in rule.turns:
        if turn.axis is not None:
            head = _("It moves to “%(list)s” with:", list=AXIS_WORDS[turn.axis])
        elif turn.severity is not None:
            head = _("It is %(severity)s with:", severity=str(SEVERITY_SHORT[turn.severity]).lower())
        else:
            head = _("It counts %(points)s with:", points=turn.weight)
        found += [Line(0, head), *lines_of(turn.when, labels, language, 1)]
    return found


def asked(ask: Ask, labels: Labels, language: str) -> str:
    """One comparison in words."""
    if ask.of == "flag":
        return _("Rule %(name)s fires", name=ask.name)
    if ask.of == "practitioner":
        licensed = _("Whoever gives the session is licensed in mental health")
        return licensed if ask.value else _("Whoever gives the session is not licensed in mental health")
    what = subject(ask, labels, language)
    chosen = ask.value if isinstance(ask.value, tuple) else (ask.value,)
    said = ", ".join(choice(code, labels.get(_id(ask.name)), language) for code in chosen)
    told = {
        ">=": _("%(what)s: %(number)s or more", what=what, number=ask.value),
        "<=": _("%(what)s: %(number)s or less", what=what, number=ask.value),
        "answered": _("%(what)s: there is an answer", what=what),
        "declined": _("%(what)s: would rather not say, or in person", what=what),
        "unknown": _("%(what)s: not known (not sure, not said, in person, or not asked)", what=what),
        "!=": _("%(what)s: anything but %(choice)s", what=what, choice=said),
    }
    return told.get(ask.op) or _("%(what)s: %(choice)s", what=what, choice=said)


def subject(ask: Ask, labels: Labels, language: str) -> str:
    """What is compared."""
    if ask.of == "age":
        return _("Age in years on the day of the session")
    if ask.of == "score":
        return _("Ninth question of PHQ-9") if ask.name == ITEM_9 else _("Score of %(name)s", name=ask.name.upper())
    if ask.name == FREE_TEXT:
        return _("Any free text")
    return question(ask.name, labels, language)


def question(name: str, labels: Labels, language: str) -> str:
    """A question, cut short, with its id."""
    label = labels.get(_id(name))
    asks = in_language(label.text, language) if label is not None else ""
    short = asks if len(asks) <= _LONGEST else f"{asks[: _LONGEST - 1].rstrip()}…"
    return f"{short} ({name})" if short else name


def _id(name: str) -> str:
    return name.partition("@")[0]


def choice(code: object, label: Label | None, language: str) -> str:
    """One choice in its own words."""
    if code is True or code is False:
        return _("yes") if code else _("no")
    texts = label.options.get(str(code)) if label is not None else None
    return in_language(texts, language) if texts else str(code)


def threshold_words(one: Threshold, labels: Labels, language: str) -> tuple[str, str]:
    """The label of a number that can be changed, and a hint."""
    what = subject(Ask(one.of, one.what, ">=", 0), labels, language)
    words = {
        "at-least": _("%(what)s: at least", what=what),
        "at-most": _("%(what)s: at most", what=what),
        "days": _("Days for which it holds in full"),
        "weeks": _("Weeks for which it holds in full"),
        "months": _("Months for which it holds in full"),
    }
    after = _("Counted from the day that was answered. After that it asks to confirm.")
    return words[one.kind], after if one.key == "dated" else ""
