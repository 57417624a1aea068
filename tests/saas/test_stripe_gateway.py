import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe

from saas.stripe_gateway import API_VERSION, StripeGateway
from saas.stripe_values import (
    GatewayRefused,
    GatewayReplayed500,
    GatewayUnavailable,
    InvalidSignature,
    Unreadable,
    checkout_params,
)
from tests.saas.sandbox.stand import ACCOUNT_SECRET, CONNECT_SECRET, NEXT_DOOR, ROWAN, Stand, now, request
from tests.saas.sandbox.stand import stand as opened


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with opened(tmp_path_factory.mktemp("gateway")) as made:
        yield made


@pytest.fixture(autouse=True)
def _healthy(stand: Stand) -> Iterator[None]:
    yield
    stand.sandbox.faults.clear()


@pytest.fixture
def gateway(stand: Stand) -> StripeGateway:
    return stand.gateway()


def signed(secret: str, *, at: int | None = None, account: str | None = ROWAN) -> tuple[bytes, str]:
    event: dict[str, Any] = {
        "id": "evt_1",
        "object": "event",
        "type": "checkout.session.completed",
        "created": now(),
        "data": {"object": {"id": "cs_1", "metadata": {"payment_attempt": "a1"}}},
    }
    if account:
        event["account"] = account
    payload = json.dumps(event)
    return payload.encode(), stripe.WebhookSignature.generate_signature_header(payload, secret, at or now())


def test_the_pinned_version_is_the_librarys() -> None:
    assert stripe.api_version == API_VERSION


def test_stripe_is_imported_at_the_first_call_only() -> None:
    code = "import sys, saas.stripe_gateway as g; g.StripeGateway; sys.exit('stripe' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False).returncode == 0


def test_a_checkout_becomes_a_plain_value(stand: Stand, gateway: StripeGateway) -> None:
    session = gateway.create_checkout(account=ROWAN, params=request(), idempotency_key="plain")
    assert (session.status, session.payment_status, session.amount, session.currency) == ("open", "unpaid", 8000, "EUR")
    assert session.url == f"{stand.address}/pay/{session.id}"
    assert session.metadata == {"payment_attempt": "a1", "booking": "b1"}
    assert session.charge is None

    stand.press(session, "pay")
    paid = gateway.retrieve_checkout(account=ROWAN, session_id=session.id)
    assert (paid.status, paid.payment_status, paid.card_brand, paid.card_last4) == ("complete", "paid", "visa", "4242")
    assert paid.payment_intent
    assert paid.payment_intent.startswith("pi_")
    assert paid.charge
    assert paid.receipt_url == f"{stand.address}/receipt/{paid.charge}"


def test_a_stored_request_survives_json(gateway: StripeGateway) -> None:
    params = request()
    first = gateway.create_checkout(account=ROWAN, params=params, idempotency_key="json")
    stored = json.loads(json.dumps(params, sort_keys=True))
    assert gateway.create_checkout(account=ROWAN, params=stored, idempotency_key="json").id == first.id


def test_expire_ends_an_open_session_and_answers_any_other_as_it_is(stand: Stand, gateway: StripeGateway) -> None:
    session = gateway.create_checkout(account=ROWAN, params=request(), idempotency_key="expire")
    assert gateway.expire_checkout(account=ROWAN, session_id=session.id).status == "expired"
    assert gateway.expire_checkout(account=ROWAN, session_id=session.id).status == "expired"
    paid = stand.paid(key="expire-paid")
    answered = gateway.expire_checkout(account=ROWAN, session_id=paid.id)
    assert (answered.status, answered.payment_status, answered.charge) == ("complete", "paid", paid.charge)
    with pytest.raises(GatewayRefused) as refused:
        gateway.expire_checkout(account=NEXT_DOOR, session_id=paid.id)
    assert refused.value.code == "resource_missing"


def test_refund_and_list(stand: Stand, gateway: StripeGateway) -> None:
    intent = stand.paid(key="refund").payment_intent or ""
    made = gateway.refund(account=ROWAN, payment_intent=intent, amount=3000, idempotency_key="r1", metadata={"a": "b"})
    again = gateway.refund(account=ROWAN, payment_intent=intent, amount=3000, idempotency_key="r1", metadata={"a": "b"})
    assert made == again
    assert (made.status, made.amount, made.currency) == ("succeeded", 3000, "EUR")
    gateway.refund(account=ROWAN, payment_intent=intent, amount=5000, idempotency_key="r2", metadata={})
    assert [one.amount for one in gateway.list_refunds(account=ROWAN, payment_intent=intent)] == [5000, 3000]


@pytest.mark.parametrize(
    "fault", [{"status_429": 1}, {"status_500": 1}, {"lost_answers": 1}, {"status_500_after_work": 1}]
)
def test_no_answer_and_overload_mean_nobody_knows(stand: Stand, gateway: StripeGateway, fault: dict[str, int]) -> None:
    stand.sandbox.faults.switch(fault)
    with pytest.raises(GatewayUnavailable):
        gateway.create_checkout(account=ROWAN, params=request(), idempotency_key=f"unknown-{fault}")


def test_a_time_out_means_nobody_knows(stand: Stand) -> None:
    params = request()
    stand.sandbox.faults.switch({"timeouts": 1, "timeout_seconds": 0.4})
    with pytest.raises(GatewayUnavailable):
        stand.gateway(timeout_seconds=0.1).create_checkout(account=ROWAN, params=params, idempotency_key="slow")
    with pytest.raises(GatewayUnavailable):  # the first is still at work: 409
        stand.gateway().create_checkout(account=ROWAN, params=params, idempotency_key="slow")


