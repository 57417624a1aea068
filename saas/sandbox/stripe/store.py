"""The sandbox's own SQLite file. Every change is one `BEGIN IMMEDIATE` transaction; `kill -9` loses no answered one."""

from __future__ import annotations

import json
import secrets
import sqlite3
import string
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS thing (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  account TEXT NOT NULL,          -- '' is the platform itself
  kind TEXT NOT NULL,             -- Stripe's `object`
  intent TEXT,                    -- the PaymentIntent it belongs to
  status TEXT,
  lapses_at INTEGER,              -- open sessions only
  body TEXT NOT NULL              -- Stripe's object, and what only we keep under `_`
);
CREATE INDEX IF NOT EXISTS thing_listed ON thing (account, kind, seq);
CREATE INDEX IF NOT EXISTS thing_intent ON thing (intent, kind);
CREATE INDEX IF NOT EXISTS thing_lapsing ON thing (lapses_at) WHERE lapses_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS answer (
  account TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, created INTEGER NOT NULL,
  status INTEGER, body TEXT, request TEXT,  -- NULL while the first request is at work
  PRIMARY KEY (account, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS delivery (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  event TEXT NOT NULL, endpoint TEXT NOT NULL,
  due REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT 'pending'     -- pending, delivered, failed, lost
);
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (due) WHERE state = 'pending';
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""

_LETTERS = string.ascii_letters + string.digits


def new_id(prefix: str, length: int = 24) -> str:
    """An id that looks like Stripe's: `pi_` and letters nobody guesses."""
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(length))


class Store:
    """One connection behind a lock: the sandbox is small, and SQLite writes one at a time anyway."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        self._db.row_factory = sqlite3.Row
        # NORMAL keeps every commit through a killed process; only a lost machine can take the last ones.
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
        self._db.executescript(_SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[Books]:
        """All of the block, or none of it. Not to be nested, nor held while anything is waited for."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield Books(self._db)
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def close(self) -> None:
        """Afterwards the file is one file again."""
        with self._lock:
            self._db.close()


class Books:
    """What can be read and written inside one transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db

    def add(
        self,
        body: Mapping[str, Any],
        *,
        account: str,
        intent: str | None = None,
        lapses_at: int | None = None,
    ) -> None:
        """Writes a new object."""
        self.db.execute(
            "INSERT INTO thing (id, account, kind, intent, status, lapses_at, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (body["id"], account, body["object"], intent, body.get("status"), lapses_at, json.dumps(body)),
        )

    def save(self, body: Mapping[str, Any], *, intent: str | None = None, lapses_at: int | None = None) -> None:
        """Writes an object again; its `intent` stays when none is given."""
        self.db.execute(
            "UPDATE thing SET body = ?, status = ?, lapses_at = ?, intent = coalesce(?, intent) WHERE id = ?",
            (json.dumps(body), body.get("status"), lapses_at, intent, body["id"]),
        )

    def get(self, kind: str, id: str, *, account: str) -> dict[str, Any] | None:
        """The object of that id, unless it belongs to another account."""
        row = self.db.execute(
            "SELECT body FROM thing WHERE id = ? AND kind = ? AND account = ?", (id, kind, account)
        ).fetchone()
        return dict(json.loads(row["body"])) if row else None

    def owner(self, kind: str, id: str) -> str | None:
        """The account an object belongs to; for the pay page, which is opened without one."""
        row = self.db.execute("SELECT account FROM thing WHERE id = ? AND kind = ?", (id, kind)).fetchone()
        return str(row["account"]) if row else None

    def of_kind(self, kind: str, *, account: str, intent: str | None = None) -> list[dict[str, Any]]:
        """All objects of a kind in an account, newest first."""
        rows = self.db.execute(
            "SELECT body FROM thing WHERE account = ? AND kind = ? AND (? IS NULL OR intent = ?) ORDER BY seq DESC",
            (account, kind, intent, intent),
        )
        return [json.loads(row["body"]) for row in rows]

    def lapsed(self, now: int) -> list[tuple[str, dict[str, Any]]]:
        """Open sessions whose time is over, with their accounts."""
        rows = self.db.execute(
            "SELECT account, body FROM thing WHERE lapses_at IS NOT NULL AND lapses_at <= ? ORDER BY lapses_at", (now,)
        )
        return [(row["account"], json.loads(row["body"])) for row in rows]

    def setting(self, name: str) -> str | None:
        """A value kept by name."""
        row = self.db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return str(row["value"]) if row else None

    def set(self, name: str, value: str) -> None:
        """Keeps a value by name."""
        self.db.execute(
            "INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
        )
