"""What a page or a script sent, sorted: what counts as an answer, what is put aside, and what to say beside a field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from saas.db import new_id
from saas.words import _
from tenants.intake.answer_rows import mark_for
from tenants.intake.asking import Paper, Typed
from tenants.intake.files import MOST_TOGETHER
from tenants.intake.locks import Locks
from tenants.intake.questions import Answer, Answers, Item
from tenants.intake.reading import read_answer
from tenants.intake.sent import Fault, Upload

_BLANK = Answer()


@dataclass
class Room:
    """How many bytes of files still have a place. `sizes`: of those kept, by id; `frees`: what is replaced goes."""

    sizes: Mapping[str, int] = field(default_factory=dict)
    frees: bool = False

    def __post_init__(self) -> None:
        self.left = MOST_TOGETHER - sum(self.sizes.values())

    def takes(self, upload: Upload, stands: Answer) -> bool:
        """Whether there is a place for it where `stands` is now; if so, it is taken."""
        left = self.left + (self.sizes.get(stands.file, 0) if self.frees else 0) - len(upload.content)
        self.left = left if left >= 0 else self.left
        return left >= 0


@dataclass(frozen=True)
class Sorted:
    """All by key. `new`: answers that changed, with `uploads` beside those that are files; `faults`: sentences about
    what cannot be read, each also in `aside`; `locked`: what a second proof is needed for."""

    new: dict[str, Answer] = field(default_factory=dict)
    aside: dict[str, Answer] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    locked: dict[str, Answer] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)


def sort(paper: Paper, typed: Mapping[str, Typed], standing: Answers, locks: Locks, room: Room) -> Sorted:
    """Everything that was sent, each in its place."""
    found = Sorted()
    for key, sent in typed.items():
        place = paper.place(key)
        if place is None or place.item.kind in ("display", "group"):
            found.aside[key] = raw(sent)
            continue
        stands = standing.get(key, _BLANK)
        answer = answer_sent(place.item, sent, stands)
        if locks.shut(paper, key):
            # Said before anything is looked at: what cannot be read tells no more than what stands already.
            if isinstance(answer, Fault) or sent.mark is None or mark_for(answer) != sent.mark:
                found.locked[key] = raw(sent) if isinstance(answer, Fault) else replace(answer, file="")
            continue
        if isinstance(sent.file, Upload) and isinstance(answer, Answer) and not room.takes(sent.file, stands):
            answer = Fault(
                _("All your files together may be 30 MB. Take one away first, or bring this one to the session")
            )
        if isinstance(answer, Fault):
            found.faults[key], found.aside[key] = answer.sentence, raw(sent)
        elif sent.mark is None or mark_for(answer) != sent.mark:
            found.new[key] = answer
            if isinstance(sent.file, Upload):
                found.uploads[key] = sent.file
    return found


def answer_sent(item: Item, sent: Typed, stands: Answer) -> Answer | Fault:
    """What was sent for an item, as its answer. A page cannot send a file back that it did not show: without another
    one the file that `stands` stays, until it is taken away or one of the opt-outs is chosen."""
    answer = read_answer(item, () if item.kind == "file" else sent.values, absent=sent.absent, note=sent.note)
    if item.kind != "file" or isinstance(answer, Fault):
        return answer
    if isinstance(sent.file, Fault):
        return sent.file
    if sent.file is None:
        kept = stands.file and not answer.absent and not sent.away
        return replace(stands, note=answer.note) if kept else answer
    if answer.absent and answer.absent != stands.absent:
        return Fault(_("Choose a file, or one of the two last choices, not both"))
    return replace(answer, value=sent.file.name, absent="", file=str(new_id()))


def raw(sent: Typed) -> Answer:
    """What was sent, unread; of a file its name alone."""
    named = (sent.file.name,) if isinstance(sent.file, Upload) else ()
    return Answer((*sent.values, *named), note=sent.note)
