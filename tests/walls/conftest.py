from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask

from saas.tenancy import tenant_scope
from tests.cast import Clinic
from tests.saas.accounts.pages import Enter
from tests.walls.asking import Page
from tests.walls.belongings import Belongings, furnish


@pytest.fixture
def neighbours(app: Flask, rowan: Clinic, thornfield: Clinic) -> tuple[Belongings, Belongings]:
    """Rowan and Thornfield, each with all that could leak."""
    with app.app_context():
        with tenant_scope(rowan.ref):
            ours = furnish(rowan, person="ben", owner="alma")
        with tenant_scope(thornfield.ref):
            theirs = furnish(thornfield, person="max", owner="mallory")
    return ours, theirs


@pytest.fixture
def page(rowan: Clinic, inside: Enter, now: datetime) -> Page:
    with inside(rowan):
        return Page(rowan, now)
