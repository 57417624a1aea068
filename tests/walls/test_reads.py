"""Every read of a client's record is in the audit: each page of the table of roles that shows one is opened."""

from __future__ import annotations

import sqlalchemy as sa
from flask.testing import FlaskClient

from saas.audit import Audit
from saas.db import db
from tests.saas.accounts.pages import Enter, log_in
from tests.walls.belongings import Belongings
from tests.walls.roles import ROWS


def test_each_page_that_shows_a_clients_record_is_in_the_audit(
    client: FlaskClient, neighbours: tuple[Belongings, Belongings], inside: Enter
) -> None:
    """By the table of roles: whatever is opened by a client's or booking's id and shows who it is."""
    mine, wrong, told = neighbours[0], [], 0
    log_in(client, mine.clinic, "alma")
    rules = {(rule.endpoint): rule.rule for rule in client.application.url_map.iter_rules()}
    ids = {"booking": mine.booked_id, "owing": mine.booked_id, "client": mine.client_id}
    ids["intake"] = mine.intake_id
    telling = ("quill@rowan-private", "+441132000007", "gate code", "evening drops")

    def reads() -> int:
        with inside(mine.clinic):
            found = sa.select(sa.func.count()).select_from(Audit).where(Audit.deed == "read")
            return db.session.execute(found).scalar_one()

    for row in ROWS:
        given = {name: ids[kind] for name, kind in row.things if kind in ids}
        if row.method != "GET" or not given or "<" in rules[row.endpoint] or "owner" not in row.who:
            continue
        before = reads()
        answer = client.get(mine.home + rules[row.endpoint], query_string=given)
        shows = any(words in answer.text for words in telling)
        told += shows
        if shows and reads() == before:
            wrong.append(row.endpoint)
    assert told >= 5
    assert not wrong, wrong
