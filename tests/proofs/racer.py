"""One of the processes of a race: `python -m tests.proofs.racer`, fed rounds through its standard input.

First line in: the settings, the clinic and how many writers to be. Then a line a round: what each writer wants. A line
out for each: how it went. Times are seconds of the machine's one monotonic clock, so that processes can be compared.
"""

from __future__ import annotations

import gc
import json
import sys
import threading
from datetime import datetime
from queue import SimpleQueue
from typing import Any
from uuid import UUID

from flask import Flask

from saas import clock
from saas.config import load_settings
from saas.tenancy import find_by_slug, tenant_scope
from tenants.bookings.actions import confirm, give_details, hold
from tenants.bookings.places import SlotTaken
from tenants.bookings.rules import Details
from wsgi import create_app

Told = dict[str, Any]


def want(app: Flask, slug: str, wish: Told, now: datetime) -> Told:
    """One writer's try at a booking: hold, details, confirm. `seconds`: until the time was theirs, or refused."""
    with app.app_context():
        ref = find_by_slug(slug)
        with tenant_scope(ref):
            began = clock.monotonic()
            try:
                held = hold(
                    service_id=UUID(wish["service"]),
                    practitioner_id=UUID(wish["practitioner"]),
                    starts_at=datetime.fromisoformat(wish["starts_at"]),
                    source="web",
                    client_zone="",
                    locale="",
                    now=now,
                )
                seconds = clock.monotonic() - began
                give_details(booking_id=held.id, details=Details(wish["name"], wish["email"]), now=now)
                confirm(booking_id=held.id, how="at_clinic", now=now)
                outcome = "won"
            except SlotTaken:
                seconds, outcome = clock.monotonic() - began, "taken"
            except Exception as error:  # noqa: BLE001 - whatever it is, the proof wants to hear of it
                seconds, outcome = clock.monotonic() - began, f"{type(error).__name__}: {error}"[:300]
            return {"outcome": outcome, "seconds": seconds, "ended": began + seconds}


def main() -> None:
    """Be writers until the input ends."""
    first = json.loads(sys.stdin.readline())
    app = create_app(load_settings(**first["settings"]))
    now = datetime.fromisoformat(first["now"])
    wishes: list[SimpleQueue[Told | None]] = [SimpleQueue() for _ in range(first["writers"])]
    answers: SimpleQueue[Told] = SimpleQueue()

    def write(mine: SimpleQueue[Told | None]) -> None:
        while (wish := mine.get()) is not None:
            answers.put(want(app, first["clinic"], wish, now))

    threads = [threading.Thread(target=write, args=(one,)) for one in wishes]
    for thread in threads:
        thread.start()
    gc.freeze()  # as deploy/gunicorn.conf.py does: else a full collection (130 ms) falls into somebody's transaction
    print("ready", flush=True)
    for line in sys.stdin:
        for mine, wish in zip(wishes, json.loads(line), strict=True):
            mine.put(wish)
        print(json.dumps([answers.get() for _ in wishes]), flush=True)
    for mine in wishes:
        mine.put(None)


if __name__ == "__main__":
    main()
