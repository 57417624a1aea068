"""The kernel app: settings, database, guards, headers, error pages. What a clinic does is handed in as `Parts`."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from flask import Blueprint, Flask, Response, render_template, request
from flask_migrate import Migrate
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from saas import (
    admin,
    audit,
    config,
    crypto,
    db,
    home,
    jobs,
    languages,
    sealing,
    sessions,
    shell,
    tenancy,
    web,
    webhooks,
)
from saas.accounts import public as account_pages
from saas.accounts import staff as account_views
from saas.errors import DomainError, Forbidden, StaleForm, TooMany
from saas.operator.queries import Facts
from saas.operator.staff import ClinicsView
from saas.operator.staff_jobs import EventsView, JobsView
from saas.sandbox import mailbox
from saas.trail.staff import PlatformTrail

ROOT = shell.STATIC.parent.parent
_log = structlog.get_logger("longtide.web")


@dataclass(frozen=True)
class Parts:
    """What clinics bring: `tenants/register.py` fills it, `wsgi.py` hands it over."""

    blueprints: Sequence[tuple[Blueprint, web.Guard]] = ()
    landing: Callable[[], str] = lambda: ""
    face: Callable[[], shell.Face | None] = lambda: None
    clinic_home: type[admin.Home] | None = None
    clinic_notice: shell.NoticeFor | None = None
    clinic_views: Sequence[Callable[[], Any]] = ()
    effects: Mapping[str, jobs.Handler] = field(default_factory=dict)
    webhooks: Mapping[str, webhooks.Handler] = field(default_factory=dict)
    timetable: Sequence[jobs.Job] = ()
    on_clinic_created: Callable[..., None] | None = None
    facts: Facts | None = None


class _Kernel(Flask):
    request_class = web.InMemory

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Nothing of ours is a coroutine, and asking that of every function costs more than most of them."""
        return func


def create_kernel(settings: config.Settings, parts: Parts) -> Flask:
    """Put the application together. Makes no connection yet."""
    app = _Kernel("longtide", template_folder=str(ROOT / "templates"), static_folder=None)
    app.config.update(
        LONGTIDE=settings,
        SECRET_KEY=settings.secret,
        MAX_CONTENT_LENGTH=1024 * 1024,
        PREFERRED_URL_SCHEME="https" if settings.secure else "http",
    )
    _log_as_lines(settings.log_level)
    settings.data.mkdir(parents=True, exist_ok=True)
    crypto.install(settings.secret)
    sealing.init_app(app, settings)
    db.init_app(
        app, url=settings.database, pool=settings.database_pool,
        may_write=tenancy.may_write, entered=tenancy.entered_id,
    )  # fmt: skip
    tenancy.guard_sessions()
    audit.init_audit()
    Migrate(app, db.db, directory=str(ROOT / "migrations"))
    app.extensions["longtide"] = parts
    app.before_request(web.enter_tenant)
    app.teardown_request(web.leave_tenant)
    app.after_request(web.security_headers)
    shell.init_app(app, face=lambda: _face(parts))
    _errors(app)
    home.init_app(app, landing=parts.landing)
    sessions.init_app(app)
    account_pages.init_app(app)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # after Flask-Security, which brings its own
    webhooks.init_webhooks(app, parts.webhooks)
    for blueprint, who in parts.blueprints:
        app.register_blueprint(web.guard(blueprint, who))
    own, operators_own = account_views.own_views()
    operators = (ClinicsView(), JobsView(), EventsView(), PlatformTrail(), *operators_own)
    admin.init_app(
        app,
        clinic_views=[*(make() for make in parts.clinic_views), *own],
        operator_views=operators,
        clinic_home=parts.clinic_home,
        clinic_notice=parts.clinic_notice,
    )
    if settings.env == "demo":
        mailbox.init_app(app)
    _wrap(app, settings)
    return app


def _face(parts: Parts) -> shell.Face:
    found = parts.face()
    return found or shell.Face(None, home.theme_url(), shell.Site(languages.kept("/"), None, None))


def _wrap(app: Flask, settings: config.Settings) -> None:
    inner: Any = web.TenantPath(app.wsgi_app, settings)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        inner = ProxyFix(inner, x_for=hops, x_proto=hops, x_host=hops)
    files = WhiteNoise(inner, root=str(shell.STATIC), prefix="static/", max_age=31536000)
    files.add_files(str(shell.STATIC / "embed"), prefix="embed/")  # what other websites name, for good
    admin.add_static(files)
    app.wsgi_app = web.EveryAnswer(files, settings)  # type: ignore[method-assign]


def _log_as_lines(level: str) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        cache_logger_on_first_use=False,
    )


def _errors(app: Flask) -> None:
    app.register_error_handler(DomainError, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _broken)


def _refused(error: DomainError) -> Response | tuple[str, int]:
    if error.status >= 500 and not isinstance(error, web.ClinicPaused):
        _log.error("request.failed", error=type(error).__name__)
    if isinstance(error, Forbidden | TooMany | StaleForm):
        # Who tries doors, and which: worth knowing. What they sent is not for a log, and paths hold links.
        _log.warning("request.refused", error=error.code, endpoint=request.endpoint, address=web.visitor())
    if isinstance(error, TooMany):
        return _slow_down(error)
    if web.wants_problem():
        return web.problem(error)
    unavailable = {web.UnknownClinic: "unknown", web.ClinicPaused: "paused", web.ClinicClosed: "closed"}
    reason = unavailable.get(type(error))
    if reason is not None:
        return render_template("public/clinic/unavailable.html", reason=reason), error.status
    detail = error.message if error.message != error.code else None
    page = render_template("errors/error.html", status=error.status, detail=detail, back_href=None)
    return page, error.status


def _slow_down(error: TooMany) -> Response:
    if web.wants_problem():
        answer = web.problem(error)
    else:
        detail = error.message if error.message != error.code else None
        page = render_template("errors/error.html", status=error.status, detail=detail, back_href=None)
        answer = Response(page, error.status)
    answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def _http(error: HTTPException) -> Any:
    status = error.code or 500
    if status < 400:
        return error
    kind = type(error.name.title().replace(" ", ""), (DomainError,), {"status": status, "code": _code(error)})
    answer: Any = web.problem(kind()) if web.wants_problem() else None
    if answer is None:
        answer = Response(render_template("errors/error.html", status=status, detail=None, back_href=None), status)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            answer.headers[name] = value
    return answer


def _code(error: HTTPException) -> str:
    return error.name.lower().replace(" ", "-")


def _broken(error: Exception) -> Response | tuple[str, int]:
    # Where it broke, never what somebody wrote: an exception's message can carry a client's words.
    places = [
        f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)
    ]
    _log.error("request.broken", error=type(error).__name__, at=places[-6:], endpoint=request.endpoint)
    if web.wants_problem():
        return web.problem(_Fault())
    return render_template("errors/error.html", status=500, detail=None, back_href=None), 500


class _Fault(DomainError):
    status = 500
    code = "internal-error"
