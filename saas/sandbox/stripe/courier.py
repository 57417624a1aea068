"""Webhooks: signed, sent, and sent again until somebody answers 2xx."""

from __future__ import annotations

import http.client
import json
import sqlite3
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from saas.sandbox.stripe.events import lapse
from saas.sandbox.stripe.world import World

# Seconds before the next try; the last one repeats. After `_TRIES` the delivery has failed.
_BACK_OFF = (1.0, 3.0, 10.0, 30.0)
_TRIES = 200
_TIMEOUT_SECONDS = 15
# How long a delivery on its way may hold up the stop; what comes after is sent again next time.
_LAST_WORDS_SECONDS = 2
# How long the courier sleeps when nothing is due: sessions lapse by themselves.
_NAP_SECONDS = 1.0


@dataclass(frozen=True)
class _Post:
    id: int
    attempts: int
    event: dict[str, Any]
    url: str
    secret: str


class Courier:
    """Rows of the store, so that a killed receiver, or a killed sandbox, still gets every event (at least once)."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._thread: threading.Thread | None = None
        self._post = threading.Event()
        self._stop = threading.Event()

    def start(self) -> None:
        """Delivers in the background from now on."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="sandbox-courier", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the background thread; what is pending stays pending."""
        self._stop.set()
        self._post.set()
        if self._thread is not None:
            self._thread.join(_LAST_WORDS_SECONDS)
            self._thread = None

    def rouse(self) -> None:
        """There is post."""
        self._post.set()

    def deliver_due(self) -> int:
        """Sends what is due now and answers how many were sent. What one receiver refuses waits for its next try."""
        with self._world.store.transaction() as books:
            lapse(self._world, books)
        sent = 0
        for post in self._due():
            if self._stop.is_set():
                break
            self._deliver(post)
            sent += 1
        return sent

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._post.clear()
                if not self.deliver_due():
                    self._post.wait(self._nap())
        except sqlite3.ProgrammingError:
            # The store was closed over a delivery that did not end in time: it stays pending.
            if not self._stop.is_set():
                raise

    def _nap(self) -> float:
        with self._world.store.transaction() as books:
            row = books.db.execute("SELECT min(due) AS due FROM delivery WHERE state = 'pending'").fetchone()
        if row["due"] is None:
            return _NAP_SECONDS
        return float(min(max(row["due"] - self._world.now(), 0.01), _NAP_SECONDS))

    def _due(self) -> list[_Post]:
        with self._world.store.transaction() as books:
            rows = books.db.execute(
                "SELECT d.id, d.attempts, e.body AS event, w.body AS endpoint FROM delivery d "
                "JOIN thing e ON e.id = d.event JOIN thing w ON w.id = d.endpoint "
                "WHERE d.state = 'pending' AND d.due <= ? ORDER BY d.id LIMIT 500",
                (self._world.now(),),
            ).fetchall()
        posts = []
        for row in rows:
            endpoint = json.loads(row["endpoint"])
            event = json.loads(row["event"])
            posts.append(_Post(row["id"], row["attempts"], event, endpoint["url"], endpoint["_secret"]))
        turned = [post for post in posts if self._world.faults.webhooks(post.event["type"]).reorder]
        straight = [post for post in posts if post not in turned]
        return straight + turned[::-1]

    def _deliver(self, post: _Post) -> None:
        kind = post.event["type"]
        if self._world.faults.loses(kind):
            self._note(post, state="lost", attempts=post.attempts)
            return
        taken = self._send(post)
        if self._world.faults.webhooks(kind).double:
            taken = self._send(post) and taken
        tries = post.attempts + 1
        state = "delivered" if taken else "failed" if tries >= _TRIES else "pending"
        self._note(post, state=state, attempts=tries)

    def _note(self, post: _Post, *, state: str, attempts: int) -> None:
        wait = _BACK_OFF[min(max(attempts - 1, 0), len(_BACK_OFF) - 1)]
        with self._world.store.transaction() as books:
            books.db.execute(
                "UPDATE delivery SET state = ?, attempts = ?, due = ? WHERE id = ?",
                (state, attempts, self._world.now() + wait, post.id),
            )

    def _send(self, post: _Post) -> bool:
        """True when the receiver took it. Signed with the real time, as receivers compare with theirs."""
        from stripe import WebhookSignature

        payload = json.dumps(post.event, indent=2)
        stamp = int(self._world.clock().timestamp())
        signature = WebhookSignature.generate_signature_header(payload, post.secret, stamp)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature,
        }
        return _posted(post.url, payload.encode(), headers)


def _posted(url: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether the address answered 2xx. Goes around proxies: the receiver is on this machine."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_TIMEOUT_SECONDS)
    target = parts.path or "/"
    try:
        connection.request("POST", f"{target}?{parts.query}" if parts.query else target, body, dict(headers))
        return 200 <= connection.getresponse().status < 300
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
