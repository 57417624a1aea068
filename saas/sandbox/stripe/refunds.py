"""Refunds: whole or in part, never above what was charged, the application fee in proportion if asked."""

from __future__ import annotations

from typing import Any

from saas.sandbox.stripe.disputes import refuse_refund
from saas.sandbox.stripe.errors import ApiError, missing
from saas.sandbox.stripe.events import emit
from saas.sandbox.stripe.store import new_id
from saas.sandbox.stripe.world import Call

_ACTED_ON = frozenset("amount charge expand metadata payment_intent reason refund_application_fee".split())


def create(call: Call) -> dict[str, Any]:
    """Gives money back. Raises what Stripe raises for too much, too late, and charges that never were."""
    for name in call.given:
        if name not in _ACTED_ON:
            raise ApiError(f"Stripe knows {name}, but the sandbox does not act on it.", param=name, stored=False)
    charge = _charge(call)
    refuse_refund(call, charge)
    left = charge["amount"] - charge["amount_refunded"]
    amount = call.given.get("amount", left)
    if left == 0:
        raise ApiError(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if amount < 1:
        raise ApiError("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    if amount > left:
        raise ApiError(
            f"Refund amount ({amount} {charge['currency']}, minor units) is greater than unrefunded amount on "
            f"charge ({left} {charge['currency']}, minor units)",
            param="amount",
        )
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    call.books.save(charge)
    refund = {
        "id": new_id("re_"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": call.now,
        "currency": charge["currency"],
        "destination_details": {"type": "card", "card": {"type": "refund"}},
        "metadata": call.given.get("metadata") or {},
        "payment_intent": charge["payment_intent"],
        "reason": call.given.get("reason"),
        "receipt_number": None,
        "status": "succeeded",
    }
    call.books.add(refund, account=call.account, intent=charge["payment_intent"])
    emit(call, "refund.created", refund)
    emit(call, "charge.refunded", charge)
    if call.given.get("refund_application_fee"):
        _give_back_fee(call, charge)
    return refund


def _charge(call: Call) -> dict[str, Any]:
    given = call.given
    if ("charge" in given) == ("payment_intent" in given):
        raise ApiError("One of the following params should be provided for this request: payment_intent or charge.")
    wanted = given.get("charge")
    if wanted is None:
        intent = call.books.get("payment_intent", given["payment_intent"], account=call.account)
        if intent is None:
            raise missing("payment_intent", given["payment_intent"], "payment_intent")
        wanted = intent["latest_charge"]
        if wanted is None:
            raise ApiError(f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.")
    charge = call.books.get("charge", wanted, account=call.account)
    if charge is None:
        raise missing("charge", wanted, "charge")
    return charge


def _give_back_fee(call: Call, charge: dict[str, Any]) -> None:
    """Brings the fee's refund up to the same part as the charge's, so that rounding never adds up."""
    if not charge["application_fee"]:
        raise ApiError("This charge has no application fee.", param="refund_application_fee")
    fee = call.books.get("application_fee", charge["application_fee"], account="")
    if fee is None:
        raise missing("application_fee", charge["application_fee"])
    whole = charge["amount"]
    due = (2 * fee["amount"] * charge["amount_refunded"] + whole) // (2 * whole)
    fee["amount_refunded"] = max(fee["amount_refunded"], due)
    fee["refunded"] = fee["amount_refunded"] == fee["amount"]
    call.books.save(fee)
    emit(call, "application_fee.refunded", fee, platform=True)
