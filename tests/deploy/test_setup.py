"""`make setup`, as far as it goes without installing anything: the rest is the first thing that CI does."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return _clone(tmp_path)


def _clone(folder: Path) -> Path:
    """A tree with nothing but what `make setup` reads, and a lock that asks for nothing."""
    (folder / "deploy").mkdir()
    shutil.copy(ROOT / "deploy" / "setup.sh", folder / "deploy")
    for lock in ("requirements.lock", "requirements-dev.lock"):
        (folder / lock).write_text("# nothing\n", encoding="utf-8")
    return folder


def _setup(clone: Path, *, account: int | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["deploy/setup.sh", "run"],
        cwd=clone,
        env={**os.environ, "PYTHON": sys.executable, **environment},
        capture_output=True,
        text=True,
        check=False,
        user=account,
    )


def test_an_old_python_is_named_in_one_line(clone: Path) -> None:
    old = clone / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo "Python 3.9.2" && exit 0\nexit 1\n', encoding="utf-8")
    old.chmod(0o755)
    done = _setup(clone, PYTHON=str(old))
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"setup: Longtide needs Python 3.11 or newer; found {old} = Python 3.9.2.")
    assert not (clone / ".venv").exists()


def test_a_folder_that_takes_no_files_is_named_in_one_line() -> None:
    with tempfile.TemporaryDirectory() as made:  # pytest's own folders are closed to other accounts
        folder = _clone(Path(made))
        folder.chmod(0o555)
        done = _setup(folder, account=65534 if os.geteuid() == 0 else None)  # root may write everywhere
        folder.chmod(0o755)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"setup: cannot write to {folder}; ")


def test_it_makes_a_broken_environment_anew_then_rests_then_says_what_cannot_be_installed(clone: Path) -> None:
    """One walk, because making an environment is the slow part. No network is asked for anything."""
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").symlink_to(clone / "gone")
    first = _setup(clone)
    assert first.returncode == 0, first.stderr
    assert first.stderr.startswith("setup: .venv does not work")
    stamp = clone / ".venv" / ".run"
    assert stamp.read_text(encoding="utf-8").strip() == hashlib.sha256(b"# nothing\n").hexdigest()
    assert not (clone / ".venv" / ".unfinished").exists()

    second = _setup(clone)
    assert (second.returncode, second.stderr) == (0, "")

    (clone / "requirements.lock").write_text("flask==3.1.3\n", encoding="utf-8")  # without a hash: refused at once
    third = _setup(clone)
    assert third.returncode == 1
    assert third.stderr.splitlines()[-1].startswith("setup: pip could not install requirements.lock")
    assert not stamp.exists()
    assert (clone / ".venv" / ".unfinished").exists()
