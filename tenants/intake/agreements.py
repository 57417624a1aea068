"""What a client has agreed to, and how they take it back: as easily as they gave it, with a receipt of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from saas import audit
from saas.db import action, db
from saas.errors import NotFound
from saas.outbox import emit
from saas.sealing import unseal_value
from tenants.intake.actions import SUBMITTED
from tenants.intake.consents import Method, Origin, Told, add_withdrawal
from tenants.intake.models import Consent, ConsentText, Intake
from tenants.intake.queries import consents_of, lock_intake


class NoSuchAgreement(NotFound):
    """No receipt of this client has this id."""

    code = "no-such-agreement"


@dataclass(frozen=True)
class Agreement:
    """What holds for one purpose: the last receipt about it. `document` is what it is to, where there is one;
    `sentence` what was ticked under it."""

    receipt_id: UUID
    number: int
    choice: str
    at: datetime
    document: str
    sentence: str

    @property
    def holds(self) -> bool:
        """Whether it can be taken back."""
        return self.choice == "given"


def agreements_of(client_id: UUID) -> list[Agreement]:
    """What holds for each purpose, in the order in which they were first asked. One query, no key."""
    found = (
        select(Consent.id, Consent.number, Consent.choice, Consent.at, Consent.purpose, ConsentText.words)
        .outerjoin(ConsentText, ConsentText.hash == Consent.text_hash)
        .where(Consent.client_id == client_id)
        .order_by(Consent.number)
    )
    last = {row.purpose: row for row in db.session.execute(found)}
    return [_agreement(row) for row in last.values()]


def _agreement(row: Any) -> Agreement:
    document, _gap, sentence = (row.words or row.purpose).rpartition("\n\n")
    return Agreement(row.id, row.number, row.choice, row.at, document, sentence)


@action
def take_back(*, client_id: UUID, receipt_id: UUID, method: Method, origin: Origin, now: datetime) -> None:
    """What was given no longer holds; what was done before stays as it was. Twice is once. Whoever gives the client's
    next session is told to look again. Raises `NoSuchAgreement`."""
    asked = db.session.get(Consent, receipt_id)
    if asked is None or asked.client_id != client_id or asked.intake_id is None:
        raise NoSuchAgreement
    intake = lock_intake(asked.intake_id)
    given = [row for row in consents_of(client_id) if row.purpose == asked.purpose][-1]
    if given.choice != "given":
        return
    add_withdrawal(given, told=_told(given), method=method, origin=origin, now=now)
    _have_it_read(client_id, given.number, now=now)
    audit.record("consent.withdrawn", target="intake", target_id=intake.id, now=now, receipt=given.number)


def _told(given: Consent) -> Told:
    about = f"consent|sealed|{given.id}"
    said: dict[str, Any] = unseal_value(subject=given.client_id, about=about, sealed=given.sealed)
    return Told(said["name"], said["acting"], said["relation"])


def _have_it_read(client_id: UUID, number: int, *, now: datetime) -> None:
    coming = select(Intake).where(Intake.client_id == client_id, Intake.status == "submitted", Intake.session_at > now)
    for intake in db.session.execute(coming.with_for_update()).scalars():
        intake.review_due = True
        emit(SUBMITTED, run_at=now, dedupe=f"{SUBMITTED}:{intake.id}:back:{number}", intake_id=intake.id)
