"""Sealing: what clients write and where they live is kept under a key of their own, which can be destroyed.

**Who holds what.** A master key, outside every database (`LONGTIDE_MASTER_KEYS`, newest first), wraps a tenant's key,
which wraps a key for each client; both lie wrapped in the key store (`keystore.py`). The client's key seals values:
AES-256-GCM, a random nonce, and as associated data the tenant and what the value is (`about`: "table|column|row id"),
so that a value opens in no other place. Destroying a client's key makes all that it sealed unreadable, in backups too.

A key that was asked for is remembered for `REMEMBERED_SECONDS`: so long may another process still read what was
erased here, and no longer.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import Flask, current_app

from saas import clock
from saas.config import Settings
from saas.crypto import NotSealedHere
from saas.errors import Gone
from saas.keystore import KeptKey, KeyStore, KeysUnavailable
from saas.tenancy import current_tenant
from saas.words import _

REMEMBERED_SECONDS = 2.0
_REMEMBERED = 1024
_VERSION = b"\x01"
_KEY_ID = 8
_NONCE = 12
_KEY = 32
_ERASED = b""
_EXTENSION = "longtide_keys"


class KeyErased(Gone):
    """The key of this client was destroyed: what it sealed is gone for good, and nothing more is sealed for them."""

    code = "key-erased"

    def __init__(self) -> None:
        super().__init__(_("This was erased. Nobody can read it any more"))


@dataclass(frozen=True)
class _TenantKey:
    cipher: AESGCM
    until: float


@dataclass(frozen=True)
class _ClientKeys:
    """What opens a client's values, by the key's id (None: destroyed), and the one that seals, with its id: never one
    that was adopted, which may be destroyed with somebody else's."""

    by_id: Mapping[bytes, AESGCM | None]
    own: tuple[bytes, AESGCM] | None
    until: float


