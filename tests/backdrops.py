"""What many tests begin with: built once in each worker and database, through actions, then kept and put back.

A test asks for it by its fixture's name; the fixture `app` looks at all names a test asks for before anything is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from datetime import timedelta
from typing import Any

import time_machine
from flask import Flask
from sqlalchemy.orm import close_all_sessions

from saas import sealing
from saas.sealing import keyring
from saas.tenancy import tenant_scope
from tests.cast import NOW, Clinic
from tests.databases import PostgresDatabase, SqliteFile
from tests.factories import make_clinic

_HERE = "longtide_backdrop"
# Ids begin with the clock: what stood there before a test sorts before what the test makes, frozen or not.
_BEFORE = NOW - timedelta(minutes=10)
Made = dict[str, Any]
_made: dict[tuple[str, str], Made] = {}


def _rowan(_made: Made) -> Clinic:
    return make_clinic(
        "rowan", now=NOW, people=("ben", "iris"),
        roles={"alma": "owner", "ben": "practitioner", "fern": "front_desk"},
    )  # fmt: skip


def _thornfield(_made: Made) -> Clinic:
    return make_clinic("thornfield", now=NOW, people=("max",), roles={"mallory": "owner"})


def _neighbours(made: Made) -> Any:
    from tests.walls.belongings import furnish  # a plain test does not need all that it imports

    rowan, thornfield = made["rowan"], made["thornfield"]
    with tenant_scope(rowan.ref):
        ours = furnish(rowan, person="ben", owner="alma")
    with tenant_scope(thornfield.ref):
        theirs = furnish(thornfield, person="max", owner="mallory")
    return ours, theirs


# By the name of the fixture, in the order in which they are made.
BUILDERS: dict[str, Callable[[Made], Any]] = {
    "rowan": _rowan,
    "thornfield": _thornfield,
    "neighbours": _neighbours,
}


def put_up(app: Flask, database: SqliteFile | PostgresDatabase, asked: Sequence[str]) -> None:
    """The database holds what the fixtures among `asked` promise, and nothing else. Nobody may be connected."""
    names = [name for name in BUILDERS if name in asked]
    key = "+".join(names)
    known = (database.settings.database, key)
    if not names:
        database.empty()
    elif known in _made:
        database.bring(key)
    else:
        database.empty()
        _made[known] = _build(app, names)
        forget(app)
        database.keep(key)
    app.extensions[_HERE] = deepcopy(_made.get(known, {}))


def _build(app: Flask, names: Sequence[str]) -> Made:
    made: Made = {}
    with time_machine.travel(_BEFORE), app.app_context():
        for name in names:
            made[name] = BUILDERS[name](made)
    return made


def found(app: Flask, name: str) -> Any:
    """What stands there under this name; built now for a test that asks for its fixture on the way."""
    here: Made = app.extensions[_HERE]
    if name not in here:
        with app.app_context():
            here[name] = BUILDERS[name](here)
    return here[name]


def forget(app: Flask) -> None:
    """Let go of every session and connection of this process."""
    close_all_sessions()
    with app.app_context():
        app.extensions["sqlalchemy"].engine.dispose()
        keyring().store.close()
    sealing.init_app(app, app.config["LONGTIDE"])
