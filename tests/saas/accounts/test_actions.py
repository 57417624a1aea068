"""Accounts without pages."""

from __future__ import annotations

from datetime import datetime

import pytest
import sqlalchemy as sa

from saas.accounts import actions
from saas.accounts.models import Account
from saas.accounts.queries import NoSuchAccount
from saas.audit import Audit
from saas.db import db
from saas.errors import Invalid
from saas.outbox import Outbox
from tests.cast import Clinic


def test_an_account_is_made_with_its_address_in_one_form(at_rowan: Clinic, now: datetime) -> None:
    made = actions.create_account(email=" Dee@ROWAN.example ", name=" Dee  Quinn ", role="front_desk", now=now)
    assert (made.email, made.name, made.password) == ("dee@rowan.example", "Dee Quinn", None)
    deeds = db.session.execute(sa.select(Audit.deed).where(Audit.target_id == made.id)).scalars().all()
    assert deeds == ["account.created"]


def test_an_address_has_one_account_in_a_clinic(at_rowan: Clinic, now: datetime) -> None:
    with pytest.raises(actions.AddressTaken):
        actions.create_account(email="ALMA@rowan.example", name="Alma again", role="owner", now=now)


@pytest.mark.parametrize(
    "email,name,role",
    [
        ("", "Dee", "owner"),
        ("dee", "Dee", "owner"),
        ("dee@x.example\r\nBcc: y@x.example", "Dee", "owner"),
        ("dee@x.example", " ", "owner"),
        ("dee@x.example", "Dee", "operator"),
        ("dee@x.example", "Dee", "king"),
        ("dee@x.example", "D" * 500, "owner"),
    ],
)
def test_nonsense_is_refused(at_rowan: Clinic, now: datetime, email: str, name: str, role: str) -> None:
    with pytest.raises(Invalid):
        actions.create_account(email=email, name=name, role=role, now=now)


def test_a_short_password_is_refused(at_rowan: Clinic, now: datetime) -> None:
    with pytest.raises(actions.WeakPassword):
        actions.create_account(email="d@x.example", name="Dee", role="owner", password="short", now=now)


def test_a_new_password_ends_what_was_and_is_told_by_mail(at_rowan: Clinic, now: datetime) -> None:
    account = db.session.get_one(Account, at_rowan.accounts["alma"])
    before = (account.password, account.fs_uniquifier)
    actions.set_password(account_id=account.id, password="another long sentence", now=now)
    after = db.session.get_one(Account, at_rowan.accounts["alma"])
    assert after.password != before[0]
    assert after.fs_uniquifier != before[1]
    payloads = db.session.execute(sa.select(Outbox.payload).where(Outbox.kind == "account.mail")).scalars().all()
    assert payloads == [{"what": "changed", "account_id": str(account.id)}]


def test_an_account_of_another_clinic_is_not_there(at_rowan: Clinic, thornfield: Clinic, now: datetime) -> None:
    with pytest.raises(NoSuchAccount):
        actions.set_password(account_id=thornfield.accounts["mallory"], password="another long sentence", now=now)
    with pytest.raises(NoSuchAccount):
        actions.reset_account(email="mallory@thornfield.example", now=now)
