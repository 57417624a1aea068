"""The session guard: whatever a room writes, it reaches the rows of the entered clinic and no others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import aliased
from sqlalchemy.orm.exc import StaleDataError

from saas.db import action, db
from saas.tenancy import (
    ForeignTenant,
    NoTenant,
    Tenant,
    TenantRef,
    UnscopedStatement,
    current_or_none,
    current_tenant,
    find_by_account,
    find_by_host,
    find_by_id,
    find_by_slug,
    find_platform,
    may_write,
    ref_of,
    tenant_scope,
    tenant_tables,
)  # fmt: skip
from tenants.practitioners.models import Practitioner, PractitionerService, Room
from tenants.services.models import Service
from tests.cast import Clinic

Rows = set[UUID]


@pytest.fixture
def both(app: Flask, rowan: Clinic, thornfield: Clinic) -> Iterator[tuple[Clinic, Clinic]]:
    """Mallory's clinic is entered; Rowan's rows are there to leak."""
    with app.app_context(), tenant_scope(thornfield.ref):
        yield rowan, thornfield


def ids(statement: Any) -> Rows:
    return set(db.session.execute(statement).scalars())


def _cte() -> Any:
    inner = sa.select(Service.id).cte("inner_services")
    return sa.select(inner.c.id)


def _subquery() -> Any:
    inner = sa.select(Service).subquery()
    return sa.select(aliased(Service, inner).id)


def _joined() -> Any:
    pair = PractitionerService
    return (
        sa.select(Service.id)
        .join(pair, pair.service_id == Service.id)
        .join(Practitioner, Practitioner.id == pair.practitioner_id)
    )


def _self_joined() -> Any:
    twin = aliased(Service)
    return sa.select(twin.id).select_from(Service).join(twin, twin.slug == Service.slug)


def _exists() -> Any:
    # Every service of ours for which *somebody's* practitioner exists: true of none if only Rowan has such a one.
    somebody = sa.exists().where(Practitioner.slug == "ben")
    return sa.select(Service.id).where(somebody)


READS: dict[str, Callable[[], Any]] = {
    "entity": lambda: sa.select(Service.id),
    "whole rows": lambda: sa.select(Service).with_only_columns(Service.id),
    "alias": lambda: sa.select(aliased(Service).id),
    "join": _joined,
    "join with itself": _self_joined,
    "subquery": _subquery,
    "cte": _cte,
    "scalar subquery": lambda: sa.select(Service.id).where(Service.id.in_(sa.select(aliased(Service).id))),
    "union": lambda: sa.union_all(sa.select(Service.id), sa.select(Service.id)),
    "outer join": lambda: sa.select(Service.id).outerjoin(Room, Room.slug == "quiet"),
}  # fmt: skip


@pytest.mark.parametrize("how", READS)
def test_a_read_finds_the_entered_clinics_rows_only(both: tuple[Clinic, Clinic], how: str) -> None:
    _rowan, thornfield = both
    assert ids(READS[how]()) == set(thornfield.services.values())


def test_what_is_asked_by_exists_is_asked_of_the_entered_clinic(both: tuple[Clinic, Clinic]) -> None:
    assert ids(_exists()) == set()
    assert not db.session.execute(
        sa.select(sa.exists(sa.select(Practitioner).where(Practitioner.slug == "ben")))
    ).scalar()


def test_counts_and_sums_are_the_entered_clinics(both: tuple[Clinic, Clinic]) -> None:
    rows = db.session.execute(
        sa.select(sa.func.count(), sa.func.count(Service.slug.distinct())).select_from(Service)
    ).one()
    assert tuple(rows) == (5, 5)
    assert db.session.query(Service).count() == 5
    assert db.session.query(Service).filter_by(slug="desk").one().tenant_id == both[1].ref.id
    assert db.session.scalar(sa.select(sa.func.count()).select_from(aliased(Practitioner))) == 1


def test_the_neighbours_row_is_not_to_be_had_by_its_id(both: tuple[Clinic, Clinic]) -> None:
    theirs = both[0].services["desk"]
    assert db.session.get(Service, theirs) is None
    assert db.session.get(Service, theirs, populate_existing=True, with_for_update=True) is None
    assert db.session.query(Service).filter(Service.id == theirs).one_or_none() is None
    with pytest.raises(sa.exc.NoResultFound):
        db.session.get_one(Service, theirs)


def test_no_identity_is_carried_from_one_clinic_to_another(app: Flask, rowan: Clinic, thornfield: Clinic) -> None:
    """`session.get` answers from the identity map without a statement: nothing of the last clinic may be in it."""
    with app.app_context():
        with tenant_scope(rowan.ref):
            kept = db.session.get_one(Service, rowan.services["desk"])
            with tenant_scope(thornfield.ref):
                assert len(db.session.identity_map) == 0
                assert db.session.get(Service, rowan.services["desk"]) is None
            assert sa.inspect(kept).detached, "rows do not outlive a switch, not even one and back"
            assert db.session.get_one(Service, rowan.services["desk"]) is not kept
        assert len(db.session.identity_map) == 0


def test_a_row_that_was_loaded_elsewhere_cannot_be_attached(app: Flask, rowan: Clinic, thornfield: Clinic) -> None:
    """`refresh` asks by the key alone: a stray row of Rowan would be read anew inside Thornfield."""
    with app.app_context():
        with tenant_scope(rowan.ref):
            stray = db.session.get_one(Service, rowan.services["desk"])
            db.session.expunge(stray)
            expired = db.session.get_one(Service, rowan.services["full"])
            db.session.expire(expired)
            db.session.expunge(expired)
        with tenant_scope(thornfield.ref):
            for row in (stray, expired):
                for attach in (db.session.add, db.session.delete):
                    with pytest.raises(ForeignTenant):
                        attach(row)
            assert not db.session.identity_map
        with tenant_scope(None), pytest.raises(ForeignTenant):
            db.session.add(stray)
        with tenant_scope(rowan.ref):
            db.session.add(stray)
            db.session.refresh(stray)
            assert stray.name == "Desk session"


def test_after_a_commit_and_a_savepoint_the_guard_still_stands(both: tuple[Clinic, Clinic]) -> None:
    mine = set(both[1].services.values())

    @action
    def twice() -> Rows:
        with db.session.begin_nested():
            assert ids(sa.select(Service.id)) == mine
        return ids(sa.select(Service.id))

    assert twice() == mine
    assert ids(sa.select(Service.id)) == mine
    db.session.commit()
    assert ids(sa.select(Service.id)) == mine


def test_changing_many_rows_changes_the_entered_clinics(app: Flask, both: tuple[Clinic, Clinic]) -> None:
    rowan, _thornfield = both

    @action
    def rename() -> int:
        answer: Any = db.session.execute(sa.update(Service).values(name="Mallory was here"))
        return int(answer.rowcount)

    @action
    def drop() -> int:
        db.session.execute(sa.delete(PractitionerService))
        answer: Any = db.session.execute(sa.delete(Room))
        return int(answer.rowcount)

    assert (rename(), drop()) == (5, 1)
    with tenant_scope(rowan.ref):
        assert "Mallory was here" not in set(db.session.execute(sa.select(Service.name)).scalars())
        assert len(ids(sa.select(Room.id))) == 1
        assert len(ids(sa.select(PractitionerService.id))) == 10


def test_changing_by_the_neighbours_id_changes_nothing(both: tuple[Clinic, Clinic]) -> None:
    theirs = both[0].services["desk"]

    @action
    def one_by_one() -> int:
        changed = sa.update(Service).where(Service.id == theirs).values(name="Mine")
        removed = sa.delete(Service).where(Service.id == theirs)
        answers: list[Any] = [db.session.execute(changed), db.session.execute(removed)]
        return sum(answer.rowcount for answer in answers)

    assert one_by_one() == 0

    @action
    def by_key() -> None:
        row = {"tenant_id": both[0].ref.id, "id": theirs, "name": "Mine"}
        db.session.execute(sa.update(Service), [row])

    # SQLite's trigger refuses; on PostgreSQL there is no such row.
    with pytest.raises((DBAPIError, StaleDataError)):
        by_key()
    with tenant_scope(both[0].ref):
        assert db.session.get_one(Service, theirs).name == "Desk session"


TABLE: Any = Service.__table__
text = sa.text  # noqa: TID251 - what is tried here is what is banned elsewhere
CORE: dict[str, Callable[[], Any]] = {
    "select": lambda: sa.select(Service.__table__),
    "a column": lambda: sa.select(Service.__table__.c.name),
    "in a subquery": lambda: sa.select(sa.select(Service.__table__.c.id).subquery().c.id),
    "in a condition": lambda: sa.select(Tenant.__table__.c.id).where(sa.exists(sa.select(Service.__table__.c.id))),
    "update": lambda: sa.update(TABLE).values(name="x"),
    "delete": lambda: sa.delete(TABLE),
    "insert": lambda: sa.insert(TABLE).values(slug="x"),
    "text": lambda: text("SELECT name FROM service"),
    "text with columns": lambda: text("SELECT id FROM service").columns(sa.column("id")),
    "rows from a text": lambda: sa.select(Service).from_statement(text("SELECT * FROM service")),
    "harmless text": lambda: text("SELECT 1"),
}


@pytest.mark.parametrize("how", CORE)
def test_what_the_guard_cannot_scope_it_refuses(both: tuple[Clinic, Clinic], how: str) -> None:
    with pytest.raises(UnscopedStatement):
        db.session.execute(CORE[how]())
    with tenant_scope(None), pytest.raises(NoTenant):
        db.session.execute(CORE[how]())


def test_a_marked_statement_runs_and_names_its_tenant_itself(both: tuple[Clinic, Clinic]) -> None:
    table = Service.__table__
    mine = sa.select(table.c.id).where(table.c.tenant_id == current_tenant().id)
    found = db.session.execute(mine.execution_options(tenant_checked=True)).scalars()
    assert set(found) == set(both[1].services.values())


def test_a_new_row_is_the_entered_clinics(both: tuple[Clinic, Clinic]) -> None:
    @action
    def add(**values: Any) -> Room:
        row = Room(slug="new", name="New", **values)
        db.session.add(row)
        db.session.flush()
        return row

    assert add().tenant_id == both[1].ref.id
    with pytest.raises(ForeignTenant):
        add(tenant_id=both[0].ref.id)


def test_a_row_cannot_move_to_another_clinic(both: tuple[Clinic, Clinic]) -> None:
    @action
    def move() -> None:
        row = db.session.execute(sa.select(Room)).scalar_one()
        row.tenant_id = both[0].ref.id

    with pytest.raises(ForeignTenant):
        move()


INSERTS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "insert(Model)": lambda row: db.session.execute(sa.insert(Room).values(**row)),
    "insert(Model) of many": lambda row: db.session.execute(sa.insert(Room), [row]),
    "bulk_insert_mappings": lambda row: db.session.bulk_insert_mappings(sa.inspect(Room), [row]),
    "bulk_save_objects": lambda row: db.session.bulk_save_objects([Room(**row)]),
}


@pytest.mark.parametrize("how", INSERTS)
def test_no_way_of_inserting_reaches_the_neighbour(both: tuple[Clinic, Clinic], how: str) -> None:
    """These go around the unit of work, and so around the session's check: the database itself refuses."""
    rowan, thornfield = both

    @action
    def insert(tenant_id: UUID) -> None:
        INSERTS[how]({"tenant_id": tenant_id, "slug": how[:20], "name": "n", "position": 1, "active": True})

    with pytest.raises(DBAPIError):
        insert(rowan.ref.id)
    insert(thornfield.ref.id)
    with tenant_scope(rowan.ref):
        assert db.session.execute(sa.select(sa.func.count()).select_from(Room)).scalar() == 1


