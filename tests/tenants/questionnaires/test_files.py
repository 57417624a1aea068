"""The pages of forms as files: checked, reported line by line, brought in, placed, and taken out again."""

from __future__ import annotations

import io
import json
import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from saas.audit import Audit
from saas.db import db
from tenants.intake.fhir_compare import bring
from tenants.intake.fhir_read import read_form
from tenants.intake.instruments import bring_in
from tenants.intake.models import Intake
from tenants.intake.publishing import begin_from_shipped
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter, log_in, token_of
from tests.tenants.bookings.scenes import booked, only_sqlite
from tests.tenants.intake.made import form_file, packed, question, response_file, sheet_file

FILES = "/c/rowan/manage/questionnaires/files/"
ANSWERS = "/c/rowan/manage/questionnaires/answers/"


def _send(desk: FlaskClient, page: str, data: bytes, **more: str) -> TestResponse:
    token = token_of(desk.get(page))
    form: dict[str, Any] = {"csrf_token": token, "file": (io.BytesIO(data), "form.json"), **more}
    return desk.post(page, data=form, content_type="multipart/form-data")


def _go_on(desk: FlaskClient, report: TestResponse, path: str, **more: str) -> TestResponse:
    found = re.search(r'name="packed" value="([^"]+)"', report.text)
    assert found
    return desk.post(path, data={"csrf_token": token_of(report), "packed": found[1], **more})


@only_sqlite
def test_a_form_is_reported_brought_in_and_placed(desk: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        draft = begin_from_shipped(now=NOW)
    report = _send(desk, FILES, packed(sheet_file("phq-9", scored="", leave_out=[9])))
    assert report.status_code == 200
    assert "Item 9 of the published form is missing" in report.text
    report = _send(desk, FILES, packed(sheet_file("phq-9", scored="")))
    assert "The form cannot be scored." in report.text
    assert "Choice 2 counts 2" in report.text
    done = _go_on(desk, report, f"{FILES}bring/", positions="y")
    assert done.status_code == 303
    place = desk.get(done.location)
    assert "Not asked" in place.text
    form = {"csrf_token": token_of(place), "do": f"put:{draft}"}
    again = desk.post(done.location, data=form)
    assert again.status_code == 303
    assert "Stands in the draft" in desk.get(again.location).text
    assert "1 questionnaire" in desk.get(FILES).text
    saved = desk.get(f"{FILES}export/?id={draft}")
    assert saved.headers["Content-Disposition"].endswith(".json")
    assert bring(read_form(saved.data)).own


@only_sqlite
def test_answers_kept_elsewhere_are_typed_on_the_page(desk: FlaskClient, rowan: Clinic) -> None:
    form = sheet_file("gad-7", scored="")
    for item in form["item"][:7]:
        del item["answerOption"]
        item["answerValueSet"] = "http://made.example/<b>list</b>"
    report = _send(desk, FILES, packed(form))
    assert report.status_code == 422
    assert "Answers that did not come along" in report.text
    assert "<b>list" not in report.text
    bare = _go_on(desk, report, f"{FILES}bring/", do="answers", **{"list-0": " \n"})
    assert bare.status_code == 422
    typed = _go_on(desk, bare, f"{FILES}bring/", do="answers", **{"list-0": "None\n\nSome\nMore\nMost\n"})
    assert typed.status_code == 200
    assert "Most counts 3" in typed.text
    assert _go_on(desk, typed, f"{FILES}bring/", positions="y").status_code == 303


@only_sqlite
def test_bad_files_are_answered_in_words(desk: FlaskClient, rowan: Clinic) -> None:
    for data, said in ((b"", "Choose a file first"), (b"{", "not JSON"), (b"[]", "no FHIR resource")):
        answer = _send(desk, FILES, data)
        assert answer.status_code == 422
        assert said in answer.text
    assert _send(desk, FILES, packed(form_file([]))).status_code == 422
    big = desk.post(FILES, data=b" " * 3_000_000, content_type="multipart/form-data; boundary=x")
    assert big.status_code == 413
    assert "larger than 1 MB" in big.text
    assert 'aria-describedby="file-e"' in big.text
    hostile = form_file([question("q", "<script>alert(1)</script>Hello")], title="<b>T</b>")
    page = _send(desk, FILES, packed(hostile)).text
    assert "<script>alert" not in page
    assert "Markup was taken out of the text." in page
    token = token_of(desk.get(FILES))
    assert desk.post(f"{FILES}bring/", data={"csrf_token": token, "packed": "x"}).status_code == 422
    report = _send(desk, FILES, packed(form_file([question("a", "Any thoughts of hurting yourself?", type="boolean")])))
    open_ = _go_on(desk, report, f"{FILES}bring/")
    assert open_.status_code == 422
    assert "Say whether it asks about harming oneself" in open_.text
    assert _go_on(desk, open_, f"{FILES}bring/", **{"harm-a": "yes", "calm-a": "no"}).status_code == 303


@only_sqlite
def test_answers_come_in_for_an_own_client_and_leave_as_files(
    app: Flask, client: FlaskClient, rowan: Clinic, frozen: None, inside: Enter
) -> None:
    with inside(rowan):
        bring_in(data=packed(sheet_file("phq-9")), positions=False, harm={}, now=NOW)
        cleo = booked(rowan).client_id
    log_in(client, rowan, "ben")
    page = f"{ANSWERS}?client={cleo}"
    report = _send(client, page, packed(response_file("phq-9", 0, 0, 0, 1, 2, 1, 3, 2, 1, total=13)))
    assert report.status_code == 200
    row = re.sub(r"<[^>]+>", " ", report.text)
    assert re.search(r"PHQ-9\s+10\s+13\s+differs", row)
    assert _go_on(client, report, f"{ANSWERS}keep/?client={cleo}").status_code == 303
    with inside(rowan):
        intake = db.session.execute(select(Intake)).scalar_one()
        id_ = intake.id
    paper = client.get(f"/c/rowan/manage/intakes/files/?id={id_}")
    assert (paper.mimetype, paper.headers["Cache-Control"]) == ("application/pdf", "no-store")
    bundle = json.loads(client.get(f"/c/rowan/manage/intakes/files/fhir/?id={id_}").data)
    assert bundle["resourceType"] == "Bundle"
    with inside(rowan):
        noted = db.session.execute(select(Audit.facts).where(Audit.deed == "intake.exported")).scalars().all()
    assert [facts["kind"] for facts in noted] == ["pdf", "fhir"]
    missing = client.get(f"{ANSWERS}?client={id_}")
    assert missing.status_code == 404
