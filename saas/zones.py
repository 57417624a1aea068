"""Local time, remembered: a page of openings asks for the same few hundred instants again and again. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    # Two of its files are no place's time: the server's own clock, and "nobody has said yet".
    return frozenset(available_timezones() - {"localtime", "Factory"})


def is_zone(name: str) -> bool:
    """Whether this is an IANA time zone, without a walk over the disk each time."""
    return name in _known()


@lru_cache(maxsize=1 << 16)
def local(epoch: int, tz: str) -> datetime:
    """The instant `epoch` (seconds, UTC) on the clock of `tz`."""
    return datetime.fromtimestamp(epoch, UTC).astimezone(ZoneInfo(tz))


@lru_cache(maxsize=1 << 16)
def local_date(epoch: int, tz: str) -> date:
    """The date that clock shows."""
    return local(epoch, tz).date()


@lru_cache(maxsize=1 << 16)
def local_iso(epoch: int, tz: str) -> str:
    """The same as text, with its offset."""
    return local(epoch, tz).isoformat()
