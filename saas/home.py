"""The platform's own few pages, and what machines ask: alive, ready, figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Flask, Response, abort, render_template, request
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from saas import clock, outbox, theme
from saas.config import settings
from saas.crypto import same
from saas.db import db
from saas.jobs import last_beat
from saas.tenancy import current_or_none
from saas.web import guard, require_clinic

HEAD = Path(__file__).parent.parent / "migrations" / ".head"


def _home() -> str:
    return render_template("public/platform/home.html")


def _theme(version: str) -> Response:
    del version  # it only makes the address change when the colours do
    return sheet(theme.css(theme.PLATFORM_BRAND))


def theme_url() -> str:
    """The address of the platform's own stylesheet."""
    return f"/platform-theme/{theme.version(theme.PLATFORM_BRAND)}.css"


def sheet(css: str) -> Response:
    """A stylesheet whose address names its content: kept for a year."""
    response = Response(css, mimetype="text/css")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def migrated() -> bool:
    """Whether the database stands at the head that this code was written for."""
    with db.engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return False
        version = sa.table("alembic_version", sa.column("version_num"))
        return connection.execute(sa.select(version.c.version_num)).scalar() == HEAD.read_text().strip()


def _ready() -> tuple[str, int]:
    try:
        ready = migrated()
    except sa.exc.SQLAlchemyError:
        return "database", 503
    return ("ready", 200) if ready else ("migrations", 503)


def _metrics() -> Response:
    token = settings().metrics_token
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not (same(sent, token) if token else request.remote_addr in ("127.0.0.1", "::1")):
        abort(404)
    registry = CollectorRegistry()
    now = clock.now()
    rows = Gauge("longtide_outbox_rows", "Effects by state", ["state"], registry=registry)
    for state, number in outbox.counts(now=now).items():
        rows.labels(state).set(number)
    beat = last_beat("worker")
    age = Gauge("longtide_worker_heartbeat_age_seconds", "Seconds since a worker was last seen", registry=registry)
    age.set((now - beat).total_seconds() if beat else float("inf"))
    return Response(generate_latest(registry), mimetype="text/plain; version=0.0.4")


def init_app(app: Flask, *, landing: Callable[[], str]) -> None:
    """Register the platform's pages and the three addresses that answer before any tenant is looked up. `/` is the one
    address that both sides have: on a clinic it is `landing`."""

    def page() -> str:
        tenant = current_or_none()
        if tenant is not None and tenant.is_platform:
            return _home()
        require_clinic()
        return landing()

    start = Blueprint("start", __name__)
    start.add_url_rule("/", "page", page)
    app.register_blueprint(guard(start, "anywhere"))
    blueprint = Blueprint("platform", __name__)
    blueprint.add_url_rule("/platform-theme/<version>.css", "theme", _theme)
    app.register_blueprint(guard(blueprint, "platform"))
    routes: dict[str, Any] = {"healthz": lambda: "ok", "readyz": _ready, "metrics": _metrics}
    for name, view in routes.items():
        app.add_url_rule(f"/{name}", name, view)
