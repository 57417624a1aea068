"""A browser for tests: follows links, presses buttons, keeps no cookie, and reads every page it fetches critically.

`lint` says what a machine can see is wrong with a page; the `browser` fixture refuses such a page at once.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
VOID |= {"path", "circle", "rect"}
LABELLED = {"input", "select", "textarea"}
SILENT = {"script", "style", "title"}
INLINE = {"a", "abbr", "em", "strong", "time"}
HOST = "http://localhost"
Attrs = dict[str, str]


class Reader(HTMLParser):
    """Collects what the lint asks about, and what is to be seen."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, Attrs]] = []
        self.open: list[str] = []
        self.problems: list[str] = []
        self.title = ""
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = Counter(name for name, _ in attrs)
        self.problems += [f"<{tag}> says {name} twice" for name, count in names.items() if count > 1]
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in INLINE:
            self.said.append(" ")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open[-1] != tag:
            self.problems.append(f"</{tag}> closes {self.open[-1:]}")
        elif self.open:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["title"]:
            self.title += data
        if not SILENT & set(self.open):
            self.said.append(data)

    def all(self, *tags: str) -> list[Attrs]:
        return [attrs for tag, attrs in self.tags if tag in tags]


@lru_cache(maxsize=4)
def read(html: str) -> Reader:
    """A page's parts; the page in hand is asked for them again and again."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


def lint(html: str) -> list[str]:
    """What a machine can see is wrong with a page."""
    page = read(html)
    wrong = [*page.problems, *(f"<{tag}> is left open" for tag in page.open)]
    ids = Counter(attrs["id"] for _, attrs in page.tags if "id" in attrs)
    wrong += [f"id {name} is there {count} times" for name, count in ids.items() if count > 1]
    if len(page.all("h1")) != 1:
        wrong.append(f"{len(page.all('h1'))} h1")
    if not page.title.strip() or page.title.strip().startswith(","):
        wrong.append("no title")
    labels = {attrs.get("for") for attrs in page.all("label")}
    for tag, attrs in page.tags:
        if tag in LABELLED and attrs.get("type") != "hidden" and attrs.get("id") not in labels:
            wrong.append(f"<{tag} name={attrs.get('name')}> has no label")
        for name in ("aria-labelledby", "aria-describedby"):
            wrong += [f"{name} names {i}, which is nowhere" for i in attrs.get(name, "").split() if i not in ids]
        wrong += [f"<{tag}> has {name}" for name in attrs if name.startswith("on") or name == "style"]
        if tag == "a" and attrs.get("href", "").startswith("#") and attrs["href"][1:] not in ids:
            wrong.append(f"link to {attrs['href']}, which is nowhere")
        if tag == "form" and attrs.get("method") == "post" and "data-once" not in attrs:
            wrong.append("a form can be sent twice")
    forms = len([f for f in page.all("form") if f.get("method") == "post"])
    if forms != len([i for i in page.all("input") if i.get("name") == "form_token"]):
        wrong.append("a form without its token")
    return wrong


def header_faults(response: TestResponse) -> list[str]:
    """What an answer's headers lack: the policy with its nonce, and nothing kept in the browser."""
    policy = response.headers.get("Content-Security-Policy", "")
    nonce = re.search(r"'nonce-([\w-]{16,})'", policy)
    parts = ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'")
    wrong = [f"the policy lacks {part}" for part in parts if part not in policy]
    if nonce is None or "unsafe" in policy:
        wrong.append(f"the policy is loose: {policy}")
    for name, value in (("X-Content-Type-Options", "nosniff"), ("Cross-Origin-Opener-Policy", "same-origin")):
        if response.headers.get(name) != value:
            wrong.append(f"{name} is {response.headers.get(name)}")
    if not response.headers.get("Referrer-Policy"):
        wrong.append("no Referrer-Policy")
    if "Set-Cookie" in response.headers:
        wrong.append("a public page sets a cookie")
    inline = [s for s in read(response.text).all("script") if not s.get("src", "").startswith("/static/")]
    said = nonce[1] if nonce else None
    return wrong + ["a script without its nonce" for script in inline if script.get("nonce") != said]


