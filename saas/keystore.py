"""The store that the keys of sealed records lie in: apart from the data, so that no dump or log of the data holds one.

A SQLite file of its own, or a PostgreSQL database of its own (`LONGTIDE_KEYS`). It holds keys only wrapped under other
keys (`sealing.py` says how) and knows no name. Each write stands on its own and is durable when it returns. The
migration makes the store; nothing else ever does: an empty one in the place of a lost one would hide the loss.
"""

from __future__ import annotations

import os
import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import structlog

from saas.errors import DomainError
from saas.words import _

_BATCH = 500
_PATIENCE_SECONDS = 5
_SMALL_BYTES = 2_000_000  # ten thousand keys: written anew in 0.15 s, for which pages wait
_TENANT_KEY = """CREATE TABLE IF NOT EXISTS tenant_key (
    tenant_id CHAR(32) PRIMARY KEY, master_id VARCHAR(32) NOT NULL, wrapped {bytes} NOT NULL)"""
# A client may have several: their own, and what was sealed for them before it was known who they are (`adopt_keys`).
# Without `wrapped` it is a tombstone of a key; the one with an empty id says that there must never be one again.
_CLIENT_KEY = """CREATE TABLE IF NOT EXISTS client_key (
    tenant_id CHAR(32) NOT NULL, subject CHAR(32) NOT NULL, key_id VARCHAR(16) NOT NULL, wrapped {bytes},
    adopted SMALLINT NOT NULL DEFAULT 0, PRIMARY KEY (tenant_id, subject, key_id))"""
_KEY_INDEX = "CREATE INDEX IF NOT EXISTS ix_client_key_id ON client_key (tenant_id, key_id)"
_COLUMNS = "SELECT subject, key_id, wrapped, adopted FROM client_key"
_log = structlog.get_logger("longtide.keys")


class KeysUnavailable(DomainError):
    """The key store cannot be used, or has not the key that is needed: nothing sealed can be read or written now."""

    status = 503
    code = "keys-unavailable"

    def __init__(self, why: str = "") -> None:
        super().__init__(
            _("What is kept sealed cannot be opened at the moment. Nothing was changed. Please try again later")
        )
        self.why = why


@dataclass(frozen=True)
class KeptKey:
    """A client's key as it is kept. Without `wrapped`: it was destroyed; without an id too: so was the client.

    `adopted`: a copy of another's, which opens what was sealed for that one and seals nothing.
    """

    subject: UUID
    id: bytes
    wrapped: bytes | None
    adopted: bool = False


