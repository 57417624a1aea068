"""Every clinic's table has its clinic in its keys, and the migrations make on both databases what the models say."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy.engine import Connection

from migrations.guards import missing_guards
from saas.db import Base, db
from saas.home import migrated
from saas.sealing import keyring
from saas.tenancy import find_by_slug, tenant_scope, tenant_tables
from tenants.bookings.models import Booking
from tenants.clients.models import Client, ClientImport, ClientNote
from tests import databases
from tests.cast import NOW
from tests.databases import PostgresDatabase, SqliteFile
from tests.factories import make_clinic
from tests.house.tree import report
from tests.walls.belongings import furnish
from wsgi import create_app

Link = sa.ForeignKeyConstraint
# Columns that name a row without a foreign key, each with its reason.
LOOSE = {
    "audit.account_id": "what was done stays told when the account has gone",
    "audit.target_id": "of any table",
    "audit_link.audit_id": "a link whose row has gone is how its going is seen",
    "ledger_entry.posting_id": "groups rows of this table, names no other",
    "payment_attempt.stripe_account_id": "Stripe's",
    "payment_attempt.session_id": "Stripe's",
    "dispute.stripe_dispute_id": "Stripe's",
    "refund.stripe_refund_id": "Stripe's",
}


def _owned() -> set[str]:
    return {table.name for table in tenant_tables()}


def test_there_are_clinic_tables_and_each_knows_its_clinic(app: Flask) -> None:
    assert len(_owned()) > 15
    for table in tenant_tables():
        assert [column.name for column in table.primary_key] == ["tenant_id", "id"], table.name
        assert not table.c.tenant_id.nullable, table.name


def test_every_foreign_key_to_a_clinics_table_carries_the_clinic() -> None:
    """Foreign-key checks look past row-level security: a simple one would accept the neighbour's row."""
    breaches = []
    for table in Base.metadata.tables.values():
        for key in table.foreign_key_constraints:
            target = key.referred_table.name
            pairs = [(element.parent.name, element.column.name) for element in key.elements]
            if target in _owned() and (
                pairs[0] != ("tenant_id", "tenant_id") or pairs[1][1] != "id" or len(pairs) != 2
            ):
                breaches.append(f"{table.name}: {pairs} -> {target}")
            if target not in _owned() and (target != "tenant" or pairs != [("tenant_id", "id")]):
                breaches.append(f"{table.name}: {pairs} -> {target}")
    assert not breaches, report(breaches, "Use saas.tenancy.tenant_fk:")


def test_every_column_that_names_a_row_has_its_foreign_key() -> None:
    bare = set()
    for table in tenant_tables():
        linked = {element.parent.name for key in table.foreign_key_constraints for element in key.elements}
        named = {column.name for column in table.columns if column.name.endswith("_id")} - linked
        bare |= {f"{table.name}.{name}" for name in named}
    # `practitioner.account_id` and the like would be found here the day they lose their key.
    assert bare == set(LOOSE), report(sorted(bare ^ set(LOOSE)), "Add tenant_fk, or the reason why there can be none:")


@pytest.fixture
def connection(app: Flask) -> Iterator[Connection]:
    with app.app_context(), app.extensions["sqlalchemy"].engine.connect() as made:
        yield made


def test_unique_keys_and_indexes_begin_with_the_clinic(connection: Connection) -> None:
    """Asked of the database itself. A unique key over all clinics would tell one what another has."""
    breaches = []
    found = sa.inspect(connection)
    for name in sorted(_owned()):
        assert found.get_pk_constraint(name)["constrained_columns"] == ["tenant_id", "id"]
        keys: list[tuple[str, Any]] = [("unique", key["column_names"]) for key in found.get_unique_constraints(name)]
        keys += [("index", index["column_names"]) for index in found.get_indexes(name) if not _excludes(index)]
        breaches += [f"{name}: {kind} {columns}" for kind, columns in keys if columns[0] != "tenant_id"]
    assert not breaches, report(breaches, "tenant_id comes first:")


