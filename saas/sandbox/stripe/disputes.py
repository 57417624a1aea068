"""Disputes: opened and decided by a switch, as a client's bank would; what they do to a charge and to the balance."""

from __future__ import annotations

from typing import Any

from saas.sandbox.stripe.errors import ApiError
from saas.sandbox.stripe.events import emit
from saas.sandbox.stripe.store import Books, new_id
from saas.sandbox.stripe.world import Call, World

HOLDING = ("needs_response", "under_review")
_STATUSES = (
    "warning_needs_response", "warning_under_review", "warning_closed", *HOLDING, "won", "lost", "prevented",
)  # fmt: skip
_CLOSED = ("won", "lost", "warning_closed", "prevented")
_WEEK = 7 * 24 * 3600


def tell(world: World, wanted: dict[str, Any]) -> dict[str, Any]:
    """The switch: open a dispute for a charge (`charge` or `payment_intent`; `amount` and `reason` if not the whole and
    "fraudulent"), or move the one it has on to `status`. KeyError and ValueError for what cannot be."""
    status = str(wanted.get("status", "needs_response"))
    if status not in _STATUSES:
        raise ValueError(f"status is one of {', '.join(_STATUSES)}")
    with world.store.transaction() as books:
        account, charge = _charge(books, wanted)
        call = Call(world, books, account, int(world.now()))
        known = books.of_kind("dispute", account=account, intent=charge["payment_intent"])
        dispute = _move_on(call, known[0], status) if known else _open(call, charge, wanted, status)
    world.rouse()
    return dispute


def _charge(books: Books, wanted: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    kind = "charge" if "charge" in wanted else "payment_intent"
    name = str(wanted[kind])
    account = books.owner(kind, name)
    found = books.get(kind, name, account=account) if account is not None else None
    if found is not None and kind == "payment_intent":
        found = books.get("charge", str(found["latest_charge"]), account=str(account))
    if found is None or account is None:
        raise ValueError("no such charge")
    return account, found


def _open(call: Call, charge: dict[str, Any], wanted: dict[str, Any], status: str) -> dict[str, Any]:
    amount = int(wanted.get("amount", charge["amount"] - charge["amount_refunded"]))
    if not 0 < amount <= charge["amount"]:
        raise ValueError("amount is more than the charge")
    dispute = {
        "id": new_id("du_"),
        "object": "dispute",
        "amount": amount,
        "charge": charge["id"],
        "created": call.now,
        "currency": charge["currency"],
        "evidence_details": {"due_by": call.now + _WEEK, "has_evidence": False, "past_due": False},
        "is_charge_refundable": status.startswith("warning"),
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": str(wanted.get("reason", "fraudulent")),
        "status": status,
    }
    charge["disputed"] = True
    call.books.save(charge)
    call.books.add(dispute, account=call.account, intent=charge["payment_intent"])
    emit(call, "charge.dispute.created", dispute)
    if status in HOLDING:
        emit(call, "charge.dispute.funds_withdrawn", dispute)
    return dispute


def _move_on(call: Call, dispute: dict[str, Any], status: str) -> dict[str, Any]:
    before = dispute["status"]
    if before in _CLOSED:
        raise ValueError("the dispute is closed")
    dispute["status"] = status
    call.books.save(dispute)
    emit(call, "charge.dispute.closed" if status in _CLOSED else "charge.dispute.updated", dispute)
    if before in HOLDING and status == "won":
        emit(call, "charge.dispute.funds_reinstated", dispute)
    return dispute


def refuse_refund(call: Call, charge: dict[str, Any]) -> None:
    """Stripe gives nothing back of a charge whose money the bank has."""
    found = call.books.of_kind("dispute", account=call.account, intent=charge["payment_intent"])
    if any(one["status"] in (*HOLDING, "lost") for one in found):
        raise ApiError(f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
