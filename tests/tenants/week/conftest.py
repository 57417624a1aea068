"""The calendar with a week's life in it, and the office in Chromium on a free port of loopback."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from saas.tenancy import tenant_scope
from tests.cast import NOW, PASSWORD, Clinic
from tests.saas.accounts.pages import log_in
from tests.screens.__main__ import FLAGS, Shape, chromium, opened
from tests.tenants.week.scenes import WEEK, fill_week


@pytest.fixture
def busy_week(app: Flask, rowan: Clinic) -> dict[str, UUID]:
    with app.app_context(), tenant_scope(rowan.ref):
        return fill_week(rowan)


@pytest.fixture
def desk(client: FlaskClient, rowan: Clinic) -> FlaskClient:
    log_in(client, rowan, "alma")
    return client


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    program = chromium()
    if program is None:
        pytest.skip("Chromium is missing; run: make setup-browser")
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=program, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def office(app: Flask, rowan: Clinic, chrome: Browser) -> Iterator[Callable[[Shape], Page]]:
    """A window of that shape with Alma logged in; the clock goes on from `NOW`. `page.context.close()` is ours."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    base = f"http://127.0.0.1:{server.server_port}"
    pages: list[Page] = []

    def enter(shape: Shape) -> Page:
        page = opened(chrome, shape, [])
        pages.append(page)
        page.goto(f"{base}{rowan.home}/login")
        page.locator("#email").fill("alma@rowan.example")
        page.locator("#password").fill(PASSWORD)
        page.locator("main form button").first.click()
        page.wait_for_url(lambda url: "/login" not in url)
        page.goto(f"{base}{WEEK}/")
        return page

    with time_machine.travel(NOW, tick=True):
        yield enter
    for page in pages:
        page.context.close()
    server.shutdown()
    thread.join()
