"""Logging in through the pages, for every test that needs somebody inside."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from typing import Protocol

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from saas.accounts.models import Account
from saas.db import action, db
from tests.cast import PASSWORD, Clinic


class Enter(Protocol):
    """`with inside(clinic): …`"""

    def __call__(self, clinic: Clinic) -> AbstractContextManager[Clinic]: ...


def token_of(page: TestResponse) -> str:
    """The form token of a page."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert found, page.text[:500]
    return found[1]


def log_in(client: FlaskClient, clinic: Clinic, name: str, password: str = PASSWORD, **more: str) -> TestResponse:
    """Log in as `name` of the cast, or with a whole address."""
    page = client.get(f"{clinic.home}/login")
    email = name if "@" in name else f"{name}@{clinic.ref.slug}.example"
    form = {"csrf_token": token_of(page), "email": email, "password": password, **more}
    return client.post(f"{clinic.home}/login", data=form)


@action
def switch_off(account_id: object) -> None:
    """As the owner will be able to."""
    account = db.session.get(Account, account_id)
    assert account is not None
    account.active = False