class Keyring:
    """All keys of an installation: the store, the master keys by id (newest first), and what was used a moment ago."""

    def __init__(self, store: KeyStore, masters: Mapping[str, bytes]) -> None:
        self.store = store
        self._masters = {name: AESGCM(key) for name, key in masters.items()}
        self.newest = next(iter(masters))
        self._tenants: dict[UUID, _TenantKey] = {}
        self._clients: dict[tuple[UUID, UUID], _ClientKeys] = {}
        self._clients_before: dict[tuple[UUID, UUID], _ClientKeys] = {}

    def seal(self, tenant_id: UUID, subject: UUID, about: str, data: bytes) -> bytes:
        """See `seal` below."""
        key_id, cipher = self._sealing(tenant_id, subject)
        nonce = os.urandom(_NONCE)
        return _VERSION + key_id + nonce + cipher.encrypt(nonce, data, _bound(tenant_id, about))

    def unseal(self, tenant_id: UUID, subject: UUID, about: str, sealed: bytes) -> bytes:
        """See `unseal` below."""
        if sealed[:1] != _VERSION:
            raise NotSealedHere
        key_id = sealed[1 : 1 + _KEY_ID]
        known = self.at_hand(tenant_id, subject)
        if known is None or key_id not in known.by_id:  # another process may have added one a moment ago
            known = self._fetched(tenant_id, subject)
        if known is None:
            raise KeysUnavailable(f"the key store has no key of client {subject} of tenant {tenant_id}")
        if _ERASED not in known.by_id and key_id not in known.by_id:
            raise NotSealedHere
        cipher = None if _ERASED in known.by_id else known.by_id[key_id]
        if cipher is None:
            raise KeyErased
        return _opened(cipher, sealed[1 + _KEY_ID :], _bound(tenant_id, about))

    def make(self, tenant_id: UUID, subjects: Iterable[UUID]) -> None:
        """A new key for each of `subjects`, in few writes, durable when this returns."""
        own = self._tenant(tenant_id, make=True)
        made = [(one, os.urandom(_KEY_ID), os.urandom(_KEY)) for one in subjects]
        self.store.add_client_keys(tenant_id, [_wrapped(own, tenant_id, *one) for one in made])
        for subject, key_id, key in made:
            cipher = AESGCM(key)
            self._remember(tenant_id, subject, {key_id: cipher}, (key_id, cipher))

    def fetch(self, tenant_id: UUID, subjects: Iterable[UUID]) -> None:
        """The keys of all of `subjects` at hand, asked for together."""
        found: dict[UUID, dict[bytes, AESGCM | None]] = {}
        own: dict[UUID, tuple[bytes, AESGCM]] = {}
        for kept in self.store.client_keys(tenant_id, subjects):
            cipher = found.setdefault(kept.subject, {})[kept.id] = self._cipher(tenant_id, kept)
            if cipher is not None and not kept.adopted:
                own.setdefault(kept.subject, (kept.id, cipher))
        for subject, by_id in found.items():
            self._remember(tenant_id, subject, by_id, own.get(subject))

    def at_hand(self, tenant_id: UUID, subject: UUID) -> _ClientKeys | None:
        """The client's keys, if they were used a moment ago; else they have to be asked for."""
        known = self._clients.get((tenant_id, subject)) or self._clients_before.get((tenant_id, subject))
        return known if known is not None and known.until > clock.monotonic() else None

    def adopt(self, tenant_id: UUID, subject: UUID, other: UUID) -> None:
        """See `adopt_keys` below."""
        own = self._tenant(tenant_id, make=True)
        copies = [
            replace(
                _wrapped(own, tenant_id, subject, kept.id, self._plain(tenant_id, kept, kept.wrapped)), adopted=True
            )
            for kept in self.store.client_keys(tenant_id, [other])
            if kept.wrapped is not None
        ]
        self.store.add_client_keys(tenant_id, copies)
        self._forget(tenant_id, subject)

    def destroy(self, tenant_id: UUID, subjects: Sequence[UUID]) -> None:
        """See `destroy_key` below."""
        try:
            self.store.destroy_client_keys(tenant_id, subjects)
        finally:
            self._clients, self._clients_before = {}, {}  # others may have held a copy

    def has(self, tenant_id: UUID, subject: UUID) -> bool:
        """See `has_key` below."""
        found = list(self.store.client_keys(tenant_id, [subject]))
        erased = any(kept.id == _ERASED for kept in found)
        return not erased and any(kept.wrapped is not None for kept in found)

    def rotate(self) -> int:
        """Wrap every tenant's key under the newest master key; how many were under another. No data is touched."""
        turned = 0
        for tenant_id, master_id, wrapped in self.store.tenant_keys():
            if master_id == self.newest:
                continue
            plain = self._under_master(tenant_id, master_id, wrapped)
            again = _closed(self._masters[self.newest], plain, _tenants(tenant_id))
            self.store.rewrap_tenant_key(tenant_id, was=wrapped, master_id=self.newest, wrapped=again)
            turned += 1
        if turned:
            self.store.clear_remains("tenant_key")  # or who stole the old master key would find what it opens
        return turned

    def check(self, *, clients: bool = True) -> Iterator[str]:
        """A sentence for each key that cannot be opened, of tenants and, if wanted, of all their clients."""
        for tenant_id, master_id, wrapped in self.store.tenant_keys():
            try:
                self._under_master(tenant_id, master_id, wrapped)
            except KeysUnavailable as error:
                yield error.why
                continue
            for kept in self.store.all_client_keys(tenant_id) if clients else ():
                try:
                    self._cipher(tenant_id, kept)
                except KeysUnavailable as error:
                    yield error.why

    def _sealing(self, tenant_id: UUID, subject: UUID) -> tuple[bytes, AESGCM]:
        known = self.at_hand(tenant_id, subject) or self._fetched(tenant_id, subject)
        if known is not None and _ERASED in known.by_id:
            raise KeyErased
        if known is None or known.own is None:
            self.make(tenant_id, [subject])
            known = self._fetched(tenant_id, subject)
        if known is None or known.own is None:
            raise KeyErased  # by another process, a moment ago
        return known.own

    def _fetched(self, tenant_id: UUID, subject: UUID) -> _ClientKeys | None:
        self._forget(tenant_id, subject)
        self.fetch(tenant_id, [subject])
        return self.at_hand(tenant_id, subject)

    def _cipher(self, tenant_id: UUID, kept: KeptKey) -> AESGCM | None:
        return None if kept.wrapped is None else AESGCM(self._plain(tenant_id, kept, kept.wrapped))

    def _plain(self, tenant_id: UUID, kept: KeptKey, wrapped: bytes) -> bytes:
        try:
            return _opened(
                self._tenant(tenant_id, make=False).cipher, wrapped, _place(tenant_id, kept.subject, kept.id)
            )
        except NotSealedHere as error:
            raise KeysUnavailable(f"the key of client {kept.subject} of tenant {tenant_id} was changed") from error

    def _remember(
        self, tenant_id: UUID, subject: UUID, by_id: Mapping[bytes, AESGCM | None], own: tuple[bytes, AESGCM] | None
    ) -> None:
        if len(self._clients) >= _REMEMBERED:
            self._clients, self._clients_before = {}, self._clients
        self._clients[tenant_id, subject] = _ClientKeys(by_id, own, clock.monotonic() + REMEMBERED_SECONDS)

    def _forget(self, tenant_id: UUID, subject: UUID) -> None:
        for known in (self._clients, self._clients_before):
            known.pop((tenant_id, subject), None)

    def _tenant(self, tenant_id: UUID, *, make: bool) -> _TenantKey:
        known = self._tenants.get(tenant_id)
        if known is not None and known.until > clock.monotonic():
            return known
        kept = self.store.tenant_key(tenant_id)
        if kept is None and make:
            wrapped = _closed(self._masters[self.newest], os.urandom(_KEY), _tenants(tenant_id))
            self.store.add_tenant_key(tenant_id, self.newest, wrapped)
            kept = self.store.tenant_key(tenant_id)
        if kept is None:
            raise KeysUnavailable(f"the key store has no key of tenant {tenant_id}")
        if len(self._tenants) >= _REMEMBERED:
            self._tenants.clear()
        cipher = AESGCM(self._under_master(tenant_id, *kept))
        key = self._tenants[tenant_id] = _TenantKey(cipher, clock.monotonic() + REMEMBERED_SECONDS)
        return key

    def _under_master(self, tenant_id: UUID, master_id: str, wrapped: bytes) -> bytes:
        master = self._masters.get(master_id)
        if master is None:
            raise KeysUnavailable(
                f"LONGTIDE_MASTER_KEYS lacks {master_id}, which the key of tenant {tenant_id} is under"
            )
        try:
            return _opened(master, wrapped, _tenants(tenant_id))
        except NotSealedHere as error:
            raise KeysUnavailable(
                f"the key of tenant {tenant_id} is not under {master_id} of LONGTIDE_MASTER_KEYS"
            ) from error


