"""The table of roles, cell by cell and on real requests; forged ids of a colleague and of the neighbour included."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from saas.accounts.actions import create_account
from saas.tenancy import find_platform, tenant_scope
from tests.cast import NOW, PASSWORD, Clinic
from tests.house.test_routes import _app
from tests.house.tree import ROOT, report
from tests.saas.accounts.pages import log_in, token_of
from tests.walls.belongings import everything
from tests.walls.roles import ROWS, THINGS, Row

PAGE = ROOT / "docs/roles.md"
PEOPLE = {"owner": "alma", "practitioner": "ben", "front_desk": "fern"}
CONSOLES = {"manage", "operator"}
SHUT = {302, 303, 400, 403, 404, 405}


def console_of(rule: Rule) -> str:
    return rule.rule.split("/")[1]


def doors(app: Flask) -> dict[tuple[str, str], Rule]:
    """Every address of both consoles with each of its methods, in the order of the page."""
    found = [
        (rule.rule, method, rule)
        for rule in app.url_map.iter_rules()
        if console_of(rule) in CONSOLES
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    ]
    ordered = sorted(found, key=lambda one: (one[0], one[1], one[2].endpoint))
    return {(method, rule.endpoint): rule for _, method, rule in ordered}


def marks(app: Flask) -> dict[str, bool]:
    """Endpoint to whether its function is marked `@fresh`."""
    return {
        f"{view.endpoint}.{name}": bool(getattr(getattr(view, name), "asks_again", False))
        for console in app.extensions["admin"]
        for view in console._views
        for _, name, _ in view._urls
    }


def test_every_door_has_its_line_and_every_line_its_door() -> None:
    app = _app()
    listed = [(row.method, row.endpoint) for row in ROWS]
    missing = [f"no line: {method} {endpoint}" for method, endpoint in doors(app) if (method, endpoint) not in listed]
    missing += [f"no door: {method} {endpoint}" for method, endpoint in listed if (method, endpoint) not in doors(app)]
    assert not missing, report(missing, "tests/walls/roles.py says who may:")
    assert len(listed) == len(set(listed))
    again = marks(app)
    wrong = [f"{row.method} {row.endpoint}" for row in ROWS if row.again != again[row.endpoint]]
    assert not wrong, report(wrong, "`again=` in tests/walls/roles.py and @fresh on the function differ:")


@dataclass
class World:
    """Rowan and Thornfield, somebody of each role logged in, and one of each thing for each of three practitioners."""

    app: Flask
    rules: dict[tuple[str, str], Rule]
    rowan: Clinic
    thornfield: Clinic
    clients: dict[str, FlaskClient]
    tokens: dict[str, str]
    known: dict[tuple[str, str], str] = field(default_factory=dict)

    def thing(self, kind: str, whose: str) -> str:
        if kind.startswith("="):
            return kind[1:]
        if (kind, whose) not in self.known:
            clinic = self.thornfield if whose == "max" else self.rowan
            with self.app.app_context(), tenant_scope(clinic.ref):
                self.known[kind, whose] = THINGS[kind](clinic, whose)
        return self.known[kind, whose]

    def ask(self, row: Row, role: str, whose: str = "ben") -> TestResponse:
        rule = self.rules[row.method, row.endpoint]
        given = {name: self.thing(kind, whose) for name, kind in row.things}
        path = re.sub(r"<(?:[^:>]+:)?([^>]+)>", lambda found: given.pop(found[1]), rule.rule)
        home = self.rowan.home if console_of(rule) == "manage" else ""
        form = {**given, "csrf_token": self.tokens[role]} if row.method == "POST" else None
        return self.clients[role].open(home + path, method=row.method, query_string=given, data=form)


@pytest.fixture
def world(app: Flask, client: FlaskClient, rowan: Clinic, thornfield: Clinic) -> World:
    clients = {role: app.test_client() for role in (*PEOPLE, "operator", "stranger")}
    tokens = {"stranger": "x"}
    for role, name in PEOPLE.items():
        log_in(clients[role], rowan, name)
        tokens[role] = token_of(clients[role].get(f"{rowan.home}/manage/"))
    with app.app_context():
        platform = find_platform()
        assert platform is not None
        with tenant_scope(platform):
            odo = {"email": "odo@longtide.example", "name": "Odo", "role": "operator", "password": PASSWORD}
            create_account(**odo, now=NOW)
    page = clients["operator"].get("/login")
    form = {"csrf_token": token_of(page), "email": "odo@longtide.example", "password": PASSWORD}
    clients["operator"].post("/login", data=form)
    tokens["operator"] = token_of(clients["operator"].get("/operator/"))
    made = World(app, doors(app), rowan, thornfield, clients, tokens)
    for kind in THINGS:
        for whose in ("ben", "iris", "max"):
            made.thing(kind, whose)
    return made


def _rows_of(world: World) -> list[Any]:
    found = []
    for clinic in (world.rowan, world.thornfield):
        with world.app.app_context(), tenant_scope(clinic.ref):
            found.append(everything(but=("audit",)))
    return found


def _told(row: Row, role: str, whose: str, answer: TestResponse) -> str:
    to = f" to {answer.location}" if answer.location else ""
    return f"{row.method} {row.endpoint}: {role} with {whose}'s things got {answer.status_code}{to}"


def _to_log_in(answer: TestResponse) -> bool:
    return answer.status_code == 303 and "/login" in answer.location


def _takes_ids(row: Row) -> bool:
    return any(not kind.startswith("=") for _, kind in row.things)


def _shut_cells(world: World) -> Iterator[tuple[Row, str, str]]:
    """Every request that must come to nothing: (line, role, whose things)."""
    for row in ROWS:
        for role in world.clients:
            if role not in row.who:
                yield row, role, "ben"
            elif _takes_ids(row) and role != "operator":
                yield row, role, "max"
                if role == "practitioner" and row.own_only:
                    yield row, role, "iris"


def _is_shut(row: Row, role: str, whose: str, answer: TestResponse) -> bool:
    at_the_platform = row.endpoint.startswith("operator")
    if role == "stranger" or ((role == "operator") != at_the_platform and "operator" in (role, *row.who)):
        # Nobody is logged in there: an operator is nobody at a clinic, and staff are nobody at the platform.
        return _to_log_in(answer)
    if whose == "max" or not row.who:
        return answer.status_code in SHUT
    return answer.status_code in (403, 404) or (whose == "iris" and answer.status_code in SHUT)


def _is_open(row: Row, answer: TestResponse) -> bool:
    """A page is shown, or a form is looked at: taken (303), or refused with words about what was typed."""
    if row.method == "GET":
        return answer.status_code == 200
    return answer.status_code in (200, 302, 303, 400, 409, 422) and not _to_log_in(answer)


ONE_DATABASE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@ONE_DATABASE
def test_each_cell_of_the_table(world: World) -> None:
    """First everything that must come to nothing, and nothing has changed; then everything that must be open."""
    before, wrong = _rows_of(world), []
    for row, role, whose in _shut_cells(world):
        answer = world.ask(row, role, whose)
        if not _is_shut(row, role, whose, answer):
            wrong.append(_told(row, role, whose, answer))
    assert not wrong, report(wrong, "These doors are open (tests/walls/roles.py says they are not):")
    assert _rows_of(world) == before
    for row in ROWS:
        for role in row.who:
            for whose in (
                ("ben", "iris") if _takes_ids(row) and not (row.own_only and role == "practitioner") else ("ben",)
            ):
                answer = world.ask(row, role, whose)
                if row.nothing and answer.status_code == 404:
                    continue
                if not _is_open(row, answer):
                    wrong.append(_told(row, role, whose, answer))
    assert not wrong, report(wrong, "These doors are shut (tests/walls/roles.py says they are open):")


@ONE_DATABASE
def test_what_asks_again_does_so_after_ten_minutes(world: World) -> None:
    """A page shows the question; a form is sent on to it with all that it holds."""
    wrong = []
    with time_machine.travel(NOW + timedelta(minutes=11), tick=False):
        for row in ROWS:
            for role in row.who if row.again else ():
                answer = world.ask(row, role)
                asked = answer.status_code == (307 if row.method == "POST" else 303)
                if not asked or "/account/again?" not in answer.location:
                    wrong.append(_told(row, role, "ben", answer))
    assert not wrong, report(wrong, "These do not ask who is there:")


def page(app: Flask) -> str:
    """The table as people read it."""
    lines = [
        "# Who may do what",
        "",
        "Every address of the clinic's back office and of the operator's console. Written by",
        "`.venv/bin/python -m tests.walls.test_roles` from the table that the tests try cell by cell.",
        "",
        "yes: may. own: only their own calendar and their own clients. again: asks who is there when the log-in is ten",
        "minutes old. Addresses behind which nothing is (the library registers them) are left out.",
    ]
    for console, roles in (("manage", ("owner", "practitioner", "front_desk")), ("operator", ("operator",))):
        heads = [role.replace("_", " ") for role in roles]
        lines += ["", f"## /{console}", "", f"| address | | {' | '.join(heads)} | |", "|---" * (len(roles) + 3) + "|"]
        for (method, endpoint), rule in doors(app).items():
            found = next((row for row in ROWS if (row.method, row.endpoint) == (method, endpoint)), None)
            if found is None or not found.who or console_of(rule) != console:
                continue
            cells = ["yes" if role in found.who else "" for role in roles]
            if found.own_only:
                cells[1] = "own"
            again = "again" if found.again else ""
            lines.append(f"| `{rule.rule}` | {method} | {' | '.join(cells)} | {again} |")
    return "\n".join(lines) + "\n"


def test_the_page_that_people_read_says_the_same() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(_app()), "write docs/roles.md anew: the command is in roles.py"


if __name__ == "__main__":
    sys.stdout.write(page(_app()))