def test_a_row_cannot_point_at_the_neighbours(both: tuple[Clinic, Clinic]) -> None:
    rowan, thornfield = both

    @action
    def point() -> None:
        pair = PractitionerService(practitioner_id=thornfield.practitioners["max"], service_id=rowan.services["desk"])
        db.session.add(pair)

    with pytest.raises(IntegrityError):
        point()


def test_without_a_clinic_nothing_of_any_is_to_be_had(app: Flask, rowan: Clinic) -> None:
    with app.app_context():
        assert current_or_none() is None
        asks: list[Callable[[], Any]] = [
            lambda: db.session.execute(sa.select(Service)),
            lambda: db.session.get(Service, rowan.services["desk"]),
            lambda: db.session.query(Room).all(),
            lambda: db.session.execute(sa.update(Room).values(name="x")),
            lambda: db.session.execute(sa.insert(Room).values(slug="x", name="x")),
        ]
        for ask in asks:
            with pytest.raises(NoTenant):
                ask()
        with pytest.raises(NoTenant):
            current_tenant()
        db.session.add(Room(slug="x", name="x"))
        with pytest.raises(NoTenant):
            db.session.flush()
        db.session.rollback()
        assert db.session.execute(sa.select(Tenant.slug).where(Tenant.kind == "clinic")).scalars().all() == ["rowan"]


