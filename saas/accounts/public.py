"""Log-in, log-out and the password reset: Flask-Security's own views in our look, with our sessions and limits; what
happens when somebody enters, and the pages beside them (`door.py`)."""

from __future__ import annotations

from typing import Any

import structlog
from flask import Blueprint, Flask, Response, after_this_request, g, redirect, request, session, url_for
from flask_login import user_logged_in
from flask_security import Security, current_user
from flask_security.tf_plugin import TfPlugin
from werkzeug.wrappers import Response as AnyResponse

from saas import crypto, ratelimit
from saas.accounts import actions, door
from saas.accounts.devices import device_of, with_mark
from saas.accounts.forms import EnterForm
from saas.accounts.library import Accounts, OutboxMail, Passwords, as_email, config
from saas.accounts.models import Account
from saas.config import settings
from saas.db import db
from saas.sessions import ACCOUNT, DEVICE, LazySession, cookie_name
from saas.tenancy import current_or_none, current_tenant
from saas.web import bearer_headers, guard, page_now, visitor

_log = structlog.get_logger("longtide.accounts")
_KNOWN_DAYS = 400  # the longest a browser keeps a cookie


class SecondStep(TfPlugin):
    """Where Flask-Security asks for a second factor: we have our own page for that."""

    def tf_enter(
        self,
        user: Any,
        remember_me: bool | None,  # noqa: FBT001 - the library's signature
        primary_authn_via: str,
        next_loc: str | None,
    ) -> Any:
        """The way to the second step for an account that has one; None lets it in."""
        del remember_me, primary_authn_via
        if not user.has_second:
            return None
        door.begin_second(user, next_loc)
        return redirect(url_for("accounts.second"), 303)


def _typed_email() -> str:
    typed = request.form.get("email", "")
    return as_email(typed[:300]) or typed[:300].strip().lower()


def _count_tries() -> None:
    """Slow down guessing. Many tries against one account leave every address a few an hour, so its owner always gets in
    from their own; and a reset by mail forgets them."""
    now, here, email = page_now(), visitor(), _typed_email()
    if request.endpoint == "security.login":
        ratelimit.hit(f"login|address|{here}", limit=40, window_seconds=600, now=now)
        account, pair = actions.login_keys(email, here)
        besieged = ratelimit.count(account, window_seconds=3600, now=now) > 100
        limit, seconds = (5, 3600) if besieged else (10, 600)
        g.account_pair = pair
        ratelimit.hit(f"{pair}|{seconds}", limit=limit, window_seconds=seconds, now=now)
    elif request.endpoint == "security.forgot_password":
        ratelimit.hit(f"forgot|address|{here}", limit=20, window_seconds=3600, now=now)
        ratelimit.hit(f"forgot|account|{email}", limit=6, window_seconds=3600, now=now)
    elif request.endpoint == "security.reset_password":
        ratelimit.hit(f"reset|address|{here}", limit=30, window_seconds=3600, now=now)


def _before_security() -> None:
    door.before()
    if request.method == "POST":
        _count_tries()


def _after_security(response: Response) -> Response:
    # Flask-Security shows a refused form again with status 200; the forgotten-password page answers everybody alike.
    if request.method == "POST" and response.status_code == 200 and request.endpoint != "security.forgot_password":
        response.status_code = 422
        if request.endpoint == "security.login":
            # Not whose: an address that was typed may be anybody's.
            _log.warning("login.refused", tenant=str(current_tenant().id), address=visitor())
    if request.method == "POST" and request.endpoint == "security.forgot_password" and "account_mail_asked" not in g:
        ratelimit.count("forgot|nobody", window_seconds=3600, now=page_now())  # an outbox row's worth of work
    return bearer_headers(response) if request.endpoint == "security.reset_password" else response


def _entered(_app: Flask, user: Account) -> None:
    if isinstance(session, LazySession):
        session.prove(page_now())
    session[ACCOUNT] = str(user.id)
    session[DEVICE] = device_of(request.user_agent.string)
    # A form token that was given to whoever came before is nobody's now.
    session.pop("csrf_token", None)
    g.pop("csrf_token", None)
    g.account_entered = user.id
    _recognise(user)
    _log.info("login.done", tenant=str(user.tenant_id), account=str(user.id), address=visitor())


def _recognise(user: Account) -> None:
    """Note when this device is new to the account, and have it keep the mark by which it is known next time."""
    tenant = current_tenant()
    name = f"{cookie_name(tenant)}-known"
    mark = crypto.keyed_hash("device", tenant.id, f"{user.id.hex}|{user.fs_uniquifier}")[:32]
    marks = request.cookies.get(name, "")[:400].split(".")
    if not any(crypto.same(mark, known) for known in marks):
        g.account_device = session[DEVICE]
    value = ".".join(with_mark(marks, mark))

    @after_this_request
    def keep(response: Response) -> Response:
        response.set_cookie(
            name,
            value,
            max_age=_KNOWN_DAYS * 86_400,
            path="/",
            secure=settings().secure,
            httponly=True,
            samesite="Lax",
        )
        return response


def _arrive() -> AnyResponse:
    tenant = current_or_none()
    if not current_user.is_authenticated or tenant is None:
        return redirect(url_for("security.login"), 303)
    return redirect(url_for("operator.index" if tenant.is_platform else "manage.index"), 303)


def _unhook(hooks: dict[Any, list[Any]], name: str) -> None:
    """Take away a library's hook that looks at every request's session: a public page must not know its visitor."""
    found = [hook for hook in hooks[None] if getattr(hook, "__name__", "") == name]
    if len(found) != 1:
        msg = f"{name} is not there any more: look at what the library does instead"
        raise RuntimeError(msg)
    hooks[None].remove(found[0])


def init_app(app: Flask) -> None:
    """Put accounts into the application: log-in pages, limits, what happens when somebody enters."""
    app.config.update(config(app))
    security = Security(
        app,
        Accounts(db, Account, None),  # type: ignore[arg-type]
        login_form=EnterForm,
        mail_util_cls=OutboxMail,
        password_util_cls=Passwords,
    )
    security.want_json(lambda _request: False)
    app.login_manager.request_loader(lambda _request: None)  # type: ignore[attr-defined]
    _unhook(app.before_request_funcs, "_on_before_request")
    _unhook(app.after_request_funcs, "_update_remember_cookie")
    _unhook(app.template_context_processors, "_user_context_processor")
    app.before_request_funcs.setdefault("security", []).insert(0, _before_security)
    app.after_request_funcs.setdefault("security", []).append(_after_security)
    app.blueprints["security"].guard = "anywhere"  # type: ignore[attr-defined]
    user_logged_in.connect(_entered, app)
    security.two_factor_plugins = SecondStep()
    security.login_context_processor(door.passkey_words)
    blueprint = Blueprint("accounts", __name__)
    blueprint.add_url_rule("/account", "arrive", _arrive)
    door.add_pages(blueprint)
    app.register_blueprint(guard(blueprint, "anywhere", door.before))
