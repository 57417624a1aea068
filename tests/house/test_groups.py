"""What shares a running house shares a worker."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.groups import group_of
from tests.house.tree import ROOT, files, text

FILE = """
import pytest
pytestmark = [pytest.mark.xdist_group("{group}")]

@pytest.mark.parametrize("x", range(6))
def test_it(x): ...
"""


def test_a_group_stays_in_one_worker(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["tests.groups"]\n', encoding="utf-8")
    for name, group in (("a", "house"), ("b", "harbour"), ("c", "house")):
        (tmp_path / f"test_{name}.py").write_text(FILE.format(group=group), encoding="utf-8")
    options = ("-v", "-p", "no:cacheprovider", "-n", "2", "--dist", "loadgroup")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)], cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    ran = re.findall(r"\[(gw\d)\].* PASSED \S*test_([abc])\.py", done.stdout)
    assert len(ran) == 18, done.stdout
    where = {name: {worker for worker, of in ran if of == name} for name in "abc"}
    assert where["a"] == where["c"] != where["b"]
    assert len(where["a"]) == len(where["b"]) == 1


def test_every_group_is_one_that_the_scheduler_can_read() -> None:
    marked = [path for path in files() if path.name.startswith("test_") and "mark.xdist_group(" in text(path)]
    assert marked
    assert all(group_of(ROOT / path) for path in marked)
