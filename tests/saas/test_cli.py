from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from saas.accounts import seconds, totp
from saas.accounts.models import Account
from saas.db import db
from saas.outbox import Outbox
from saas.tenancy import find_by_host, find_by_slug, find_platform, tenant_scope
from tests import databases
from tests.cast import NOW, Clinic
from wsgi import create_app

Run = Callable[..., Result]
REED = ("--name", "Reed House", "--zone", "Europe/Lisbon", "--currency", "EUR", "--country", "PT")


@pytest.fixture
def run(app: Flask) -> Run:
    runner = app.test_cli_runner()

    def call(*words: str, said: str | None = None) -> Result:
        return runner.invoke(args=list(words), input=said)

    return call


def test_a_clinic_is_made_listed_suspended_and_resumed(run: Run, app: Flask) -> None:
    made = run(
        "tenant", "create", "reed-house", *REED, "--owner", "rui@reed.example", "--stripe-account", "acct_reed0001"
    )
    assert made.exit_code == 0, made.output
    assert made.output.endswith("/c/reed-house/\n")
    assert "reed-house\tactive\tReed House\tEurope/Lisbon\tacct_reed0001" in run("tenant", "list").output
    assert run("tenant", "suspend", "reed-house", "--reason", "unpaid").output == "reed-house: suspended\n"
    assert "reed-house\tsuspended" in run("tenant", "list").output
    assert run("tenant", "resume", "reed-house").output == "reed-house: active\n"
    with app.app_context():
        ref = find_by_slug("reed-house")
        assert ref is not None
        with tenant_scope(ref):
            owner = db.session.execute(select(Account)).scalar_one()
            assert (owner.email, owner.role) == ("rui@reed.example", "owner")
            kinds = db.session.execute(select(Outbox.kind).where(Outbox.tenant_id == ref.id)).scalars().all()
            assert "account.mail" in kinds


def test_where_a_clinic_is_paid_its_domains_and_its_end(run: Run, app: Flask, rowan: Clinic) -> None:
    assert run("tenant", "stripe", "rowan", "acct_rowan1234").output == "rowan: acct_rowan1234\n"
    assert run("tenant", "stripe", "rowan", "rowan").exit_code == 1
    assert run("tenant", "domain", "add", "rowan", "Book.Rowan.example").output == "rowan: book.rowan.example\n"
    assert run("tenant", "domain", "list", "rowan").output == "book.rowan.example\tdoes not answer yet\n"
    assert run("tenant", "domain", "answer", "rowan", "book.rowan.example").exit_code == 0
    with app.app_context():
        assert find_by_host("book.rowan.example") is not None
    assert run("tenant", "domain", "remove", "rowan", "book.rowan.example").exit_code == 0
    assert run("tenant", "domain", "remove", "rowan", "book.rowan.example").exit_code == 1
    assert run("tenant", "domain", "add", "rowan", "book.rowan.example", "--answers").exit_code == 0
    assert "\tanswers" in run("tenant", "domain", "list", "rowan").output
    assert run("tenant", "close", "rowan", said="n\n").exit_code == 1
    assert run("tenant", "close", rowan.ref.slug, "--yes").output == "rowan: closed\n"
    assert run("tenant", "close", "rowan", "--yes").exit_code == 1


@pytest.mark.parametrize(
    "words, said",
    [
        (("tenant", "create", "www", *REED), "slug:"),
        (("tenant", "create", "reed-house", *REED[:-1], "ZQ"), "country:"),
        (("tenant", "create", "reed-house", *REED, "--owner", "nobody"), "email address"),
        (("tenant", "suspend", "nobody"), "no-such-clinic"),
        (("tenant", "resume", "nobody"), "no-such-clinic"),
        (("account", "reset", "nobody", "a@example.com"), "no-such-clinic"),
        (("account", "reset", "platform", "a@example.com"), "no-such-account"),
    ],
)
def test_what_cannot_be_done_is_a_line_and_a_code(run: Run, words: tuple[str, ...], said: str) -> None:
    result = run(*words)
    assert result.exit_code == 1
    assert said in result.output
    assert "Traceback" not in result.output
    assert "reed-house" not in run("tenant", "list").output


def test_an_operator_is_made_on_the_platform(run: Run, app: Flask) -> None:
    made = run("operator", "create", "odo@example.com", "--password-stdin", said="a long quiet sentence\n")
    assert made.exit_code == 0, made.output
    assert "quiet" not in made.output
    with app.app_context(), tenant_scope(find_platform()):
        assert db.session.execute(select(Account.role)).scalars().all() == ["operator"]
    short = run("operator", "create", "ada@example.com", "--password-stdin", said="x\n")
    assert short.exit_code == 1
    assert (
        run("operator", "create", "odo@example.com", "--password-stdin", said="a long quiet sentence\n").exit_code == 1
    )


def test_a_person_is_let_back_in(run: Run, app: Flask, rowan: Clinic) -> None:
    done = run("account", "reset", "rowan", "alma@rowan.example")
    assert done.exit_code == 0, done.output
    with app.app_context(), tenant_scope(rowan.ref):
        waiting = db.session.execute(select(Outbox).where(Outbox.kind == "account.mail")).scalars().all()
        assert [row.tenant_id for row in waiting] == [rowan.ref.id]
        secret = b"12345678901234567890"
        code = totp.code_at(secret, totp.step_of(NOW))
        seconds.add_app(account_id=rowan.accounts["alma"], secret=secret, typed=code, now=NOW)
    assert run("account", "reset", "rowan", "alma@rowan.example", "--second").exit_code == 0
    with app.app_context(), tenant_scope(rowan.ref):
        assert not db.session.get_one(Account, rowan.accounts["alma"]).has_second


def test_every_route_is_told_with_its_guard(run: Run) -> None:
    routes = json.loads(run("routes-json").output)
    assert {"rule", "methods", "endpoint", "guard"} == set(routes[0])
    by_endpoint = {one["endpoint"]: one for one in routes}
    assert by_endpoint["clinic.privacy"]["methods"] == ["GET"]
    assert all(one["guard"] != "none" for one in routes), [one for one in routes if one["guard"] == "none"]


def test_the_sandbox_stays_off_where_money_is_meant(run: Run, app: Flask, now: datetime) -> None:
    config = app.config["LONGTIDE"]
    app.config["LONGTIDE"] = config.model_copy(update={"payments": "stripe"})
    try:
        result = run("sandbox")
    finally:
        app.config["LONGTIDE"] = config
    assert result.exit_code == 1
    assert "LONGTIDE_PAYMENTS" in result.output


@pytest.mark.parametrize("words", [("tenant", "list"), ("worker",), ("demo",), ("sandbox",)])
def test_an_empty_database_is_a_line_that_says_what_to_run(tmp_path: Path, words: tuple[str, ...]) -> None:
    config = databases.test_settings(database_url=f"sqlite:///{tmp_path / 'empty.db'}", data=tmp_path)
    fresh = create_app(config)
    result = fresh.test_cli_runner().invoke(args=list(words))
    assert result.exit_code == 1
    assert "db upgrade" in result.output
    with fresh.app_context():
        db.engine.dispose()