def test_a_sandbox_that_is_not_there_means_nobody_knows() -> None:
    nobody = Stand(None, "http://127.0.0.1:9", None).gateway()  # type: ignore[arg-type]
    with pytest.raises(GatewayUnavailable):
        nobody.retrieve_checkout(account=ROWAN, session_id="cs_1")


def test_a_replayed_500_asks_for_a_new_key(stand: Stand, gateway: StripeGateway) -> None:
    params = request()
    stand.sandbox.faults.switch({"status_500": 1})
    with pytest.raises(GatewayUnavailable):
        gateway.create_checkout(account=ROWAN, params=params, idempotency_key="first")
    with pytest.raises(GatewayReplayed500):
        gateway.create_checkout(account=ROWAN, params=params, idempotency_key="first")
    assert gateway.create_checkout(account=ROWAN, params=params, idempotency_key="second").status == "open"


def test_a_refusal_says_code_and_param_and_keeps_values_out_of_its_text(gateway: StripeGateway) -> None:
    params = request(customer_email="not-an-address")
    with pytest.raises(GatewayRefused) as refused:
        gateway.create_checkout(account=ROWAN, params=params, idempotency_key="mail")
    assert (refused.value.code, refused.value.param) == ("email_invalid", "customer_email")
    assert "not-an-address" not in str(refused.value)
    assert refused.value.__suppress_context__


def test_a_lapsed_expiry_is_a_refusal(gateway: StripeGateway) -> None:
    with pytest.raises(GatewayRefused) as refused:
        gateway.create_checkout(account=ROWAN, params=request(expires_at=now() + 60), idempotency_key="late")
    assert refused.value.param == "expires_at"


def test_wrong_keys_and_foreign_accounts_are_refusals(stand: Stand, gateway: StripeGateway) -> None:
    with pytest.raises(GatewayRefused):
        stand.gateway(api_key="sk_live_x").retrieve_checkout(account=ROWAN, session_id="cs_1")
    with pytest.raises(GatewayRefused) as refused:
        gateway.retrieve_checkout(account="acct_unknown", session_id="cs_1")
    assert refused.value.code == "account_invalid"


def test_another_request_under_the_same_key_is_a_refusal(gateway: StripeGateway) -> None:
    gateway.create_checkout(account=ROWAN, params=request(), idempotency_key="other")
    with pytest.raises(GatewayRefused) as refused:
        gateway.create_checkout(account=ROWAN, params=request(amount=8100), idempotency_key="other")
    assert refused.value.code == "idempotency_error"


def test_bodies_are_not_logged(gateway: StripeGateway, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        params = request(customer_email="cleo@example.org")
        gateway.create_checkout(account=ROWAN, params=params, idempotency_key="logged")
    assert "cleo" not in caplog.text
    assert "Rowan Clinic" not in caplog.text


def test_events_of_both_endpoints_are_read(gateway: StripeGateway) -> None:
    payload, signature = signed(CONNECT_SECRET)
    event = gateway.read_event(payload=payload, signature=signature)
    assert (event.id, event.type, event.account) == ("evt_1", "checkout.session.completed", ROWAN)
    assert event.object["metadata"] == {"payment_attempt": "a1"}
    payload, signature = signed(ACCOUNT_SECRET, account=None)
    assert gateway.read_event(payload=payload, signature=signature).account is None


@pytest.mark.parametrize(
    "secret, at, account",
    [
        ("whsec_somebody", 0, ROWAN),
        (CONNECT_SECRET, -301, ROWAN),
        (CONNECT_SECRET, 0, None),  # a Connect event always has an account
        (ACCOUNT_SECRET, 0, ROWAN),  # and the platform's own never has
    ],
)
def test_forged_old_and_crossed_signatures_are_refused(
    gateway: StripeGateway, secret: str, at: int, account: str | None
) -> None:
    payload, signature = signed(secret, at=now() + at, account=account)
    with pytest.raises(InvalidSignature) as refused:
        gateway.read_event(payload=payload, signature=signature)
    assert refused.value.status == 400


@pytest.mark.parametrize("signature", ["", "t=1", "v1=abc", "t=x,v1=é", f"t={'9' * 5000},v1=a", "t=1,v1=é", "\x00"])
def test_odd_signatures_are_refused(gateway: StripeGateway, signature: str) -> None:
    with pytest.raises(InvalidSignature):
        gateway.read_event(payload=signed(CONNECT_SECRET)[0], signature=signature)


def test_changed_and_odd_bodies_are_refused(gateway: StripeGateway) -> None:
    payload, signature = signed(CONNECT_SECRET)
    for body in (payload.replace(b"cs_1", b"cs_2"), b"", b"\xff\xfe", b"{"):
        with pytest.raises(InvalidSignature):
            gateway.read_event(payload=body, signature=signature)


@pytest.mark.parametrize("body", ["[]", "null", "nonsense", "{}", '{"id": "e", "type": "t", "created": 1, "data": []}'])
def test_signed_nonsense_is_refused(gateway: StripeGateway, body: str) -> None:
    signature = stripe.WebhookSignature.generate_signature_header(body, CONNECT_SECRET, now())
    with pytest.raises(Unreadable):
        gateway.read_event(payload=body.encode(), signature=signature)


def test_checkout_params_ask_for_cards_and_leave_out_what_is_not_wanted() -> None:
    params = checkout_params(
        amount=50,
        currency="USD",
        name="Session",
        success_url="https://a.example/",
        cancel_url="https://a.example/",
        expires_at=1,
        application_fee=0,
        metadata={},
    )
    assert params["allowed_payment_method_types"] == ["card"]
    assert params["line_items"][0]["price_data"]["currency"] == "usd"
    assert not {"customer_email", "locale", "client_reference_id"} & params.keys()
    assert "application_fee_amount" not in params["payment_intent_data"]
