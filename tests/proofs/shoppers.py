"""Clients who book by the API and pay at the sandbox, whatever happens to the processes that serve them."""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Any

import requests

from tests.proofs.stage import Stage, pause

# What becomes of clients: most come back from paying, some never do, some never pay.
_FATES = ("returns",) * 12 + ("returns twice",) * 2 + ("asks again",) * 2 + ("never returns",) * 3 + ("never pays",) * 2


@dataclass
class Shopper:
    """One booking's story, as its client saw it. `ids`: every id that was answered under its key."""

    number: int
    fate: str
    ids: set[str] = field(default_factory=set)
    taken: bool = False
    paid: bool = False

    @property
    def email(self) -> str:
        return f"cleo-{self.number}@example.com"


@dataclass
class Crowd:
    """Threads that book and pay until they are told to stop. `steps` counts answers, `odd` what nobody promised."""

    stage: Stage
    home: str
    slots: SimpleQueue[tuple[datetime, str]]
    seed: int
    shoppers: list[Shopper] = field(default_factory=list)
    odd: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    broken_lines: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self, people: int) -> None:
        self._threads = [threading.Thread(target=self._shop, args=(self.seed + one,)) for one in range(people)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Nobody begins anew; whoever has begun goes on to their end. The web process has to be up."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _shop(self, seed: int) -> None:
        fates = random.Random(seed)
        try:
            while not self._stop.is_set():
                start, person = self.slots.get_nowait()
                with self._lock:
                    shopper = Shopper(len(self.shoppers), fates.choice(_FATES))
                    self.shoppers.append(shopper)
                self._live(shopper, start, person)
        except Empty:
            return
        except Exception as error:  # noqa: BLE001 - a thread's own end would go unheard
            self.odd[f"{type(error).__name__}: {error}"[:200]] += 1

    def _live(self, shopper: Shopper, start: datetime, person: str) -> None:
        told = self._book(shopper, start, person)
        if told is None or shopper.fate == "never pays":
            return
        if told["checkout_url"] is None or not told["checkout_url"].startswith(self.stage.sandbox_url):
            self.odd[f"no way to pay: {told['status']}"] += 1
            return
        answer = requests.post(told["checkout_url"], {"outcome": "pay"}, allow_redirects=False, timeout=60)
        shopper.paid = answer.status_code == 303
        if not shopper.paid:
            self.odd[f"pay page {answer.status_code}"] += 1
        if shopper.fate == "never returns":
            return
        for _ in range(2 if shopper.fate == "returns twice" else 1):
            self._until_answered("GET", answer.headers["Location"])
        if shopper.fate == "asks again":
            self._book(shopper, start, person)

    def _book(self, shopper: Shopper, start: datetime, person: str) -> Any:
        body = {
            "service": "short",
            "practitioner": person,
            "starts_at": start.isoformat(),
            "client": {"name": "Cleo Hart", "email": shopper.email},
            "accept_policy": True,
        }
        url = f"{self.stage.base_url}{self.home}/api/v1/bookings"
        answer = self._until_answered("POST", url, json=body, headers={"Idempotency-Key": f"proof-{shopper.number}"})
        if answer.status_code != 201:
            shopper.taken = True
            self.odd[f"booking {answer.status_code} {answer.text[:120]}"] += 1
            return None
        shopper.ids.add(answer.json()["id"])
        return answer.json()

    def _until_answered(self, method: str, url: str, **more: Any) -> requests.Response:
        """The same request again while lines break and nobody listens; 5xx are noted, then asked again."""
        while True:
            try:
                answer = requests.request(method, url, timeout=60, **more)
            except requests.RequestException:
                with self._lock:
                    self.broken_lines += 1
                pause(0.1)
                continue
            with self._lock:
                self.steps += 1
                if answer.status_code >= 500:
                    self.odd[f"{method} {answer.status_code}"] += 1
            if answer.status_code < 500:
                return answer
            pause(0.1)
