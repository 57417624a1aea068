"""Mails of a review: the team is reminded of one that waits, a client gets the neutral word that was chosen."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from saas import mail
from saas.db import db
from saas.jobs import Handler
from saas.links import absolute
from saas.mail import Mail
from saas.outbox import Effect
from saas.tenancy import current_tenant
from tenants.clients.models import Client
from tenants.clinic.queries import clinic_view, envelope
from tenants.intake.models import Intake, IntakeReview
from tenants.intake.review_words import NEUTRAL_WORDS
from tenants.intake.reviewing import REMINDER, SEND_WORDS, opened
from tenants.practitioners.models import Practitioner


def review_reminder(effect: Effect, *, now: datetime) -> None:
    """`intake.review_reminder`: to whoever gives the session, when it is still at that time and nobody has decided."""
    row = db.session.get(Intake, UUID(str(effect.payload["intake_id"])))
    planned = datetime.fromtimestamp(int(effect.payload["session"]), UTC)
    if row is None or not row.review_due or row.session_at != planned or planned <= now:
        return
    person = db.session.get(Practitioner, row.practitioner_id) if row.practitioner_id else None
    clinic = clinic_view()
    email = (person.email if person else "") or clinic.email
    if not email:
        return
    link = absolute(f"/manage/intakes/open/?id={row.id}")
    subject, text, html = mail.render(
        "intake_review_due", current_tenant().locale, region=clinic.country, clinic=clinic, link=link
    )
    _send(effect, (person.name if person else clinic.name, email), (subject, text, html), now=now)


def review_words(effect: Effect, *, now: datetime) -> None:
    """`intake.words`: the neutral sentence a practitioner chose, to a client who may be written to."""
    row = db.session.get(IntakeReview, UUID(str(effect.payload["review_id"])))
    asked = db.session.get(Intake, row.intake_id) if row else None
    client = db.session.get(Client, asked.client_id) if asked else None
    if row is None or asked is None or client is None or client.reach != "email" or not client.email:
        return
    locale = asked.locale or client.locale or current_tenant().locale
    with mail.written_for(locale):
        said = str(NEUTRAL_WORDS[opened(row, asked.client_id).words])
    clinic, outside = clinic_view(), envelope()
    subject, text, html = mail.render("intake_words", locale, region=clinic.country, clinic=clinic, said=said)
    to = (client.discreet_name or client.name, client.email)
    _send(effect, to, (outside.subject(subject), text, html), now=now, sender=outside.sender_name)


def _send(
    effect: Effect, to: tuple[str, str], written: tuple[str, str, str], *, now: datetime, sender: str = ""
) -> None:
    clinic = clinic_view()
    subject, text, html = written
    letter = Mail(
        to_name=to[0], to_email=to[1], subject=subject, text=text, html=html, message_id=mail.message_id(effect.id),
        reply_to=clinic.email or None, from_name=sender or clinic.name,
    )  # fmt: skip
    db.session.rollback()  # nothing of the database is held while the mail goes out
    mail.send(letter, now=now)


HANDLERS: dict[str, Handler] = {REMINDER: review_reminder, SEND_WORDS: review_words}
