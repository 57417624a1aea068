"""Mails about the questions: a reminder while they are not in, a code, and to whoever gives the session that they are.

None says what the questions are about, in its subject or inside. Each looks at the intake as it is now and may find
that there is nothing to say; who is not reached by mail gets none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from saas import mail
from saas.db import db
from saas.jobs import Handler
from saas.languages import for_client
from saas.mail import Mail
from saas.outbox import Effect, Later
from saas.tenancy import current_tenant
from tenants.clients.rules import called
from tenants.clinic.notices import Envelope, wait_until
from tenants.clinic.queries import clinic_view, envelope, notices
from tenants.intake.actions import REMIND_DAYS, REMINDER, SUBMITTED, reachable_by_mail
from tenants.intake.codes import CODE, code_of
from tenants.intake.models import Intake, IntakeReview
from tenants.intake.queries import OPEN, client_of, office_page_at, page_at
from tenants.intake.review_words import NEUTRAL_WORDS
from tenants.intake.reviewing import REMINDER as REVIEW_REMINDER
from tenants.intake.reviewing import SEND_WORDS, opened
from tenants.practitioners.models import Practitioner


def _intake(effect: Effect) -> Intake | None:
    return db.session.get(Intake, UUID(str(effect.payload["intake_id"])))


def reminder(effect: Effect, *, now: datetime) -> None:
    """`intake.reminder`: three days and one day before the session, while the answers are not in. A session that moved
    is reminded of at its new time; the first is left out when the second is due."""
    intake = _intake(effect)
    if intake is None or intake.status not in OPEN or intake.session_at is None or now >= intake.session_at:
        return
    if intake.submitted_at is not None or (intake.expires_at is not None and intake.expires_at <= now):
        return
    which = int(effect.payload["which"])
    at = intake.session_at - timedelta(days=REMIND_DAYS[which])
    if now < at:
        raise Later(at)
    until = wait_until(now, intake.session_at, notices(), current_tenant().zone)
    if until is not None:
        raise Later(until)
    second = intake.session_at - timedelta(days=REMIND_DAYS[2])
    soon = now - intake.requested_at < timedelta(hours=12)  # the invitation itself came a moment ago
    if not soon and not (which == 1 and now >= second):
        _to_client(effect, intake, "intake_reminder", now)


def code(effect: Effect, *, now: datetime) -> None:
    """`intake.code`: the six digits that stand now, unless they have run out or been used."""
    intake = _intake(effect)
    if intake is None or intake.code_hash is None or intake.code_until is None or now >= intake.code_until:
        return
    zone = ZoneInfo(current_tenant().zone)
    _to_client(effect, intake, "intake_code", now, code=code_of(intake), until_local=intake.code_until.astimezone(zone))


def submitted(effect: Effect, *, now: datetime) -> None:
    """`intake.submitted`: a form needs the eyes of whoever gives the session, unless it has been reviewed."""
    intake = _intake(effect)
    if intake is None or not intake.review_due or intake.practitioner_id is None:
        return
    _to_team(effect, intake, "intake_submitted", now)


def review_reminder(effect: Effect, *, now: datetime) -> None:
    """`intake.review_reminder`: to whoever gives the session, when it is still at that time and nobody has decided."""
    intake = _intake(effect)
    planned = int(effect.payload["session"])
    if intake is None or not intake.review_due or intake.session_at is None or now >= intake.session_at:
        return
    if int(intake.session_at.timestamp()) == planned:
        _to_team(effect, intake, "intake_review_due", now)


def review_words(effect: Effect, *, now: datetime) -> None:
    """`intake.words`: the neutral sentence that a practitioner chose, to a client who may be written to."""
    row = db.session.get(IntakeReview, UUID(str(effect.payload["review_id"])))
    intake = db.session.get(Intake, row.intake_id) if row is not None else None
    if row is None or intake is None:
        return
    with mail.written_for(for_client(intake.locale, client_of(intake).locale)):
        said = str(NEUTRAL_WORDS[opened(row, intake.client_id).words])
    _to_client(effect, intake, "intake_words", now, said=said)


def _to_team(effect: Effect, intake: Intake, template: str, now: datetime) -> None:
    person = db.session.get(Practitioner, intake.practitioner_id) if intake.practitioner_id else None
    clinic = clinic_view()
    email = person.email if person is not None and person.email else clinic.email
    if email:
        context = {"link": office_page_at(intake.id), "name": person.first_name if person else ""}
        _send(_written(effect, template, current_tenant().locale, (clinic.name, email), context), now=now)


def _to_client(effect: Effect, intake: Intake, template: str, now: datetime, **more: Any) -> None:
    client = client_of(intake)
    if not reachable_by_mail(intake, client):
        return
    locale = for_client(intake.locale, client.locale)
    to = (client.discreet_name or client.name, client.email)
    context = {
        "link": page_at(intake), "name": called(client.name, client.known_as, client.discreet_name),
        "session_local": _local(intake), **more,
    }  # fmt: skip
    _send(_written(effect, template, locale, to, context, outside=envelope()), now=now)


def _local(intake: Intake) -> datetime | None:
    return intake.session_at.astimezone(ZoneInfo(current_tenant().zone)) if intake.session_at else None


def _written(
    effect: Effect, template: str, locale: str, to: tuple[str, str], context: Mapping[str, Any], *,
    outside: Envelope | None = None,
) -> Mail:  # fmt: skip
    clinic, worn = clinic_view(), outside or Envelope()
    subject, text, html = mail.render(template, locale, region=clinic.country, clinic=clinic, **context)
    return Mail(
        to_name=to[0], to_email=to[1], subject=worn.subject(subject), text=text, html=html,
        message_id=mail.message_id(effect.id), reply_to=clinic.email or None,
        from_name=worn.sender_name or clinic.name,
    )  # fmt: skip


def _send(written: Mail, *, now: datetime) -> None:
    db.session.rollback()  # nothing of the database is held while the mail goes out
    mail.send(written, now=now)


HANDLERS: dict[str, Handler] = {
    REMINDER: reminder, CODE: code, SUBMITTED: submitted, REVIEW_REMINDER: review_reminder,
    SEND_WORDS: review_words,
}  # fmt: skip
