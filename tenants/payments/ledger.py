"""Writing the ledger: append-only, each posting once."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, insert, select

from saas.db import db, line, new_id
from saas.prepared import PreparedInsert
from saas.tenancy import current_tenant
from tenants.payments.models import LedgerEntry
from tenants.payments.rules import Posting


def post(posting: Posting, *, booking_id: UUID, client_id: UUID | None, now: datetime) -> bool:
    """Inside an action that holds the payment's lock: write the posting; False when it was written before.

    A posting of nothing is not written. Its lines add up to nothing, else `ValueError`: a fault in our code.
    """
    db.session.flush()  # the booking and its client are there before what points at them
    if is_written(posting.reference):
        return False
    return post_first(posting, booking_id=booking_id, client_id=client_id, now=now)


def post_first(posting: Posting, *, booking_id: UUID, client_id: UUID | None, now: datetime) -> bool:
    """The same where it is known that nobody can have written it before; False for a posting of nothing."""
    if sum(amount.minor for _, amount in posting.lines) or len({a.currency for _, a in posting.lines}) != 1:
        msg = f"the posting {posting.kind} does not balance"
        raise ValueError(msg)
    if not any(amount for _, amount in posting.lines):
        return False
    shared = {
        "tenant_id": current_tenant().id, "posting_id": new_id(), "kind": posting.kind, "booking_id": booking_id,
        "client_id": client_id, "at": now, "reference": posting.reference,
    }  # fmt: skip
    lines = [
        {**shared, "account": account, "amount_minor": amount.minor, "currency": amount.currency}
        for account, amount in posting.lines
    ]
    _INSERT.write(line(), lines)
    return True


def is_written(reference: str) -> bool:
    """Whether a posting of this reference is in the ledger. With the payment's lock held, the answer stays true."""
    asked = {"mine": current_tenant().id, "reference": reference}
    return line().execute(_written(), asked).first() is not None


_INSERT = PreparedInsert(insert(LedgerEntry))


@lru_cache(maxsize=1)
def _written() -> Any:
    columns = LedgerEntry.__table__.c
    mine = columns.tenant_id == bindparam("mine", type_=Uuid())
    return select(columns.id).where(mine, columns.reference == bindparam("reference")).limit(1)
