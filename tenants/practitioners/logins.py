"""Which practitioner an account is: whoever logs in with it sees their calendar and clients; and what the team's page
does in one go. Actions, in a file of their own."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from saas import audit
from saas.accounts.invitations import invite
from saas.accounts.models import Account
from saas.accounts.queries import account_by_id
from saas.accounts.staffing import change_role
from saas.db import action, db
from saas.stale import mark_of, unchanged
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


def mark(account: Account) -> str:
    """What the form about a member showed: their role, and which practitioner they are."""
    return mark_of(account.role, practitioner_of(account.id))


@action
def invite_member(*, email: str, name: str, role: str, practitioner_id: UUID | None, now: datetime) -> UUID:
    """Ask somebody to join, as this practitioner when one is named. Returns the account's id. `Invalid`,
    `AddressTaken`, `NoSuchPractitioner`."""
    account = invite(email=email, name=name, role=role, now=now)
    link_account(account_id=account.id, practitioner_id=practitioner_id, now=now)
    return account.id


@action
def change_member(
    *, account_id: UUID, role: str, practitioner_id: UUID | None, now: datetime, seen: str | None = None
) -> None:
    """Another role, another calendar: from the next request on. `ChangedMeanwhile` when somebody else was quicker;
    `Invalid`, `LastOwner`, `NoSuchAccount`, `NoSuchPractitioner`."""
    account = account_by_id(account_id)
    unchanged(seen, account.role, practitioner_of(account_id))
    change_role(account_id=account_id, role=role, now=now)
    link_account(account_id=account_id, practitioner_id=practitioner_id, now=now)
