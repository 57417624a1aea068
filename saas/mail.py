"""Mail: rendered in the reader's language, safe in every header, sent through the transport of the settings.

`smtp` in production, `mailbox` (files that the demo shows as a page) and `memory` (tests). Nothing here decides whether
a mail may be sent: that is the effect's business. Nobody can send a mail exactly once, so a mail bears the Message-ID
of its effect, the same on every try, and the mailbox counts copies.
"""

from __future__ import annotations

import os
import smtplib
import ssl
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import Address, AddressHeader
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any
from uuid import UUID

import idna
from babel import Locale, UnknownLocaleError
from flask import current_app
from flask_babel import force_locale
from jinja2 import Environment, StrictUndefined

from saas import clock, formats
from saas.config import Settings, settings
from saas.outbox import Hopeless
from saas.text import clean_line

SUBJECT_LENGTH = 150
NAME_LENGTH = 80
SMTP_PATIENCE_SECONDS = 60.0  # for one whole mail: well inside an outbox lease, so that no second worker takes it over
_IN_A_NAME = str.maketrans(dict.fromkeys('"<>(),;:@[]\\', " "))


class BadAddress(Hopeless):
    """Nothing can ever be delivered to this."""


@dataclass(frozen=True)
class Attachment:
    """A file that goes along. `content_type` may carry parameters: `text/calendar; method=PUBLISH`."""

    filename: str
    content_type: str
    data: bytes


@dataclass(frozen=True)
class Mail:
    """One mail to one person. `message_id` comes from `message_id()`, so that every try bears the same."""

    to_name: str
    to_email: str
    subject: str
    text: str
    html: str
    message_id: str
    attachments: tuple[Attachment, ...] = ()
    reply_to: str | None = None
    from_name: str | None = None


def message_id(effect_id: UUID) -> str:
    """The Message-ID of what this effect sends: the same on every try."""
    return f"<{effect_id}@{_sender()[1].rpartition('@')[2]}>"


def line(text: str, length: int) -> str:
    """`text` as one printable line of at most `length` characters: what is left cannot end a header or begin one."""
    plain = clean_line(text, len(text) * 8).replace("=?", "= ?")  # would be read as an encoded word (RFC 2047)
    return "".join(c for c in plain if unicodedata.category(c) != "Cn")[:length].strip()


def address(email: str) -> str:
    """`email` as it goes on the wire: a domain in another script in its ASCII form. Raises `BadAddress`, also for other
    letters before the @, as `saas.contact` does: not every mail host on the way would carry them."""
    local, at, domain = email.strip().rpartition("@")
    wrong = any(unicodedata.category(c)[0] in "CZ" or c in '"<>(),;:@[]\\' for c in local)
    if not at or not local or wrong or not local.isascii() or len(local) > 64:
        raise BadAddress
    try:
        ascii_domain = idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        raise BadAddress from None
    return f"{local}@{ascii_domain}"


def _sender() -> tuple[str, str]:
    name, email = parseaddr(settings().mail_from)
    return name, email


def _mailbox(name: str, email: str) -> Address:
    # Specials are dropped from names, so that no reader's idea of quoting can matter.
    return Address(line(name.translate(_IN_A_NAME), NAME_LENGTH), *_halves(email))


def _halves(email: str) -> tuple[str, str]:
    local, _, domain = address(email).rpartition("@")
    return local, domain


def _body(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")


class _Wire(EmailPolicy):
    """Folds names and subjects itself: the library (3.11) puts blanks into long names that are not ASCII."""

    def fold(self, name: str, value: str) -> str:
        folded = _folded(name, value)
        return super().fold(name, value) if folded is None else folded

    def fold_binary(self, name: str, value: str) -> bytes:
        folded = _folded(name, value)
        return super().fold_binary(name, value) if folded is None else folded.encode("ascii")


_WIRE = _Wire(linesep="\r\n", max_line_length=76)


def _folded(name: str, value: str) -> str | None:
    if name == "Subject":
        return f"{name}: {_words(str(value), name)}\r\n"
    if not isinstance(value, AddressHeader):
        return None
    (one,) = value.addresses
    said = _words(one.display_name, name)
    gap = "\r\n " if "\r\n" in said else " "
    return f"{name}: {said}{gap}<{one.addr_spec}>\r\n" if said else f"{name}: {one.addr_spec}\r\n"


def _words(text: str, name: str) -> str:
    if not text.isascii():
        return Header(text, "utf-8", maxlinelen=76, header_name=name).encode(linesep="\r\n")
    plain = f'"{text}"' if "." in text and name != "Subject" else text
    return Header(plain, maxlinelen=76, header_name=name).encode(linesep="\r\n")


def build(mail: Mail, *, now: datetime) -> EmailMessage:
    """The message as it is sent: text and HTML side by side, then the attachments. Raises `BadAddress`."""
    name, email = _sender()
    message = EmailMessage(policy=_WIRE)
    message["From"] = _mailbox(mail.from_name or name, email)
    message["To"] = _mailbox(mail.to_name, mail.to_email)
    with suppress(BadAddress):  # a clinic's mistyped address must not cost its client the mail
        message["Reply-To"] = Address("", *_halves(mail.reply_to or ""))
    message["Subject"] = line(mail.subject, SUBJECT_LENGTH)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_body(mail.text))
    message.add_alternative(_body(mail.html), subtype="html")
    for attachment in mail.attachments:
        _attach(message, attachment)
    return message


