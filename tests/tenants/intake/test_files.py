"""Files as answers: what is taken, what of it is kept, who gets at it, and when it is gone."""

from __future__ import annotations

import io
import json
import re
import struct
import zlib
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import Boolean, column, func, select, table
from werkzeug.test import TestResponse

from saas.crypto import NotSealedHere
from saas.db import action, db
from saas.jobs import drain
from tenants.intake.actions import save_answers, submit, update_again
from tenants.intake.asking import Typed
from tenants.intake.consents import Origin
from tenants.intake.drafts import remove_drafts
from tenants.intake.fhir_file import attachments_in
from tenants.intake.fhir_response import read_response
from tenants.intake.file_rows import NoSuchFile, file_in, files_in
from tenants.intake.files import MOST_BYTES, looked_at
from tenants.intake.instruments import bring_answers
from tenants.intake.lint import faults_in
from tenants.intake.models import Intake, IntakeAnswer, IntakeFile
from tenants.intake.queries import answers_of
from tenants.intake.sent import Fault, Upload
from tenants.intake.taking_out import bundle_of_intake
from tenants.intake.who_opened import opened
from tenants.privacy.actions import erase_client
from tenants.privacy.effects import HANDLERS as PRIVACY
from tests.browser import lint
from tests.cast import NOW, Clinic
from tests.databases import PostgresDatabase, SqliteFile
from tests.saas.accounts.pages import Enter, log_in
from tests.saas.test_web import token_on
from tests.tenants.bookings.scenes import CLEO, only_sqlite
from tests.tenants.intake.asked import LATER, asked, fresh, link_of, publish_form
from tests.tenants.intake.handed import PAPERS, PDF, picture

DAY = timedelta(days=1)


def test_a_picture_is_drawn_anew_and_tells_nothing_beside_what_it_shows() -> None:
    for kind, ending in (("JPEG", "jpg"), ("PNG", "png")):
        found = looked_at("holiday.svg", picture(kind))
        assert isinstance(found, Upload)
        assert found.name == f"holiday.{ending}"
        assert b"canary" not in found.content
        with Image.open(io.BytesIO(found.content)) as seen:
            assert (seen.size, dict(seen.getexif())) == ((30, 40), {}), "upright, and nothing said of it"


@pytest.mark.parametrize(
    "name, kept",
    [
        ("../../etc/passwd", "passwd.pdf"), ("C:\\Temp\\scan.exe", "scan.pdf"), ("fdp\u202eexe.pdf", "fdpexe.pdf"),
        ('a"\r\nSet-Cookie: x=1;.pdf', "a Set-Cookie x=1;.pdf"), ("", "File.pdf"), (".htaccess", "htaccess.pdf"),
        ("x" * 400 + ".pdf", "x" * 80 + ".pdf"), ("Brief Müller.PDF", "Brief Müller.pdf"), ("\0", "File.pdf"),
    ],
)  # fmt: skip
def test_a_name_is_the_clients_own_and_does_no_harm(name: str, kept: str) -> None:
    assert looked_at(name, PDF) == Upload(kept, PDF)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", b"<!doctype html><p>x", b"GIF89a" + bytes(40),
        b"PK\x03\x04" + bytes(60), b"MZ" + bytes(60), b"\0\0\0\x18ftypheic" + bytes(40), b"%PDF-1.4 no end",
        b"<html>" + PDF, b"%PDF-1.4\n<SCRIPT>x()</SCRIPT>\n%%EOF", PDF + b"PK\x05\x06" + bytes(18) + b"%%EOF",
        b"\xff\xd8\xff\xe0" + bytes(30), b"\x89PNG\r\n\x1a\n" + bytes(30), PDF + bytes(MOST_BYTES) + b"%%EOF",
    ],
)  # fmt: skip
def test_what_is_no_paper_and_no_picture_is_refused_in_words(content: bytes) -> None:
    assert isinstance(looked_at("letter.pdf", content), Fault)


