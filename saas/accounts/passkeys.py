"""Passkeys (W3C Web Authentication): the browser's device signs a challenge; asked of it is that it knows its person.

Values for the page (`options…`) and actions. A challenge is random, lives in the session and is good once. Attestation
is not asked for: which make of device somebody has is nobody's business.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import webauthn
from sqlalchemy import delete, func, select
from webauthn.helpers import exceptions, parse_authentication_credential_json, structs

from saas import audit, outbox
from saas.accounts.models import Account, Passkey
from saas.accounts.queries import account_by_id
from saas.accounts.seconds import SECURED, _fresh_codes, codes_left, settle
from saas.db import action, db, flush_or
from saas.errors import Conflict, Invalid, NotFound
from saas.text import clean_line
from saas.words import _

CHALLENGE_BYTES = 32
MOST = 10
_MILLISECONDS = 180_000
_LONGEST = 20_000
_ASKED = structs.UserVerificationRequirement.REQUIRED
# What the library raises for answers that no browser makes, besides its own: it trusts their shape.
_ODD = (
    exceptions.WebAuthnException,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True)
class Site:
    """Where a page stands, as the browser has it: `host` without port, `origin` with it. `name`: as people say."""

    host: str
    origin: str
    name: str


class WrongKey(Invalid):
    """The device's answer does not prove anything here."""

    code = "wrong-passkey"

    def __init__(self) -> None:
        super().__init__(_("That passkey isn’t known here. Choose another, or another way."))


class KeyKnown(Conflict):
    """The passkey is an account's already."""

    code = "passkey-known"

    def __init__(self) -> None:
        super().__init__(_("This device has a passkey here already."))


class TooManyKeys(Conflict):
    """Nobody needs so many."""

    code = "too-many-passkeys"

    def __init__(self) -> None:
        super().__init__(_("That is enough passkeys. Remove one that you no longer use first."))


class NoSuchKey(NotFound):
    """The account has no such passkey."""

    code = "no-such-passkey"


def new_challenge() -> str:
    """Something nobody can have signed before, in hex."""
    return secrets.token_hex(CHALLENGE_BYTES)


def keys_of(account_id: UUID) -> Sequence[Passkey]:
    """The account's passkeys, oldest first."""
    mine = select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.created_at, Passkey.id)
    return db.session.execute(mine).scalars().all()


def _described(keys: Sequence[Passkey]) -> list[structs.PublicKeyCredentialDescriptor]:
    return [structs.PublicKeyCredentialDescriptor(id=key.credential) for key in keys]


def options_to_add(account: Account, site: Site, challenge: str) -> str:
    """What the browser is given to make a passkey: JSON for `navigator.credentials.create`."""
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_id=account.id.bytes,
        user_name=account.email,
        user_display_name=f"{account.name}, {site.name}",
        challenge=bytes.fromhex(challenge),
        timeout=_MILLISECONDS,
        attestation=structs.AttestationConveyancePreference.NONE,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED, user_verification=_ASKED
        ),
        exclude_credentials=_described(keys_of(account.id)),
    )
    return webauthn.options_to_json(options)


def options_to_ask(site: Site, challenge: str, account_id: UUID | None = None) -> str:
    """What the browser is given to prove a passkey: any that it has for us, or one of this account's."""
    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=bytes.fromhex(challenge),
        timeout=_MILLISECONDS,
        allow_credentials=_described(keys_of(account_id)) if account_id else None,
        user_verification=_ASKED,
    )
    return webauthn.options_to_json(options)


def _hash(credential: bytes) -> str:
    return hashlib.sha256(credential).hexdigest()


@action
def add_key(*, account_id: UUID, answer: str, challenge: str, site: Site, name: str, now: datetime) -> list[str]:
    """Keep a passkey the browser has just made. Returns recovery codes when the account has none yet: shown this once.
    `WrongKey`, `KeyKnown`, `TooManyKeys`."""
    account = account_by_id(account_id, lock=True)
    if len(keys_of(account_id)) >= MOST:
        raise TooManyKeys
    try:
        said = json.loads(answer[:_LONGEST])
        made = webauthn.verify_registration_response(
            credential=said,
            expected_challenge=bytes.fromhex(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except _ODD as error:
        raise WrongKey from error
    row = Passkey(
        account_id=account_id,
        name=clean_line(name, 60) or _("Passkey"),
        credential=made.credential_id,
        credential_hash=_hash(made.credential_id),
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        created_at=now,
    )
    db.session.add(row)
    flush_or({"passkey_tenant_id_credential_hash": KeyKnown, "passkey.credential_hash": KeyKnown})
    account.has_second = True
    outbox.emit("account.mail", run_at=now, what=SECURED, account_id=account_id)
    audit.record("account.second.added", target="account", target_id=account_id, now=now, kind="passkey")
    return [] if codes_left(account_id) else _fresh_codes(account_id)


@action
def remove_key(*, account_id: UUID, key_id: UUID, now: datetime) -> None:
    """Forget one passkey. `NoSuchKey`; `LastSecond` where a second step is asked and there is no other."""
    account = account_by_id(account_id, lock=True)
    gone = db.session.execute(delete(Passkey).where(Passkey.account_id == account_id, Passkey.id == key_id))
    if gone.rowcount != 1:  # type: ignore[attr-defined]
        raise NoSuchKey
    settle(account, now=now)
    outbox.emit("account.mail", run_at=now, what=SECURED, account_id=account_id)
    audit.record("account.second.removed", target="account", target_id=account_id, now=now, kind="passkey")


@action
def prove_key(*, answer: str, challenge: str, site: Site, now: datetime, account_id: UUID | None = None) -> UUID:
    """Whose passkey has signed `challenge`: the account's id (`account_id` given: that account's or nobody's).

    A counter that goes back tells of a copied key and is refused; most devices keep none and say 0.
    """
    try:
        said = parse_authentication_credential_json(answer[:_LONGEST])
    except _ODD as error:
        raise WrongKey from error
    found = select(Passkey).where(Passkey.credential_hash == _hash(said.raw_id))
    row = db.session.execute(found.with_for_update(key_share=True)).scalar_one_or_none()
    if row is None or (account_id is not None and row.account_id != account_id):
        raise WrongKey
    account = account_by_id(row.account_id)
    try:
        proven = webauthn.verify_authentication_response(
            credential=said,
            expected_challenge=bytes.fromhex(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        )
    except _ODD as error:
        raise WrongKey from error
    if not account.active or (said.response.user_handle not in (None, account.id.bytes)):
        raise WrongKey
    row.sign_count, row.last_used_at = proven.new_sign_count, now
    return account.id


def count_keys(account_id: UUID) -> int:
    """How many passkeys the account has."""
    mine = select(func.count()).select_from(Passkey).where(Passkey.account_id == account_id)
    return int(db.session.execute(mine).scalar_one())
