"""The chain of consent receipts: what whoever owns the database did to it is named."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from uuid import UUID

import pytest
from flask import Flask

from saas.db import action, db, new_id
from saas.sealing import destroy_key
from saas.tenancy import tenant_scope
from tenants.intake.asking import paper_of
from tenants.intake.consents import Origin, Told, add_receipts
from tenants.intake.models import Intake, Questionnaire, QuestionnaireVersion
from tenants.intake.questions import Answer, Item, Part, Section
from tenants.intake.questions import Questionnaire as Form
from tenants.intake.receipts import verify
from tests.cast import NOW, Clinic
from tests.databases import SqliteFile
from tests.tenants.bookings.scenes import TUESDAY_TEN, booked

TITLE = {"en": "Agreement"}
KEYS = ("l.accuracy", "l.treat", "l.notmedical")
FORM = Form(
    key="small",
    title={"en": "Small"},
    languages=("en",),
    parts=(
        Part(
            "agreement",
            TITLE,
            (Section("l", TITLE, tuple(Item(key, "consent", {"en": f"I agree: {key}"}) for key in KEYS)),),
        ),
    ),
)


@action
def agreed(client: UUID) -> None:
    """One client agrees to two things and refuses a third."""
    asked = Questionnaire(key="own", kind="intake", title="Own", draft={}, draft_at=NOW, created_at=NOW)
    db.session.add(asked)
    db.session.flush()
    version = QuestionnaireVersion(
        questionnaire_id=asked.id, number=1, hash="h", definition={}, published_at=NOW
    )  # fmt: skip
    db.session.add(version)
    db.session.flush()
    id = new_id()
    intake = Intake(
        id=id, client_id=client, questionnaire_version_id=version.id, status="open", link_hash="x", requested_at=NOW,
    )  # fmt: skip
    db.session.add(intake)
    db.session.flush()
    said = {key: Answer(value=key != "l.treat") for key in KEYS}
    origin = Origin("en", "192.0.2.7", "A browser", "Europe/London")
    names = {"clinic": "Rowan", "practitioner": "Ben"}
    add_receipts(
        intake, paper_of(FORM, "h"), KEYS, said, told=Told("Cleo Clement"), names=names, origin=origin, now=NOW
    )


@pytest.fixture
def receipts(at_rowan: Clinic) -> UUID:
    client = booked(at_rowan, "desk", TUESDAY_TEN).client_id
    assert client is not None
    agreed(client)
    return client


def tamper(database: SqliteFile, statement: str) -> None:
    """As whoever has the file, past every trigger."""
    db.session.rollback()
    with closing(sqlite3.connect(database.file, isolation_level=None)) as connection:
        found = connection.execute("SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name LIKE 'consent%'")
        for (name,) in found.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)


def test_receipts_hold_also_when_the_clients_key_is_gone(receipts: UUID) -> None:
    found = verify()
    assert (found.receipts, found.sound) == (3, True)
    assert verify(expect=found.head).sound
    assert not verify(expect="0" * 64).sound
    destroy_key(subject=receipts)
    assert verify().sound


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "statement, told",
    [
        ("UPDATE consent SET choice = 'given' WHERE number = 2", ("altered", 2)),
        ("DELETE FROM consent WHERE number = 2", ("missing", 2)),
        ("UPDATE consent SET number = 9 WHERE number = 1", ("missing", 1)),
        ("UPDATE consent SET sealed = x'00' WHERE number = 3", ("details", 3)),
        ("UPDATE consent_text SET words = words || '!'", ("words", 1)),
    ],
)
def test_the_first_that_is_not_as_it_was_is_named(
    receipts: UUID, database: SqliteFile, statement: str, told: tuple[str, int]
) -> None:
    tamper(database, statement)
    found = verify()
    assert (found.fault, found.number) == told


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_cut_off_end_shows_to_who_noted_the_head(
    app: Flask, receipts: UUID, at_rowan: Clinic, database: SqliteFile
) -> None:
    head = verify().head
    tamper(database, "DELETE FROM consent WHERE number = 3")
    assert verify().sound
    assert not verify(expect=head).sound
    db.session.rollback()
    with tenant_scope(at_rowan.ref):
        told = app.test_cli_runner().invoke(args=["consent", "verify", at_rowan.ref.slug, "--expect", head])
    assert (told.exit_code, "NOT sound" in told.output) == (1, True)
