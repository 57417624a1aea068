"""The account's mails. A row says which mail and to whom; the link in it is Flask-Security's own, made again here."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import current_app
from flask_security.recoverable import generate_reset_password_token

from saas import links, mail, outbox
from saas.accounts.actions import CHANGED, RESET
from saas.accounts.models import Account
from saas.db import db
from saas.tenancy import current_tenant

_TEMPLATES = {RESET: "account_reset", CHANGED: "account_changed"}


def reset_link(account: Account) -> str:
    """The address under which this account chooses a new password: good for two hours, once. Needs no request."""
    token = generate_reset_password_token(account)  # type: ignore[no-untyped-call]
    path = current_app.url_map.bind("localhost").build("security.reset_password", {"token": token})
    return links.absolute(str(path))


def account_mail(effect: outbox.Effect, *, now: datetime) -> None:
    """Send one of the account's mails; nothing when the account has gone or was switched off meanwhile."""
    account = db.session.get(Account, UUID(str(effect.payload["account_id"])))
    kind = str(effect.payload["what"])
    if account is None or not account.active or kind not in _TEMPLATES:
        return
    tenant = current_tenant()
    words: dict[str, Any] = {
        "home": tenant.name if not tenant.is_platform else "Longtide",
        "name": account.name,
        "link": reset_link(account) if kind == RESET else None,
        "login": links.absolute("/login"),
    }
    to_name, to_email = account.name, account.email
    db.session.rollback()  # nothing is held while the mail is on its way
    subject, text, html = mail.render(_TEMPLATES[kind], tenant.locale, region=tenant.country, **words)
    message = mail.Mail(
        to_name=to_name,
        to_email=to_email,
        subject=subject,
        text=text,
        html=html,
        message_id=mail.message_id(effect.id),
        from_name=str(words["home"]),
    )
    mail.send(message, now=now)


HANDLERS = {"account.mail": account_mail}
