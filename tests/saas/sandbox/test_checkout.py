from typing import Any

import pytest
import stripe

from tests.saas.sandbox.stand import NEXT_DOOR, ROWAN, Stand, now, request


def refused(stand: Stand, params: dict[str, Any], account: str | None = ROWAN) -> stripe.InvalidRequestError:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        stand.client().v1.checkout.sessions.create(
            params,  # type: ignore[arg-type]
            {"stripe_account": account},
        )
    return caught.value


def test_a_session_has_stripes_shape(stand: Stand) -> None:
    session = stand.client().v1.checkout.sessions.create(
        request(locale="en", customer_email="cleo@example.org"),  # type: ignore[arg-type]
        {"stripe_account": ROWAN},
    )
    assert session.object == "checkout.session"
    assert session.livemode is False
    assert session.payment_intent is None
    assert session.client_reference_id == "a1"
    assert session.customer_email == "cleo@example.org"
    assert session.last_response
    assert session.last_response.headers["Request-Id"].startswith("req_")
    assert "_line_items" not in session.to_dict()


def test_paying_makes_payment_charge_and_fee(stand: Stand) -> None:
    paid = stand.paid()
    v1, options = stand.client().v1, {"stripe_account": ROWAN}
    charge = v1.charges.retrieve(paid.charge or "", {"expand": ["application_fee"]}, options)  # type: ignore[arg-type]
    assert (charge.status, charge.amount, charge.currency, charge.paid) == ("succeeded", 8000, "eur", True)
    assert charge.payment_method_details
    assert charge.payment_method_details.to_dict()["card"]["last4"] == "4242"
    assert charge.application_fee.amount == 160  # type: ignore[union-attr]
    intent = v1.payment_intents.retrieve(paid.payment_intent or "", {}, options)  # type: ignore[arg-type]
    assert (intent.status, intent.amount_received, intent.latest_charge) == ("succeeded", 8000, charge.id)
    assert intent.metadata.to_dict() == {"payment_attempt": "a1", "booking": "b1"}
    assert [one.id for one in v1.payment_intents.list({}, options).data] == [intent.id]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes, code, param",
    [
        ({"amount": 49}, "amount_too_small", None),
        ({"amount": 29, "currency": "GBP", "application_fee": 0}, "amount_too_small", None),
        ({"amount": 99_999_999_999}, "amount_too_large", None),
        ({"amount": -1}, "parameter_invalid_integer", "line_items[0][price_data][unit_amount]"),
        ({"currency": "XYZ"}, None, "line_items[0][price_data][currency]"),
        ({"expires_at": now() + 29 * 60}, None, "expires_at"),
        ({"expires_at": now() + 25 * 3600}, None, "expires_at"),
        ({"success_url": "/relative"}, "url_invalid", "success_url"),
        ({"cancel_url": "javascript:alert(1)"}, "url_invalid", "cancel_url"),
        ({"customer_email": "nobody"}, "email_invalid", "customer_email"),
        ({"application_fee": 8001}, None, "payment_intent_data[application_fee_amount]"),
        ({"application_fee": -1}, None, "payment_intent_data[application_fee_amount]"),
        ({"metadata": {"payment_attempt": "a" * 201}}, None, "client_reference_id"),
        ({"locale": "klingon"}, None, "locale"),
    ],
)
def test_what_stripe_refuses_is_refused(
    shared: Stand, changes: dict[str, Any], code: str | None, param: str | None
) -> None:
    error = refused(shared, request(**changes))
    assert (error.http_status, error.code, error.param) == (400, code, param)
    assert shared.sandbox.state()["sessions"] == {}


def test_currencies_are_written_in_lowercase(shared: Stand) -> None:
    params = request()
    params["line_items"][0]["price_data"]["currency"] = "EUR"
    assert refused(shared, params).param == "line_items[0][price_data][currency]"


def test_the_platform_itself_takes_no_application_fee(shared: Stand) -> None:
    assert refused(shared, request(), account=None).param == "payment_intent_data[application_fee_amount]"


def test_known_but_unacted_parameters_are_refused_openly(shared: Stand) -> None:
    params = request() | {"payment_intent_data": {"capture_method": "manual"}}
    error = refused(shared, params)
    assert "does not act on it" in str(error)


