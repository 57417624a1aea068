"""A month of openings costs the same number of queries whatever the number of practitioners and days, and few."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from saas.db import db
from saas.tenancy import tenant_scope
from tests.cast import Clinic
from tests.factories import add_practitioner

MOST = 8


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(
            "SET LOCAL"
        ):  # PostgreSQL's session is told its clinic: no question to the database
            said.append(statement)

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def asked(app: Flask, client: FlaskClient, address: str) -> int:
    client.get(address)  # what a process does once is not what a page costs
    with counted(app) as said:
        assert client.get(address).status_code == 200
    return len(said)


def crowd(app: Flask, clinic: Clinic, now: datetime) -> None:
    with app.app_context(), tenant_scope(clinic.ref):
        for number in range(18):
            add_practitioner(clinic, f"person-{number}", position=10 + number, now=now)


@pytest.mark.parametrize("service", ["full", "room"])
def test_openings_cost_the_same_queries_for_one_and_twenty_practitioners_and_for_any_number_of_days(
    app: Flask, client: FlaskClient, rowan: Clinic, now: datetime, service: str
) -> None:
    def cost(people: str, days: int) -> int:
        first = date(now.year, now.month, now.day)
        query = f"service={service}&practitioner={people}&from={first}&to={first + timedelta(days=days)}"
        return asked(app, client, f"{rowan.home}/api/v1/openings?{query}")

    one = {cost("ben", 1), cost("ben", 31), cost("ben", 92)}
    crowd(app, rowan, now)
    twenty = {cost("any", 1), cost("any", 31), cost("any", 92)}
    assert one == twenty
    assert len(one) == 1
    assert max(one) <= MOST


def test_the_time_page_costs_the_same_queries_for_two_and_for_twenty_practitioners(
    app: Flask, client: FlaskClient, rowan: Clinic, now: datetime
) -> None:
    few = asked(app, client, f"{rowan.home}/book/full")
    crowd(app, rowan, now)
    assert asked(app, client, f"{rowan.home}/book/full") == few <= MOST
