"""Answering as pure values: what stands where in a questionnaire, what a client may still be asked, what is missing.

A key names an answer: the item's id, or `item@row` in a repeating group. Under `skip_key` a section keeps what the
client decided about the whole of it when its notice was shown: True to skip it, False to go on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from tenants.intake.questions import (
    NOT_SURE,
    TALK,
    YES,
    Absent,
    All,
    Answer,
    Answers,
    Condition,
    Item,
    Part,
    Questionnaire,
    Section,
    Test,
    items_in,
    sections_of,
    skip_key,
)
from tenants.intake.sent import Fault, Upload
from tenants.intake.showing import holds, visible

GO, SKIP = "go", "skip"
IN_PERSON = "in-person"
OPT_OUTS: tuple[Absent, ...] = ("declined", "in-person")
OPENS = "answer"
"""The choice of a section's own gate that goes on to its questions."""
QUIET_KINDS = frozenset({"display", "group"})
"""What nobody answers."""
_CALM = frozenset({"no", "none", "never"})
State = Literal["saved", "begun", "new"]


@dataclass(frozen=True)
class Typed:
    """What a form or a script sent for one key. `mark`: of what the page showed; None: keep it whatever that was.
    `file`: what was handed in, or why it cannot be; `away`: the file that stands is taken away."""

    values: tuple[str, ...] = ()
    absent: str = ""
    note: str = ""
    mark: str | None = None
    file: Upload | Fault | None = None
    away: bool = False


@dataclass(frozen=True)
class Place:
    """Where an item stands; `group` is the repeating group around it."""

    item: Item
    section: Section
    part: Part
    group: Item | None = None


@dataclass(frozen=True)
class Paper:
    """A version of a questionnaire made ready to be answered."""

    form: Questionnaire
    hash: str
    places: Mapping[str, Place] = field(default_factory=dict)

    def place(self, key: str) -> Place | None:
        """Where the item of `key` stands; None for a key that names nothing of this version."""
        id, _at, row = key.partition("@")
        found = self.places.get(id)
        if found is None or bool(row) != (found.group is not None and bool(found.group.rows_of)):
            return None
        of = self.places.get(found.group.rows_of) if row and found.group else None
        return found if not row or (of is not None and row in {one.code for one in of.item.options}) else None

    def part(self, id: str) -> Part | None:
        """The part of this id."""
        return next((one for one in self.form.parts if one.id == id), None)

    def section(self, id: str) -> Section | None:
        """The section of this id."""
        return next((one for one in sections_of(self.form) if one.id == id), None)


def paper_of(form: Questionnaire, hash: str) -> Paper:
    """A questionnaire made ready."""
    places: dict[str, Place] = {}
    for part in form.parts:
        for section in part.sections:
            for item, group in _items(section.items, None):
                places[item.id] = Place(item, section, part, group)
    return Paper(form, hash, places)


def _items(items: Iterable[Item], group: Item | None) -> Iterator[tuple[Item, Item | None]]:
    for item in items:
        yield item, group
        if item.items:
            yield from _items(item.items, item if item.rows_of else group)


def is_given(answer: Answer | None) -> bool:
    """Whether something was said, an opt-out counting as much as a value."""
    return answer is not None and (bool(answer.absent) or answer.value not in (None, "", ()) or bool(answer.note))


def gate_of(section: Section) -> Item | None:
    """The question of how to handle this section, where it has one of its own."""
    return next((item for item in section.items if item.id == f"{section.id}.gate" and item.enabled), None)


def is_closed(section: Section, answers: Answers) -> bool:
    """Whether its notice still stands before the questions: nobody has said how to go on."""
    if not section.notice:
        return False
    gate = gate_of(section)
    return not is_given(answers.get(gate.id if gate else skip_key(section.id)))


def decided(section: Section, what: str) -> tuple[str, Answer] | None:
    """(key, answer) that keeps a decision about a section: go, skip or in-person; None for anything else."""
    gate = gate_of(section)
    if gate is None:
        return (skip_key(section.id), Answer(what == SKIP)) if what in (GO, SKIP) else None
    wanted = {GO: (OPENS,), SKIP: ("skip",), IN_PERSON: (IN_PERSON, TALK)}.get(what, ())
    code = next((one.code for one in gate.options if one.code in wanted), None)
    return (gate.id, Answer(code)) if code else None


def asked_now(paper: Paper, answers: Answers, order: Iterable[str] | None = None) -> tuple[str, ...]:
    """The keys that may be answered with these answers, in order. `order`: what is visible, where that is known."""
    shown = ((key, paper.place(key)) for key in (visible(paper.form, answers) if order is None else order))
    return tuple(key for key, place in shown if place is not None and place.item.kind not in QUIET_KINDS)


