"""The calendar with a week's life in it, and the office in Chromium on a free port of loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page

from saas.tenancy import tenant_scope
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import log_in
from tests.screens.__main__ import Shape, opened
from tests.tenants.week.scenes import WEEK, fill_week
from tests.windows import enter, serving


@pytest.fixture
def busy_week(app: Flask, rowan: Clinic) -> dict[str, UUID]:
    with app.app_context(), tenant_scope(rowan.ref):
        return fill_week(rowan)


@pytest.fixture
def desk(client: FlaskClient, rowan: Clinic) -> FlaskClient:
    log_in(client, rowan, "alma")
    return client


@pytest.fixture
def office(app: Flask, rowan: Clinic, chrome: Browser) -> Iterator[Callable[[Shape], Page]]:
    """A window of that shape with Alma logged in; the clock goes on from `NOW`. `page.context.close()` is ours."""
    pages: list[Page] = []
    with serving(app) as base:

        def window(shape: Shape) -> Page:
            page = opened(chrome, shape, [])
            pages.append(page)
            enter(page, base + rowan.home, "alma@rowan.example")
            page.goto(f"{base}{WEEK}/")
            return page

        with time_machine.travel(NOW, tick=True):
            yield window
        for page in pages:
            page.context.close()
