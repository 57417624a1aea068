"""Take a picture of every sample page, phone and desk, light and dark, and let axe look at each.

    python -m tests.screens [--only PREFIX,PREFIX] [--no-axe] [--narrow] [--out FOLDER]

Serves the preview on a free port of loopback. Needs Chromium; axe-core comes from tests/npm. Leaves
with 1 if a page scrolls sideways, logs an error or has an axe violation.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from werkzeug.serving import make_server

from tests.screens import cases
from tests.screens.preview import create_preview

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
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIZES = {"390": (390, 844, 1.5), "1280": (1280, 800, 1.0)}


@contextmanager
def served() -> Iterator[str]:
    """The preview's address, for as long as the block lasts."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = make_server("127.0.0.1", 0, create_preview(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


def chromium() -> str | None:
    """The browser's program, looked for where `deploy/setup.sh browser` looks."""
    names = (os.environ.get("LONGTIDE_CHROMIUM", "chromium"), *BROWSERS)
    return next((found for found in map(shutil.which, names) if found), None)


def axe_violations(page: Page) -> list[str]:
    """What axe finds on an open page. It goes in by the debugger, which no CSP stops; best before (`opened(axe=True)`),
    since to send it to every page takes as long as the looking."""
    line = page.context.new_cdp_session(page)
    inside = line.send("Runtime.evaluate", {"expression": "typeof axe"})
    if inside["result"]["value"] == "undefined":
        line.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
    options = f"{{runOnly: {{type: 'tag', values: {json.dumps(TAGS)}}}, resultTypes: ['violations']}}"
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

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            heard.append(f"console: {message.text}")

    page.on("console", listen)
    page.on("pageerror", lambda error: heard.append(f"script: {error}"))
    return page


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.screens")
    parser.add_argument("--only", default="")
    parser.add_argument("--no-axe", action="store_true")
    parser.add_argument("--narrow", action="store_true", help="only look at 320 px for sideways scroll")
    parser.add_argument("--out", type=Path, default=HERE.parent.parent / "screens")
    options = parser.parse_args(arguments)
    names = [name for name in cases.pages() if name.startswith(tuple(options.only.split(",")))]
    program = chromium()
    if program is None:
        print("Chromium is missing: make setup-browser")
        return 1
    axe = not options.no_axe and AXE.exists()
    if not axe:
        print("axe does not look: make setup-browser brings it")
    options.out.mkdir(parents=True, exist_ok=True)
    shapes = [Shape(size, dark) for size in SIZES for dark in (False, True)]
    bad = 0
    with served() as base, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=FLAGS)
        for shape in [Shape("320", dark=False)] if options.narrow else shapes:
            wrong: list[str] = []
            page = opened(browser, shape, wrong, axe=axe)
            for name in names:
                wrong.clear()
                page.goto(f"{base}/preview/{name}")
                if (over := sideways(page)) > 0:
                    wrong.append(f"scrolls sideways by {over} px")
                if not options.narrow:
                    page.screenshot(path=options.out / f"{name}-{shape.name}.png", full_page=True)
                if axe:
                    wrong += [f"axe: {found}" for found in axe_violations(page)]
                bad += bool(wrong)
                for line in wrong:
                    print(f"{name} {shape.name}: {line}")
            page.context.close()
        browser.close()
    print(f"{len(names)} pages, {bad} with something to mend")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