def _attach(message: EmailMessage, attachment: Attachment) -> None:
    kind, *rest = (part.strip() for part in attachment.content_type.split(";"))
    main, _, sub = kind.partition("/")
    message.add_attachment(attachment.data, maintype=main, subtype=sub, filename=line(attachment.filename, 80))
    part = list(message.iter_attachments())[-1]
    for parameter in rest:
        name, _, value = parameter.partition("=")
        part.set_param(name, value)


_reader: ContextVar[tuple[str, str]] = ContextVar("mail_reader", default=("en", ""))


@contextmanager
def written_for(locale: str, region: str = "") -> Iterator[None]:
    """Texts, dates and money inside are in this reader's language."""
    known = _known(locale)
    token = _reader.set((str(known), region))
    try:
        with force_locale(str(known)):
            yield
    finally:
        _reader.reset(token)


def _known(locale: str) -> Locale:
    try:
        return Locale.parse(locale.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en")


def _templates() -> Environment:
    """The app's templates with filters that follow the reader of the mail instead of the visitor of a page."""
    found: Environment | None = current_app.extensions.get("longtide_mail_templates")
    if found is None:
        found = current_app.jinja_env.overlay(undefined=StrictUndefined, trim_blocks=False)
        ours = formats.filters(lambda: _reader.get()[0], lambda: _reader.get()[1])
        found.filters = {**found.filters, **ours}
        current_app.extensions["longtide_mail_templates"] = found
    return found


def render(template: str, locale: str, *, region: str = "", **context: Any) -> tuple[str, str, str]:
    """(subject, text, HTML) of `mail/<template>`, in `locale`. The first line of the text template is the subject."""
    known = _known(locale)
    words = {"lang": str(known).replace("_", "-"), "dir": known.text_direction, **context}
    with written_for(locale, region):
        text = _templates().get_template(f"mail/{template}.txt").render(words)
        html = _templates().get_template(f"mail/{template}.html").render(words)
    subject, _, body = text.strip().partition("\n")
    return subject.strip(), body.strip() + "\n", html


def send(mail: Mail, *, now: datetime) -> None:
    """Hand `mail` over to the transport of the settings. Raises `BadAddress` and `Hopeless` for good, anything else
    (`OSError`, `smtplib.SMTPException`) for now."""
    message = build(mail, now=now)
    config = settings()
    if config.mail_transport == "smtp":
        _by_smtp(message, config)
    elif config.mail_transport == "mailbox":
        drop(message, mailbox_folder(config))
    else:
        outgoing().append(mail)


def outgoing() -> list[Mail]:
    """What the `memory` transport was given in this app, oldest first."""
    kept: list[Mail] = current_app.extensions.setdefault("longtide_outgoing", [])
    return kept


def mailbox_folder(config: Settings) -> Path:
    """Where the `mailbox` transport keeps its files."""
    return config.data / "mailbox"


def drop(message: EmailMessage, folder: Path) -> Path:
    """Put `message` into `folder`, whole or not at all: `<id>.eml`, a second copy `<id>.2.eml`, and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = str(message["Message-ID"]).strip("<>").partition("@")[0]
    stem = "".join(c for c in stem if c.isalnum() or c in "-_")[:80] or "mail"
    draft = folder / f".{stem}.{os.getpid()}.part"  # of a name that the page does not list
    with draft.open("wb") as out:
        out.write(bytes(message))
        out.flush()
        os.fsync(out.fileno())
    try:
        copy = 1
        while True:
            target = folder / (f"{stem}.eml" if copy == 1 else f"{stem}.{copy}.eml")
            try:
                os.link(draft, target)
            except FileExistsError:
                copy += 1
            else:
                return target
    finally:
        draft.unlink()


class _Bounded(smtplib.SMTP):
    """A conversation that ends in time, however slowly the other side speaks."""

    def __init__(self, *, patience: float = SMTP_PATIENCE_SECONDS, **where: Any) -> None:
        self._until = clock.monotonic() + patience
        super().__init__(**where)

    def connect(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        try:
            return super().connect(*args, **kwargs)
        except BaseException:
            self.close()
            raise

    def getreply(self) -> tuple[int, bytes]:
        left = self._until - clock.monotonic()
        if left <= 0:
            raise TimeoutError
        if self.sock is not None:
            self.sock.settimeout(min(20.0, left))
        return super().getreply()


class _BoundedTls(_Bounded, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""


def _connect(config: Settings) -> smtplib.SMTP:
    # Our own name is given: left to itself smtplib asks the DNS for it, which can take longer than the mail.
    where: dict[str, Any] = {"host": config.smtp_host, "port": config.smtp_port, "timeout": 20}
    where["local_hostname"] = _sender()[1].rpartition("@")[2]
    if config.smtp_tls == "tls":
        return _signed_in(_BoundedTls(context=ssl.create_default_context(), **where), config)
    server = _Bounded(**where)
    if config.smtp_tls == "starttls":
        server.starttls(context=ssl.create_default_context())
    return _signed_in(server, config)


def _signed_in(server: smtplib.SMTP, config: Settings) -> smtplib.SMTP:
    if config.smtp_username:
        server.login(config.smtp_username, config.smtp_password)
    return server


def _by_smtp(message: EmailMessage, config: Settings) -> None:
    server = _connect(config)
    try:
        server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        if all(500 <= code < 600 for code, _ in error.recipients.values()):
            raise Hopeless from None
        raise
    finally:
        _leave(server)


def _leave(server: smtplib.SMTP) -> None:
    # The mail is with them once DATA was answered: a connection that breaks at the good-bye is no reason to send again.
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()
