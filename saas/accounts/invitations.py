"""Asking somebody to join: a link by mail, good once and for a week, that lets them choose their own password.

Actions, in a file of their own. The link is derived (`saas/links.py`); the row keeps the hash of the newest one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from saas import audit, links, outbox, sessions
from saas.accounts.actions import create_account, hashed
from saas.accounts.models import Account
from saas.accounts.queries import account_by_id
from saas.db import action, db
from saas.errors import Conflict, Gone, Invalid, NotFound
from saas.text import clean_line
from saas.words import _

INVITED = "invited"
PURPOSE = "invite"
WITHIN = timedelta(days=7)


class InvitationEnded(Gone):
    """The link was used, withdrawn, replaced, or a week has passed."""

    code = "invitation-ended"

    def __init__(self) -> None:
        super().__init__(_("This invitation has been used or has run out. Ask the clinic for a new one."))


class NoInvitation(NotFound):
    """The link is no invitation's, or an older one's: a newer mail has the right one."""

    code = "no-invitation"


class AlreadyJoined(Conflict):
    """They have chosen their password: there is nothing to invite them to."""

    code = "already-joined"

    def __init__(self) -> None:
        super().__init__(_("They have joined already."))


def link_token(account: Account) -> str:
    """The token in this account's newest invitation."""
    return links.link_for(PURPOSE, account.id, account.invite_generation).token


@action
def invite(*, email: str, name: str, role: str, now: datetime) -> Account:
    """A new account that is asked by mail to choose its password. `Invalid`, `AddressTaken` (with its field)."""
    account = create_account(email=email, name=name, role=role, now=now)
    _open(account, now)
    return account


def _open(account: Account, now: datetime) -> None:
    account.invite_generation += 1
    account.invite_hash = links.hash_of(link_token(account))
    account.invite_until = now + WITHIN
    outbox.emit("account.mail", run_at=now, what=INVITED, account_id=account.id)
    audit.record("account.invited", target="account", target_id=account.id, now=now, role=account.role)


@action
def resend(*, account_id: UUID, now: datetime) -> None:
    """A new link in place of the old one, which is dead from now on. `AlreadyJoined`."""
    account = account_by_id(account_id, lock=True)
    if account.password is not None:
        raise AlreadyJoined
    account.active = True
    _open(account, now)


@action
def withdraw(*, account_id: UUID, now: datetime) -> None:
    """The invitation is void and the account switched off; it can be sent again. `AlreadyJoined`."""
    account = account_by_id(account_id, lock=True)
    if account.password is not None:
        raise AlreadyJoined
    account.active = False
    account.invite_until = None
    sessions.end_all(account_id)
    audit.record("account.invite.withdrawn", target="account", target_id=account_id, now=now)


def invited(token: str, *, now: datetime, lock: bool = False) -> Account:
    """Whom this link invites; `NoInvitation` for a link that is none, `InvitationEnded` for one that was."""
    found = select(Account).where(Account.invite_hash == links.hash_of(token))
    if lock:
        found = found.with_for_update(key_share=True).execution_options(populate_existing=True)
    account = db.session.execute(found).scalar_one_or_none()
    if account is None:
        raise NoInvitation
    joined = account.password is not None  # by a reset mail, which whoever reads their mail may ask for
    if joined or not account.active or account.invite_until is None or account.invite_until <= now:
        raise InvitationEnded
    return account


def accept(*, token: str, name: str, password: str, now: datetime) -> UUID:
    """Join: the password is chosen, and the link is used up. Returns the account's id. `Invalid`, `InvitationEnded`."""
    account = invited(token, now=now)
    known_as = clean_line(name, 120)
    if not known_as:
        sentence = _("Enter your name")
        raise Invalid(sentence, fields={"name": sentence})
    made = hashed(password, account.email, known_as)
    return _join(token=token, name=known_as, made=made, now=now)


@action
def _join(*, token: str, name: str, made: str, now: datetime) -> UUID:
    account = invited(token, now=now, lock=True)
    account.password, account.name = made, name
    account.invite_until = None
    audit.record("account.joined", target="account", target_id=account.id, now=now)
    return account.id
