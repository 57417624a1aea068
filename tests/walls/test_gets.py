"""Nothing changes state on GET: a link in a mail, or back from Stripe, opens a page with a button."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from saas.db import Base, db
from tests.house.test_routes import WRITES_ONLY
from tests.saas.accounts.pages import Enter, log_in
from tests.walls.belongings import Belongings, everything

# The two reads that write: the return page asks Stripe at most once in ten seconds and then does
# what the webhook would do; reading a client's record appends to the audit. A session is touched once a minute.
READS_THAT_NOTE = {
    "reports.export",
    "service.export", "practitioner.export", "room.export",
    "week_booking.index",
    "booking.details_view", "booking.export", "client.details_view", "client.edit_view",
    "audit.export", "client.export", "duplicates.index", "money.details_view", "money.export", "money_totals.export",
    "money_desk.link", "looks.of",
}  # fmt: skip


_QUESTIONS = ("start", "part", "review", "code", "yours", "take_along", "leave")


def addresses(app: Flask, mine: Belongings) -> list[tuple[str, str]]:
    """(endpoint, address) of every rule that answers GET, filled in with what the clinic has."""
    filled = []
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or set()):
            continue
        own = {
            "security.reset_password": (mine.reset,),
            "accounts.invitation": (mine.invite,),
            "feeds.calendar": (mine.feed,),
            **{f"intake.{page}": (mine.intake,) for page in _QUESTIONS},
        }
        tokens = own.get(rule.endpoint, (mine.booked, mine.held))
        for token in tokens:
            path = rule.rule.replace("<token>", token).replace("<service>", mine.service)
            path = path.replace("<version>", mine.logo).replace("<export_type>", "csv")
            if rule.endpoint.startswith("intake."):
                path = path.replace("<part>", "comfort")
            path = re.sub(r"<[^>]+>", "1", path)
            if rule.endpoint in ("booking.details_view", "booking.edit_view") or rule.endpoint.startswith(
                ("money", "week_booking")
            ):
                path += f"?id={mine.booked_id}"
            if rule.endpoint in ("client.details_view", "client.edit_view"):
                path += f"?id={mine.client_id}"
            offers = {"service": mine.clinic.services[mine.service], "practitioner": mine.person_id}
            offers["room"] = mine.clinic.rooms["quiet"]
            room, _dot, page = rule.endpoint.partition(".")
            if room in offers and page in ("details_view", "edit_view", "status"):
                path += f"?id={offers[room]}"
            if rule.endpoint == "hours_days.remove":
                path += f"?off={mine.away_id}"
            if rule.endpoint == "client_import.check":
                path += f"?id={mine.file_id}"
            if rule.endpoint in ("team.edit", "team.ask"):
                path = path.replace("/ask/1/", "/ask/withdraw/") + f"?id={mine.invited_id}"
            filled.append((rule.endpoint, mine.home + path))
    return filled


def _platform_rows() -> dict[str, list[str]]:
    db.session.rollback()
    names = ("outbox", "inbound_event", "tenant", "tenant_domain")
    return {n: sorted(str(r) for r in db.session.execute(sa.select(Base.metadata.tables[n])).all()) for n in names}


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_looking_changes_nothing(
    app: Flask, client: FlaskClient, neighbours: tuple[Belongings, Belongings], inside: Enter, method: str
) -> None:
    mine = neighbours[0]
    log_in(client, mine.clinic, "alma")
    with inside(mine.clinic):
        before, audits, outside = everything(but=("audit",)), len(everything()["audit"]), _platform_rows()
    noted = 0
    for endpoint, address in addresses(app, mine):
        answer = client.open(address, method=method)
        assert answer.status_code < 500, address
        noted += endpoint in READS_THAT_NOTE and method != "OPTIONS"
    with inside(mine.clinic):
        assert everything(but=("audit",)) == before
        assert _platform_rows() == outside
        assert len(everything()["audit"]) - audits == noted


def test_a_get_where_only_a_button_leads_is_405(
    app: Flask, client: FlaskClient, neighbours: tuple[Belongings, Belongings]
) -> None:
    mine = neighbours[0]
    log_in(client, mine.clinic, "alma")
    tried = set()
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in WRITES_ONLY:
            continue
        tried.add(rule.endpoint)
        path = rule.rule.replace("<token>", mine.held)
        for home in (mine.home, ""):
            for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "TRACE"):
                answer = client.open(home + path, method=method)
                assert answer.status_code == 405, f"{method} {path}"
                assert "POST" in answer.headers["Allow"]
    assert tried == WRITES_ONLY
