"""What a page says in the browser's console: its errors, its warnings, and what no script of it caught."""

from __future__ import annotations

from playwright.sync_api import ConsoleMessage, Error, Page

# Chromium's word when the fade from page to page (`@view-transition`) has no time to begin, as on a busy machine: the
# page is simply there. It speaks of the browser's own animation; no script of ours asks for one or waits for it.
FADE_LEFT_OUT = "Transition was aborted because of invalid state"


def listen_to(page: Page, heard: list[str], *, but: str = "\0") -> None:
    """From now on `heard` grows by a line for each error, each warning and each exception that nobody caught. What the
    test itself brings about, such as a form that comes back with 422, is left out by a word of it: `but`."""

    def spoke(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and but not in message.text:
            heard.append(f"console: {message.text}")

    def failed(error: Error) -> None:
        if not str(error).startswith(FADE_LEFT_OUT):
            heard.append(f"script: {error}")

    page.on("console", spoke)
    page.on("pageerror", failed)
