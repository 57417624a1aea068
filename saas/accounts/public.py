"""Log-in, log-out and the password reset: Flask-Security's own views in our look, with our sessions, mails and limits.

Accounts are found by Flask-Security through the session guard, so each tenant knows only its own; the platform's log in
operators. What is switched off here on purpose: JSON answers, tokens in headers, "remember me", hooks that would look
at every visitor's session.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

import structlog
from flask import Blueprint, Flask, Response, g, redirect, request, session, url_for
from flask_login import user_logged_in
from flask_security import MailUtil, PasswordUtil, Security, SQLAlchemyUserDatastore, current_user, hash_password
from flask_security.mail_util import EmailValidateException
from sqlalchemy import inspect
from werkzeug.wrappers import Response as AnyResponse

from saas import clock, crypto, ratelimit
from saas.accounts import actions
from saas.accounts.forms import EnterForm
from saas.accounts.models import Account
from saas.contact import BadEmail, normal_email
from saas.db import db
from saas.sessions import ACCOUNT, LazySession
from saas.tenancy import current_or_none, current_tenant
from saas.text import TooLong
from saas.web import ClinicClosed, ClinicPaused, bearer_headers, check_origin, drop_foreign, guard, page_now, visitor

_log = structlog.get_logger("longtide.accounts")

PASSWORD_MIN, PASSWORD_MAX = 10, 200
RESET_WITHIN = timedelta(hours=2)
_MAILS = {"security/email/reset_instructions": actions.RESET, "security/email/reset_notice": actions.CHANGED}
_KEPT = {"password": "hashed", "fs_uniquifier": "fs_uniquifier"}


def N_(text: str) -> str:  # noqa: N802 - gettext's name for "translate this where it is shown"
    """Mark a text that Flask-Security translates when it shows it."""
    return text


class Accounts(SQLAlchemyUserDatastore):
    """Flask-Security's door to the table. It changes rows in a page, then commits: what changed becomes an action."""

    def find_user(self, case_insensitive: bool = False, **where: Any) -> Account | None:  # noqa: FBT001, FBT002
        """The entered tenant's account with this address (lower case already) or session name."""
        del case_insensitive
        ((name, value),) = where.items()
        return cast("Account | None", super().find_user(case_insensitive=False, **{name: value}))

    def put(self, model: Account) -> Account:
        """Note what was changed on an account (new ones come from `create_account`)."""
        state = inspect(model).attrs
        changed = {ours: getattr(model, name) for name, ours in _KEPT.items() if state[name].history.has_changes()}
        g.setdefault("account_changes", {}).setdefault(model.id, {}).update(changed)
        return model

    def commit(self) -> None:
        """Write what was noted, in proper actions; the page's own changed rows are thrown away."""
        db.session.rollback()
        mails = g.pop("account_mails", [])
        for account_id, values in g.pop("account_changes", {}).items():
            wanted = [kind for owner, kind in mails if owner == account_id]
            actions.keep(account_id=account_id, now=page_now(), mails=wanted, **values)
        entered = g.pop("account_entered", None)
        if entered is not None:
            actions.note_login(account_id=entered, now=page_now())
        if entered is not None and "account_pair" in g:
            ratelimit.forget(f"{g.account_pair}|600", f"{g.account_pair}|3600")


class OutboxMail(MailUtil):
    """Mails become outbox rows with ids; what they say is derived by the worker."""

    def send_mail(self, template: str, subject: str, *rest: Any, **context: Any) -> None:
        """Ask for the mail: at once, or together with the change that Flask-Security is about to commit."""
        del subject, rest
        account: Account = context["user"]
        if account.id in g.get("account_changes", {}):
            g.setdefault("account_mails", []).append((account.id, _MAILS[template]))
        else:
            hash_password("the work that an unknown address costs")
            actions.ask_for_mail(account_id=account.id, kind=_MAILS[template], now=page_now())
            g.account_mail_asked = True

    def normalize(self, email: str) -> str:
        """Addresses as we keep them."""
        try:
            found = normal_email(email)
        except BadEmail as error:
            raise EmailValidateException(error.message) from None
        if not found:
            raise EmailValidateException(BadEmail().message)
        return found

    def validate(self, email: str) -> str:
        """The same: no name server is asked."""
        return self.normalize(email)


class Passwords(PasswordUtil):
    """A length and nothing else (NIST SP 800-63B); an upper bound, because hashing megabytes is work."""

    def validate(self, password: str, is_register: bool, **kwargs: Any) -> tuple[list[str] | None, str]:  # noqa: FBT001
        """([what is wrong] or None, the password as it is hashed)."""
        if len(password) > PASSWORD_MAX:
            return [TooLong(PASSWORD_MAX).message], password[:PASSWORD_MAX]
        wrong, normal = super().validate(password, is_register, **kwargs)
        return wrong, str(normal)


