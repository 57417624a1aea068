"""What an account has, and what was paid out of it. Money is ready two days after a charge; a switch pays it out."""

from __future__ import annotations

from collections import Counter
from typing import Any

from saas.sandbox.stripe.disputes import HOLDING
from saas.sandbox.stripe.events import emit
from saas.sandbox.stripe.store import Books, new_id
from saas.sandbox.stripe.world import Call, World

_TWO_DAYS = 2 * 24 * 3600


def balance(call: Call) -> dict[str, Any]:
    """`GET /v1/balance`. Stripe's own processing fees are left out: the sandbox takes none."""
    ready, waiting = _sums(call.books, call.account, call.now)
    return {
        "object": "balance",
        "available": _shown(ready),
        "pending": _shown(waiting),
        "livemode": False,
    }


def _shown(sums: Counter[str]) -> list[dict[str, Any]]:
    return [
        {"amount": amount, "currency": currency, "source_types": {"card": amount}}
        for currency, amount in sorted(sums.items())
    ] or [{"amount": 0, "currency": "eur", "source_types": {"card": 0}}]


def _sums(books: Books, account: str, now: int) -> tuple[Counter[str], Counter[str]]:
    ready: Counter[str] = Counter()
    waiting: Counter[str] = Counter()
    fees = {fee["id"]: fee["amount"] - fee["amount_refunded"] for fee in books.of_kind("application_fee", account="")}
    for charge in books.of_kind("charge", account=account):
        sums = ready if charge["created"] <= now - _TWO_DAYS else waiting
        sums[charge["currency"]] += charge["amount"] - fees.get(charge["application_fee"], 0)
    for refund in books.of_kind("refund", account=account):
        ready[refund["currency"]] -= refund["amount"]
    for dispute in books.of_kind("dispute", account=account):
        if dispute["status"] in (*HOLDING, "lost"):
            ready[dispute["currency"]] -= dispute["amount"]
    for payout in books.of_kind("payout", account=account):
        if payout["status"] != "failed":
            ready[payout["currency"]] -= payout["amount"]
    return ready, waiting


def pay_out(world: World, wanted: dict[str, Any]) -> dict[str, Any]:
    """The switch: send all that is ready in `account` to its bank. ValueError when nothing is."""
    account = str(wanted["account"])
    status = str(wanted.get("status", "paid"))
    if status not in ("paid", "pending", "in_transit", "failed"):
        raise ValueError("status is paid, pending, in_transit or failed")
    with world.store.transaction() as books:
        call = Call(world, books, account, int(world.now()))
        ready, _waiting = _sums(books, account, call.now)
        currency = next((name for name, amount in sorted(ready.items()) if amount > 0), None)
        if currency is None:
            raise ValueError("nothing is ready to be paid out")
        payout = {
            "id": new_id("po_"),
            "object": "payout",
            "amount": ready[currency],
            "arrival_date": call.now - call.now % 86_400 + 86_400,
            "automatic": True,
            "created": call.now,
            "currency": currency,
            "failure_code": None,
            "livemode": False,
            "metadata": {},
            "method": "standard",
            "status": status,
            "type": "bank_account",
        }
        books.add(payout, account=account)
        emit(call, "payout.failed" if status == "failed" else "payout.created", payout)
    world.rouse()
    return payout