def _bound(tenant_id: UUID, about: str) -> bytes:
    return tenant_id.bytes + b"|" + about.encode()


def _tenants(tenant_id: UUID) -> bytes:
    return _bound(tenant_id, "tenant key")


def _place(tenant_id: UUID, subject: UUID, key_id: bytes) -> bytes:
    return _bound(tenant_id, f"client key|{subject.hex}|{key_id.hex()}")


def _wrapped(own: _TenantKey, tenant_id: UUID, subject: UUID, key_id: bytes, key: bytes) -> KeptKey:
    return KeptKey(subject, key_id, _closed(own.cipher, key, _place(tenant_id, subject, key_id)))


def _closed(cipher: AESGCM, data: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + cipher.encrypt(nonce, data, bound)


def _opened(cipher: AESGCM, closed: bytes, bound: bytes) -> bytes:
    try:
        return cipher.decrypt(closed[:_NONCE], closed[_NONCE:], bound)
    except (InvalidTag, ValueError) as error:
        raise NotSealedHere from error


def init_app(app: Flask, settings: Settings) -> None:
    """Give the app its keyring. Opens nothing yet."""
    app.extensions[_EXTENSION] = Keyring(KeyStore(settings.key_store), settings.masters())


def keyring() -> Keyring:
    """The running app's keyring: for commands and migrations, which name the tenant themselves."""
    found: Keyring = current_app.extensions[_EXTENSION]
    return found


def seal(*, subject: UUID, about: str, data: bytes) -> bytes:
    """`data` under the key of the client `subject` of the entered tenant, bound to `about` ("table|column|row id").

    Somebody's first value makes their key, which is durable before this returns: a transaction that is rolled back
    leaves a key without rows, never rows without a key. `KeyErased` for whoever was erased, `KeysUnavailable`.
    """
    return keyring().seal(current_tenant().id, subject, about, data)


def unseal(*, subject: UUID, about: str, sealed: bytes) -> bytes:
    """What `seal` was given.

    `KeyErased` when the key was destroyed, `NotSealedHere` when the value was changed or belongs to another row,
    `KeysUnavailable` when the key cannot be had now.
    """
    return keyring().unseal(current_tenant().id, subject, about, sealed)


def seal_text(*, subject: UUID, about: str, text: str) -> bytes:
    """`seal` for a text."""
    return seal(subject=subject, about=about, data=text.encode("utf-8", "surrogatepass"))


def unseal_text(*, subject: UUID, about: str, sealed: bytes) -> str:
    """What `seal_text` was given."""
    return unseal(subject=subject, about=about, sealed=sealed).decode("utf-8", "surrogatepass")


def seal_value(*, subject: UUID, about: str, value: Any) -> bytes:
    """`seal` for what JSON can say; keys are sorted."""
    plain = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return seal_text(subject=subject, about=about, text=plain)


def unseal_value(*, subject: UUID, about: str, sealed: bytes) -> Any:
    """What `seal_value` was given."""
    return json.loads(unseal_text(subject=subject, about=about, sealed=sealed))


def make_keys(subjects: Iterable[UUID]) -> None:
    """Keys for clients who are new, durable when this returns: for many, one by one would wait for the disk each time;
    for one, it saves the question whether there is a key."""
    keyring().make(current_tenant().id, subjects)


def fetch_keys(subjects: Iterable[UUID]) -> None:
    """The keys of the clients of a list at hand with one question, before their values are unsealed one by one."""
    keyring().fetch(current_tenant().id, subjects)


def adopt_keys(*, subject: UUID, of: UUID) -> None:
    """From now on all that was sealed for `of` opens for `subject` too, and is destroyed with the keys of either.

    Durable when this returns. For what was typed before it was known who it is (sealed for the booking), and for two
    records of one person (sealed for the one that goes).
    """
    keyring().adopt(current_tenant().id, subject, of)


def has_key(*, subject: UUID) -> bool:
    """Whether this client has a key that was not destroyed."""
    return keyring().has(current_tenant().id, subject)


def erased_subjects() -> list[UUID]:
    """Whose keys were destroyed: where older data was restored, their names and hashes are to be erased once more."""
    tenant_id = current_tenant().id
    return [kept.subject for kept in keyring().store.all_client_keys(tenant_id) if kept.id == _ERASED]


def destroy_key(*, subject: UUID) -> None:
    """Destroy a client's key for good: what it sealed can be read nowhere any more, not in a backup of the data either.

    It cannot be taken back, and the key store knows nothing of the database's transactions: first commit the action
    that takes the rows away, then call this (an effect of the outbox). A second call does no harm, and finishes the
    first when that could not (`KeysUnavailable`). A tombstone stays: nobody makes a key for this client again.
    """
    destroy_keys([subject])


def destroy_keys(subjects: Iterable[UUID]) -> None:
    """`destroy_key` for several at once."""
    keyring().destroy(current_tenant().id, list(subjects))
