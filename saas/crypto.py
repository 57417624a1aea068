"""Keys derived from the one secret, and keyed hashes. Sealing joins this file with the intake."""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from saas.errors import DomainError


class NoSecret(DomainError):
    """Keys were asked for before `install` gave the secret: a fault in how the process was started."""

    status = 500
    code = "no-secret"


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
