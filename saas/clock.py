"""The only caller of the system clock. Everything below a page takes `now` as an argument."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds on a clock that never goes back; for measuring how long something took."""
    return time.monotonic()


def epoch_millis() -> int:
    """Whole milliseconds since 1970: the sorting part of an id."""
    return time.time_ns() // 1_000_000