def missing(paper: Paper, answers: Answers, order: Iterable[str] | None = None) -> tuple[str, ...]:
    """The keys of questions that need an answer before anything is sent, in order. A consent that is needed is missing
    until it is given; an opt-out is an answer."""
    found = []
    for key in asked_now(paper, answers, order):
        place = paper.place(key)
        if place is None or not (place.item.required or place.item.kind == "signature"):
            continue
        answer = answers.get(key)
        refused = place.item.kind == "consent" and (answer is None or answer.value is not True)
        if refused or not is_given(answer):
            found.append(key)
    return tuple(found)


def is_urgent(item: Item, answer: Answer | None) -> bool:
    """Whether help belongs beside this answer: to a question that may be urgent, anything but its calm answer.

    Calm is what the item says is; else no and none, an option that scores 0, else the first option. An opt-out brings
    up nothing.
    """
    if not item.acute or answer is None or answer.value in (None, (), ""):
        return False
    said = answer.value if isinstance(answer.value, tuple) else (answer.value,)
    return any(one not in calm_answers(item) and one not in OPT_OUTS for one in said)


def calm_answers(item: Item) -> frozenset[object]:
    """The values that mean all is well where an answer may be urgent: codes, a bool, or a scale's lower end."""
    if item.kind == "bool":
        return frozenset({YES in item.calm})
    if item.calm:
        return frozenset(item.calm)
    if item.kind == "scale":
        return frozenset({item.lo})
    exclusive = {one.code for one in item.options if one.exclusive or one.score == 0}
    codes = {one.code for one in item.options}
    if exclusive or codes & _CALM or not item.options:
        return frozenset(exclusive | (codes & _CALM) or _CALM) - {NOT_SURE}
    return frozenset({item.options[0].code})


def urgent_keys(paper: Paper, answers: Answers) -> tuple[str, ...]:
    """The keys of these answers, shown or not, beside which help belongs."""
    return tuple(key for key, said in answers.items() if (at := paper.place(key)) and is_urgent(at.item, said))


def state_of_part(paper: Paper, part: Part, answers: Answers, *, lacking: Collection[str] = ()) -> State:
    """What the list of parts says: saved (nothing needed is missing), begun, or new. `lacking`: see `missing`."""
    keys = {key for key, answer in answers.items() if is_given(answer)}
    own = {id for id, place in paper.places.items() if place.part.id == part.id}
    own |= {skip_key(one.id) for one in part.sections}
    if not any(key.partition("@")[0] in own for key in keys):
        return "new"
    return "begun" if any(key.partition("@")[0] in own for key in lacking) else "saved"


def next_part(paper: Paper, after: str) -> Part | None:
    """The part after this one; the first for an unknown id; None after the last."""
    ids = [part.id for part in paper.form.parts]
    place = ids.index(after) + 1 if after in ids else 0
    return paper.form.parts[place] if place < len(ids) else None


def signature_part(paper: Paper) -> Part:
    """The part in which the client signs: the last where nothing is signed."""
    signed = (place.part for place in paper.places.values() if place.item.kind == "signature")
    return next(signed, paper.form.parts[-1])


def closing(paper: Paper) -> tuple[Section, ...]:
    """What stands after the signature: words for when everything is sent."""
    part = signature_part(paper)
    signed = [any(item.kind == "signature" for item in items_in(one.items)) for one in part.sections]
    return part.sections[signed.index(True) + 1 :] if True in signed else ()


def carried(paper: Paper, before: Answers) -> dict[str, Answer]:
    """What an update takes over of an earlier intake: all that this version asks, except what must be said afresh: what
    may be urgent, consents, the signature."""
    found = {}
    for key, answer in before.items():
        place = paper.place(key)
        if place is None or place.item.acute or place.item.kind in ("consent", "signature") or not is_given(answer):
            continue
        item, value = place.item, answer.value
        codes = {one.code for one in item.options}
        if codes and item.kind in ("single", "multi") and not set(value if isinstance(value, tuple) else (value,)) <= {
            *codes, None, NOT_SURE,
        }:  # fmt: skip
            continue
        found[key] = replace(answer)
    return found


def to_confirm(section: Section, taken: Answers) -> bool:
    """Whether an update shows this section open: it asks about safety, is new, or has something not said before."""
    items = [item for item in items_in(section.items) if item.kind not in QUIET_KINDS and item.enabled]
    if any(item.safety or item.acute or item.kind in ("consent", "signature") for item in items):
        return True
    return not any(is_given(answer) and key.partition("@")[0] in {i.id for i in items} for key, answer in taken.items())


def as_test(condition: Condition, answers: Answers, here: Collection[str]) -> object:
    """A condition as the page's script reads it: [q, op, value], {"all": […]} or {"any": […]}; what asks about an item
    that is not `here` on the page is true or false for good."""
    if isinstance(condition, Test):
        if condition.q not in here:
            return holds(condition, answers)
        value = list(condition.value) if isinstance(condition.value, tuple) else condition.value
        return [condition.q, condition.op, value]
    return {"all" if isinstance(condition, All) else "any": [as_test(one, answers, here) for one in condition.of]}
