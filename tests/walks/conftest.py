"""One house for every walk of a worker, and a browser for every file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.walks.house import House, running
from tests.windows import chromium_open


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    data: Path = tmp_path_factory.mktemp("house")
    with running(data) as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Not for the whole run: only one Playwright can be open in a worker, and other files open theirs."""
    with chromium_open() as started:
        yield started
