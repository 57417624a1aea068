"""One place for the database: ids, the UTC column, the engine's habits on SQLite, and the transaction.

**One action = one transaction.** A function marked `@action` opens it, an action called by an action joins it, and
nothing else writes. A use-case that must call Stripe is a `@journey`: it holds no transaction and calls actions
before and after the call. What differs between SQLite and PostgreSQL is here, in `tenancy.py` and in the migrations.
"""

from __future__ import annotations

import functools
import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, DateTime, Dialect, MetaData, Uuid, event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError
from sqlalchemy.orm import DeclarativeBase, Session, SessionTransaction
from sqlalchemy.types import TypeDecorator

from saas import clock
from saas.errors import DomainError

P = ParamSpec("P")
R = TypeVar("R")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TRIES = 4
_WRITE_PATIENCE_SECONDS = 5.0
_IDLE_SECONDS = 10.0
_WAITED = "waited"
_LINE = "line"
_IN_TRANSACTION = (2, 3)  # libpq's PQTRANS_INTRANS and PQTRANS_INERROR
_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Busy(DomainError):
    """The database stayed locked for longer than anybody should wait: nothing was written, trying again is safe."""

    status = 503
    code = "busy"


class TransactionMisuse(Exception):
    """A mistake in our code about who owns the transaction. Never caught."""


class Utc(TypeDecorator[datetime]):
    """An instant. Aware UTC datetime in Python; `timestamptz` on PostgreSQL, whole microseconds since 1970 on SQLite
    (integers, so that triggers and indexes compare numbers)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """The column type of each database."""
        return dialect.type_descriptor(BigInteger() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse a naive time: it would mean something else on every machine."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = "an instant needs a time zone"
            raise ValueError(msg)
        return (value - _EPOCH) // timedelta(microseconds=1) if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (SQLAlchemy's signature)
        """Always aware, always UTC."""
        if value is None:
            return None
        return instant(value)


def instant(value: int | datetime) -> datetime:
    """An instant as either database keeps it (`Utc`), aware and in UTC."""
    return _EPOCH + timedelta(microseconds=value) if isinstance(value, int) else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map = {UUID: Uuid(), datetime: Utc()}


db = SQLAlchemy(metadata=Base.metadata)


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): sorts by time of making, 74 random bits."""
    millis = clock.epoch_millis()
    rand = int.from_bytes(os.urandom(10), "big")
    value = (millis & (1 << 48) - 1) << 80 | 0x7 << 76 | (rand >> 68 & 0xFFF) << 64 | 0b10 << 62 | rand & (1 << 62) - 1
    return UUID(int=value)


def _open_sqlite(may_write: Callable[[str | None], bool]) -> Callable[[Any, Any], None]:
    def connect(raw: Any, _record: Any) -> None:
        raw.isolation_level = None
        # Secure: what is deleted or replaced, such as an erased name, is written over. No cost that could be measured.
        pragmas = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000", "secure_delete=ON")
        for pragma in pragmas:
            raw.execute(f"PRAGMA {pragma}")
        raw.create_function("app_may_write", 1, lambda tenant: int(may_write(tenant)))

    return connect


# One thread of a process asks SQLite for the write lock, the others wait behind it at no cost: with 64 writers in 8
# processes the asking itself took a third of the processors from the one at work (measured).
_asking = threading.Lock()


def _begin_sqlite(conn: Connection) -> None:
    raw: Any = conn.connection.dbapi_connection
    begin = conn.get_execution_options().get("begin")
    if begin == "NONE":
        return  # one statement by itself is its own transaction
    if begin != "IMMEDIATE":
        raw.execute("BEGIN")
        return
    # SQLite's own busy handler backs off to 100 ms steps and starves some writers: measured 1.9 s at p99 with 64
    # writers, against 73 ms for this short random wait.
    give_up = clock.monotonic() + _WRITE_PATIENCE_SECONDS
    conn.info[_WAITED] = not _asking.acquire(blocking=False)
    if conn.info[_WAITED] and not _asking.acquire(timeout=_WRITE_PATIENCE_SECONDS):
        raise Busy
    try:
        raw.execute("PRAGMA busy_timeout=0")
        while True:
            try:
                raw.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) and "busy" not in str(error):
                    raise
                if clock.monotonic() > give_up:
                    raise Busy from error
                conn.info[_WAITED] = True
                time.sleep(random.uniform(0.001, 0.004))  # noqa: S311 - jitter, not a secret
            else:
                return
    finally:
        _asking.release()
        raw.execute("PRAGMA busy_timeout=5000")


