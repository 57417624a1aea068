"""A sandbox in a process of its own, killed and started again on the same file."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from saas.stripe_values import GatewayUnavailable
from tests.proofs.stage import free_port
from tests.saas.sandbox.stand import ACCOUNT_SECRET, CONNECT_SECRET, ROWAN, Inbox, Stand, inbox, request

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys
from saas.sandbox.stripe.serve import serve
port, data, hook, connect, account = sys.argv[1:]
serve(host="127.0.0.1", port=int(port), data_file=data, webhook_url=hook, webhook_secret=connect,
      account_webhook_secret=account, seed_accounts=["acct_rowan"], public_url="")
"""


@contextmanager
def running(port: int, data: Path, hook: str) -> Iterator[subprocess.Popen[bytes]]:
    arguments = [str(port), str(data), hook, CONNECT_SECRET, ACCOUNT_SECRET]
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, *arguments], cwd=ROOT)
    try:
        while process.poll() is None:
            try:
                requests.get(f"http://127.0.0.1:{port}/_state", timeout=60)
                break
            except requests.ConnectionError:
                continue
        yield process
    finally:
        process.kill()
        process.wait()


def stand_at(port: int, kept: Inbox) -> Stand:
    return Stand(None, f"http://127.0.0.1:{port}", kept)  # type: ignore[arg-type]


def state(port: int) -> dict[str, dict[str, int]]:
    answer: dict[str, dict[str, int]] = requests.get(f"http://127.0.0.1:{port}/_state", timeout=60).json()
    return answer


def test_a_killed_sandbox_keeps_everything_and_delivers_what_is_left(tmp_path: Path) -> None:
    data = tmp_path / "sandbox.db"
    with inbox() as kept:
        stand = stand_at(free_port(), kept)
        port = int(stand.address.rsplit(":", 1)[1])
        nowhere = f"http://127.0.0.1:{free_port()}/"
        params = request()
        with running(port, data, nowhere) as process:
            gateway = stand.gateway()
            session = gateway.create_checkout(account=ROWAN, params=params, idempotency_key="k")
            assert stand.press(session, "pay").status_code == 303
            stand.switch("POST", "/_clock", {"offset_seconds": 60})
            process.send_signal(signal.SIGKILL)
            process.wait()
        with pytest.raises(GatewayUnavailable):
            stand.gateway().retrieve_checkout(account=ROWAN, session_id=session.id)
        with running(port, data, kept.url) as process:
            # The first answer under the key comes again: the session as it was, open.
            again = stand.gateway().create_checkout(account=ROWAN, params=params, idempotency_key="k")
            assert (again.id, again.status) == (session.id, "open")
            assert stand.gateway().retrieve_checkout(account=ROWAN, session_id=session.id).payment_status == "paid"
            assert stand.press(session, "pay").status_code == 303
            assert state(port)["charges"]["count"] == 1
            assert requests.get(f"{stand.address}/_clock", timeout=60).json()["offset_seconds"] == 60
            stand.switch("POST", "/_clock", {"offset_seconds": 600})
            assert all(kept.arrived.acquire(timeout=60) for _ in range(4))
            assert {event.type for event in stand.events()} >= {"checkout.session.completed"}
            process.terminate()
            assert process.wait(timeout=60) == 0


def test_a_claim_of_a_killed_sandbox_is_let_go(tmp_path: Path) -> None:
    data = tmp_path / "sandbox.db"
    with inbox() as kept:
        port = free_port()
        stand = stand_at(port, kept)
        params = request()
        with running(port, data, kept.url) as process:
            stand.switch("POST", "/_faults", {"timeouts": 1, "timeout_seconds": 60})
            with pytest.raises(GatewayUnavailable):
                stand.gateway(timeout_seconds=0.3).create_checkout(account=ROWAN, params=params, idempotency_key="k")
            with pytest.raises(GatewayUnavailable):  # in use
                stand.gateway().create_checkout(account=ROWAN, params=params, idempotency_key="k")
            process.kill()
            process.wait()
        with running(port, data, kept.url):
            session = stand.gateway().create_checkout(account=ROWAN, params=params, idempotency_key="k")
            assert session.status == "open"
            assert state(port)["sessions"] == {"open": 1}


def test_production_is_refused_with_one_clear_line(tmp_path: Path) -> None:
    arguments = [str(free_port()), str(tmp_path / "s.db"), "http://127.0.0.1:9/", "a", "b"]
    answer = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=ROOT,
        env=os.environ | {"LONGTIDE_ENV": "production"},
        capture_output=True,
        check=False,
    )
    assert answer.returncode != 0
    assert b"moves no money and does not start" in answer.stderr.splitlines()[-1]
