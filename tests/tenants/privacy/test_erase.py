"""An end to a client's data, and a copy of it."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from saas.audit import Actor, acting_as, note_read
from saas.db import db
from saas.jobs import drain
from saas.sealing import has_key
from saas.tenancy import tenant_scope
from tenants.bookings.models import Booking
from tenants.clients.models import Client
from tenants.intake.alerts import escalate, is_open, raise_alert
from tenants.intake.models import Intake, IntakeAnswer, IntakeFlags, TouchMap
from tenants.intake.settings import IntakeSettings, save_settings
from tenants.intake.who_opened import opened
from tenants.privacy.actions import NameDiffers, SessionsToCome, erase_again, erase_client
from tenants.privacy.copy import packed, take_copy
from tenants.privacy.effects import HANDLERS
from tests.cast import NOW, Clinic
from tests.databases import PostgresDatabase, SqliteFile
from tests.tenants.bookings.scenes import TUESDAY_TEN, booked
from tests.tenants.review.scenes import sent_in

AFTER = TUESDAY_TEN.replace(day=25)


@pytest.fixture
def client_id(at_rowan: Clinic) -> UUID:
    booking = booked(at_rowan, "desk", TUESDAY_TEN)
    sent_in(at_rowan, booking=booking)
    assert booking.client_id is not None
    return booking.client_id


def test_a_session_to_come_and_another_name_are_refused(client_id: UUID) -> None:
    with pytest.raises(SessionsToCome):
        erase_client(client_id=client_id, typed="Cleo Marsh", basis="asked", now=NOW)
    with pytest.raises(NameDiffers):
        erase_client(client_id=client_id, typed="Cleo", basis="asked", now=AFTER)
    assert db.session.get_one(Client, client_id).name == "Cleo Marsh"


def test_who_is_erased_is_gone_and_their_keys_too(
    app: Flask, at_rowan: Clinic, client_id: UUID, database: SqliteFile | PostgresDatabase, tmp_path: Path
) -> None:
    token = db.session.execute(select(Booking.link_hash)).scalar_one()
    intake_id = db.session.execute(select(Intake.id)).scalar_one()
    alert_id = raise_alert(intake_id=intake_id, revision=1, now=NOW, findings=["X-ONE"])
    assert alert_id is not None
    erase_client(client_id=client_id, typed=" Cleo  Marsh", basis="asked", now=AFTER)
    assert not escalate(alert_id=alert_id, step=1, now=AFTER)  # nobody is left to speak with
    assert not is_open(alert_id)
    db.session.rollback()  # whoever reads on holds the log back
    drain(app, HANDLERS, now=AFTER)
    client = db.session.get_one(Client, client_id, populate_existing=True)
    assert (client.name, client.email, client.email_hash) == ("Erased client", "", None)
    for model in (IntakeAnswer, IntakeFlags, TouchMap):
        assert not db.session.execute(select(model)).first()
    assert db.session.execute(select(Booking.link_hash)).scalar_one() != token
    assert db.session.execute(select(Intake.status)).scalar_one() == "closed"
    assert not has_key(subject=client_id)
    db.session.rollback()
    for name in (b"Cleo Marsh", b"cleo marsh"):
        assert name not in database.stolen(tmp_path), "neither in freed space nor in a log"


def test_who_comes_back_with_older_data_is_erased_again(app: Flask, at_rowan: Clinic, client_id: UUID) -> None:
    erase_client(client_id=client_id, typed="Cleo Marsh", basis="period", now=AFTER)
    drain(app, HANDLERS, now=AFTER)
    assert erase_again(now=AFTER) == 0
    client = db.session.get_one(Client, client_id, populate_existing=True)
    client.name = "Cleo Marsh"  # who gave neither address nor number is found too
    db.session.commit()
    assert erase_again(now=AFTER) == 1
    assert db.session.get_one(Client, client_id, populate_existing=True).name == "Erased client"


def test_a_copy_has_what_they_said_and_nothing_that_was_found(app: Flask, at_rowan: Clinic, client_id: UUID) -> None:
    with app.test_request_context(), tenant_scope(at_rowan.ref):
        files = _copied(client_id, at_rowan.accounts["alma"])
    copy = json.loads(files.read("copy.json"))
    assert copy["record"]["name"] == "Cleo Marsh"
    assert len(copy["bookings"]) == 1
    assert {"copy.html", "copy.json", "questions-1.fhir.json"} == set(files.namelist())
    whole = b"".join(files.read(name) for name in files.namelist()).decode()
    assert "Paracetamol" in whole
    for word in ("contra", "severity", "ser-default", "weight"):
        assert word not in whole
    (intake,) = db.session.execute(select(Intake.id)).scalars()
    listed = {(one.what, one.sections, one.kept) for one in opened([client_id, intake])}
    assert listed == {("intake", ("d", "e", "f", "h", "j"), True), ("client", (), True)}


def test_a_copy_leaves_out_the_answers_that_its_maker_may_not_open(
    app: Flask, at_rowan: Clinic, client_id: UUID
) -> None:
    save_settings(wanted=IntakeSettings(owner_reads=False), now=NOW)
    (intake,) = db.session.execute(select(Intake.id)).scalars()
    with acting_as(Actor("staff", at_rowan.accounts["ben"])):
        note_read("intake", target_id=intake, now=NOW, sections=("f", "j"))
    with app.test_request_context(), tenant_scope(at_rowan.ref):
        shut = _copied(client_id, at_rowan.accounts["alma"])
        own = _copied(client_id, at_rowan.accounts["ben"])  # the session is his
    assert set(shut.namelist()) == {"copy.html", "copy.json"}
    copy = json.loads(shut.read("copy.json"))
    assert (copy["questions"], copy["answers_left_out"]) == ([], 1)
    assert [(one["who"], one["sections"]) for one in copy["opened"]] == [("Ben", [])], "where it matters tells much"
    assert "not all of them are in this copy" in shut.read("copy.html").decode()
    assert json.loads(own.read("copy.json"))["opened"][0]["sections"] == ["f", "j"]
    assert "questions-1.fhir.json" in own.namelist()
    assert "saved as a file" in own.read("copy.html").decode(), "the copy before is listed too"


def _copied(client_id: UUID, reader: UUID) -> zipfile.ZipFile:
    made = take_copy(client_id=client_id, reader=reader, notes=False, now=NOW)
    return zipfile.ZipFile(io.BytesIO(packed(made)))
