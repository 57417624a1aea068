"""Switches that break the sandbox on purpose, as networks and Stripe itself break now and then.

Requests, per path prefix (`path`, default `/v1/`), each for the next n that match:
- `status_429`: refused before anything is looked at; nothing is stored under the key;
- `status_500`: a 500 without the work, stored under the key; `status_500_after_work`: the same with the work done;
- `timeouts` (each of `timeout_seconds`): the key is taken, then the answer lets wait, then the work is done;
- `lost_answers`: the work is done, and the connection dropped without an answer.

Webhooks: `double` (each is sent twice), `reorder` (newest first), `delay_seconds`, `lose` (the next n, or
"all", are never sent), each for event types that begin with `types`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

# The order in which one request meets them: at most one kind per request.
_KINDS = ("status_429", "status_500", "status_500_after_work", "timeouts", "lost_answers")


@dataclass
class Rule:
    path: str = "/v1/"
    status_429: int = 0
    status_500: int = 0
    status_500_after_work: int = 0
    timeouts: int = 0
    timeout_seconds: float = 0
    lost_answers: int = 0


@dataclass(frozen=True)
class WebhookFaults:
    types: str = ""
    double: bool = False
    reorder: bool = False
    delay_seconds: float = 0
    lose: int | str = 0


@dataclass(frozen=True)
class Fault:
    """What one request meets; `kind` is "" when it meets nothing."""

    kind: str = ""
    seconds: float = 0


@dataclass
class Faults:
    """Safe for threads. Not kept over a restart: a fresh process is a healthy one."""

    _rules: dict[str, Rule] = field(default_factory=dict)
    _webhooks: WebhookFaults = field(default_factory=WebhookFaults)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def switch(self, wanted: Any) -> None:
        """Adds to what is switched on. Raises ValueError or TypeError on what it does not know."""
        if not isinstance(wanted, Mapping):
            raise TypeError("faults are a JSON object")
        given = dict(wanted)
        webhooks = given.pop("webhooks", None)
        with self._lock:
            if webhooks is not None:
                self._webhooks = replace(self._webhooks, **_checked(webhooks, WebhookFaults))
            if given:
                checked = _checked(given, Rule)
                path = str(checked.pop("path", "/v1/"))
                self._rules[path] = replace(self._rules.get(path, Rule(path)), **checked)

    def clear(self) -> None:
        """Everything works again."""
        with self._lock:
            self._rules.clear()
            self._webhooks = WebhookFaults()

    def shown(self) -> dict[str, Any]:
        """What is still switched on."""
        with self._lock:
            return {"requests": [asdict(rule) for rule in self._rules.values()], "webhooks": asdict(self._webhooks)}

    def take(self, path: str) -> Fault:
        """What this request meets; counters go down by it."""
        with self._lock:
            for rule in self._rules.values():
                if path.startswith(rule.path):
                    for kind in _KINDS:
                        left = getattr(rule, kind)
                        if left > 0:
                            setattr(rule, kind, left - 1)
                            return Fault(kind, rule.timeout_seconds)
        return Fault()

    def webhooks(self, type: str) -> WebhookFaults:
        """What deliveries of this event type meet."""
        with self._lock:
            return self._webhooks if type.startswith(self._webhooks.types) else WebhookFaults()

    def loses(self, type: str) -> bool:
        """Whether this delivery gets lost; a counted loss goes down by it."""
        with self._lock:
            lose = self._webhooks.lose if type.startswith(self._webhooks.types) else 0
            if isinstance(lose, str):
                return lose == "all"
            if lose > 0:
                self._webhooks = replace(self._webhooks, lose=lose - 1)
            return lose > 0


def _checked(given: Any, shape: type[Rule | WebhookFaults]) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise TypeError("faults are a JSON object")
    example = shape()
    known = {one.name: type(getattr(example, one.name)) for one in fields(shape)}
    for name, value in given.items():
        if name not in known:
            raise ValueError(f"there is no fault called {name}; there are: {', '.join(known)}")
        numeric = known[name] in (int, float)
        fits = isinstance(value, (int, float) if numeric else known[name]) and isinstance(value, bool) == (
            known[name] is bool
        )
        if not fits and not (name == "lose" and value == "all"):
            raise ValueError(f"{name} takes another kind of value")
    return dict(given)
