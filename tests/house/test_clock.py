from __future__ import annotations

import ast

from tests.house.tree import python, report, tree

CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "localtime"),
    ("time", "gmtime"),
}


def test_only_the_clock_reads_the_system_clock() -> None:
    """Ruff bans the same calls by name; this holds also where a file is let off for another reason."""
    breaches = []
    for path in python("saas", "tenants"):
        if str(path) == "saas/clock.py":
            continue
        for node in ast.walk(tree(path)):
            if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute)):
                continue
            owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
            if (owner, node.attr) in CLOCKS:
                breaches.append(f"{path}:{node.lineno} {owner}.{node.attr}")
    assert not breaches, report(breaches, "Take `now` as an argument; a page asks saas/clock.py:")


def test_no_action_or_pure_file_asks_the_clock() -> None:
    breaches = []
    for path in python("tenants"):
        if path.name in {"public.py", "staff.py", "command.py", "register.py", "effects.py", "jobs.py"}:
            continue
        breaches += [
            f"{path}:{node.lineno}"
            for node in ast.walk(tree(path))
            if isinstance(node, ast.ImportFrom)
            and (node.module == "saas.clock" or (node.module == "saas" and any(n.name == "clock" for n in node.names)))
        ]
    assert not breaches, report(breaches, "Actions, reads and pure files are told the time:")
