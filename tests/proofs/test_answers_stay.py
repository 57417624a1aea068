"""A client writes a canary into every answer, and the practitioner into every note: each is read by who may read it,
and stands in no log, mail, figure, title, address, effect, audit row, list, export without permission, file or dump."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from saas.cli import handlers_of
from saas.jobs import drain
from saas.keystore import KeyStore
from saas.mail import Mail
from tenants.intake.queries import definition_of
from tenants.intake.questions import Item, Questionnaire, item_index
from tenants.intake.shipped.form import shipped_questionnaire
from tests import databases
from tests.browser import read
from tests.cast import NOW, Clinic
from tests.databases import PostgresDatabase, SqliteFile
from tests.proofs.filling import Canaries, filled_in, sheet_to
from tests.proofs.record import PROVE, show
from tests.saas.accounts.pages import Enter, log_in
from tests.tenants.intake.asked import asked, link_of

CHOSEN = {
    "a.who": "helper", "b.age": "adult", "c.had_cst": "both", "c.cause_known": "partly", "h.interest": "ser",
    "f.gate": "answer", "j.harm": "often", "j.safe_now": "no", "i.mh_now": "crisis", "g.stress": "9",
    "outcome": "changes", "words": "", "done": "spoke",
}  # fmt: skip
MOST_ROUNDS = 12
READ = {
    "x.letter~f", "x.letter~f called",
    "a.rel", "b.name", "b.pref", "b.pron", "b.emerg_name", "b.emerg_phone", "b.emerg_rel", "b.gp", "c.goal",
    "c.had_resp", "c.helped", "d.meds", "d.other", "d.thinner_which", "h.signal", "l.sign", "a.lang~n", "c.reasons~n",
    "e.any~n", "h.room~n", "h.touch~n", "i.mh_dx~n", "changes", "notes", "note", "signal",
}  # fmt: skip


class Walk:
    """What was seen on the way: addresses, titles, and the pages that say more than they should."""

    def __init__(self, app: Flask, clinic: Clinic, intake_id: UUID, home: str, keys: list[str]) -> None:
        self.app, self.clinic, self.canaries = app, clinic, Canaries()
        self.intake_id, self.home, self.keys = intake_id, home, keys
        self.addresses: list[str] = []
        self.titles: list[str] = []

    def ask(self, who: FlaskClient, method: str, path: str, **more: Any) -> TestResponse:
        """One request, its answer's title and where it leads noted."""
        answer = who.open(path, method=method, **more)
        self.addresses += [path, answer.headers.get("Location", ""), answer.headers.get("Content-Disposition", "")]
        if answer.mimetype == "text/html":
            self.titles += re.findall(r"<title>([^<]*)", answer.text)
        return answer

    def client_answers(self) -> None:
        """Every part, every question that comes up, sent in; then again with what no question takes."""
        who, home = self.app.test_client(), self.home
        start = self.ask(who, "GET", home).text
        for part in dict.fromkeys(re.findall(rf'href="({re.escape(home)}/part/[a-z]+)"', start)):
            self._part(who, part)
        self._aside(who)
        page = self.ask(who, "GET", f"{home}/review")
        sent = self.ask(who, "POST", f"{home}/review", data=sheet_to(page.text, "/review").hidden)
        assert sent.status_code == 303, re.findall(r'<a href="[^"]*#q-([^"]+)"', sent.text)

    def _part(self, who: FlaskClient, path: str) -> None:
        asked: set[str] = set()
        for _ in range(MOST_ROUNDS):
            page = self.ask(who, "GET", path)
            sheet = sheet_to(page.text, path)
            gates = [one["value"] for one in sheet.buttons if one.get("value", "").endswith(":go")]
            keys = set(sheet.hidden.getlist("k"))
            if not gates and {key.partition("|")[0] for key in keys} <= asked:
                return
            asked |= {key.partition("|")[0] for key in keys}
            sent = filled_in(sheet, self.canaries, CHOSEN)
            sent.setlist(*(("decide", gates[:1]) if gates else ("do", ["next"])))
            saved = self.ask(who, "POST", path, data=sent)
            assert saved.status_code == 303, read(saved.text).said
        pytest.fail(f"{path} never comes to an end")

    def _aside(self, who: FlaskClient) -> None:
        """A word for each question that takes none, and for questions that nobody asked."""
        page = self.ask(who, "GET", f"{self.home}/part/health").text
        untold = [key for key in self.keys if key not in self.canaries.typed.values()]
        typed = {key: self.canaries.word(key) for key in untold}
        token = sheet_to(page, "/health").hidden["form_token"]
        saved = self.ask(who, "POST", f"{self.home}/save", data={"form_token": token, "k": untold, **typed})
        assert saved.status_code in (200, 422)

    def client_returns(self) -> None:
        """On another device, with nothing but the link; wrong codes, a wrong birthday."""
        who, home = self.app.test_client(), self.home
        for tail in ("", "/code", "/review", "/part/about", "/leave"):
            answer = self.ask(who, "GET", home + tail)
            assert answer.headers["Cache-Control"] == "no-store"
        token = sheet_to(self.ask(who, "GET", f"{home}/code").text, "/code").hidden["form_token"]
        self.ask(who, "POST", f"{home}/code", data={"form_token": token, "do": "send"})
        for name in ("code", "born"):
            wrong = {"form_token": token, name: self.canaries.word(name)}
            assert self.ask(who, "POST", f"{home}/code", data=wrong).status_code == 422

    def practitioner_reads(self) -> str:
        """Opens it, acknowledges, notes limits of touch, decides: everything that was written there."""
        who, home = self.app.test_client(), self.clinic.home
        log_in(who, self.clinic, "ben")
        summary = self.ask(who, "GET", f"{home}/manage/intakes/open/?id={self.intake_id}").text
        answers = self.ask(who, "GET", f"{home}/manage/intakes/answers/?id={self.intake_id}").text
        for tail in ("/seen/", "/review/"):
            sheet = sheet_to(summary, tail)
            done = self.ask(who, "POST", sheet.action, data=filled_in(sheet, self.canaries, CHOSEN))
            assert done.status_code == 303, read(done.text).said
        touch = re.search(r'href="([^"]*/intakes/touch/\?client=[^"]+)"', summary)
        assert touch
        sheet = sheet_to(self.ask(who, "GET", touch[1]).text, "/touch/")
        limits = filled_in(sheet, self.canaries, {})
        assert self.ask(who, "POST", f"{home}/manage/intakes/touch/", data=limits).status_code == 303
        files = re.findall(r'href="([^"]*/intakes/file/[^"]+)"', answers)
        answers += "".join(self.ask(who, "GET", one.replace("&amp;", "&")).text for one in files)
        return summary + answers + self.ask(who, "GET", f"{home}/manage/intakes/open/?id={self.intake_id}").text

    def others_look(self) -> Iterator[tuple[str, str]]:
        """What the rest of the team sees: the owner's lists and exports, the front desk's lists; by path."""
        for name, paths in (("alma", (*LISTS, *EXPORTS)), ("fern", LISTS)):
            who = self.app.test_client()
            log_in(who, self.clinic, name)
            for path in paths:
                answer = self.ask(who, "GET", f"{self.clinic.home}/manage/{path}")
                assert answer.status_code in (200, 403), path
                yield f"{name}: {path}", answer.text
            listed = self.ask(who, "GET", f"{self.clinic.home}/manage/clients/").text
            record = re.search(r'href="([^"]*/clients/details/\?id=[^"]+)"', listed)
            assert record
            yield f"{name}: record", self.ask(who, "GET", record[1].replace("&amp;", "&")).text


