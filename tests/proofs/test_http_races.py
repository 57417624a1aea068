"""64 clients at once before the web process that `make run` starts: one is served, the others are told so, soon."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from itertools import islice
from urllib.request import urlopen

import pytest
from flask import Flask
from sqlalchemy import func, select

from saas import clock
from saas.db import db
from saas.tenancy import tenant_scope
from tenants.bookings.models import Booking
from tests.cast import Clinic
from tests.databases import PostgresDatabase, SqliteFile
from tests.proofs.burst import Answer, burst, post_form, post_json
from tests.proofs.clinic import blocks, live_between, overlaps, proving_clinic
from tests.proofs.record import show, show_swift, sized
from tests.proofs.stage import Stage

CLIENTS = sized(16, 64)
ROUNDS = sized(3, 100)
WARM_UP = 2
HOME = "/c/rowan"

Database = SqliteFile | PostgresDatabase
Ask = Callable[[int, datetime, int], bytes]


@pytest.fixture
def served(app: Flask, stage: Stage) -> Clinic:
    """Rowan Clinic behind gunicorn, by the real clock."""
    with app.app_context():
        made = proving_clinic(clock.now())
    stage.start_web()
    return made


def book(port: int, start: datetime, *, who: str, person: str = "ben", key: str = "", service: str = "race") -> bytes:
    """A booking by the API: "race" is paid at the clinic, "short" online."""
    body = {
        "service": service,
        "practitioner": person,
        "starts_at": start.isoformat(),
        "client": {"name": "Cleo Hart", "email": f"{who}@example.com"},
        "accept_policy": True,
    }
    return post_json(port, f"{HOME}/api/v1/bookings", body, **({"Idempotency_Key": key} if key else {}))


def rounds(app: Flask, clinic: Clinic, stage: Stage, ask: Ask) -> list[list[Answer]]:
    """Every round's answers; after each there is one live booking."""
    found = []
    for number, starts in enumerate(islice(blocks(clock.now()), ROUNDS + WARM_UP)):
        answers = burst(stage.web_port, [ask(number, starts[0], client) for client in range(CLIENTS)])
        with app.app_context(), tenant_scope(clinic.ref):
            assert len(live_between(starts)) == 1
        if number >= WARM_UP:
            found.append(answers)
    with app.app_context(), tenant_scope(clinic.ref):
        assert overlaps() == 0
    return found


def judge(where: str, found: list[list[Answer]], *, won: int) -> None:
    """The issue's line: all losers 409, none 5xx, soon."""
    statuses = Counter(answer.status for answers in found for answer in answers)
    wanted = {won: ROUNDS, 409: ROUNDS * (CLIENTS - 1)}
    said = {status: statuses[status] for status in sorted(statuses)}
    show(f"{where}: answers by status", seen=str(said), bound=f"one {won} a round, the rest 409", ok=said == wanted)
    losers = [answer.seconds for answers in found for answer in answers if answer.status == 409]
    show_swift(f"{where}: refused within", losers, bound_ms=500)


@pytest.mark.proof
def test_the_api_gives_a_time_to_one_of_many(app: Flask, served: Clinic, stage: Stage, database: Database) -> None:
    def ask(number: int, start: datetime, client: int) -> bytes:
        return book(stage.web_port, start, who=f"cleo-{number}-{client}")

    judge(f"{CLIENTS} clients over HTTP, API, {database.kind}", rounds(app, served, stage, ask), won=201)


@pytest.mark.proof
def test_the_page_gives_a_time_to_one_of_many(app: Flask, served: Clinic, stage: Stage, database: Database) -> None:
    page = urlopen(f"{stage.base_url}{HOME}/book/race?p=ben", timeout=30).read().decode()
    token = re.search(r'name="form_token" value="([^"]+)"', page)
    assert token is not None

    def ask(number: int, start: datetime, client: int) -> bytes:
        fields = {"form_token": token[1], "start": start.isoformat()}
        return post_form(stage.web_port, f"{HOME}/book/race?p=ben&k=key-{number}-{client}", fields)

    judge(f"{CLIENTS} clients over HTTP, web form, {database.kind}", rounds(app, served, stage, ask), won=303)


@pytest.mark.proof
def test_a_client_with_two_practitioners_at_once_has_one_booking(
    app: Flask, served: Clinic, stage: Stage, database: Database
) -> None:
    found: list[list[int]] = []
    for number, starts in enumerate(islice(blocks(clock.now()), sized(3, 50))):
        asks = [
            book(stage.web_port, starts[client // 2 % 4], who=f"cleo-{number}", person=("ben", "iris")[client % 2])
            for client in range(8)
        ]
        found.append(sorted(answer.status for answer in burst(stage.web_port, asks)))
        with app.app_context(), tenant_scope(served.ref):
            assert [one.status for one in live_between(starts)] == ["confirmed"]
    good = found.count([201] + [409] * 7)
    show(
        f"One client, two practitioners at once, {database.kind}: rounds with one booking, the rest 409",
        seen=f"{good} of {len(found)}",
        bound=f"{len(found)} of {len(found)}",
        ok=good == len(found),
    )


@pytest.mark.proof
def test_one_key_many_times_at_once_is_one_booking(
    app: Flask, served: Clinic, stage: Stage, database: Database
) -> None:
    stage.start_sandbox()
    good = 0
    many = sized(4, 20)
    odd: Counter[int] = Counter()
    for number, starts in enumerate(islice(blocks(clock.now()), many)):
        service = ("race", "short")[number % 2]
        ask = book(stage.web_port, starts[0], who=f"cleo-{number}", key=f"key-{number}", service=service)
        answers = burst(stage.web_port, [ask] * 32)
        odd.update(answer.status for answer in answers if answer.status != 201)
        alike = {(answer.data.get("id"), answer.data.get("checkout_url") is None) for answer in answers}
        good += len(alike) == 1 and not odd
    with app.app_context(), tenant_scope(served.ref):
        made = db.session.execute(select(func.count()).select_from(Booking)).scalar_one()
    show(
        f"One idempotency key 32 times at once, {database.kind}: rounds with 32 times 201 and one id",
        seen=f"{good} of {many}, {made} bookings, other answers {dict(odd) or 'none'}",
        bound=f"{many} of {many}, {many} bookings",
        ok=(good, made) == (many, many),
    )
