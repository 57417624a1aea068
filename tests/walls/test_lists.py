"""A list only shows: whatever is posted to the addresses that Flask-Admin gives it, nothing changes, and it says so."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.saas.accounts.pages import Enter, log_in, token_of
from tests.tenants.bookings.scenes import only_sqlite
from tests.walls.belongings import Belongings, everything

WORDS = "Nothing was changed: this list only shows. Open one entry and change it there."


def lists(app: Flask) -> list[str]:
    """The address of every list of the clinics' back office."""
    ends = [rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.endswith(".action_view")]
    return [rule.removesuffix("action/") for rule in ends]


@pytest.mark.parametrize("who", ["alma", "fern"])
@only_sqlite
def test_nothing_is_done_to_many_rows_at_once(
    client: FlaskClient, app: Flask, neighbours: tuple[Belongings, Belongings], inside: Enter, who: str
) -> None:
    def all_there_is() -> list[object]:
        found: list[object] = []
        for one in neighbours:
            with inside(one.clinic):
                found.append(everything())
        return found

    mine, theirs = neighbours
    log_in(client, mine.clinic, who)
    before, refused = all_there_is(), 0
    for path in lists(app):
        page = client.get(mine.home + path)
        for whose in (theirs, mine):
            ids = [str(key) for key in (whose.booked_id, whose.client_id, whose.policy_id, whose.person_id)]
            for deed in ("delete", "cancel", ""):
                form = {"rowid": ids, "id": ids[0], "action": deed, "url": "https://evil.example/"}
                token = {"csrf_token": token_of(page)} if page.status_code == 200 else {}
                for end in ("action/", "delete/"):
                    answer = client.post(mine.home + path + end, data={**form, **token})
                    assert answer.status_code == 403, (path + end, deed)
                    assert (WORDS in answer.text) is (page.status_code == 200), path
                    assert not [word for word in theirs.words if word in answer.text]
                    refused += page.status_code == 200
    assert refused >= (60 if who == "alma" else 20)
    assert all_there_is() == before
