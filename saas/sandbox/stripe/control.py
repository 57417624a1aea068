"""The switches for tests and the curious, answered on loopback only: `/_faults`, `/_clock`, `/_accounts`,
`/_disputes`, `/_payouts`, `/_state`."""

from __future__ import annotations

import ipaddress
import json
from collections import Counter
from typing import Any

from werkzeug.wrappers import Request, Response

from saas.sandbox.stripe import disputes, payouts
from saas.sandbox.stripe.accounts import seed_account
from saas.sandbox.stripe.store import Books
from saas.sandbox.stripe.world import World


def answer(world: World, request: Request) -> Response:
    """Plain JSON. POST wants `Content-Type: application/json`, which no foreign page can send unasked."""
    if not _is_near(request):
        return _json({"error": "on loopback only"}, 403)
    name = request.path.removeprefix("/_")
    handler = _SWITCHES.get(name)
    if handler is None:
        return _json({"error": "no such switch"}, 404)
    if request.method == "GET":
        return _json(handler(world, request, None))
    if request.method == "DELETE" and name == "faults":
        world.faults.clear()
        return _json(world.faults.shown())
    if request.method != "POST" or name == "state":
        return _json({"error": "not here"}, 405)
    if request.mimetype != "application/json":
        return _json({"error": "send application/json"}, 415)
    try:
        return _json(handler(world, request, json.loads(request.get_data())))
    except (ValueError, TypeError, KeyError) as error:
        return _json({"error": str(error)}, 422)


def _is_near(request: Request) -> bool:
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _json(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body, indent=2) + "\n", status, content_type="application/json")


def _faults(world: World, _request: Request, wanted: Any) -> dict[str, Any]:
    if wanted is not None:
        world.faults.switch(wanted)
    return world.faults.shown()


def _clock(world: World, _request: Request, wanted: Any) -> dict[str, Any]:
    if wanted is not None:
        shift(world, float(wanted["offset_seconds"]))
    return {"offset_seconds": world.offset, "now": world.now()}


def shift(world: World, seconds: float) -> None:
    """Sets the sandbox's clock `seconds` before or after the real one; kept over restarts."""
    with world.store.transaction() as books:
        books.set("offset", repr(seconds))
    world.offset = seconds
    world.rouse()


def _accounts(world: World, _request: Request, wanted: Any) -> dict[str, Any]:
    with world.store.transaction() as books:
        if wanted is not None:
            seed_account(books, str(wanted["id"]), now=int(world.now()))
        return {"accounts": [one["id"] for one in books.of_kind("account", account="")]}


def _disputes(world: World, _request: Request, wanted: Any) -> dict[str, Any]:
    if wanted is not None:
        return disputes.tell(world, dict(wanted))
    with world.store.transaction() as books:
        return {"disputes": _bodies(books, "dispute")}


def _payouts(world: World, _request: Request, wanted: Any) -> dict[str, Any]:
    if wanted is not None:
        return payouts.pay_out(world, dict(wanted))
    with world.store.transaction() as books:
        return {"payouts": _bodies(books, "payout")}


def _state(world: World, request: Request, _wanted: Any) -> dict[str, Any]:
    with world.store.transaction() as books:
        return state(books, by=request.args.get("by", "payment_attempt"))


def state(books: Books, *, by: str) -> dict[str, Any]:
    """Counts and sums over all accounts, so that a proof can say "none charged twice".

    `by_metadata` groups sessions, charges and refunds by the sessions' metadata `by`
    (`payment_attempt`, or what else the sessions carry, such as `booking`).
    """
    sessions, charges, refunds = (_bodies(books, kind) for kind in ("checkout.session", "charge", "refund"))
    groups: dict[str, dict[str, int]] = {}
    by_intent: dict[str, dict[str, int]] = {}
    for session in sessions:
        empty = {"sessions": 0, "charges": 0, "paid": 0, "refunded": 0}
        group = groups.setdefault(session["metadata"].get(by, ""), empty)
        group["sessions"] += 1
        if session["payment_intent"]:
            by_intent[session["payment_intent"]] = group
    for charge in charges:
        by_intent[charge["payment_intent"]]["charges"] += 1
        by_intent[charge["payment_intent"]]["paid"] += charge["amount"]
    for refund in refunds:
        by_intent[refund["payment_intent"]]["refunded"] += refund["amount"]
    deliveries = books.db.execute("SELECT state, count(*) AS n FROM delivery GROUP BY state")
    fees = _bodies(books, "application_fee")
    return {
        "sessions": dict(Counter(session["status"] for session in sessions)),
        "charges": {"count": len(charges), "paid": _sums(charges)},
        "refunds": {"count": len(refunds), "refunded": _sums(refunds)},
        "application_fees": {
            "taken": sum(fee["amount"] for fee in fees),
            "returned": sum(fee["amount_refunded"] for fee in fees),
        },
        "by_metadata": groups,
        "events": dict(Counter(event["type"] for event in _bodies(books, "event"))),
        "deliveries": {row["state"]: row["n"] for row in deliveries},
    }


def _bodies(books: Books, kind: str) -> list[dict[str, Any]]:
    return [json.loads(row["body"]) for row in books.db.execute("SELECT body FROM thing WHERE kind = ?", (kind,))]


def _sums(things: list[dict[str, Any]]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for thing in things:
        sums[thing["currency"]] += thing["amount"]
    return dict(sums)


_SWITCHES = {
    "faults": _faults,
    "clock": _clock,
    "accounts": _accounts,
    "disputes": _disputes,
    "payouts": _payouts,
    "state": _state,
}
