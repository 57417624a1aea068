"""What a link alone neither shows nor changes until a second proof. Pure.

Six things: what was taken over from an earlier intake, in any section; what was sent, by another sitting; a sensitive
section that was answered in another sitting; a file that was handed in there; that a section was left out or kept for a
talk; and what the second proof itself rests on. A condition that asks about any of it finds no answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tenants.intake.answer_rows import Said
from tenants.intake.asking import GO, OPENS, Paper, gate_of, is_given
from tenants.intake.questions import Answer, Section

BIRTH, REACH = "b.dob", "b.contactsafe"
"""The answers on which a second proof rests."""


@dataclass(frozen=True)
class Locks:
    """`keys`: answers that stand and are locked; `sections`: those of which every question is."""

    keys: frozenset[str] = frozenset()
    sections: frozenset[str] = frozenset()
    partly: frozenset[str] = field(default_factory=frozenset)

    def shut(self, paper: Paper, key: str) -> bool:
        """Whether `key` is neither shown nor changed."""
        place = paper.place(key)
        return key in self.keys or (place is not None and place.section.id in self.sections)

    def may_decide(self, section: Section, what: str) -> bool:
        """Whether a button of the section's notice counts: nobody leaves out what they may not see."""
        return section.id not in self.sections and (what == GO or section.id not in self.partly)

    def seen(self, paper: Paper, said: Mapping[str, Said]) -> dict[str, Answer]:
        """The answers as this reader may know them."""
        return {key: one.answer for key, one in said.items() if not self.shut(paper, key) or _opens(paper, key, one)}


def locks_for(
    paper: Paper, said: Mapping[str, Said], *, sitting: str, opened: bool = False, sent: datetime | None = None
) -> Locks:
    """What is locked to a browser in this sitting ("" for one that has answered nothing yet). `sent`: when it was."""
    if opened:
        return Locks()
    keys: set[str] = set()
    sections: set[str] = set()
    for key, one in said.items():
        place = paper.place(key)
        own = bool(one.sitting) and one.sitting == sitting
        if place is None or own or not is_given(one.answer) or _opens(paper, key, one):
            continue
        if (one.sitting and place.section.sensitive) or _is_gate(paper, key):
            sections.add(place.section.id)
        was_sent = sent is not None and one.at <= sent
        if not one.sitting or was_sent or key in (BIRTH, REACH) or place.section.sensitive or one.answer.file:
            keys.add(key)
    partly = {place.section.id for key in keys if (place := paper.place(key)) is not None}
    return Locks(frozenset(keys), frozenset(sections), frozenset(partly - sections))


def _opens(paper: Paper, key: str, one: Said) -> bool:
    """Whether this is the choice to go on to a section's questions: that it was pressed tells nothing. That somebody
    would rather talk in person, or left a section out, does."""
    return one.answer.value == OPENS and _is_gate(paper, key)


def _is_gate(paper: Paper, key: str) -> bool:
    place = paper.place(key)
    gate = gate_of(place.section) if place is not None else None
    return gate is not None and gate.id == key
