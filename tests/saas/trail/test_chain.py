"""The audit's chain: rows that come late, many workers, and what whoever owns the database did to it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import delete, select, update

from saas import audit
from saas.audit import Audit
from saas.db import action, db, new_id
from saas.jobs import drain
from saas.tenancy import tenant_scope
from saas.trail.actions import ChainedElsewhere, _chain_some, chain
from saas.trail.jobs import TIMETABLE
from saas.trail.models import AuditLink
from saas.trail.queries import verify
from saas.trail.rules import GRACE
from tests.cast import NOW, Clinic
from tests.databases import PostgresDatabase, SqliteFile

Database = SqliteFile | PostgresDatabase


@action
def deed(*, at: datetime, code: str = "room.saved") -> None:
    audit.record(code, target="room", target_id=new_id(), now=at, count=2, name="ä", none=None)


@dataclass(frozen=True)
class Owner:
    """Whoever owns the database, past every trigger."""

    database: Database

    def does(self, statement: str) -> None:
        if isinstance(self.database, PostgresDatabase):
            self.database._line().execute(statement)
            return
        with closing(sqlite3.connect(self.database.file, isolation_level=None)) as connection:
            found = connection.execute("SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name LIKE 'audit%'")
            for (name,) in found.fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            connection.execute(statement)

    def id_of(self, row: UUID) -> str:
        return f"'{row}'" if isinstance(self.database, PostgresDatabase) else f"'{row.hex}'"


@pytest.fixture
def owner(database: Database) -> Owner:
    return Owner(database)


@pytest.fixture
def verdict_of(app: Flask) -> Callable[..., Result]:
    return lambda *words: app.test_cli_runner().invoke(args=["audit", "verify", *words])


def chained() -> list[UUID]:
    db.session.rollback()
    return list(db.session.execute(select(AuditLink.audit_id).order_by(AuditLink.seq)).scalars())


def test_late_rows_break_nothing_and_each_row_is_chained_once(at_rowan: Clinic) -> None:
    before = chain(now=NOW)
    assert before > 0
    assert chain(now=NOW) == 0
    for minutes in (3, -50, 1):  # the second began before the first run and ended after it
        deed(at=NOW + timedelta(minutes=minutes))
    assert chain(now=NOW + timedelta(hours=1)) == 3
    deed(at=NOW + timedelta(hours=1))
    told = verify()
    assert told.sound
    assert (told.walk.links, told.waiting) == (before + 3, 1)
    assert len(set(chained())) == before + 3


def test_a_backlog_of_a_day_is_chained_in_portions_and_none_of_it_counts_as_late(
    at_rowan: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain(now=NOW)
    monkeypatch.setattr("saas.trail.actions.BATCH", 7)
    monkeypatch.setattr("saas.trail.queries._BATCH", 5)
    for hour in range(24):
        deed(at=NOW + timedelta(hours=hour))
    assert _chain_some(now=NOW + timedelta(hours=24)) == 7  # and then that worker was killed
    assert chain(now=NOW + timedelta(hours=25)) == 17
    told = verify()
    assert told.sound
    assert told.waiting == 0
    deed(at=NOW + timedelta(hours=22))
    chain(now=NOW + timedelta(hours=26))
    assert verify().inserted is not None


def test_many_workers_at_once_make_one_chain(app: Flask, at_rowan: Clinic) -> None:
    for _ in range(40):
        deed(at=NOW)
    rows = db.session.query(Audit).count()
    db.session.rollback()
    start, refused = threading.Barrier(4), []

    def work() -> None:
        with app.app_context(), tenant_scope(at_rowan.ref):
            start.wait()
            try:
                _chain_some(now=NOW)
            except ChainedElsewhere as error:
                refused.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    chain(now=NOW)
    assert len(chained()) == len(set(chained())) == rows
    assert verify().sound


def test_the_worker_chains_every_clinic_and_the_platform(
    app: Flask, rowan: Clinic, thornfield: Clinic, verdict_of: Callable[..., Result]
) -> None:
    drain(app, {}, NOW, timetable=TIMETABLE)
    told = verdict_of("--all")
    assert told.exit_code == 0, told.output
    lines = told.output.splitlines()
    assert [line.split(":")[0] for line in lines] == ["platform", "rowan", "thornfield"]
    assert all(" 0 rows not chained" in line for line in lines), told.output
    assert "0 links" not in lines[1]


def test_the_application_cannot_change_what_was_done(at_rowan: Clinic) -> None:
    chain(now=NOW)
    for table in (Audit, AuditLink):
        for statement in (update(table).values(at=NOW), delete(table)):
            with pytest.raises(Exception, match="append-only"):
                action(lambda said=statement: db.session.execute(said))()


@pytest.mark.parametrize(
    "statement, words",
    [
        ("UPDATE audit SET deed = 'room.none' WHERE id = {row}", "link 3: row {id} (room.none) was altered"),
        ("UPDATE audit SET facts = '{{\"count\": 3}}' WHERE id = {row}", "link 3: row {id}"),
        ("DELETE FROM audit WHERE id = {row}", "link 3: row {id} is missing; 2 links"),
        ("DELETE FROM audit_link WHERE audit_id = {row}", "link 3: its link is missing"),
        ("UPDATE audit_link SET hash = '00' WHERE audit_id = {row}", "link 3: row {id}"),
        ("UPDATE audit_link SET seq = 300 WHERE audit_id = {row}", "link 3: its link is missing"),
    ],
)
def test_the_first_row_that_was_tampered_with_is_named(
    at_rowan: Clinic, owner: Owner, verdict_of: Callable[..., Result], statement: str, words: str
) -> None:
    chain(now=NOW)
    row = chained()[2]
    db.session.rollback()
    assert verdict_of("rowan").exit_code == 0
    owner.does(statement.format(row=owner.id_of(row)))
    told = verdict_of("rowan")
    assert told.exit_code == 1
    assert words.format(id=row) in told.output
    assert verdict_of("--all").exit_code == 1


def test_a_row_put_in_afterwards_and_an_end_cut_off_are_found(
    app: Flask, rowan: Clinic, owner: Owner, verdict_of: Callable[..., Result]
) -> None:
    with app.app_context(), tenant_scope(rowan.ref):
        chain(now=NOW)
        head = verify().walk.head
        last = chained()[-1]
        deed(at=NOW - GRACE - timedelta(seconds=1), code="room.put_in")
        chain(now=NOW + GRACE)
    told = verdict_of("rowan")
    assert told.exit_code == 1
    assert "(room.put_in, " in told.output
    assert "put in afterwards" in told.output
    owner.does("DELETE FROM audit WHERE deed = 'room.put_in'")
    assert verdict_of("rowan", "--expect", head).exit_code == 0
    for table, column in (("audit_link", "audit_id"), ("audit", "id")):
        owner.does(f"DELETE FROM {table} WHERE {column} = {owner.id_of(last)}")
    assert verdict_of("rowan").exit_code == 0  # nothing in the database can tell
    told = verdict_of("rowan", "--expect", head)
    assert told.exit_code == 1
    assert "the head that was noted is not in the chain" in told.output


def test_one_clinic_is_named_or_all(verdict_of: Callable[..., Result], rowan: Clinic) -> None:
    assert verdict_of().exit_code == verdict_of("rowan", "--all").exit_code == 2
    assert verdict_of("nowhere").exit_code == 1
    assert rowan.ref.slug == "rowan"
