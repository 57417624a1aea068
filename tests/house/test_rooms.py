from __future__ import annotations

import ast
from pathlib import Path

from tests.house.tree import PACKAGES, python, report, text, tree

FILE_LINES = 400
FUNCTION_LINES = 60
# Flask-Security commits by itself after its views; the store that turns its commits into actions lives with its pages.
OWN_SESSION = {"saas/accounts/public.py"}


def test_an_init_holds_a_docstring_and_nothing_else() -> None:
    breaches = []
    for path in python(*PACKAGES):
        if path.name != "__init__.py":
            continue
        body = tree(path).body
        if len(body) != 1 or not ast.get_docstring(tree(path)):
            breaches.append(str(path))
    assert not breaches, report(breaches, "An __init__.py says what the room owns and promises; no code:")


def test_every_folder_with_code_is_a_package() -> None:
    folders = {path.parent for path in python(*PACKAGES)}
    breaches = sorted(str(folder) for folder in folders if folder / "__init__.py" not in python(*PACKAGES))
    assert not breaches, report(breaches, "These folders need an __init__.py with a docstring:")


def test_no_file_is_longer_than_400_lines() -> None:
    long = {path: len(text(path).splitlines()) for path in python(*PACKAGES)}
    breaches = [f"{path}: {lines}" for path, lines in long.items() if lines > FILE_LINES]
    assert not breaches, report(breaches, f"Files longer than {FILE_LINES} lines; split them by what they hold:")


def _functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_no_function_is_longer_than_60_lines() -> None:
    breaches = []
    for path in python(*PACKAGES):
        for node in _functions(path):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES:
                breaches.append(f"{path}:{node.lineno} {node.name}: {lines}")
    assert not breaches, report(breaches, f"Functions longer than {FUNCTION_LINES} lines:")


def test_pages_leave_the_database_to_actions_and_queries() -> None:
    breaches = []
    for path in python(*PACKAGES):
        if path.name not in {"public.py", "staff.py"} or path.as_posix() in OWN_SESSION:
            continue
        breaches += [
            f"{path}:{node.lineno}"
            for node in ast.walk(tree(path))
            if isinstance(node, ast.Attribute)
            and node.attr == "session"
            and isinstance(node.value, ast.Name)
            and node.value.id == "db"
        ]
    assert not breaches, report(breaches, "A page calls one action or a query; it does not use db.session:")


def test_forms_do_not_ask_the_database() -> None:
    breaches = [
        f"{path}:{node.lineno}"
        for path in python(*PACKAGES)
        if path.name == "forms.py"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith((".queries", ".actions", ".models"))
    ]
    assert not breaches, report(breaches, "A form turns text into a value; looking things up is the action's work:")
