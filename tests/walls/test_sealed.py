"""What clients write and where they are reached is in no file of the data, and of whoever was erased in no backup."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from saas import sealing
from saas.crypto import NotSealedHere
from saas.db import action, db
from saas.keystore import KeyStore
from saas.stale import mark_of
from tenants.bookings.models import Booking
from tenants.clients.actions import erase_client_fields, find_or_make, record_of, save_client
from tenants.clients.models import Client, ClientImport, ClientNote
from tenants.clients.queries import client_by_id, matching
from tenants.clients.rules import Record
from tenants.people.actions import merge_clients
from tests import backdrops
from tests.cast import NOW
from tests.crowds import crowd
from tests.databases import PostgresDatabase, SqliteFile
from tests.saas.accounts.pages import Enter
from tests.walls.belongings import Belongings

Both = tuple[Belongings, Belongings]
# What `belongings.furnish` has a client say, and the clinic write and file about them.
SEALED = ("quill@rowan-private", "441132000007", "gate code", "rings twice", "left shoulder", "filed@rowan", "Filed at")
CLEAR = "Quillfeather of rowan"


def words_in(data: bytes) -> set[str]:
    """Which words are there, plainly or as a dump writes bytes."""
    return {word for word in (*SEALED, CLEAR) if word.encode() in data or word.encode().hex().encode() in data}


def test_what_clients_write_is_in_no_file_of_the_data(
    app: Flask, neighbours: Both, database: SqliteFile | PostgresDatabase, inside: Enter, tmp_path: Path
) -> None:
    ours, _theirs = neighbours
    with inside(ours.clinic):
        # It is all there, for who may read it.
        client, booking = client_by_id(ours.client_id), db.session.get_one(Booking, ours.booked_id)
        assert (client.email, client.phone) == ("quill@rowan-private.example", "+441132000007")
        assert (booking.note, booking.typed["email"]) == ("rowan gate code 4711", "quill@rowan-private.example")
        notes = db.session.execute(sa.select(ClientNote)).scalars()
        assert {note.text for note in notes} == {"rowan rings twice", "rowan left shoulder"}
        assert "Filed at rowan" in (db.session.get_one(ClientImport, ours.file_id).content or b"").decode()
    assert words_in(database.stolen(tmp_path)) == {CLEAR}
    store = KeyStore(database.settings.key_store).path
    if store is not None:
        assert words_in(b"".join(one.read_bytes() for one in store.parent.glob(f"{store.name}*"))) == set()


def test_of_whoever_was_erased_yesterdays_backup_tells_nothing(
    app: Flask, neighbours: Both, database: SqliteFile | PostgresDatabase, inside: Enter, tmp_path: Path
) -> None:
    ours, _theirs = neighbours
    record = Record("Dora Quill", email="dora@rowan-private.example")
    with inside(ours.clinic):
        other = save_client(client_id=None, record=record, locales=(), seen=None, now=NOW)
        both = (client_by_id(other), client_by_id(ours.client_id))
        mark = mark_of(*(value for one in both for value in astuple(record_of(one))))
        merge_clients(stays_id=other, goes_id=ours.client_id, choices={"email": "stays"}, seen=mark, now=NOW)
        assert db.session.get_one(Booking, ours.booked_id).note == "rowan gate code 4711"
    backdrops.forget(app)
    database.keep("yesterday")
    with inside(ours.clinic):
        ids = erase_client_fields(client_id=ours.client_id, now=NOW)
        assert {other, ours.client_id} <= set(ids)
        sealing.destroy_keys(ids)
        rows = list(db.session.execute(sa.select(Client)).scalars())
        assert {(row.name, row.email, row.phone, row.email_hash, row.phone_hash) for row in rows} == {
            ("Erased client", "", "", None, None)
        }
        assert not db.session.execute(sa.select(ClientNote)).first()
        assert not db.session.execute(sa.select(Client).where(matching("quill"))).first()
        again, _differs = find_or_make(
            name="Quill", email="quill@rowan-private.example", phone="", known_as="", reach="email", now=NOW
        )
        assert again.id not in ids, "who comes back is somebody new"
    backdrops.forget(app)
    database.bring("yesterday", keys=False)
    with inside(ours.clinic):
        assert set(sealing.erased_subjects()) == set(ids)
        rows = [db.session.get_one(Client, one) for one in (other, ours.client_id)]
        assert {(row.email_sealed is None, row.email, row.phone) for row in rows} == {(False, "", "")}
        booking = db.session.get_one(Booking, ours.booked_id)
        assert (booking.note_sealed is None, booking.note, booking.typed) == (False, "", {})
        assert {note.text for note in db.session.execute(sa.select(ClientNote)).scalars()} == {""}
        with pytest.raises(sealing.KeyErased):
            _say(ours.client_id, "quill@rowan-private.example")


@action
def _say(client_id: Any, email: str) -> None:
    client_by_id(client_id).email = email


def test_a_value_that_was_moved_or_changed_does_not_open(neighbours: Both, inside: Enter) -> None:
    ours, _theirs = neighbours
    table = Client.__table__.c
    with inside(ours.clinic):
        for sealed in (table.email_sealed, sa.literal(b"\x01" + b"x" * 60)):
            _put({"phone_sealed": sealed}, ours)
            with pytest.raises(NotSealedHere):
                _ = db.session.get_one(Client, ours.client_id, populate_existing=True).phone


@action
def _put(values: dict[str, Any], ours: Belongings) -> None:
    change = sa.update(Client).where(Client.__table__.c.tenant_id == ours.clinic.ref.id).values(values)
    db.session.execute(change.execution_options(tenant_checked=True))


def test_the_keys_of_a_list_are_asked_for_five_hundred_at_a_time(neighbours: Both, inside: Enter, app: Flask) -> None:
    ours, _theirs = neighbours
    with inside(ours.clinic):
        crowd(ours.clinic, bookings=0, clients=700)
        store, masters = sealing.keyring().store, app.config["LONGTIDE"].masters()
        ring = app.extensions["longtide_keys"] = sealing.Keyring(store, masters)
        wanted = sa.select(Client).where(Client.name.startswith("Client ")).order_by(Client.id)
        rows = list(db.session.execute(wanted).scalars())
        known = []
        for place in (0, 499, 500, 699):
            assert rows[place].email == f"c{place}@x.example"
            known.append(sum(bool(ring.at_hand(ours.clinic.ref.id, row.id)) for row in rows))
        assert known == [500, 500, 700, 700]


@pytest.mark.usefixtures("frozen")
def test_a_lost_key_store_is_said_and_nothing_is_written(neighbours: Both, inside: Enter, app: Flask) -> None:
    ours, _theirs = neighbours
    ring = app.extensions["longtide_keys"]
    lost = KeyStore("sqlite:////nowhere/keys.db")
    app.extensions["longtide_keys"] = sealing.Keyring(lost, app.config["LONGTIDE"].masters())
    try:
        refused = app.test_client().post(
            f"{ours.home}/api/v1/bookings",
            json={
                "service": "desk", "starts_at": "2026-03-26T14:00:00Z", "accept_policy": True,
                "client": {"name": "Cleo", "email": "cleo@example.com"},
            },
        )  # fmt: skip
        assert (refused.status_code, refused.json["type"].rpartition("/")[2]) == (503, "keys-unavailable")  # type: ignore[index]
    finally:
        app.extensions["longtide_keys"] = ring
    with inside(ours.clinic):
        assert not db.session.execute(sa.select(Client).where(matching("cleo@example.com"))).first()