@dataclass
class Form:
    """A form with what it would send; `buttons`: (words, attributes)."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    buttons: list[tuple[str, Attrs]] = field(default_factory=list)


class _Pressable(HTMLParser):
    """Forms with their values, links and buttons with their words."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.heading = ""
        self._now: list[tuple[str, Attrs, list[str]]] = []
        self._form: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(known.get("action", ""))
            self.forms.append(self._form)
        elif tag == "input" and self._form is not None:
            self._form.names.add(known["name"])
            if known.get("type") not in ("checkbox", "radio") or "checked" in known:
                self._form.fields[known["name"]] = known.get("value", "")
        elif tag in ("a", "button", "textarea", "h1"):
            self._now.append((tag, known, []))

    def handle_data(self, data: str) -> None:
        for _, _, words in self._now:
            words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if not self._now or self._now[-1][0] != tag:
            return
        _, known, words = self._now.pop()
        said = " ".join("".join(words).split())
        if tag == "a":
            self.links.append((said, known.get("href", "")))
        elif tag == "h1":
            self.heading = said
        elif self._form is not None and tag == "button":
            self._form.buttons.append((said, known))
        elif self._form is not None:
            self._form.names.add(known["name"])
            self._form.fields[known["name"]] = "".join(words).removeprefix("\n")


@lru_cache(maxsize=4)
def pressable(html: str) -> _Pressable:
    """What can be pressed on a page."""
    parts = _Pressable()
    parts.feed(html)
    return parts


@dataclass(frozen=True)
class Page:
    """An answer as somebody in front of the screen has it. `url`: the address in their browser."""

    browser: Browser
    url: str
    response: TestResponse

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def html(self) -> str:
        return self.response.text

    @property
    def text(self) -> str:
        """What is to be read on it, in one line."""
        return " ".join("".join(read(self.html).said).split())

    @property
    def title(self) -> str:
        return " ".join(read(self.html).title.split())

    @property
    def h1(self) -> str:
        return self._parts().heading

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    def _parts(self) -> _Pressable:
        return pressable(self.html)

    def links(self) -> dict[str, str]:
        """Address by words."""
        return dict(self._parts().links)

    def values(self) -> dict[str, str]:
        """What the page's forms hold."""
        return {name: value for form in self._parts().forms for name, value in form.fields.items()}

    def buttons(self) -> list[str]:
        """The words of all buttons."""
        return [words for form in self._parts().forms for words, _ in form.buttons]

    def starts(self) -> list[str]:
        """The times that can be chosen, as they are posted."""
        return [a["value"] for form in self._parts().forms for _, a in form.buttons if a.get("name") == "start"]

    def follow(self, words: str) -> Page:
        """Go where the first link with these words leads."""
        found = next((href for said, href in self._parts().links if words in said), None)
        assert found is not None, f"no link {words!r} among {[said for said, _ in self._parts().links]}"
        return self.browser.get(urljoin(self.url, found))

    def press(self, words: str, **typed: str | None) -> Page:
        """Press the first button with these words, with `typed` in the fields of its form (None: cleared)."""
        form, (_, attrs) = self._button(lambda said, _: words in said, words)
        return self._send(form, attrs, typed)

    def choose(self, start: str) -> Page:
        """Press the time that is posted as `start`."""
        form, (_, attrs) = self._button(lambda _, a: a.get("name") == "start" and a.get("value") == start, start)
        return self._send(form, attrs, {})

    def _button(self, fits: object, words: str) -> tuple[Form, tuple[str, Attrs]]:
        assert callable(fits)
        for form in self._parts().forms:
            for button in form.buttons:
                if fits(*button):
                    return form, button
        pytest.fail(f"no button {words!r} among {self.buttons()}")

    def _send(self, form: Form, attrs: Attrs, typed: dict[str, str | None]) -> Page:
        assert set(typed) <= form.names, f"no such fields: {set(typed) - form.names}"
        sent = {**form.fields, **typed}
        if "name" in attrs:
            sent[attrs["name"]] = attrs.get("value", "")
        whole = {name: value for name, value in sent.items() if value is not None}
        return self.browser.post(urljoin(self.url, attrs.get("formaction") or form.action), whole)


class Browser:
    """Fetches pages of one application. An answer that leads to another host is given as it is."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str) -> Page:
        return self._arrive(path, self.client.get(path))

    def post(self, path: str, data: dict[str, str]) -> Page:
        return self._arrive(path, self.client.post(path, data=data))

    def _arrive(self, path: str, response: TestResponse) -> Page:
        for _ in range(5):
            if not 300 <= response.status_code < 400:
                break
            assert response.status_code == 303, "after a form comes 303"
            onward = urljoin(urljoin(HOST, path), response.headers["Location"])
            if not onward.startswith(HOST + "/"):
                return Page(self, onward, response)
            path = onward.removeprefix(HOST)
            response = self.client.get(path)
        if response.mimetype == "text/html":
            wrong = [*lint(response.text), *header_faults(response)]
            assert not wrong, f"{path}: {wrong}"
        assert response.status_code < 500 or response.status_code == 503, f"{path}: {response.status_code}"
        return Page(self, path, response)


@pytest.fixture
def browser(app: Flask, frozen: None) -> Browser:
    """Somebody at home: no cookies, the clock stands still, and every page is read critically."""
    return Browser(app.test_client(use_cookies=False))
