"""`make run`: the demo on this machine, one command from a fresh clone to a page.

Checks what it needs, makes the database and the two fictional clinics when they are not there yet, then runs web,
worker and sandbox as three processes that live and die together. Settings: PORT (8000; the sandbox takes the next)
and DATA (./instance). Everything that can be wrong is one line on standard error and an exit code other than 0.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import http.client
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
READY_SECONDS = 120
STOP_SECONDS = 30  # only a process that hangs needs them; a crowded machine needs ten
FLASK = (sys.executable, "-m", "flask", "--app", "wsgi")
# What a person may set for the demo as well. Any other LONGTIDE_ setting in the environment belongs to a real
# installation, and a demo must never reach its database or its Stripe account.
KEPT = ("LONGTIDE_LOG_LEVEL", "LONGTIDE_PASSWORD_COST", "LONGTIDE_RATE_LIMITS")


class CannotRun(Exception):
    """The demo cannot start, or has to stop. The message is the one line a person reads."""


class Stopped(Exception):
    """Somebody asked the demo to stop."""


def main() -> int:
    """Run the demo until it is stopped: 0 when asked to, 1 when something was wrong."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        check_python()
        port = read_port(os.environ.get("PORT", ""))
        data = open_data(Path(os.environ.get("DATA") or ROOT / "instance"))
        with only_one(data):
            check_ports(port)
            environment = settings(data, port)
            prepare(data, environment)
            run(data, port, environment)
    except CannotRun as problem:
        print(f"run: {problem}", file=sys.stderr, flush=True)
        return 1
    except OSError as error:  # a full disk, a folder that went away
        where = f" ({error.filename})" if error.filename else ""
        print(f"run: the demo cannot go on: {error.strerror or error}{where}", file=sys.stderr, flush=True)
        return 1
    except Stopped:
        print("run: stopped", file=sys.stderr, flush=True)
        return 0
    return 0


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise Stopped


# --- what has to be right before anything starts


def check_python() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - somebody may start this file with an old Python by hand
        raise CannotRun(f"Longtide needs Python 3.11 or newer, this is {sys.version.split()[0]}; run make run")


def read_port(text: str) -> int:
    """The port for the pages; the sandbox has the one above it."""
    text = text.strip() or "8000"
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65534:
        raise CannotRun(f"PORT must be a number from 1 to 65534, not {text!r}")
    return int(text)


def open_data(data: Path) -> Path:
    """The data folder, made when missing. It has to take files."""
    data = data.expanduser().absolute()
    probe = data / f".write-{os.getpid()}"
    try:
        data.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        raise CannotRun(f"cannot write to {data} ({error.strerror}); choose another folder with DATA=") from error
    return data


@contextlib.contextmanager
def only_one(data: Path) -> Iterator[None]:
    """One demo per data folder. The lock goes with the process, however it ends."""
    with (data / ".lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CannotRun(f"a demo already runs on {data}; stop it, or choose another folder with DATA=") from error
        yield


def check_ports(port: int) -> None:
    for number, what in ((port, "the pages"), (port + 1, "the sandbox")):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, number))
            except OSError as error:
                raise CannotRun(
                    f"port {number} for {what} cannot be used ({error.strerror}); choose another with PORT="
                ) from error


# --- settings and data


