from __future__ import annotations

import os
import smtplib
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import compat32, default
from email.utils import parseaddr
from io import BufferedRWPair
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from saas import formats, mail, shell
from saas.mail import Attachment, BadAddress, Mail, build, drop, line, outgoing, send
from saas.money import Money
from saas.outbox import Hopeless
from saas.sandbox.mailbox import copies
from tests.cast import NOW
from tests.databases import test_settings as some_settings

MANY = 3000 if os.environ.get("LONGTIDE_PROVE") else 100
ID = UUID("0195c1f0-0000-7000-8000-000000000001")
NASTY = st.sampled_from(
    [
        "\r\nBcc: mallory@example.com",
        "\nX: y",
        "\r",
        "\x00",
        "\ud800",
        "\u2028",
        "\u202e",
        '"<x@y.z>,',
        "=?utf-8?q?=0a?=",
        "\x85",
    ]
)
MAIL = Mail(
    to_name="Cleo Marsh",
    to_email="cleo@example.com",
    subject="Thursday 26 March, 10:30",
    text="Hello Cleo,\n\nThis time is yours.\n",
    html="<p>Hello Cleo</p>",
    message_id=f"<{ID}@longtide.example>",
    attachments=(Attachment("session.ics", "text/calendar; method=PUBLISH; charset=utf-8", b"BEGIN:VCALENDAR\r\n"),),
    reply_to="hello@rowan.example",
    from_name="Rowan Clinic",
)


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Flask]:
    """An application that can render and send, without a database."""
    app = Flask("post", template_folder=str(Path(__file__).parent.parent.parent / "templates"))
    app.config["LONGTIDE"] = some_settings(data=tmp_path)
    shell.init_app(app, face=lambda: shell.Face(None, "", shell.Site(None, None, None)))
    with app.app_context():
        yield app


def read(message: EmailMessage) -> EmailMessage:
    found = message_from_bytes(bytes(message), policy=default)
    assert isinstance(found, EmailMessage)
    return found


def test_a_mail_reads_as_it_was_written(post: Flask) -> None:
    found = read(build(MAIL, now=NOW))
    assert found["From"] == "Rowan Clinic <no-reply@longtide.example>"
    assert found["To"] == "Cleo Marsh <cleo@example.com>"
    assert found["Reply-To"] == "hello@rowan.example"
    assert found["Subject"] == MAIL.subject
    assert found["Message-ID"] == f"<{ID}@longtide.example>" == mail.message_id(ID)
    assert found["Date"].datetime == NOW
    assert found["Auto-Submitted"] == "auto-generated"
    text, html = found.get_body(("plain",)), found.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().replace("\r\n", "\n") == MAIL.text
    assert html.get_content().strip() == MAIL.html
    (file,) = found.iter_attachments()
    assert file.get_filename() == "session.ics"
    assert file.get_content_type() == "text/calendar"
    assert file.get_param("method") == "PUBLISH"
    assert file.get_payload(decode=True) == b"BEGIN:VCALENDAR\r\n"


def plain(message: EmailMessage, name: str) -> str:
    """A header decoded by the older reader: the newer one of Python 3.11 puts blanks between encoded words."""
    raw = message_from_bytes(bytes(message), policy=compat32)[name]
    return str(make_header(decode_header(raw))).replace("\r\n", "")


HEADERS = {
    "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
}  # fmt: skip


@given(name=st.text(max_size=200), nasty=NASTY, subject=st.text(max_size=300))
@settings(max_examples=MANY, deadline=None)
def test_no_name_or_subject_can_make_a_header(name: str, nasty: str, subject: str) -> None:
    app = Flask("post")
    app.config["LONGTIDE"] = some_settings()
    odd = replace(
        MAIL, to_name=name + nasty + name, subject=subject + nasty + subject, from_name=nasty + name,
        text=subject + nasty, html=subject + nasty, attachments=(Attachment(name + nasty, "text/plain", b"x"),),
    )  # fmt: skip
    with app.app_context():
        data = bytes(build(odd, now=NOW))
    head = data.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert all(row[:1] in (b" ", b"\t") or row.partition(b":")[0].decode() in HEADERS for row in head)
    assert all(len(row) <= 998 for row in data.split(b"\r\n"))
    assert b"\x00" not in data
    for policy in (default, compat32):
        found = message_from_bytes(data, policy=policy)
        assert set(found.keys()) <= HEADERS
        assert len(found.keys()) == len(set(found.keys()))
        assert parseaddr(str(found["To"]))[1] == "cleo@example.com"
        assert parseaddr(str(found["From"]))[1] == "no-reply@longtide.example"
    assert [one.addr_spec for one in read(build_in(app, odd))["To"].addresses] == ["cleo@example.com"]


