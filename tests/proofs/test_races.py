"""64 writers want one place at once, 8 processes of 8: one of them has it, the others are told so soon."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any

import pytest
from flask import Flask

from saas import clock
from saas.tenancy import tenant_scope
from tests.cast import Clinic
from tests.databases import PostgresDatabase, SqliteFile
from tests.proofs.clinic import blocks, live_between, overlaps, proving_clinic
from tests.proofs.record import note, rank, show, show_swift, sized
from tests.proofs.stage import ROOT

PROCESSES = sized(2, 8)
WRITERS = 8
ROUNDS = sized(3, 100)
WARM_UP = 2

Racer = subprocess.Popen[str]
Told = dict[str, Any]


@contextmanager
def racers(settings: dict[str, str], now: datetime) -> Iterator[list[Racer]]:
    """The processes, once they are ready."""
    first = json.dumps({"settings": settings, "clinic": "rowan", "now": now.isoformat(), "writers": WRITERS})
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.proofs.racer"],
            cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )
        for _ in range(PROCESSES)
    ]  # fmt: skip
    try:
        for one in started:
            _say(one, first)
        for one in started:
            assert _hear(one).strip() == "ready"
        yield started
    finally:
        for one in started:
            one.kill()
            one.communicate()


def _say(one: Racer, line: str) -> None:
    assert one.stdin is not None
    one.stdin.write(line + "\n")
    one.stdin.flush()


def _hear(one: Racer) -> str:
    assert one.stdout is not None
    return one.stdout.readline()


def race(started: list[Racer], wishes: list[Told]) -> list[Told]:
    """One round. Each answer has `seconds` (the call itself) and `since` (from our signal to its answer)."""
    lines = [json.dumps(wishes[at : at + WRITERS]) for at in range(0, len(wishes), WRITERS)]
    signal = clock.monotonic()
    for one, line in zip(started, lines, strict=True):
        _say(one, line)
    return [told | {"since": told["ended"] - signal} for one in started for told in json.loads(_hear(one))]


def wishes_for(clinic: Clinic, round_: int, starts: list[datetime]) -> list[Told]:
    """Rounds in turn: all want Ben; or half of them want Iris, and all want the one room."""
    in_room = round_ % 2 == 1
    people = [clinic.practitioners["ben"], clinic.practitioners["iris" if in_room else "ben"]]
    return [
        {
            "service": str(clinic.services["room" if in_room else "race"]),
            "practitioner": str(people[writer % 2]),
            "starts_at": starts[writer // 2 % len(starts)].isoformat(),
            "name": f"Cleo {round_} {writer}",
            "email": f"cleo-{round_}-{writer}@example.com",
        }
        for writer in range(PROCESSES * WRITERS)
    ]


@pytest.mark.proof
def test_of_all_who_want_a_place_at_once_one_has_it(
    app: Flask, database: SqliteFile | PostgresDatabase, now: datetime
) -> None:
    with app.app_context():
        clinic = proving_clinic(now)
    values = {name: str(value) for name, value in database.settings.model_dump(exclude_defaults=True).items()}
    values["database_pool"] = "10"  # the setting's default, as in production: every thread of a process finds a line
    winners: list[int] = []
    losers: list[Told] = []
    odd: Counter[str] = Counter()
    with racers(values, now) as started:
        for round_, starts in enumerate(islice(blocks(now), ROUNDS + WARM_UP)):
            told = race(started, wishes_for(clinic, round_, starts))
            odd.update(one["outcome"] for one in told if one["outcome"] not in ("won", "taken"))
            if round_ >= WARM_UP:
                winners.append(sum(one["outcome"] == "won" for one in told))
                losers += [one for one in told if one["outcome"] == "taken"]
            with app.app_context(), tenant_scope(clinic.ref):
                found = live_between(starts)
                assert [one.status for one in found] == ["confirmed"]
    where = f"{PROCESSES * WRITERS} writers as actions from {PROCESSES} processes, {database.kind}"
    show(f"{where}: other answers", seen=str(dict(odd) or "none"), bound="none", ok=not odd)
    show(
        f"{where}: rounds with exactly one winner",
        seen=f"{winners.count(1)} of {ROUNDS}",
        bound=f"{ROUNDS} of {ROUNDS}",
        ok=winners == [1] * ROUNDS,
    )
    with app.app_context(), tenant_scope(clinic.ref):
        found_twice = overlaps()
    show(f"{where}: overlaps found afterwards", seen=str(found_twice), bound="0", ok=found_twice == 0)
    since = [one["since"] for one in losers]
    note(
        f"{where}: from the common signal to the refusal",
        seen=f"p50 {rank(since, 50):.0f}, p99 {rank(since, 99):.0f} ms",
    )
    show_swift(f"{where}: refused within", [one["seconds"] for one in losers], bound_ms=150)
