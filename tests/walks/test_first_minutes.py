"""`make run` from an empty folder, stopped, and run again: what somebody sees who has just cloned."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from deploy.demo import pages_ready
from tests.proofs.stage import free_port, until
from tests.walks.house import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("first minutes")]
FIRST_PAGE_SECONDS = 5


@dataclass(frozen=True)
class Demo:
    """A running supervisor, leading a group of its own as in a terminal."""

    child: subprocess.Popen[bytes]
    port: int
    data: Path
    log: Path

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def announced(self) -> bool:
        assert self.child.poll() is None, self.said()
        return "Ctrl-C stops it" in self.said()

    def family(self) -> list[psutil.Process]:
        found: list[psutil.Process] = psutil.Process(self.child.pid).children(recursive=True)
        return found

    def loading(self) -> bool:
        return any("gunicorn" in " ".join(one.cmdline()) for one in self.family())

    def cpu(self) -> float:
        """Seconds of processor time so far: supervisor, children, and what has ended already."""
        own = psutil.Process(self.child.pid).cpu_times()
        ended = own.children_user + own.children_system
        return float(own.user + own.system + ended + sum(sum(one.cpu_times()[:2]) for one in self.family()))


@contextmanager
def started(data: Path, port: int) -> Iterator[Demo]:
    log = data.parent / "demo.log"
    with log.open("wb") as out:
        child = subprocess.Popen(
            [sys.executable, "deploy/demo.py"], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            env={**os.environ, "PORT": str(port), "DATA": str(data), "LONGTIDE_PASSWORD_COST": "low"},
            start_new_session=True,
        )  # fmt: skip
    try:
        yield Demo(child, port, data, log)
    finally:
        child.kill()  # its children end with it
        child.wait()


@dataclass(frozen=True)
class Home:
    """A folder that a demo has lived in, its port, and what was left when Ctrl-C had stopped it."""

    data: Path
    port: int
    exit_code: int
    family: list[psutil.Process]
    said: str


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The first life, from an empty folder to Ctrl-C."""
    data, port = tmp_path_factory.mktemp("first") / "instance", free_port(row=2)
    with started(data, port) as first:
        until(first.announced, "all three work")
        family = first.family()
        os.killpg(first.child.pid, signal.SIGINT)  # what a terminal does with Ctrl-C
        return Home(data, port, first.child.wait(60), family, first.said())


def test_the_first_life_ends_with_ctrl_c_and_leaves_nobody_behind(lived_in: Home) -> None:
    assert len(lived_in.family) >= 5  # gunicorn and its two workers, sandbox, worker
    assert lived_in.exit_code == 0
    assert not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in lived_in.family)
    assert lived_in.said.rstrip().endswith("run: stopped")
    assert "Traceback" not in lived_in.said


def test_who_stops_it_at_once_is_told_nothing_else(lived_in: Home) -> None:
    with started(lived_in.data, lived_in.port) as hasty:
        until(hasty.loading, "gunicorn starts")
        os.killpg(hasty.child.pid, signal.SIGINT)  # the children hear it too, in the middle of their imports
        assert hasty.child.wait(60) == 0
        assert hasty.said() == "run: stopped\n"


def test_the_second_life_is_there_in_seconds_and_ends_when_its_folder_goes(lived_in: Home) -> None:
    with started(lived_in.data, lived_in.port) as second:
        until(lambda: pages_ready(second.port), "the first page", every=0.01)
        # Processor time, not the clock's: other tests run beside this one. No part of the way waits for anything.
        assert second.cpu() <= FIRST_PAGE_SECONDS
        until(second.announced, "all three work")
        assert "preparing" not in second.said()
        shutil.rmtree(lived_in.data, ignore_errors=True)  # while they write into it
        assert second.child.wait(60) == 1
        assert "is gone, so the demo was stopped; make run makes a new one" in second.said().splitlines()[-1]
