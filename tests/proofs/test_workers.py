"""Several workers, each a process of its own, share the due rows: each row is run once, whoever runs it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from saas import clock
from saas.db import action, db
from saas.mail import mailbox_folder
from saas.outbox import Outbox, emit
from saas.sandbox.mailbox import copies
from saas.tenancy import tenant_scope
from tenants.bookings.actions import confirm, give_details, hold
from tenants.bookings.rules import Details
from tests.cast import Clinic
from tests.databases import PostgresDatabase, SqliteFile
from tests.proofs.clinic import blocks, proving_clinic
from tests.proofs.record import show, sized
from tests.proofs.stage import Stage, until

WORKERS = sized(2, 4)
ROWS = sized(40, 600)
ENOUGH = 20


def one_booking(clinic: Clinic, now: datetime) -> UUID:
    made = hold(
        service_id=clinic.services["race"],
        practitioner_id=clinic.practitioners["ben"],
        starts_at=next(iter(blocks(now)))[0],
        source="web",
        client_zone="",
        locale="",
        now=now,
    )
    give_details(booking_id=made.id, details=Details("Cleo Hart", "cleo@example.com"), now=now)
    confirm(booking_id=made.id, how="at_clinic", now=now)
    return made.id


@action
def _ask_often(booking_id: UUID, now: datetime) -> None:
    """The same mail again and again, each a row of its own: rows are what workers could take twice."""
    for _ in range(ROWS):
        emit("booking.confirmed", run_at=now, booking_id=str(booking_id))


def due() -> int:
    """Rows that are due and not done."""
    db.session.rollback()
    wanted = select(Outbox.id).where(Outbox.done_at.is_(None), Outbox.run_at <= clock.now())
    return len(db.session.execute(wanted).all())


@pytest.mark.proof
def test_no_two_workers_send_the_same_row(app: Flask, stage: Stage, database: SqliteFile | PostgresDatabase) -> None:
    names = [f"worker-{number}" for number in range(WORKERS)]
    with app.app_context():
        clinic = proving_clinic(clock.now())
    stage.log_level = "info"
    for name in names:
        stage.start_worker(name)
    # Rows come once all are there, so that all of them want the first.
    until(lambda: all("worker.started" in stage.log(name) for name in names), "the workers are there")
    with app.app_context(), tenant_scope(clinic.ref):
        made, rounds = one_booking(clinic, clock.now()), 0
        # A worker with nothing to do sleeps for a second: the other may be through with a small heap by then.
        while rounds == 0 or (rounds < ENOUGH and not all(_ran(stage.log(name)) for name in names)):
            _ask_often(made, clock.now())
            until(lambda: due() == 0, "everything due is done", every=0.1)
            rounds += 1
        rows = db.session.execute(select(Outbox.id, Outbox.attempts).where(Outbox.kind == "booking.confirmed")).all()
    for name in names:
        stage.stop(name)
    ran = {name: _ran(stage.log(name)) for name in names}
    times = Counter(effect for effects in ran.values() for effect in effects)
    sent = {name: len(files) for name, files in copies(mailbox_folder(stage.settings())).items()}
    wrong = [str(row.id) for row in rows if (row.attempts, times[str(row.id)], sent.get(str(row.id))) != (1, 1, 1)]
    shares = ", ".join(str(len(effects)) for effects in ran.values())
    show(
        f"{WORKERS} workers on the same rows, {database.kind}: rows not sent exactly once",
        seen=f"{len(wrong)} of {len(rows)} (done by each: {shares})",
        bound="0, all of them at work",
        ok=not wrong and len(rows) == rounds * ROWS + 1 and all(ran.values()),
    )


def _ran(log: str) -> list[str]:
    """The effects that a worker says it has done."""
    lines = (json.loads(line) for line in log.splitlines() if line.startswith("{"))
    return [line["effect"] for line in lines if line["event"] == "effect.done"]
