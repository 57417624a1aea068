"""Which practitioner an account is: whoever logs in with it sees their calendar and clients. Called inside actions."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from saas import audit
from saas.accounts.queries import account_by_id
from saas.db import action, db
from tenants.practitioners.models import Practitioner
from tenants.practitioners.queries import practitioner_by_id


def practitioner_of(account_id: UUID) -> UUID | None:
    """The practitioner whom this account is, if any."""
    mine = select(Practitioner.id).where(Practitioner.account_id == account_id)
    return db.session.execute(mine.order_by(Practitioner.position, Practitioner.id).limit(1)).scalar()


@action
def link_account(*, account_id: UUID, practitioner_id: UUID | None, now: datetime) -> None:
    """Make this account that practitioner's, and nobody else's; None unlinks it. Another account that had the
    practitioner loses it. `NoSuchAccount`, `NoSuchPractitioner` for ids that are not this clinic's."""
    account_by_id(account_id)
    wanted = practitioner_by_id(practitioner_id, lock=True) if practitioner_id else None
    if wanted is not None and wanted.account_id == account_id:
        return
    linked = select(Practitioner).where(Practitioner.account_id == account_id).with_for_update()
    had = db.session.execute(linked).scalars().all()
    for row in had:
        row.account_id = None
    if wanted is not None:
        wanted.account_id = account_id
    if had or wanted is not None:
        audit.record(
            "account.linked",
            target="account",
            target_id=account_id,
            now=now,
            practitioner_id=str(practitioner_id) if practitioner_id else None,
        )
