"""kill -9 at any moment while people book and pay: nothing paid is lost, nobody pays twice, every mail goes out."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, timedelta
from email import message_from_bytes
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import select

from saas import clock, outbox
from saas.cli import handlers_of
from saas.db import db
from saas.jobs import drain
from saas.mail import mailbox_folder
from saas.outbox import Outbox
from saas.sandbox.mailbox import copies
from saas.tenancy import tenant_scope
from tenants.bookings.models import Booking
from tests.cast import Clinic
from tests.databases import PostgresDatabase, SqliteFile
from tests.proofs.clinic import overlaps, proving_clinic, working_days
from tests.proofs.record import note, show, sized
from tests.proofs.shoppers import Crowd
from tests.proofs.stage import Stage, pause, until
from wsgi import create_app

KILLS = sized(3, 50)
PEOPLE = sized(3, 4)
STAFF = ("ben", "iris", "fay", "gus", "hal", "ivo", "jo", "kit")
SEED = 20260323


@pytest.fixture
def busy(app: Flask, stage: Stage) -> Iterator[tuple[Clinic, Crowd]]:
    """Web, worker and sandbox run, and people book and pay."""
    with app.app_context():
        clinic = proving_clinic(clock.now(), people=STAFF)
    stage.start_web()
    stage.start_sandbox()
    stage.start_worker()
    slots: SimpleQueue[Any] = SimpleQueue()
    for day in working_days(clock.now()):
        for minute in range(9 * 60, 17 * 60, 20):
            for person in STAFF:
                slots.put(((day + timedelta(minutes=minute)).astimezone(UTC), person))
    crowd = Crowd(stage, "/c/rowan", slots, SEED)
    crowd.start(PEOPLE)
    try:
        yield clinic, crowd
    finally:
        crowd.stop()


def kill_some(stage: Stage, crowd: Crowd) -> Counter[str]:
    """Web and worker in turn. The web process dies between a request's coming in and long after; the worker within
    milliseconds of a mail's going out, where a second copy is made."""
    chance = random.Random(SEED)
    done: Counter[str] = Counter()
    for number in range(KILLS):
        if number % 2 == 0:
            known = crowd.steps
            wanted = known + chance.randint(1, 6)
            until(lambda wanted=wanted: crowd.steps >= wanted, "people are being served", every=0.002)  # type: ignore[misc]
            pause(chance.uniform(0, 0.08))
            stage.kill("web")
            stage.start_web()
            done["web"] += 1
        else:
            sent = _mails(stage)
            until(lambda sent=sent: _mails(stage) > sent, "mails are going out", every=0.001)  # type: ignore[misc]
            pause(chance.choice((0, 0, chance.uniform(0, 0.03))))
            stage.kill("worker")
            stage.start_worker()
            done["worker"] += 1
    return done


def _mails(stage: Stage) -> int:
    folder = stage.folder / "mailbox"
    return sum(1 for _ in folder.glob("*.eml")) if folder.is_dir() else 0


def let_time_pass(stage: Stage, patient: Flask) -> None:
    """All news arrives, leases of the dead end, holds end, Stripe is asked again: an hour and a half in a moment."""
    stage.stop("worker")
    for minutes in (3, 50, 90):
        requests.post(f"{stage.sandbox_url}/_clock", json={"offset_seconds": minutes * 60}, timeout=30)
        until(lambda: not _state(stage)["deliveries"].get("pending"), "the sandbox's news has arrived", every=0.2)
        drain(patient, handlers_of(patient), clock.now() + timedelta(minutes=minutes))


def _state(stage: Stage) -> Any:
    return requests.get(f"{stage.sandbox_url}/_state?by=booking", timeout=30).json()


