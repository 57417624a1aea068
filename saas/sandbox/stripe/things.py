"""What is the same for every kind of object: looking one up, lists in pages, expanding ids."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from saas.sandbox.stripe.errors import ApiError, missing
from saas.sandbox.stripe.store import Books
from saas.sandbox.stripe.world import Call

# Fields that hold an id, and what it is the id of.
_EXPANDABLE = {
    "application_fee": "application_fee",
    "charge": "charge",
    "latest_charge": "charge",
    "payment_intent": "payment_intent",
}


# What lists can be asked for; Stripe knows more, and to ignore that would be a lie.
_FILTERS = frozenset("charge ending_before expand limit payment_intent starting_after status type".split())


def retriever(kind: str, param: str) -> Callable[[Call], dict[str, Any]]:
    """The endpoint that answers one object of `kind`."""

    def retrieve(call: Call) -> dict[str, Any]:
        found = call.books.get(kind, call.id, account=call.account)
        if found is None:
            raise missing(kind, call.id, param)
        return found

    return retrieve


def lister(kind: str, url: str) -> Callable[[Call], dict[str, Any]]:
    """The endpoint that lists objects of `kind`, by payment intent, charge or type if asked."""

    def list_all(call: Call) -> dict[str, Any]:
        found = call.books.of_kind(kind, account=call.account, intent=call.given.get("payment_intent"))
        for name in ("charge", "type"):
            if name in call.given:
                found = [one for one in found if one.get(name) == call.given[name]]
        return listed(call, found, url)

    return list_all


def listed(call: Call, found: list[dict[str, Any]], url: str) -> dict[str, Any]:
    """One page of `found`, which comes newest first."""
    for name in call.given:
        if name not in _FILTERS:
            raise ApiError(f"Stripe knows {name}, but the sandbox does not act on it.", param=name, stored=False)
    limit = call.given.get("limit", 10)
    if not 1 <= limit <= 100:
        raise ApiError("Invalid integer: limit is between 1 and 100.", code="parameter_invalid_integer", param="limit")
    ids = [one["id"] for one in found]
    page = found
    for name in ("starting_after", "ending_before"):
        if name in call.given:
            if call.given[name] not in ids:
                raise missing("object", call.given[name], name)
            at = ids.index(call.given[name])
            page = found[at + 1 :] if name == "starting_after" else found[:at][-limit:]
    return {"object": "list", "data": page[:limit], "has_more": len(page) > limit, "url": url}


def expand(books: Books, account: str, thing: dict[str, Any], paths: list[str]) -> None:
    """Puts objects in place of their ids, `payment_intent.latest_charge` and the like."""
    for path in paths:
        parts = path.split(".")
        if thing.get("object") == "list":
            if parts[0] != "data" or len(parts) < 2:
                raise _no_expansion(path)
            for one in thing["data"]:
                _expand(books, account, one, parts[1:], path)
        else:
            _expand(books, account, thing, parts, path)


def _expand(books: Books, account: str, thing: dict[str, Any], parts: list[str], path: str) -> None:
    name = parts[0]
    if name == "line_items" and "_line_items" in thing:
        thing[name] = thing["_line_items"]
        return
    if name not in _EXPANDABLE or name not in thing or len(parts) > 4:
        raise _no_expansion(path)
    if isinstance(thing[name], str):
        owner = "" if name == "application_fee" else account
        thing[name] = books.get(_EXPANDABLE[name], thing[name], account=owner) or thing[name]
    if len(parts) > 1 and isinstance(thing[name], Mapping):
        _expand(books, account, thing[name], parts[1:], path)


def _no_expansion(path: str) -> ApiError:
    return ApiError(f"This property cannot be expanded ({path[:80]}).", param="expand", stored=False)
