"""Events: recorded in the transaction of what they tell, with one delivery for each endpoint that listens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saas.sandbox.stripe.store import Books, new_id
from saas.sandbox.stripe.world import Call, World


def public(thing: Any) -> Any:
    """The object without what only the sandbox keeps (names that begin with `_`)."""
    if isinstance(thing, Mapping):
        return {name: public(value) for name, value in thing.items() if not name.startswith("_")}
    if isinstance(thing, list):
        return [public(value) for value in thing]
    return thing


def emit(call: Call, type: str, thing: Mapping[str, Any], *, platform: bool = False) -> None:
    """Tells what happened. `platform` events go to the platform's own endpoints, all others to Connect's."""
    account = "" if platform else call.account
    endpoints = [one for one in listening(call.books, connect=bool(account)) if _wants(one, type)]
    event: dict[str, Any] = {
        "id": new_id("evt_"),
        "object": "event",
        "api_version": api_version(),
        "created": call.now,
        "data": {"object": public(thing)},
        "livemode": False,
        "pending_webhooks": len(endpoints),
        "request": {"id": call.request, "idempotency_key": call.key},
        "type": type,
    }
    if account:
        event["account"] = account
    call.books.add(event, account=account)
    due = call.world.now() + call.world.faults.webhooks(type).delay_seconds
    call.books.db.executemany(
        "INSERT INTO delivery (event, endpoint, due) VALUES (?, ?, ?)",
        [(event["id"], one["id"], due) for one in endpoints],
    )


def listening(books: Books, *, connect: bool) -> list[dict[str, Any]]:
    """The webhook endpoints, oldest first, for Connect events, or for the platform's own."""
    found = books.of_kind("webhook_endpoint", account="")
    return [one for one in reversed(found) if one["_connect"] == connect]


def _wants(endpoint: Mapping[str, Any], type: str) -> bool:
    return "*" in endpoint["enabled_events"] or type in endpoint["enabled_events"]


def api_version() -> str:
    """The one version that the sandbox speaks: the library's."""
    import stripe

    return stripe.api_version


def lapse(world: World, books: Books) -> bool:
    """Ends open sessions whose time is over, as Stripe does by itself. True when there were any."""
    now = int(world.now())
    ended = books.lapsed(now)
    for account, session in ended:
        end(Call(world, books, account, now), session)
    return bool(ended)


def end(call: Call, session: dict[str, Any]) -> None:
    """An open session expires; a payment that was tried in it is cancelled."""
    session.update(status="expired", url=None)
    call.books.save(session)
    if session["payment_intent"]:
        intent = call.books.get("payment_intent", session["payment_intent"], account=call.account)
        if intent:
            intent.update(status="canceled", canceled_at=call.now, cancellation_reason="automatic")
            call.books.save(intent)
            emit(call, "payment_intent.canceled", intent)
    emit(call, "checkout.session.expired", session)
