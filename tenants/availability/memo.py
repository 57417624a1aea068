"""Remembering answers within bounds."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class Memo(Generic[_K, _V]):
    """Answers by key, the least recently used forgotten first. Safe among threads.

    `functools.lru_cache` counts entries; here they differ a thousandfold in size (a day, a year), so `room` bounds the
    sum of what `weigh` says of each, in its units. One answer heavier than the room is not kept.
    """

    def __init__(self, room: int, weigh: Callable[[_V], int]) -> None:
        self._room = room
        self._weigh = weigh
        self._kept: OrderedDict[_K, _V] = OrderedDict()
        self._weight = 0
        self._lock = Lock()

    def get(self, key: _K) -> _V | None:
        """The answer, if it is still known."""
        with self._lock:
            value = self._kept.get(key)
            if value is not None:
                self._kept.move_to_end(key)
            return value

    def put(self, key: _K, value: _V) -> None:
        """Keep an answer, at the cost of those that nobody asked for in the longest time."""
        with self._lock:
            known = self._kept.pop(key, None)
            if known is not None:
                self._weight -= self._weigh(known)
            weight = self._weigh(value)
            if weight > self._room:
                return
            self._kept[key] = value
            self._weight += weight
            while self._weight > self._room:
                _, forgotten = self._kept.popitem(last=False)
                self._weight -= self._weigh(forgotten)