@pytest.mark.proof
def test_kills_lose_nothing_and_charge_nobody_twice(
    busy: tuple[Clinic, Crowd], stage: Stage, database: SqliteFile | PostgresDatabase
) -> None:
    clinic, crowd = busy
    done = kill_some(stage, crowd)
    crowd.stop()
    patient = create_app(stage.settings())
    let_time_pass(stage, patient)
    where = f"{KILLS} kills ({done['web']} web, {done['worker']} worker), {database.kind}"
    paid = [one for one in crowd.shoppers if one.paid]
    seen = f"{len(crowd.shoppers)} clients, {len(paid)} paid, {crowd.steps} answers, {crowd.broken_lines} broken lines"
    note(f"{where}: what was going on", seen=seen)
    show(f"{where}: answers nobody promised", seen=str(dict(crowd.odd) or "none"), bound="none", ok=not crowd.odd)
    with patient.app_context(), tenant_scope(clinic.ref):
        _money(where, crowd, _state(stage)["by_metadata"])
        _post(where, crowd, mailbox_folder(stage.settings()), done["worker"])
        found = overlaps()
        show(f"{where}: overlaps", seen=str(found), bound="0", ok=found == 0)
        dead = outbox.counts(now=clock.now())["dead"]
        show(f"{where}: effects given up", seen=str(dead), bound="0", ok=dead == 0)


def _money(where: str, crowd: Crowd, groups: dict[str, dict[str, int]]) -> None:
    rows = db.session.execute(select(Booking.id, Booking.status)).all()
    status = {str(key): said for key, said in rows}
    two_ids = [one.number for one in crowd.shoppers if len(one.ids) > 1]
    show(f"{where}: keys with two bookings", seen=str(len(two_ids)), bound="0", ok=not two_ids)
    paid = {booking for booking, group in groups.items() if group["paid"]}
    kept = {booking for booking in paid if groups[booking]["paid"] > groups[booking]["refunded"]}
    lost = sorted(booking for booking in kept if status.get(booking) != "confirmed")
    lost += [f"client {one.number}" for one in crowd.shoppers if one.paid and not one.ids & paid]
    show(
        f"{where}: paid and neither booked nor refunded",
        seen=f"{len(lost)} of {len(paid)} (refunded: {len(paid) - len(kept)})", bound="0", ok=not lost,
    )  # fmt: skip
    twice = [booking for booking in paid if groups[booking]["charges"] > 1]
    show(f"{where}: bookings charged twice", seen=str(len(twice)), bound="0", ok=not twice)
    booked = {key for key, said in status.items() if said == "confirmed"}
    free = sorted(booked - kept)
    show(f"{where}: booked without having paid", seen=str(len(free)), bound="0", ok=not free)
    open_ = Counter(said for said in status.values() if said == "held")
    show(f"{where}: holds left over", seen=str(open_["held"]), bound="0", ok=not open_)


def _post(where: str, crowd: Crowd, folder: Path, worker_kills: int) -> None:
    """Each booking's confirmation is the mail of its own effect, to its own client; a second copy is the same mail."""
    wanted = select(Outbox.id, Outbox.payload).where(Outbox.kind == "booking.confirmed")
    effects = {str(row.payload["booking_id"]): str(row.id) for row in db.session.execute(wanted)}
    sent = copies(folder)
    booked = [str(key) for key in db.session.execute(select(Booking.id).where(Booking.status == "confirmed")).scalars()]
    missing = [key for key in booked if effects.get(key, "") not in sent]
    owner = {key: one.email for one in crowd.shoppers for key in one.ids}
    strayed = [key for key in booked if key not in missing and owner[key] not in _header(sent[effects[key]][0], "To")]
    show(
        f"{where}: booked without a confirmation mail",
        seen=f"{len(missing)} of {len(booked)} (to somebody else: {len(strayed)})", bound="0",
        ok=not missing and not strayed,
    )  # fmt: skip
    doubled = {name: files for name, files in sent.items() if len(files) > 1}
    unlike = [name for name, files in doubled.items() if len({_header(file, "Message-ID") for file in files}) > 1]
    second = sum(len(files) - 1 for files in doubled.values())
    show(
        f"{where}: second copies of a mail (all with the first one's Message-ID)",
        seen=f"{second} of {len(sent)} mails, {len(unlike)} with another Message-ID",
        bound="at most one a worker kill, same Message-ID",
        ok=second <= worker_kills and not unlike,
    )


def _header(file: Path, name: str) -> str:
    return str(message_from_bytes(file.read_bytes())[name])
