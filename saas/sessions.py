"""Sessions: Flask's own signed cookie until somebody logs in, from then on a row here, a random key in the cookie.

Nothing is read before a page asks and nothing is set that a page did not: a public page has no cookie. A row is written
at log-in (with a new key), at log-out, when what it holds changes (a flash message), and else at most once a minute.

Who has not pressed anything for as long as the tenant allows (`idle_minutes`) finds the session asleep: it still says
who was there, opens nothing, and wakes when that person proves again who they are.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask, Request, Response, g
from flask.json.tag import TaggedJSONSerializer
from flask.sessions import SessionInterface, SessionMixin
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from saas import clock
from saas.config import settings
from saas.crypto import derived_key, keyed_hash
from saas.db import Base, Busy, action, db
from saas.tenancy import TenantRef, current_or_none, current_tenant

IDLE = timedelta(hours=12)
LIFE = timedelta(days=14)
TOUCH = timedelta(minutes=1)
WHO = "_user_id"  # Flask-Login's name for it
ACCOUNT = "account_id"
PROVED = "proved_at"  # when the person last proved who they are, in seconds since 1970
DEVICE = "device"  # saas/accounts/devices.py: two words
FRESH = timedelta(minutes=10)
_MARK = "~"  # begins a key; a signed value never does
_json = TaggedJSONSerializer()


class SessionRow(Base):
    """Somebody who is logged in. `key` is the keyed hash of what the cookie holds. Platform table: ids and states."""

    __tablename__ = "session"
    __table_args__ = (Index("ix_session_account", "tenant_id", "account_id"),)

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenant.id"))
    account_id: Mapped[UUID | None]
    data: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


@dataclass
class _Stored:
    """What a cookie stood for. `key` is the row's; None for the signed cookie and for no cookie at all."""

    values: dict[str, Any] = field(default_factory=dict)
    key: str | None = None
    created_at: datetime | None = None
    last_seen_at: datetime | None = None
    asleep: bool = False


class LazySession(SessionMixin, MutableMapping[str, Any]):
    """A session that is looked up when something is asked of it, and not before."""

    def __init__(self, load: Callable[[], _Stored]) -> None:
        self._load = load
        self._stored: _Stored | None = None
        self.modified = False
        self.renewed = False

    @property
    def stored(self) -> _Stored:
        """What the cookie stood for, with this request's changes in `values`."""
        if self._stored is None:
            self._stored = self._load()
        return self._stored

    @property
    def touched(self) -> bool:
        """Whether anything was asked of it."""
        return self._stored is not None

    def renew(self) -> None:
        """Give it a new key: called whenever somebody has just proven who they are. Wakes it."""
        self.renewed = True
        self.stored.asleep = False

    @property
    def asleep(self) -> bool:
        """Whether nobody has pressed anything for longer than the tenant allows."""
        return self.stored.asleep

    def prove(self, now: datetime) -> None:
        """Note that the person has just proven who they are."""
        self.renew()
        self[PROVED] = int(now.timestamp())

    def is_fresh(self, now: datetime) -> bool:
        """Whether that was less than ten minutes ago."""
        return bool(now.timestamp() - self.get(PROVED, 0) < FRESH.total_seconds())

    def __getitem__(self, name: str) -> Any:
        return self.stored.values[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.stored.values[name] = value
        self.modified = True

    def __delitem__(self, name: str) -> None:
        del self.stored.values[name]
        self.modified = True

    def __iter__(self) -> Iterator[str]:
        return iter(self.stored.values)

    def __len__(self) -> int:
        return len(self.stored.values)


def second_is_asked(tenant: TenantRef) -> bool:
    """Whether everybody here logs in with a second step: at a clinic when its owner says so, and operators always but
    in the demo."""
    return tenant.second_required or (tenant.is_platform and settings().env != "demo")


def cookie_name(tenant: TenantRef) -> str:
    """Each tenant's cookie has its own name: clinics on one host do not overwrite each other's."""
    return f"{'__Host-' if settings().secure else ''}lt-{tenant.id8}"


def _signer(tenant: TenantRef) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        derived_key("cookie", tenant.id),
        salt="session",
        serializer=_json,
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )


def _now() -> datetime:
    # The page's instant, where a page has taken one (saas.web.page_now).
    found: datetime = g.now if "now" in g else clock.now()
    return found


def _hashed(tenant: TenantRef, key: str) -> str:
    return keyed_hash("session", tenant.id, key)


