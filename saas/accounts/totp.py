"""Codes of an authenticator app: time-based one-time passwords (RFC 6238: SHA-1, six digits, thirty seconds). Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import datetime
from urllib.parse import quote

DIGITS = 6
SECONDS = 30
SECRET_BYTES = 20


def step_of(now: datetime) -> int:
    """The time step that `now` lies in."""
    return int(now.timestamp()) // SECONDS


def code_at(secret: bytes, step: int) -> str:
    """The code of one time step (RFC 4226 §5.3)."""
    digest = hmac.new(secret, step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 0xF
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def digits(typed: str) -> str:
    """What somebody typed, without the spaces that apps show; empty when it is no code."""
    found = re.sub(r"\s", "", typed[:40])
    return found if re.fullmatch(rf"[0-9]{{{DIGITS}}}", found) else ""


def matching_step(secret: bytes, typed: str, *, now: datetime, last: int | None) -> int | None:
    """The step whose code this is: now, the one before or the one after (clocks differ), and none up to `last`, which
    was used already. None when it is no such code."""
    code, here = digits(typed), step_of(now)
    found = None
    for step in (here - 1, here, here + 1):
        # Every step is compared, so that the time it takes tells nothing.
        if hmac.compare_digest(code_at(secret, step), code) and (last is None or step > last):
            found = step
    return found


def spoken(secret: bytes) -> str:
    """The secret as it is typed into an app that cannot read the picture: base32 in groups of four."""
    text = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def address(secret: bytes, *, home: str, account: str) -> str:
    """The `otpauth:` address in the picture. `home`: whose log-in it is; `account`: the e-mail."""
    key = base64.b32encode(secret).decode().rstrip("=")
    return f"otpauth://totp/{quote(home)}:{quote(account)}?secret={key}&issuer={quote(home)}"
