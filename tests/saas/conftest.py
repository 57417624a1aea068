from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import close_all_sessions

from tests.databases import PostgresDatabase, SqliteFile
from tests.saas.bare import Line, bare_app, main


@dataclass(frozen=True)
class Child:
    """A worker process and the wire to it."""

    process: ForkServerProcess
    line: Line

    def says(self) -> tuple[str, str]:
        """What it says next."""
        assert self.line.poll(60), "the worker says nothing"
        word, about = self.line.recv()
        return word, about

    def ends(self) -> int | None:
        """Its exit code, once it has ended."""
        self.process.join(60)
        return self.process.exitcode


Start = Callable[[str], Child]


@pytest.fixture
def bare(database: SqliteFile | PostgresDatabase) -> Iterator[Flask]:
    """The platform's database, empty, on both databases, without the pages; its context is entered."""
    close_all_sessions()
    database.empty()
    app = bare_app(database.settings)
    with app.app_context():
        yield app
        close_all_sessions()
        app.extensions["sqlalchemy"].engine.dispose()


@pytest.fixture
def start_worker(database: SqliteFile | PostgresDatabase, tmp_path: Path) -> Iterator[Start]:
    """Start worker processes (`tests.saas.bare.main`); whatever still runs at the end is killed.

    Forked from a server that has imported everything once: fifty workers start in the time of one.
    """
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(["tests.saas.bare"])
    children: list[Child] = []

    def start(mode: str) -> Child:
        ours, theirs = server.Pipe()
        process = server.Process(
            target=main, args=(mode, database.settings.database, tmp_path / "mailbox", theirs), daemon=True
        )
        process.start()
        theirs.close()
        children.append(Child(process, ours))
        return children[-1]

    yield start
    for child in children:
        child.process.kill()
        child.process.join()
        child.line.close()
