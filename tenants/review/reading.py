"""All that a practitioner's summary of an intake is made of, read for one look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select

from saas.db import db
from tenants.bookings.models import Booking
from tenants.clients.models import Client
from tenants.intake.actions import reachable_by_mail
from tenants.intake.agreements import Agreement, agreements_of
from tenants.intake.alerts import AlertsOf, Answered, alerts_of
from tenants.intake.answer_rows import aside_in
from tenants.intake.assessing import Kept, kept_look, look_before, look_now
from tenants.intake.consents import filled
from tenants.intake.flags import Look
from tenants.intake.look_changes import Difference, differences
from tenants.intake.models import Intake, QuestionnaireVersion
from tenants.intake.queries import OPEN, answers_of, client_of, definition_of, names_for, said_now
from tenants.intake.questions import Answers, Questionnaire
from tenants.intake.reviewing import Reviewed, review_mark, reviews_of
from tenants.intake.scores import Point, Score, scores_of, trend
from tenants.intake.showing import visible
from tenants.intake.touch import Saying, TouchLimits, limits_in, touch_history
from tenants.practitioners.models import Practitioner
from tenants.review import rules
from tenants.review.rules import Change, Said
from tenants.services.models import Service

_PAST = 6
"""So many earlier intakes count for how scores went."""
_Line = TypeVar("_Line", Said, Change)


@dataclass(frozen=True)
class About:
    """Whose intake it is, and for which session. `mark`: of what a decision is made on."""

    id: UUID
    client_id: UUID
    client: str
    booking_id: UUID | None
    session_at: datetime | None
    service: str
    practitioner: str
    status: str
    mark: str
    submitted_at: datetime | None
    review_due: bool
    speak: bool


@dataclass(frozen=True)
class Alert:
    """An alert that waits for somebody."""

    id: UUID
    raised_at: datetime


@dataclass(frozen=True)
class Again:
    """A look under later rules that somebody asked for: when, and what it found otherwise than the one before."""

    at: datetime
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class Summary:
    """One page. `aside`: what was sent and never counted; `taken_back`: what the team was told of and is not said any
    more; `newer_version`: the clinic has published another questionnaire since; `by_mail`: the client
    may be written to; `seen`: the sections shown."""

    about: About
    alerts: tuple[Alert, ...]
    answered: tuple[Answered, ...]
    aside: tuple[Said, ...]
    taken_back: tuple[Said, ...]
    look: Look | None
    again: Again | None
    opted_out: Mapping[str, tuple[Said, ...]]
    digest: Mapping[str, tuple[Said, ...]]
    files: tuple[Said, ...]
    changes: tuple[Change, ...]
    has_before: bool
    scores: Mapping[str, tuple[Point, ...]]
    touch: TouchLimits
    touch_changed: Saying | None
    version: int
    newer_version: int | None
    reviews: tuple[Reviewed, ...]
    not_agreed: tuple[Agreement, ...]
    by_mail: bool
    seen: tuple[str, ...]


def about(row: Intake) -> About:
    """The head of the page; one query."""
    found = (
        select(Client.name, Service.name, Practitioner.name)
        .select_from(Client)
        .outerjoin(Booking, Booking.id == row.booking_id)
        .outerjoin(Service, Service.id == Booking.service_id)
        .outerjoin(Practitioner, Practitioner.id == row.practitioner_id)
        .where(Client.id == row.client_id)
    )
    client, service, practitioner = db.session.execute(found).one()
    return About(
        id=row.id, client_id=row.client_id, client=client, booking_id=row.booking_id, session_at=row.session_at,
        service=service or "", practitioner=practitioner or "", status=row.status, mark=review_mark(row),
        submitted_at=row.submitted_at, review_due=row.review_due, speak=row.attention,
    )  # fmt: skip


def summary(row: Intake, language: str, *, now: datetime) -> Summary:
    """Everything on the page. Unseals: the caller records the look, by `seen`."""
    # What is still being answered was last looked at when something urgent was said, or never.
    kept = look_now(row, now=now) if row.status in OPEN else kept_look(row)
    q = definition_of(row.questionnaire_version_id)
    look, answers = kept.look if kept else None, _shown(row, q, kept)
    names = names_for(row)
    said = _named(rules.said_in(q, answers, language), names)
    opted = rules.opted_out(said)
    digest = {heading: _named(some, names) for heading, some in rules.digest(q, said, language).items()}
    earlier = _earlier(row)
    scores = scores_of(q, answers) if _has_scores(row.questionnaire_version_id) else ()
    # How scores went over time is the only reason to open more than the last one.
    before = [(one, _as_shown(one)) for one in (earlier if scores else earlier[:1])]
    changed = _named(rules.changes(q, before[0][1], said, language), names) if before else ()
    told = alerts_of(row.id, row.client_id)
    history = touch_history(row.client_id, limit=1)
    aside, taken_back = (_named(some, names) for some in _aside(row, q, answers, language, told=told))
    files = tuple(one for one in said if one.file)
    lines = [one for group in (*opted.values(), *digest.values(), files, aside, taken_back) for one in group]
    version, newest = _versions(row.questionnaire_version_id)
    return Summary(
        about=about(row),
        alerts=tuple(Alert(one.id, one.raised_at) for one in told.waiting),
        answered=told.answered,
        aside=aside,
        taken_back=taken_back,
        look=look,
        again=_again(row, kept),
        opted_out=opted,
        digest=digest,
        files=files,
        changes=changed,
        has_before=bool(earlier),
        scores=_over_time(row, scores, before) if scores else {},
        touch=history[0].limits if history else limits_in(answers),
        touch_changed=history[0] if history else None,
        version=version,
        newer_version=newest if newest != version else None,
        reviews=tuple(reviews_of(row.id, row.client_id)),
        not_agreed=tuple(one for one in agreements_of(row.client_id) if not one.holds),
        by_mail=reachable_by_mail(row, client_of(row)),
        seen=rules.sections_seen(q, flags=look.flags if look else (), said=lines, changed=changed),
    )


def _aside(
    row: Intake, q: Questionnaire, answers: Answers, language: str, *, told: AlertsOf
) -> tuple[tuple[Said, ...], tuple[Said, ...]]:
    """(what was put aside, what was taken back of that which the team was told of)."""
    past = aside_in(row, replaced=bool(told.waiting or told.answered))
    dropped = [(one.key, one.answer, one.at) for one in past if one.dropped]
    stands = {key: one.at for key, one in said_now(row).items()} if dropped else {}
    before = [(one.key, one.answer) for one in past if not one.dropped]
    return rules.put_aside(q, dropped, stands, language), rules.taken_back(q, before, answers, language)


def _again(row: Intake, kept: Kept | None) -> Again | None:
    before = look_before(row, kept) if kept is not None and kept.number and kept.why == "rules" else None
    return Again(kept.at, differences(before.look, kept.look)) if kept is not None and before is not None else None


def everything(row: Intake, language: str) -> tuple[About, tuple[rules.Group, ...]]:
    """Every answer, by section. Unseals: the caller records the look."""
    q = definition_of(row.questionnaire_version_id)
    said = _named(rules.said_in(q, _as_shown(row), language), names_for(row))
    return about(row), rules.grouped(q, said, language)


def _named(lines: Sequence[_Line], names: Mapping[str, str]) -> tuple[_Line, ...]:
    """Lines whose questions have the clinic's names in them, as the client read them."""
    return tuple(replace(one, question=filled(one.question, names)) if "{" in one.question else one for one in lines)