def test_a_picture_that_would_fill_the_memory_is_not_opened() -> None:
    head = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 30_000, 8, 2, 0, 0, 0)
    rows = b"IDAT" + zlib.compress(bytes(400))
    made = b"\x89PNG\r\n\x1a\n"
    for chunk in (head, rows, b"IEND"):
        made += struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    assert isinstance(looked_at("small.png", made), Fault)


def test_a_picture_that_would_take_minutes_to_draw_is_not_drawn() -> None:
    image, made = Image.new("RGB", (800, 600), "navy"), io.BytesIO()
    image.save(made, "JPEG", progressive=True)
    ends = made.getvalue().rindex(b"\xff\xd9")
    empty = b"\xff\xda\x00\x08\x01\x01\x00\x01\x01\x00\x00"  # a pass over all of it that says nothing
    whole, bomb = made.getvalue(), made.getvalue()[:ends] + empty * 300 + b"\xff\xd9"
    assert isinstance(looked_at("small.jpg", whole), Upload)
    assert isinstance(looked_at("small.jpg", bomb), Fault)
    large = io.BytesIO()
    Image.new("L", (6000, 5000)).save(large, "JPEG", progressive=True)
    assert isinstance(looked_at("large.jpg", large.getvalue()), Fault), "it would lie whole in memory"


def test_a_question_for_a_file_has_its_two_ways_out_by_itself() -> None:
    part = PAPERS.parts[0]
    deep = replace(PAPERS, parts=(replace(part, sections=(replace(part.sections[0], sensitive=True),)),))
    assert {fault.at for fault in faults_in(deep) if fault.where == "sensitive"} == {"p.goal", "p.born"}


class Desk:
    """A client at the questions, as a browser without script."""

    def __init__(self, app: Flask, clinic: Clinic, enter: Enter) -> None:
        self.app, self.clinic, self.enter = app, clinic, enter
        with enter(clinic):
            publish_form(PAPERS, key="papers")
            intake = asked(clinic, publish=False)
            self.id, self.home = intake.id, clinic.home + link_of(intake)
        self.part = f"{self.home}/part/about"
        self.who = app.test_client()

    def send(self, fields: dict[str, Any], who: FlaskClient | None = None) -> TestResponse:
        """The part with `fields`; a pair (name, bytes) is a file that was chosen."""
        who = who or self.who
        page = who.get(self.part).text
        form: dict[str, Any] = {"form_token": token_on(page), "k": re.findall(r'name="k" value="([^"]+)"', page)}
        chosen = {f"{key}~f": (io.BytesIO(one[1]), one[0]) for key, one in fields.items() if isinstance(one, tuple)}
        empty = {f"{key}~f": (io.BytesIO(b""), "") for key in ("p.letter", "p.scan") if f"{key}~f" not in chosen}
        plain = {key: one for key, one in fields.items() if not isinstance(one, tuple)}
        return who.post(self.part, data=form | empty | chosen | plain, content_type="multipart/form-data")

    def answers(self) -> dict[str, Any]:
        with self.enter(self.clinic):
            return dict(answers_of(fresh(self.id)))

    def kept(self) -> int:
        with self.enter(self.clinic):
            return len(db.session.execute(select(IntakeFile.id)).all())


@pytest.fixture
def desk(app: Flask, rowan: Clinic, inside: Enter, frozen: None) -> Desk:
    return Desk(app, rowan, inside)


