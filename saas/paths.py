"""Which addresses a visitor may be sent on to: only ones of the clinic they are at. Pure."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

_LIMIT = 2000


def is_own(target: str, prefix: str) -> bool:
    """Whether `target` is a path under `prefix` (the clinic's script name; "" where a host is all its own).

    Refused: other sites in every spelling browsers accept (scheme, `//`, backslashes, control characters), steps up
    (`..`, however encoded), and, where the prefix is empty, the clinics below `/c/`.
    """
    if len(target) > _LIMIT or not target.startswith(f"{prefix}/") or target.startswith("//"):
        return False
    if any(ord(c) <= 32 or ord(c) == 127 or c == "\\" for c in target):
        return False
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return False
    plain = unquote(unquote(parts.path))
    if "\\" in plain or "//" in plain or any(ord(c) < 32 for c in plain):
        return False
    segments = plain.removeprefix(prefix).split("/")
    if ".." in segments or "." in segments:
        return False
    return bool(prefix) or segments[1] != "c"
