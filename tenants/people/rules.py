"""Two records that may be one person: which values stay, and what is suggested first. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Literal

from tenants.clients.rules import REACH, Record

Side = Literal["stays", "goes"]
SIDES: tuple[Side, ...] = ("stays", "goes")
FIELDS = ("name", "known_as", "email", "phone", "reach", "discreet_name", "no_calls", "locale")


def chosen_at_first(stays: Record, goes: Record) -> dict[str, Side]:
    """For each field where the two differ, whose value is offered: the survivor's if there is one, and of what keeps
    somebody safe (reach, discreet name, no calls) the more careful."""
    ours, theirs = asdict(stays), asdict(goes)
    found: dict[str, Side] = {name: "stays" if ours[name] else "goes" for name in FIELDS if ours[name] != theirs[name]}
    if "reach" in found:
        careful = REACH.index(stays.reach) >= REACH.index(goes.reach)
        found["reach"] = "stays" if careful else "goes"
    return found


def merged_record(stays: Record, goes: Record, choices: Mapping[str, str]) -> Record:
    """The survivor's record after the choice; where nothing was chosen the first offer holds."""
    offered = chosen_at_first(stays, goes)
    theirs = asdict(goes)
    taken = {name: theirs[name] for name, side in offered.items() if choices.get(name, side) == "goes"}
    return replace(stays, **taken)


@dataclass(frozen=True)
class Time:
    """A live booking's time, for the words of a refusal."""

    starts_at: datetime
    ends_at: datetime


def clash(ours: list[Time], theirs: list[Time]) -> Time | None:
    """The first of `theirs` that overlaps one of `ours`: nobody is in two places."""
    for one in sorted(theirs, key=lambda time: time.starts_at):
        if any(one.starts_at < other.ends_at and other.starts_at < one.ends_at for other in ours):
            return one
    return None
