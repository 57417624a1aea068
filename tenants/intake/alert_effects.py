"""Alerts as mails: to one contact at a time, without a word of what it is about, and with nobody's name."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import get_args
from uuid import UUID

from saas import mail
from saas.db import db
from saas.jobs import Handler, Job
from saas.links import absolute
from saas.mail import Mail
from saas.outbox import Effect, Hopeless
from saas.tenancy import current_tenant
from tenants.clinic.queries import clinic_view
from tenants.intake import alerts
from tenants.intake.models import IntakeAlert
from tenants.intake.queries import office_page_at
from tenants.intake.settings import Contact, Who, intake_settings

TRIES = 6
"""After so many tries (about half a minute) it counts as undeliverable, and is tried on."""
SELF_TEST = timedelta(days=30)


def alert_mail(effect: Effect, *, now: datetime) -> None:
    """`intake.alert`: tell one contact, unless somebody has acknowledged meanwhile."""
    row = db.session.get(IntakeAlert, UUID(str(effect.payload["alert_id"])))
    who = _who(effect)
    if row is None or row.acknowledged_at is not None:
        return
    alert_id, contact = row.id, intake_settings().contact(who)
    try:
        if not contact.email:
            raise Hopeless
        written = _write(effect, row, contact)
        db.session.rollback()  # nothing of the database is held while the mail goes out
        mail.send(written, now=now)
    except Hopeless:
        alerts.undeliverable(alert_id=alert_id, who=who, now=now)
        raise
    except Exception:
        db.session.rollback()
        if effect.attempts >= TRIES:
            alerts.undeliverable(alert_id=alert_id, who=who, now=now)
        raise
    alerts.delivered(alert_id=alert_id, who=who, now=now)


def _who(effect: Effect) -> Who:
    named: Who = next(one for one in get_args(Who) if one == effect.payload["who"])
    return named


def _write(effect: Effect, row: IntakeAlert, contact: Contact) -> Mail:
    clinic = clinic_view()
    template = "intake_alert" if row.kind == "answer" else "intake_alert_test"
    link = office_page_at(row.intake_id) if row.intake_id else absolute("/manage/settings/intakes/")
    subject, text, html = mail.render(
        template, current_tenant().locale, region=clinic.country, clinic=clinic, link=link, name=contact.name
    )
    return Mail(
        to_name=contact.name or clinic.name, to_email=contact.email, subject=subject, text=text, html=html,
        message_id=mail.message_id(effect.id), reply_to=clinic.email or None, from_name=clinic.name,
    )  # fmt: skip


def alert_step(effect: Effect, *, now: datetime) -> None:
    """`intake.alert_step`: nobody has acknowledged yet, so the next ones are told."""
    alerts.escalate(alert_id=UUID(str(effect.payload["alert_id"])), step=int(effect.payload["step"]), now=now)


HANDLERS: dict[str, Handler] = {alerts.MAIL: alert_mail, alerts.STEP: alert_step}
TIMETABLE = (Job("intake-self-test", alerts.self_test, every=SELF_TEST, after=timedelta(hours=8), each_clinic=True),)
