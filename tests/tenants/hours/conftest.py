"""The office in Chromium: the application itself on a free port of loopback, and Alma logged in. The clock is real."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from tests.cast import PASSWORD, Clinic
from tests.screens.__main__ import FLAGS, Shape, chromium, opened


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
def base(app: Flask, rowan: Clinic) -> Iterator[str]:
    """Rowan's address."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{rowan.home}"
    finally:
        server.shutdown()
        thread.join()


@pytest.fixture
def heard() -> list[str]:
    """What the console says."""
    return []


@pytest.fixture
def office(chrome: Browser, base: str, heard: list[str]) -> Iterator[Callable[[Shape], Page]]:
    """A window of that shape with Alma logged in."""
    opened_pages: list[Page] = []

    def enter(shape: Shape) -> Page:
        page = opened(chrome, shape, heard, axe=True)
        opened_pages.append(page)
        page.goto(f"{base}/login")
        page.locator("#email").fill("alma@rowan.example")
        page.locator("#password").fill(PASSWORD)
        page.locator("main form button").first.click()
        page.wait_for_url(lambda url: "/login" not in url)
        return page

    yield enter
    for page in opened_pages:
        page.context.close()
