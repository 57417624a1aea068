"""Take a picture of every sample page and of the back office, phone and desk, light and dark; axe looks at each.

    python -m tests.screens [--only PREFIX,PREFIX] [--no-axe] [--narrow] [--out FOLDER]

Serves the preview, then the application itself for the back office, on a free port of loopback. Needs
Chromium; axe-core comes from tests/npm. Leaves with 1 if a page scrolls sideways, logs an error or has
an axe violation.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.hearing import listen_to
from tests.screens import cases, office
from tests.screens.preview import create_preview
from tests.windows import serving

HERE = Path(__file__).resolve().parent
AXE = HERE.parent / "npm" / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
COLOURS = ["color-contrast", "link-in-text-block"]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIZES = {"390": (390, 844, 1.5), "1280": (1280, 800, 1.0)}


@contextmanager
def served() -> Iterator[str]:
    """The preview's address, for as long as the block lasts."""
    with serving(create_preview()) as address:
        yield address


def chromium() -> str | None:
    """The browser's program, looked for where `deploy/setup.sh browser` looks."""
    names = (os.environ.get("LONGTIDE_CHROMIUM", "chromium"), *BROWSERS)
    return next((found for found in map(shutil.which, names) if found), None)


def axe_violations(page: Page, *, colours_only: bool = False) -> list[str]:
    """What axe finds on an open page. It goes in by the debugger, which no CSP stops; best before (`opened(axe=True)`),
    since to send it to every page takes as long as the looking. `colours_only`: for a page that it has seen whole in
    another theme; a theme is colours and nothing else (saas/theme.py)."""
    page.wait_for_load_state()  # a click waits for the first byte of the page it leads to, and no longer
    # What stands at the window's foot covers whatever line the window happens to end in; at the page's end, nothing.
    page.evaluate("document.querySelector('.stay') && scrollTo(0, document.documentElement.scrollHeight)")
    line = page.context.new_cdp_session(page)
    inside = line.send("Runtime.evaluate", {"expression": "typeof axe"})
    if inside["result"]["value"] == "undefined":
        line.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
    # Stylesheets it need not fetch again: only a rule that is not among ours (an experimental one) reads them, and what
    # it does with them is what a strict policy refuses aloud.
    rules = {"type": "rule", "values": COLOURS} if colours_only else {"type": "tag", "values": TAGS}
    options = json.dumps({"runOnly": rules, "resultTypes": ["violations"], "preload": {"assets": ["media"]}})
    # Colours that are still on their way from one theme to the other are nobody's.
    still = "Promise.all(document.getAnimations().map(a => a instanceof CSSTransition ? a.finished : 0))"
    picked = "r.violations.map(v => [v.id, v.nodes.map(n => n.html)])"
    run = f"{still}.catch(() => 0).then(() => axe.run(document, {options})).then(r => {picked})"
    answer = line.send("Runtime.evaluate", {"expression": run, "awaitPromise": True, "returnByValue": True})
    line.detach()
    found: list[tuple[str, list[str]]] = answer["result"]["value"]
    return [f"{name} ({len(nodes)}): {nodes[0][:140]}" for name, nodes in found]


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@dataclass(frozen=True)
class Shape:
    """A window to look through."""

    size: str
    dark: bool

    @property
    def name(self) -> str:
        return f"{self.size}{'-dark' if self.dark else ''}"


def opened(browser: Browser, shape: Shape, heard: list[str], *, axe: bool = False) -> Page:
    """A page of that shape; what its console says goes into `heard`. `axe`: it comes with every address."""
    width, height, scale = SIZES.get(shape.size) or (int(shape.size), 800, 1.0)
    page = browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=scale,
        color_scheme="dark" if shape.dark else "light",
    ).new_page()

    if axe:
        page.add_init_script(path=AXE)

    listen_to(page, heard)
    return page


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.screens")
    parser.add_argument("--only", default="")
    parser.add_argument("--no-axe", action="store_true")
    parser.add_argument("--narrow", action="store_true", help="only look at 320 px for sideways scroll")
    parser.add_argument("--out", type=Path, default=HERE.parent.parent / "screens")
    options = parser.parse_args(arguments)
    starts = tuple(options.only.split(","))
    names = [name for name in cases.pages() if name.startswith(starts)]
    desk = [name for name in office.PAGES if name.startswith(starts)]
    program = chromium()
    if program is None:
        print("Chromium is missing: make setup-browser")
        return 1
    options.axe = not options.no_axe and AXE.exists()
    if not options.axe:
        print("axe does not look: make setup-browser brings it")
    options.out.mkdir(parents=True, exist_ok=True)
    every = [Shape(size, dark) for size in SIZES for dark in (False, True)]
    shapes = [Shape("320", dark=False)] if options.narrow else every
    bad = 0
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=FLAGS)
        if names:
            with served() as base:
                pages = {name: f"{base}/preview/{name}" for name in names}
                bad += sum(_look(browser, shape, pages, options) for shape in shapes)
        if desk:
            with office.running() as running:
                pages = {name: running.address(name) for name in desk}
                bad += sum(_look(browser, shape, pages, options, enter=running.enter) for shape in shapes)
        browser.close()
    print(f"{len(names) + len(desk)} pages, {bad} with something to mend")
    return 1 if bad else 0


def _look(
    browser: Browser,
    shape: Shape,
    pages: Mapping[str, str],
    options: argparse.Namespace,
    *,
    enter: Callable[[Page], None] | None = None,
) -> int:
    """Look at every page through one window; how many have something to mend."""
    wrong: list[str] = []
    bad = 0
    page = opened(browser, shape, wrong, axe=options.axe)
    if enter is not None:
        enter(page)
    for name, address in pages.items():
        wrong.clear()
        page.goto(address)
        if (over := sideways(page)) > 0:
            wrong.append(f"scrolls sideways by {over} px")
        if not options.narrow:
            page.screenshot(path=options.out / f"{name}-{shape.name}.png", full_page=True)
        if options.axe:
            wrong += [f"axe: {found}" for found in axe_violations(page)]
        bad += bool(wrong)
        for line in wrong:
            print(f"{name} {shape.name}: {line}")
    page.context.close()
    return bad


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
