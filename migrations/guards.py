"""The locks the database itself holds, written once for both databases and used by every migration.

* `guard(table)`: nobody writes (PostgreSQL: nor reads) another clinic's rows. PostgreSQL: forced row-level security on
  `app.tenant_id`; SQLite: triggers that ask `app_may_write`. SQLite's batch alters drop triggers: guard again after.
* `no_double_booking()`: two live bookings never overlap for one practitioner, room or client.
* `missing_guards(connection)`: what the start-up check and a test ask.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.engine import Connection

LIVE = "('held','confirmed','arrived')"
# A session with its buffers fits in a day (service table), so no busy interval that overlaps begins earlier than this.
_DAY_MICROSECONDS = 86_400_000_000
_OVERLAPS = (
    # name, columns of the row's interval, who is kept from being in two places
    ("practitioner", "busy_from", "busy_to", "practitioner_id"),
    ("room", "busy_from", "busy_to", "room_id"),
    ("client", "starts_at", "ends_at", "client_id"),
)


def guard(connection: Connection, table: str) -> None:
    """Lock `table` to the entered tenant."""
    if connection.dialect.name == "postgresql":
        mine = "tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid"
        connection.execute(text(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"))
        connection.execute(text(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"))
        connection.execute(text(f"CREATE POLICY {table}_tenant ON {table} USING ({mine}) WITH CHECK ({mine})"))
        return
    for verb, rows in (("INSERT", ("NEW",)), ("UPDATE", ("OLD", "NEW")), ("DELETE", ("OLD",))):
        refused = " OR ".join(f"NOT app_may_write({row}.tenant_id)" for row in rows)
        connection.execute(
            text(
                f"CREATE TRIGGER {table}_tenant_{verb.lower()} BEFORE {verb} ON {table} WHEN {refused} "
                "BEGIN SELECT RAISE(ABORT, 'another tenant''s row'); END"
            )
        )


def no_double_booking(connection: Connection) -> None:
    """The proof that no time is given twice. Actions lock first, so that this is rarely what says no."""
    for name, start, end, who in _OVERLAPS:
        if connection.dialect.name == "postgresql":
            connection.execute(
                text(
                    f"ALTER TABLE booking ADD CONSTRAINT booking_{name}_overlap EXCLUDE USING gist "
                    f"(tenant_id WITH =, {who} WITH =, tstzrange({start}, {end}) WITH &&) WHERE (status IN {LIVE})"
                )
            )
            continue
        overlap = (
            f"SELECT 1 FROM booking b WHERE b.tenant_id = NEW.tenant_id AND b.{who} = NEW.{who} AND b.id <> NEW.id "
            f"AND b.status IN {LIVE} AND b.{start} < NEW.{end} AND b.{start} > NEW.{start} - {_DAY_MICROSECONDS} "
            f"AND b.{end} > NEW.{start}"
        )
        for verb in ("INSERT", "UPDATE"):
            connection.execute(
                text(
                    f"CREATE TRIGGER booking_{name}_overlap_{verb.lower()} BEFORE {verb} ON booking "
                    f"WHEN NEW.status IN {LIVE} AND EXISTS ({overlap}) "
                    f"BEGIN SELECT RAISE(ABORT, 'booking_{name}_overlap'); END"
                )
            )
    if connection.dialect.name != "postgresql":
        for verb in ("INSERT", "UPDATE"):
            connection.execute(
                text(
                    f"CREATE TRIGGER booking_a_day_{verb.lower()} BEFORE {verb} ON booking "
                    f"WHEN NEW.busy_to - NEW.busy_from > {_DAY_MICROSECONDS} "
                    "BEGIN SELECT RAISE(ABORT, 'booking_a_day'); END"
                )
            )


def append_only(connection: Connection, table: str) -> None:
    """Rows of `table` are written once: no update, no delete, whoever asks."""
    if connection.dialect.name == "postgresql":
        connection.execute(
            text(
                "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'append-only table %', TG_TABLE_NAME; END $$"
            )
        )
        connection.execute(
            text(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            )
        )
        return
    for verb in ("UPDATE", "DELETE"):
        connection.execute(
            text(
                f"CREATE TRIGGER {table}_append_only_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'append-only table {table}'); END"
            )
        )


def missing_guards(connection: Connection, tables: Iterable[str]) -> list[str]:
    """The clinic tables without their lock, and missing overlap constraints; empty when all is well."""
    if connection.dialect.name == "postgresql":
        locked = set(
            connection.execute(
                text(
                    "SELECT c.relname FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid "
                    "WHERE c.relrowsecurity AND c.relforcerowsecurity"
                )
            ).scalars()
        )
        apart = set(connection.execute(text("SELECT conname FROM pg_constraint WHERE contype = 'x'")).scalars())
        missing = [table for table in tables if table not in locked]
        return missing + [n for n in (f"booking_{o[0]}_overlap" for o in _OVERLAPS) if n not in apart]
    triggers = set(connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars())
    wanted = {table: [f"{table}_tenant_{verb}" for verb in ("insert", "update", "delete")] for table in tables}
    missing = [table for table, names in wanted.items() if not triggers.issuperset(names)]
    overlaps = [f"booking_{o[0]}_overlap_{verb}" for o in _OVERLAPS for verb in ("insert", "update")]
    return missing + [name for name in overlaps if name not in triggers]
