"""What a flag rule is, what the rules look at, and what one look of theirs finds. Pure values.

Six lists that are never added up into one: *acute* (now), *contra* (to be cleared first),
*caution*, *unknown* (ask in person), *talk* (the client prefers to speak about it) and *fit* (what matches the clinic's
own description of SER). Fit has points, nothing else has; nothing lowers anything. The look itself: `looking.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from tenants.intake.questions import Answer, Texts

Axis = Literal["acute", "contra", "caution", "unknown", "talk", "fit"]
Severity = Literal["info", "low", "moderate", "high", "critical"]
Operand = Literal["q", "score", "age", "practitioner", "flag"]
Op = Literal["=", "!=", "in", "has", ">=", "<=", "answered", "declined", "unknown"]
Unit = Literal["days", "weeks", "months"]
Gate = Literal["", "open", "history"]
Wanted = str | int | bool | tuple[str, ...]

AXES: tuple[Axis, ...] = ("acute", "contra", "caution", "unknown", "talk", "fit")
SEVERITIES: tuple[Severity, ...] = ("info", "low", "moderate", "high", "critical")
RULE_AXES: tuple[Axis, ...] = ("acute", "contra", "caution", "fit")  # the other two come from the answers themselves
LOCKED: frozenset[str] = frozenset(("acute", "contra"))
LICENCE = "mental_health_licence"
PRACTITIONER = frozenset((LICENCE,))
"""What a rule may ask about whoever gives the session; what is not known of them counts as no."""
YEARS = "years"
FREE_TEXT = "*"
"""Names every free text and note at once; only `has` reads it."""
ITEM_9 = "phq-9.9"
"""The score of PHQ-9's ninth item, by itself."""


@dataclass(frozen=True)
class Ask:
    """One comparison. `name`: an item's id, a score's, the word "years", a fact about the practitioner, a rule's id.

    No comparison but `declined` and `unknown` holds for an answer that is missing: what nobody said is never "no".
    A test of an item of a repeating group holds when it holds in one of its rows. `flag = true`: that rule has fired.
    """

    of: Operand
    name: str
    op: Op
    value: Wanted = True


@dataclass(frozen=True)
class Every:
    """All of them hold."""

    of: tuple[Clause, ...]


@dataclass(frozen=True)
class Either:
    """At least one of them holds."""

    of: tuple[Clause, ...]


Clause = Ask | Every | Either


@dataclass(frozen=True)
class Dated:
    """`date_within`: the rule holds in full while the session's day lies within this time of item `q`'s answer.

    The latest day the answer allows counts ("2026" is its 31 December). Without a readable date, or without a session,
    it holds in full. Past the time it is a moderate caution, "confirm recovered": it never vanishes.
    """

    q: str
    count: int
    unit: Unit


@dataclass(frozen=True)
class Turn:
    """Where this holds too, the flag counts for more: a higher severity or an axis further up; for fit, other points.
    The first that holds."""

    when: Clause
    axis: Axis | None = None
    severity: Severity | None = None
    weight: int | None = None


@dataclass(frozen=True)
class Source:
    """Where a rule comes from, in our own words. `kind` "own": nobody's but ours, and nothing is asserted."""

    kind: Literal["clinic-description", "literature", "own"]
    words: Texts
    refs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """One rule. `explain` may name answers (`{c.duration}`), `{age}`, `{session_date}` and `{score:phq-9}`.

    `scope`: "ser" when it speaks against SER alone, "cst" when about all hands-on work beside such a one. `gate`: what
    it says about the wish for SER. `own`: the clinic's, not ours. `off_reason`: why a locked one was switched off.
    """

    id: str
    axis: Axis
    severity: Severity
    title: Texts
    when: Clause
    explain: Texts
    why: Texts
    source: Source
    next_step: Texts
    counter: Texts = field(default_factory=dict)
    weight: int = 0
    enabled: bool = True
    dated: Dated | None = None
    turns: tuple[Turn, ...] = ()
    scope: Literal["", "ser", "cst"] = ""
    gate: Gate = ""
    own: bool = False
    off_reason: str = ""

    @property
    def locked(self) -> bool:
        """Whether it may only become stricter: it is, or can turn, acute or contra."""
        return self.axis in LOCKED or any(turn.axis in LOCKED for turn in self.turns)


