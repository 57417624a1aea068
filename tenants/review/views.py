"""A summary as its page shows it: flags in the reader's language, headings, scores in words. Times are the clinic's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import url_for

from saas import formats
from saas.chart import Chart
from saas.shell import locale
from saas.words import _, ngettext
from saas.words import later as _l
from tenants.intake.flags import Axis, Flag, Look
from tenants.intake.questions import in_language
from tenants.intake.review_words import AREA_WORDS, DONE_WORDS, OUTCOME_WORDS, areas_in_words
from tenants.intake.reviewing import EARLY, Reviewed
from tenants.intake.score_words import why_words
from tenants.intake.scores import Point, Score, trend_chart
from tenants.intake.touch import Saying, TouchLimits
from tenants.review.reading import Again, Summary

AXIS_WORDS: Mapping[Axis, Any] = {
    "acute": _l("Now"),
    "contra": _l("To be cleared first"),
    "caution": _l("Take care"),
    "unknown": _l("Ask in person"),
    "fit": _l("What matches your description of SER"),
}
AXIS_HINTS: Mapping[Axis, Any] = {
    "acute": _l("Somebody of the team should speak with them now. Nothing was cancelled or changed."),
    "contra": _l("Do not start hands-on work on these answers alone."),
    "caution": _l("Speak about these before or at the session."),
    "unknown": _l("Not answered, not sure, or kept for a talk. None of it means no."),
    "fit": _l("Based on the clinic’s own description of SER. Not a diagnosis and not evidence that SER will help."),
}
SEVERITY_WORDS = {
    "info": _l("For information"),
    "low": _l("Low"),
    "moderate": _l("Look at it before the session"),
    "high": _l("Speak with them before hands-on work"),
    "critical": _l("Act now"),
}
DIFFERENCE_WORDS = {"new": _l("New"), "gone": _l("Gone"), "changed": _l("Graver or milder, or on another list")}
SCOPE_WORDS = {"ser": _l("Speaks against SER"), "cst": _l("For CST: take care")}
DIGEST_WORDS = {
    "wish": _l("What they wish for"),
    "medicines": _l("Medicines"),
    "pregnancy": _l("Pregnancy"),
    "recent": _l("The last six weeks"),
    "support": _l("Support, and who may be contacted"),
    "contact": _l("How they may be reached"),
    "guardian": _l("Who answered"),
}
WISH_WORDS = {
    "open": "",
    "history": _l("They asked for CST only: read this as history, they have not asked for SER."),
    "unsaid": _l("They have not said whether they would like SER."),
}
SOURCE_WORDS = {"intake": _l("from the intake"), "check-in": _l("at check-in"), "link": _l("by their link")}


@dataclass(frozen=True)
class FlagShown:
    """One flag, in the reader's language."""

    id: str
    severity: str
    severity_words: str
    scope: str
    title: str
    explanation: str
    why: str
    source: str
    refs: str
    next_step: str
    counter: str


@dataclass(frozen=True)
class Axes:
    """The flags on one axis."""

    axis: Axis
    title: str
    hint: str
    flags: tuple[FlagShown, ...]


@dataclass(frozen=True)
class ScoreShown:
    """One instrument: its newest score, and how it went."""

    name: str
    words: str
    answered: str
    clusters: tuple[str, ...]
    before: tuple[str, ...]
    chart: Chart | None


@dataclass(frozen=True)
class ReviewShown:
    """A decision, or an early arrival, in words."""

    at: datetime
    by: str
    outcome: str
    changes: str
    notes: str
    early: bool


def zone_of(name: str) -> ZoneInfo:
    """The clinic's clock."""
    return ZoneInfo(name)


def axes_of(look: Look) -> list[Axes]:
    """The flags by axis, in the order in which they are read; fit is apart."""
    wanted: tuple[Axis, ...] = ("acute", "contra", "caution", "unknown")
    found = []
    for axis in wanted:
        flags = tuple(_flag(flag) for flag in look.on(axis))
        if flags:
            found.append(Axes(axis, str(AXIS_WORDS[axis]), str(AXIS_HINTS[axis]), flags))
    return found


def again_of(again: Again) -> list[tuple[str, str]]:
    """(what happened, the flag's title) of what the rules find otherwise since they looked again."""
    return [(str(DIFFERENCE_WORDS[one.what]), in_language(one.flag.title, locale())) for one in again.differences]


def fit_of(look: Look) -> Axes:
    """What speaks for SER, by the clinic's own description."""
    return Axes("fit", str(AXIS_WORDS["fit"]), str(AXIS_HINTS["fit"]), tuple(_flag(flag) for flag in look.on("fit")))


