"""Charts as shapes: bars on a grid, computed here and drawn by `templates/components/chart.html` as SVG. Pure.

No script and no picture: a chart is a handful of rectangles beside the table that says the same in numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 260
_LEFT, _TOP, _BOTTOM = 84, 14, 34
_MOST_TICKS = 5
_FEW_LABELS = 8
_MOST_LABELS = 31
_THIN = 0.5


@dataclass(frozen=True)
class Series:
    """One quantity over all columns: minus goes below the line. `values` has one number for each label."""

    name: str
    values: Sequence[int]


@dataclass(frozen=True)
class Bar:
    """A rectangle in the units of the drawing. `series` is its place in the legend; `says`, what it stands for."""

    x: float
    y: float
    width: float
    height: float
    series: int
    says: str


@dataclass(frozen=True)
class Tick:
    """A line of the grid, and what it means."""

    y: float
    text: str


@dataclass(frozen=True)
class Label:
    """The name of a column, at its middle. A `minor` one is left out where there is little room."""

    x: float
    text: str
    minor: bool


@dataclass(frozen=True)
class Chart:
    """A drawing of `width` by `height`, its columns from `left` on; `zero` is where nothing is. `names`: the legend, in
    the order of the series."""

    width: int
    height: int
    left: int
    zero: float
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    labels: tuple[Label, ...]
    names: tuple[str, ...]

    @property
    def label_y(self) -> int:
        """Where the columns' names stand."""
        return self.height - 6


def bars(labels: Sequence[str], series: Sequence[Series], say: Callable[[int], str]) -> Chart:
    """A column for each label with the series on top of each other; minus values hang below the line.

    `say` writes a value for people ("£80"). Of more than 31 columns only some are named.
    """
    most = max([0, *(_above(series, n) for n in range(len(labels)))])
    least = min([0, *(_below(series, n) for n in range(len(labels)))])
    step = nice_step(most - least)
    top, bottom = -(-most // step) * step, least // step * step
    if top == bottom:
        top = bottom + step
    scale = (HEIGHT - _TOP - _BOTTOM) / (top - bottom)

    def y_of(value: int) -> float:
        return round(_TOP + (top - value) * scale, 2)

    ticks = tuple(Tick(y_of(value), say(value)) for value in range(bottom, top + 1, step))
    column = (WIDTH - _LEFT) / max(1, len(labels))
    found: list[Bar] = []
    for n, label in enumerate(labels):
        up = down = 0
        for number, one in enumerate(series):
            value = one.values[n]
            if not value:
                continue
            low = up if value > 0 else down + value
            high = low + abs(value)
            up, down = (high, down) if value > 0 else (up, low)
            box = (round(_LEFT + (n + 0.15) * column, 2), y_of(high), round(column * 0.7, 2))
            tall = max(_THIN, round(y_of(low) - y_of(high), 2))
            found.append(Bar(*box, tall, number, f"{label}, {one.name}: {say(value)}"))
    return Chart(
        WIDTH, HEIGHT, _LEFT, y_of(0), tuple(found), ticks, _labels(labels, column), tuple(one.name for one in series)
    )


def _above(series: Sequence[Series], n: int) -> int:
    return sum(max(0, one.values[n]) for one in series)


def _below(series: Sequence[Series], n: int) -> int:
    return sum(min(0, one.values[n]) for one in series)


def _labels(labels: Sequence[str], column: float) -> tuple[Label, ...]:
    every = -(-len(labels) // _FEW_LABELS)
    crowded = len(labels) > _MOST_LABELS
    return tuple(
        Label(round(_LEFT + (n + 0.5) * column, 2), text, n % max(1, every) != 0)
        for n, text in enumerate(labels)
        if not crowded or n % every == 0
    )


def nice_step(span: int) -> int:
    """The distance of the grid's lines for a chart of this height: 1, 2 or 5 times a power of ten, few of them."""
    step = 1
    while span > step * _MOST_TICKS:
        lead = int(str(step)[0])
        step = step * 2 if lead in (1, 5) else step * 5 // 2
    return step
