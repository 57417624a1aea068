"""Slow tests are known by name, and begun first."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests import pace
from tests.house.tree import ROOT, text

PACED = """
import pytest
from tests import pace
pace.LIMIT = {limit}
pytest_plugins = ["tests.pace"]
"""


def test_every_name_is_one_of_a_test() -> None:
    for name in pace.LONG:
        file, _, test = name.partition("::")
        assert (ROOT / file).is_file(), name
        assert not test or re.search(rf"^def {test}\(", text(file), re.MULTILINE), name


def test_the_longest_are_begun_first() -> None:
    backup, walk = "tests/walks/test_staging.py::test_a_backup_comes_back", "tests/walks/test_main_walk.py::test_x[on]"
    scopes = {"a": ["tests/saas/test_db.py::test_x"], "b": [walk], "c": [backup, walk]}
    assert pace.longest_first(scopes) == ["c", "b"]


def test_the_limit_grows_with_the_crowd_and_with_what_is_known() -> None:
    plain, known = "tests/saas/test_db.py::test_x", "tests/walks/test_main_walk.py::test_x[on]"
    assert pace.allowed(plain, load=0.5, processors=2) == pace.LIMIT
    assert pace.allowed(plain, load=6, processors=2) == 3 * pace.LIMIT
    assert pace.allowed(known, load=2, processors=2) == pace.LIMIT + pace.LONG["tests/walks/test_main_walk.py"]


def test_a_test_that_takes_too_long_fails_the_run_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it(): ...\n", encoding="utf-8")
    for limit, code in ((60, 0), (-1, 1)):
        (tmp_path / "conftest.py").write_text(PACED.format(limit=limit), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0", str(tmp_path)], cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout
        assert ("TOO SLOW test_it.py::test_it" in done.stdout) == bool(code)
