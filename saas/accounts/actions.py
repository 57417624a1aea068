"""What can be done with an account. Hashing is slow on purpose, so it happens before the transaction begins."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from flask_security import hash_password
from flask_security.proxies import _security as security
from sqlalchemy import select

from saas import audit, outbox, ratelimit, sessions
from saas.accounts.models import CLINIC_ROLES, OPERATOR, Account
from saas.accounts.queries import NoSuchAccount, account_by_id
from saas.contact import BadEmail, normal_email
from saas.db import action, db, flush_or
from saas.errors import Conflict, Invalid
from saas.tenancy import current_tenant
from saas.text import Cleaner
from saas.words import _

RESET, CHANGED, NEW_DEVICE = "reset", "changed", "device"


class AddressTaken(Conflict):
    """There is an account with this e-mail here already."""

    code = "address-taken"

    def __init__(self) -> None:
        sentence = _("Somebody with this address has an account here already")
        super().__init__(sentence, fields={"email": sentence})


class WeakPassword(Invalid):
    """The password is too short to be one."""

    code = "weak-password"


def login_keys(email: str, address: str = "") -> tuple[str, str]:
    """The names under which tries to log in are counted: for the account, and for the account from one address."""
    return f"login|account|{email}", f"login|pair|{email}|{address}"


def proof_key(kind: str, account_id: UUID) -> str:
    """The name under which tries at a second step ("second") or at "is it still you?" ("again") are counted."""
    return f"{kind}|account|{account_id}"


def hashed(password: str, *about: str) -> str:
    """The hash of a new password; `WeakPassword` for one that is too short, too long or among the first to be tried.
    `about`: the person's name and e-mail. Slow on purpose: never inside an action."""
    wrong, normal = security.password_util.validate(password, False, about=about)
    if wrong:
        raise WeakPassword(str(wrong[0]), fields={"password": str(wrong[0])})
    return hash_password(normal)


def clean_person(*, email: str | None, name: str | None) -> tuple[str, str]:
    """The e-mail and the name as an account keeps them; `Invalid` with what is wrong with either."""
    cleaner = Cleaner()
    known_as = cleaner.line("name", name, 120, missing=_("Enter a name"))
    address = ""
    try:
        address = normal_email(email)
    except BadEmail as error:
        cleaner.refuse("email", error.message)
    if not address:
        cleaner.refuse("email", BadEmail().message)
    cleaner.check()
    return address, known_as


def create_account(*, email: str, name: str, role: str, now: datetime, password: str | None = None) -> Account:
    """A new account in the entered tenant; without a password it is chosen through the reset mail.

    Raises `Invalid` (address, name, role, `WeakPassword`) and `AddressTaken`.
    """
    address, known_as = clean_person(email=email, name=name)
    if role not in ((OPERATOR,) if current_tenant().is_platform else CLINIC_ROLES):
        raise Invalid(_("An account needs an email address, a name and a role"))
    made = hashed(password, address, known_as) if password is not None else None
    return _insert(address=address, name=known_as, role=role, made=made, now=now)


@action
def _insert(*, address: str, name: str, role: str, made: str | None, now: datetime) -> Account:
    account = Account(email=address, name=name, role=role, password=made, created_at=now)
    db.session.add(account)
    flush_or({"account_tenant_id_email": AddressTaken, "account.email": AddressTaken})
    audit.record("account.created", target="account", target_id=account.id, now=now, role=role)
    return account


def set_password(*, account_id: UUID, password: str, now: datetime) -> None:
    """A new password: every session of the account ends, its counted tries are forgotten, it is told by mail."""
    account = account_by_id(account_id)
    made = hashed(password, account.email, account.name)
    keep(account_id=account_id, made=made, fs_uniquifier=uuid4().hex, mails=(CHANGED,), now=now)


@action
def reset_account(*, email: str, now: datetime) -> Account:
    """Let a person back in (`flask account reset`): the account is active again, every session ends, the tries counted
    against it are forgotten, and a mail brings a link for a new password. The old password stays until it is used."""
    found = db.session.execute(select(Account).where(Account.email == normal_email(email))).scalar()
    if found is None:
        raise NoSuchAccount
    found.active = True
    found.fs_uniquifier = uuid4().hex
    sessions.end_all(found.id)
    ratelimit.forget(login_keys(found.email)[0])
    _mail(found.id, RESET, now)
    audit.record("account.reset", target="account", target_id=found.id, now=now)
    return found


@action
def note_login(*, account_id: UUID, now: datetime, new_device: str | None = None) -> None:
    """Remember when somebody last logged in. `new_device`: the words for a device that was not seen before; they are
    told by mail, except about the very first."""
    account = account_by_id(account_id)
    if new_device is not None and account.last_login_at is not None:
        outbox.emit("account.mail", run_at=now, what=NEW_DEVICE, account_id=account_id, device=new_device)
    account.last_login_at = now
    audit.record("account.login", target="account", target_id=account_id, now=now)


@action
def ask_for_mail(*, account_id: UUID, kind: str, now: datetime) -> None:
    """Ask for a mail to this account. The row says which mail and to whom, never what it will say."""
    _mail(account_id, kind, now)


def _mail(account_id: UUID, kind: str, now: datetime) -> None:
    outbox.emit("account.mail", run_at=now, what=kind, account_id=account_id)


@action
def keep(
    *,
    account_id: UUID,
    now: datetime,
    made: str | None = None,
    fs_uniquifier: str | None = None,
    mails: Sequence[str] = (),
) -> None:
    """Write what Flask-Security decided: a hash made with today's cost, or a new password with all that follows."""
    account = account_by_id(account_id)
    if made is not None:
        account.password = made
    if fs_uniquifier is not None:
        account.fs_uniquifier = fs_uniquifier
        sessions.end_all(account_id)
        ratelimit.forget(login_keys(account.email)[0], *(proof_key(kind, account_id) for kind in ("second", "again")))
        audit.record("account.password", target="account", target_id=account_id, now=now)
    for kind in mails:
        _mail(account_id, kind, now)