def test_a_session_belongs_to_the_clinic_it_began_with(app: Flask, rowan: Clinic, thornfield: Clinic) -> None:
    """Somebody who switches without `tenant_scope` is found out at the next transaction."""
    from saas.tenancy import _current

    with app.app_context(), tenant_scope(rowan.ref):
        assert len(ids(sa.select(Service.id))) == 5
        token = _current.set(thornfield.ref)
        try:
            db.session.rollback()
            with pytest.raises(ForeignTenant):
                db.session.execute(sa.select(Service))
        finally:
            _current.reset(token)


def test_the_scope_is_left_whatever_happens(app: Flask, rowan: Clinic) -> None:
    with app.app_context():
        with pytest.raises(ZeroDivisionError), tenant_scope(rowan.ref):
            _ = 1 // 0
        assert current_or_none() is None
        assert not may_write(rowan.ref.id.hex)


def test_the_database_forgets_the_tenant_with_the_transaction(app: Flask, rowan: Clinic) -> None:
    """A session-level SET would survive the pool, and the next visitor would be at Rowan."""
    with app.app_context():
        with tenant_scope(rowan.ref):
            assert ids(sa.select(Service.id))
            db.session.commit()
        if db.engine.dialect.name != "postgresql":
            assert not may_write(rowan.ref.id.hex)
            return
        for _ in range(db.engine.pool.size() + 2):  # type: ignore[attr-defined]
            with db.engine.connect() as connection:
                assert not connection.exec_driver_sql("SELECT current_setting('app.tenant_id', true)").scalar()
                assert connection.exec_driver_sql("SELECT count(*) FROM service").scalar() == 0


