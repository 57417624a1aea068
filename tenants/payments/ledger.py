"""Writing the ledger: append-only, each posting once."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from saas.db import db, new_id
from tenants.payments.models import LedgerEntry
from tenants.payments.rules import Posting


def post(posting: Posting, *, booking_id: UUID, client_id: UUID | None, now: datetime) -> bool:
    """Inside an action that holds the payment's lock: write the posting; False when it was written before.

    A posting of nothing is not written. Its lines add up to nothing, else `ValueError`: a fault in our code.
    """
    if sum(amount.minor for _, amount in posting.lines) or len({a.currency for _, a in posting.lines}) != 1:
        msg = f"the posting {posting.kind} does not balance"
        raise ValueError(msg)
    if not any(amount for _, amount in posting.lines):
        return False
    before = select(LedgerEntry.id).where(LedgerEntry.reference == posting.reference).limit(1)
    if db.session.execute(before).first():
        return False
    posting_id = new_id()
    for account, amount in posting.lines:
        db.session.add(
            LedgerEntry(
                posting_id=posting_id,
                kind=posting.kind,
                account=account,
                amount_minor=amount.minor,
                currency=amount.currency,
                booking_id=booking_id,
                client_id=client_id,
                at=now,
                reference=posting.reference,
            )
        )
    return True
