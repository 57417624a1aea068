"""How an intake stands, what was decided, and where the body is, in the team's words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from saas.words import later as _l

STATE_WORDS: dict[str, Any] = {
    "missing": _l("Intake not in yet"),
    "open": _l("Intake needs review"),
    "done": _l("Intake complete"),
}
STATE_PILLS = {"missing": "off", "open": "warn", "done": "ok"}
SPEAK_WORDS = _l("Speak with them before the session")
OUTCOME_WORDS: dict[str, Any] = {
    "proceed": _l("Proceed"),
    "changes": _l("Proceed with changes"),
    "cst-only": _l("CST only for now"),
    "clearance": _l("Ask for medical clearance first"),
    "refer": _l("Refer to somebody else"),
    "defer": _l("Defer, as agreed with the client"),
    "early": _l("Marked as arrived before the review"),
}
DONE_WORDS: dict[str, Any] = {
    "spoke": _l("I spoke with them"),
    "called": _l("I rang and did not reach them"),
    "wrote": _l("I wrote to them"),
    "other": _l("Something else"),
}
# What a client may be sent after a review. Neutral on purpose: whoever reads along learns nothing.
NEUTRAL_WORDS: dict[str, Any] = {
    "": _l("Nothing is sent"),
    "thanks": _l("Thank you for your answers. I have read them and look forward to seeing you."),
    "talk": _l("Thank you for your answers. I would like to talk with you for a few minutes before we meet."),
}
AREA_WORDS: dict[str, Any] = {
    "head": _l("Head"),
    "face": _l("Face"),
    "jaw": _l("Jaw"),
    "neck": _l("Neck"),
    "throat": _l("Throat"),
    "shoulder": _l("Shoulders"),
    "arm": _l("Arms"),
    "hand": _l("Hands"),
    "chest": _l("Chest"),
    "upper-back": _l("Upper back"),
    "belly": _l("Belly"),
    "lower-back": _l("Lower back"),
    "pelvis": _l("Pelvis"),
    "hip": _l("Hips"),
    "leg": _l("Legs"),
    "knee": _l("Knees"),
    "foot": _l("Feet"),
}


def areas_in_words(areas: Iterable[str]) -> list[str]:
    """The areas as the team reads them."""
    return [str(AREA_WORDS[area]) for area in areas]