def _note_idle(_raw: Any, record: Any) -> None:
    record.info["idle_since"] = clock.monotonic()


def _ping_idle(engine: Engine) -> Callable[[Any, Any, Any], None]:
    """Ask a connection that lay idle whether it still lives (a restarted server, a proxy's time-out).

    One that was used a moment ago is not asked: a ping before every use was a sixth of a refused booking (measured).
    """

    def ping(raw: Any, record: Any, _proxy: Any) -> None:
        since = record.info.get("idle_since")
        if since is None or clock.monotonic() - since < _IDLE_SECONDS:
            return
        try:
            engine.dialect.do_ping(raw)
        except DBAPIError as error:
            raise DisconnectionError from error
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error

    return ping


def _open_postgres(raw: Any, _record: Any) -> None:
    raw.autocommit = True  # a transaction is begun by `_begin_postgres`, and only there


def _begin_postgres(entered: Callable[[], UUID | None]) -> Callable[[Connection], None]:
    """Begin a transaction and say for whom in one round trip: two would be a tenth of a refused booking (measured).

    The tenant by the statement and not by set_config(): a distributed PostgreSQL passes only the statement on.
    """

    def begin(conn: Connection) -> None:
        if conn.get_execution_options().get("begin") != "NONE":
            conn.exec_driver_sql(f"BEGIN; SET LOCAL app.tenant_id = '{entered() or ''}'")

    return begin


def _roll_back_postgres(conn: Connection) -> None:
    """Before the driver rolls back itself: it would forget all its prepared statements then, for fear of tables that
    were made in the transaction. Ours makes none, and every read ends like this."""
    raw: Any = None if conn.invalidated else conn.connection.dbapi_connection
    if raw is not None and raw.pgconn.transaction_status in _IN_TRANSACTION:
        raw.pgconn.exec_(b"ROLLBACK")


def prepare_engine(
    engine: Engine, *, may_write: Callable[[str | None], bool], entered: Callable[[], UUID | None]
) -> None:
    """Give `engine` our habits: on SQLite WAL, foreign keys, full sync, own transactions, the write guard's function;
    on PostgreSQL transactions that name their tenant as they begin.

    `may_write(tenant_id as hex or None)` is asked by the triggers of every tenant-owned table, `entered` when a
    transaction begins.
    """
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _open_sqlite(may_write))
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _open_postgres)
        event.listen(engine, "begin", _begin_postgres(entered))
        event.listen(engine, "rollback", _roll_back_postgres)
        event.listen(engine, "checkin", _note_idle)
        event.listen(engine, "checkout", _ping_idle(engine))


def init_app(
    app: Flask, *, url: str, pool: int, may_write: Callable[[str | None], bool], entered: Callable[[], UUID | None]
) -> None:
    """Bind the database to the app."""
    # The line that was used last is taken first: it has the pages and the prepared statements at hand.
    options: dict[str, Any] = {"pool_size": pool, "max_overflow": pool, "pool_use_lifo": True}
    app.config.update(SQLALCHEMY_DATABASE_URI=url, SQLALCHEMY_ENGINE_OPTIONS=options)
    db.init_app(app)
    factory = db.session.session_factory
    if not event.contains(factory, "after_begin", _keep_line):
        event.listen(factory, "after_begin", _keep_line)
        event.listen(factory, "after_transaction_end", _drop_line)
    with app.app_context():
        prepare_engine(db.engine, may_write=may_write, entered=entered)


def _keep_line(session: Session, _transaction: Any, connection: Connection) -> None:
    session.info[_LINE] = connection


