"""Keys derived from the one secret, keyed hashes, and small secrets sealed under a derived key.

What clients write is not sealed with these: those keys are kept, rotated and destroyed (`sealing.py`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from saas.errors import DomainError


class NoSecret(DomainError):
    """Keys were asked for before `install` gave the secret: a fault in how the process was started."""

    status = 500
    code = "no-secret"


class NotSealedHere(DomainError):
    """A sealed value was opened with another key, for another row, or it was changed: the secret is not the one it was
    sealed with."""

    status = 500
    code = "not-sealed-here"


_NONCE = 12
_secret: list[str] = []


def install(secret: str) -> None:
    """Give this process the secret that every key is derived from. Called once, by the app."""
    _secret[:] = [secret]
    derived_key.cache_clear()


@lru_cache(maxsize=4096)
def derived_key(label: str, tenant_id: UUID | None) -> bytes:
    """32 bytes bound to `label` and the tenant (RFC 5869). Independent of any master-key rotation."""
    if not _secret:
        raise NoSecret
    salt = tenant_id.bytes if tenant_id else b"platform"
    return HKDF(SHA256(), 32, salt, b"longtide|" + label.encode()).derive(_secret[0].encode())


def keyed_hash(label: str, tenant_id: UUID | None, text: str) -> str:
    """HMAC-SHA256 of `text` under the tenant's key for `label`, in hex: for look-up by equality."""
    return hmac.new(derived_key(label, tenant_id), text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def same(a: str, b: str) -> bool:
    """Constant-time comparison of two texts."""
    return hmac.compare_digest(a.encode("utf-8", "surrogatepass"), b.encode("utf-8", "surrogatepass"))


def seal(label: str, tenant_id: UUID | None, about: str, data: bytes) -> str:
    """`data` under the tenant's key for `label` (AES-256-GCM, random nonce), bound to `about`: whose row it is in."""
    nonce = os.urandom(_NONCE)
    sealed = AESGCM(derived_key(label, tenant_id)).encrypt(nonce, data, about.encode())
    return base64.urlsafe_b64encode(nonce + sealed).decode()


def unseal(label: str, tenant_id: UUID | None, about: str, sealed: str) -> bytes:
    """What `seal` was given; `NotSealedHere` when that cannot be."""
    try:
        raw = base64.urlsafe_b64decode(sealed)
        return AESGCM(derived_key(label, tenant_id)).decrypt(raw[:_NONCE], raw[_NONCE:], about.encode())
    except (InvalidTag, ValueError) as error:
        raise NotSealedHere from error
