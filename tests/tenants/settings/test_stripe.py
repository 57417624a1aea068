"""A clinic connects its own account at Stripe, over loopback with the real library."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from flask.testing import FlaskClient
from sqlalchemy import update

from saas.audit import Audit
from saas.db import action, db
from saas.tenancy import Tenant, find_by_slug
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter, log_in
from tests.tenants.bookings.scenes import only_sqlite
from tests.tenants.hours.pages import said, send
from tests.till import Till, open_till

pytestmark = only_sqlite
PAGE = "/c/rowan/manage/settings/cards/"


@action
def without_account() -> None:
    db.session.execute(update(Tenant).where(Tenant.slug == "rowan").values(stripe_account_id=None))


@pytest.fixture
def till(client: FlaskClient, rowan: Clinic, inside: Enter, tmp_path: Path) -> Iterator[Till]:
    with inside(rowan):
        without_account()
    with open_till(client.application, tmp_path, now=NOW) as made:
        log_in(client, rowan, "alma")
        yield made


def begun(client: FlaskClient) -> str:
    """Press the page's button; where it leads at Stripe."""
    answer = send(client, f"{PAGE}begin/", client.get(PAGE))
    assert answer.status_code == 200
    found = re.search(r'href="(http://127[^"]+/onboarding/acct_\w+)"', answer.text)
    assert found, said(answer)
    return found[1]


def account_of(client: FlaskClient) -> tuple[str | None, str | None]:
    with client.application.app_context():
        found = find_by_slug("rowan")
        row = db.session.query(Tenant.stripe_begun_id).filter_by(slug="rowan").scalar()
    assert found is not None
    return found.stripe_account_id, row


def test_only_stripes_own_word_connects_an_account(
    till: Till, client: FlaskClient, rowan: Clinic, inside: Enter
) -> None:
    assert "Let clients pay by card" in said(client.get(PAGE))
    page = begun(client)
    assert begun(client) == page, "one account, however often it is pressed"
    # Back without having filled anything in, by whatever address: nothing is connected.
    assert "Stripe still needs something from you" in said(client.get(f"{PAGE}?done=1&account=acct_thornfield"))
    assert send(client, f"{PAGE}use/", client.get(PAGE)).status_code == 409
    assert account_of(client) == (None, page.rpartition("/")[2])
    answer = requests.post(page, {"outcome": "finish"}, allow_redirects=False, timeout=60)
    assert answer.headers["Location"].endswith(PAGE)
    assert "Stripe says that your account can take cards" in said(client.get(PAGE))
    assert account_of(client)[0] is None, "looking connects nothing"
    assert send(client, f"{PAGE}use/", client.get(PAGE)).status_code == 303
    assert account_of(client) == (page.rpartition("/")[2], None)
    assert "Your account at Stripe is connected." in said(client.get(PAGE))
    assert "Connected to Stripe" in said(client.get("/c/rowan/manage/settings/"))
    assert send(client, f"{PAGE}begin/", client.get("/c/rowan/manage/settings/texts/")).status_code == 409
    with inside(rowan):
        deeds = [row.deed for row in db.session.query(Audit).filter(Audit.deed.like("clinic.stripe%"))]
    assert sorted(deeds) == ["clinic.stripe_begun", "clinic.stripe_connected"]


def test_a_silent_stripe_is_said_and_loses_nothing(till: Till, client: FlaskClient, rowan: Clinic) -> None:
    shown = client.get(PAGE)
    till.break_down(status_500=99)
    answer = send(client, f"{PAGE}begin/", shown)
    assert (answer.status_code, "Stripe isn’t answering just now" in said(answer)) == (503, True)
    assert account_of(client) == (None, None)
    till.mend()
    begun(client)
    till.break_down(status_500=99)
    assert "Stripe isn’t answering just now" in said(client.get(PAGE))