class KeyStore:
    """One store, by its address: `sqlite:///path` or `postgresql://…`. Safe for threads and forks."""

    def __init__(self, url: str) -> None:
        self.path = Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None
        self._url = url
        self._pid = os.getpid()
        self._idle: deque[Any] = deque()
        self._inherited: deque[Any] = deque()  # a parent's lines: to close one here would close it there

    def make(self) -> None:
        """Make the store where there is none; one that is there is left as it is."""
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        kind = "BLOB" if self.path is not None else "BYTEA"
        for table in (_TENANT_KEY, _CLIENT_KEY, _KEY_INDEX):
            self._tell(table.format(bytes=kind))

    def tenant_key(self, tenant_id: UUID) -> tuple[str, bytes] | None:
        """(id of the master key it is wrapped under, the wrapped key) of a tenant."""
        asked = "SELECT master_id, wrapped FROM tenant_key WHERE tenant_id = %s"
        return next(((str(master), bytes(kept)) for master, kept in self._ask(asked, (tenant_id.hex,))), None)

    def tenant_keys(self) -> list[tuple[UUID, str, bytes]]:
        """The same of all tenants."""
        found = self._ask("SELECT tenant_id, master_id, wrapped FROM tenant_key ORDER BY tenant_id")
        return [(UUID(tenant), str(master), bytes(kept)) for tenant, master, kept in found]

    def add_tenant_key(self, tenant_id: UUID, master_id: str, wrapped: bytes) -> None:
        """Keep a tenant's key, unless it has one."""
        said = "INSERT INTO tenant_key (tenant_id, master_id, wrapped) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
        self._tell(said, (tenant_id.hex, master_id, wrapped))

    def rewrap_tenant_key(self, tenant_id: UUID, *, was: bytes, master_id: str, wrapped: bytes) -> None:
        """Put the same key, wrapped anew, in the place of what it `was`; nothing, when somebody did so meanwhile."""
        said = "UPDATE tenant_key SET master_id = %s, wrapped = %s WHERE tenant_id = %s AND wrapped = %s"
        self._tell(said, (master_id, wrapped, tenant_id.hex, was))

    def client_keys(self, tenant_id: UUID, subjects: Iterable[UUID]) -> Iterator[KeptKey]:
        """All keys of `subjects`, and what is left of destroyed ones."""
        rest = iter(subjects)
        while some := list(islice(rest, _BATCH)):
            places = ", ".join(["%s"] * len(some))
            asked = f"{_COLUMNS} WHERE tenant_id = %s AND subject IN ({places})"
            yield from map(_kept, self._ask(asked, (tenant_id.hex, *(one.hex for one in some))))

    def all_client_keys(self, tenant_id: UUID) -> Iterator[KeptKey]:
        """The same of every client of a tenant, in order."""
        asked = f"{_COLUMNS} WHERE tenant_id = %s AND (subject, key_id) > (%s, %s) ORDER BY subject, key_id LIMIT %s"
        last: tuple[str, str] = ("", "")
        while found := self._ask(asked, (tenant_id.hex, *last, _BATCH)):
            yield from map(_kept, found)
            last = (str(found[-1][0]), str(found[-1][1]))

    def counts(self) -> tuple[int, int, int]:
        """How many tenants have a key, how many keys of clients there are, and how many clients were erased."""
        asked = "SELECT count(wrapped), count(CASE WHEN key_id = '' THEN 1 END) FROM client_key"
        ((keys, erased),) = self._ask(asked)
        return len(self.tenant_keys()), int(keys), int(erased)

    def add_client_keys(self, tenant_id: UUID, keys: Iterable[KeptKey]) -> None:
        """Keep these keys, durably; one that is there already, or was destroyed, stays as it is."""
        said = "INSERT INTO client_key (tenant_id, subject, key_id, wrapped, adopted) VALUES {} ON CONFLICT DO NOTHING"
        rest = iter(keys)
        while some := list(islice(rest, _BATCH)):
            rows = [(tenant_id.hex, one.subject.hex, one.id.hex(), one.wrapped, int(one.adopted)) for one in some]
            self._tell(said.format(", ".join(["(%s, %s, %s, %s, %s)"] * len(some))), [*chain.from_iterable(rows)])

    def destroy_client_keys(self, tenant_id: UUID, subjects: Sequence[UUID]) -> None:
        """Put tombstones in the place of these clients' keys, wherever there is a copy of one, and see to it that no
        page of the store holds them any more."""
        self.add_client_keys(tenant_id, [KeptKey(one, b"", None) for one in subjects])
        theirs = "SELECT key_id FROM client_key WHERE tenant_id = %s AND subject = %s AND wrapped IS NOT NULL"
        said = f"UPDATE client_key SET wrapped = NULL WHERE tenant_id = %s AND key_id IN ({theirs})"  # noqa: S608 - no value in it
        for one in subjects:
            self._tell(said, (tenant_id.hex, tenant_id.hex, one.hex))
        if subjects:
            self.clear_remains("client_key")

    def clear_remains(self, table: str) -> None:
        """Leave nothing of what rows of `table` held before: neither in the write-ahead log nor in freed space.

        PostgreSQL writes a small table anew, which nobody notices; of a larger one it lets the old rows go, whose bytes
        may stay in a page until something is written there. Its own log it keeps until that is used again. Both are
        the operator's then (deploy/RUNBOOK.md, section 6).
        """
        if self.path is None:
            size = int(self._ask("SELECT pg_relation_size(%s::regclass)", (table,))[0][0])
            self._tell(f"VACUUM {'FULL ' if size <= _SMALL_BYTES else ''}{table}")
            return
        busy = self._ask("PRAGMA wal_checkpoint(TRUNCATE)")[0][0]
        if busy:
            _log.error("keys.remains", table=table)
            raise KeysUnavailable("somebody reads the key store all the time; its log could not be emptied")

    def close(self) -> None:
        """Let go of the lines that nobody uses just now; the next question opens one."""
        while self._idle:
            self._idle.pop().close()

    def _ask(self, text: str, values: Sequence[Any] = ()) -> list[Sequence[Any]]:
        return self._run(text, values)

    def _tell(self, text: str, values: Sequence[Any] = ()) -> None:
        self._run(text, values)

    def _run(self, text: str, values: Sequence[Any]) -> list[Sequence[Any]]:
        try:
            try:
                return self._once(text, values)
            except (psycopg.OperationalError, psycopg.InterfaceError):
                return self._once(text, values, fresh=True)  # a restarted server; each statement may be said twice
        except (sqlite3.Error, psycopg.Error, OSError) as error:
            _log.error("keys.unavailable", error=type(error).__name__)
            raise KeysUnavailable(f"the key store cannot be used ({type(error).__name__}: {error})") from error

    def _once(self, text: str, values: Sequence[Any], *, fresh: bool = False) -> list[Sequence[Any]]:
        with self._line(fresh=fresh) as line:
            said = line.execute(text if self.path is None else text.replace("%s", "?"), values)
            found: list[Sequence[Any]] = said.fetchall() if said.description else []
            return found

    @contextmanager
    def _line(self, *, fresh: bool = False) -> Iterator[Any]:
        if self._pid != os.getpid():
            self._inherited, self._idle, self._pid = self._idle, deque(), os.getpid()
        if fresh:
            self.close()
        try:
            line = self._idle.pop()
        except IndexError:
            line = self._open()
        yield line
        self._idle.append(line)  # not after an error: what failed is not used again

    def _open(self) -> Any:
        if self.path is None:
            durable = "-c synchronous_commit=on -c statement_timeout=60000 -c lock_timeout=5000"
            return psycopg.connect(self._url, autocommit=True, connect_timeout=_PATIENCE_SECONDS, options=durable)
        line = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, check_same_thread=False,
            timeout=_PATIENCE_SECONDS,
        )  # fmt: skip
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            line.execute(f"PRAGMA {pragma}").fetchall()
        return line


def _kept(row: Sequence[Any]) -> KeptKey:
    subject, key_id, wrapped, adopted = row
    return KeptKey(UUID(subject), bytes.fromhex(key_id), None if wrapped is None else bytes(wrapped), bool(adopted))
