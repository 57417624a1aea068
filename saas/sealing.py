"""Sealing: what clients write and where they live is kept under a key of their own, which can be destroyed.

**Who holds what.** A master key, outside every database (`LONGTIDE_MASTER_KEYS`, newest first), wraps a tenant's key,
which wraps a key for each client; both lie wrapped in the key store (`keystore.py`). The client's key seals values:
AES-256-GCM, a random nonce, and as associated data the tenant and what the value is (`about`: "table|column|row id"),
so that a value opens in no other place. Destroying a client's key makes all that it sealed unreadable, in backups too.

A key that was asked for is remembered for `REMEMBERED_SECONDS`: so long may another process still read what was
erased here, and no longer.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import Flask, current_app

from saas import clock
from saas.config import Settings
from saas.crypto import NotSealedHere
from saas.errors import Gone
from saas.keystore import KeyStore, KeysUnavailable
from saas.tenancy import current_tenant
from saas.words import _

REMEMBERED_SECONDS = 2.0
_REMEMBERED = 2048
_VERSION = b"\x01"
_KEY_ID = 4
_NONCE = 12
_HEAD = 1 + _KEY_ID + _NONCE
_KEY = 32
_EXTENSION = "longtide_keys"


class KeyErased(Gone):
    """The key of this client was destroyed: what it sealed is gone for good, and nothing more is sealed for them."""

    code = "key-erased"

    def __init__(self) -> None:
        super().__init__(_("This was erased. Nobody can read it any more"))


@dataclass(frozen=True)
class _Key:
    cipher: AESGCM
    id: bytes
    until: float


class Keyring:
    """All keys of an installation: the store, the master keys by id (newest first), and what was used a moment ago."""

    def __init__(self, store: KeyStore, masters: Mapping[str, bytes]) -> None:
        self.store = store
        self._masters = {name: AESGCM(key) for name, key in masters.items()}
        self._newest = next(iter(masters))
        self._tenants: dict[UUID, _Key] = {}
        self._clients: dict[tuple[UUID, UUID], _Key] = {}

    def seal(self, tenant_id: UUID, subject: UUID, about: str, data: bytes) -> bytes:
        """See `seal` below."""
        key, nonce = self._client(tenant_id, subject, make=True), os.urandom(_NONCE)
        return _VERSION + key.id + nonce + key.cipher.encrypt(nonce, data, _bound(tenant_id, about))

    def unseal(self, tenant_id: UUID, subject: UUID, about: str, sealed: bytes) -> bytes:
        """See `unseal` below."""
        key = self._client(tenant_id, subject, make=False)
        if sealed[: 1 + _KEY_ID] != _VERSION + key.id:
            raise NotSealedHere
        return _opened(key.cipher, sealed[1 + _KEY_ID :], _bound(tenant_id, about))

    def make(self, tenant_id: UUID, subjects: Iterable[UUID]) -> None:
        """Keys for all of `subjects` that have none, in few writes, durable when this returns."""
        wanted = list(subjects)
        there = {subject for subject, _kept in self.store.client_keys(tenant_id, wanted)}
        self._add(tenant_id, [one for one in wanted if one not in there])

    def fetch(self, tenant_id: UUID, subjects: Iterable[UUID]) -> None:
        """The keys of all of `subjects` at hand, asked for together."""
        for subject, wrapped in self.store.client_keys(tenant_id, subjects):
            if wrapped is not None:
                self._remember(tenant_id, subject, self._unwrapped(tenant_id, subject, wrapped))

    def destroy(self, tenant_id: UUID, subject: UUID) -> None:
        """See `destroy_key` below."""
        try:
            self.store.destroy_client_key(tenant_id, subject)
        finally:
            self._clients.pop((tenant_id, subject), None)

    def has(self, tenant_id: UUID, subject: UUID) -> bool:
        """See `has_key` below."""
        return any(wrapped is not None for _subject, wrapped in self.store.client_keys(tenant_id, [subject]))

    def rotate(self) -> int:
        """Wrap every tenant's key under the newest master key; how many were under another. No data is touched."""
        turned = 0
        for tenant_id, master_id, wrapped in self.store.tenant_keys():
            if master_id == self._newest:
                continue
            plain = self._under_master(tenant_id, master_id, wrapped)
            again = _closed(self._masters[self._newest], plain, _tenants(tenant_id))
            self.store.rewrap_tenant_key(tenant_id, was=wrapped, master_id=self._newest, wrapped=again)
            turned += 1
        if turned:
            self.store.clear_remains("tenant_key")  # or who stole the old master key would find what it opens
        return turned

    def check(self) -> Iterator[str]:
        """A sentence for each key that cannot be opened; asks for every key there is."""
        for tenant_id, master_id, wrapped in self.store.tenant_keys():
            try:
                self._under_master(tenant_id, master_id, wrapped)
            except KeysUnavailable as error:
                yield error.why
                continue
            for subject, kept in self.store.all_client_keys(tenant_id):
                try:
                    if kept is not None:
                        self._unwrapped(tenant_id, subject, kept)
                except KeysUnavailable as error:
                    yield error.why

    def _client(self, tenant_id: UUID, subject: UUID, *, make: bool) -> _Key:
        known = self._clients.get((tenant_id, subject))
        if known is not None and known.until > clock.monotonic():
            return known
        kept = self._kept(tenant_id, subject)
        if not kept and make:
            self._add(tenant_id, [subject])
            kept = self._kept(tenant_id, subject)  # what stands: another process may have been first
        if not kept:
            raise KeysUnavailable(f"the key store has no key of client {subject} of tenant {tenant_id}")
        (wrapped,) = kept
        if wrapped is None:
            raise KeyErased
        return self._remember(tenant_id, subject, self._unwrapped(tenant_id, subject, wrapped))

    def _kept(self, tenant_id: UUID, subject: UUID) -> list[bytes | None]:
        return [wrapped for _subject, wrapped in self.store.client_keys(tenant_id, [subject])]

    def _add(self, tenant_id: UUID, subjects: list[UUID]) -> None:
        own = self._tenant(tenant_id, make=True)
        made = [(one, _closed(own.cipher, os.urandom(_KEY), _clients(tenant_id, one))) for one in subjects]
        self.store.add_client_keys(tenant_id, made)

    def _unwrapped(self, tenant_id: UUID, subject: UUID, wrapped: bytes) -> bytes:
        try:
            return _opened(self._tenant(tenant_id, make=False).cipher, wrapped, _clients(tenant_id, subject))
        except NotSealedHere as error:
            raise KeysUnavailable(f"the key of client {subject} of tenant {tenant_id} was changed") from error

    def _remember(self, tenant_id: UUID, subject: UUID, plain: bytes) -> _Key:
        if len(self._clients) >= _REMEMBERED:
            self._clients.clear()
        key = self._clients[tenant_id, subject] = _key(plain)
        return key

    def _tenant(self, tenant_id: UUID, *, make: bool) -> _Key:
        known = self._tenants.get(tenant_id)
        if known is not None and known.until > clock.monotonic():
            return known
        kept = self.store.tenant_key(tenant_id)
        if kept is None and make:
            wrapped = _closed(self._masters[self._newest], os.urandom(_KEY), _tenants(tenant_id))
            self.store.add_tenant_key(tenant_id, self._newest, wrapped)
            kept = self.store.tenant_key(tenant_id)
        if kept is None:
            raise KeysUnavailable(f"the key store has no key of tenant {tenant_id}")
        if len(self._tenants) >= _REMEMBERED:
            self._tenants.clear()
        key = self._tenants[tenant_id] = _key(self._under_master(tenant_id, *kept))
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


