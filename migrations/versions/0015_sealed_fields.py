"""What clients write and where they are reached is sealed: what stood in the clear becomes a sealed column.

A client's key is durable before the row that needs it; a run that is rolled back leaves keys without rows, and the next
takes those. What stood in the clear is gone from the tables; from freed pages it goes with VACUUM, and from backups
when they are deleted (deploy/RUNBOOK.md, section 6).

Revision: 0015
After: 0014
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from migrations.guards import guard
from saas.sealing import keyring

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

BATCH = 500
EMPTY: sa.ColumnClause[str] = sa.literal_column("''")
NOTHING: sa.ColumnClause[str] = sa.literal_column("'{}'")
ID = sa.Uuid()


class Field(NamedTuple):
    """A column in the clear, and the sealed one in its place. `subject`: whose key, the first of these that is set."""

    table: str
    name: str
    kind: sa.types.TypeEngine[Any]
    subject: tuple[str, ...]
    default: sa.ColumnClause[str] | None = EMPTY

    @property
    def sealed(self) -> str:
        return f"{self.name}_sealed"

    def written(self, value: Any) -> bytes:
        if isinstance(value, dict):
            return json.dumps(value, separators=(",", ":"), sort_keys=True).encode() if value else b""
        return value.encode() if isinstance(value, str) else value or b""

    def read(self, plain: bytes) -> Any:
        if isinstance(self.kind, sa.LargeBinary):
            return plain
        return json.loads(plain) if isinstance(self.kind, sa.JSON) else plain.decode()


FIELDS = (
    Field("client", "email", sa.String(254), ("id",)),
    Field("client", "phone", sa.String(40), ("id",)),
    Field("client_note", "text", sa.Text(), ("client_id",)),
    Field("client_import", "content", sa.LargeBinary(), ("id",), default=None),
    Field("booking", "typed", sa.JSON(), ("client_id", "id"), default=NOTHING),
    Field("booking", "note", sa.String(2000), ("client_id", "id")),
)
TABLES = tuple(dict.fromkeys(field.table for field in FIELDS))


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.get_bind().exec_driver_sql("PRAGMA secure_delete = ON")
    for field in FIELDS:
        op.add_column(field.table, sa.Column(field.sealed, sa.LargeBinary(), nullable=True))
    op.add_column("payment_attempt", sa.Column("address_sealed", sa.LargeBinary(), nullable=True))
    with _unguarded():
        for table in TABLES:
            _turn_rows(table, _sealed)
        _turn_addresses(_seal_address)
    for field in FIELDS:
        op.drop_column(field.table, field.name)


def downgrade() -> None:
    for field in FIELDS:
        clear = sa.Column(field.name, field.kind, nullable=field.default is None, server_default=field.default)
        op.add_column(field.table, clear)
    with _unguarded():
        for table in TABLES:
            _turn_rows(table, _opened)
        _turn_addresses(_open_address)
    for table, column in [*((field.table, field.sealed) for field in FIELDS), ("payment_attempt", "address_sealed")]:
        op.drop_column(table, column)


@contextmanager
def _unguarded() -> Iterator[None]:
    """SQLite's triggers let nobody write who has not entered the clinic, and a migration enters none."""
    connection, tables = op.get_bind(), (*TABLES, "payment_attempt")
    if connection.dialect.name != "sqlite":
        yield
        return
    for table in tables:
        for verb in ("insert", "update", "delete"):
            connection.exec_driver_sql(f"DROP TRIGGER {table}_tenant_{verb}")
    yield
    for table in tables:
        guard(connection, table)


def _sealed(row: Any, field: Field) -> dict[str, Any]:
    plain = field.written(getattr(row, field.name))
    about = f"{field.table}|{field.name}|{row.id}"
    return {field.sealed: keyring().seal(row.tenant_id, _subject(row, field), about, plain) if plain else None}


def _opened(row: Any, field: Field) -> dict[str, Any]:
    sealed, about = getattr(row, field.sealed), f"{field.table}|{field.name}|{row.id}"
    if sealed is None:
        return {
            field.name: field.read(b"{}" if field.default is NOTHING else b"") if field.default is not None else None
        }
    return {field.name: field.read(keyring().unseal(row.tenant_id, _subject(row, field), about, sealed))}


