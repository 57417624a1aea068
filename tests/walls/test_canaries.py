"""A walk with a word in every field that must not travel: not in a log line, an address, a subject, a figure, an
effect's payload or the audit. (In the mails' bodies and on the client's own pages they may stand.)"""

from __future__ import annotations

import json
import logging
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from saas.audit import Audit
from saas.cli import handlers_of
from saas.db import Base, db
from saas.jobs import drain
from saas.mail import Mail
from saas.outbox import Outbox
from saas.ratelimit import RateCounter
from saas.sessions import SessionRow
from saas.tenancy import tenant_scope
from saas.webhooks import InboundEvent
from tenants.practitioners.actions import set_services
from tenants.services.actions import save_service
from tenants.services.rules import ServiceRequest
from tests.cast import Clinic
from tests.databases import PostgresDatabase, SqliteFile
from tests.saas.accounts.pages import log_in
from tests.saas.test_web import token_on

CANARIES = {
    "name": "Zanquil",
    "known_as": "Yorvex",
    "email": "wexmort@canary-mail.example",
    "phone": "+441132077441",
    "note": "xylophobia since the fall",
    "service": "Quorbling release",
    "search": "Vumblesearch",
    "api": "Ummerfeld",
    "password": "Thrimblewick secret",
    "query": "Snarklequery",
    "agent": "Prowlingagent",
    "bad_email": "Orfwaxtypo",
}
WORDS = re.compile(
    "zanquil|yorvex|wexmort|2077441|xylophobia|quorbling|vumblesearch|ummerfeld|thrimblewick|snarklequery|prowling|orfwax",
    re.IGNORECASE,
)


def spelled(word: str) -> tuple[bytes, bytes]:
    """A word as it stands in a file, and as a dump writes bytes."""
    plain = word.lower().encode()
    return plain, plain.hex().encode()


@pytest.fixture
def sold(app: Flask, rowan: Clinic, now: datetime) -> Clinic:
    """Rowan with a service whose name says what somebody comes for."""
    with app.app_context(), tenant_scope(rowan.ref):
        wanted = ServiceRequest(
            name=CANARIES["service"], slug="one", duration_min=60, price_minor=100, payment="at_clinic"
        )
        rowan.services["one"] = save_service(service_id=None, request=wanted, now=now).id
        set_services(practitioner_id=rowan.practitioners["ben"], service_ids=list(rowan.services.values()), now=now)
    return rowan


def walk(app: Flask, clinic: Clinic, now: datetime) -> list[str]:
    """Book, stumble, change, cancel, be listed; answers every address that was seen on the way."""
    client = app.test_client()
    seen: list[str] = []
    agent = {"User-Agent": CANARIES["agent"], "Referer": f"http://localhost/?q={CANARIES['query']}"}

    def ask(method: str, path: str, **more: Any) -> Any:
        more.setdefault("headers", agent)
        answer = client.open(path, method=method, **more)
        seen.append(answer.headers.get("Location", ""))
        return answer

    home = clinic.home
    token = token_on(ask("GET", f"{home}/book/one?utm={CANARIES['query']}").text)
    link = ask("POST", f"{home}/book/one?k=1", data={"form_token": token, "start": "2026-03-26T10:00:00Z"}).location
    page = link.removesuffix("/details")
    typed = {name: CANARIES[name] for name in ("name", "known_as", "email", "phone", "note")} | {"reach": "email"}
    token = token_on(ask("GET", link).text)
    ask("POST", link, data={**typed, "email": CANARIES["bad_email"], "form_token": token})
    ask("POST", link, data={**typed, "form_token": token})
    ask("POST", f"{page}/extend?back=details", data={**typed, "form_token": token})
    ask("GET", f"{page}/pay")
    assert ask("POST", f"{page}/pay/at-clinic", data={"form_token": token, "terms": "on"}).status_code == 303
    for tail in ("/return", "", "/change", "/cancel", "/calendar.ics", f"/change?p={CANARIES['query']}"):
        assert ask("GET", page + tail).status_code == 200
    moved = {"form_token": token, "start": "2026-03-27T10:00:00Z"}
    assert ask("POST", f"{page}/change?step=confirm", data=moved).status_code == 303
    body = {
        "service": "one",
        "starts_at": "2026-03-26T14:00:00Z",
        "accept_policy": True,
        "client": {"name": CANARIES["api"], "email": CANARIES["email"], "phone": CANARIES["phone"]},
    }
    made = ask("POST", f"{home}/api/v1/bookings", json=body)
    assert made.status_code == 201
    seen.append(made.text)
    ask("POST", f"{home}/api/v1/bookings", json={**body, "service": CANARIES["query"]})
    ask("POST", f"{home}/api/v1/bookings", data=json.dumps(body)[:-1], content_type="application/json")
    log_in(client, clinic, "alma", CANARIES["password"])
    log_in(client, clinic, f"{CANARIES['bad_email']}@rowan.example")
    log_in(client, clinic, "alma")
    for path in (f"?search={CANARIES['search']}", "", "export/csv/", "details/?id=" + made.json["id"]):
        assert ask("GET", f"{home}/manage/bookings/{path}").status_code == 200
    with time_machine.travel(now + timedelta(minutes=10), tick=False):
        drain(app, handlers_of(app), now + timedelta(minutes=10))
    shown = re.search(r'action="([^"]+/cancel[^"]*)"', ask("GET", f"{page}/cancel").text)
    assert shown
    assert ask("POST", shown[1].replace("&amp;", "&"), data={"form_token": token}).status_code == 303
    drain(app, handlers_of(app), now + timedelta(minutes=20))
    return seen


