from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.saas.sandbox.stand import Stand
from tests.saas.sandbox.stand import stand as opened


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    with opened(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """One for all tests of a file that leave nothing behind."""
    with opened(tmp_path_factory.mktemp("shared")) as made:
        yield made
