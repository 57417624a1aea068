"""A second proof before earlier sensitive answers are shown again: a code by mail, or the date of birth where no mail
may be sent. The code is derived, so that no row and no message of the outbox holds it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from saas import audit
from saas.crypto import keyed_hash, same
from saas.db import action
from saas.outbox import emit
from saas.tenancy import current_tenant
from tenants.intake.actions import reachable_by_mail
from tenants.intake.answer_rows import said_in
from tenants.intake.models import Intake
from tenants.intake.queries import client_of, lock_intake

CODE = "intake.code"
LIFE = timedelta(minutes=10)
TRIES = 5
BIRTH = "b.dob"


def code_of(intake: Intake) -> str:
    """The six digits that are good until `code_until`."""
    until = intake.code_until.isoformat() if intake.code_until else ""
    return f"{int(keyed_hash('intake-code', current_tenant().id, f'{intake.id}|{until}')[:12], 16) % 1_000_000:06}"


@action
def send_code(*, intake_id: UUID, now: datetime) -> bool:
    """Send a new code, which replaces the one before; False where no mail may be sent."""
    intake = lock_intake(intake_id)
    if not reachable_by_mail(intake, client_of(intake)):
        return False
    intake.code_until, intake.code_tries = now + LIFE, 0
    intake.code_hash = keyed_hash("intake-code-sent", current_tenant().id, code_of(intake))
    emit(CODE, run_at=now, dedupe=f"{CODE}:{intake.id}:{intake.code_until.timestamp():.0f}", intake_id=intake.id)
    audit.record("intake.code_sent", target="intake", target_id=intake.id, now=now)
    return True


@action
def open_with_code(*, intake_id: UUID, code: str, now: datetime) -> bool:
    """Whether this is the code that was sent. Five tries, ten minutes; a code that was used is used up."""
    intake = lock_intake(intake_id)
    good = intake.code_hash is not None and intake.code_until is not None and now < intake.code_until
    if not good or intake.code_tries >= TRIES:
        return False
    intake.code_tries += 1
    digits = "".join(c for c in code if c.isascii() and c.isdigit())
    if not same(digits, code_of(intake)):
        return False
    intake.code_hash = None
    audit.record("intake.opened_again", target="intake", target_id=intake.id, now=now, by="code")
    return True


@action
def open_with_birth(*, intake_id: UUID, born: str, now: datetime) -> bool:
    """Whether this is the date of birth that was answered, for who may not be written to. Five tries in ten minutes."""
    intake = lock_intake(intake_id)
    if reachable_by_mail(intake, client_of(intake)):
        return False
    if intake.code_until is None or now >= intake.code_until:
        intake.code_until, intake.code_tries = now + LIFE, 0
    if intake.code_tries >= TRIES:
        return False
    intake.code_tries += 1
    known = said_in(intake).get(BIRTH)
    if known is None or not isinstance(known.answer.value, str) or not same(born.strip(), known.answer.value):
        return False
    audit.record("intake.opened_again", target="intake", target_id=intake.id, now=now, by="birth")
    return True
