from __future__ import annotations

import ast

from tests.house.tree import python, report, tree


def test_only_the_platform_knows_which_database_it_is() -> None:
    """A room behaves the same on SQLite and PostgreSQL; what differs is in saas/ and the migrations."""
    breaches = []
    for path in python("tenants"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy.dialects"):
                breaches.append(f"{path}:{node.lineno} {node.module}")
            if isinstance(node, ast.Attribute) and node.attr == "dialect":
                breaches.append(f"{path}:{node.lineno} .dialect")
    assert not breaches, report(breaches, "Ask saas/db.py for what differs, by what it does and not by its name:")


def test_a_room_writes_no_sql_text() -> None:
    breaches = [
        f"{path}:{node.lineno}"
        for path in python("tenants")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith("sqlalchemy")
        and any(name.name == "text" for name in node.names)
    ]
    assert not breaches, report(breaches, "Text goes around the tenant guard; write an ORM statement:")
