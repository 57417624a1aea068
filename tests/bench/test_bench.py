"""The bench runs: with next to nothing to do, so that it cannot rot. Its figures are not looked at here."""

from pathlib import Path

import pytest

from tests.bench import engine, http
from tests.databases import PostgresDatabase


def test_the_engine_is_timed_beside_the_minute_loop() -> None:
    table = engine.table(engine.run(1))
    assert "200 practitioners" in table


def test_requests_are_timed_on_sqlite(tmp_path: Path) -> None:
    _every_line_is_there(http.run("sqlite", http.SMALL, tmp_path), "sqlite")


@pytest.mark.postgres
def test_requests_are_timed_on_postgresql(tmp_path: Path, postgres_database: PostgresDatabase) -> None:
    assert postgres_database.kind == "postgresql"
    _every_line_is_there(http.run("postgresql", http.SMALL, tmp_path), "postgresql")


def _every_line_is_there(rows: list[http.Row], kind: str) -> None:
    table = http.table(kind, rows)
    for name in ("openings as JSON", "time page", "paid at the clinic", "checkout call", "3 clinics", "bare Flask"):
        assert name in table
