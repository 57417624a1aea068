"""What every part of the sandbox is given: the store, the switches, the time, and one request's call."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from saas.sandbox.stripe.faults import Faults
from saas.sandbox.stripe.store import Books, Store


@dataclass
class World:
    """`clock` is the real time; `now` is the sandbox's, which tests may shift.

    `public_url` is where people find the pay page; `rouse` tells the courier that there is post;
    `closing` ends waits when the sandbox stops.
    """

    store: Store
    clock: Callable[[], datetime]
    public_url: str
    faults: Faults = field(default_factory=Faults)
    rouse: Callable[[], None] = lambda: None
    closing: threading.Event = field(default_factory=threading.Event)
    offset: float = 0

    def now(self) -> float:
        """Epoch seconds on the sandbox's clock."""
        return self.clock().timestamp() + self.offset


@dataclass(frozen=True)
class Call:
    """One request inside its transaction: whose account, what was asked (checked), and when."""

    world: World
    books: Books
    account: str
    now: int
    given: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""
    request: str | None = None
    key: str | None = None
