"""What is written down is true: commands, settings, versions, records, and the other way round."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

from pydantic_core import PydanticUndefined

from saas.config import Settings
from tests.house.tree import ROOT, files, report, text, tree

README = Path("README.md")
EXAMPLE = Path("deploy/.env.example")
# Names with the prefix that are not settings of the application.
NOT_SETTINGS = {
    "LONGTIDE_PROVE",  # the size of the proofs
    "LONGTIDE_CHROMIUM",  # where the tests find their browser
    "LONGTIDE_OWNER_DATABASE_URL",  # compose.yaml: what the migrating container gets as its database
}


def test_the_readme_has_at_most_200_lines() -> None:
    assert len(text(README).splitlines()) <= 200


def test_the_readmes_commands_are_the_makefiles() -> None:
    makefile = text(Path("Makefile"))
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    hidden = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)) - targets
    for paper in (README, Path("SECURITY.md"), Path("deploy/RUNBOOK.md"), Path(".ci/run")):
        # What stands after `make` in code or at the start of a line, not in a sentence.
        named = set(re.findall(r"(?:`|&& |^)make ([a-z][a-z-]+)", text(paper), re.MULTILINE))
        unknown = sorted(named - targets - hidden)
        assert not unknown, report(unknown, f"{paper} names commands that the Makefile does not have:")
    table = set(re.findall(r"^\| `make ([a-z-]+)` \|", text(README), re.MULTILINE))
    assert table == targets - {"help"}


def test_the_makefile_fits_one_screen() -> None:
    assert len(text(Path("Makefile")).splitlines()) <= 50


def _example() -> dict[str, tuple[bool, str]]:
    """Setting to (shown as a default?, value)."""
    found = re.findall(r"^(#?)(LONGTIDE_[A-Z_]+)=(.*)$", text(EXAMPLE), re.MULTILINE)
    assert len(found) == len({name for _, name, _ in found}), "a setting stands twice in .env.example"
    return {name: (bool(mark), value.strip('"')) for mark, name, value in found}


def test_the_example_of_settings_has_every_setting_and_no_other() -> None:
    known = {f"LONGTIDE_{name.upper()}" for name in Settings.model_fields}
    assert set(_example()) == known


def test_a_commented_setting_shows_its_default() -> None:
    breaches = []
    for name, field in Settings.model_fields.items():
        is_default, shown = _example()[f"LONGTIDE_{name.upper()}"]
        assert field.default is not PydanticUndefined
        default = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
        if is_default and shown != default:
            breaches.append(f"LONGTIDE_{name.upper()}: shows {shown!r}, is {default!r}")
    assert not breaches, report(breaches, "deploy/.env.example shows another default than saas/config.py has:")


def test_every_setting_is_explained() -> None:
    """In .env.example a comment stands above each group; a choice names all that can be chosen."""
    breaches = []
    for name, field in Settings.model_fields.items():
        choices = [str(value) for value in getattr(field.annotation, "__args__", ()) if isinstance(value, str)]
        line = f"LONGTIDE_{name.upper()}"
        above = text(EXAMPLE).split(line + "=", maxsplit=1)[0].rsplit("\n\n", maxsplit=1)[-1]
        if "# " not in above:
            breaches.append(f"{line}: no comment above it")
        breaches += [f"{line}: {choice!r} is not named" for choice in choices if choice not in text(EXAMPLE)]
    assert not breaches, report(breaches, "deploy/.env.example explains every setting:")


def test_papers_and_programs_name_settings_that_exist() -> None:
    known = {f"LONGTIDE_{name.upper()}" for name in Settings.model_fields} | NOT_SETTINGS
    breaches = [
        f"{path}: {name}"
        for path in files()
        if path.suffix in {".md", ".py", ".sh", ".service", ".yaml", ".html"} or path.name in {"Makefile", "Dockerfile"}
        for name in sorted(set(re.findall(r"\bLONGTIDE_[A-Z][A-Z_]*[A-Z]\b", text(path))) - known)
        if path.parts[0] != "tests"
    ]
    assert not breaches, report(breaches, "These settings do not exist in saas/config.py:")


def _version() -> str:
    return str(tomllib.loads(text(Path("pyproject.toml")))["project"]["version"])


def test_the_changelogs_newest_version_is_the_packages() -> None:
    newest = re.search(r"^## (\d+\.\d+\.\d+)", text(Path("CHANGELOG.md")), re.MULTILINE)
    assert newest is not None
    assert newest.group(1) == _version()


def test_a_decision_names_the_test_that_keeps_it() -> None:
    records = [path for path in files() if path.parent == Path("docs/decisions") and path.name != "README.md"]
    assert records
    breaches = []
    for number, path in enumerate(records, 1):
        if not re.fullmatch(rf"{number:04}-[a-z0-9-]+\.md", path.name):
            breaches.append(f"{path}: the next number is {number:04}")
        kept = re.search(r"^Kept by: (\S+)::(\w+)$", text(path), re.MULTILINE)
        if kept is None:
            breaches.append(f"{path}: no line 'Kept by: tests/…::test_…'")
            continue
        where = Path(kept.group(1))
        names = {n.name for n in ast.walk(tree(where)) if isinstance(n, ast.FunctionDef)} if where in files() else set()
        if kept.group(2) not in names:
            breaches.append(f"{path}: {kept.group(0)} does not exist")
    assert not breaches, report(breaches, "docs/decisions/README.md shows the template:")


def test_what_the_papers_point_at_is_there() -> None:
    tops = {path.parts[0] for path in files()}
    records = [path for path in files() if path.parent == Path("docs/decisions") and path.name != "README.md"]
    breaches = [
        f"{paper}: {name}"
        for paper in (README, Path("SECURITY.md"), Path("deploy/RUNBOOK.md"), *records)
        for name in re.findall(r"`([\w./-]+/[\w.-]+\.\w+)`", text(paper))
        if Path(name).parts[0] in tops and not (ROOT / name).exists()
    ]
    assert not breaches, report(breaches, "Papers point at files that are not there:")


def test_the_units_start_what_the_runbook_says() -> None:
    runbook = text(Path("deploy/RUNBOOK.md"))
    for unit in ("web", "worker"):
        start = re.search(
            r"^ExecStart=\S+/python (.*)$", text(Path(f"deploy/systemd/longtide-{unit}.service")), re.MULTILINE
        )
        assert start is not None
        assert f"python {start.group(1)}" in runbook


def test_papers_that_the_code_names_are_in_the_house() -> None:
    """A rule's source is no help to whoever cannot open it."""
    breaches = [
        f"{path}: {name}"
        for path in files()
        if path.suffix in {".py", ".toml", ".html", ".css", ".js"}
        for name in sorted(set(re.findall(r"(?<![\w/*`-])((?:[\w-]+/)*[\w-]+\.md)\b", text(path))))
        if not (ROOT / name).exists()
    ]
    assert not breaches, report(breaches, "Say it here, or keep the paper in docs/:")