def _read(cookie: str | None) -> _Stored:
    tenant = current_or_none()
    if tenant is None or not cookie:
        return _Stored()
    if not cookie.startswith(_MARK):
        try:
            return _Stored(dict(_signer(tenant).loads(cookie, max_age=int(IDLE.total_seconds()))))
        except (BadSignature, TypeError, ValueError):
            return _Stored()
    found = sa.select(SessionRow.data, SessionRow.created_at, SessionRow.last_seen_at, SessionRow.key).where(
        SessionRow.key == _hashed(tenant, cookie), SessionRow.tenant_id == tenant.id, SessionRow.expires_at > _now()
    )
    row = db.session.execute(found).one_or_none()
    if row is None:
        return _Stored()
    asleep = _now() - row.last_seen_at > timedelta(minutes=tenant.idle_minutes) + TOUCH
    return _Stored(dict(_json.loads(row.data)), row.key, row.created_at, row.last_seen_at, asleep)


@contextmanager
def _writing() -> Iterator[sa.Connection]:
    # A connection of its own: the page's session may have been left in any state by an error.
    with db.engine.connect().execution_options(begin="IMMEDIATE") as connection:
        yield connection
        connection.commit()


def _insert(tenant: TenantRef, stored: _Stored, now: datetime) -> str:
    key = _MARK + secrets.token_urlsafe(32)
    account = stored.values.get(ACCOUNT)
    row = {
        "key": _hashed(tenant, key),
        "tenant_id": tenant.id,
        "account_id": UUID(account) if account else None,
        "data": _json.dumps(stored.values),
        "created_at": now,
        "last_seen_at": now,
        "expires_at": now + IDLE,
    }
    with _writing() as connection:
        if stored.key is not None:
            connection.execute(sa.delete(SessionRow).where(SessionRow.key == stored.key))
        connection.execute(sa.insert(SessionRow).values(row))
    return key


def _update(stored: _Stored, now: datetime) -> None:
    begun = stored.created_at or now
    values: dict[str, Any] = {"data": _json.dumps(stored.values)}
    if not stored.asleep:  # a look at the page that asks who is there does not wake it
        values |= {"last_seen_at": now, "expires_at": min(now + IDLE, begun + LIFE)}
    with _writing() as connection:
        connection.execute(sa.update(SessionRow).where(SessionRow.key == stored.key).values(values))


def _delete(stored: _Stored) -> None:
    with _writing() as connection:
        connection.execute(sa.delete(SessionRow).where(SessionRow.key == stored.key))


class TenantSessions(SessionInterface):
    """Flask's door to all this."""

    def open_session(self, app: Flask, request: Request) -> LazySession:
        """A session that will look for its cookie when it is asked something: by then the tenant is entered."""
        del app

        def load() -> _Stored:
            tenant = current_or_none()
            return _read(request.cookies.get(cookie_name(tenant)) if tenant else None)

        return LazySession(load)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write what changed, and only that."""
        del app
        tenant = current_or_none()
        if tenant is None or not isinstance(session, LazySession) or not session.touched:
            return
        response.vary.add("Cookie")
        if WHO in session:
            self._save_row(tenant, session, response)
        else:
            self._save_signed(tenant, session, response)

    def _save_row(self, tenant: TenantRef, session: LazySession, response: Response) -> None:
        now, stored = _now(), session.stored
        if stored.key is None or session.renewed:
            _set(tenant, response, _insert(tenant, stored, now))
        elif session.modified:
            _update(stored, now)
        elif stored.last_seen_at and not stored.asleep and now - stored.last_seen_at >= TOUCH:
            with suppress(Busy):  # a minute more or less is not worth a failed page
                _update(stored, now)

    def _save_signed(self, tenant: TenantRef, session: LazySession, response: Response) -> None:
        if session.stored.key is not None:
            _delete(session.stored)
        elif not session.modified:
            return
        if session:
            _set(tenant, response, str(_signer(tenant).dumps(dict(session))))
        else:
            _set(tenant, response, "", gone=True)


def _set(tenant: TenantRef, response: Response, value: str, *, gone: bool = False) -> None:
    response.set_cookie(
        cookie_name(tenant),
        value,
        max_age=0 if gone else None,
        path="/",
        secure=settings().secure,
        httponly=True,
        samesite="Lax",
    )


def device_in(row: SessionRow) -> str:
    """The device that a session was begun on (`DEVICE`)."""
    return str(_json.loads(row.data).get(DEVICE, ""))


@action
def end_all(account_id: UUID) -> None:
    """Log this account of the entered tenant out everywhere."""
    mine = (SessionRow.tenant_id == current_tenant().id, SessionRow.account_id == account_id)
    db.session.execute(sa.delete(SessionRow).where(*mine))


@action
def purge(*, now: datetime) -> int:
    """Forget sessions that have run out. Returns how many."""
    gone = db.session.execute(sa.delete(SessionRow).where(SessionRow.expires_at <= now))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def init_app(app: Flask) -> None:
    """Make these the application's sessions."""
    app.session_interface = TenantSessions()
