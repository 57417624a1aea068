"""A clinic that has been busy for years: plain inserts, because no action makes a hundred thousand bookings in time.

The rows are as actions leave them, with fixed ids and no links; what happened is in the past but for two weeks ahead.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from saas.audit import Audit
from saas.db import action, db, new_id
from saas.sealing import make_keys
from tenants.bookings.models import Booking
from tenants.clients.models import Client
from tenants.payments.models import Payment
from tests.cast import NOW, Clinic

AHEAD = 60
_CHUNK = 5000
_KEYS = 500
_HOUR = timedelta(hours=1)


@action
def crowd(clinic: Clinic, *, bookings: int, clients: int, person: str = "ben", service: str = "desk") -> None:
    """So many clients with so many bookings (an hour each, one after the other, `AHEAD` of them still to come)."""
    base = _base(clinic)
    _insert(Client, [row for start in range(0, clients, _KEYS) for row in _some(clinic, base, start, clients)])
    who, what = clinic.practitioners[person], clinic.services[service]
    last = NOW.replace(minute=0, second=0, microsecond=0) + timedelta(hours=AHEAD)
    rows = []
    for number in range(bookings):
        starts = last - timedelta(hours=number)
        client_id = UUID(int=base + number % clients)
        rows.append(_booking(clinic, UUID(int=base + 10**9 + number), client_id, (who, what), starts))
    _insert(Booking, rows)
    _insert(Payment, [_payment(clinic, row, number) for number, row in enumerate(rows)])


@action
def looked_at(clinic: Clinic, *, looks: int, clients: int, who: str) -> None:
    """So many looks of one account at these clients' records, one every hour back from now."""
    base, row = _base(clinic), {"tenant_id": clinic.ref.id, "actor": "staff", "deed": "read", "target": "client"}
    ids = {"account_id": clinic.accounts[who], "facts": {}}
    _insert(
        Audit,
        [
            {**row, **ids, "id": new_id(), "target_id": UUID(int=base + number % clients), "at": NOW - number * _HOUR}
            for number in range(looks)
        ],
    )


def _base(clinic: Clinic) -> int:
    return int.from_bytes(hashlib.sha256(clinic.ref.slug.encode()).digest()[:6], "big") << 64


def _insert(model: Any, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), _CHUNK):
        db.session.connection().execute(sa.insert(model.__table__), rows[start : start + _CHUNK])


def _some(clinic: Clinic, base: int, start: int, clients: int) -> list[dict[str, Any]]:
    numbers = range(start, min(start + _KEYS, clients))
    make_keys([UUID(int=base + number) for number in numbers])
    return [_client(clinic, base, number) for number in numbers]


def _client(clinic: Clinic, base: int, number: int) -> dict[str, Any]:
    id_ = UUID(int=base + number)
    return {
        "id": id_, "tenant_id": clinic.ref.id, "name": f"Client {number:06}",
        "name_key": f"client {number:06}", "known_as": "",
        "email_sealed": Client.email.seal("client", id_, id_, f"c{number}@x.example"),
        "reach": "email", "locale": "", "zone": "", "discreet_name": "", "no_calls": False,
        "created_at": NOW - timedelta(days=number % 3000),
    }  # fmt: skip


def _booking(clinic: Clinic, id_: UUID, client_id: UUID, offer: tuple[UUID, UUID], starts: datetime) -> dict[str, Any]:
    ends = starts + timedelta(hours=1)
    return {
        "id": id_, "tenant_id": clinic.ref.id, "practitioner_id": offer[0], "service_id": offer[1],
        "client_id": client_id, "status": "completed" if starts < NOW else "confirmed", "starts_at": starts,
        "ends_at": ends, "busy_from": starts, "busy_to": ends, "wall_start": starts.replace(tzinfo=None),
        "zone": clinic.ref.zone, "client_zone": "", "extensions": 0, "paying": False, "price_minor": 6000,
        "online_minor": 0, "currency": "GBP", "payment_mode": "at_clinic", "policy": {},
        "source": "web", "sequence": 0, "link_hash": id_.hex, "link_generation": 0, "locale": "",
        "created_at": starts - timedelta(days=7), "confirmed_at": starts - timedelta(days=7),
    }  # fmt: skip


def _payment(clinic: Clinic, booking: dict[str, Any], number: int) -> dict[str, Any]:
    return {
        "id": booking["id"], "tenant_id": clinic.ref.id, "booking_id": booking["id"], "mode": "at_clinic",
        "price_minor": 6000, "online_minor": 0, "currency": "GBP", "paid_minor": 0, "refunded_minor": 0,
        "held_minor": 0, "lost_minor": 0, "owed_minor": 6000 if number % 500 == 0 else 0, "desk_minor": 0,
        "created_at": booking["created_at"],
    }  # fmt: skip
