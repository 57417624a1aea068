"""Flask-Security, made ours: its door to the account table, its mails as outbox rows, its settings and words.

Accounts are found through the session guard, so each tenant knows only its own. What is switched off on purpose: JSON
answers, tokens in headers, "remember me", hooks that would look at every visitor's session.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from flask import Flask, g
from flask_security import MailUtil, PasswordUtil, SQLAlchemyUserDatastore, hash_password
from flask_security.mail_util import EmailValidateException
from sqlalchemy import inspect

from saas import clock, crypto, ratelimit
from saas.accounts import actions
from saas.accounts.models import Account
from saas.accounts.passwords import MAX, MIN, is_obvious
from saas.audit import Actor, acting_as
from saas.contact import BadEmail, normal_email
from saas.db import db
from saas.languages import TRANSLATIONS
from saas.tenancy import current_or_none, current_tenant
from saas.text import TooLong
from saas.web import page_now
from saas.words import _

RESET_WITHIN = timedelta(hours=2)
_MAILS = {"security/email/reset_instructions": actions.RESET, "security/email/reset_notice": actions.CHANGED}
_KEPT = {"password": "made", "fs_uniquifier": "fs_uniquifier"}


def as_oneself(account_id: UUID) -> AbstractContextManager[None]:
    """Run on behalf of the account itself: at the door nobody is logged in yet, and the audit names who did it."""
    return acting_as(Actor("operator" if current_tenant().is_platform else "staff", account_id))


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
            with as_oneself(account_id):
                actions.keep(account_id=account_id, now=page_now(), mails=wanted, **values)
        entered = g.pop("account_entered", None)
        if entered is not None:
            with as_oneself(entered):
                actions.note_login(account_id=entered, now=page_now(), new_device=g.pop("account_device", None))
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
    """A length, and not among the first that anybody would try (NIST SP 800-63B); no mixture of characters is asked.
    An upper bound, because hashing megabytes is work."""

    def validate(self, password: str, is_register: bool, **kwargs: Any) -> tuple[list[str] | None, str]:  # noqa: FBT001
        """([what is wrong] or None, the password as it is hashed). `about`: the person's name and address; for that
        Flask-Security gives the account, as `user`."""
        if len(password) > MAX:
            return [TooLong(MAX).message], password[:MAX]
        about = kwargs.pop("about", ())
        wrong, normal = super().validate(password, is_register, **kwargs)
        account = kwargs.get("user")
        if isinstance(account, Account):
            about = (account.email, account.name)
        tenant = current_or_none()
        here = (tenant.name, tenant.slug) if tenant else ()
        if not wrong and is_obvious(str(normal), (*about, *here)):
            return [_("Many would try this one first. Take a few words that do not belong together")], str(normal)
        return wrong, str(normal)


def config(app: Flask) -> dict[str, Any]:
    """Flask-Security's settings."""
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
        "SECURITY_PASSWORD_LENGTH_MIN": MIN,
        "SECURITY_USER_IDENTITY_ATTRIBUTES": [{"email": {"mapper": as_email, "case_insensitive": False}}],
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
        "SECURITY_I18N_DOMAIN": "messages",
        "SECURITY_I18N_DIRNAME": str(TRANSLATIONS),
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


def as_email(identity: str) -> str | None:
    """A typed address as we keep it, or None."""
    try:
        return normal_email(identity) or None
    except BadEmail:
        return None
