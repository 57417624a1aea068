import threading
from urllib.parse import urlencode

import pytest
import requests

from tests.saas.sandbox.stand import NEXT_DOOR, Stand, now

SESSIONS = "/v1/checkout/sessions"


def body(**changes: str) -> str:
    fields = {
        "mode": "payment",
        "success_url": "http://127.0.0.1:9/",
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "eur",
        "line_items[0][price_data][unit_amount]": "5000",
        "line_items[0][price_data][product_data][name]": "Session",
        "expires_at": str(now() + 3600),
    }
    return urlencode(fields | changes)


def code(answer: requests.Response) -> str | None:
    error = answer.json()["error"]
    return error.get("code") or str(error["type"])


def keys_taken(stand: Stand) -> int:
    with stand.sandbox.world.store.transaction() as books:
        return int(books.db.execute("SELECT count(*) FROM answer").fetchone()[0])


def test_the_same_key_and_request_answer_the_same(stand: Stand) -> None:
    asked = body()
    first = stand.post(SESSIONS, asked, key="k")
    again = stand.post(SESSIONS, asked, key="k")
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Original-Request"] == first.headers["Request-Id"]
    assert stand.sandbox.state()["sessions"] == {"open": 1}


def test_the_order_of_parameters_makes_no_other_request(stand: Stand) -> None:
    asked = body()
    turned = "&".join(reversed(asked.split("&")))
    assert stand.post(SESSIONS, asked, key="k").json() == stand.post(SESSIONS, turned, key="k").json()


def test_another_body_or_address_under_the_key_is_an_error(stand: Stand) -> None:
    stand.post(SESSIONS, body(), key="k")
    for answer in (
        stand.post(SESSIONS, body(success_url="http://127.0.0.1:9/other"), key="k"),
        stand.post(SESSIONS, "nonsense=1", key="k"),
        stand.post("/v1/refunds", "charge=ch_1", key="k"),
    ):
        assert (answer.status_code, code(answer)) == (400, "idempotency_error")


def test_keys_belong_to_an_account(stand: Stand) -> None:
    asked = body()
    first = stand.post(SESSIONS, asked, key="k").json()
    other = stand.post(SESSIONS, asked, key="k", account=NEXT_DOOR).json()
    assert first["id"] != other["id"]


def test_no_key_means_a_new_session_each_time(stand: Stand) -> None:
    asked = body()
    assert stand.post(SESSIONS, asked).json()["id"] != stand.post(SESSIONS, asked).json()["id"]


def test_a_500_is_kept_and_comes_again(stand: Stand) -> None:
    asked = body()
    stand.sandbox.faults.switch({"status_500": 1})
    first = stand.post(SESSIONS, asked, key="k")
    again = stand.post(SESSIONS, asked, key="k")
    assert (first.status_code, again.status_code) == (500, 500)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Stripe-Should-Retry"] == "false"
    assert stand.sandbox.state()["sessions"] == {}
    assert stand.post(SESSIONS, asked, key="k2").status_code == 200


def test_a_500_after_the_work_did_the_work(stand: Stand) -> None:
    charge = stand.paid().charge
    stand.sandbox.faults.switch({"status_500_after_work": 1})
    for _ in range(2):
        assert stand.post("/v1/refunds", f"charge={charge}&amount=100", key="k").status_code == 500
    assert stand.sandbox.state()["refunds"] == {"count": 1, "refunded": {"eur": 100}}


def test_refusals_of_a_begun_request_are_kept(stand: Stand) -> None:
    asked = body(expires_at=str(now() + 1800 - 60))
    assert stand.post(SESSIONS, asked, key="k").status_code == 400
    stand.sandbox.shift_clock(-120)
    again = stand.post(SESSIONS, asked, key="k")
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (400, "true")
    assert stand.post(SESSIONS, asked, key="k2").status_code == 200


@pytest.mark.parametrize("wrong", ["unknown=1", "expires_at=soon"])
def test_refusals_before_the_work_are_not_kept(stand: Stand, wrong: str) -> None:
    assert stand.post(SESSIONS, f"{body()}&{wrong}", key="k").status_code == 400
    assert stand.post(SESSIONS, body(), key="k").status_code == 200


def test_a_rate_limit_is_not_kept(stand: Stand) -> None:
    asked = body()
    stand.sandbox.faults.switch({"status_429": 1})
    assert stand.post(SESSIONS, asked, key="k").status_code == 429
    assert stand.post(SESSIONS, asked, key="k").status_code == 200


def test_a_lost_answer_did_the_work_and_is_given_again(stand: Stand) -> None:
    asked = body()
    stand.sandbox.faults.switch({"lost_answers": 1})
    with pytest.raises(requests.ConnectionError):
        stand.post(SESSIONS, asked, key="k")
    assert stand.sandbox.state()["sessions"] == {"open": 1}
    again = stand.post(SESSIONS, asked, key="k")
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert stand.sandbox.state()["sessions"] == {"open": 1}


def test_a_key_at_work_is_in_use(stand: Stand) -> None:
    asked = body()
    stand.sandbox.faults.switch({"timeouts": 1, "timeout_seconds": 0.5})
    answers: list[requests.Response] = []
    slow = threading.Thread(target=lambda: answers.append(stand.post(SESSIONS, asked, key="k")))
    slow.start()
    while not keys_taken(stand):
        pass
    conflict = stand.post(SESSIONS, asked, key="k")
    assert (conflict.status_code, code(conflict)) == (409, "idempotency_key_in_use")
    slow.join()
    assert answers[0].status_code == 200
    assert stand.post(SESSIONS, asked, key="k").json() == answers[0].json()


def test_many_at_once_make_one(stand: Stand) -> None:
    asked = body()
    answers: list[requests.Response] = []
    threads = [threading.Thread(target=lambda: answers.append(stand.post(SESSIONS, asked, key="k"))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert stand.sandbox.state()["sessions"] == {"open": 1}


def test_keys_have_an_end(stand: Stand) -> None:
    assert stand.post(SESSIONS, body(), key="k" * 255).status_code == 200
    assert stand.post(SESSIONS, body(), key="k" * 256).status_code == 400
