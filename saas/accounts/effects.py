"""The account's mails. A row says which mail and to whom; the links in them are derived again here."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import current_app
from flask_security.recoverable import generate_reset_password_token

from saas import links, mail, outbox
from saas.accounts.actions import CHANGED, NEW_DEVICE, RESET
from saas.accounts.invitations import INVITED, link_token
from saas.accounts.models import Account
from saas.accounts.seconds import SECURED
from saas.db import db
from saas.tenancy import current_tenant

_TEMPLATES = {
    RESET: "account_reset",
    CHANGED: "account_changed",
    INVITED: "account_invited",
    NEW_DEVICE: "account_device",
    SECURED: "account_secured",
}


def reset_link(account: Account) -> str:
    """The address under which this account chooses a new password: good for two hours, once. Needs no request."""
    token = generate_reset_password_token(account)  # type: ignore[no-untyped-call]
    path = current_app.url_map.bind("localhost").build("security.reset_password", {"token": token})
    return links.absolute(str(path))


def invite_link(account: Account) -> str:
    """The address under which somebody who was invited joins: good for a week, once. Needs no request."""
    path = current_app.url_map.bind("localhost").build("accounts.invitation", {"token": link_token(account)})
    return links.absolute(str(path))


def _link(kind: str, account: Account) -> str | None:
    makers = {RESET: reset_link, INVITED: invite_link}
    return makers[kind](account) if kind in makers else None


def account_mail(effect: outbox.Effect, *, now: datetime) -> None:
    """Send one of the account's mails; nothing when the account has gone or was switched off meanwhile."""
    account = db.session.get(Account, UUID(str(effect.payload["account_id"])))
    kind = str(effect.payload["what"])
    if account is None or not account.active or kind not in _TEMPLATES:
        return
    if kind == INVITED and account.invite_until is None:
        return  # joined or withdrawn meanwhile
    tenant = current_tenant()
    browser, _bar, system = str(effect.payload.get("device", "")).partition("|")
    words: dict[str, Any] = {
        "home": tenant.name if not tenant.is_platform else "Longtide",
        "name": account.name,
        "link": _link(kind, account),
        "login": links.absolute("/login"),
        "anew": links.absolute("/reset"),
        "browser": browser,
        "system": system,
    }
    spoken = account.locale or tenant.locale
    to_name, to_email = account.name, account.email
    db.session.rollback()  # nothing is held while the mail is on its way
    subject, text, html = mail.render(_TEMPLATES[kind], spoken, region=tenant.country, **words)
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
