"""What every page shares: which tenant a request is for, guards, form tokens, headers, problems.

A request's way: `TenantPath` (WSGI) moves `/c/<slug>` from the path to the script name, `enter_tenant` looks the tenant
up and enters it, the blueprint's guard lets the request in or answers 404.
"""

from __future__ import annotations

import io
import ipaddress
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from datetime import datetime
from typing import IO, Any, Literal
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Request, Response, current_app, g, jsonify, request, url_for
from werkzeug.datastructures import ImmutableMultiDict
from wtforms import Form
from wtforms.fields.core import Field

from saas import clock, paths
from saas.audit import CLIENT, acting_as
from saas.config import Settings, settings
from saas.crypto import keyed_hash, same
from saas.errors import DomainError, Forbidden, Gone, NotFound, StaleForm
from saas.ratelimit import hit
from saas.tenancy import TenantRef, current_or_none, find_by_host, find_by_slug, find_platform, tenant_scope

Guard = Literal["clinic", "platform", "anywhere", "staff", "operator", "before tenants"]
Environ = dict[str, Any]

_TOKEN_DAYS = 7
_REST = 4 * 1024 * 1024  # of a body that is refused, what is read to its end
_NOBODY = "'none'"
_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)
_TLS_HEADERS = (("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),)
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_HOST = re.compile(r"[a-z0-9._-]{1,253}")
_UNGUARDED = ("/healthz", "/readyz", "/metrics")


class UnknownClinic(NotFound):
    """No clinic answers at this address."""

    code = "unknown-clinic"


class ClinicPaused(DomainError):
    """The clinic is suspended: its page says so and names no reason."""

    status = 503
    code = "clinic-paused"


class ClinicClosed(Gone):
    """The clinic has ended."""

    code = "clinic-closed"


class ForeignOrigin(Forbidden):
    """A form was sent from another site's page."""

    code = "foreign-origin"


class InMemory(Request):
    """A request whose files stay in memory: what somebody hands in is never written to a disk that nobody sealed. How
    large it may be says `max_content_length`, which a page that takes files raises for itself."""

    def _get_file_stream(self, *_sizes_and_names: Any, **_more: Any) -> IO[bytes]:
        return io.BytesIO()


class EveryAnswer:
    """WSGI, outermost: what is answered beside the application (files, a redirect) has its safe headers too."""

    def __init__(self, app: Callable[..., Iterable[bytes]], config: Settings) -> None:
        self.app = app
        policy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
        headers = [("Content-Security-Policy", policy), *_HEADERS, *(_TLS_HEADERS if config.secure else ())]
        self.headers = [pair for pair in headers if pair[0] != "Cache-Control"]

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Pass on; an answer without a policy is one that `security_headers` has not seen."""

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            if status.startswith("413") and int(environ.get("CONTENT_LENGTH") or 0) <= _REST:
                environ["wsgi.input"].read(_REST)  # else gunicorn closes the connection under the next request
            if all(name != "Content-Security-Policy" for name, _ in headers):
                headers = [*headers, *self.headers]
            return start_response(status, headers, *rest)

        return self.app(environ, start)


class TenantPath:
    """WSGI: on the platform's own hosts, `/c/<slug>/…` becomes script name `/c/<slug>` and path `/…`."""

    def __init__(self, app: Callable[..., Iterable[bytes]], config: Settings) -> None:
        self.app = app
        self.config = config

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Rewrite and pass on."""
        host = environ["longtide.host"] = host_of(environ)
        path: str = environ.get("PATH_INFO", "")
        if path.startswith("/c/") and host in self.config.hosts:
            slug, slash, rest = path[3:].partition("/")
            environ["longtide.slug"] = slug
            if not slash and _SLUG.fullmatch(slug):
                return _to_slash(environ, start_response)
            environ["SCRIPT_NAME"] = f"{environ.get('SCRIPT_NAME', '')}/c/{slug}"
            environ["PATH_INFO"] = f"/{rest}"
        elif self.config.base_domain and host.endswith("." + self.config.base_domain):
            environ["longtide.slug"] = host.removesuffix("." + self.config.base_domain)
        return self.app(environ, start_response)


def _to_slash(environ: Environ, start_response: Any) -> Iterable[bytes]:
    query = environ.get("QUERY_STRING", "")
    target = f"/c/{environ['longtide.slug']}/" + (f"?{query}" if query else "")
    start_response("308 Permanent Redirect", [("Location", target), ("Content-Length", "0")])
    return []


def host_of(environ: Mapping[str, Any]) -> str:
    """The host asked for, lower case and without port; only ever compared with what we know."""
    raw = str(environ.get("HTTP_HOST", "")).lower()
    if raw.startswith("["):
        inside = raw[1:].partition("]")[0]
        return inside if ":" in inside else ""
    return raw.partition(":")[0].rstrip(".")


def _tenant_of(environ: Mapping[str, Any], config: Settings) -> TenantRef | None:
    slug = environ.get("longtide.slug")
    if slug is not None:
        # What cannot be a slug is not looked up: PostgreSQL does not take every text (NUL) for a text.
        found = find_by_slug(slug) if _SLUG.fullmatch(slug) else None
        return found if found and not found.is_platform else None
    host = environ["longtide.host"]
    if host in config.hosts:
        return find_platform()
    return find_by_host(host) if _HOST.fullmatch(host) else None


def enter_tenant() -> None:
    """Enter the request's tenant, on behalf of a client until a log-in says otherwise; `UnknownClinic` (404) when
    nobody answers there."""
    g.csp_nonce = secrets.token_urlsafe(16)
    if request.path in _UNGUARDED:
        if "longtide.slug" in request.environ:
            raise NotFound
        return
    if "\x00" in request.path or any("\x00" in part for pair in request.args.items(multi=True) for part in pair):
        raise NotFound
    tenant = _tenant_of(request.environ, settings())
    if tenant is None:
        raise UnknownClinic
    scope = ExitStack()
    scope.enter_context(tenant_scope(tenant))
    scope.enter_context(acting_as(CLIENT))
    g.tenant_scope = scope


def leave_tenant(_error: BaseException | None = None) -> None:
    """Leave the tenant, whatever happened."""
    scope = g.pop("tenant_scope", None)
    if scope is not None:
        scope.close()


def require_clinic() -> None:
    """Let in only requests for a clinic that answers: 404 elsewhere, a calm page where it is paused or has closed."""
    tenant = current_or_none()
    if tenant is None or tenant.is_platform:
        raise NotFound
    if tenant.status == "suspended":
        raise ClinicPaused
    if tenant.status == "closed":
        raise ClinicClosed


def guard(blueprint: Blueprint, who: Guard, check: Callable[[], None] | None = None) -> Blueprint:
    """Let in only requests for the right kind of tenant: strangers get 404. `check` may ask more (a log-in).

    Written on the line before the blueprint is registered; a house test finds the one that has none.
    """

    def refuse() -> None:
        tenant = current_or_none()
        if who in ("clinic", "staff"):
            require_clinic()
        elif who in ("platform", "operator") and (tenant is None or not tenant.is_platform):
            raise NotFound
        if check is not None:
            check()

    blueprint.before_request(refuse)
    blueprint.guard = who  # type: ignore[attr-defined]
    return blueprint


def guard_of(app: Flask, endpoint: str) -> str:
    """The guard of an endpoint, for `routes-json` and the house test; "none" is a fault."""
    if "." not in endpoint:
        return "before tenants" if endpoint in ("healthz", "readyz", "metrics") else "none"
    return str(getattr(app.blueprints[endpoint.rpartition(".")[0]], "guard", "none"))


def page_now() -> datetime:
    """The instant this request takes place: one for the whole request."""
    if "now" not in g:
        g.now = clock.now()
    now: datetime = g.now
    return now


def csp_nonce() -> str:
    """The nonce of this response."""
    return str(g.get("csp_nonce", ""))


def form_token(purpose: str, subject: str) -> str:
    """A token for a form on this page: bound to the tenant, what the form is for, and whose link (or page) it is."""
    day = int(page_now().timestamp()) // 86_400
    return _token(purpose, subject, day)


def _token(purpose: str, subject: str, day: int) -> str:
    tenant = current_or_none()
    return f"{day:x}.{keyed_hash('form', tenant.id if tenant else None, f'{purpose}|{subject}|{day}')[:32]}"


def check_form(purpose: str, subject: str) -> None:
    """Refuse a form that another site sent (`ForeignOrigin`) or that was not made for this (`StaleForm`)."""
    check_origin()
    sent = request.form.get("form_token", "")
    try:
        day = int(sent.partition(".")[0], 16)
    except ValueError:
        raise StaleForm from None
    today = int(page_now().timestamp()) // 86_400
    if not today - _TOKEN_DAYS <= day <= today or not same(sent, _token(purpose, subject, day)):
        raise StaleForm


def check_origin() -> None:
    """Refuse what another site's page sent. Pages behind a link send no referrer, so browsers say `Origin: null` there;
    `Sec-Fetch-Site` then tells."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise ForeignOrigin
        return
    origin = request.headers.get("Origin")
    if origin and origin != "null" and _host_in(origin) != request.host.lower():
        raise ForeignOrigin


def _host_in(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:  # "http://[": no address at all
        return None


def drop_foreign(name: str) -> None:
    """Forget the parameter `name` when it does not lead to this very clinic (libraries look at the host only)."""
    for where in ("args", "form"):
        values = getattr(request, where)
        if any(not paths.is_own(value, request.script_root) for value in values.getlist(name)):
            kept = [(key, value) for key, value in values.items(multi=True) if key != name]
            setattr(request, where, ImmutableMultiDict(kept))


def visitor() -> str:
    """Whom tries are counted for: an address, or the /64 that one household has in IPv6."""
    try:
        found = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if found.version == 6:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def is_counted() -> bool:
    """Whether this visitor's tries count: not where limits are off, and in a demo not this machine's own."""
    config = settings()
    return config.rate_limits and not (config.env == "demo" and request.remote_addr in ("127.0.0.1", "::1"))


def limit_tries(purpose: str, *, limit: int, window_seconds: int) -> None:
    """Count a try of this visitor; `TooMany` above the limit."""
    if is_counted():
        hit(f"{purpose}|address|{visitor()}", limit=limit, window_seconds=window_seconds, now=page_now())


def url_with(endpoint: str, query: Mapping[str, str], **values: str) -> str:
    """The address of `endpoint` with `query`; names that mean something to Flask (`_external`) are left out."""
    own = {name: value for name, value in query.items() if not name.startswith("_") and name not in values}
    return url_for(endpoint, **{**own, **values})  # type: ignore[arg-type]


class PageForm(Form):
    """The base of the public pages' forms: text in, one typed value out (`request()`), no cookie."""

    @property
    def flat_errors(self) -> dict[str, str]:
        """The first sentence for each field that needs another look, in the order of the page."""
        return {name: str(errors[0]) for name, errors in self.errors.items() if errors and name}

    def put_errors(self, fields: Mapping[str, str]) -> None:
        """Place an action's refusals beside their fields."""
        for name, sentence in fields.items():
            field: Field | None = self._fields.get(name)
            if field is not None:
                field.errors = [*field.errors, sentence]


def wants_problem() -> bool:
    """Whether the answer is for a program (the JSON API)."""
    return request.path.startswith("/api/")


def problem(error: DomainError) -> Response:
    """The refusal as RFC 9457 problem+json; `type` is stable."""
    body: dict[str, Any] = {
        "type": f"https://longtide.example/problems/{error.code}",
        "title": error.code.replace("-", " ").capitalize(),
        "status": error.status,
    }
    if error.message and error.message != error.code:
        body["detail"] = error.message
    if error.fields:
        body["errors"] = error.fields
    body.update(getattr(error, "extra", {}))
    response = jsonify(body)
    response.status_code = error.status
    response.mimetype = "application/problem+json"
    return response


def may_be_framed(origins: Iterable[str]) -> None:
    """Let pages of these origins show this very answer in a frame; every other answer says that nobody may."""
    g.framed_by = " ".join(origins) or _NOBODY


def security_headers(response: Response) -> Response:
    """The headers of every answer. The policy allows our own files, this response's nonce, and paying elsewhere."""
    config: Settings = current_app.config["LONGTIDE"]
    said = {name.lower() for name in response.headers.keys()}  # noqa: SIM118 - iterating headers yields pairs
    policy = (
        f"default-src 'none'; script-src 'self' 'nonce-{csp_nonce()}'; style-src 'self'; img-src 'self' data:; "
        f"font-src 'self'; connect-src 'self'; form-action 'self' {config.pay_origin}; "
        f"frame-ancestors {g.get('framed_by', _NOBODY)}; base-uri 'none'; manifest-src 'self'"
    )
    wanted = [("Content-Security-Policy", policy), *_HEADERS, *(_TLS_HEADERS if config.secure else ())]
    response.headers.extend([pair for pair in wanted if pair[0].lower() not in said])
    return response


def as_file(data: bytes, kind: str, ending: str) -> Response:
    """A client's data to keep, never shown by the browser itself; discreet: the file's name says nobody's."""
    headers = {
        "Content-Disposition": f"attachment; filename=questions.{ending}",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex",
    }
    return Response(data, headers=headers, mimetype=kind)


def bearer_headers(response: Response) -> Response:
    """The headers of pages behind a link: never stored, never indexed, the address never told to another site."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