@only_sqlite
def test_a_file_is_handed_in_replaced_taken_away_or_declined_without_script(desk: Desk) -> None:
    page = desk.who.get(desk.part).text
    assert (lint(page), 'enctype="multipart/form-data"' in page) == ([], True)
    assert desk.send({"p.goal": "calm", "p.letter": ("Dr Hale.docx.pdf", PDF)}).status_code == 303
    page = desk.who.get(desk.part).text
    assert (lint(page), "Dr Hale.docx.pdf" in page, "Take this file away" in page) == ([], True, True)
    first = desk.answers()["p.letter"]
    assert desk.send({"p.goal": "calmer"}).status_code == 303
    assert desk.answers()["p.letter"] == first, "who chooses no other file keeps the one that stands"
    desk.send({"p.letter": ("photo", picture())})
    assert (desk.answers()["p.letter"].value, desk.kept()) == ("photo.jpg", 1)
    assert "photo.jpg" in desk.who.get(f"{desk.home}/review").text
    desk.send({"p.letter~x": "1"})
    assert (desk.answers()["p.letter"].value, desk.kept()) == (None, 0)
    sent = desk.who.post(f"{desk.home}/review", data={"form_token": token_on(desk.who.get(f"{desk.home}/review").text)})
    assert (sent.status_code, "A picture" in sent.text) == (422, True), "one is needed"
    both = desk.send({"p.scan~a": "declined", "p.scan": ("a.pdf", PDF)})
    assert (both.status_code, "not both" in both.text) == (422, True)
    desk.send({"p.scan~a": "declined"})
    assert desk.answers()["p.scan"].absent == "declined"
    desk.send({"p.scan~a": "declined", "p.scan": ("a.pdf", PDF)})
    assert desk.answers()["p.scan"].value == "a.pdf", "a file that is chosen later counts"