LISTS = ("", "week/", "bookings/", "clients/", "intakes/", "money/", "hours/", "audit/", "reports/")
EXPORTS = (
    "bookings/export/csv/", "clients/export/csv/", "money/export/csv/", "money/totals/export/", "reports/export/",
    "audit/export/csv/", "services/export/csv/", "practitioners/export/csv/",
)  # fmt: skip


def mails_of(app: Flask) -> str:
    """Every mail that went out, whole."""
    mails: list[Mail] = list(app.extensions["longtide_outgoing"])
    assert len(mails) >= 4
    return str(mails)


def on_the_disk(folder: Path) -> Iterator[tuple[str, bytes]]:
    """At full size: PostgreSQL's own files, and what it has written ahead."""
    for one in sorted(folder.rglob("*")) if PROVE else ():
        if one.is_file() and os.access(one, os.R_OK):
            yield f"disk: {one.name}", one.read_bytes()


def _with_a_file() -> Questionnaire:
    """What is shipped, and a letter to hand in."""
    form = shipped_questionnaire()
    at = next(number for number, part in enumerate(form.parts) if part.id == "health")
    first = form.parts[at].sections[0]
    letter = Item("x.letter", "file", {"en": "A letter", "es": "Una carta"})
    asks = replace(
        form.parts[at], sections=(replace(first, items=(*first.items, letter)), *form.parts[at].sections[1:])
    )
    return replace(form, parts=(*form.parts[:at], asks, *form.parts[at + 1 :]))


@pytest.fixture
def walk(app: Flask, rowan: Clinic, inside: Enter, frozen: None, caplog: pytest.LogCaptureFixture) -> Walk:
    """A client who was asked, with everything being heard that the application says."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)
    with inside(rowan):
        intake = asked(rowan, form=_with_a_file())
        keys = [*item_index(definition_of(intake.questionnaire_version_id)), "nobody.asked", "d.lp@nowhere"]
        return Walk(app, rowan, intake.id, rowan.home + link_of(intake), keys)


def test_what_was_answered_is_read_by_who_may_and_stands_nowhere_else(
    walk: Walk,
    database: SqliteFile | PostgresDatabase,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    app, heard = walk.app, walk.canaries.heard
    walk.client_answers()
    walk.client_returns()
    drain(app, handlers_of(app), NOW)
    assert set(heard(walk.practitioner_reads())) >= READ, "it is all there, for who may read it"
    assert len(walk.canaries.typed) > 120
    places: dict[str, str | bytes] = dict(walk.others_look())
    said = capfd.readouterr()
    assert "effect.done" in said.out + said.err
    places |= {
        "log": said.out + said.err,
        "log records": "\n".join(record.getMessage() + str(vars(record)) for record in caplog.records),
        "addresses": "\n".join(walk.addresses),
        "titles": "\n".join(walk.titles),
        "mails": mails_of(app),
        "figures": app.test_client().get("/metrics").text,
        "stolen": database.stolen(tmp_path),
    }
    assert b"intake.submitted" in cast("bytes", places["stolen"]), "effects, the audit and all other rows are in it"
    store = KeyStore(database.settings.key_store).path
    if store is not None:
        places |= {one.name: one.read_bytes() for one in store.parent.glob(f"{store.name}*")}
    if database.kind == "postgresql":
        places |= on_the_disk(databases.run_folder() / "pg")
    leaks = {place: found for place, text in places.items() if (found := heard(text))}
    said_so = f"{len(walk.canaries.typed)} words in {len(places)} places: {leaks or 'none'}"
    show(
        f"Canaries typed into every answer, found elsewhere ({database.kind})", seen=said_so, bound="none", ok=not leaks
    )