def settings(data: Path, port: int) -> dict[str, str]:
    """The environment of all three processes."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("LONGTIDE_") or key in KEPT}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)  # compiled once, a second run starts in a third of the time
    own = read_secrets(data / "secrets.json")
    sandbox = f"http://{HOST}:{port + 1}"
    return {
        **kept,
        "FLASK_SKIP_DOTENV": "1",  # a .env here is for a real installation
        "PYTHONUNBUFFERED": "1",
        "LONGTIDE_LOG_LEVEL": kept.get("LONGTIDE_LOG_LEVEL", "warning"),  # the addresses must not scroll away
        "LONGTIDE_ENV": "demo",
        "LONGTIDE_DATA": str(data),
        "LONGTIDE_DATABASE_URL": f"sqlite:///{data / 'longtide.db'}",
        "LONGTIDE_BASE_URL": f"http://{HOST}:{port}",
        "LONGTIDE_PAYMENTS": "sandbox",
        "LONGTIDE_SANDBOX_URL": sandbox,
        "LONGTIDE_STRIPE_API_BASE": sandbox,
        "LONGTIDE_MAIL_TRANSPORT": "mailbox",
        "LONGTIDE_SECRET_KEY": own["secret_key"],
        "LONGTIDE_STRIPE_CONNECT_WEBHOOK_SECRET": own["connect_webhook_secret"],
        "LONGTIDE_STRIPE_ACCOUNT_WEBHOOK_SECRET": own["account_webhook_secret"],
    }


def read_secrets(path: Path) -> dict[str, str]:
    """The secrets of this demo, made once and readable by their owner only. Links in old mails depend on them."""
    names = ("secret_key", "connect_webhook_secret", "account_webhook_secret")
    if not path.exists():
        made = {name: ("whsec_" if "webhook" in name else "") + secrets.token_urlsafe(32) for name in names}
        with contextlib.suppress(FileNotFoundError):
            path.with_suffix(".new").unlink()
        handle = os.open(path.with_suffix(".new"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(made, file, indent=2)
        path.with_suffix(".new").replace(path)
    found = _json(path)
    if any(not isinstance(found.get(name), str) for name in names):
        raise CannotRun(f"{path} is not what the demo wrote; remove the folder, or choose another with DATA=")
    return {name: str(found[name]) for name in names}


def prepare(data: Path, environment: Mapping[str, str]) -> None:
    """Migrate and seed, but only when this code and this address have not done so: it costs seconds."""
    head = ROOT / "migrations" / ".head"
    wanted = {
        "head": head.read_text(encoding="utf-8").strip() if head.exists() else None,
        "base_url": environment["LONGTIDE_BASE_URL"],
    }
    done = data / "prepared.json"
    ready = (data / "longtide.db").exists() and (data / "demo.json").exists()
    if ready and wanted["head"] and done.exists() and _json(done) == wanted:
        return
    print("run: preparing the database and two fictional clinics", file=sys.stderr, flush=True)
    _step("the database could not be migrated", (*FLASK, "db", "upgrade"), environment)
    _step("the fictional clinics could not be made", (*FLASK, "demo"), environment)
    done.write_text(json.dumps(wanted), encoding="utf-8")


def _step(problem: str, command: tuple[str, ...], environment: Mapping[str, str]) -> None:
    """Run to the end in silence; what it said is shown only when it failed."""
    with subprocess.Popen(
        command, cwd=ROOT, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as child:
        try:
            said, _ = child.communicate()
        except Stopped:
            child.terminate()
            raise
    if child.returncode != 0:
        print(said, file=sys.stderr)
        raise CannotRun(f"{problem} (the reason is above)")


# --- the three processes


def run(data: Path, port: int, environment: Mapping[str, str]) -> None:
    """Start all three, say where they are once all three work, and wait. One that ends takes the others with it.

    The pages come first and alone: starting costs each process a second or two, and somebody waits for the pages. For
    the same reason the application is loaded before the fork (it opens its database later): once, not twice.
    """
    children: dict[str, subprocess.Popen[bytes]] = {}
    database = data / "longtide.db"
    same = identity(database)
    gunicorn = (sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "--bind", f"{HOST}:{port}")
    ours = ("--preload", "--log-level", "warning", "--graceful-timeout", "5")
    try:
        children["web"] = _start((*gunicorn, *ours, "wsgi:create_app()"), environment)
        wait_until(lambda: pages_ready(port), "the pages were", children)
        children["sandbox"] = _start((*FLASK, "sandbox"), environment)
        since = time.monotonic()
        children["worker"] = _start((*FLASK, "worker"), environment)
        wait_until(lambda: accepts(port + 1), "the sandbox was", children)
        wait_until(lambda: worker_beats(port, since), "the worker was", children)
        print(describe(_json(data / "demo.json"), data), flush=True)
        while True:
            time.sleep(0.3)
            check_alive(children)
            if identity(database) != same:  # SQLite would make an empty one in its place
                raise CannotRun(f"{database} is gone, so the demo was stopped; make run makes a new one")
    finally:
        stop(children)


def _start(command: tuple[str, ...], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=dict(environment),
        preexec_fn=_as_child,  # noqa: PLW1509 - this program has one thread
    )


def _as_child() -> None:
    """On Linux, even kill -9 of the supervisor leaves nothing behind (PR_SET_PDEATHSIG = 1).

    A terminal's Ctrl-C reaches the whole group. Until a child has its own idea of it, it leaves that to us: Python's
    would be a page of traceback.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def check_alive(children: Mapping[str, subprocess.Popen[bytes]]) -> None:
    for name, child in children.items():
        if child.poll() is None:
            continue
        time.sleep(0.2)  # Ctrl-C reaches the children too, perhaps before us: then this sleep raises Stopped
        how = f"exit code {child.returncode}" if child.returncode >= 0 else f"signal {-child.returncode}"
        raise CannotRun(f"the {name} process ended by itself ({how}), so the others were stopped")


