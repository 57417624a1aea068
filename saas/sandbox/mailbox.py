"""The demo's mailbox: what would have been sent, as a page on the platform's host. Reads the files of `saas.mail`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.parser import BytesHeaderParser
from email.policy import default
from pathlib import Path
from typing import cast

from flask import Blueprint, Flask, Response, render_template

from saas.config import settings
from saas.errors import NotFound
from saas.mail import mailbox_folder
from saas.web import bearer_headers, guard

SHOWN = 200
_FILE = re.compile(r"(?P<stem>[0-9A-Za-z_-]{1,80})(?:\.(?P<copy>[0-9]{1,6}))?\.eml")


@dataclass(frozen=True)
class Line:
    """One mail in the list. `copies`: how often it was sent (1, but for a kill at the wrong moment)."""

    id: str
    subject: str
    to: str
    sender: str
    at: datetime
    copies: int


@dataclass(frozen=True)
class File:
    """An attachment, by its number in the mail."""

    number: int
    name: str
    size: int


def copies(folder: Path) -> dict[str, list[Path]]:
    """Every mail that was sent, by its id, with the file of each copy (the first one first)."""
    found: dict[str, list[Path]] = {}
    for file in sorted(folder.glob("*.eml"), key=lambda path: (len(path.name), path.name)):
        match = _FILE.fullmatch(file.name)
        if match:
            found.setdefault(match["stem"], []).append(file)
    return found


def lines(folder: Path) -> list[Line]:
    """The newest mails, newest first."""
    mails = [(files[0].stat().st_mtime, name, files) for name, files in copies(folder).items()]
    return [_line(at, name, files) for at, name, files in sorted(mails, reverse=True)[:SHOWN]]


def _line(at: float, name: str, files: list[Path]) -> Line:
    with files[0].open("rb") as file:
        head: Message = BytesHeaderParser(policy=default).parse(file)
    return Line(
        id=name,
        subject=str(head.get("Subject", "")),
        to=str(head.get("To", "")),
        sender=str(head.get("From", "")),
        at=datetime.fromtimestamp(at, UTC),
        copies=len(files),
    )


def _open(name: str) -> tuple[Line, EmailMessage]:
    path = mailbox_folder(settings()) / f"{name}.eml"
    match = _FILE.fullmatch(path.name)
    if settings().env != "demo" or match is None or match["copy"] or not path.is_file():
        raise NotFound
    found = copies(path.parent)[name]
    message = message_from_bytes(path.read_bytes(), policy=default)
    return _line(path.stat().st_mtime, name, found), message


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    if part is None or part.get_content_maintype() != "text":
        return ""
    try:
        return str(part.get_content())
    except LookupError:  # an alphabet that nobody knows
        return bytes(part.get_payload(decode=True) or b"").decode("utf-8", "replace")


def _index() -> Response:
    if settings().env != "demo":
        raise NotFound
    page = render_template("sandbox/mailbox.html", mails=lines(mailbox_folder(settings())))
    return bearer_headers(Response(page))


def _show(name: str) -> Response:
    line, message = _open(name)
    files = [
        File(number, part.get_filename() or "file", len(part.get_payload(decode=True) or b""))
        for number, part in enumerate(message.iter_attachments())
    ]
    text = _body(message, "plain").replace("\r\n", "\n").strip()
    paragraphs = [block.splitlines() for block in text.split("\n\n")]
    page = render_template("sandbox/mailbox_mail.html", mail=line, paragraphs=paragraphs, files=files)
    return bearer_headers(Response(page))


def _html(name: str) -> Response:
    """The HTML part in a cage of its own: no script, no origin, nothing fetched."""
    _, message = _open(name)
    response = bearer_headers(Response(_body(message, "html"), mimetype="text/html"))
    response.headers["Content-Security-Policy"] = (
        "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
    )
    return response


def _file(name: str, number: int) -> Response:
    _, message = _open(name)
    parts = list(message.iter_attachments())
    if number >= len(parts):
        raise NotFound
    data = parts[number].get_payload(decode=True)
    response = bearer_headers(Response(cast(bytes, data), mimetype=parts[number].get_content_type()))
    response.headers.set("Content-Disposition", "attachment", filename=parts[number].get_filename() or "file")
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def init_app(app: Flask) -> None:
    """Register the page. The app calls this in a demo only."""
    blueprint = Blueprint("mailbox", __name__, url_prefix="/mailbox")
    blueprint.add_url_rule("", "index", _index)
    blueprint.add_url_rule("/<name>", "show", _show)
    blueprint.add_url_rule("/<name>/html", "html", _html)
    blueprint.add_url_rule("/<name>/<int:number>", "file", _file)
    app.register_blueprint(guard(blueprint, "platform"))
