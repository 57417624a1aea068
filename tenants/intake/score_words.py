"""Why there is no total, in words, for those who read an intake. Never for a client."""

from __future__ import annotations

from typing import Any

from saas.words import later as _l
from tenants.intake.scores import Score

_WHY_NOT: dict[str, Any] = {
    "incomplete": _l("cannot be scored: not everything is answered"),
    "missing-items": _l("cannot be scored: questions are missing"),
    "no-scores": _l("cannot be scored: its choices have no numbers"),
    "odd-scores": _l("cannot be scored: its numbers are not the published ones"),
}


def why_words(score: Score) -> str:
    """Why a score has no total."""
    return str(_WHY_NOT[score.why_not or "incomplete"])
