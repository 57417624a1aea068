"""Take a picture of every sample page, phone and desk, light and dark, and let axe look at each.

    python -m tests.screens [--only PREFIX,PREFIX] [--no-axe] [--narrow] [--out FOLDER]

Serves the preview on a free port of loopback. Needs Chromium; axe-core comes from tests/npm. Leaves
with 1 if a page scrolls sideways, logs an error or has an axe violation.
"""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from werkzeug.serving import make_server

from tests.screens import samples
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
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIZES = {"390": (390, 844, 1.5), "1280": (1280, 800, 1.0)}


@contextmanager
def served() -> Iterator[str]:
    """The preview's address, for as long as the block lasts."""
    server = make_server("127.0.0.1", 0, create_preview(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


def chromium(path: str = "/usr/bin/chromium") -> str | None:
    return path if Path(path).exists() else None


def axe_violations(page: Page) -> list[str]:
    """What axe finds on an open page of a context made with bypass_csp."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS
    )
    return [
        f"{v['id']} ({len(v['nodes'])}): {v['nodes'][0]['html'][:140]}" for v in found["violations"]
    ]


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(
        page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
    )


def look(
    browser: Browser, base: str, name: str, *, size: str, dark: bool, out: Path | None, axe: bool
) -> list[str]:
    """Open one page in one shape; what is wrong with it. Writes the picture when there is a folder."""
    width, height, scale = SIZES.get(size) or (int(size), 800, 1.0)
    context = browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=scale,
        color_scheme="dark" if dark else "light",
    )
    page = context.new_page()
    wrong: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            wrong.append(f"console: {message.text}")

    page.on("console", heard)
    page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    page.goto(f"{base}/preview/{name}")
    if (over := sideways(page)) > 0:
        wrong.append(f"scrolls sideways by {over} px")
    if out is not None:
        tone = "-dark" if dark else ""
        page.screenshot(path=out / f"{name}-{size}{tone}.png", full_page=True)
    context.close()
    if axe:
        free = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            bypass_csp=True,
        )
        bare = free.new_page()
        bare.goto(f"{base}/preview/{name}")
        wrong += [f"axe: {found}" for found in axe_violations(bare)]
        free.close()
    return wrong


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.screens")
    parser.add_argument("--only", default="")
    parser.add_argument("--no-axe", action="store_true")
    parser.add_argument("--narrow", action="store_true", help="only look at 320 px for sideways scroll")
    parser.add_argument("--out", type=Path, default=HERE / "out")
    options = parser.parse_args(arguments)
    starts = tuple(options.only.split(","))
    names = [name for name in samples.pages() if name.startswith(starts)]
    program = chromium()
    if program is None:
        print("Chromium is missing: make setup-browser")
        return 1
    axe = not options.no_axe and AXE.exists()
    if not axe:
        print("axe does not look: make setup-browser brings it")
    options.out.mkdir(parents=True, exist_ok=True)
    bad = 0
    with served() as base, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=FLAGS)
        shapes = ["320"] if options.narrow else list(SIZES)
        for name in names:
            for size in shapes:
                for dark in (False,) if options.narrow else (False, True):
                    out = None if options.narrow else options.out
                    wrong = look(
                        browser, base, name, size=size, dark=dark, out=out,
                        axe=axe and not options.narrow,
                    )
                    bad += bool(wrong)
                    for line in wrong:
                        print(f"{name} {size}{' dark' if dark else ''}: {line}")
        browser.close()
    print(f"{len(names)} pages, {bad} with something to mend")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
