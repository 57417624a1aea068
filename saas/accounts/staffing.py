"""What an owner decides about the others: roles, who may still come in, and what everybody is asked at the door.

Actions, in a file of their own. A clinic always keeps an owner who can log in: whoever would take away the last is
refused, also when two try it on each other at once.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select, update

from saas import audit, sessions
from saas.accounts.models import CLINIC_ROLES, OWNER, Account
from saas.accounts.queries import account_by_id
from saas.db import action, db
from saas.errors import Conflict, Invalid
from saas.tenancy import Tenant, current_tenant
from saas.words import _

IDLE_LEAST, IDLE_MOST = 5, 240


class LastOwner(Conflict):
    """Nobody would own the clinic any more."""

    code = "last-owner"

    def __init__(self) -> None:
        super().__init__(_("A clinic needs an owner who can log in. Make somebody else an owner first."))


class NotYourself(Conflict):
    """Nobody shuts the door on themselves by mistake."""

    code = "not-yourself"

    def __init__(self) -> None:
        super().__init__(_("That is you. Ask another owner to do it."))


def _keep_an_owner(account: Account) -> None:
    """Raise `LastOwner` if this account is the only owner who can come in. Locks all owners, always in one order."""
    owners = select(Account).where(Account.role == OWNER).order_by(Account.id)
    rows = db.session.execute(owners.with_for_update().execution_options(populate_existing=True)).scalars().all()
    others = [row for row in rows if row.id != account.id and row.active and row.password is not None]
    if account in rows and not others:
        raise LastOwner


@action
def change_role(*, account_id: UUID, role: str, now: datetime) -> None:
    """Another role from the next request on, also on pages that are open. `Invalid`, `LastOwner`."""
    account = account_by_id(account_id)
    if role not in CLINIC_ROLES:
        sentence = _("Choose one of the roles")
        raise Invalid(sentence, fields={"role": sentence})
    if account.role == OWNER and role != OWNER:
        _keep_an_owner(account)
    account = account_by_id(account_id, lock=True)
    if account.role == role:
        return
    before, account.role = account.role, role
    audit.record("account.role", target="account", target_id=account_id, now=now, before=before, role=role)


@action
def deactivate(*, account_id: UUID, by: UUID, now: datetime) -> None:
    """Nobody logs in with this account any more, and whatever it has open ends now. What it did stays told.
    `NotYourself`, `LastOwner`."""
    if account_id == by:
        raise NotYourself
    account = account_by_id(account_id)
    if account.role == OWNER:
        _keep_an_owner(account)
    account = account_by_id(account_id, lock=True)
    account.active = False
    account.fs_uniquifier = uuid4().hex
    account.invite_until = None
    sessions.end_all(account_id)
    audit.record("account.deactivated", target="account", target_id=account_id, now=now)


@action
def reactivate(*, account_id: UUID, now: datetime) -> None:
    """The account may log in again, with the password it had."""
    account_by_id(account_id, lock=True).active = True
    audit.record("account.reactivated", target="account", target_id=account_id, now=now)


@action
def set_door(*, idle_minutes: int, second_required: bool, now: datetime) -> None:
    """What everybody is asked: to log in again after so many minutes without a press, and a second step. `Invalid`."""
    if not IDLE_LEAST <= idle_minutes <= IDLE_MOST:
        sentence = _("Choose between %(least)s and %(most)s minutes", least=IDLE_LEAST, most=IDLE_MOST)
        raise Invalid(sentence, fields={"idle_minutes": sentence})
    mine = update(Tenant).where(Tenant.id == current_tenant().id)
    db.session.execute(mine.values(idle_minutes=idle_minutes, second_required=second_required))
    audit.record(
        "account.door", target="tenant", target_id=current_tenant().id, now=now,
        idle_minutes=idle_minutes, second=int(second_required),
    )  # fmt: skip


@action
def save_own(*, account_id: UUID, name: str, locale: str, now: datetime) -> None:
    """How somebody is called and in which language they read; an empty `locale` is the clinic's. Both are clean."""
    account = account_by_id(account_id, lock=True)
    account.name, account.locale = name, locale
    audit.record("account.saved", target="account", target_id=account_id, now=now)