def build_in(app: Flask, written: Mail) -> EmailMessage:
    with app.app_context():
        return build(written, now=NOW)


@pytest.mark.parametrize(
    "name",
    [
        "Ståle Ødegård", 'Šárka, "Š" <x@y.z>', "李小龍", "Cléo " * 2000, "a" * 10_000, "", "\r\n", "\ud83d",
        "O'Brien-Núñez Jr.", "Dr. Ann Lee", "=?utf-8?q?=0a?=",
    ],
)  # fmt: skip
def test_names_of_every_kind_arrive(post: Flask, name: str) -> None:
    said, email = parseaddr(plain(build(replace(MAIL, to_name=name), now=NOW), "To"))
    assert email == "cleo@example.com"
    assert len(said) <= mail.NAME_LENGTH
    if name.replace(" ", "").isalpha() or "." in name[:3]:
        assert said == name[: mail.NAME_LENGTH].strip()


@pytest.mark.parametrize(
    "subject", ["Donnerstag, 26. März, 10:30", "Thursday " * 16, "Čtvrtek " * 18, "日" * 150, "a" * 150]
)
def test_subjects_of_every_length_arrive(post: Flask, subject: str) -> None:
    message = build(replace(MAIL, subject=subject), now=NOW)
    assert plain(message, "Subject").strip() == subject.strip()
    head = bytes(message).partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert all(len(row) <= 78 or row.strip() == subject.encode() for row in head)


def test_a_line_keeps_letters_and_joiners_only() -> None:
    assert line("  Ann\r\n\tLee\u202e\u0000 ", 50) == "Ann Lee"
    assert line("می\u200cخواهم", 50) == "می\u200cخواهم"
    assert line("x" * 300, 150) == "x" * 150


@pytest.mark.parametrize(
    "typed,sent",
    [
        ("cleo@example.com", "cleo@example.com"),
        ("cleo@bücher.example", "cleo@xn--bcher-kva.example"),
        (" o'neil+tag@Example.COM ", "o'neil+tag@example.com"),
        ("cleo@пример.рф", "cleo@xn--e1afmkfd.xn--p1ai"),
    ],
)
def test_addresses_are_written_for_the_wire(typed: str, sent: str) -> None:
    assert mail.address(typed) == sent


@pytest.mark.parametrize(
    "typed",
    ["", "cleo", "@example.com", "cleo@", "a b@example.com", "a@b@example.com", "cleo@exa mple.com", "cleo@-x-.com",
     "cleo\r\nBcc:x@example.com", "cleo@example.com\r\nBcc: m@x.yz", "a" * 65 + "@example.com",
     "<cleo@example.com>", "пример@example.com", "cleo@" + "a" * 64 + ".com"],
)  # fmt: skip
def test_what_is_no_address_is_given_up_for_good(post: Flask, typed: str) -> None:
    with pytest.raises(BadAddress):
        build(replace(MAIL, to_email=typed), now=NOW)
    assert issubclass(BadAddress, Hopeless)


def test_a_bad_reply_address_does_not_cost_the_mail(post: Flask) -> None:
    assert build(replace(MAIL, reply_to="not an address"), now=NOW)["Reply-To"] is None
    assert build(replace(MAIL, reply_to=None), now=NOW)["Reply-To"] is None


def test_dates_and_money_are_in_the_readers_language_not_the_visitors(post: Flask) -> None:
    for locale, day, amount in (("en_GB", "Monday 23 March", "£80"), ("de_DE", "Montag, 23. März", "80\xa0£")):
        with mail.written_for(locale):
            template = mail._templates().from_string("{{ at|long_date }} {{ price|money }}")
            assert template.render(at=NOW, price=Money(8000, "GBP")) == f"{day} {amount}"
    with mail.written_for("de_DE"):
        visitor = post.jinja_env.from_string("{{ at|long_date }}").render(at=NOW)
    assert visitor == formats.long_date(NOW, shell.locale()) == "Monday, March 23"


def test_an_unknown_locale_is_read_as_english(post: Flask) -> None:
    for locale in ("", "xx_YY", "not a locale", "../../etc"):
        with mail.written_for(locale):
            assert mail._templates().from_string("{{ at|long_date }}").render(at=NOW).endswith("March 23")


# Transports


def test_the_memory_transport_keeps_what_was_sent(post: Flask) -> None:
    send(MAIL, now=NOW)
    assert outgoing() == [MAIL]
    with pytest.raises(BadAddress):
        send(replace(MAIL, to_email="nobody"), now=NOW)
    assert outgoing() == [MAIL]


