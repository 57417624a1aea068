"""The office in Chromium: the application itself on a free port of loopback, and Alma logged in. The clock is real."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from tests.cast import Clinic
from tests.screens.__main__ import Shape, opened
from tests.windows import enter, serving


@pytest.fixture
def base(app: Flask, rowan: Clinic) -> Iterator[str]:
    """Rowan's address."""
    with serving(app) as origin:
        yield origin + rowan.home


@pytest.fixture
def heard() -> list[str]:
    """What the console says."""
    return []


@pytest.fixture
def office(chrome: Browser, base: str, heard: list[str]) -> Iterator[Callable[[Shape], Page]]:
    """A window of that shape with Alma logged in."""
    opened_pages: list[Page] = []

    def window(shape: Shape) -> Page:
        page = opened(chrome, shape, heard, axe=True)
        opened_pages.append(page)
        enter(page, base, "alma@rowan.example")
        return page

    yield window
    for page in opened_pages:
        page.context.close()
