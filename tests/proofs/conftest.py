"""Stages for the proofs: processes over the tests' databases, with a disk that is really written to at full size."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from tests import databases
from tests.databases import PostgresDatabase, SqliteFile
from tests.proofs.record import PROVE
from tests.proofs.stage import Stage


def make_durable(database: SqliteFile | PostgresDatabase) -> None:
    """The daily tests' PostgreSQL does not wait for the disk; at full size it does, as in production."""
    if not PROVE or database.kind != "postgresql" or os.environ.get("TEST_DATABASE_URL"):
        return
    with psycopg.connect(str(databases.admin_url()), autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = on")
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture(autouse=True)
def durable(request: pytest.FixtureRequest) -> None:
    if "database" in request.fixturenames:
        make_durable(request.getfixturevalue("database"))


@pytest.fixture
def stage(app: Flask, database: SqliteFile | PostgresDatabase, tmp_path: Path) -> Iterator[Stage]:
    """Nothing runs yet; whatever a proof starts is gone when it ends."""
    made = Stage(database.settings.database_url, database.settings.key_store, tmp_path)
    try:
        yield made
    finally:
        made.stop_all()
