from __future__ import annotations

import re
from pathlib import Path

import sqlalchemy as sa

from saas.tenancy import tenant_tables
from tests.house.tree import report, text

DECISION = Path("docs/decisions/0030-what-clients-write-is-sealed-under-a-key-of-their-own.md")
# A row that points at one of these is about a client, and so is the audit.
ABOUT_CLIENTS = {"client", "booking", "payment", "intake"}
CODE = 40  # shorter texts are codes: a state, a language, a currency


def _about_clients() -> list[sa.Table]:
    found = []
    for table in tenant_tables():
        targets = {key.referred_table.name for key in table.foreign_key_constraints} | {table.name}
        if targets & ABOUT_CLIENTS or table.name in ("audit", "client_import"):
            found.append(table)
    return found


def _holds_words(column: sa.Column[object]) -> bool:
    kind = column.type
    if isinstance(kind, sa.String):
        return kind.length is None or kind.length >= CODE
    return isinstance(kind, sa.JSON | sa.LargeBinary)


def _said() -> dict[str, set[str]]:
    """Table → the columns that the decision's table names for it."""
    rows = re.findall(r"^\| `(\w+)` \|(.*)$", text(DECISION), re.MULTILINE)
    return {name: set(re.findall(r"`(\w+)`", rest)) for name, rest in rows}


def test_every_column_about_a_client_is_sealed_or_says_why_it_is_clear() -> None:
    """A new column that can hold words belongs in the table of the decision: sealed, or in the clear with a reason."""
    said = _said()
    words = {(table.name, column.name) for table in _about_clients() for column in table.c if _holds_words(column)}
    missing = sorted(f"{table}.{column}" for table, column in words if column not in said.get(table, ()))
    assert not missing, report(missing, f"Seal it, or say in the table of {DECISION} why it is clear:")
    gone = sorted(
        f"{table}.{column}" for table, columns in said.items() for column in columns if (table, column) not in words
    )
    assert not gone, report(gone, f"There is no such column (any more): {DECISION}")
