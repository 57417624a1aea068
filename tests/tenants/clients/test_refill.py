from __future__ import annotations

from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import select

from saas.db import db
from tenants.clients.actions import save_client
from tenants.clients.models import Client
from tenants.clients.rules import Record
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter
from tests.tenants.bookings.scenes import only_sqlite

pytestmark = only_sqlite


def test_who_was_there_before_the_key_has_it_after_the_migration(app: Flask, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        for name, known_as in (("Zoe Adler", "Mme. Núñez"), ("Bob Ina", "")):
            email = f"{name[:3].lower()}@example.com"
            save_client(client_id=None, record=Record(name, known_as, email), locales=("en",), seen=None, now=NOW)
    with app.app_context():
        directory = app.extensions["migrate"].directory
        downgrade(directory=directory, revision="0009")
        upgrade(directory=directory)
    with inside(rowan):
        keys = dict(db.session.execute(select(Client.name, Client.known_key)).all())
        assert keys == {"Zoe Adler": "mme nunez", "Bob Ina": ""}
        # The database's own locks stand again, and the record is still to be written.
        bob = db.session.execute(select(Client.id).where(Client.name == "Bob Ina")).scalar_one()
        save_client(
            client_id=bob, record=Record("Bob Ina", "Bö", "bob@example.com"), locales=("en",), seen=None, now=NOW
        )
        assert db.session.get_one(Client, bob).known_key == "bo"
