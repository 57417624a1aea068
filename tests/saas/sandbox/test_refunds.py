from typing import Any

import pytest
import stripe
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.saas.sandbox.stand import NEXT_DOOR, ROWAN, Stand


def refund(stand: Stand, **params: Any) -> stripe.Refund:
    return stand.client().v1.refunds.create(params, {"stripe_account": ROWAN})  # type: ignore[arg-type]


def fees(stand: Stand) -> tuple[int, int]:
    state = stand.sandbox.state()["application_fees"]
    return state["taken"], state["returned"]


def test_in_parts_until_nothing_is_left(shared: Stand) -> None:
    intent = shared.paid().payment_intent or ""
    first = refund(shared, payment_intent=intent, amount=2500, reason="requested_by_customer", metadata={"a": "b"})
    assert (first.status, first.amount, first.reason, first.metadata) == (
        "succeeded",
        2500,
        "requested_by_customer",
        first.metadata,
    )
    assert first.metadata
    assert first.metadata.to_dict() == {"a": "b"}
    with pytest.raises(stripe.InvalidRequestError) as caught:
        refund(shared, payment_intent=intent, amount=5501)
    assert (caught.value.code, caught.value.param) == (None, "amount")
    assert refund(shared, payment_intent=intent).amount == 5500
    with pytest.raises(stripe.InvalidRequestError) as caught:
        refund(shared, payment_intent=intent, amount=1)
    assert caught.value.code == "charge_already_refunded"
    listed = shared.client().v1.refunds.list({"payment_intent": intent}, {"stripe_account": ROWAN})
    assert [one.amount for one in listed.data] == [5500, 2500]
    assert shared.client().v1.refunds.retrieve(first.id, {}, {"stripe_account": ROWAN}).amount == 2500


@pytest.mark.parametrize("amount", [0, -5, 8001])
def test_amounts_out_of_range_are_refused(stand: Stand, amount: int) -> None:
    intent = stand.paid().payment_intent
    with pytest.raises(stripe.InvalidRequestError) as caught:
        refund(stand, payment_intent=intent, amount=amount)
    assert caught.value.param == "amount"
    assert stand.sandbox.state()["refunds"]["count"] == 0


def test_by_charge_or_by_payment_but_not_by_both_nor_neither(shared: Stand) -> None:
    paid = shared.paid()
    for params in ({}, {"charge": paid.charge, "payment_intent": paid.payment_intent}):
        with pytest.raises(stripe.InvalidRequestError):
            refund(shared, **params)
    assert refund(shared, charge=paid.charge).amount == 8000


def test_a_declined_payment_has_nothing_to_refund(shared: Stand) -> None:
    session = shared.checkout()
    shared.press(session, "decline")
    intent = shared.gateway().retrieve_checkout(account=ROWAN, session_id=session.id).payment_intent
    with pytest.raises(stripe.InvalidRequestError):
        refund(shared, payment_intent=intent)


def test_the_fee_comes_back_in_proportion_and_never_more(stand: Stand) -> None:
    intent = stand.paid(application_fee=101).payment_intent
    refund(stand, payment_intent=intent, amount=4000)
    assert fees(stand) == (101, 0)
    refund(stand, payment_intent=intent, amount=2000, refund_application_fee=True)
    assert fees(stand) == (101, 76)
    refund(stand, payment_intent=intent, amount=2000, refund_application_fee=True)
    assert fees(stand) == (101, 101)


def test_a_fee_that_was_never_taken_is_not_given_back(stand: Stand) -> None:
    intent = stand.paid(application_fee=0).payment_intent
    with pytest.raises(stripe.InvalidRequestError) as caught:
        refund(stand, payment_intent=intent, refund_application_fee=True)
    assert caught.value.param == "refund_application_fee"
    assert stand.sandbox.state()["refunds"]["count"] == 0


def test_a_stranger_cannot_refund(shared: Stand) -> None:
    paid = shared.paid()
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shared.client().v1.refunds.create({"charge": paid.charge or ""}, {"stripe_account": NEXT_DOOR})
    assert caught.value.code == "resource_missing"


@settings(max_examples=12, deadline=None)
@given(parts=st.lists(st.integers(1, 5000), min_size=1, max_size=4), fee=st.integers(1, 900))
def test_refunds_never_exceed_the_charge_nor_fees_the_fee(shared: Stand, parts: list[int], fee: int) -> None:
    paid = shared.paid(application_fee=fee)
    given_back = 0
    for part in parts:
        if given_back + part <= 8000:
            refund(shared, charge=paid.charge, amount=part, refund_application_fee=True)
            given_back += part
        else:
            with pytest.raises(stripe.InvalidRequestError):
                refund(shared, charge=paid.charge, amount=part, refund_application_fee=True)
    v1, options = shared.client().v1, {"stripe_account": ROWAN}
    charge = v1.charges.retrieve(paid.charge or "", {"expand": ["application_fee"]}, options).to_dict()  # type: ignore[arg-type]
    assert charge["amount_refunded"] == given_back
    assert charge["application_fee"]["amount"] == fee
    assert abs(charge["application_fee"]["amount_refunded"] - fee * given_back / 8000) <= 0.5
