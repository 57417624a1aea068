"""The processes of the proofs, each leading a group of its own, started and ended by what we hold of them."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from saas import clock
from saas.config import Settings, load_settings
from tests.databases import MASTER_KEYS

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"
PATIENCE = 120.0
_FLASK = (sys.executable, "-m", "flask", "--app", "wsgi")
_nothing = threading.Event()


def free_port(*, row: int = 1) -> int:
    """The first of `row` ports that nobody listens on just now; from below those that the system hands to whoever
    connects, so that no passing line sits there when a server comes back to it."""
    for _ in range(50):
        first = 20_000 + int.from_bytes(os.urandom(2), "big") % 10_000
        with contextlib.ExitStack() as probes, contextlib.suppress(OSError):
            for port in range(first, first + row):
                probes.enter_context(socket.socket()).bind((HOST, port))
            return first
    raise RuntimeError(f"no {row} free ports in a row")


def until(ready: Callable[[], bool], what: str, *, patience: float = PATIENCE, every: float = 0.02) -> None:
    """Look again and again until it is so."""
    last = clock.monotonic() + patience
    while not ready():
        assert clock.monotonic() < last, f"{what}: not within {patience:.0f} s"
        pause(every)


def pause(seconds: float) -> None:
    """Let other processes work. Proofs about moments that nobody announces need it; tests do not."""
    _nothing.wait(seconds)


@dataclass
class Stage:
    """Web, workers and sandbox over one database and one folder, as `make run` starts them."""

    database_url: str
    keys: str
    folder: Path
    log_level: str = "warning"
    web_port: int = field(default_factory=free_port)
    sandbox_port: int = field(default_factory=free_port)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        return f"http://{HOST}:{self.web_port}"

    @property
    def sandbox_url(self) -> str:
        return f"http://{HOST}:{self.sandbox_port}"

    def values(self) -> dict[str, str]:
        """The settings all processes share; the secrets are those of the tests."""
        return {
            "env": "demo",
            "data": str(self.folder),
            "database_url": self.database_url,
            "keys": self.keys,
            "master_keys": MASTER_KEYS,
            "base_url": self.base_url,
            "payments": "sandbox",
            "sandbox_url": self.sandbox_url,
            "stripe_api_base": self.sandbox_url,
            "stripe_api_key": "sk_test_sandbox",
            "stripe_connect_webhook_secret": "whsec_connect_tests",
            "stripe_account_webhook_secret": "whsec_account_tests",
            "mail_transport": "mailbox",
            "password_cost": "low",
            "secret_key": "tests-only-secret-tests-only-secret",
            "log_level": self.log_level,
        }

    def settings(self) -> Settings:
        """The same for an application in this process, whose log stays as loud as the tests after it expect."""
        return load_settings(**{**self.values(), "log_level": "info"})

    def start_web(self) -> None:
        """Gunicorn with the configuration and the options of `make run`, until it says that it is ready."""
        bind = f"{HOST}:{self.web_port}"
        options = ("--bind", bind, "--log-level", "warning", "--graceful-timeout", "5")
        self._start(
            "web", sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", *options, "wsgi:create_app()"
        )
        until(self._says_ready, "the web process is ready")

    def start_sandbox(self) -> None:
        """The payment sandbox on its own file, until it listens."""
        self._start("sandbox", *_FLASK, "sandbox")
        until(lambda: _listens(self.sandbox_port), "the sandbox listens")

    def start_worker(self, name: str = "worker") -> None:
        """A worker; what it logs is appended to `<name>.log`."""
        self._start(name, *_FLASK, "worker")

    def log(self, name: str) -> str:
        """What a process has said so far, over all its lives."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")

    def kill(self, name: str) -> None:
        """kill -9 the process and every process it made, and wait until the kernel has taken them away."""
        self._end(name, signal.SIGKILL)

    def stop(self, name: str) -> None:
        """Ask a process to end, and wait for it."""
        self._end(name, signal.SIGTERM)

    def stop_all(self) -> None:
        """Nothing that was started here is left."""
        for name in list(self.running):
            self.kill(name)

    def _start(self, name: str, *command: str) -> None:
        plain = {key: value for key, value in os.environ.items() if not key.startswith("LONGTIDE_")}
        ours = {f"LONGTIDE_{key.upper()}": value for key, value in self.values().items()}
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**plain, **ours, "FLASK_SKIP_DOTENV": "1", "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _end(self, name: str, number: int) -> None:
        process = self.running.pop(name)
        if number == signal.SIGKILL:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            process.wait()
            return
        process.send_signal(number)
        try:
            process.wait(timeout=30)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _says_ready(self) -> bool:
        assert self.running["web"].poll() is None, self.log("web")[-2000:]
        connection = http.client.HTTPConnection(HOST, self.web_port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0
