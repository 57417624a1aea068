"""The supervisor behind `make run`: what can be wrong before anything starts is one line and an exit code."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from deploy import demo

ROOT = Path(__file__).resolve().parents[2]


def _run(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "deploy/demo.py"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def _one_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.mark.parametrize("port", ["abc", "0", "65535", "-1", "80 80", "٨٠"])
def test_a_port_that_is_none_is_refused_in_one_line(port: str, tmp_path: Path) -> None:
    assert _one_line(_run(PORT=port, DATA=str(tmp_path))).startswith("run: PORT must be a number from 1 to 65534")


@pytest.mark.parametrize("above", [0, 1], ids=["pages", "sandbox"])
def test_a_port_that_is_taken_is_named(above: int, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = _one_line(_run(PORT=str(port - above), DATA=str(tmp_path)))
    assert f"port {port} for the {'sandbox' if above else 'pages'} cannot be used" in line
    assert "choose another with PORT=" in line


def test_a_folder_that_takes_no_files_is_named(tmp_path: Path) -> None:
    """A file where the folder should be: this refuses root too, whom permissions do not stop."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    line = _one_line(_run(DATA=str(tmp_path / "file" / "data")))
    assert line.startswith("run: cannot write to ")
    assert line.endswith("choose another folder with DATA=")


def test_a_second_demo_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with demo.only_one(tmp_path):
        assert "already runs" in _one_line(_run(DATA=str(tmp_path)))


def test_secrets_that_are_not_ours_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{}", encoding="utf-8")
    with pytest.raises(demo.CannotRun, match="is not what the demo wrote"):
        demo.read_secrets(tmp_path / "secrets.json")
    assert (tmp_path / "secrets.json").read_text(encoding="utf-8") == "{}"


def test_secrets_are_made_once_and_for_their_owner_only(tmp_path: Path) -> None:
    first = demo.read_secrets(tmp_path / "secrets.json")
    assert demo.read_secrets(tmp_path / "secrets.json") == first
    assert len(set(first.values())) == 3
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_the_demo_cannot_reach_a_real_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGTIDE_DATABASE_URL", "postgresql://longtide_app@db.example/longtide")
    monkeypatch.setenv("LONGTIDE_STRIPE_API_KEY", "sk_test_of_somebody")
    monkeypatch.setenv("LONGTIDE_ENV", "production")
    monkeypatch.setenv("LONGTIDE_LOG_LEVEL", "debug")
    found = demo.settings(tmp_path, 8000)
    assert found["LONGTIDE_ENV"] == "demo"
    assert found["LONGTIDE_DATABASE_URL"] == f"sqlite:///{tmp_path}/longtide.db"
    assert found["LONGTIDE_PAYMENTS"] == "sandbox"
    assert found["LONGTIDE_STRIPE_API_BASE"] == "http://127.0.0.1:8001"
    assert "LONGTIDE_STRIPE_API_KEY" not in found
    assert found["LONGTIDE_LOG_LEVEL"] == "debug"


def test_what_is_printed_is_what_demo_json_says(tmp_path: Path) -> None:
    logins = {"front_desk": {"email": "desk@still-water.example", "password": "calm"}}
    written = {
        "base_url": "http://127.0.0.1:8000",
        "clinics": {"still-water": {"url": "http://127.0.0.1:8000/c/still-water", "logins": logins}},
        "operator": {"url": "http://127.0.0.1:8000/operator", "email": "odo@longtide.example", "password": "even"},
        "mailbox_url": "http://127.0.0.1:8000/mailbox",
        "sandbox_url": "http://127.0.0.1:8001",
    }
    said = demo.describe(json.loads(json.dumps(written)), tmp_path)
    for expected in (
        "No money moves",
        "still-water    http://127.0.0.1:8000/c/still-water",
        "front desk   desk@still-water.example  calm",
        "odo@longtide.example  even",
        "http://127.0.0.1:8000/mailbox",
        "http://127.0.0.1:8001",
        str(tmp_path / "demo.json"),
    ):
        assert expected in said


def test_a_child_that_ends_takes_the_others_with_it() -> None:
    waiting = [sys.executable, "-c", "import signal; signal.pause()"]
    children = {"web": subprocess.Popen(waiting), "worker": subprocess.Popen(waiting)}
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        demo.check_alive(children)
        children["worker"].kill()
        children["worker"].wait()
        with pytest.raises(demo.CannotRun, match=r"the worker process ended by itself \(signal 9\)"):
            demo.check_alive(children)
        demo.stop(children)
        assert children["web"].returncode == -signal.SIGTERM
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for child in children.values():
            child.kill()
            child.wait()
