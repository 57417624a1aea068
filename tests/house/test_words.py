"""The words of the house (README.md, Words) in what we name, show and say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.tree import PACKAGES, files, python, report, templates, text, tree

FORBIDDEN = ("appointment", "patient", "provider", "user")
WORD = re.compile(rf"(?<![A-Za-z_-])({'|'.join(FORBIDDEN)})s?(?![A-Za-z_-])", re.IGNORECASE)
PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

# Names that a library, a protocol or a browser fixes: we have to write them as they are.
FIXED_NAMES = {
    "current_user",  # Flask-Login
    "login_user",
    "logout_user",
    "load_user",
    "user_loader",
    "user_id",  # Flask-Login's key in the session
    "user_datastore",  # Flask-Security
    "UserDatastore",
    "UserMixin",
    "SQLAlchemyUserDatastore",
    "find_user",
    "create_user",
    "get_user",
    "user_model",
    "user_cls",
    "user_agent",  # HTTP
}
FIXED_TEXTS = {"User-Agent", "user-agent", "Patient", "patient"}  # HTTP, FHIR
# Flask-Security's signals and mails call an account so.
FIXED_IN = {"saas/accounts": {"user"}}


def _pieces(name: str) -> set[str]:
    return {piece.lower().rstrip("s") for piece in PIECE.findall(name)}


def _fixed(path: Path) -> set[str]:
    return {*FIXED_NAMES, *FIXED_TEXTS, *FIXED_IN.get(path.parent.as_posix(), ())}


def _bad(name: str, path: Path) -> bool:
    return name.strip("_") not in _fixed(path) and bool(_pieces(name) & set(FORBIDDEN))


def _defined(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Names that we make: functions, classes, arguments, variables, attributes that are assigned to."""
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr
        elif isinstance(node, ast.alias) and node.asname:
            yield node.lineno, node.asname


def test_our_names_use_the_words_of_the_house() -> None:
    breaches = [
        f"{path}:{line} {name}" for path in python(*PACKAGES) for line, name in _defined(tree(path)) if _bad(name, path)
    ]
    assert not breaches, report(breaches, "Say client, account, staff, practitioner, booking:")


def test_files_and_folders_use_the_words_of_the_house() -> None:
    breaches = [
        str(path)
        for path in files()
        if path.parts[0] in {*PACKAGES, "templates", "tests"}
        and any(_bad(part.split(".")[0], path) for part in path.parts)
    ]
    assert not breaches, report(breaches, "Say client, account, staff, practitioner, booking:")


def _docstrings(module: ast.Module) -> set[int]:
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        id(node.body[0].value)
        for node in ast.walk(module)
        if isinstance(node, owners) and node.body and isinstance(node.body[0], ast.Expr)
    }


def _messages(path: Path) -> Iterator[tuple[int, str]]:
    module = tree(path)
    docstrings = _docstrings(module)
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def test_our_messages_use_the_words_of_the_house() -> None:
    breaches = [
        f"{path}:{line} {message!r}"
        for path in python(*PACKAGES)
        for line, message in _messages(path)
        if message not in _fixed(path) and WORD.search(message)
    ]
    assert not breaches, report(breaches, "What people read says client, account, staff, practitioner, booking:")


def test_templates_use_the_words_of_the_house() -> None:
    breaches = [
        f"{path}:{number} {line.strip()}"
        for path in templates()
        for number, line in enumerate(text(path).splitlines(), 1)
        if WORD.search(line)
    ]
    assert not breaches, report(breaches, "What people read says client, account, staff, practitioner, booking:")


def test_messages_stay_calm() -> None:
    """No exclamation marks in what people read."""
    breaches = [
        f"{path}:{number} {line.strip()}"
        for path in templates()
        for number, line in enumerate(text(path).splitlines(), 1)
        if re.search(r"_\((['\"]).*!\1", line)
    ]
    assert not breaches, report(breaches, "Calm wording, without exclamation marks:")


def test_texts_are_looked_up_in_one_way() -> None:
    """`saas/words.py` asks flask-babel; `shell.py` starts it, `languages.py` and `mail.py` change its language."""
    doors = {Path("saas/words.py"), Path("saas/shell.py"), Path("saas/languages.py"), Path("saas/mail.py")}
    breaches = [
        f"{path}:{node.lineno}"
        for path in python(*PACKAGES)
        if path not in doors
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and node.module in ("flask_babel", "gettext")
    ]
    assert not breaches, report(breaches, "from saas.words import _, ngettext, later:")
