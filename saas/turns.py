"""Threads of one process that want the same thing at the same moment stand in line and share what one of them saw.

Of 64 who press a button together one can win. Without a line each of them asks the database whether it is too late, and
each who was not told in time asks for its lock. In a line one thread of a process asks at a time, and whoever waited
takes over what was seen meanwhile, on one condition: **the look began after he had come** (and by a clock no earlier
than his), so that the answer is as true for him as his own would be. Nothing outlives the line: who comes alone looks
for himself, and what has just become free can be had at once.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from saas.db import Busy

V = TypeVar("V")

_moments = itertools.count(1)
"""Every arrival and every look has a number, in the order in which they happened."""


@dataclass(frozen=True)
class _Seen(Generic[V]):
    began: int
    now: datetime
    value: V


@dataclass
class _Line(Generic[V]):
    """Who wants one thing. `newest`: the latest clock that anybody in it came with."""

    newest: datetime
    door: threading.Lock = field(default_factory=threading.Lock)
    people: int = 0
    seen: _Seen[V] | None = None


@dataclass(frozen=True)
class Turn(Generic[V]):
    """The turn of one thread. While it has it, no other thread of this process is at the same thing."""

    line: _Line[V]
    came: int
    now: datetime
    waited: bool

    def look(self, read: Callable[[datetime], V]) -> V:
        """What `read` sees, or what another saw who began to look after this one had come.

        `read` is given the instant at which to look. It is shared only by whoever waited, and therefore begins a read
        of its own: what the first one sees may be older than those who came behind.
        """
        seen = self.line.seen
        if seen is not None and seen.began > self.came and seen.now >= self.now:
            return seen.value
        if not self.waited:
            return read(self.now)
        began, now = next(_moments), self.line.newest
        value = read(now)
        self.line.seen = _Seen(began, now, value)
        return value

    def forget(self) -> None:
        """What was seen is about to change: the next in line looks again."""
        self.line.seen = None


class Turns(Generic[V]):
    """The lines of this process, by what is wanted. A line is gone when nobody stands in it. `patience` in seconds."""

    def __init__(self, *, patience: float = 5.0) -> None:
        self._patience = patience
        self._guard = threading.Lock()
        self._lines: dict[Hashable, _Line[V]] = {}

    @contextmanager
    def turn(self, wanted: Hashable, *, now: datetime, before_waiting: Callable[[], None]) -> Iterator[Turn[V]]:
        """Stand in line for `wanted` and have the turn inside. `before_waiting` runs when somebody is there already:
        it ends the transaction that was read in (its connection, and what it may still see, are not kept waiting).

        Raises `Busy` for whom it takes longer than anybody should wait. Never inside an action: its locks would wait
        for this line, and this line for its locks.
        """
        with self._guard:
            line = self._lines.setdefault(wanted, _Line(now))
            line.people += 1
            line.newest = max(line.newest, now)
            came = next(_moments)
        try:
            waited = not line.door.acquire(blocking=False)
            if waited:
                before_waiting()
                if not line.door.acquire(timeout=self._patience):
                    raise Busy
            try:
                yield Turn(line, came, now, waited)
            finally:
                line.door.release()
        finally:
            with self._guard:
                line.people -= 1
                if not line.people:
                    del self._lines[wanted]
