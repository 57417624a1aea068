from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask

from tests import backdrops
from tests.cast import Clinic
from tests.saas.accounts.pages import Enter
from tests.walls.asking import Page
from tests.walls.belongings import Belongings


@pytest.fixture
def neighbours(app: Flask, rowan: Clinic, thornfield: Clinic) -> tuple[Belongings, Belongings]:
    """Rowan and Thornfield, each with all that could leak."""
    ours, theirs = backdrops.found(app, "neighbours")
    return ours, theirs


@pytest.fixture
def page(rowan: Clinic, inside: Enter, now: datetime) -> Page:
    with inside(rowan):
        return Page(rowan, now)
