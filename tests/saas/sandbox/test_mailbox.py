from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from saas import mail
from saas.fleet.actions import ensure_platform
from saas.mail import drop, mailbox_folder
from tests.cast import NOW, Clinic
from tests.saas.test_mail import MAIL

FIRST, SECOND = UUID(int=1), UUID(int=2)


@pytest.fixture
def folder(app: Flask) -> Path:
    """Two mails in the demo's mailbox, the older one sent twice."""
    with app.app_context():
        ensure_platform(now=NOW)
        found = mailbox_folder(app.config["LONGTIDE"])
        for file in found.glob("*"):
            file.unlink()
        for effect_id, subject in ((FIRST, "Monday"), (FIRST, "Monday"), (SECOND, '<b>Tuesday & "co"</b>')):
            written = replace(MAIL, message_id=mail.message_id(effect_id), subject=subject)
            path = drop(mail.build(written, now=NOW), found)
            os.utime(path, (NOW.timestamp() + effect_id.int,) * 2)
    return found


def test_the_list_shows_the_newest_first_and_counts_copies(client: FlaskClient, folder: Path) -> None:
    page = client.get("/mailbox").text
    assert page.index("Tuesday") < page.index("Monday")
    assert page.count("cleo@example.com") == 2
    assert "2 copies" in page
    assert "&lt;b&gt;Tuesday" in page


def test_a_mail_is_shown_with_its_links_and_files(client: FlaskClient, folder: Path) -> None:
    page = client.get(f"/mailbox/{FIRST}").text
    assert "This time is yours." in page
    assert "session.ics" in page
    file = client.get(f"/mailbox/{FIRST}/0")
    assert file.data == b"BEGIN:VCALENDAR\r\n"
    assert file.headers["Content-Disposition"] == "attachment; filename=session.ics"
    assert file.mimetype == "text/calendar"


def test_the_html_part_is_shown_in_a_cage(client: FlaskClient, folder: Path) -> None:
    answer = client.get(f"/mailbox/{FIRST}/html")
    assert answer.text.strip() == "<p>Hello Cleo</p>"
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox")
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy


@pytest.mark.parametrize(
    "path",
    ["nobody", f"{FIRST}.2", "..%2f..%2fetc%2fpasswd", "%00", f"{FIRST}/9", f"{FIRST}/-1",
     f"{FIRST}/99999999999999999999", "a" * 500, f"{FIRST}/html/x", "%ff", "."],
)  # fmt: skip
def test_there_is_nothing_else_to_be_read_here(client: FlaskClient, folder: Path, path: str) -> None:
    assert client.get(f"/mailbox/{path}").status_code == 404


def test_an_empty_mailbox_says_so(client: FlaskClient, folder: Path) -> None:
    for file in folder.glob("*"):
        file.unlink()
    assert "Nothing has been sent yet." in client.get("/mailbox").text
    folder.rmdir()
    assert client.get("/mailbox").status_code == 200


def test_clinics_have_no_mailbox(client: FlaskClient, folder: Path, rowan: Clinic) -> None:
    assert client.get("/c/rowan/mailbox").status_code == 404
    assert client.get(f"/c/rowan/mailbox/{FIRST}").status_code == 404


def test_in_production_there_is_none(app: Flask, client: FlaskClient, folder: Path) -> None:
    before = app.config["LONGTIDE"]
    app.config["LONGTIDE"] = before.model_copy(update={"env": "production"})
    try:
        for path in ("", f"/{FIRST}", f"/{FIRST}/html", f"/{FIRST}/0"):
            assert client.get(f"/mailbox{path}").status_code == 404
    finally:
        app.config["LONGTIDE"] = before


def test_a_broken_file_does_not_break_the_page(client: FlaskClient, folder: Path) -> None:
    (folder / "broken.eml").write_bytes(b"\xff\xfe\x00 no headers at all")
    (folder / "empty.eml").write_bytes(b"")
    (folder / "odd.eml").write_bytes(b"Subject: x\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xff\xfe")
    assert client.get("/mailbox").status_code == 200
    for name in ("broken", "empty", "odd"):
        assert client.get(f"/mailbox/{name}").status_code == 200
        assert client.get(f"/mailbox/{name}/html").status_code == 200