def _as_shown(row: Intake) -> Answers:
    return _shown(row, definition_of(row.questionnaire_version_id), kept_look(row))


def _shown(row: Intake, q: Questionnaire, kept: Kept | None) -> Answers:
    """The answers to what is asked of this client. What the newest look saw is just that, and is unsealed already."""
    if kept is not None and kept.revision == row.revision:
        return kept.facts.answers
    answers = answers_of(row)
    return {key: answers[key] for key in visible(q, answers) if key in answers}


def _earlier(row: Intake) -> list[Intake]:
    """What this client sent in before, the newest first."""
    found = select(Intake).where(
        Intake.client_id == row.client_id, Intake.status == "submitted", Intake.id != row.id,
        Intake.requested_at < row.requested_at,
    )  # fmt: skip
    newest = found.order_by(Intake.requested_at.desc(), Intake.id.desc()).limit(_PAST)
    return list(db.session.execute(newest).scalars())


@lru_cache(maxsize=64)
def _has_scores(version_id: UUID) -> bool:
    """Whether anything in this version can be scored. It never changes."""
    return bool(scores_of(definition_of(version_id), {}))


def _over_time(
    row: Intake, scores: Sequence[Score], before: Sequence[tuple[Intake, Answers]]
) -> Mapping[str, tuple[Point, ...]]:
    """How each instrument of this intake went."""
    dated = [(_day(one), scores_of(definition_of(one.questionnaire_version_id), said)) for one, said in before]
    asked = {score.instrument for score in scores}
    return {key: points for key, points in trend([*dated, (_day(row), scores)]).items() if key in asked}


def _day(row: Intake) -> date:
    return (row.submitted_at or row.saved_at or row.requested_at).date()


def _versions(version_id: UUID) -> tuple[int, int]:
    """The number of this version, and of the newest of its questionnaire that is sent out."""
    own = select(QuestionnaireVersion.questionnaire_id).where(QuestionnaireVersion.id == version_id).scalar_subquery()
    found = select(QuestionnaireVersion.id, QuestionnaireVersion.number, QuestionnaireVersion.withdrawn_at).where(
        QuestionnaireVersion.questionnaire_id == own
    )
    rows = db.session.execute(found).all()
    number = next(one.number for one in rows if one.id == version_id)
    return number, max((one.number for one in rows if one.withdrawn_at is None), default=number)
