"""Which device somebody sits at, in two words, and whether it has been here before. Pure.

A device that logged in keeps a mark: a keyed hash of the account and of what its sessions are called. It says only
"this account has logged in here"; nothing is stored about the device, and a new password makes every mark void.
"""

from __future__ import annotations

from collections.abc import Iterable

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrom", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)
KEPT_MARKS = 6


def device_of(agent: str) -> str:
    """`Firefox|Linux`: browser and system as their makers name them, each empty when it is none that we know."""
    said = agent[:400]
    browser = next((name for sign, name in _BROWSERS if sign in said), "")
    system = next((name for sign, name in _SYSTEMS if sign in said), "")
    return f"{browser}|{system}"


def with_mark(marks: Iterable[str], mark: str) -> list[str]:
    """The marks a device keeps: this one first, a few others (several people share the desk's computer)."""
    return [mark, *(other for other in marks if other and other != mark)][:KEPT_MARKS]
