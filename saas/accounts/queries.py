"""What pages and actions ask about accounts of the entered tenant."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from saas.accounts.models import Account
from saas.db import db
from saas.errors import NotFound


class NoSuchAccount(NotFound):
    """No account here has this id or e-mail."""

    code = "no-such-account"


def account_by_id(account_id: UUID, *, lock: bool = False) -> Account:
    """The account, active or not, or `NoSuchAccount`. `lock` holds its row until the action ends."""
    found = select(Account).where(Account.id == account_id)
    if lock:
        found = found.with_for_update(key_share=True).execution_options(populate_existing=True)
    row = db.session.execute(found).scalar_one_or_none()
    if row is None:
        raise NoSuchAccount
    return row


def accounts() -> Sequence[Account]:
    """Everybody of the entered tenant: who can come in first, then by name."""
    found = select(Account).order_by(Account.active.desc(), Account.name, Account.id)
    return db.session.execute(found).scalars().all()
