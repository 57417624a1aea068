"""Windows of a real Chromium for tests of single rooms: the browser, an application on a free port of loopback, a
log-in, and the keyboard. A pytest plugin, so that every room finds the `chrome` fixture."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from tests.cast import PASSWORD

_TABS = 120
NAME_OF_FOCUS = """() => {
  const e = document.activeElement;
  const said = e.getAttribute('aria-label') || (e.labels && e.labels[0]?.innerText) || e.innerText || '';
  return said.replace(/\\s+/g, ' ').trim();
}"""


@contextmanager
def chromium_open() -> Iterator[Browser]:
    """Chromium, or the test is skipped. For one file at a time: only one Playwright can be open in a worker."""
    from tests.screens.__main__ import FLAGS, chromium

    program = chromium()
    if program is None:
        pytest.skip("Chromium is missing; run: make setup-browser")
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=program, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    """The browser of one file."""
    with chromium_open() as started:
        yield started


@contextmanager
def serving(app: Any, *, host: str = "127.0.0.1") -> Iterator[str]:
    """`http://host:port` of a WSGI application, for as long as the block lasts."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = make_server(host, 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


def enter(page: Page, base: str, email: str) -> None:
    """Log in; afterwards the page is whatever follows (a second step, too)."""
    page.goto(f"{base}/login")
    page.locator("#email").fill(email)
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(lambda url: not url.partition("?")[0].endswith("/login"))


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the focus stands on what is called `name` (whole words of its accessible name)."""
    for _ in range(_TABS):
        page.keyboard.press("Tab")
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", str(page.evaluate(NAME_OF_FOCUS))):
            return
    pytest.fail(f"the keyboard does not reach {name!r}")


def press_enter(page: Page, heading: str) -> None:
    """Press Enter, and wait for the page it leads to: it may bear the same heading."""
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
