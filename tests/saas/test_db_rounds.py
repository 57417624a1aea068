"""How often PostgreSQL is asked, and what it need not be told again."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from saas.db import action, db
from saas.tenancy import find_by_slug
from tenants.services.models import Service
from tests.cast import Clinic
from tests.databases import PostgresDatabase

pytestmark = [pytest.mark.postgres, pytest.mark.parametrize("database", ["postgresql"], indirect=True)]


def test_a_read_that_ends_forgets_no_prepared_statement(app: Flask, at_rowan: Clinic) -> None:
    """The driver prepares a statement at its sixth use; its own rollback would forget it, and all reads end in one."""
    for _ in range(8):
        assert db.session.execute(sa.select(Service.name).where(Service.slug == "full")).scalar_one() == "Full session"
        db.session.rollback()
    kept = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%FROM service%%'"
    assert db.session.connection().exec_driver_sql(kept).scalar() == 1
    assert db.session.connection().exec_driver_sql("SELECT current_setting('app.tenant_id')").scalar() == str(
        at_rowan.ref.id
    )


def test_what_an_action_began_is_undone(app: Flask, at_rowan: Clinic) -> None:
    """Rolling back by ourselves really rolls back, after an error of the database too."""

    @action
    def spoil(broken: str) -> None:
        db.session.execute(sa.update(Service).values(name="Spoilt"))
        db.session.connection().exec_driver_sql(broken)

    for broken in ("SELECT 1 / 0", "SELECT pg_terminate_backend(pg_backend_pid())"):
        with pytest.raises(sa.exc.DBAPIError):
            spoil(broken)
        names = db.session.execute(sa.select(Service.name)).scalars().all()
        assert len(names) == 5
        assert "Spoilt" not in names
    db.session.rollback()


def test_looking_a_tenant_up_opens_no_transaction(app: Flask, rowan: Clinic, database: PostgresDatabase) -> None:
    said: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement.split(maxsplit=1)[0])

    with app.app_context():
        sa.event.listen(db.engine, "before_cursor_execute", note)
        try:
            assert find_by_slug("rowan") == rowan.ref
        finally:
            sa.event.remove(db.engine, "before_cursor_execute", note)
    assert said == ["SELECT"]
