"""Nothing of the machine that wrote it, nothing secret, nothing half done is in the repository."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.house.tree import files, python, report, text, tree

TEXTS = {".py", ".md", ".toml", ".html", ".txt", ".css", ".js", ".json", ".yaml", ".yml", ".sh", ".sql", ".service", ""}
# Written in pieces, so that this file does not hold what it looks for.
HOSTS = ("py" + "pi.org", "python" + "hosted", "npm" + "js.", "deb." + "debian", "docker" + ".io", "ghcr" + ".io")
PLACES = ("/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/", "/Us" + "ers/", "/opt/" + "wheels", "/t" + "mp/")
SECRETS = {
    "a live Stripe key": r"\b[rs]k_live_[A-Za-z0-9]{8,}",
    "a webhook secret": r"\bwhsec_[A-Za-z0-9+/=]{24,}",
    "a private key": "-----BEGIN [A-Z ]*PRIVATE" + " KEY-----",
    "an AWS key": r"\bAKIA[0-9A-Z]{16}\b",
}
HALF_DONE = ("TO" + "DO", "FIX" + "ME", "X" + "XX", "NotImplemented" + "Error")


def _readable() -> list[Path]:
    return [path for path in files() if path.suffix in TEXTS and path.name != "LICENSE"]


def _holding(words: tuple[str, ...]) -> list[str]:
    return [
        f"{path}:{number} {word}"
        for path in _readable()
        for number, line in enumerate(text(path).splitlines(), 1)
        for word in words
        if word in line
    ]


def test_no_host_of_a_registry_is_named() -> None:
    breaches = _holding(HOSTS)
    assert not breaches, report(breaches, "Packages come from wherever the machine's own settings say:")


def test_no_path_of_a_machine_is_named() -> None:
    breaches = _holding(PLACES)
    assert not breaches, report(breaches, "Paths are relative, settings, or made for the occasion:")


def test_no_secret_is_tracked() -> None:
    breaches = [
        f"{path}: {what}" for path in _readable() for what, pattern in SECRETS.items() if re.search(pattern, text(path))
    ]
    assert not breaches, report(breaches, "Secrets are made at the first start or come from the environment:")


def test_nothing_is_half_done() -> None:
    words = "|".join(HALF_DONE)
    breaches = [
        f"{path}:{number} {line.strip()}"
        for path in _readable()
        if path.suffix in {".py", ".html", ".js", ".css", ".sh", ".sql"}
        for number, line in enumerate(text(path).splitlines(), 1)
        if re.search(rf"\b(?:{words})\b", line)
    ]
    assert not breaches, report(breaches, "Do it, or file it:")


def test_no_file_is_large() -> None:
    large = [str(path) for path in files() if path.stat().st_size > 512 * 1024]
    assert not large, report(large, "Files over 512 KiB; are they made by something?")


def _calls(path: Path) -> list[tuple[int, str]]:
    found = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            found.append((node.lineno, f"{owner}.{node.attr}"))
        elif isinstance(node, ast.ImportFrom):
            found += [(node.lineno, f"{node.module}.{name.name}") for name in node.names]
    return found


def test_tests_do_not_sleep_mock_or_excuse_themselves() -> None:
    """Skipping is for what a machine lacks, said by a fixture (in CI tests/skipped.py fails it)."""
    banned = ("unittest.mock", "mock.", "time.sleep", "mark.skip", "mark.skipif", "mark.xfail", "pytest.xfail")
    breaches = [
        f"{path}:{line} {call}"
        for path in python("tests")
        for line, call in _calls(path)
        if call.startswith(banned[:2]) or call in banned
    ]
    assert not breaches, report(breaches, "Wait for an event, pass the clock in, use the real thing:")


def test_bare_ignores_say_what_they_ignore() -> None:
    breaches = [
        f"{path}:{number}"
        for path in python()
        for number, line in enumerate(text(path).splitlines(), 1)
        if re.search(r"#\s*(?:noqa(?!:)|type:\s*ignore(?!\[))", line)
    ]
    assert not breaches, report(breaches, "Name the rule that is let off, and why:")
