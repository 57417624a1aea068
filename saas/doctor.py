"""What `flask doctor` looks at: everything about an installation that a machine can see before clients do."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from migrations.guards import missing_guards
from saas import outbox
from saas.accounts.models import OPERATOR, Account
from saas.config import ConfigError, Settings, load_settings
from saas.db import db
from saas.home import migrated
from saas.jobs import last_beat
from saas.keystore import KeysUnavailable
from saas.sealing import keyring
from saas.tenancy import find_platform, tenant_scope, tenant_tables

FRESH = timedelta(minutes=2)
_REACH_SECONDS = 5
_OLDEST_POSTGRES = 150_000
_HERE = ("127.0.0.1", "localhost", "::1")


def problems(config: Settings, *, now: datetime) -> list[str]:
    """One sentence for each thing that is missing or wrong, most important first; empty when all is well.

    Needs an app context for the database. Opens one connection to the mail host and sends nothing.
    """
    found = [*_settings(config), *_stripe(config), *_files(config), *_mail(config)]
    try:
        with db.engine.connect() as connection:
            found += _database(connection)
        if not migrated():
            return [*found, "the database is not at this version's migration: run flask --app wsgi db upgrade"]
        found += _keys()
        with db.engine.connect() as connection:
            found += _guards(connection)
        found += _running(now)
    except SQLAlchemyError as error:
        found.append(f"the database cannot be used ({type(error).__name__}): check LONGTIDE_DATABASE_URL and its roles")
    return found


def _settings(config: Settings) -> Iterator[str]:
    if config.env == "demo":
        yield "LONGTIDE_ENV is demo: set it to production (or staging)"
        try:
            load_settings(**{**config.model_dump(), "env": "production"})
        except ConfigError as error:
            yield from str(error).splitlines()
    if config.secret_key and len(set(config.secret_key)) < 12:
        yield "LONGTIDE_SECRET_KEY is too regular: use 32 or more random characters"
    if config.secure and not config.trusted_proxies:
        yield "LONGTIDE_TRUSTED_PROXIES is 0: behind the TLS proxy all clients would look like one (set it to 1)"
    if config.secure and not config.metrics_token:
        yield "LONGTIDE_METRICS_TOKEN is missing: behind a proxy, /metrics would answer whoever asks"


def _stripe(config: Settings) -> Iterator[str]:
    if config.payments == "sandbox":
        if config.env == "production":
            yield "LONGTIDE_PAYMENTS is sandbox: no money moves"
        return
    kinds = ("sk_live_", "rk_live_") if config.env == "production" else ("sk_test_", "rk_test_")
    if not config.stripe_api_key.startswith(kinds):
        yield f"LONGTIDE_STRIPE_API_KEY should begin with {' or '.join(kinds)} here"
    for name in ("stripe_connect_webhook_secret", "stripe_account_webhook_secret"):
        if not getattr(config, name).startswith("whsec_"):
            yield f"LONGTIDE_{name.upper()} should begin with whsec_"
    if config.stripe_connect_webhook_secret == config.stripe_account_webhook_secret:
        yield "LONGTIDE_STRIPE_CONNECT_WEBHOOK_SECRET and LONGTIDE_STRIPE_ACCOUNT_WEBHOOK_SECRET must differ"


def _files(config: Settings) -> Iterator[str]:
    if not os.access(config.data, os.W_OK):
        yield "LONGTIDE_DATA cannot be written to"


def _keys() -> Iterator[str]:
    store = keyring().store
    try:
        yield from keyring().check(clients=False)
    except KeysUnavailable as error:
        yield f"{error.why}: check LONGTIDE_KEYS, and put the newest copy of the key store back"
        return
    if store.path is not None and store.path.stat().st_mode & 0o077:
        yield f"others can read the key store: chmod 600 {store.path}"


def _mail(config: Settings) -> Iterator[str]:
    if config.mail_transport != "smtp" or not config.smtp_host:
        return
    try:
        socket.create_connection((config.smtp_host, config.smtp_port), timeout=_REACH_SECONDS).close()
    except OSError as error:
        why = type(error).__name__
        yield f"the mail host cannot be reached ({why}): check LONGTIDE_SMTP_HOST and LONGTIDE_SMTP_PORT"
    if config.smtp_tls == "none" and (config.smtp_username or config.smtp_host not in _HERE):
        yield "LONGTIDE_SMTP_TLS is none: mails, and the password for sending them, would travel in the clear"


def _database(connection: Connection) -> Iterator[str]:
    if connection.dialect.name != "postgresql":
        if connection.exec_driver_sql("PRAGMA synchronous").scalar() != 2:
            yield "SQLite does not write through: a paid booking could be lost with the power"
        return
    version, commit, fsync = connection.exec_driver_sql(
        "SELECT current_setting('server_version_num')::int, current_setting('synchronous_commit'), "
        "current_setting('fsync')"
    ).one()
    if version < _OLDEST_POSTGRES:
        yield "PostgreSQL is older than 15"
    if commit == "off":
        yield "synchronous_commit is off: a paid booking could be lost with the power"
    if fsync == "off":
        yield "fsync is off: a paid booking could be lost with the power"
    role, above, past = connection.exec_driver_sql(
        "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
    ).one()
    if above:
        yield f"the database role {role} is a superuser: give the application its own role"
    if past:
        yield f"the database role {role} has BYPASSRLS: row-level security would not hold it"
    owned = connection.exec_driver_sql(
        "SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner "
        "WHERE r.rolname = current_user AND c.relkind IN ('r', 'p', 'v', 'm', 'S')"
    ).scalar_one()
    if owned:
        yield f"the database role {role} owns {owned} tables: an owner migrates, the application owns nothing"


def _guards(connection: Connection) -> Iterator[str]:
    for name in missing_guards(connection, [table.name for table in tenant_tables()]):
        yield f"the lock of {name} is missing in the database: run flask --app wsgi db upgrade"


def _running(now: datetime) -> Iterator[str]:
    platform = find_platform()
    if platform is None:
        yield "there is no platform yet: start flask --app wsgi worker once"
        return
    with tenant_scope(platform):
        who = select(func.count()).select_from(Account).where(Account.role == OPERATOR, Account.active.is_(True))
        if not db.session.execute(who).scalar_one():
            yield "nobody can log in at /operator: run flask --app wsgi operator create"
        beat = last_beat("worker")
        if beat is None or now - beat > FRESH:
            yield "no worker is running: start flask --app wsgi worker"
        waiting = outbox.counts(now=now)
        if waiting["overdue"]:
            yield f"{waiting['overdue']} effects (mails, refunds) are overdue"
        if waiting["dead"]:
            yield f"{waiting['dead']} effects (mails, refunds) were given up"
