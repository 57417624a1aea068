"""A pytest plugin: how long a test takes of its worker. The longest are begun first, the ten slowest are named in the
last lines, and a test that takes more than its limit fails the run.

A test may take `LIMIT` seconds, one that has its line in `LONG` so many more. Whatever a test is the first to need (a
house, a browser, a PostgreSQL) counts as its own. Where other programs want the processors too, everything takes
longer and the limit grows with them: it is for tests that grow, not for crowded machines.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

LIMIT = 20.0
NAMED = 10
# Seconds of a worker on a quiet machine with two processors. A file, or one test of it (with all its parameters).
LONG: Mapping[str, float] = {
    "tests/walks/test_staging.py::test_a_backup_comes_back": 10,
    "tests/walks/test_staging.py": 5,
    "tests/walks/test_every_page.py::test_the_house_stands": 10,
    "tests/walks/test_every_page.py": 3,
    "tests/walks/test_main_walk.py": 7,
    "tests/walks/test_owner_walk.py": 15,
    "tests/walks/test_first_minutes.py": 10,
    "tests/walks/test_production.py": 4,
    "tests/screens/test_browser.py::test_axe_finds_nothing_and_the_console_is_quiet": 1,
    "tests/proofs/test_kills.py": 20,
    "tests/proofs/test_http_races.py": 4,
    "tests/proofs/test_workers.py": 6,
    "tests/proofs/test_races.py": 5,
    "tests/bench/test_bench.py": 10,
}


def seconds_of(nodeid: str) -> float:
    """What `LONG` says of this test; 0 where it says nothing."""
    file, _, name = nodeid.partition("::")
    return LONG.get(f"{file}::{name.partition('[')[0]}", LONG.get(file, 0))


def longest_first(scopes: Mapping[str, Iterable[str]]) -> list[str]:
    """The names of the scopes (name → its tests) that are known to take long, the longest first."""
    known = {scope: sum(map(seconds_of, tests)) for scope, tests in scopes.items()}
    return sorted((scope for scope, seconds in known.items() if seconds), key=lambda scope: -known[scope])


def allowed(nodeid: str, *, load: float, processors: int) -> float:
    """The seconds that a test may take while `load` programs want one of the processors."""
    return (LIMIT + seconds_of(nodeid)) * max(1.0, load / processors)


@dataclass(eq=False)
class Pace:
    """What every test of this run took, and which took too long. Lives in the process that has the workers."""

    took: dict[str, float] = field(default_factory=dict)
    over: dict[str, float] = field(default_factory=dict)

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.took[report.nodeid] = took = self.took.get(report.nodeid, 0.0) + report.duration
        may = allowed(report.nodeid, load=os.getloadavg()[0], processors=os.cpu_count() or 1)
        if report.when == "teardown" and took > may:
            self.over[report.nodeid] = may

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.over and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(wrapper=True)
    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> Iterable[None]:
        slowest = sorted(self.took, key=lambda nodeid: -self.took[nodeid])[:NAMED]
        if slowest and self.took[slowest[0]] > 1:
            terminalreporter.section(f"the {NAMED} slowest tests, in seconds of a worker")
            for nodeid in slowest:
                terminalreporter.write_line(f"{self.took[nodeid]:6.1f}  {nodeid}")
        for nodeid, may in self.over.items():
            terminalreporter.write_line(
                f"TOO SLOW {nodeid}: {self.took[nodeid]:.1f} s, it may take {may:.1f}. Make it faster, or name it in"
                " LONG of tests/pace.py and say there what it takes on a quiet machine.",
                red=True,
            )
        return (yield)


def pytest_configure(config: pytest.Config) -> None:
    """At full size (`make prove`) a test takes what it takes."""
    if not hasattr(config, "workerinput") and os.environ.get("LONGTIDE_PROVE") != "1":
        config.pluginmanager.register(Pace(), "longtide-pace")