def talk_of(look: Look) -> list[FlagShown]:
    """What somebody would rather say in person."""
    return [_flag(flag) for flag in look.on("talk")]


def _flag(flag: Flag) -> FlagShown:
    tag = locale()
    return FlagShown(
        id=flag.id,
        severity=flag.severity,
        severity_words=str(SEVERITY_WORDS[flag.severity]),
        scope=str(SCOPE_WORDS.get(flag.scope, "")),
        title=in_language(flag.title, tag),
        explanation=in_language(flag.explanation, tag),
        why=in_language(flag.why, tag),
        source=in_language(flag.source.words, tag),
        refs=", ".join(flag.source.refs),
        next_step=in_language(flag.next_step, tag),
        counter=in_language(flag.counter, tag),
    )


def scores_shown(scores: Mapping[str, Sequence[Point]]) -> list[ScoreShown]:
    """Each instrument with its newest score; a chart from the second one on."""
    return [_score(points) for points in scores.values() if points]


def _score(points: Sequence[Point]) -> ScoreShown:
    tag, newest = locale(), points[-1].score
    before = tuple(f"{formats.full_date(point.on, tag)}: {score_words(point.score)}" for point in points[:-1])
    chart = None
    if len([point for point in points if point.score.total is not None]) > 1:
        chart = trend_chart(points, label=lambda day: formats.day_month(day, tag), say=str)
    answered = _("%(answered)d of %(all)d answered", answered=newest.answered, all=newest.of)
    clusters = tuple(_("%(name)s: %(total)d", name=one.name, total=one.total) for one in newest.clusters)
    return ScoreShown(newest.name, score_words(newest), answered, clusters, before, chart)


def score_words(score: Score) -> str:
    """The total of its most, and what the instrument calls it; or why there is none."""
    if score.total is None:
        return why_words(score)
    said = _("%(total)s of %(most)s", total=f"{score.total:g}", most=f"{score.most:g}")
    return f"{said}, {score.band}" if score.band else said


def touch_words(limits: TouchLimits) -> list[str]:
    """What is to be minded, a line each; the areas together."""
    said = []
    if limits.areas:
        said.append(_("Not to be touched: %(areas)s", areas=formats.joined(areas_in_words(limits.areas), locale())))
    if limits.ask_each_time:
        said.append(_("Ask each time before touching."))
    if limits.signal:
        said.append(_("Their word or sign for stop: %(sign)s", sign=limits.signal))
    if limits.note:
        said.append(limits.note)
    return said or [_("They have named nothing to be minded.")]


def saying_words(one: Saying) -> str:
    """What one saying changed."""
    parts = []
    if one.added:
        parts.append(_("added: %(areas)s", areas=formats.joined(areas_in_words(one.added), locale())))
    if one.removed:
        parts.append(_("no longer: %(areas)s", areas=formats.joined(areas_in_words(one.removed), locale())))
    if one.limits.is_empty:
        parts.append(_("everything taken back"))
    return "; ".join(parts) or _("the areas are the same")


def reviews_shown(reviews: Sequence[Reviewed], names: Mapping[UUID, str], zone: ZoneInfo) -> list[ReviewShown]:
    """Decisions in words, the newest first."""
    return [
        ReviewShown(
            one.at.astimezone(zone), names.get(one.by, ""), str(OUTCOME_WORDS[one.decision.outcome]),
            one.decision.changes, one.decision.notes, early=one.decision.outcome == EARLY,
        )
        for one in reviews
    ]  # fmt: skip


def heading_of(found: Summary, zone: ZoneInfo) -> str:
    """For which session it is."""
    said = found.about
    parts = [said.service, said.practitioner]
    if said.session_at is not None:
        at = said.session_at.astimezone(zone)
        parts.insert(0, f"{formats.long_date(at, locale())}, {formats.clock(at, locale())}")
    return ", ".join(part for part in parts if part)


def alerted_words(done: str) -> str:
    """What somebody did who acknowledged an alert."""
    return str(DONE_WORDS.get(done, done))


def area_choices(chosen: Sequence[str]) -> list[tuple[str, str, bool]]:
    """The areas of the body as boxes."""
    return [(area, str(words), area in chosen) for area, words in AREA_WORDS.items()]


def count_words(count: int) -> str:
    """How many intakes a list has."""
    return ngettext("%(num)d intake", "%(num)d intakes", count)


def tabs(which: str) -> list[tuple[str, str, bool]]:
    """The lists: words, address, whether it is this one."""
    words = {"due": _("To review"), "waiting": _("Not in yet"), "done": _("Reviewed"), "all": _("All")}
    return [(said, url_for("intakes.index", which=name), name == which) for name, said in words.items()]
