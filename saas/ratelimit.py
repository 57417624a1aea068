"""Counting tries so that limits hold across processes without Redis: log-in, reset, booking.

A counter is a row per key and window; keys are keyed hashes, so that the table names nobody. A window ends by itself
and nothing is ever locked for longer than that.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import String
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from saas.config import settings
from saas.crypto import keyed_hash
from saas.db import Base, TransactionMisuse, action, db, in_action
from saas.errors import TooMany
from saas.tenancy import current_or_none
from saas.words import ngettext

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KEEP = timedelta(days=2)


class RateCounter(Base):
    """How often `key` was counted in the window that began at `window_start`. Platform table: hashes and numbers."""

    __tablename__ = "rate_counter"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    window_start: Mapped[datetime] = mapped_column(primary_key=True, index=True)
    count: Mapped[int] = mapped_column(default=0)


def _hashed(key: str) -> str:
    tenant = current_or_none()
    return keyed_hash("rate", tenant.id if tenant else None, key)


def _window(window_seconds: int, now: datetime) -> datetime:
    return _EPOCH + (now - _EPOCH) // timedelta(seconds=window_seconds) * timedelta(seconds=window_seconds)


def count(key: str, *, window_seconds: int, now: datetime) -> int:
    """Count one try and say how many that makes in this window, over all processes; 0 when limits are switched off.

    `key` names purpose and subject ("login|address|…"); it is counted for the entered tenant. Committed at once, in a
    transaction of its own: a try counts even when what was tried fails.
    """
    if not settings().rate_limits:
        return 0
    if in_action():
        msg = "a try counted inside an action would be forgotten with it"
        raise TransactionMisuse(msg)
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    row = insert(RateCounter).values(key=_hashed(key), window_start=_window(window_seconds, now), count=1)
    once_more = row.on_conflict_do_update(
        index_elements=["key", "window_start"], set_={"count": RateCounter.__table__.c.count + 1}
    ).returning(RateCounter.__table__.c.count)
    with db.engine.connect().execution_options(begin="IMMEDIATE") as connection:
        found = connection.execute(once_more).scalar_one()
        connection.commit()
    return int(found)


def hit(key: str, *, limit: int, window_seconds: int, now: datetime) -> None:
    """Count one try; TooMany (with the seconds until the window ends) when that is more than `limit` in this window."""
    if count(key, window_seconds=window_seconds, now=now) <= limit:
        return
    left = _window(window_seconds, now) + timedelta(seconds=window_seconds) - now
    raise too_many(int(left.total_seconds()) + 1)


def too_many(seconds: int) -> TooMany:
    """The refusal that says when to come back."""
    minutes = max(1, -(-seconds // 60))
    sentence = ngettext(
        "That was a lot of tries. Wait a minute, then try again.",
        "That was a lot of tries. Wait %(num)d minutes, then try again.",
        minutes,
    )
    return TooMany(sentence, retry_after=seconds)


class MinuteCounter:
    """Counts what only reads, in memory: each process for itself, forgotten every minute. Costs no write, no query."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._minute = 0
        self._seen: Counter[str] = Counter()

    def hit(self, key: str, *, now: datetime) -> None:
        """Count one; TooMany above `limit` in this minute of the clock."""
        seconds = int(now.timestamp())
        if seconds // 60 != self._minute:
            self._minute, self._seen = seconds // 60, Counter()
        self._seen[key] += 1
        if self._seen[key] > self._limit:
            raise too_many(60 - seconds % 60)


@action
def forget(*keys: str) -> None:
    """Forget every try counted under these keys for the entered tenant."""
    hashed = [_hashed(key) for key in keys]
    db.session.execute(sa.delete(RateCounter).where(RateCounter.key.in_(hashed)))


@action
def purge(*, now: datetime) -> int:
    """Forget windows that ended long ago. Returns how many."""
    gone = db.session.execute(sa.delete(RateCounter).where(RateCounter.window_start < now - _KEEP))
    return int(gone.rowcount)  # type: ignore[attr-defined]
