"""The owner at the desk, and a draft begun from the shipped questions."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask.testing import FlaskClient

from tenants.intake.publishing import begin_from_shipped
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter, log_in


@pytest.fixture
def desk(client: FlaskClient, rowan: Clinic, frozen: None) -> FlaskClient:
    log_in(client, rowan, "alma")
    return client


@pytest.fixture
def draft(rowan: Clinic, inside: Enter) -> UUID:
    with inside(rowan):
        return begin_from_shipped(now=NOW)
