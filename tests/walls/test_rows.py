"""Mallory at every table: she reads, changes, takes, gives and points at nothing of Rowan's, by no way there is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.sql.schema import Table

from saas.db import Base, action, db, new_id
from saas.tenancy import TenantOwned, current_tenant, tenant_scope, tenant_tables
from tenants.payments.models import Dispute, LedgerEntry, Payment, PaymentAttempt, Refund
from tests.cast import NOW
from tests.saas.accounts.pages import Enter
from tests.walls.belongings import Belongings, everything

Row = dict[str, Any]
APPEND_ONLY = {"audit", "audit_link", "ledger_entry"}


@action
def add_money() -> None:
    """What only a card payment leaves; the rows matter here, not how they came about."""
    payment = db.session.execute(sa.select(Payment)).scalars().first()
    assert payment is not None
    attempt = PaymentAttempt(
        payment_id=payment.id,
        number=1,
        key=f"key-{current_tenant().slug}",
        stripe_account_id="acct_x",
        request={},
        amount_minor=10,
        state="paid",
        expires_at=NOW,
        created_at=NOW,
    )
    db.session.add(attempt)
    db.session.flush()
    db.session.add(
        Refund(
            payment_id=payment.id,
            attempt_id=attempt.id,
            amount_minor=1,
            reason="x",
            click=f"click-{current_tenant().slug}",
            created_at=NOW,
        )
    )
    db.session.add(
        Dispute(
            payment_id=payment.id,
            attempt_id=attempt.id,
            stripe_dispute_id=f"du-{current_tenant().slug}",
            amount_minor=1,
            reason="x",
            status="lost",
            told_at=NOW,
            opened_at=NOW,
        )
    )
    if not db.session.execute(sa.select(LedgerEntry.id)).first():
        entry = LedgerEntry(
            posting_id=new_id(),
            kind="charge",
            account="client",
            amount_minor=1,
            currency="GBP",
            booking_id=payment.booking_id,
            at=NOW,
            reference="r",
        )
        db.session.add(entry)


@pytest.fixture
def rows(app: Flask, neighbours: tuple[Belongings, Belongings], inside: Enter) -> dict[str, tuple[type[Any], Row, Row]]:
    """By table: its class, one row of Rowan's and one of Thornfield's, as they stand."""
    found: list[dict[str, Row]] = []
    for one in neighbours:
        with inside(one.clinic):
            add_money()
            found.append({table.name: _first(table) for table in tenant_tables()})
    classes = {m.local_table.name: m.class_ for m in Base.registry.mappers if issubclass(m.class_, TenantOwned)}  # type: ignore[attr-defined]
    return {name: (classes[name], found[0][name], found[1][name]) for name in found[0]}


def _first(table: Table) -> Row:
    mine = sa.select(table).where(table.c.tenant_id == current_tenant().id).limit(1)
    row = db.session.execute(mine.execution_options(tenant_checked=True)).mappings().one_or_none()
    assert row is not None, f"{table.name} is empty: a wall is tried only where something could leak"
    return dict(row)


def test_no_row_of_the_neighbour_is_read(
    rows: dict[str, tuple[type[Any], Row, Row]], neighbours: tuple[Belongings, Belongings], inside: Enter
) -> None:
    with inside(neighbours[1].clinic):
        for name, (model, theirs, mine) in rows.items():
            tenants = set(db.session.execute(sa.select(model.tenant_id)).scalars())
            assert tenants == {mine["tenant_id"]}, name
            assert db.session.get(model, theirs["id"]) is None, name
            assert db.session.get(model, mine["id"]) is not None, name


def test_on_postgresql_the_database_shows_none_even_to_plain_sql(
    app: Flask, rows: dict[str, tuple[type[Any], Row, Row]], neighbours: tuple[Belongings, Belongings]
) -> None:
    with app.app_context():  # nobody has entered a clinic
        if db.engine.dialect.name != "postgresql":
            return
        for name in rows:
            with db.engine.begin() as connection:
                assert connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar() == 0, name
                connection.exec_driver_sql(f"SET LOCAL app.tenant_id = '{neighbours[1].clinic.ref.id}'")
                found = set(connection.exec_driver_sql(f"SELECT tenant_id FROM {name}").scalars())
                assert found == {neighbours[1].clinic.ref.id}, name


def _try(statement: Any) -> int:
    """Past the session guard, as an injected statement would: how many rows it touched; -1 when it was refused."""

    @action
    def run() -> int:
        answer: Any = db.session.execute(statement.execution_options(tenant_checked=True))
        return int(answer.rowcount)

    try:
        return run()
    except DBAPIError:
        return -1


def test_no_row_of_the_neighbour_is_changed_taken_or_removed(
    rows: dict[str, tuple[type[Any], Row, Row]], neighbours: tuple[Belongings, Belongings], inside: Enter
) -> None:
    with inside(neighbours[0].clinic):
        before = everything()
    with inside(neighbours[1].clinic):
        here = current_tenant().id
        for name, (_model, theirs, mine) in rows.items():
            table = Base.metadata.tables[name]
            target = table.c.id == theirs["id"]
            assert _try(sa.update(table).where(target).values(tenant_id=here)) <= 0, f"{name}: taken"
            assert _try(sa.update(table).where(target).values(tenant_id=theirs["tenant_id"])) <= 0, f"{name}: changed"
            assert _try(sa.delete(table).where(target)) <= 0, f"{name}: removed"
            given = sa.update(table).where(table.c.id == mine["id"]).values(tenant_id=theirs["tenant_id"])
            assert _try(given) == -1, f"{name}: given away"
            planted = {**theirs, "id": new_id()}
            assert _try(sa.insert(table).values(**planted)) == -1, f"{name}: planted"
    with inside(neighbours[0].clinic):
        assert everything() == before


def test_without_a_clinic_nobody_writes(
    app: Flask, rows: dict[str, tuple[type[Any], Row, Row]], neighbours: tuple[Belongings, Belongings], inside: Enter
) -> None:
    with inside(neighbours[0].clinic):
        before = everything()
    with app.app_context(), tenant_scope(None):
        for name, (_model, theirs, _mine) in rows.items():
            table = Base.metadata.tables[name]
            target = table.c.id == theirs["id"]
            for statement in (sa.delete(table).where(target), sa.insert(table).values(**{**theirs, "id": new_id()})):
                with db.engine.connect().execution_options(begin="IMMEDIATE") as connection:
                    try:
                        assert connection.execute(statement).rowcount <= 0, name
                    except DBAPIError:
                        connection.rollback()
                    else:
                        connection.commit()
    with inside(neighbours[0].clinic):
        assert everything() == before


def _links() -> list[tuple[str, str, str]]:
    return [
        (table.name, key.elements[1].parent.name, key.referred_table.name)
        for table in tenant_tables()
        for key in table.foreign_key_constraints
        if key.referred_table.name != "tenant"
    ]


def test_no_row_points_at_the_neighbours(
    rows: dict[str, tuple[type[Any], Row, Row]], neighbours: tuple[Belongings, Belongings], inside: Enter
) -> None:
    """Foreign-key checks see every clinic's rows: only the clinic in the key keeps them apart."""
    assert len(_links()) > 15
    with inside(neighbours[1].clinic):
        for name, column, target in _links():
            table = Base.metadata.tables[name]
            foreign: UUID = rows[target][1]["id"]
            mine = rows[name][2]
            if name in APPEND_ONLY:
                changed: Any = sa.insert(table).values(
                    **{**mine, "id": new_id(), "reference": "other", column: foreign}
                )
            else:
                changed = sa.update(table).where(table.c.id == mine["id"]).values({column: foreign})

            @action
            def point(statement: Any = changed) -> None:
                db.session.execute(statement.execution_options(tenant_checked=True))

            with pytest.raises(IntegrityError) as refused:
                point()
            assert "foreign key" in str(refused.value).lower(), f"{name}.{column}"


def test_what_is_append_only_is_not_changed_by_its_own_clinic_either(
    rows: dict[str, tuple[type[Any], Row, Row]], neighbours: tuple[Belongings, Belongings], inside: Enter
) -> None:
    with inside(neighbours[1].clinic):
        for name in sorted(APPEND_ONLY):
            table = Base.metadata.tables[name]
            mine = table.c.id == rows[name][2]["id"]
            assert _try(sa.update(table).where(mine).values(at=NOW)) == -1, name
            assert _try(sa.delete(table).where(mine)) == -1, name
