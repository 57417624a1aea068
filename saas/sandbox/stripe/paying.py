"""What the pay page does: a card is charged, once, or declined."""

from __future__ import annotations

from typing import Any

from saas.sandbox.stripe.checkout import retrieve
from saas.sandbox.stripe.events import emit
from saas.sandbox.stripe.store import new_id
from saas.sandbox.stripe.world import Call


def pay(call: Call) -> dict[str, Any]:
    """Pays an open session and answers it; a session that is paid or has ended is answered as it is."""
    session = retrieve(call)
    if session["status"] != "open":
        return session
    intent = _intent(call, session)
    charge = _charge(call, session, intent)
    fee = _fee(call, charge)
    intent.update(status="succeeded", amount_received=intent["amount"], latest_charge=charge["id"])
    intent["last_payment_error"] = None
    session.update(status="complete", payment_status="paid", url=None)
    session["customer_details"] = {"email": session["customer_email"], "name": None, "phone": None}
    call.books.add(charge, account=call.account, intent=intent["id"])
    call.books.save(intent)
    call.books.save(session, intent=intent["id"])
    emit(call, "charge.succeeded", charge)
    emit(call, "payment_intent.succeeded", intent)
    emit(call, "checkout.session.completed", session)
    if fee:
        call.books.add(fee, account="", intent=intent["id"])
        emit(call, "application_fee.created", fee, platform=True)
    return session


def decline(call: Call) -> dict[str, Any]:
    """The card is refused: no charge, and the session stays open for another try."""
    session = retrieve(call)
    if session["status"] != "open":
        return session
    intent = _intent(call, session)
    intent["last_payment_error"] = {
        "type": "card_error",
        "code": "card_declined",
        "decline_code": "generic_decline",
        "message": "Your card was declined.",
    }
    call.books.save(intent)
    call.books.save(session, intent=intent["id"], lapses_at=session["expires_at"])
    emit(call, "payment_intent.payment_failed", intent)
    return session


def _intent(call: Call, session: dict[str, Any]) -> dict[str, Any]:
    """The session's payment: made at the first try, used again after a decline."""
    if session["payment_intent"]:
        known = call.books.get("payment_intent", session["payment_intent"], account=call.account)
        if known:
            return known
    wanted = session["_intent"]
    intent = {
        "id": new_id("pi_"),
        "object": "payment_intent",
        "amount": session["amount_total"],
        "amount_received": 0,
        "application_fee_amount": wanted.get("application_fee_amount"),
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "confirmation_method": "automatic",
        "created": call.now,
        "currency": session["currency"],
        "customer": None,
        "description": wanted.get("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": wanted.get("metadata", {}),
        "payment_method_types": ["card"],
        "receipt_email": None,
        "status": "requires_payment_method",
    }
    call.books.add(intent, account=call.account, intent=intent["id"])
    session["payment_intent"] = intent["id"]
    return intent


def _charge(call: Call, session: dict[str, Any], intent: dict[str, Any]) -> dict[str, Any]:
    name = new_id("ch_")
    card = {
        "brand": "visa",
        "country": "US",
        "exp_month": 12,
        "exp_year": 2034,
        "funding": "credit",
        "last4": "4242",
        "network": "visa",
    }
    return {
        "id": name,
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"],
        "amount_refunded": 0,
        "application_fee": None,
        "application_fee_amount": intent["application_fee_amount"],
        "balance_transaction": None,
        "billing_details": {"email": session["customer_email"], "name": None, "phone": None},
        "captured": True,
        "created": call.now,
        "currency": intent["currency"],
        "customer": None,
        "description": intent["description"],
        "disputed": False,
        "livemode": False,
        "metadata": intent["metadata"],
        "outcome": {"type": "authorized", "network_status": "approved_by_network", "risk_level": "normal"},
        "paid": True,
        "payment_intent": intent["id"],
        "payment_method_details": {"type": "card", "card": card},
        "receipt_email": None,
        "receipt_url": f"{call.world.public_url}/receipt/{name}",
        "refunded": False,
        "status": "succeeded",
    }


def _fee(call: Call, charge: dict[str, Any]) -> dict[str, Any] | None:
    """Our share of a direct charge; it belongs to the platform."""
    if not charge["application_fee_amount"]:
        return None
    fee = {
        "id": new_id("fee_"),
        "object": "application_fee",
        "account": call.account,
        "amount": charge["application_fee_amount"],
        "amount_refunded": 0,
        "charge": charge["id"],
        "created": call.now,
        "currency": charge["currency"],
        "livemode": False,
        "refunded": False,
    }
    charge["application_fee"] = fee["id"]
    return fee
