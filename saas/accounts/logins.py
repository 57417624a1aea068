"""Where an account is logged in: read from the sessions, ended one by one or all but the one that asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select

from saas import audit, sessions
from saas.db import action, db
from saas.sessions import SessionRow
from saas.tenancy import current_tenant

_REF = 20


@dataclass(frozen=True)
class Login:
    """One device that is logged in. `ref` names it on a page and opens nothing; `device` is `devices.device_of`."""

    ref: str
    device: str
    since: datetime
    seen: datetime
    here: bool


def ref_of(key: str | None) -> str:
    """The name of a session's row on a page."""
    return (key or "")[:_REF]


def logins_of(account_id: UUID, *, here: str | None, now: datetime) -> list[Login]:
    """Every place where this account is logged in, the latest first. `here`: the key of the session that asks."""
    mine = select(SessionRow).where(
        SessionRow.tenant_id == current_tenant().id, SessionRow.account_id == account_id, SessionRow.expires_at > now
    )
    rows = db.session.execute(mine.order_by(SessionRow.last_seen_at.desc(), SessionRow.key)).scalars()
    return [
        Login(ref_of(row.key), sessions.device_in(row), row.created_at, row.last_seen_at, row.key == here)
        for row in rows
    ]


@action
def end_login(*, account_id: UUID, ref: str, now: datetime) -> bool:
    """Log the account out on one device; False when it was not logged in there any more."""
    mine = (SessionRow.tenant_id == current_tenant().id, SessionRow.account_id == account_id)
    found = select(SessionRow.key).where(*mine)
    keys = [key for key in db.session.execute(found).scalars() if ref_of(key) == ref]
    if not keys:
        return False
    db.session.execute(delete(SessionRow).where(*mine, SessionRow.key.in_(keys)))
    audit.record("account.logout", target="account", target_id=account_id, now=now)
    return True


@action
def end_others(*, account_id: UUID, here: str | None, now: datetime) -> int:
    """Log the account out everywhere but here. Returns at how many places."""
    mine = (SessionRow.tenant_id == current_tenant().id, SessionRow.account_id == account_id)
    gone = db.session.execute(delete(SessionRow).where(*mine, SessionRow.key != (here or "")))
    audit.record("account.logout.all", target="account", target_id=account_id, now=now)
    return int(gone.rowcount)  # type: ignore[attr-defined]
