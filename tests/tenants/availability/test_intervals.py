from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tenants.availability.intervals import Pair, Span, Starts, full_stretches, merge, spare, subtract
from tenants.availability.memo import Memo
from tests.tenants.availability.strategies import PROOF

PAIRS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8)


def minutes(pairs: list[Pair]) -> set[int]:
    return {minute for lo, hi in pairs for minute in range(lo, hi)}


def is_tidy(pairs: list[Pair]) -> bool:
    apart = all(one[1] < other[0] for one, other in pairwise(pairs))
    return apart and all(lo < hi for lo, hi in pairs)


@PROOF
@given(PAIRS, PAIRS)
def test_merge_and_subtract_are_those_of_sets(pairs: list[Pair], holes: list[Pair]) -> None:
    merged, cut = merge(pairs), merge(holes)
    left = subtract(merged, cut)
    assert minutes(merged) == minutes(pairs)
    assert minutes(left) == minutes(pairs) - minutes(holes)
    assert is_tidy(merged)
    assert is_tidy(left)


@PROOF
@given(PAIRS, st.integers(1, 4))
def test_full_stretches_are_where_so_many_run_at_once(pairs: list[Pair], capacity: int) -> None:
    running = [sum(lo <= minute < hi for lo, hi in pairs) for minute in range(61)]
    full = full_stretches([Span(*pair) for pair in pairs], capacity)
    assert minutes([(span.lo, span.hi) for span in full]) == {
        minute for minute, count in enumerate(running) if count >= capacity
    }


@PROOF
@given(
    st.lists(st.integers(0, 400), unique=True).map(sorted),
    PAIRS.map(lambda pairs: [Span(*pair) for pair in pairs if pair[0] < pair[1]]),
    st.tuples(st.integers(1, 9), st.integers(0, 9)),
    st.tuples(st.integers(0, 30), st.integers(0, 30)),
)
def test_spare_keeps_what_is_clear(starts: list[int], spans: list[Span], margins: Pair, ends: Pair) -> None:
    within = min(*ends, len(starts)), min(max(ends), len(starts))
    kept = spare(Starts(starts), [-start for start in starts], spans, within, margins)
    ahead, behind = margins
    assert kept == [
        -start
        for start in starts[slice(*within)]
        if all(start + ahead <= span.lo or start - behind >= span.hi for span in spans)
    ]


def test_memo_forgets_what_nobody_asked_for() -> None:
    memo: Memo[str, str] = Memo(room=6, weigh=len)
    memo.put("a", "aaa")
    memo.put("b", "bb")
    assert memo.get("a") == "aaa"
    memo.put("c", "cc")
    assert [memo.get(key) for key in "abc"] == ["aaa", None, "cc"]
    memo.put("a", "a")
    memo.put("d", "ddd")
    assert [memo.get(key) for key in "acd"] == ["a", "cc", "ddd"]
    memo.put("e", "too heavy to keep")
    assert [memo.get(key) for key in "acde"] == ["a", "cc", "ddd", None]
