"""64 clients at once before the web process that `make run` starts: one is served, the others are told so, soon."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
from tests.proofs.conftest import make_durable
from tests.proofs.record import show, show_swift, sized
from tests.proofs.stage import Stage
from wsgi import create_app

CLIENTS = sized(16, 64)
ROUNDS = sized(3, 100)
WARM_UP = 2
HOME = "/c/rowan"

# One web process serves all of them, so they stay together.
pytestmark = [pytest.mark.proof, pytest.mark.xdist_group("proofs over HTTP")]

Ask = Callable[[int, datetime, int], bytes]


@dataclass(frozen=True)
class Served:
    """Rowan Clinic behind gunicorn and beside a sandbox, by the real clock. Each proof asks for other people."""

    kind: str
    app: Flask
    clinic: Clinic
    stage: Stage

    @property
    def port(self) -> int:
        return self.stage.web_port

    def live(self, starts: list[datetime], *people: str) -> list[str]:
        """The states of what these people have at these times."""
        wanted = [self.clinic.practitioners[name] for name in people]
        with self.app.app_context(), tenant_scope(self.clinic.ref):
            return [one.status for one in live_between(starts) if one.practitioner_id in wanted]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    name = {"sqlite": "sqlite_database", "postgresql": "postgres_database"}[request.param]
    database: SqliteFile | PostgresDatabase = request.getfixturevalue(name)
    make_durable(database)
    database.empty()
    app = create_app(database.settings)
    with app.app_context():
        clinic = proving_clinic(clock.now(), people=("ben", "iris", "fay", "gus", "hal"))
    stage = Stage(database.settings.database_url, database.settings.key_store, tmp_path_factory.mktemp("served"))
    try:
        stage.start_web()
        stage.start_sandbox()
        yield Served(database.kind, app, clinic, stage)
        with app.app_context(), tenant_scope(clinic.ref):
            assert overlaps() == 0
    finally:
        stage.stop_all()
        with app.app_context():
            db.engine.dispose()


def book(port: int, start: datetime, *, who: str, person: str, key: str = "", service: str = "race") -> bytes:
    """A booking by the API: "race" is paid at the clinic, "short" online."""
    body = {
        "service": service,
        "practitioner": person,
        "starts_at": start.isoformat(),
        "client": {"name": "Cleo Hart", "email": f"{who}@example.com"},
        "accept_policy": True,
    }
    return post_json(port, f"{HOME}/api/v1/bookings", body, **({"Idempotency_Key": key} if key else {}))


def rounds(served: Served, person: str, ask: Ask) -> list[list[Answer]]:
    """Every round's answers; after each there is one live booking."""
    found = []
    for number, starts in enumerate(islice(blocks(clock.now()), ROUNDS + WARM_UP)):
        answers = burst(served.port, [ask(number, starts[0], client) for client in range(CLIENTS)])
        assert len(served.live(starts, person)) == 1
        if number >= WARM_UP:
            found.append(answers)
    return found


def judge(where: str, found: list[list[Answer]], *, won: int) -> None:
    """The issue's line: all losers 409, none 5xx, soon."""
    statuses = Counter(answer.status for answers in found for answer in answers)
    wanted = {won: ROUNDS, 409: ROUNDS * (CLIENTS - 1)}
    said = {status: statuses[status] for status in sorted(statuses)}
    show(f"{where}: answers by status", seen=str(said), bound=f"one {won} a round, the rest 409", ok=said == wanted)
    losers = [answer.seconds for answers in found for answer in answers if answer.status == 409]
    show_swift(f"{where}: refused within", losers, bound_ms=500)


def test_the_api_gives_a_time_to_one_of_many(served: Served) -> None:
    def ask(number: int, start: datetime, client: int) -> bytes:
        return book(served.port, start, who=f"cleo-{number}-{client}", person="ben")

    judge(f"{CLIENTS} clients over HTTP, API, {served.kind}", rounds(served, "ben", ask), won=201)


def test_the_page_gives_a_time_to_one_of_many(served: Served) -> None:
    page = urlopen(f"{served.stage.base_url}{HOME}/book/race?p=iris", timeout=30).read().decode()
    token = re.search(r'name="form_token" value="([^"]+)"', page)
    assert token is not None

    def ask(number: int, start: datetime, client: int) -> bytes:
        fields = {"form_token": token[1], "start": start.isoformat()}
        return post_form(served.port, f"{HOME}/book/race?p=iris&k=key-{number}-{client}", fields)

    judge(f"{CLIENTS} clients over HTTP, web form, {served.kind}", rounds(served, "iris", ask), won=303)


def test_a_client_with_two_practitioners_at_once_has_one_booking(served: Served) -> None:
    found: list[list[int]] = []
    for number, starts in enumerate(islice(blocks(clock.now()), sized(3, 50))):
        asks = [
            book(served.port, starts[client // 2 % 4], who=f"twice-{number}", person=("fay", "gus")[client % 2])
            for client in range(8)
        ]
        found.append(sorted(answer.status for answer in burst(served.port, asks)))
        assert served.live(starts, "fay", "gus") == ["confirmed"]
    good = found.count([201] + [409] * 7)
    show(
        f"One client, two practitioners at once, {served.kind}: rounds with one booking, the rest 409",
        seen=f"{good} of {len(found)}",
        bound=f"{len(found)} of {len(found)}",
        ok=good == len(found),
    )


def test_one_key_many_times_at_once_is_one_booking(served: Served) -> None:
    good = made = 0
    many = sized(4, 20)
    odd: Counter[int] = Counter()
    for number, starts in enumerate(islice(blocks(clock.now()), many)):
        service = ("race", "short")[number % 2]
        ask = book(served.port, starts[0], who=f"key-{number}", person="hal", key=f"key-{number}", service=service)
        answers = burst(served.port, [ask] * 32)
        odd.update(answer.status for answer in answers if answer.status != 201)
        alike = {(answer.data.get("id"), answer.data.get("checkout_url")) for answer in answers}
        good += len(alike) == 1 and not odd
    with served.app.app_context(), tenant_scope(served.clinic.ref):
        wanted = select(func.count()).select_from(Booking).where(Booking.idempotency_key.like("api:key-%"))
        made = db.session.execute(wanted).scalar_one()
    show(
        f"One idempotency key 32 times at once, {served.kind}: rounds with 32 times 201 and the same answer",
        seen=f"{good} of {many}, {made} bookings, other answers {dict(odd) or 'none'}",
        bound=f"{many} of {many}, {many} bookings",
        ok=(good, made) == (many, many),
    )
