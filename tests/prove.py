"""`make prove`: every proof at the size the issue names, one after another, and one table at the end.

What is printed is what was seen on this machine in this run. Arguments go to pytest (`ARGS="-k kills"`). Exit code 1
when anything is not as promised.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).parents[1]
# Proofs that note figures of their own; then the properties, by what the issue says of them.
FIGURES = "tests/proofs"
PROPERTIES: Mapping[str, str] = {
    "tests/tenants/availability": "Slot engine: properties, eight zones, agreement with the minute-by-minute reference",
    "tests/tenants/bookings": "Stripe's news in every order and number ends in one state, late and lost included",
    "tests/tenants/payments": "Ledger: what was charged, kept and given back always adds up",
}


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    line: str
    seen: str
    bound: str
    ok: bool


def main(arguments: list[str]) -> int:
    """Run, print, and say whether all is as promised."""
    with tempfile.TemporaryDirectory(prefix="longtide-prove-") as folder:
        rows = _proofs(Path(folder), arguments)
        for path, line in PROPERTIES.items():
            if any((ROOT / path).glob("test_*.py")):
                rows += _property(Path(folder), path, line, arguments)
    print(table(rows), flush=True)
    return 0 if rows and all(row.ok for row in rows) else 1


def _proofs(folder: Path, arguments: list[str]) -> list[Row]:
    told = folder / "figures.jsonl"
    report = folder / "proofs.xml"
    _pytest([FIGURES, *arguments], report, {"PROOFS_FILE": str(told)})
    rows = [Row(**json.loads(line)) for line in told.read_text(encoding="utf-8").splitlines()] if told.exists() else []
    noted = [row for row in rows if not row.ok]
    counts = _counts(report)
    if counts["failed"] and not noted:
        rows.append(Row("Proofs that failed before they saw a figure", str(counts["failed"]), "0", ok=False))
    if counts["skipped"]:
        rows.append(Row("Proofs that could not run here", str(counts["skipped"]), "0", ok=False))
    return rows


def _property(folder: Path, path: str, line: str, arguments: list[str]) -> list[Row]:
    report = folder / "properties.xml"
    _pytest([path, *arguments], report, {})
    counts = _counts(report)
    if not counts["tests"]:
        return []
    seen = f"{counts['tests'] - counts['failed'] - counts['skipped']} of {counts['tests']} tests pass"
    good = not counts["failed"] and not counts["skipped"]
    return [Row(line, seen, "all", good)]


def _pytest(arguments: list[str], report: Path, more: Mapping[str, str]) -> None:
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-v", f"--junitxml={report}", *arguments]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "LONGTIDE_PROVE": "1", **more}, check=False)


def _counts(report: Path) -> dict[str, int]:
    if not report.exists():
        return {"tests": 1, "failed": 1, "skipped": 0}
    found = {"tests": 0, "failed": 0, "skipped": 0}
    for suite in ET.parse(report).getroot().iter("testsuite"):  # noqa: S314 - pytest wrote it a moment ago
        found["tests"] += int(suite.get("tests", 0))
        found["failed"] += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        found["skipped"] += int(suite.get("skipped", 0))
    return found


def table(rows: list[Row]) -> str:
    """What was seen beside what was promised."""
    lines = [(row.line, row.seen, row.bound or "-", "ok" if row.ok else "NOT") for row in rows]
    lines.insert(0, ("what", "seen", "promised", ""))
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    made = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join(["", made[0], "-" * len(made[0]), *made[1:], ""])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
