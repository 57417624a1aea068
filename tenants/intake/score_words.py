"""Scores in words, for those who read an intake. Never for a client."""

from __future__ import annotations

from typing import Any

from saas.words import _
from saas.words import later as _l
from tenants.intake.scores import Score, WhyNot

BANDS: dict[str, Any] = {
    "minimal": _l("minimal"),
    "mild": _l("mild"),
    "moderate": _l("moderate"),
    "moderately-severe": _l("moderately severe"),
    "severe": _l("severe"),
    "low": _l("low"),
    "medium": _l("medium"),
    "high": _l("high"),
}
_WHY: dict[WhyNot, Any] = {
    "incomplete": _l("answers are missing"),
    "missing-items": _l("the form lacks items"),
    "no-scores": _l("its answers have no numbers"),
    "odd-scores": _l("its numbers are not the published ones"),
}


def why_words(score: Score) -> str:
    """Why there is no total: "cannot be scored: answers are missing"."""
    return _("cannot be scored: %(why)s", why=_WHY[score.why_not])


def score_words(score: Score) -> str:
    """One score in a line: "PHQ-9: 12 of 27, moderate", or why there is none."""
    if score.total is None:
        return _("%(name)s: %(why)s", name=score.name, why=why_words(score))
    said = _("%(name)s: %(total)s of %(most)s", name=score.name, total=f"{score.total:g}", most=f"{score.most:g}")
    return _("%(score)s, %(band)s", score=said, band=BANDS[score.band]) if score.band else said