def test_the_mailbox_counts_copies_and_shows_no_half_written_file(tmp_path: Path, post: Flask) -> None:
    post.config["LONGTIDE"] = some_settings(data=tmp_path, mail_transport="mailbox")
    for _ in range(3):
        send(MAIL, now=NOW)
    folder = tmp_path / "mailbox"
    assert sorted(path.name for path in folder.iterdir()) == [f"{ID}.2.eml", f"{ID}.3.eml", f"{ID}.eml"]
    assert {name: len(files) for name, files in copies(folder).items()} == {str(ID): 3}


def test_no_message_id_leads_out_of_the_mailbox(tmp_path: Path) -> None:
    message = EmailMessage()
    message["Message-ID"] = "<../../etc/passwd@x>"
    assert drop(message, tmp_path / "box").parent == tmp_path / "box"


class Post:
    """A mail server on loopback that speaks just enough SMTP; answers are set by the test."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.answers: dict[str, str] = {}
        self.heard: list[str] = []
        self.mails: list[bytes] = []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self) -> None:
        while True:
            try:
                wire, _ = self.listener.accept()
            except OSError:
                return
            with suppress(ConnectionError), wire, wire.makefile("rwb") as lines:
                self.talk(lines)

    def talk(self, lines: BufferedRWPair) -> None:
        def say(text: str) -> None:
            lines.write(text.encode() + b"\r\n")
            lines.flush()

        say(self.answers.get("HELLO", "220 here"))
        while row := lines.readline():
            self.heard.append(row.decode("latin-1").strip())
            word = self.heard[-1].partition(" ")[0].upper()
            if word == "DATA":
                say("354 go on")
                body = b""
                while not body.endswith(b"\r\n.\r\n"):
                    body += lines.readline()
                self.mails.append(body)
                say(self.answers.get("DATA", "250 taken"))
            elif word == "QUIT":
                if self.answers.get("QUIT") != "":
                    say("221 bye")
                return
            else:
                known = {"EHLO": "250-here\r\n250 SMTPUTF8", "AUTH": "235 in"}
                say(self.answers.get(word, known.get(word, "250 ok")))

    def close(self) -> None:
        self.listener.close()


@pytest.fixture
def server(post: Flask, tmp_path: Path) -> Iterator[Post]:
    found = Post()
    post.config["LONGTIDE"] = some_settings(
        data=tmp_path, mail_transport="smtp", smtp_host="127.0.0.1", smtp_port=found.port, smtp_tls="none"
    )
    yield found
    found.close()


def test_smtp_takes_a_mail_and_a_broken_good_bye_is_no_failure(server: Post) -> None:
    server.answers["QUIT"] = ""
    send(MAIL, now=NOW)
    assert server.heard[0] == "ehlo longtide.example"
    assert "mail FROM:<no-reply@longtide.example>" in server.heard[1]
    assert server.heard[2] == "rcpt TO:<cleo@example.com>"
    assert b"Message-ID: <" + str(ID).encode() in server.mails[0]


def test_smtp_refusals_for_good_are_given_up_and_others_tried_again(server: Post) -> None:
    server.answers["RCPT"] = "550 nobody of that name"
    with pytest.raises(Hopeless):
        send(MAIL, now=NOW)
    server.answers["RCPT"] = "450 come back later"
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(MAIL, now=NOW)
    server.answers.update(RCPT="250 ok", DATA="451 full")
    with pytest.raises(smtplib.SMTPDataError):
        send(MAIL, now=NOW)
    server.answers["HELLO"] = "421 not now"
    with pytest.raises(smtplib.SMTPConnectError):
        send(MAIL, now=NOW)


def test_smtp_never_goes_on_in_the_clear_when_tls_is_asked_for(post: Flask, server: Post) -> None:
    for mode in ("starttls", "tls"):
        post.config["LONGTIDE"] = post.config["LONGTIDE"].model_copy(
            update={"smtp_tls": mode, "smtp_username": "u", "smtp_password": "secret"}
        )
        with pytest.raises((smtplib.SMTPNotSupportedError, OSError)):
            send(MAIL, now=NOW)
    assert not any("AUTH" in row.upper() or "RCPT" in row.upper() for row in server.heard)
    assert server.mails == []


def test_smtp_gives_up_on_a_server_that_takes_its_time(server: Post) -> None:
    with pytest.raises(TimeoutError):
        mail._Bounded(host="127.0.0.1", port=server.port, timeout=20, patience=0.0)


def test_every_kind_of_mail_carries_the_effects_own_id(post: Flask, now: datetime) -> None:
    assert mail.message_id(ID) == mail.message_id(ID)
    post.config["LONGTIDE"] = some_settings(mail_from="Ours <post@mail.longtide.example>")
    assert mail.message_id(ID) == f"<{ID}@mail.longtide.example>"
