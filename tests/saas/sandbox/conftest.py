from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.saas.sandbox.stand import Stand
from tests.saas.sandbox.stand import stand as opened


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    with opened(tmp_path) as made:
        yield made
