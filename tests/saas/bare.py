"""The platform's database alone, for tests of what lies under the application, and a worker process to be killed.

Modes of `main`, the body of a worker process with one handler; `line` is its wire to the test:

- `run`: works until SIGTERM; says ("did", id) for every row.
- `gate`: the same, but says ("begin", id) first and waits to be told.
- `step`: is told an instant and works once; its handler says ("begin", id), waits, drops a mail into `folder`, says
  ("sent", id), waits again; then ("ran", "") or ("idle", "").
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID

import structlog
from flask import Flask

from saas import audit, crypto, db, mail, tenancy
from saas.config import Settings
from saas.db import action
from saas.jobs import Handler, Worker, run_worker, stop_on_signals
from saas.outbox import Effect, Outbox
from saas.tenancy import Tenant, TenantRef, ref_of
from tests.databases import test_settings


def bare_app(settings: Settings) -> Flask:
    """Settings, keys, database, tenancy: no page."""
    app = Flask("bare")
    app.config["LONGTIDE"] = settings
    crypto.install(settings.secret)
    db.init_app(
        app, url=settings.database, pool=settings.database_pool,
        may_write=tenancy.may_write, entered=tenancy.entered_id,
    )  # fmt: skip
    tenancy.guard_sessions()
    audit.init_audit()
    return app


@action
def add_tenants(slugs: Iterable[str], *, now: datetime, kind: str = "clinic") -> dict[str, TenantRef]:
    """Rows of clinics that have nothing yet."""
    rows = [
        Tenant(
            slug=slug, name=slug.title(), kind=kind, status="active", status_reason="", zone="Europe/London",
            currency="GBP", country="GB", locale="en_GB", created_at=now,
        )
        for slug in slugs
    ]  # fmt: skip
    db.db.session.add_all(rows)
    db.db.session.flush()
    return {row.slug: ref_of(row) for row in rows}


def rows() -> dict[UUID, Outbox]:
    """The whole outbox, as it is now."""
    db.db.session.rollback()
    found = db.db.session.execute(db.db.select(Outbox)).scalars()
    return {row.id: row for row in found}


Line: TypeAlias = "Connection[Any, Any]"


def _run(line: Line, *, gated: bool) -> Handler:
    def handler(effect: Effect, *, now: datetime) -> None:
        if gated:
            line.send(("begin", str(effect.id)))
            line.recv()
        line.send(("did", str(effect.id)))

    return handler


def _step(line: Line, folder: Path) -> Handler:
    def handler(effect: Effect, *, now: datetime) -> None:
        line.send(("begin", str(effect.id)))
        line.recv()
        message = EmailMessage(policy=SMTP)
        message["Message-ID"] = mail.message_id(effect.id)
        mail.drop(message, folder)
        line.send(("sent", str(effect.id)))
        line.recv()

    return handler


def main(mode: str, url: str, folder: Path, line: Line) -> None:
    """One worker process."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(Path(os.devnull).open("w")))  # noqa: SIM115
    app = bare_app(test_settings(database_url=url, data=folder))
    if mode != "step":
        run_worker(app, {"test": _run(line, gated=mode == "gate")}, [], stop=stop_on_signals(), poll_seconds=0.05)
        return
    worker = Worker(app, {"test": _step(line, folder)})
    while True:
        now = line.recv()
        assert isinstance(now, datetime)
        line.send(("ran" if worker.work_once(now) else "idle", ""))
