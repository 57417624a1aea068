"""A form of the office as a browser would send it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from tests.browser import read

VALUES = ("checkbox", "radio")


class _Fields(HTMLParser):
    """What the first POST form of a page would send, without its buttons."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.fields: MultiDict[str, str] = MultiDict()
        self.inside = self.done = False
        self.select = self.area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag == "form" and known.get("method") == "post" and "logout" not in known.get("action", ""):
            self.inside = not self.done
        if not self.inside:
            return
        if tag == "input" and (known.get("type") not in VALUES or "checked" in known):
            self.fields.add(known["name"], known.get("value", ""))
        elif tag == "select":
            self.select = known["name"]
        elif tag == "option" and "selected" in known:
            self.fields.add(self.select, known["value"])
        elif tag == "textarea":
            self.area = known["name"]
            self.fields.add(self.area, "")

    def handle_data(self, data: str) -> None:
        if self.area:
            self.fields[self.area] = data.strip()

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.area = ""
        if tag == "form" and self.inside:
            self.inside, self.done = False, True


def fields_of(answer: TestResponse) -> MultiDict[str, str]:
    """What the page's form holds."""
    parser = _Fields()
    parser.feed(answer.text)
    assert parser.fields, answer.text[:400]
    return parser.fields


def send(
    client: FlaskClient, path: str, answer: TestResponse, button: str = "", **typed: str | list[str] | None
) -> TestResponse:
    """Press a button of the page's form, with `typed` in its fields (None: cleared; mon_from for mon-from)."""
    form = fields_of(answer)
    for name, value in typed.items():
        key = name.replace("_", "-") if name.endswith(("_from", "_to", "_on")) else name
        form.setlist(key, [value] if isinstance(value, str) else value or [])
    if button:
        form["do"] = button
    data: Any = form
    return client.post(path, data=data)


def said(answer: TestResponse) -> str:
    """What is to be read on the page, in one line."""
    return " ".join("".join(read(answer.text).said).split())
