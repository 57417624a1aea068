"""Filling a database: one busy clinic, or a thousand of them with a hundred bookings each.

The first clinic is made through actions. The others are copies of its rows with ids of their own, written straight into
the tables by a connection that may (PostgreSQL's administrator; on SQLite the guard's function says yes).
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import Flask

from saas.db import Base
from saas.tenancy import Tenant
from tenants.services.rules import ServiceRequest
from tests.cast import Clinic
from tests.databases import PostgresDatabase, SqliteFile
from tests.factories import make_clinic

HALF_HOURS = "half"
PAID = "paid"
SERVICES = (
    ServiceRequest(
        name="Session", slug=HALF_HOURS, duration_min=60, step_min=30, price_minor=6000, payment="at_clinic"
    ),
    ServiceRequest(name="Paid session", slug=PAID, duration_min=60, step_min=30, price_minor=6000, payment="full"),
)
ZONE = ZoneInfo("Europe/London")
# All on one clock, so that the same bookings lie within the hours of each.
_ZONES = ("Europe/London", "Europe/Dublin", "Europe/Lisbon", "Atlantic/Canary")
_COPIED = (
    "clinic", "policy", "service", "practitioner", "practitioner_service", "room", "weekly_hours", "client", "booking"
)  # fmt: skip


def raw_engine(database: SqliteFile | PostgresDatabase) -> sa.Engine:
    """A connection that the locks between clinics do not bind."""
    if isinstance(database, PostgresDatabase):
        return sa.create_engine(database.inside.replace("postgresql://", "postgresql+psycopg://", 1))
    engine = sa.create_engine(f"sqlite:///{database.file}")

    def connect(raw: Any, _record: Any) -> None:
        raw.create_function("app_may_write", 1, lambda _tenant: 1)

    sa.event.listen(engine, "connect", connect)
    return engine


def one_clinic(app: Flask, database: SqliteFile | PostgresDatabase, *, bookings: int, now: datetime) -> Clinic:
    """Rowan Clinic: one practitioner, half-hour starts, its next month booked `bookings` times."""
    with app.app_context():
        clinic = make_clinic("rowan", now=now, people=("ben",), services=SERVICES)
        app.extensions["sqlalchemy"].engine.dispose()
    engine = raw_engine(database)
    with engine.begin() as connection:
        client = _client(clinic.ref.id, now)
        connection.execute(Base.metadata.tables["client"].insert(), [client])
        rows = _bookings(clinic, client["id"], bookings, now)
        connection.execute(Base.metadata.tables["booking"].insert(), rows)
    engine.dispose()
    return clinic


def add_clinics(database: SqliteFile | PostgresDatabase, clinic: Clinic, *, count: int) -> list[str]:
    """`count` more clinics like `clinic`, in other zones, with other hours; the slugs of all, the first included."""
    engine = raw_engine(database)
    with engine.connect() as connection:
        tables = [Base.metadata.tables[name] for name in _COPIED]
        own = {table.name: _rows(connection, table, table.c.tenant_id == clinic.ref.id) for table in tables}
        face = _rows(connection, Tenant.__table__, Tenant.__table__.c.id == clinic.ref.id)[0]
    slugs = [clinic.ref.slug]
    for first in range(0, count, 50):
        batch: dict[str, list[dict[str, Any]]] = {name: [] for name in ("tenant", *_COPIED)}
        for number in range(first, min(first + 50, count)):
            slugs.append(f"crowd-{number}")
            _copy(batch, face, own, number)
        with engine.begin() as connection:
            for name, rows in batch.items():
                if rows:
                    connection.execute(Base.metadata.tables[name].insert(), rows)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    engine.dispose()
    return slugs


def clear_after(database: SqliteFile | PostgresDatabase, instant: datetime) -> None:
    """Cancel what was booked after `instant`, so that it can be booked again."""
    booking = Base.metadata.tables["booking"]
    engine = raw_engine(database)
    with engine.begin() as connection:
        connection.execute(booking.update().where(booking.c.starts_at >= instant).values(status="cancelled"))
    engine.dispose()


def _rows(connection: sa.Connection, table: Any, where: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(sa.select(table).where(where)).mappings()]


def _copy(batch: dict[str, list[dict[str, Any]]], face: dict[str, Any], own: Any, number: int) -> None:
    ids: dict[UUID, UUID] = {}

    def other(value: Any) -> Any:
        return ids.setdefault(value, uuid4()) if isinstance(value, UUID) else value

    zone = _ZONES[number % len(_ZONES)]
    mine = {name: other(value) for name, value in face.items()}
    batch["tenant"].append(
        mine | {"slug": f"crowd-{number}", "zone": zone, "stripe_account_id": f"acct_crowd_{number}"}
    )
    for name, rows in own.items():
        for row in rows:
            copied = {key: other(value) for key, value in row.items()}
            if name == "booking":
                copied |= {"link_hash": uuid4().hex * 2, "zone": zone}
            if name == "weekly_hours":
                copied |= {"start": f"{7 + number % 2:02d}:{30 * (number % 2):02d}", "end": f"{17 + number % 5}:00"}
            batch[name].append(copied)


def _client(tenant_id: UUID, now: datetime) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id, "id": uuid4(), "name": "Cleo North", "known_as": "",
        "email_hash": None, "phone_hash": None, "reach": "email", "locale": "", "zone": "",
        "merged_into_id": None, "created_at": now,
    }  # fmt: skip


def month_starts(now: datetime) -> list[datetime]:
    """Every other half hour from 9 to 16 on the next 31 days' working days, as instants."""
    days = [now.astimezone(ZONE).date() + timedelta(days=ahead) for ahead in range(1, 32)]
    return [
        datetime.combine(day, time(hour), ZONE).astimezone(UTC)
        for day in days
        if day.weekday() < 5
        for hour in range(9, 17)
    ]


def _bookings(clinic: Clinic, client_id: UUID, count: int, now: datetime) -> list[dict[str, Any]]:
    chosen = random.Random(1).sample(month_starts(now), count)
    common: dict[str, Any] = {
        column.name: None for column in Base.metadata.tables["booking"].c
    } | {
        "tenant_id": clinic.ref.id, "service_id": clinic.services[HALF_HOURS], "client_id": client_id,
        "practitioner_id": clinic.practitioners["ben"], "status": "confirmed", "zone": "Europe/London",
        "client_zone": "", "extensions": 0, "paying": False, "price_minor": 6000, "online_minor": 0, "currency": "GBP",
        "payment_mode": "at_clinic", "policy": {}, "source": "api", "sequence": 0,
        "link_generation": 0, "locale": "", "created_at": now, "confirmed_at": now,
    }  # fmt: skip
    return [
        common
        | {
            "id": uuid4(), "link_hash": uuid4().hex * 2, "starts_at": start, "ends_at": start + timedelta(hours=1),
            "busy_from": start, "busy_to": start + timedelta(hours=1),
            "wall_start": start.astimezone(ZONE).replace(tzinfo=None),
        }
        for start in chosen
    ]  # fmt: skip