def test_without_a_transaction_the_policies_show_nothing(app: Flask, rowan: Clinic) -> None:
    with app.app_context(), tenant_scope(rowan.ref):
        if db.engine.dialect.name != "postgresql":
            return
        lonely = db.engine.execution_options(begin="NONE")
        with lonely.connect() as connection:
            connection.exec_driver_sql(f"SET LOCAL app.tenant_id = '{rowan.ref.id}'")
            assert connection.exec_driver_sql("SELECT count(*) FROM service").scalar() == 0
            with pytest.raises(DBAPIError):
                connection.exec_driver_sql(
                    f"INSERT INTO room (tenant_id, id, slug, name, position, active) "
                    f"VALUES ('{rowan.ref.id}', gen_random_uuid(), 'x', 'x', 1, true)"
                )


def test_many_threads_switch_over_few_connections(app: Flask, rowan: Clinic, thornfield: Clinic) -> None:
    wrong: list[str] = []
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(40):
                here = (rowan, thornfield)[(number + turn) % 2]
                with app.app_context(), tenant_scope(here.ref):
                    found = ids(sa.select(Service.id))
                    if found != set(here.services.values()):
                        wrong.append(here.ref.slug)
                    if turn % 8 == 0:
                        touch()
        except BaseException as error:  # noqa: BLE001 - told to the test
            errors.append(error)

    @action
    def touch() -> None:
        room = db.session.execute(sa.select(Room)).scalar_one()
        room.name = current_tenant().slug

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert (wrong, errors) == ([], [])
    for clinic in (rowan, thornfield):
        with app.app_context(), tenant_scope(clinic.ref):
            assert db.session.execute(sa.select(Room.name)).scalar_one() == clinic.ref.slug


def test_a_tenant_is_found_by_what_names_it(app: Flask, rowan: Clinic) -> None:
    with app.app_context():
        platform = find_platform()
        assert platform is not None
        assert platform.is_platform
        assert find_by_id(rowan.ref.id) == find_by_slug("rowan") == find_by_account("acct_rowan")
        assert (find_by_slug("nobody"), find_by_account("acct_nobody"), find_by_host("rowan")) == (None, None, None)
        row = db.session.execute(sa.select(Tenant).where(Tenant.slug == "rowan")).scalar_one()
        assert ref_of(row) == rowan.ref
        assert isinstance(rowan.ref, TenantRef)


def test_every_clinic_table_is_known_to_the_guard() -> None:
    """A table with a `tenant_id` that is not listed here is either the platform's, or has lost its mixin."""
    owned = {table.name for table in tenant_tables()}
    with_tenant = {name for name, table in db.metadata.tables.items() if "tenant_id" in table.c}
    assert with_tenant - owned == {"inbound_event", "outbox", "session", "tenant_domain"}
