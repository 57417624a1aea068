"""Checkout Sessions: made, looked at, listed, ended. Payment mode, prices given in place."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from saas.sandbox.stripe.errors import ApiError, missing
from saas.sandbox.stripe.events import end, lapse
from saas.sandbox.stripe.store import new_id
from saas.sandbox.stripe.things import listed
from saas.sandbox.stripe.world import Call

# Stripe's smallest charges, in minor units (docs.stripe.com/currencies#minimum-and-maximum-charge-amounts).
SMALLEST = {
    "aed": 200, "aud": 50, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250, "eur": 50, "gbp": 30,
    "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "nzd": 50, "pln": 200,
    "ron": 200, "sek": 300, "sgd": 50, "thb": 1000, "usd": 50,
}  # fmt: skip
_LARGEST = 99_999_999
_SHORTEST_SECONDS, _LONGEST_SECONDS = 30 * 60, 24 * 3600

# What the sandbox acts on. Stripe knows more, and to accept that without acting on it would be a lie.
_ACTED_ON = frozenset(
    "allowed_payment_method_types cancel_url client_reference_id customer_creation customer_email expand expires_at "
    "line_items locale metadata mode payment_intent_data submit_type success_url".split()
)
_ACTED_ON_INTENT = frozenset("application_fee_amount description metadata".split())
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def create(call: Call) -> dict[str, Any]:
    """A new open session. Raises what Stripe raises for amounts, times and addresses it refuses."""
    given = call.given
    intent = given.get("payment_intent_data", {})
    _only(given, _ACTED_ON, "")
    _only(intent, _ACTED_ON_INTENT, "payment_intent_data")
    if given.get("mode") != "payment":
        raise ApiError("The sandbox knows mode=payment only.", param="mode")
    if "card" not in given.get("allowed_payment_method_types", ["card"]):
        raise ApiError("No valid payment method types for this Checkout Session.", param="allowed_payment_method_types")
    lines = [_line(line, n) for n, line in enumerate(given.get("line_items", []))]
    if not lines:
        raise ApiError("Missing required param: line_items.", code="parameter_missing", param="line_items")
    amount, currency = _total(lines)
    _check_addresses(call)
    session = _session(call, amount=amount, currency=currency, expires_at=_expiry(call))
    session["_line_items"] = {"object": "list", "data": lines, "has_more": False, "url": f"/v1/{session['id']}"}
    session["_intent"] = dict(intent, application_fee_amount=_fee(call, amount))
    call.books.add(session, account=call.account, lapses_at=session["expires_at"])
    return session


def retrieve(call: Call) -> dict[str, Any]:
    """The session as it stands now."""
    lapse(call.world, call.books)
    session = call.books.get("checkout.session", call.id, account=call.account)
    if session is None:
        raise missing("checkout.session", call.id, "session")
    return session


def expire(call: Call) -> dict[str, Any]:
    """Ends an open session; any other is refused."""
    session = retrieve(call)
    if session["status"] != "open":
        raise ApiError(
            f'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a '
            f"status of {session['status']}.",
            param="session",
        )
    end(call, session)
    return session


def list_all(call: Call) -> dict[str, Any]:
    """Sessions, newest first, by payment intent and status if asked."""
    lapse(call.world, call.books)
    found = call.books.of_kind("checkout.session", account=call.account, intent=call.given.get("payment_intent"))
    status = call.given.get("status")
    return listed(call, [one for one in found if status in (None, one["status"])], "/v1/checkout/sessions")


def _only(given: Any, known: frozenset[str], at: str) -> None:
    for name in given:
        if name not in known:
            param = f"{at}[{name}]" if at else name
            raise ApiError(f"Stripe knows {param}, but the sandbox does not act on it.", param=param, stored=False)


def _line(line: dict[str, Any], n: int) -> dict[str, Any]:
    at = f"line_items[{n}]"
    price = line.get("price_data")
    if price is None:
        if "price" in line:
            raise missing("price", line["price"], f"{at}[price]")
        raise ApiError(f"Missing required param: {at}[price].", code="parameter_missing", param=f"{at}[price]")
    for name in ("product_data", "unit_amount"):
        if name not in price:
            param = f"{at}[price_data][{name}]"
            raise ApiError(f"Missing required param: {param}.", code="parameter_missing", param=param)
    quantity = line.get("quantity")
    if quantity is None or quantity < 1:
        raise ApiError("Quantity is required. Add `quantity` to `line_items`.", param=f"{at}[quantity]")
    if price["unit_amount"] < 0:
        param = f"{at}[price_data][unit_amount]"
        raise ApiError("Invalid non-negative integer", code="parameter_invalid_integer", param=param)
    if price["currency"] not in SMALLEST:
        param = f"{at}[price_data][currency]"
        raise ApiError(f"Invalid currency: {price['currency'][:8]}. Currencies are written in lowercase.", param=param)
    total = price["unit_amount"] * quantity
    return {
        "id": new_id("li_"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": total,
        "amount_tax": 0,
        "amount_total": total,
        "currency": price["currency"],
        "description": price["product_data"]["name"],
        "quantity": quantity,
    }


def _total(lines: list[dict[str, Any]]) -> tuple[int, str]:
    currencies = {line["currency"] for line in lines}
    if len(currencies) > 1:
        raise ApiError("All line items must have the same currency.", param="line_items")
    currency = currencies.pop()
    amount = sum(line["amount_total"] for line in lines)
    if amount < SMALLEST[currency]:
        raise ApiError(
            f"The Checkout Session's total amount must be at least {SMALLEST[currency]} ({currency}, minor units).",
            code="amount_too_small",
        )
    if amount > _LARGEST:
        raise ApiError("The Checkout Session's total amount is too large.", code="amount_too_large")
    return amount, currency


def _expiry(call: Call) -> int:
    at: int = call.given.get("expires_at", call.now + _LONGEST_SECONDS)
    if at < call.now + _SHORTEST_SECONDS:
        bound = "at least 30 minutes"
    elif at > call.now + _LONGEST_SECONDS:
        bound = "less than 24 hours"
    else:
        return at
    raise ApiError(f"The `expires_at` timestamp must be {bound} from Checkout Session creation.", param="expires_at")


def _check_addresses(call: Call) -> None:
    given = call.given
    if "success_url" not in given:
        raise ApiError("Missing required param: success_url.", code="parameter_missing", param="success_url")
    for name in ("success_url", "cancel_url"):
        parts = urlsplit(given.get(name, "https://left.example"))
        if parts.scheme not in ("http", "https") or not parts.hostname or len(given.get(name, "")) > 5000:
            raise ApiError("Not a valid URL", code="url_invalid", param=name)
    if "customer_email" in given and not _EMAIL.fullmatch(given["customer_email"]):
        raise ApiError(
            f"Invalid email address: {given['customer_email'][:80]}", code="email_invalid", param="customer_email"
        )
    if len(given.get("client_reference_id", "")) > 200:
        raise ApiError("Invalid string: must be at most 200 characters", param="client_reference_id")


def _fee(call: Call, amount: int) -> int | None:
    fee: int | None = call.given.get("payment_intent_data", {}).get("application_fee_amount")
    param = "payment_intent_data[application_fee_amount]"
    if fee is None:
        return None
    if not call.account:
        raise ApiError("An application fee needs a direct payment (the Stripe-Account header).", param=param)
    if not 0 < fee <= amount:
        raise ApiError("The application fee must be positive and at most the amount.", param=param)
    return fee


def _session(call: Call, *, amount: int, currency: str, expires_at: int) -> dict[str, Any]:
    given = call.given
    name = new_id("cs_test_a1", 56)
    return {
        "id": name,
        "object": "checkout.session",
        "amount_subtotal": amount,
        "amount_total": amount,
        "cancel_url": given.get("cancel_url"),
        "client_reference_id": given.get("client_reference_id"),
        "created": call.now,
        "currency": currency,
        "customer": None,
        "customer_details": None,
        "customer_email": given.get("customer_email"),
        "expires_at": expires_at,
        "livemode": False,
        "locale": given.get("locale"),
        "metadata": given.get("metadata", {}),
        "mode": "payment",
        "payment_intent": None,  # Stripe makes it when somebody tries to pay
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "status": "open",
        "submit_type": given.get("submit_type"),
        "success_url": given["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": f"{call.world.public_url}/pay/{name}",
    }
