"""The second proof of who somebody is: an authenticator app's codes, and recovery codes for the day it is lost.

Actions, in a file of their own; passkeys have `passkeys.py`. A secret is sealed at rest, a code is kept as a keyed hash
only, and each code is good once.
"""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select

from saas import audit, outbox
from saas.accounts import totp
from saas.accounts.models import Account, Passkey, RecoveryCode
from saas.accounts.queries import account_by_id
from saas.crypto import keyed_hash, seal, unseal
from saas.db import action, db
from saas.errors import Conflict, Invalid
from saas.sessions import second_is_asked
from saas.tenancy import current_tenant
from saas.words import _

SECURED = "secured"
RECOVERY_CODES = 10
_LENGTH = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is mistaken for something else: 49 bits a code
_LABEL = "totp"


class WrongCode(Invalid):
    """Not this account's code, or one that was used."""

    code = "wrong-code"

    def __init__(self) -> None:
        sentence = _("That code doesn’t fit. Codes change every half minute: enter the one you see now")
        super().__init__(sentence, fields={"code": sentence})


class LastSecond(Conflict):
    """Everybody here needs a second step, and this is the account's only one."""

    code = "last-second"

    def __init__(self) -> None:
        super().__init__(_("Everybody here logs in with a second step. Add another one first, then remove this."))


def new_secret() -> bytes:
    """A secret for an authenticator app."""
    return secrets.token_bytes(totp.SECRET_BYTES)


def sealed(secret: bytes, account_id: UUID) -> str:
    """The secret as it is stored, on the account and in the session while it is set up."""
    return seal(_LABEL, current_tenant().id, account_id.hex, secret)


def opened(text: str, account_id: UUID) -> bytes:
    """The secret that `sealed` was given."""
    return unseal(_LABEL, current_tenant().id, account_id.hex, text)


@action
def add_app(*, account_id: UUID, secret: bytes, typed: str, now: datetime) -> list[str]:
    """Take an authenticator app as the second step, once it has shown that it knows the secret. Returns recovery codes
    when the account has none yet: they are shown this once. `WrongCode` when the code is not the app's."""
    account = account_by_id(account_id, lock=True)
    step = totp.matching_step(secret, typed, now=now, last=None)
    if step is None:
        raise WrongCode
    account.totp_sealed, account.totp_step, account.has_second = sealed(secret, account_id), step, True
    outbox.emit("account.mail", run_at=now, what=SECURED, account_id=account_id)
    audit.record("account.second.added", target="account", target_id=account_id, now=now, kind="app")
    return [] if codes_left(account_id) else _fresh_codes(account_id)


@action
def remove_app(*, account_id: UUID, now: datetime) -> None:
    """No authenticator app any more, if there was one. `LastSecond` where a second step is asked of everybody and
    there is no passkey."""
    account = account_by_id(account_id, lock=True)
    if account.totp_sealed is None:
        return
    account.totp_sealed = account.totp_step = None
    settle(account, now=now)
    outbox.emit("account.mail", run_at=now, what=SECURED, account_id=account_id)
    audit.record("account.second.removed", target="account", target_id=account_id, now=now, kind="app")


def settle(account: Account, *, now: datetime) -> None:
    """Inside an action: note whether there still is a second step, and drop the recovery codes of none."""
    db.session.flush()
    keys = db.session.execute(select(func.count()).where(Passkey.account_id == account.id)).scalar_one()
    account.has_second = account.totp_sealed is not None or keys > 0
    if account.has_second:
        return
    if second_is_asked(current_tenant()):
        raise LastSecond
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    audit.record("account.codes.dropped", target="account", target_id=account.id, now=now)


@action
def new_codes(*, account_id: UUID, now: datetime) -> list[str]:
    """New recovery codes in place of the old ones, shown this once."""
    account_by_id(account_id, lock=True)
    audit.record("account.codes.made", target="account", target_id=account_id, now=now)
    return _fresh_codes(account_id)


def _fresh_codes(account_id: UUID) -> list[str]:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    codes = ["".join(secrets.choice(_ALPHABET) for _n in range(_LENGTH)) for _m in range(RECOVERY_CODES)]
    db.session.add_all(RecoveryCode(account_id=account_id, hash=_hash(code, account_id)) for code in codes)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _hash(code: str, account_id: UUID) -> str:
    return keyed_hash("recovery", current_tenant().id, f"{account_id.hex}|{code}")


def codes_left(account_id: UUID) -> int:
    """How many recovery codes have not been used."""
    mine = select(func.count()).where(RecoveryCode.account_id == account_id)
    return int(db.session.execute(mine.select_from(RecoveryCode)).scalar_one())


@action
def use_code(*, account_id: UUID, typed: str, now: datetime) -> str:
    """Take a code of the app, or a recovery code, as the second step; each is good once, also when two come together.
    Returns which it was ("app" or "recovery"); `WrongCode` for any other."""
    account = account_by_id(account_id, lock=True)
    if totp.digits(typed) and account.totp_sealed is not None:
        secret = opened(account.totp_sealed, account_id)
        step = totp.matching_step(secret, typed, now=now, last=account.totp_step)
        if step is None:
            raise WrongCode
        account.totp_step = step
        return "app"
    plain = re.sub(r"[\W_]", "", typed[:60].casefold())
    gone = db.session.execute(
        delete(RecoveryCode).where(RecoveryCode.account_id == account_id, RecoveryCode.hash == _hash(plain, account_id))
    )
    if gone.rowcount != 1:  # type: ignore[attr-defined]
        raise WrongCode
    outbox.emit("account.mail", run_at=now, what=SECURED, account_id=account_id)
    audit.record("account.code.used", target="account", target_id=account_id, now=now)
    return "recovery"


@action
def forget_seconds(*, account_id: UUID, now: datetime) -> None:
    """Somebody has lost app, keys and codes: an owner or an operator lets them begin anew (`flask account reset`)."""
    account = account_by_id(account_id, lock=True)
    if not account.has_second:
        return
    account.totp_sealed = account.totp_step = None
    account.has_second = False
    db.session.execute(delete(Passkey).where(Passkey.account_id == account_id))
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    outbox.emit("account.mail", run_at=now, what=SECURED, account_id=account_id)
    audit.record("account.second.forgotten", target="account", target_id=account_id, now=now)