def test_accounts_are_strangers_to_each_other(stand: Stand) -> None:
    paid = stand.paid()
    v1 = stand.client().v1
    for ask in (
        lambda options: v1.checkout.sessions.retrieve(paid.id, {}, options),
        lambda options: v1.payment_intents.retrieve(paid.payment_intent or "", {}, options),
        lambda options: v1.charges.retrieve(paid.charge or "", {}, options),
        lambda options: v1.refunds.create({"payment_intent": paid.payment_intent or ""}, options),
    ):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            ask({"stripe_account": NEXT_DOOR})
        assert (caught.value.code, caught.value.http_status) == ("resource_missing", 404)
    assert v1.checkout.sessions.list({}, {"stripe_account": NEXT_DOOR}).data == []
    assert v1.checkout.sessions.list({}).data == []
    with pytest.raises(stripe.PermissionError):
        v1.checkout.sessions.list({}, {"stripe_account": "acct_nobody"})


def test_sessions_are_listed_in_pages_and_by_payment(stand: Stand) -> None:
    ids = [stand.checkout(key=f"k{n}").id for n in range(5)]
    paid = stand.paid(key="paid")
    sessions, options = stand.client().v1.checkout.sessions, {"stripe_account": ROWAN}
    first = sessions.list({"limit": 2}, options)  # type: ignore[arg-type]
    assert [one.id for one in first.data] == [paid.id, ids[4]]
    assert first.has_more
    everything = [one.id for one in first.auto_paging_iter()]
    assert everything == [paid.id, *reversed(ids)]
    found = sessions.list(
        {"payment_intent": paid.payment_intent or "", "expand": ["data.payment_intent.latest_charge"]},
        options,  # type: ignore[arg-type]
    )
    assert [one.to_dict()["payment_intent"]["latest_charge"]["id"] for one in found.data] == [paid.charge]
    for limit in (0, 101):
        with pytest.raises(stripe.InvalidRequestError):
            sessions.list({"limit": limit}, options)  # type: ignore[arg-type]


def test_expanding_what_is_no_id_is_refused(stand: Stand) -> None:
    session = stand.checkout()
    sessions = stand.client().v1.checkout.sessions
    with pytest.raises(stripe.InvalidRequestError):
        sessions.retrieve(session.id, {"expand": ["metadata"]}, {"stripe_account": ROWAN})
    lines = sessions.retrieve(session.id, {"expand": ["line_items"]}, {"stripe_account": ROWAN}).line_items
    assert lines
    assert lines.data[0].description == "Session at Rowan Clinic"


def test_a_session_ends_when_its_time_is_over(stand: Stand) -> None:
    session = stand.checkout()
    stand.sandbox.shift_clock(31 * 60 + 1)
    assert stand.gateway().retrieve_checkout(account=ROWAN, session_id=session.id).status == "expired"
    assert stand.deliver() == ["checkout.session.expired"]
    assert stand.page(session).status_code == 410
    assert stand.press(session, "pay").status_code == 410
    assert stand.sandbox.state()["charges"]["count"] == 0


def test_the_courier_ends_sessions_that_nobody_asks_about(stand: Stand) -> None:
    stand.checkout()
    stand.sandbox.shift_clock(3600)
    assert stand.deliver() == ["checkout.session.expired"]
    assert stand.sandbox.state()["sessions"] == {"expired": 1}


def test_expiring_twice_is_refused(stand: Stand) -> None:
    session = stand.checkout()
    sessions = stand.client().v1.checkout.sessions
    assert sessions.expire(session.id, {}, {"stripe_account": ROWAN}).status == "expired"
    with pytest.raises(stripe.InvalidRequestError):
        sessions.expire(session.id, {}, {"stripe_account": ROWAN})
    assert stand.deliver() == ["checkout.session.expired"]


@pytest.mark.parametrize("key", ["", "sk_live_abcdef", "rk_test_abc", "nonsense"])
def test_only_test_keys_are_taken(shared: Stand, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    answer = shared.post("/v1/refunds", "", **headers)
    assert answer.status_code == 401
    assert key == "" or key not in answer.text


def test_unknown_addresses_and_versions_are_refused(shared: Stand) -> None:
    assert shared.post("/v1/customers", "").status_code == 404
    assert shared.post("/v1/charges", "").status_code == 404
    assert shared.post("/v1/refunds", "", **{"Stripe-Version": "2019-01-01"}).status_code == 400


def test_accounts_are_seeded_and_ready(stand: Stand) -> None:
    v1 = stand.client().v1
    assert {one.id for one in v1.accounts.list().data} == {ROWAN, NEXT_DOOR}
    account = v1.accounts.retrieve(ROWAN)
    assert account.charges_enabled
    assert account.payouts_enabled
    assert v1.accounts.retrieve_current({}, {"stripe_account": ROWAN}).id == ROWAN
    with pytest.raises(stripe.InvalidRequestError):
        v1.accounts.retrieve(NEXT_DOOR, {}, {"stripe_account": ROWAN})
    stand.switch("POST", "/_accounts", {"id": "acct_new"})
    assert v1.accounts.retrieve("acct_new").id == "acct_new"
