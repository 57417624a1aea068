"""The contour lines that move and then settle: hero, progress mark and confirmation. Pure.

Craniosacral work speaks of a tide and a still point. The same wave is drawn in three places only.
Paths are SVG path data made of smooth cubic pieces, a fifth of the weight of short straight ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Line:
    """One contour line: SVG path data and its opacity, 0 to 1."""

    path: str
    opacity: float


@dataclass(frozen=True)
class _Wave:
    """A sine of `turns` over `width`, `high` at its start, that fades out around `still` (0..1)."""

    width: int
    middle: float
    high: float
    turns: float
    phase: float
    still: float
    fade: float

    def at(self, x: float) -> float:
        u = x / self.width
        envelope = (1 - 0.25 * u) / (1 + math.exp((u - self.still) / (self.fade / 4)))
        wave = math.sin(self.turns * u * math.tau + self.phase)
        return self.middle + self.high * envelope * wave

    def path(self, step: int) -> str:
        """Hermite pieces `step` wide; `step` and two thirds of it are whole numbers, and `width` a multiple."""

        def slope(x: float) -> float:
            return (self.at(x + 0.5) - self.at(x - 0.5)) * step / 3

        y = self.at(0)
        first = self.at(step)
        parts = [f"M0 {y:.1f}"]
        parts.append(f"C{step // 3} {y + slope(0):.1f} {step * 2 // 3} {first - slope(step):.1f} {step} {first:.1f}S")
        points = []
        for x in range(2 * step, self.width + 1, step):
            end = self.at(x)
            points.append(f"{x - step // 3} {end - slope(x):.1f} {x} {end:.1f}")
        return "".join(parts) + " ".join(points)


@cache
def hero() -> tuple[Line, ...]:
    """The landing page's fifteen lines, in a view box of 1440 by 300."""
    lines = []
    for i in range(15):
        t = i / 14
        wave = _Wave(
            width=1440,
            middle=118 + 172 * t**1.25,
            high=9 + 25 * t,
            turns=3.1 - 1.1 * t,
            phase=i * 0.42,
            still=0.56 + 0.06 * math.sin(i),
            fade=0.34,
        )
        lines.append(Line(wave.path(36), round(0.25 + 0.75 * t, 2)))
    return tuple(lines)


@cache
def still() -> tuple[str, ...]:
    """The three settled lines under a booking's date, in a view box of 720 by 28."""
    return tuple(_Wave(720, 10 + 5 * i, 4.5, 3, i * 0.6, 0.55, 0.3).path(24) for i in range(3))


@cache
def progress() -> str:
    """The line that settles as a booking goes on, in a view box of 348 by 24."""
    return _Wave(348, 12, 9, 5, 0, 0.62, 0.5).path(12)