@dataclass(frozen=True)
class Band:
    """What so many points of fit and more are called. Ours, not validated."""

    points: int
    words: Texts


@dataclass(frozen=True)
class RuleSet:
    """All rules in the order they are shown; `name` is a name and a version, as `ser-default@1.0.0`."""

    name: str
    rules: tuple[Rule, ...]
    bands: tuple[Band, ...]


@dataclass(frozen=True)
class Facts:
    """All that a look sees. `answers`: only of items that are shown to this client; in rows as `item@row`.

    `asked`: items that apply to this client, answered, skipped or not; `YEARS` once the age should be known. `safety`:
    those of them (and those that the clinic has switched off) where a missing answer is asked in person; `acute`: where
    it may concern today. `free`: those answered in free words. `scores`: None where an instrument was asked and cannot
    be scored. `age`: whole years on the session's day. `practitioner`: what is true of whoever gives the session.
    """

    answers: Mapping[str, Answer]
    asked: frozenset[str] = frozenset()
    safety: tuple[str, ...] = ()
    acute: frozenset[str] = frozenset()
    free: frozenset[str] = frozenset()
    scores: Mapping[str, int | float | None] = field(default_factory=dict)
    session_date: date | None = None
    age: int | None = None
    practitioner: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Input:
    """Something that a rule looked at, as it was: an answer for `of` "q" (None: there was none), else a plain value."""

    of: Operand
    name: str
    value: Answer | str | int | float | bool | None


@dataclass(frozen=True)
class Flag:
    """What a rule found, with all a practitioner needs to judge it. Texts by language. Never for clients' eyes.

    `past`: a dated rule whose time is over. `explanation` quotes the client's answers. `seen_by`: who may read it.
    """

    id: str
    axis: Axis
    severity: Severity
    title: Texts
    explanation: Texts
    why: Texts
    source: Source
    next_step: Texts
    counter: Texts = field(default_factory=dict)
    inputs: tuple[Input, ...] = ()
    weight: int = 0
    scope: str = ""
    past: bool = False
    seen_by: str = "practitioner"


@dataclass(frozen=True)
class Fit:
    """The points and what they are called; `wish`: open, history (asked for CST only), unsaid."""

    points: int
    band: Texts
    wish: Literal["open", "history", "unsaid"]


@dataclass(frozen=True)
class KeptOff:
    """A locked rule that this clinic has switched off; the summary says so."""

    id: str
    title: Texts
    reason: str


@dataclass(frozen=True)
class Look:
    """What one look found: flags by axis, the gravest first; fit; what could not be found because a rule is off."""

    flags: tuple[Flag, ...]
    fit: Fit
    kept_off: tuple[KeptOff, ...]
    rules_name: str
    rules_hash: str

    def on(self, *axes: Axis) -> tuple[Flag, ...]:
        """The flags on these axes."""
        return tuple(flag for flag in self.flags if flag.axis in axes)


@dataclass(frozen=True)
class Label:
    """How an item and its choices are called, by language."""

    text: Texts
    options: Mapping[str, Texts] = field(default_factory=dict)


Labels = Mapping[str, Label]


def rank(severity: Severity) -> int:
    """0 for info to 4 for critical."""
    return SEVERITIES.index(severity)


def asks_of(clause: Clause) -> tuple[Ask, ...]:
    """Every comparison in it, in order."""
    if isinstance(clause, Ask):
        return (clause,)
    return tuple(ask for part in clause.of for ask in asks_of(part))


def asks_of_rule(rule: Rule) -> tuple[Ask, ...]:
    """Every comparison of a rule, its turns' included."""
    return asks_of(rule.when) + tuple(ask for turn in rule.turns for ask in asks_of(turn.when))
