from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.house.tree import text

RUN = Path("requirements.lock")
DEV = Path("requirements-dev.lock")
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)(?: ; (.+?))? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


def _pins(lock: Path) -> dict[str, set[str]]:
    pins: dict[str, set[str]] = {}
    for line in text(lock).splitlines():
        found = PIN.match(line)
        if found:
            pins.setdefault(canonicalize_name(found.group(1)), set()).add(found.group(2))
    return pins


@pytest.mark.parametrize("lock", [RUN, DEV], ids=str)
def test_a_lock_holds_pins_and_hashes_and_nothing_else(lock: Path) -> None:
    """So no address of a registry, no path and no unhashed package can be in it."""
    lines = [line for line in text(lock).splitlines() if not line.startswith("#")]
    assert [line for line in lines if not PIN.match(line) and not HASH.match(line)] == []
    for number, line in enumerate(lines):
        if PIN.match(line):
            assert HASH.match(lines[number + 1]), line


def test_the_development_lock_holds_the_same_versions() -> None:
    dev = _pins(DEV)
    assert {name: versions for name, versions in _pins(RUN).items() if dev.get(name) != versions} == {}


def _wanted() -> tuple[list[Requirement], list[Requirement]]:
    project = tomllib.loads(text(Path("pyproject.toml")))
    run = [Requirement(line) for line in project["project"]["dependencies"]]
    return run, [Requirement(line) for line in project["dependency-groups"]["dev"]]


def test_the_locks_hold_what_the_project_asks_for() -> None:
    run, dev = _wanted()
    for wanted, lock in ((run, RUN), (run + dev, DEV)):
        pins = _pins(lock)
        for requirement in wanted:
            versions = pins.get(canonicalize_name(requirement.name), set())
            assert versions, f"{lock} has no {requirement.name}; run make lock"
            for version in versions:
                assert Version(version) in requirement.specifier, f"{lock}: {requirement.name} {version}; run make lock"


def test_no_tool_of_development_is_in_the_lock_that_runs() -> None:
    _, dev = _wanted()
    own = {canonicalize_name(requirement.name) for requirement in dev}
    assert own & set(_pins(RUN)) == set()
