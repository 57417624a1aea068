"""The whole house as a person starts it: the demo's supervisor with web, worker and sandbox, on free ports."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.proofs.stage import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 180


@dataclass(frozen=True)
class House:
    """A running demo: its address, its folder, and what `demo.json` says."""

    base: str
    data: Path
    facts: dict[str, Any]

    def login(self, slug: str, role: str = "owner") -> tuple[str, str]:
        """(e-mail, password) of somebody at a clinic."""
        found = self.facts["clinics"][slug]["logins"][role]
        return found["email"], found["password"]


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def running(data: Path, **environment: str) -> Iterator[House]:
    """Start the demo in `data` and stop it again, by its own process."""
    port = free_port(row=2)
    base = f"http://127.0.0.1:{port}"
    log = (data / "house.log").open("w")
    child = subprocess.Popen(
        [sys.executable, str(ROOT / "deploy" / "demo.py")],
        env={**os.environ, "PORT": str(port), "DATA": str(data), "LONGTIDE_PASSWORD_COST": "low", **environment},
        stdout=log, stderr=subprocess.STDOUT, cwd=ROOT,
    )  # fmt: skip
    try:
        _wait(child, base, data)
        yield House(base, data, json.loads((data / "demo.json").read_text()))
    finally:
        child.send_signal(signal.SIGINT)
        try:
            child.wait(60)
        except subprocess.TimeoutExpired:
            child.kill()
        log.close()


def _sandbox(data: Path) -> str:
    return str(json.loads((data / "demo.json").read_text())["sandbox_url"])


def _wait(child: subprocess.Popen[bytes], base: str, data: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if child.poll() is not None:
            break
        told = (data / "demo.json").is_file() and "Ctrl-C stops it" in (data / "house.log").read_text()
        if told and _answers(f"{base}/readyz") and _answers(f"{_sandbox(data)}/_state"):
            return
        signal.sigtimedwait([], 0.2)
    raise RuntimeError("the demo did not start:\n" + (data / "house.log").read_text()[-2000:])
