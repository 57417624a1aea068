"""A connection that died while nobody used it."""

from __future__ import annotations

import psycopg
import pytest
from flask import Flask

from saas import db as platform_db
from saas.db import db
from saas.tenancy import find_platform
from tests.databases import PostgresDatabase


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_connection_that_died_while_idle_is_replaced(
    app: Flask, database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform_db, "_IDLE_SECONDS", 0.0)
    with app.app_context():
        assert find_platform() is None
        with psycopg.connect(database.admin, autocommit=True) as admin:
            end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            end += " AND usename = 'longtide_app'"
            assert admin.execute(end, (database.name,)).fetchall()
        assert find_platform() is None
        db.session.remove()