def identity(path: Path) -> int | None:
    """Which file this is; None when there is none."""
    try:
        return path.stat().st_ino
    except OSError:
        return None


def pages_ready(port: int) -> bool:
    """Whether /readyz says 200: database reachable, migrations applied."""
    return _get(port, "/readyz") is not None


def worker_beats(port: int, since: float) -> bool:
    """Whether a worker was seen after `since` (monotonic); an earlier demo's heartbeat is older than that."""
    found = re.search(r"^longtide_worker_heartbeat_age_seconds (\S+)$", _get(port, "/metrics") or "", re.MULTILINE)
    return found is not None and float(found.group(1)) < time.monotonic() - since


def _get(port: int, path: str) -> str | None:
    """The page's text when it answers 200."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.read().decode() if answer.status == 200 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def wait_until(ready: Callable[[], bool], what: str, children: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Ask again and again, as long as all children live and READY_SECONDS have not passed."""
    last = time.monotonic() + READY_SECONDS
    while not ready():
        check_alive(children)
        if time.monotonic() > last:
            raise CannotRun(f"{what} not ready within {READY_SECONDS} s")
        time.sleep(0.05)


def stop(children: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """End all of them: politely, then not. A second Ctrl-C does not interrupt this."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for child in children.values():
        if child.poll() is None:
            child.terminate()
    last = time.monotonic() + STOP_SECONDS
    for name, child in children.items():
        try:
            child.wait(timeout=max(0.1, last - time.monotonic()))
        except subprocess.TimeoutExpired:
            print(f"run: the {name} process did not stop in {STOP_SECONDS} s and was killed", file=sys.stderr)
            child.kill()
            child.wait()


# --- what a person reads


def _json(path: Path) -> dict[str, object]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CannotRun(f"{path} cannot be read; remove it and run again") from error
    return found if isinstance(found, dict) else {}


def describe(demo: Mapping[str, object], data: Path) -> str:
    """The demo's addresses and log-ins, as lines for a terminal."""
    lines = ["", f"Longtide demo: {demo.get('base_url')}", "No money moves: payments go to a sandbox on this machine."]
    clinics = demo.get("clinics")
    for slug, clinic in clinics.items() if isinstance(clinics, dict) else ():
        lines += ["", f"  {slug:<14} {clinic['url']}"]
        lines += [
            f"    {role.replace('_', ' '):<12} {login['email']}  {login['password']}"
            for role, login in clinic["logins"].items()
        ]
    operator = demo.get("operator")
    if isinstance(operator, dict):
        lines += ["", f"  {'operator':<14} {operator['url']}", f"{'':17}{operator['email']}  {operator['password']}"]
    lines += ["", f"  {'mailbox':<14} {demo.get('mailbox_url')}", f"  {'sandbox':<14} {demo.get('sandbox_url')}"]
    return "\n".join([*lines, "", f"All of this is in {data / 'demo.json'}. Ctrl-C stops it."])


if __name__ == "__main__":
    sys.exit(main())