def _config(app: Flask) -> dict[str, Any]:
    low = app.config["LONGTIDE"].password_cost == "low"  # noqa: S105 - a setting, not a password
    cheap = {"argon2__time_cost": 1, "argon2__memory_cost": 8, "argon2__parallelism": 1}
    dear = {"argon2__time_cost": 2, "argon2__memory_cost": 19456, "argon2__parallelism": 1}  # OWASP, 19 MiB
    return {
        "WTF_CSRF_TIME_LIMIT": 12 * 3600,
        "SESSION_PROTECTION": None,
        "SECURITY_PASSWORD_SALT": crypto.derived_key("passwords", None).hex(),
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        "SECURITY_PASSWORD_SINGLE_HASH": True,
        "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": cheap if low else dear,
        # Hashes a password's hash into a token: nothing to slow down, and slowness here tells who is known.
        "SECURITY_HASHING_SCHEMES": ["hex_sha256"],
        "SECURITY_PASSWORD_LENGTH_MIN": PASSWORD_MIN,
        "SECURITY_USER_IDENTITY_ATTRIBUTES": [{"email": {"mapper": _as_email, "case_insensitive": False}}],
        "SECURITY_DATETIME_FACTORY": clock.now,
        "SECURITY_JOIN_USER_ROLES": False,
        "SECURITY_RECOVERABLE": True,
        "SECURITY_RESET_PASSWORD_WITHIN": RESET_WITHIN,
        "SECURITY_RETURN_GENERIC_RESPONSES": True,
        "SECURITY_FRESHNESS": timedelta(minutes=-1),
        "SECURITY_LOGOUT_METHODS": ["POST"],
        "SECURITY_LOGOUT_CSRF": True,
        "SECURITY_POST_LOGIN_VIEW": "accounts.arrive",
        "SECURITY_POST_LOGOUT_VIEW": "security.login",
        "SECURITY_POST_RESET_VIEW": "security.login",
        "SECURITY_STATIC_FOLDER": None,
        "SECURITY_CLI_USERS_NAME": None,
        "SECURITY_CLI_ROLES_NAME": None,
        "SECURITY_EMAIL_PLAINTEXT": False,
        "SECURITY_EMAIL_HTML": False,
        "SECURITY_LOGIN_USER_TEMPLATE": "accounts/login.html",
        "SECURITY_LOGOUT_USER_TEMPLATE": "accounts/logout.html",
        "SECURITY_FORGOT_PASSWORD_TEMPLATE": "accounts/forgot.html",
        "SECURITY_RESET_PASSWORD_TEMPLATE": "accounts/reset.html",
        **_words(),
    }


def _words() -> dict[str, tuple[str, str]]:
    said = {
        "GENERIC_AUTHN_FAILED": (N_("That email and password don’t belong together"), "error"),
        "PASSWORD_RESET_REQUEST": (
            N_("If there is an account for that address, a mail with a link is on its way."),
            "info",
        ),
        "PASSWORD_RESET_EXPIRED": (N_("That link has run out. Ask for a new one here."), "info"),
        "INVALID_RESET_PASSWORD_TOKEN": (N_("That link has been used or replaced. Ask for a new one here."), "info"),
        "PASSWORD_RESET_NO_LOGIN": (N_("Your new password is set. Log in with it."), "info"),
        "RETYPE_PASSWORD_MISMATCH": (N_("The two passwords differ"), "error"),
        "PASSWORD_INVALID_LENGTH": (N_("Use at least %(length)s characters"), "error"),
        "PASSWORD_NOT_PROVIDED": (N_("Enter a password"), "error"),
        "EMAIL_NOT_PROVIDED": (N_("Enter your email address"), "error"),
    }
    return {f"SECURITY_MSG_{name}": words for name, words in said.items()}


def _as_email(identity: str) -> str | None:
    try:
        return normal_email(identity) or None
    except BadEmail:
        return None


def _typed_email() -> str:
    typed = request.form.get("email", "")
    return _as_email(typed[:300]) or typed[:300].strip().lower()


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
    tenant = current_tenant()
    if tenant.status == "suspended":
        raise ClinicPaused
    if tenant.status == "closed":
        raise ClinicClosed
    drop_foreign("next")
    if request.method == "POST":
        check_origin()
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
        session.renew()
    session[ACCOUNT] = str(user.id)
    # A form token that was given to whoever came before is nobody's now.
    session.pop("csrf_token", None)
    g.pop("csrf_token", None)
    g.account_entered = user.id
    _log.info("login.done", tenant=str(user.tenant_id), account=str(user.id), address=visitor())


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
    app.config.update(_config(app))
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
    blueprint = Blueprint("accounts", __name__)
    blueprint.add_url_rule("/account", "arrive", _arrive)
    app.register_blueprint(guard(blueprint, "anywhere"))