@pytest.mark.usefixtures("frozen")
def test_what_somebody_typed_stays_where_it_belongs(
    app: Flask,
    sold: Clinic,
    now: datetime,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)
    addresses = walk(app, sold, now)
    said = capfd.readouterr()
    lines = [line for line in (said.out + said.err).splitlines() if line]
    assert any("effect.done" in line for line in lines), "the worker was heard"
    assert not [line for line in lines if WORDS.search(line)]
    assert not [record.getMessage() for record in caplog.records if WORDS.search(record.getMessage())]
    assert not [address for address in addresses if WORDS.search(address)]
    mails: list[Mail] = list(app.extensions["longtide_outgoing"])
    assert len(mails) >= 4
    subjects = [str(getattr(mail, "subject", None) or mail["Subject"]) for mail in mails]  # type: ignore[index]
    assert not [subject for subject in subjects if WORDS.search(subject)]
    figures = app.test_client().get("/metrics").text
    assert "longtide_outbox_rows" in figures
    assert not WORDS.search(figures)
    with app.app_context(), tenant_scope(sold.ref):
        facts = [json.dumps(row.facts) + row.deed for row in db.session.execute(sa.select(Audit)).scalars()]
        assert len(facts) > 10
        assert not [fact for fact in facts if WORDS.search(fact)]
        for table in (Outbox, SessionRow, RateCounter, InboundEvent):
            rows = [str(tuple(row)) for row in db.session.execute(sa.select(Base.metadata.tables[table.__tablename__]))]
            assert not [row for row in rows if WORDS.search(row)], table
        payloads = [row.payload for row in db.session.execute(sa.select(Outbox)).scalars()]
        assert len(payloads) > 5
        # Ids, numbers and codes: nothing that somebody could have written.
        values = [str(value) for payload in payloads for value in payload.values()]
        assert not [value for value in values if not re.fullmatch(r"[a-z0-9_.:-]{1,80}", value)]


@pytest.mark.usefixtures("frozen")
def test_of_all_that_was_typed_only_names_stand_in_the_data(
    app: Flask, sold: Clinic, now: datetime, database: SqliteFile | PostgresDatabase, tmp_path: Path
) -> None:
    walk(app, sold, now)
    stolen = database.stolen(tmp_path).lower()
    there = {name for name, word in CANARIES.items() if any(one in stolen for one in spelled(word))}
    assert there == {"name", "known_as", "service"}  # another name for the same address is sealed with the booking
