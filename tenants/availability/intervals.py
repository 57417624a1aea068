"""Interval arithmetic on whole minutes: half-open `(lo, hi)` pairs of integers."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import gcd
from operator import attrgetter
from typing import NamedTuple, Protocol

Pair = tuple[int, int]


class Spanning(Protocol):
    """Anything that lasts from minute `lo` to minute `hi`, half open."""

    @property
    def lo(self) -> int: ...

    @property
    def hi(self) -> int: ...


class Span(NamedTuple):
    lo: int
    hi: int


_LO = attrgetter("lo")
_SPARSE = 16  # places a start


def merge(pairs: Iterable[Pair]) -> list[Pair]:
    """The union of intervals in any order: ascending, disjoint, touching ones joined."""
    merged: list[Pair] = []
    for lo, hi in sorted(pairs):
        if lo >= hi:
            continue
        if merged and lo <= merged[-1][1]:
            if hi > merged[-1][1]:
                merged[-1] = (merged[-1][0], hi)
        else:
            merged.append((lo, hi))
    return merged


def subtract(pairs: Sequence[Pair], holes: Sequence[Pair]) -> list[Pair]:
    """What `holes` leave of `pairs`; both as `merge` returns them, and so is the answer."""
    left: list[Pair] = []
    first = 0
    for begin, hi in pairs:
        lo = begin
        while first < len(holes) and holes[first][1] <= lo:
            first += 1
        index = first
        while index < len(holes) and holes[index][0] < hi:
            hole_lo, hole_hi = holes[index]
            if lo < hole_lo:
                left.append((lo, hole_lo))
            lo = max(lo, hole_hi)
            index += 1
        if lo < hi:
            left.append((lo, hi))
    return left


def full_stretches(spans: Iterable[Spanning], capacity: int) -> list[Span]:
    """Where at least `capacity` of the spans run at the same minute: ascending, disjoint."""
    spans = [span for span in spans if span.lo < span.hi]
    ends = sorted(span.hi for span in spans)
    full: list[Span] = []
    running = ended = since = 0
    for start in sorted(span.lo for span in spans):
        while ends[ended] <= start:
            if running == capacity:
                full.append(Span(since, ends[ended]))
            running -= 1
            ended += 1
        running += 1
        if running == capacity:
            since = start
    for end in ends[ended:]:
        if running == capacity:
            full.append(Span(since, end))
        running -= 1
    return full


class Starts:
    """Ascending minutes, each once, and where among them an instant falls.

    `at[k]` is the index of the first of them at or after `base + k * unit`, from the first to just behind the last.
    They lie on a grid (`unit` divides every distance), so one division finds a place; a search takes nine steps.
    """

    __slots__ = ("at", "base", "minutes", "unit")

    def __init__(self, minutes: Sequence[int]) -> None:
        self.at: array[int] | _Searched
        self.minutes = minutes
        self.base = minutes[0] if minutes else 0
        self.unit = gcd(*[minute - self.base for minute in minutes]) or 1
        places = (minutes[-1] - self.base) // self.unit if minutes else 0
        if places > _SPARSE * len(minutes):
            # Hours at odd minutes, or a year with a start a week: a table of mostly nothing.
            self.unit, self.at = 1, _Searched(minutes)
            return
        at = [0]
        for index, (one, following) in enumerate(pairwise(minutes), 1):
            at += [index] * ((following - one) // self.unit)
        # Packed: what 200 practitioners' tables weigh as lists no longer fits beside the processor.
        self.at = array("I", [*at, len(minutes)])

    def __len__(self) -> int:
        """What it weighs beside its minutes."""
        return len(self.at)


class _Searched:
    """What `Starts.at` says of every minute, found by looking for it."""

    def __init__(self, minutes: Sequence[int]) -> None:
        self.minutes = minutes

    def __getitem__(self, minute: int) -> int:
        return bisect_left(self.minutes, self.minutes[0] + minute)

    def __len__(self) -> int:
        return 0


def spare(starts: Starts, answers: Sequence[int], spans: Iterable[Spanning], within: Pair, margins: Pair) -> list[int]:
    """The `answers` beside those `starts` that keep clear of every span.

    `within`: the index range that counts; `margins`: `t` is clear when `t + margins[0] <= lo` or
    `t - margins[1] >= hi`.
    """
    index, stop = within
    if index >= stop:
        return []
    ahead, behind = margins
    at, unit = starts.at, starts.unit
    # What is taken off an instant before it is divided: for the first start not before it, for the first one after it.
    since, after = starts.base - behind - unit + 1, starts.base - unit
    last = starts.minutes[stop - 1]
    reach = starts.minutes[index] - behind
    kept: list[int] = []
    # Up to `reach` something runs; where the next span begins late enough is a gap, and the gaps are the answer.
    for span in sorted(spans, key=_LO):
        lo = span.lo - ahead
        if reach + behind <= lo:
            if lo > last:
                break
            kept += answers[at[(reach - since) // unit] : at[(lo - after) // unit]]
        hi = span.hi
        if hi > reach:  # noqa: PLR1730 - max() would be a fifth of the loop
            reach = hi
    if reach + behind <= last:
        kept += answers[at[(reach - since) // unit] : stop]
    return kept


def index_range(starts: Sequence[int], lo: int, hi: int) -> Pair:
    """The index range of the ascending `starts` that lie in `[lo, hi)`."""
    first = bisect_left(starts, lo)
    return first, bisect_left(starts, hi, first)