def _subject(row: Any, field: Field) -> UUID:
    found: UUID = next(value for name in field.subject if (value := getattr(row, name)) is not None)
    return found


def _turn_rows(table: str, turned: Callable[[Any, Field], dict[str, Any]]) -> None:
    fields = [field for field in FIELDS if field.table == table]
    keys = {name for field in fields for name in field.subject} - {"id"}
    columns: dict[str, sa.types.TypeEngine[Any]] = {"tenant_id": ID, "id": ID, **dict.fromkeys(keys, ID)}
    columns |= {field.name: field.kind for field in fields} | {field.sealed: sa.LargeBinary() for field in fields}
    rows = sa.table(table, *(sa.column(name, kind) for name, kind in columns.items()))
    asked, last = sa.select(rows).order_by(rows.c.id).limit(BATCH), UUID(int=0)
    while batch := list(op.get_bind().execute(asked.where(rows.c.id > last))):
        last = batch[-1].id
        _have_keys(batch, fields)
        _write(
            rows, [{"at": row.id, **{k: v for field in fields for k, v in turned(row, field).items()}} for row in batch]
        )


def _have_keys(batch: list[Any], fields: list[Field]) -> None:
    """A key for everybody whose words stand here in the clear: together, since each write waits for the disk."""
    ring = keyring()
    wanted: dict[UUID, set[UUID]] = {}
    for row in batch:
        if any(field.written(getattr(row, field.name)) for field in fields):
            wanted.setdefault(row.tenant_id, set()).add(_subject(row, fields[0]))
    for tenant_id, subjects in wanted.items():
        ring.fetch(tenant_id, subjects)
        ring.make(tenant_id, [one for one in subjects if not ring.at_hand(tenant_id, one)])


def _write(rows: sa.TableClause, values: list[dict[str, Any]]) -> None:
    names = values[0].keys() - {"at"}
    kept = sa.update(rows).where(rows.c.id == sa.bindparam("at", type_=ID))
    done = op.get_bind().execute(kept.values({name: sa.bindparam(name) for name in names}), values)
    if done.rowcount != len(values):
        raise RuntimeError(f"{rows.name}: {done.rowcount} of {len(values)} rows")


def _turn_addresses(turned: Callable[[Any, dict[str, Any]], dict[str, Any]]) -> None:
    """The client's address in what was sent to Stripe: sealed for the booking, whose keys its client has as well."""
    attempt = sa.table(
        "payment_attempt", sa.column("id", ID), sa.column("payment_id", ID), sa.column("tenant_id", ID),
        sa.column("request", sa.JSON()), sa.column("address_sealed", sa.LargeBinary()),
    )  # fmt: skip
    payment = sa.table("payment", sa.column("id", ID), sa.column("booking_id", ID))
    booking = sa.table("booking", sa.column("id", ID), sa.column("client_id", ID))
    asked = (
        sa.select(attempt, payment.c.booking_id, booking.c.client_id)
        .join(payment, payment.c.id == attempt.c.payment_id)
        .join(booking, booking.c.id == payment.c.booking_id)
    )
    for row in op.get_bind().execute(asked).all():
        changed = turned(row, dict(row.request))
        if changed:
            _write(attempt, [{"at": row.id, **changed}])


def _seal_address(row: Any, request: dict[str, Any]) -> dict[str, Any]:
    address = request.pop("customer_email", None)
    if not address:
        return {}
    about = f"payment_attempt|address|{row.id}"
    sealed = keyring().seal(row.tenant_id, row.booking_id, about, address.encode())
    if row.client_id is not None:
        keyring().adopt(row.tenant_id, row.client_id, row.booking_id)
    return {"request": request, "address_sealed": sealed}


def _open_address(row: Any, request: dict[str, Any]) -> dict[str, Any]:
    if row.address_sealed is None:
        return {}
    about = f"payment_attempt|address|{row.id}"
    address = keyring().unseal(row.tenant_id, row.booking_id, about, row.address_sealed).decode()
    return {"request": {**request, "customer_email": address}, "address_sealed": None}
