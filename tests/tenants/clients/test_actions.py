from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from saas.audit import Audit
from saas.db import action, db
from saas.errors import Invalid
from saas.tenancy import tenant_scope
from tenants.clients.actions import find_or_make
from tenants.clients.models import Client
from tenants.clients.queries import NoSuchClient, client_by_id
from tests.cast import Clinic

CLEO: dict[str, Any] = {
    "name": "Cleo Hart", "email": "cleo@example.com", "phone": "07700 900001", "known_as": "", "reach": "email",
}  # fmt: skip


def find(now: datetime, **changes: Any) -> tuple[Client, dict[str, str]]:
    return find_or_make(**{**CLEO, **changes}, now=now)


def test_somebody_new_is_made_once(at_rowan: Clinic, now: datetime) -> None:
    made, differs = find(now, email=" Cleo@Example.com ")
    assert differs == {}
    assert (made.email, made.phone) == ("cleo@example.com", "+447700900001")
    assert made.email_hash
    assert "cleo" not in made.email_hash
    again, differs = find(now + timedelta(days=1))
    assert again.id == made.id
    assert differs == {}
    rows = db.session.execute(select(Audit).where(Audit.deed == "client.made")).scalars().all()
    assert len(rows) == 1
    assert "Cleo" not in str(rows[0].facts)


def test_what_is_typed_never_overwrites_what_is_known(at_rowan: Clinic, now: datetime) -> None:
    made, _ = find(now, reach="phone")
    found, differs = find(now, name="Somebody Else", phone="07700 900002", known_as="Else", reach="email")
    assert found.id == made.id
    assert differs == {"name": "Somebody Else", "phone": "+447700900002", "known_as": "Else", "reach": "email"}
    db.session.refresh(found)
    assert (found.name, found.phone, found.known_as, found.reach) == ("Cleo Hart", "+447700900001", "", "phone")


def test_a_telephone_needs_a_similar_name_too(at_rowan: Clinic, now: datetime) -> None:
    made, _ = find(now)
    same, differs = find(now, email="c.hart@example.com", name="Cléo Hart")
    assert same.id == made.id
    assert differs == {"email": "c.hart@example.com", "name": "Cléo Hart"}
    other, differs = find(now, email="dora@example.com", name="Dora Hart")
    assert other.id != made.id
    assert differs == {}


def test_of_two_with_one_address_the_name_decides(at_rowan: Clinic, now: datetime) -> None:
    first, _ = find(now)

    @action
    def add_partner() -> None:
        partner = Client(name="Dan Hart", email=first.email, email_hash=first.email_hash, created_at=now)
        db.session.add(partner)

    first = client_by_id(first.id)
    db.session.expunge(first)
    add_partner()
    assert find(now)[0].name == "Cleo Hart"
    assert find(now, name="Dan Hart")[0].name == "Dan Hart"
    assert find(now, name="Nobody Known")[0].name == "Cleo Hart"


def test_whoever_was_merged_is_found_as_who_they_are_now(at_rowan: Clinic, now: datetime) -> None:
    old = find(now)[0].id
    kept = find(now, email="new@example.com", phone="", name="Cleo Hart")[0].id
    assert old != kept

    @action
    def merge() -> None:
        client_by_id(old).merged_into_id = kept

    merge()
    assert find(now)[0].id == kept


def test_the_neighbours_client_is_not_known_here(at_rowan: Clinic, thornfield: Clinic, now: datetime) -> None:
    made = find(now)[0]
    ours, secret = made.id, made.email_hash
    with tenant_scope(thornfield.ref):
        theirs, differs = find(now, name="Cleo Other")
        assert theirs.id != ours
        assert theirs.email_hash != secret
        assert differs == {}
        with pytest.raises(NoSuchClient):
            client_by_id(ours)


def test_bad_input_makes_nobody(at_rowan: Clinic, now: datetime) -> None:
    with pytest.raises(Invalid):
        find(now, name="x" * 10_240, email="cleo@example.com\r\nBcc: x@example.com")
    assert db.session.execute(select(func.count()).select_from(Client)).scalar_one() == 0


def test_odd_names_are_kept_harmless(at_rowan: Clinic, now: datetime) -> None:
    made, _ = find(now, name="=HYPERLINK(1)\r\n\x00\ud800 <b>Ann</b>")
    assert made.name == "=HYPERLINK(1) <b>Ann</b>"


def test_two_bookings_at_once_by_somebody_new_make_one_client(app: Flask, rowan: Clinic, now: datetime) -> None:
    gate = threading.Barrier(6)
    seen: list[object] = []

    def book() -> None:
        with app.app_context(), tenant_scope(rowan.ref):
            gate.wait()
            seen.append(find(now)[0].id)

    threads = [threading.Thread(target=book) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 6
    assert len(set(seen)) == 1
