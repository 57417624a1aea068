"""Many clients at one moment, from one thread, so that the clients do not eat the server's processors."""

from __future__ import annotations

import json
import selectors
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from saas import clock
from tests.proofs.stage import HOST, PATIENCE


@dataclass
class Answer:
    """What came back, and how long after the common start (connecting included); status 0: the line went dead."""

    raw: bytearray = field(default_factory=bytearray)
    seconds: float = 0.0

    @property
    def status(self) -> int:
        return int(self.raw.split(b" ", 2)[1]) if self.raw.startswith(b"HTTP/") else 0

    @property
    def body(self) -> bytes:
        return bytes(self.raw.partition(b"\r\n\r\n")[2])

    @property
    def data(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str:
        for line in bytes(self.raw.partition(b"\r\n\r\n")[0]).decode("latin-1").split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return ""


def post(port: int, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """The bytes of a request over a connection of its own."""
    head = {"Host": f"{HOST}:{port}", "Connection": "close", "Content-Length": str(len(body)), **headers}
    return (f"POST {path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in head.items()) + "\r\n").encode() + body


def post_json(port: int, path: str, body: object, **headers: str) -> bytes:
    """A program's request; `Idempotency_Key=` becomes the header of that name."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return post(port, path, json.dumps(body).encode(), {"Content-Type": "application/json", **named})


def post_form(port: int, path: str, fields: Mapping[str, str]) -> bytes:
    """A page's form."""
    origin = f"http://{HOST}:{port}"
    kind = "application/x-www-form-urlencoded"
    return post(port, path, urlencode(fields).encode(), {"Content-Type": kind, "Origin": origin})


def burst(port: int, requests: Sequence[bytes]) -> list[Answer]:
    """Connect and send all at once; the answers, in the order of the requests."""
    answers = [Answer() for _ in requests]
    with selectors.DefaultSelector() as lines:
        began = clock.monotonic()
        for request, answer in zip(requests, answers, strict=True):
            line = socket.socket()
            line.setblocking(False)
            line.connect_ex((HOST, port))
            lines.register(line, selectors.EVENT_WRITE, (request, answer))
        while lines.get_map():
            assert clock.monotonic() - began < PATIENCE, "somebody is left without an answer"
            for key, _ in lines.select(timeout=1):
                _attend(lines, key, began)
    return answers


def _attend(lines: selectors.BaseSelector, key: selectors.SelectorKey, began: float) -> None:
    line = key.fileobj
    assert isinstance(line, socket.socket)
    request, answer = key.data
    try:
        if key.events == selectors.EVENT_WRITE:
            sent = line.send(request)
            assert sent == len(request), "a request of this size fits into one packet of loopback"
            lines.modify(line, selectors.EVENT_READ, key.data)
            return
        part = line.recv(65536)
        answer.raw += part
        if part:
            return
    except ConnectionError:
        answer.raw.clear()
    answer.seconds = clock.monotonic() - began
    lines.unregister(line)
    line.close()
