"""A second proof before earlier sensitive answers are shown again: a code by mail, or the date of birth where no mail
may be sent. The code is derived, so that no row and no message of the outbox holds it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from saas import audit
from saas.audit import Audit
from saas.crypto import keyed_hash, same
from saas.db import action, db
from saas.errors import Invalid
from saas.outbox import emit
from saas.tenancy import current_tenant
from tenants.intake.actions import reachable_by_mail
from tenants.intake.answer_rows import Said
from tenants.intake.asking import is_given
from tenants.intake.locks import BIRTH, REACH
from tenants.intake.models import Intake
from tenants.intake.queries import client_of, known_before, lock_intake, paper_for, said_now

CODE = "intake.code"
LIFE = timedelta(minutes=10)
WINDOW = timedelta(hours=1)
TRIES, SENDS = 5, 5
"""Within one window of an intake, whoever asks."""


class TooManyCodes(Invalid):
    """As many codes as one window allows were sent."""

    status = 429
    code = "too-many-codes"


def code_of(intake: Intake) -> str:
    """The six digits that are good until `code_until`."""
    until = intake.code_until.isoformat() if intake.code_until else ""
    return f"{int(keyed_hash('intake-code', current_tenant().id, f'{intake.id}|{until}')[:12], 16) % 1_000_000:06}"


@action
def send_code(*, intake_id: UUID, now: datetime) -> bool:
    """Send a new code, which replaces the one before; False where no mail may be sent. A new code gives no new tries
    within the window. Raises `TooManyCodes`."""
    intake = lock_intake(intake_id)
    if not reachable_by_mail(intake, client_of(intake)):
        return False
    sent = _sent_since(intake, now - WINDOW)
    if sent >= SENDS:
        raise TooManyCodes
    intake.code_until, intake.code_tries = now + LIFE, intake.code_tries if sent else 0
    intake.code_hash = keyed_hash("intake-code-sent", current_tenant().id, code_of(intake))
    emit(CODE, run_at=now, dedupe=f"{CODE}:{intake.id}:{intake.code_until.timestamp():.0f}", intake_id=intake.id)
    audit.record("intake.code_sent", target="intake", target_id=intake.id, now=now)
    return True


def _sent_since(intake: Intake, since: datetime) -> int:
    deeds = select(func.count()).where(
        Audit.target == "intake", Audit.target_id == intake.id, Audit.deed == "intake.code_sent", Audit.at > since
    )
    return db.session.execute(deeds).scalar_one()


@action
def open_with_code(*, intake_id: UUID, code: str, now: datetime) -> bool:
    """Whether this is the code that was sent. Five tries an hour, ten minutes; a code that was used is used up."""
    intake = lock_intake(intake_id)
    good = intake.code_hash is not None and intake.code_until is not None and now < intake.code_until
    if not good or intake.code_tries >= TRIES:
        return False
    intake.code_tries += 1
    digits = "".join(c for c in code if c.isascii() and c.isdigit())
    if not same(digits, code_of(intake)):
        return False
    intake.code_hash, intake.code_tries = None, 0
    audit.record("intake.opened_again", target="intake", target_id=intake.id, now=now, by="code")
    return True


@action
def open_with_birth(*, intake_id: UUID, born: str, now: datetime, sitting: str = "") -> bool:
    """Whether this is the date of birth that was answered, for who may not be written to. Five tries an hour.

    The date, and that no mail may be sent, count for what their own sitting said, and not when the asking `sitting`
    said them: whoever had the link first could else say both, and wait for her.
    """
    intake = lock_intake(intake_id)
    client = client_of(intake)
    if reachable_by_mail(intake, client) or (known_before(intake) and client.reach == "email"):
        return False
    if intake.code_until is None or now >= intake.code_until:
        intake.code_until, intake.code_tries = now + WINDOW, 0
    if intake.code_tries >= TRIES:
        return False
    intake.code_tries += 1
    said = said_now(intake)
    known = said.get(BIRTH)
    if known is None or not isinstance(known.answer.value, str) or not same(born.strip(), known.answer.value):
        return False
    if not all(_counts(intake, said, key, sitting) for key in (BIRTH, REACH) if key in said):
        return False
    audit.record("intake.opened_again", target="intake", target_id=intake.id, now=now, by="birth")
    return True


def sitting_of_birth(intake: Intake) -> str:
    """The sitting that said the date of birth, in which whoever proves it goes on: what they say counts with it."""
    known = said_now(intake).get(BIRTH)
    return known.sitting if known is not None else ""


def _counts(intake: Intake, said: Mapping[str, Said], key: str, sitting: str) -> bool:
    """Whether another sitting said this, and all that is sensitive besides one's own; what was taken over counts."""
    one, paper = said[key], paper_for(intake.questionnaire_version_id)
    if not one.sitting:
        return True
    if key == BIRTH and known_before(intake):  # it would open what other intakes hold: only what those said counts
        return False
    sensitive = {
        other.sitting
        for name, other in said.items()
        if (at := paper.place(name)) is not None and at.section.sensitive and is_given(other.answer)
    }
    return one.sitting != sitting and sensitive <= {one.sitting, sitting}
