"""What the switches of the sandbox do to a charge: disputes as a bank opens and decides them, payouts as Stripe makes
them."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.saas.sandbox.stand import NEXT_DOOR, ROWAN, Stand

TWO_DAYS = 2 * 24 * 3600


def told(stand: Stand) -> list[str]:
    return [kind for kind in stand.deliver() if kind.startswith(("charge.dispute", "payout"))]


def test_a_dispute_holds_the_charge_and_is_decided(stand: Stand) -> None:
    paid = stand.paid()
    answer = stand.switch("POST", "/_disputes", {"payment_intent": paid.payment_intent, "reason": "duplicate"})
    assert answer.status_code == 200
    dispute = answer.json()
    assert (dispute["status"], dispute["amount"], dispute["reason"]) == ("needs_response", 8000, "duplicate")
    assert told(stand) == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]
    v1, options = stand.client().v1, {"stripe_account": ROWAN}
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.refunds.create({"charge": paid.charge or "", "amount": 1}, options)  # type: ignore[arg-type]
    assert caught.value.code == "charge_disputed"
    assert stand.gateway().balance(account=ROWAN).available == ((-8000, "EUR"),)
    stand.switch("POST", "/_disputes", {"charge": paid.charge, "status": "under_review"})
    stand.switch("POST", "/_disputes", {"charge": paid.charge, "status": "won"})
    ended = ["charge.dispute.updated", "charge.dispute.closed", "charge.dispute.funds_reinstated"]
    assert told(stand) == ended
    assert v1.disputes.retrieve(dispute["id"], {}, options).status == "won"  # type: ignore[arg-type]
    assert stand.switch("POST", "/_disputes", {"charge": paid.charge, "status": "lost"}).status_code == 422
    assert stand.switch("GET", "/_disputes").json()["disputes"][0]["status"] == "won"


@pytest.mark.parametrize(
    "wanted",
    [
        {"charge": "ch_none"}, {}, {"payment_intent": "pi_none"}, {"charge": "{charge}", "status": "odd"},
        {"charge": "{charge}", "amount": 8001}, {"charge": "{charge}", "amount": 0},
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_disputed_is_said(shared: Stand, wanted: dict[str, Any]) -> None:
    charge = shared.paid().charge
    filled = {name: charge if value == "{charge}" else value for name, value in wanted.items()}
    assert shared.switch("POST", "/_disputes", filled).status_code == 422


def test_money_is_ready_after_two_days_and_is_paid_out(stand: Stand) -> None:
    stand.paid()
    gateway = stand.gateway()
    assert gateway.balance(account=ROWAN).pending == ((7840, "EUR"),)
    assert gateway.payouts(account=ROWAN, limit=5) == []
    assert stand.switch("POST", "/_payouts", {"account": ROWAN}).status_code == 422
    stand.switch("POST", "/_clock", {"offset_seconds": TWO_DAYS + 60})
    assert gateway.balance(account=ROWAN).available == ((7840, "EUR"),)
    assert stand.switch("POST", "/_payouts", {"account": ROWAN, "status": "in_transit"}).status_code == 200
    (payout,) = gateway.payouts(account=ROWAN, limit=5)
    assert (payout.amount, payout.currency, payout.status) == (7840, "EUR", "in_transit")
    assert payout.arrives > payout.created
    assert gateway.balance(account=ROWAN).available == ((0, "EUR"),)
    assert told(stand) == ["payout.created"]
    assert gateway.payouts(account=NEXT_DOOR, limit=5) == []