def _key(plain: bytes) -> _Key:
    known_by = hashlib.sha256(b"longtide key id|" + plain).digest()[:_KEY_ID]
    return _Key(AESGCM(plain), known_by, clock.monotonic() + REMEMBERED_SECONDS)


def _bound(tenant_id: UUID, about: str) -> bytes:
    return tenant_id.bytes + b"|" + about.encode()


def _tenants(tenant_id: UUID) -> bytes:
    return _bound(tenant_id, "tenant key")


def _clients(tenant_id: UUID, subject: UUID) -> bytes:
    return _bound(tenant_id, f"client key|{subject.hex}")


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
    """Keys for many new clients at once, durable when this returns: one by one each would wait for the disk."""
    keyring().make(current_tenant().id, subjects)


def fetch_keys(subjects: Iterable[UUID]) -> None:
    """The keys of the clients of a list at hand with one question, before their values are unsealed one by one."""
    keyring().fetch(current_tenant().id, subjects)


def has_key(*, subject: UUID) -> bool:
    """Whether this client has a key that was not destroyed."""
    return keyring().has(current_tenant().id, subject)


def destroy_key(*, subject: UUID) -> None:
    """Destroy a client's key for good: what it sealed can be read nowhere any more, not in a backup of the data either.

    It cannot be taken back, and the key store knows nothing of the database's transactions: first commit the action
    that takes the rows away, then call this (an effect of the outbox). A second call does no harm, and finishes the
    first when that could not (`KeysUnavailable`). A tombstone stays: nobody makes a key for this client again.
    """
    keyring().destroy(current_tenant().id, subject)
