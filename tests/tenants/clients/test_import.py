"""A file of clients on its way in: checked whole, taken in whole, once."""

from __future__ import annotations

import hashlib
import io
import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from saas.audit import Audit
from saas.db import db
from tenants.clients import sheet
from tenants.clients.actions import OtherFile, clear_files, import_clients, keep_file, save_client
from tenants.clients.models import Client, ClientImport
from tenants.clients.queries import known_among
from tenants.clients.rules import Record
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter, log_in, token_of
from tests.tenants.bookings.scenes import only_sqlite

PAGE = "/c/rowan/manage/clients/import/"
FILE = "Name,Email,Phone\nMaya Lind,maya@example.com,\nRuth O’Dowd,,0113 496 0002\n"


def records_of(content: bytes) -> list[Record]:
    return [entry.record for entry in sheet.read(content, country="GB").entries]


def names() -> list[str]:
    return list(db.session.execute(sa.select(Client.name).order_by(Client.name)).scalars())


def test_a_file_comes_in_whole_and_once(at_rowan: Clinic) -> None:
    content = FILE.encode()
    import_id = keep_file(content=content, skip_known=False, now=NOW)
    asked: dict[str, Any] = {"import_id": import_id, "records": records_of(content), "now": NOW}
    with pytest.raises(OtherFile):
        import_clients(file_hash="0" * 64, **asked)
    assert names() == []
    right = hashlib.sha256(content).hexdigest()
    assert import_clients(file_hash=right, **asked) == 2
    assert import_clients(file_hash=right, **asked) == 2
    assert names() == ["Maya Lind", "Ruth O’Dowd"]
    row = db.session.execute(sa.select(ClientImport)).scalar_one()
    assert (row.made, row.content) == (2, None)
    ruth = db.session.execute(sa.select(Client).where(Client.name_key == "ruth odowd")).scalar_one()
    assert (ruth.reach, ruth.phone, ruth.email_hash) == ("phone", "+441134960002", None)
    deeds = db.session.execute(sa.select(Audit.deed).order_by(Audit.id)).scalars().all()
    assert deeds.count("clients.imported") == 1
    assert set(known_among(records_of(content))) == {0, 1}


def test_somebody_who_became_known_meanwhile_stops_all_of_it_or_is_left_out(at_rowan: Clinic) -> None:
    content = FILE.encode()
    right = hashlib.sha256(content).hexdigest()
    strict, lenient = (keep_file(content=content, skip_known=skip, now=NOW) for skip in (False, True))
    maya = Record("Maya Lind", email="maya@example.com")
    save_client(client_id=None, record=maya, locales=(), seen=None, now=NOW)
    with pytest.raises(OtherFile):
        import_clients(import_id=strict, file_hash=right, records=records_of(content), now=NOW)
    assert names() == ["Maya Lind"]
    assert import_clients(import_id=lenient, file_hash=right, records=records_of(content), now=NOW) == 1
    assert names() == ["Maya Lind", "Ruth O’Dowd"]


def test_a_file_that_nobody_said_yes_to_is_forgotten_after_a_day(at_rowan: Clinic) -> None:
    keep_file(content=b"x", skip_known=False, now=NOW)
    assert clear_files(now=NOW + timedelta(hours=23)) == 0
    assert clear_files(now=NOW + timedelta(hours=25)) == 1
    assert db.session.execute(sa.select(ClientImport.content_sealed)).scalar_one() is None


@pytest.fixture
def desk(client: FlaskClient, rowan: Clinic) -> FlaskClient:
    log_in(client, rowan, "alma")
    return client


def send(desk: FlaskClient, content: bytes, **more: str) -> Any:
    token = token_of(desk.get(PAGE))
    form = {"csrf_token": token, "file": (io.BytesIO(content), "clients.csv"), **more}
    return desk.post(PAGE, data=form, content_type="multipart/form-data")


@only_sqlite
def test_the_pages_check_ask_and_bring_in(desk: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    sample = desk.get(f"{PAGE}sample/")
    assert "attachment" in sample.headers["Content-Disposition"]
    assert not sheet.read(sample.data, country="GB").problems
    wrong = send(desk, b"Name,Email\n<b>A</b>,a@\n")
    assert wrong.status_code == 422
    assert "1 thing needs another look, and nothing was brought in" in wrong.text
    assert "<td>2</td>" in wrong.text
    assert "<b>A" not in wrong.text
    checked = send(desk, FILE.encode("cp1252"))
    assert checked.status_code == 303
    page = desk.get(checked.location)
    for words in ("Add 2 clients", "Windows-1252", "Ruth O’Dowd", "Email is taken for Email"):
        assert words in page.text, words
    fields = dict(re.findall(r'type="hidden" name="(id|hash|csrf_token)" value="([^"]+)"', page.text))
    other = desk.post(f"{PAGE}check/", data={**fields, "hash": "0" * 64})
    assert other.status_code == 409
    done = desk.post(f"{PAGE}check/", data=fields)
    assert done.status_code == 303
    assert "2 clients were added." in desk.get(done.location).text
    again = desk.post(f"{PAGE}check/", data=fields)
    assert again.status_code == 303
    known = send(desk, FILE.encode())
    assert known.status_code == 422
    assert "You know Maya Lind already" in known.text
    left = send(desk, FILE.encode() + b"New One,new@example.com,\n", skip_known="1")
    assert "Add 1 client" in desk.get(left.location).text
    with inside(rowan):
        assert len(names()) == 2
    assert desk.get(f"{PAGE}check/?id=x").status_code == 404


class Unreadable(io.BytesIO):
    """Fails the test when anybody reads from it: a file of 50 MB is refused by its length alone."""

    def read(self, _size: int | None = -1) -> bytes:
        raise AssertionError


@only_sqlite
def test_a_large_file_is_refused_before_it_is_read(desk: FlaskClient) -> None:
    answer = desk.post(
        PAGE,
        content_type="multipart/form-data; boundary=x",
        input_stream=Unreadable(),
        environ_overrides={"CONTENT_LENGTH": str(50 * 1024 * 1024)},
    )
    assert answer.status_code == 413
    assert 'aria-describedby="file-e"' in answer.text
    assert "larger than 5 MB" in answer.text
    assert send(desk, b"").status_code == 422


def test_two_thousand_come_in_with_a_handful_of_questions(app: Flask, at_rowan: Clinic) -> None:
    records = [Record(f"Person {n}", email=f"p{n}@example.com", phone=f"+44113{n:07}") for n in range(2000)]
    import_id = keep_file(content=b"x", skip_known=False, now=NOW)
    asked: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    made = import_clients(import_id=import_id, file_hash=hashlib.sha256(b"x").hexdigest(), records=records, now=NOW)
    event.remove(db.engine, "before_cursor_execute", note)
    assert made == 2000
    assert len(asked) < 30
