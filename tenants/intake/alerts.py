"""Alerts: somebody of the team must look at an intake now, and is told again and again until somebody says they have.

Raised in the transaction that saves the answer. Rows and mails carry no word of what it is about and nobody's name:
that stands on the summary, behind the log-in. An alert touches no booking: it cancels, moves, locks and prices nothing.

A mail that cannot be delivered, or lies undelivered for `STUCK` because no worker runs, is an alarm (`alarm_now`) on
every page of those who may answer. A monthly test proves the way to every contact.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select

from saas import audit
from saas.audit import current_actor
from saas.db import action, db, new_id
from saas.errors import Invalid, NotFound
from saas.outbox import emit
from saas.sealing import seal_value, unseal_value
from saas.tenancy import current_tenant
from saas.text import Cleaner
from saas.words import _
from tenants.intake.alert_plan import step_at
from tenants.intake.models import IntakeAlert
from tenants.intake.queries import lock_intake
from tenants.intake.settings import CONTACTS, Who, intake_settings

MAIL = "intake.alert"
"""The effect that tells one contact."""
STEP = "intake.alert_step"
"""The effect that tells the next ones while nobody has acknowledged."""
STUCK = timedelta(minutes=5)
DONE = ("spoke", "called", "wrote", "other")
"""What somebody did who acknowledges."""


class NoSuchAlert(NotFound):
    """The clinic has no such alert."""

    code = "no-such-alert"


@dataclass(frozen=True)
class Answered:
    """How an alert was acknowledged: when, by which account, what was done, and a note."""

    alert_id: UUID
    raised_at: datetime
    at: datetime
    by: UUID | None
    done: str
    note: str


@dataclass(frozen=True)
class Alarm:
    """What every page of the back office says: alerts that nobody has answered and that did not reach somebody, and
    tests that failed."""

    alerts: int
    tests: int


@action
def raise_alert(
    *, intake_id: UUID, revision: int, now: datetime, findings: Collection[str] = (), held: Collection[str] = ()
) -> UUID | None:
    """Tell the team, in the transaction of the answer. None when they have been told of just this.

    `findings`: what holds now; `held`: what held before this save. One alert a new finding, however often an answer is
    saved: not for what an alert names that nobody has answered, nor for what has held since one was. What was taken
    back and is said again is new. Without findings: one while none is open.
    """
    client_id = lock_intake(intake_id).client_id  # two tabs that save the same answer at once raise one alert
    before = _alerts_of(intake_id)
    told = {
        one
        for row in before
        for one in _sealed(row, client_id).get("findings", ())
        if row.acknowledged_at is None or one in held
    }
    if (set(findings) <= told) if findings else any(row.acknowledged_at is None for row in before):
        return None
    row = IntakeAlert(id=new_id(), intake_id=intake_id, kind="answer", raised_at=now, revision=revision, step=0)
    row.sealed = _seal(row.id, client_id, {"findings": sorted(findings)})
    db.session.add(row)
    db.session.flush()
    _take_step(row, 0, now=now)
    audit.record("intake.alerted", target="intake", target_id=intake_id, now=now)
    return row.id


def _alerts_of(intake_id: UUID) -> list[IntakeAlert]:
    found = select(IntakeAlert).where(IntakeAlert.intake_id == intake_id).order_by(IntakeAlert.raised_at)
    return list(db.session.execute(found).scalars())


def _about(alert_id: UUID) -> str:
    return f"intake_alert|sealed|{alert_id}"


def _seal(alert_id: UUID, client_id: UUID, value: dict[str, Any]) -> bytes:
    return seal_value(subject=client_id, about=_about(alert_id), value=value)


def _sealed(row: IntakeAlert, client_id: UUID) -> dict[str, Any]:
    if row.sealed is None:
        return {}
    found: dict[str, Any] = unseal_value(subject=client_id, about=_about(row.id), sealed=row.sealed)
    return found


def _take_step(row: IntakeAlert, number: int, *, now: datetime) -> None:
    step = step_at(number, intake_settings(), now=now, zone=current_tenant().zone)
    row.step, row.due_at = number, step.next_at
    for who in step.told:
        emit(MAIL, run_at=now, dedupe=f"{MAIL}:{row.id}:{number}:{who}", alert_id=row.id, who=who)
    emit(STEP, run_at=step.next_at, dedupe=f"{STEP}:{row.id}:{number + 1}", alert_id=row.id, step=number + 1)


@action
def escalate(*, alert_id: UUID, step: int, now: datetime) -> bool:
    """Take the step of this number, unless somebody has acknowledged or it was taken. Whether it was taken now."""
    row = _lock(alert_id)
    if row.acknowledged_at is not None or row.step >= step:
        return False
    _take_step(row, step, now=now)
    return True


def _lock(alert_id: UUID) -> IntakeAlert:
    found = select(IntakeAlert).where(IntakeAlert.id == alert_id).with_for_update()
    row = db.session.execute(found.execution_options(populate_existing=True)).scalar_one_or_none()
    if row is None:
        raise NoSuchAlert
    return row


def is_open(alert_id: UUID) -> bool:
    """Whether an alert (or a test) still waits for somebody."""
    found = select(IntakeAlert.acknowledged_at).where(IntakeAlert.id == alert_id)
    row = db.session.execute(found).one_or_none()
    return row is not None and row[0] is None


@action
def acknowledge(*, intake_id: UUID, alert_ids: Iterable[UUID], done: str, note: str, now: datetime) -> list[UUID]:
    """Note that the acting person has taken these alerts about an intake, and what was done. The ids of those that were
    still open.

    Only what was shown is acknowledged: an alert that came meanwhile stays. `Invalid` for what needs another look.
    """
    cleaner = Cleaner()
    words = cleaner.block("note", note, 2000)
    if done not in DONE:
        cleaner.refuse("done", _("Choose what you did"))
    cleaner.check()
    client_id, wanted, taken = lock_intake(intake_id).client_id, set(alert_ids), []
    for alert_id in [row.id for row in _alerts_of(intake_id) if row.id in wanted]:
        row = _lock(alert_id)
        if row.acknowledged_at is not None:
            continue
        row.sealed = _seal(row.id, client_id, {**_sealed(row, client_id), "done": done, "note": words})
        row.acknowledged_at, row.acknowledged_by, row.due_at = now, current_actor().account_id, None
        audit.record("intake.acknowledged", target="intake", target_id=intake_id, now=now)
        taken.append(row.id)
    return taken


@action
def dismiss_test(*, alert_id: UUID, now: datetime) -> None:
    """Somebody has seen that a test failed."""
    row = _lock(alert_id)
    if row.kind != "test":
        raise Invalid(_("Alerts are acknowledged on the page of the intake"))
    if row.acknowledged_at is None:
        row.acknowledged_at, row.acknowledged_by = now, current_actor().account_id
        audit.record("intake.test_seen", target="intake_alert", target_id=row.id, now=now)


@action
def delivered(*, alert_id: UUID, who: Who, now: datetime) -> None:
    """The mail to this contact was handed over."""
    row = _lock(alert_id)
    if row.kind == "test":
        _next_of_test(row, who, now=now)
    elif row.delivered_at is None:
        row.delivered_at = now


@action
def undeliverable(*, alert_id: UUID, who: Who, now: datetime) -> None:
    """The mail to this contact cannot be delivered, or came back: the back office says so on every page."""
    row = _lock(alert_id)
    if row.failed_at is None:
        row.failed_at = now
        audit.record("intake.alert_failed", target="intake_alert", target_id=row.id, now=now, contact=who)
    if row.kind == "test":
        _next_of_test(row, who, now=now)


@action
def try_alert(*, now: datetime) -> UUID:
    """Send a test to every contact, one after another; the row tells how it went. `Invalid` when there is nobody."""
    settings = intake_settings()
    if not settings.has_contacts:
        raise Invalid(_("Name a first contact and save, then try it"))
    row = IntakeAlert(id=new_id(), kind="test", raised_at=now)
    db.session.add(row)
    db.session.flush()
    _mail_test(row, "first", now=now)
    audit.record("intake.test_sent", target="intake_alert", target_id=row.id, now=now)
    return row.id


def _mail_test(row: IntakeAlert, who: Who, *, now: datetime) -> None:
    emit(MAIL, run_at=now, dedupe=f"{MAIL}:{row.id}:{who}", alert_id=row.id, who=who)


def _next_of_test(row: IntakeAlert, who: Who, *, now: datetime) -> None:
    settings = intake_settings()
    left = [one for one in CONTACTS[CONTACTS.index(who) + 1 :] if settings.contact(one).email]
    if left:
        _mail_test(row, left[0], now=now)
    elif row.failed_at is None and row.delivered_at is None:
        row.delivered_at = row.acknowledged_at = now


def self_test(*, now: datetime) -> None:
    """The monthly test of a clinic that has contacts."""
    if intake_settings().has_contacts:
        try_alert(now=now)


def trials(limit: int = 12) -> list[IntakeAlert]:
    """The record of the tests, the newest first."""
    found = select(IntakeAlert).where(IntakeAlert.kind == "test").order_by(IntakeAlert.raised_at.desc()).limit(limit)
    return list(db.session.execute(found).scalars())


@dataclass(frozen=True)
class AlertsOf:
    """The alerts of one intake: those that wait, the oldest first; how others were answered, the newest first."""

    waiting: tuple[IntakeAlert, ...]
    answered: tuple[Answered, ...]


def alerts_of(intake_id: UUID, client_id: UUID) -> AlertsOf:
    """What was told about an intake; one query. Unseals: whoever shows it records the look."""
    rows = _alerts_of(intake_id)
    answered = [_answered(row, client_id) for row in reversed(rows) if row.acknowledged_at is not None]
    return AlertsOf(tuple(row for row in rows if row.acknowledged_at is None), tuple(answered))


def _answered(row: IntakeAlert, client_id: UUID) -> Answered:
    said, at = _sealed(row, client_id), row.acknowledged_at or row.raised_at
    return Answered(row.id, row.raised_at, at, row.acknowledged_by, said.get("done", ""), said.get("note", ""))


def alarm_now(*, now: datetime) -> Alarm | None:
    """What did not arrive and nobody has answered: failed, or undelivered for `STUCK`. One query; None: all is well."""
    lost = or_(
        IntakeAlert.failed_at.is_not(None),
        and_(IntakeAlert.delivered_at.is_(None), IntakeAlert.raised_at < now - STUCK),
    )
    found = select(IntakeAlert.kind, func.count()).where(IntakeAlert.acknowledged_at.is_(None), lost)
    counts = dict(db.session.execute(found.group_by(IntakeAlert.kind)).all())
    return Alarm(counts.get("answer", 0), counts.get("test", 0)) if counts else None