def _drop_line(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop(_LINE, None)


def line() -> Connection:
    """The session's connection, in its transaction, which begins here when there is none: for Core statements that name
    their tenant themselves. Asking the session for it each time costs as much as running a short statement."""
    session = db.session()
    found: Connection | None = session.info.get(_LINE)
    return session.connection() if found is None else found


_inside: ContextVar[bool] = ContextVar("inside_action", default=False)


def in_action() -> bool:
    """Whether an action's transaction is open here."""
    return _inside.get()


def _end_reads(session: Session) -> None:
    if session.new or session.dirty or session.deleted:
        msg = "changed rows outside an action"
        raise TransactionMisuse(msg)
    session.rollback()


def locks_rows() -> bool:
    """Whether single rows are locked here; SQLite lets one writer in at a time, and its action waits at the door."""
    return db.session.get_bind().dialect.name == "postgresql"


def empty_log() -> None:
    """Outside an action: what was replaced or deleted leaves SQLite's write-ahead log too, unless somebody reads in
    this very moment. PostgreSQL keeps its own log; nothing is done there."""
    if locks_rows():
        return
    db.session.rollback()  # our own look would hold it back
    with db.engine.connect().execution_options(begin="NONE") as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=0")
        try:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:  # the connection goes back to the pool, where others wait for their turn
            connection.exec_driver_sql("PRAGMA busy_timeout=5000")


def may_have_waited() -> bool:
    """Inside an action: whether somebody else may have written while it waited to begin, or waits now for a row's
    lock. Where rows are locked nobody can say, so the answer is yes."""
    return locks_rows() or bool(line().info.get(_WAITED))


def sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's five-character code of a database error, if it has one."""
    return getattr(getattr(error, "orig", None), "sqlstate", None)


def _worth_another_try(error: BaseException) -> bool:
    return isinstance(error, DBAPIError) and sqlstate(error) in ("40P01", "40001")


def _transaction(fn: Callable[[], R]) -> R:
    session = db.session()
    _end_reads(session)
    token = _inside.set(True)
    try:
        session.connection(execution_options={"begin": "IMMEDIATE"})
        result = fn()
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        _inside.reset(token)
    return result


def action(fn: Callable[P, R]) -> Callable[P, R]:
    """Mark a use-case: all it writes is committed together, or not at all.

    The outermost action ends the read transaction that page code has begun (rows changed before it raise
    `TransactionMisuse`) and runs again, up to three more times, after a deadlock or a serialisation failure.
    An exception rolls everything back. Inside, no network.
    """

    @functools.wraps(fn)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if in_action():
            return fn(*args, **kwargs)
        for attempt in range(1, _TRIES + 1):
            try:
                return _transaction(lambda: fn(*args, **kwargs))
            except DBAPIError as error:
                if attempt == _TRIES or not _worth_another_try(error):
                    raise
                time.sleep(random.uniform(0.002, 0.02) * attempt)  # noqa: S311 - jitter, not a secret
        raise AssertionError

    return run


def journey(fn: Callable[P, R]) -> Callable[P, R]:
    """Mark a use-case that talks to somebody else between two actions: it refuses to run inside a transaction."""

    @functools.wraps(fn)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if in_action():
            msg = f"{fn.__name__} calls the network: it cannot run inside an action"
            raise TransactionMisuse(msg)
        _end_reads(db.session())
        return fn(*args, **kwargs)

    return run


def flush_or(refusals: dict[str, Callable[[], DomainError]]) -> None:
    """Write what is pending now; what is `refusing` says no."""
    with refusing(refusals):
        db.session.flush()


@contextmanager
def refusing(refusals: dict[str, Callable[[], DomainError]]) -> Iterator[None]:
    """A broken constraint whose name (PostgreSQL) or message (SQLite) contains a key of `refusals` becomes that
    refusal, anything else stays what it is."""
    try:
        yield
    except IntegrityError as error:
        diag = getattr(error.orig, "diag", None)
        said = f"{getattr(diag, 'constraint_name', '')} {error.orig}"
        for name, refusal in refusals.items():
            if name in said:
                raise refusal() from error
        raise
