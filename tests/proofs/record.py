"""What a proof saw, for the table of `make prove`: a line of JSON for each figure.

Proofs run small and with fixed seeds in the daily tests, and at the size that the issue names with `LONGTIDE_PROVE=1`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

PROVE = os.environ.get("LONGTIDE_PROVE") == "1"
FILE = "PROOFS_FILE"


def sized(small: int, full: int) -> int:
    """The size of this run."""
    return full if PROVE else small


def show(line: str, *, seen: str, bound: str, ok: bool) -> None:
    """Note what was seen beside what was promised, then insist on it."""
    note(line, seen=seen, bound=bound, ok=ok)
    assert ok, f"{line}: saw {seen}, promised {bound}"


def note(line: str, *, seen: str, bound: str = "", ok: bool = True) -> None:
    """Note a figure. `bound` "" promises nothing: it is only told."""
    file = os.environ.get(FILE)
    if file:
        with Path(file).open("a", encoding="utf-8") as out:
            out.write(json.dumps({"line": line, "seen": seen, "bound": bound, "ok": ok}) + "\n")


def show_swift(line: str, seconds: Sequence[float], *, bound_ms: int) -> None:
    """The 99th percentile against its bound. Only the full size insists: the daily tests share their processors with
    whatever else the machine does, and a race of 16 says little about one of 64."""
    p50, p99, most = rank(seconds, 50), rank(seconds, 99), max(seconds) * 1000
    seen = f"p50 {p50:.0f}, p99 {p99:.0f}, most {most:.0f} ms (n={len(seconds)})"
    ok = p99 <= bound_ms
    note(line, seen=seen, bound=f"p99 <= {bound_ms} ms", ok=ok)
    assert ok or not PROVE, f"{line}: saw {seen}, promised p99 <= {bound_ms} ms"


def rank(seconds: Sequence[float], percent: int) -> float:
    """The nearest-rank percentile, in milliseconds."""
    ordered = sorted(seconds)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] * 1000