@only_sqlite
def test_what_cannot_be_taken_is_said_beside_the_field_and_the_rest_is_kept(desk: Desk) -> None:
    for content, words in (
        (b"<svg/>", "Choose a PDF"),
        (b"%PDF-" + bytes(MOST_BYTES), "larger than 10 MB"),
        (b"\0\0\0\x18ftypheic", "HEIC"),
    ):
        answer = desk.send({"p.goal": "calm", "p.born": "the other day", "p.letter": ("letter.pdf", content)})
        beside = re.search(r'id="e-p\.letter">([^<]+)', answer.text)
        assert (answer.status_code, beside is not None and words in beside[1]) == (422, True)
        assert 'value="the other day"' in answer.text
        assert desk.answers()["p.goal"].value == "calm"
    too_much = {"p.letter": ("a.pdf", b"%PDF-" + bytes(MOST_BYTES // 2) + b"%%EOF")}
    for at, _key in enumerate(range(6)):
        with desk.enter(desk.clinic):
            _fill(desk.id, at)
    answer = desk.send(too_much)
    assert (answer.status_code, "together" in answer.text, desk.kept()) == (422, True, 6)
    stale = {"form_token": "1.x", "p.goal": "calmest", "p.letter~f": (io.BytesIO(PDF), "a.pdf")}
    again = desk.who.post(desk.part, data=stale, content_type="multipart/form-data")
    assert (again.status_code, "Choose the file once more" in again.text) == (400, True)
    huge = desk.who.post(
        desk.part, data={"x": (io.BytesIO(bytes(65 * 1024 * 1024)), "a")}, content_type="multipart/form-data"
    )
    assert (huge.status_code, "too much" in huge.text.lower()) == (413, True)


@action
def _fill(intake_id: Any, at: int) -> None:
    db.session.add(IntakeFile(intake_id=intake_id, size=5 * 1024 * 1024, at=NOW + at * DAY, sealed=b"-"))


@only_sqlite
def test_another_browser_sees_that_there_is_one_and_not_which(desk: Desk) -> None:
    desk.send({"p.goal": "calm", "p.letter": ("Dr Hale.pdf", PDF)})
    stranger = desk.app.test_client()
    for tail in ("", "/part/about", "/review"):
        assert "Hale" not in stranger.get(desk.home + tail).text
    page = stranger.get(desk.part).text
    assert ("calm" in page, "You have answered here before" in page) == (True, True)
    before = desk.answers()["p.letter"]
    for sent in ({"p.letter": ("mine.pdf", PDF)}, {"p.letter~x": "1"}, {"p.letter~a": "declined"}):
        desk.send(sent, stranger)
        assert (desk.answers()["p.letter"], desk.kept()) == (before, 1)


@only_sqlite
def test_whoever_gives_the_session_takes_it_out_and_nobody_else(desk: Desk) -> None:
    desk.send({"p.letter": ("Dr Hale.pdf", PDF), "p.scan": ("knee.png", picture("PNG"))})
    file = desk.answers()["p.letter"].file
    path = f"{desk.clinic.home}/manage/intakes/file/?id={desk.id}&file="
    who = desk.app.test_client()
    log_in(who, desk.clinic, "ben")
    summary = who.get(f"{desk.clinic.home}/manage/intakes/open/?id={desk.id}").text
    assert ("Files they handed in" in summary, f"file={file}" in summary) == (True, True)
    got = who.get(path + file)
    assert (got.status_code, got.data, got.mimetype) == (200, PDF, "application/pdf")
    heads = got.headers
    assert (heads["Content-Disposition"], heads["X-Content-Type-Options"], heads["Cache-Control"]) == (
        "attachment; filename=questions.pdf", "nosniff", "no-store",
    )  # fmt: skip
    assert heads["Content-Security-Policy"].endswith("sandbox")
    for wrong in ("", "x", str(desk.id)):
        assert who.get(path + wrong).status_code == 404
    front = desk.app.test_client()
    log_in(front, desk.clinic, "fern")
    assert front.get(path + file).status_code in (403, 404)
    with desk.enter(desk.clinic):
        assert ("Ben", ("p",)) in {(one.who, one.sections) for one in opened([desk.id]) if one.kept}


@only_sqlite
def test_one_that_comes_after_all_was_sent_is_put_aside_whole(desk: Desk) -> None:
    page, second = desk.who.get(desk.part).text, PDF.replace(b"a-letter", b"another")
    assert desk.send({"p.letter": ("first.pdf", PDF), "p.scan": ("knee.png", picture("PNG"))}).status_code == 303
    with desk.enter(desk.clinic):
        submit(intake_id=desk.id, origin=Origin("en"), now=NOW)
    form = {"form_token": token_on(page), "k": "p.letter", "p.letter~f": (io.BytesIO(second), "Late.pdf")}
    late = desk.who.post(desk.part, data=form, content_type="multipart/form-data")
    assert (late.status_code, "Late.pdf" in late.text, desk.kept()) == (409, True, 3)
    assert desk.answers()["p.letter"].value == "first.pdf"
    who = desk.app.test_client()
    log_in(who, desk.clinic, "ben")
    summary = who.get(f"{desk.clinic.home}/manage/intakes/open/?id={desk.id}").text
    aside = re.search(r'href="([^"]+)" download>“Late.pdf”', summary)
    assert aside is not None
    assert who.get(unescape(aside[1])).data == second


def handed(name: str, content: bytes) -> Typed:
    """A file as a page hands it to the action."""
    looked = looked_at(name, content)
    assert isinstance(looked, Upload)
    return Typed(file=looked)


@pytest.fixture
def intake(at_rowan: Clinic) -> Intake:
    publish_form(PAPERS, key="papers")
    made = asked(at_rowan, publish=False)
    typed = {"p.letter": handed("Dr Hale.pdf", PDF), "p.scan": handed("knee.jpg", picture())}
    save_answers(intake_id=made.id, typed=typed, sitting="hers", now=NOW)
    return fresh(made.id)


def test_a_file_lies_sealed_bound_to_its_row_and_goes_with_its_client(
    app: Flask, intake: Intake, database: SqliteFile | PostgresDatabase, tmp_path: Path
) -> None:
    client_id, answers = intake.client_id, answers_of(intake)
    files = files_in(intake, answers)
    assert sorted(one.name for one in files.values()) == ["Dr Hale.pdf", "knee.jpg"]
    stolen = database.stolen(tmp_path)
    assert b"canary-of-a-letter" not in stolen
    assert b"Hale" not in stolen
    _swap()
    with pytest.raises(NotSealedHere):
        file_in(fresh(intake.id), answers.values(), answers["p.letter"].file)
    after = LATER + DAY
    db.session.rollback()
    erase_client(client_id=client_id, typed=CLEO.name, basis="asked", now=after)
    drain(app, PRIVACY, now=after)
    assert not db.session.execute(select(IntakeFile.id)).all()


@action
def _swap() -> None:
    one, other = db.session.execute(select(IntakeFile)).scalars()
    one.sealed, other.sealed = other.sealed, one.sealed


def test_who_hands_in_a_file_while_they_are_erased_leaves_nothing(
    app: Flask, rowan: Clinic, intake: Intake, inside: Enter
) -> None:
    id, client_id = intake.id, intake.client_id
    db.session.rollback()

    def erase() -> None:
        with inside(rowan):
            erase_client(client_id=client_id, typed=CLEO.name, basis="asked", now=LATER + DAY)

    other = Thread(target=erase)
    _save_beside(id, other)
    other.join()
    assert not db.session.execute(select(IntakeFile.id)).all()
    assert not db.session.execute(select(IntakeAnswer.id)).all()


@action
def _save_beside(id: UUID, other: Thread) -> None:
    """A save that is not over before `other` waits for it; SQLite lets it wait before its first word."""
    save_answers(intake_id=id, typed={"p.letter": handed("b.pdf", PDF)}, sitting="hers", now=NOW)
    other.start()
    locks = table("pg_locks", column("granted", Boolean))
    waits = select(func.count()).select_from(locks).where(~locks.c.granted)
    while db.engine.dialect.name == "postgresql" and not db.session.execute(waits).scalar_one() and other.is_alive():
        other.join(0.01)


def test_an_update_takes_it_over_and_what_was_sent_stays(at_rowan: Clinic, intake: Intake) -> None:
    submit(intake_id=intake.id, origin=Origin("en"), now=NOW)
    later = asked(at_rowan, at=LATER + 7 * DAY, publish=False)
    save_answers(intake_id=later.id, typed={"p.goal": Typed(("calm",))}, sitting="x", opened=True, now=NOW)
    answers = answers_of(fresh(later.id))
    assert file_in(fresh(later.id), answers.values(), answers["p.letter"].file).content == PDF
    gone = {"p.letter": Typed(away=True)}
    save_answers(intake_id=later.id, typed=gone, sitting="x", opened=True, now=NOW)
    with pytest.raises(NoSuchFile):
        file_in(fresh(later.id), answers_of(fresh(later.id)).values(), answers["p.letter"].file)
    assert file_in(fresh(intake.id), answers_of(fresh(intake.id)).values(), answers["p.letter"].file).content == PDF
    update_again(intake_id=intake.id, now=NOW)
    save_answers(intake_id=intake.id, typed={"p.scan": handed("b.pdf", PDF)}, sitting="hers", now=NOW)
    assert len(db.session.execute(select(IntakeFile.id)).all()) == 3, "what was sent stays in the history"


def test_what_was_never_sent_goes_with_its_link(intake: Intake) -> None:
    assert remove_drafts(now=LATER + 60 * DAY) == 1
    assert not db.session.execute(select(IntakeFile.id)).all()


def test_it_travels_whole_as_fhir_and_comes_back(intake: Intake) -> None:
    answers = answers_of(intake)
    made = json.dumps(bundle_of_intake(intake, now=NOW)).encode()
    assert sorted(one.name for one in attachments_in(json.loads(made))) == ["Dr Hale.pdf", "knee.jpg"]
    read = read_response(made, PAPERS)
    assert (dict(read.answers), dict(read.files)) == (dict(answers), files_in(intake, answers))
    brought = fresh(
        bring_answers(version_id=intake.questionnaire_version_id, client_id=intake.client_id, data=made, now=NOW + DAY)
    )
    again = answers_of(brought)
    assert file_in(brought, again.values(), again["p.letter"].file) == Upload("Dr Hale.pdf", PDF)
    assert again["p.letter"].file != answers["p.letter"].file
    hostile = made.replace(json.dumps(_data(made))[1:-1].encode(), b"PHN2Zy8+")
    assert "p.letter" not in read_response(hostile, PAPERS).answers


def _data(made: bytes) -> str:
    found: bytes = re.findall(rb'"contentType": "application/pdf", "data": "([^"]+)"', made)[0]
    return found.decode()
