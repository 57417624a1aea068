"""What the house tests look at: the files that git tracks or would track, and what Python says about them."""

from __future__ import annotations

import ast
import functools
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("saas", "tenants")


@functools.cache
def files() -> tuple[Path, ...]:
    """Every file that is tracked or new and not ignored, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return tuple(sorted(Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file()))


def python(*tops: str) -> list[Path]:
    """The Python files under these top folders; of all of them when none is named."""
    return [path for path in files() if path.suffix == ".py" and (not tops or path.parts[0] in tops)]


def templates() -> list[Path]:
    return [path for path in files() if path.suffix in {".html", ".txt", ".xml"} and "templates" in path.parts]


@functools.cache
def text(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path), filename=str(path))


def report(breaches: list[str], rule: str) -> str:
    return "\n".join([rule, *(f"  {breach}" for breach in breaches)])