def _excludes(index: Any) -> bool:
    # PostgreSQL shows an exclusion constraint as an index; its columns begin with the clinic, checked below.
    return bool(re.fullmatch(r"booking_\w+_overlap", str(index["name"])))


def test_every_clinic_table_is_guarded_in_the_database(connection: Connection) -> None:
    assert missing_guards(connection, _owned()) == []


def test_a_missing_guard_is_found(connection: Connection) -> None:
    assert missing_guards(connection, ["no_such_table"]) == ["no_such_table"]


def test_the_locks_of_postgresql_say_what_they_should(connection: Connection) -> None:
    if connection.dialect.name != "postgresql":
        assert _sqlite_triggers(connection, "tenant") == {
            f"{name}_tenant_{verb}" for name in _owned() for verb in ("insert", "update", "delete")
        }
        return
    rows = connection.exec_driver_sql(
        "SELECT tablename, policyname, permissive, cmd, qual, with_check, roles::text FROM pg_policies"
    ).all()
    assert {row.tablename for row in rows} == _owned()
    assert len(rows) == len(_owned())
    assert {(row.permissive, row.cmd, row.roles) for row in rows} == {("PERMISSIVE", "ALL", "{public}")}
    (said,) = {row.qual for row in rows}
    assert {row.with_check for row in rows} == {said}
    assert said.replace("'", "").startswith("(tenant_id = (NULLIF(current_setting(app.tenant_id::text, true)")
    apart = connection.exec_driver_sql(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'x' ORDER BY conname"
    ).scalars()
    assert all("(tenant_id WITH =, " in definition for definition in apart)


def _sqlite_triggers(connection: Connection, kind: str) -> set[str]:
    names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars()
    return {name for name in names if f"_{kind}_" in name}


def test_the_application_owns_nothing_and_passes_no_policy(connection: Connection) -> None:
    if connection.dialect.name != "postgresql":
        return
    role = connection.exec_driver_sql(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
    ).one()
    assert not any(role)
    owned = "SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole"
    assert connection.exec_driver_sql(owned).scalar() == 0
    may = (
        "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
        "AND has_table_privilege(oid, 'TRUNCATE')"
    )
    assert connection.exec_driver_sql(may).scalar() == 0


def test_the_models_and_the_migrated_tables_are_the_same(connection: Connection) -> None:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": _default_differs}
    )
    found = compare_metadata(context, Base.metadata)
    differences = [str(one) for one in found if not _is_overlap(one)]
    assert not differences, report(differences, "The models say something else than the migrations:")


def _default_differs(
    _context: Any, _found: Any, column: Any, found: str | None, _wanted: Any, wanted: str | None
) -> bool | None:
    # PostgreSQL has no `=` for json, with which Alembic would compare them; None leaves it to Alembic.
    if isinstance(column.type, sa.JSON) and found and wanted:
        return found.removesuffix("::json") != wanted
    return None


def _is_overlap(difference: Any) -> bool:
    # What keeps bookings apart is written by hand, and autogenerate takes its index for a stray one.
    return difference[0] == "remove_index" and str(difference[1].name).endswith("_overlap")


def _sqlite(folder: Path, _name: str, _request: pytest.FixtureRequest) -> tuple[Flask, Callable[[], None]]:
    made = SqliteFile(folder, create_app)
    return create_app(made.settings), lambda: None


def _postgres(folder: Path, name: str, request: pytest.FixtureRequest) -> tuple[Flask, Callable[[], None]]:
    request.getfixturevalue("postgres_database")  # refuses or skips where there is none
    url = databases.admin_url()
    assert url is not None
    made = PostgresDatabase(folder, create_app, f"stairs_{name}", url)
    owner = databases._with(url, user="longtide_owner", database=made.name)
    return create_app(databases.test_settings(database_url=owner, keys=made.settings.keys, data=folder)), made.drop


