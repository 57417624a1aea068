from typing import Any

import pytest
import requests

from saas.sandbox.stripe.faults import Faults
from saas.sandbox.stripe.serve import SandboxRefused, create_sandbox
from tests.saas.sandbox.stand import Stand


def test_faults_are_switched_and_read_over_http(stand: Stand) -> None:
    answer = stand.switch("POST", "/_faults", {"path": "/v1/refunds", "status_429": 1, "webhooks": {"double": True}})
    assert answer.json()["webhooks"]["double"] is True
    shown = stand.switch("GET", "/_faults").json()
    assert shown["requests"][0]["path"] == "/v1/refunds"
    assert stand.post("/v1/refunds", "charge=ch_1").status_code == 429
    assert stand.post("/v1/refunds", "charge=ch_1").status_code == 404
    cleared = stand.switch("DELETE", "/_faults").json()
    assert cleared == {"requests": [], "webhooks": shown["webhooks"] | {"double": False}}


def test_a_fault_keeps_to_its_path(stand: Stand) -> None:
    stand.switch("POST", "/_faults", {"path": "/v1/refunds", "status_500": 1})
    assert stand.checkout().status == "open"


@pytest.mark.parametrize(
    "wanted",
    [
        {"nonsense": 1},
        {"status_500": "many"},
        {"status_500": True},
        {"webhooks": {"double": 1}},
        {"webhooks": 5},
        [],
        5,
    ],
)
def test_faults_that_do_not_exist_are_refused(shared: Stand, wanted: Any) -> None:
    assert shared.switch("POST", "/_faults", wanted).status_code == 422
    assert shared.switch("GET", "/_faults").json()["requests"] == []


def test_counters_go_down_to_nothing() -> None:
    faults = Faults()
    faults.switch({"status_500": 1, "lost_answers": 2})
    assert [faults.take("/v1/x").kind for _ in range(4)] == ["status_500", "lost_answers", "lost_answers", ""]


def test_the_clock_is_shifted_and_stays_so(stand: Stand) -> None:
    before = stand.switch("GET", "/_clock").json()
    after = stand.switch("POST", "/_clock", {"offset_seconds": 3600}).json()
    assert after["offset_seconds"] == 3600
    assert after["now"] - before["now"] > 3599


@pytest.mark.parametrize(
    "method, path, body, status",
    [
        ("GET", "/_nothing", None, 404),
        ("POST", "/_state", {}, 405),
        ("DELETE", "/_clock", None, 405),
        ("POST", "/_clock", {}, 422),
        ("POST", "/_clock", {"offset_seconds": "soon"}, 422),
    ],
)
def test_odd_switching_is_answered(shared: Stand, method: str, path: str, body: Any, status: int) -> None:
    assert shared.switch(method, path, body).status_code == status


def test_a_foreign_pages_form_cannot_switch(shared: Stand) -> None:
    url = f"{shared.address}/_faults"
    assert (
        requests.post(url, '{"status_500": 5}', headers={"Content-Type": "text/plain"}, timeout=60).status_code == 415
    )


def test_switches_are_for_loopback_only(shared: Stand) -> None:
    from werkzeug.test import Client

    client = Client(shared.sandbox)
    assert client.get("/_state", environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 403
    assert client.get("/_state", environ_base={"REMOTE_ADDR": "127.0.0.1"}).status_code == 200
    assert client.get("/_state", environ_base={"REMOTE_ADDR": "nonsense"}).status_code == 403


def test_production_is_refused(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGTIDE_ENV", "production")
    with pytest.raises(SandboxRefused):
        create_sandbox(data_file=tmp_path / "s.db", webhook_url="", webhook_secret="", account_webhook_secret="")
    assert not (tmp_path / "s.db").exists()
