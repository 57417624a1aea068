"""Standing in line: who shares what was seen, and who never does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from saas.db import Busy
from saas.turns import Turn, Turns
from tests.cast import NOW

_PATIENCE = 30.0


class Stage:
    """A line and its people; each look says how many there were so far."""

    def __init__(self) -> None:
        self.turns: Turns[int] = Turns(patience=_PATIENCE)
        self.looks: list[datetime] = []
        self.people = ThreadPoolExecutor(8)

    def see(self, now: datetime) -> int:
        self.looks.append(now)
        return len(self.looks)

    def come(self, then: Callable[[Turn[int]], int], *, now: datetime = NOW, behind: bool = True) -> Future[int]:
        """Somebody comes, and has come (`behind` somebody else) when this returns."""
        there = threading.Event()

        def work() -> int:
            with self.turns.turn("ten", now=now, before_waiting=there.set) as turn:
                there.set()
                return then(turn)

        found = self.people.submit(work)
        assert there.wait(_PATIENCE)
        assert not (behind and found.done())
        return found

    def look(self, turn: Turn[int]) -> int:
        return turn.look(self.see)


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    yield made
    made.people.shutdown()


@contextmanager
def ahead(stage: Stage) -> Iterator[None]:
    """Somebody has the turn."""
    go = threading.Event()

    def wait(_turn: Turn[int]) -> int:
        assert go.wait(_PATIENCE)
        return 0

    first = stage.come(wait, behind=False)
    try:
        yield
    finally:
        go.set()
        first.result(_PATIENCE)


def test_who_comes_alone_looks_for_himself(stage: Stage) -> None:
    assert [stage.come(stage.look, behind=False).result(_PATIENCE) for _ in range(3)] == [1, 2, 3]


def test_all_who_waited_share_one_look(stage: Stage) -> None:
    with ahead(stage):
        waiting = [stage.come(stage.look) for _ in range(5)]
    assert [one.result(_PATIENCE) for one in waiting] == [1] * 5


def test_a_look_that_began_before_somebody_came_is_not_for_them(stage: Stage) -> None:
    """What was freed in between (a booking cancelled, say) must be found by whoever comes after it was."""
    looked, go = threading.Event(), threading.Event()
    seen: list[int] = []

    def look_and_stay(turn: Turn[int]) -> int:
        seen.append(stage.look(turn))
        looked.set()
        assert go.wait(_PATIENCE)
        return seen[0]

    with ahead(stage):
        early = stage.come(look_and_stay)
    assert looked.wait(_PATIENCE)
    late = stage.come(stage.look)
    go.set()
    assert (early.result(_PATIENCE), late.result(_PATIENCE)) == (1, 2)


def test_after_a_change_the_next_one_looks_again(stage: Stage) -> None:
    def look_and_change(turn: Turn[int]) -> int:
        found = stage.look(turn)
        turn.forget()
        return found

    with ahead(stage):
        waiting = [stage.come(look_and_change) for _ in range(3)]
    assert sorted(one.result(_PATIENCE) for one in waiting) == [1, 2, 3]


def test_a_look_goes_by_the_latest_clock_of_all_in_line(stage: Stage) -> None:
    """A hold that lapses between two clocks is over for the later one, so the earlier one may be told so too."""
    later = NOW + timedelta(seconds=1)
    with ahead(stage):
        waiting = [stage.come(stage.look, now=now) for now in (NOW, later, NOW)]
    assert [one.result(_PATIENCE) for one in waiting] == [1, 1, 1]
    assert stage.looks == [later]


def test_lines_for_different_things_do_not_meet(stage: Stage) -> None:
    with ahead(stage), stage.turns.turn("eleven", now=NOW, before_waiting=lambda: None) as turn:
        assert stage.look(turn) == 1


def test_nobody_waits_for_ever() -> None:
    turns: Turns[int] = Turns(patience=0.01)
    with turns.turn("ten", now=NOW, before_waiting=lambda: None), ThreadPoolExecutor(1) as people:

        def come() -> None:
            with turns.turn("ten", now=NOW, before_waiting=lambda: None):
                pass

        with pytest.raises(Busy):
            people.submit(come).result(_PATIENCE)
    come()


def test_whoever_fails_gives_the_turn_on(stage: Stage) -> None:
    def fail(_turn: Turn[int]) -> int:
        raise LookupError

    with ahead(stage):
        failed, next_one = stage.come(fail), stage.come(stage.look)
    with pytest.raises(LookupError):
        failed.result(_PATIENCE)
    assert next_one.result(_PATIENCE) == 1