@pytest.mark.parametrize("make", [_sqlite, pytest.param(_postgres, marks=pytest.mark.postgres)])
def test_up_down_and_up_again(
    make: Callable[[Path, str, pytest.FixtureRequest], tuple[Flask, Callable[[], None]]],
    tmp_path: Path,
    worker_id: str,
    request: pytest.FixtureRequest,
) -> None:
    app, drop = make(tmp_path, worker_id, request)
    with app.app_context():
        engine = app.extensions["sqlalchemy"].engine
        try:
            before = _shape(engine)
            assert migrated()
            _what_was_clear_is_sealed_and_opened_again(app, engine)
            downgrade(directory=app.extensions["migrate"].directory, revision="base")
            with engine.connect() as connection:
                assert set(sa.inspect(connection).get_table_names()) == {"alembic_version"}
            assert not migrated()
            upgrade(directory=app.extensions["migrate"].directory)
            assert migrated()
            assert _shape(engine) == before
            with engine.connect() as connection:
                assert missing_guards(connection, _owned()) == []
        finally:
            engine.dispose()
            drop()


def _what_was_clear_is_sealed_and_opened_again(app: Flask, engine: sa.Engine) -> None:
    """Migration 0015, both ways, over what a clinic had before."""
    clinic = make_clinic("rowan", now=NOW, people=("ben",), roles={"alma": "owner", "ben": "practitioner"})
    with tenant_scope(clinic.ref):
        furnish(clinic, person="ben", owner="alma")
    sealed, keys = _clients_words(engine), keyring().store.counts()
    folder = app.extensions["migrate"].directory
    downgrade(directory=folder, revision="0014")
    clear = {
        "client": "SELECT email, phone FROM client WHERE merged_into_id IS NULL",
        "client_note": "SELECT text, 1 FROM client_note ORDER BY clinical",
        "booking": "SELECT note, typed FROM booking WHERE note <> ''",
        "client_import": "SELECT content, 1 FROM client_import",
    }
    with engine.connect() as connection:
        found = {name: connection.exec_driver_sql(asked).all() for name, asked in clear.items()}
    assert found["client"] == [("quill@rowan-private.example", "+441132000007")]
    assert [text for text, _one in found["client_note"]] == ["rowan rings twice", "rowan left shoulder"]
    ((note, typed),) = found["booking"]
    assert (note, json.loads(typed) if isinstance(typed, str) else typed) == ("rowan gate code 4711", sealed[2])
    assert b"Filed at rowan" in found["client_import"][0][0]
    upgrade(directory=folder)
    assert _clients_words(engine) == sealed
    assert keyring().store.counts() == keys, "who had a key keeps it"


def _clients_words(engine: sa.Engine) -> tuple[Any, ...]:
    ref = find_by_slug("rowan")
    assert ref is not None
    with tenant_scope(ref):
        client = db.session.execute(sa.select(Client).where(Client.merged_into_id.is_(None))).scalar_one()
        booking = db.session.execute(sa.select(Booking).where(Booking.note_sealed.is_not(None))).scalar_one()
        notes = sorted(note.text for note in db.session.execute(sa.select(ClientNote)).scalars())
        file = db.session.execute(sa.select(ClientImport)).scalar_one().content
        found = ((client.email, client.phone), booking.note, booking.typed, notes, file)
    engine.dispose()
    return found


def _shape(engine: sa.Engine) -> dict[str, Any]:
    with engine.connect() as connection:
        found = sa.inspect(connection)
        shape: dict[str, Any] = {
            name: (
                sorted((column["name"], str(column["type"]), column["nullable"]) for column in found.get_columns(name)),
                sorted((str(i["name"]), i["column_names"], i["unique"]) for i in found.get_indexes(name)),
                sorted(str(key) for key in found.get_foreign_keys(name)),
                sorted(str(check["name"]) for check in found.get_check_constraints(name)),
            )
            for name in found.get_table_names()
        }
        if connection.dialect.name == "sqlite":
            triggers = connection.exec_driver_sql(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
            )
        else:
            triggers = connection.exec_driver_sql(
                "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2"
            )
        shape["triggers"] = [tuple(row) for row in triggers]
        return shape
