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


def test_in_parts_until_nothing_is_left(stand: Stand) -> None:
    intent = stand.paid().payment_intent or ""
    first = refund(stand, payment_intent=intent, amount=2500, reason="requested_by_customer", metadata={"a": "b"})
    assert (first.status, first.amount, first.reason, first.metadata) == (
        "succeeded",
        2500,
        "requested_by_customer",
        first.metadata,
    )
    assert first.metadata
    assert first.metadata.to_dict() == {"a": "b"}
    with pytest.raises(stripe.InvalidRequestError) as caught:
        refund(stand, payment_intent=intent, amount=5501)
    assert (caught.value.code, caught.value.param) == (None, "amount")
    assert refund(stand, payment_intent=intent).amount == 5500
    with pytest.raises(stripe.InvalidRequestError) as caught:
        refund(stand, payment_intent=intent, amount=1)
    assert caught.value.code == "charge_already_refunded"
    listed = stand.client().v1.refunds.list({"payment_intent": intent}, {"stripe_account": ROWAN})
    assert [one.amount for one in listed.data] == [5500, 2500]
    assert stand.client().v1.refunds.retrieve(first.id, {}, {"stripe_account": ROWAN}).amount == 2500


@pytest.mark.parametrize("amount", [0, -5, 8001])
def test_amounts_out_of_range_are_refused(stand: Stand, amount: int) -> None:
    intent = stand.paid().payment_intent
    with pytest.raises(stripe.InvalidRequestError) as caught:
        refund(stand, payment_intent=intent, amount=amount)
    assert caught.value.param == "amount"
    assert stand.sandbox.state()["refunds"]["count"] == 0


def test_by_charge_or_by_payment_but_not_by_both_nor_neither(stand: Stand) -> None:
    paid = stand.paid()
    for params in ({}, {"charge": paid.charge, "payment_intent": paid.payment_intent}):
        with pytest.raises(stripe.InvalidRequestError):
            refund(stand, **params)
    assert refund(stand, charge=paid.charge).amount == 8000


def test_a_declined_payment_has_nothing_to_refund(stand: Stand) -> None:
    session = stand.checkout()
    stand.press(session, "decline")
    intent = stand.gateway().retrieve_checkout(account=ROWAN, session_id=session.id).payment_intent
    with pytest.raises(stripe.InvalidRequestError):
        refund(stand, payment_intent=intent)


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


def test_a_stranger_cannot_refund(stand: Stand) -> None:
    paid = stand.paid()
    with pytest.raises(stripe.InvalidRequestError) as caught:
        stand.client().v1.refunds.create({"charge": paid.charge or ""}, {"stripe_account": NEXT_DOOR})
    assert caught.value.code == "resource_missing"


@settings(max_examples=12, deadline=None)
@given(parts=st.lists(st.integers(1, 5000), min_size=1, max_size=4), fee=st.integers(1, 900))
def test_refunds_never_exceed_the_charge_nor_fees_the_fee(
    tmp_path_factory: pytest.TempPathFactory, parts: list[int], fee: int
) -> None:
    from tests.saas.sandbox.stand import stand as opened

    with opened(tmp_path_factory.mktemp("refunds")) as made:
        paid = made.paid(application_fee=fee)
        given_back = 0
        for part in parts:
            if given_back + part <= 8000:
                refund(made, charge=paid.charge, amount=part, refund_application_fee=True)
                given_back += part
            else:
                with pytest.raises(stripe.InvalidRequestError):
                    refund(made, charge=paid.charge, amount=part, refund_application_fee=True)
        taken, returned = fees(made)
        assert made.sandbox.state()["refunds"]["refunded"].get("eur", 0) == given_back
        assert abs(returned - taken * given_back / 8000) <= 0.5
