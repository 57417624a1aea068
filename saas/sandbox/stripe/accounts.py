"""Connected accounts (seeded, ready for payments) and webhook endpoints."""

from __future__ import annotations

from typing import Any

from saas.sandbox.stripe.errors import ApiError, missing
from saas.sandbox.stripe.events import api_version, public
from saas.sandbox.stripe.store import Books, new_id
from saas.sandbox.stripe.things import listed
from saas.sandbox.stripe.world import Call


def seed_account(books: Books, id: str, *, now: int) -> None:
    """Makes a connected account unless it is there."""
    if books.get("account", id, account="") is None:
        ready = {"card_payments": "active", "transfers": "active"}
        body = {
            "id": id,
            "object": "account",
            "business_profile": {"name": None},
            "capabilities": ready,
            "charges_enabled": True,
            "country": "IE",
            "created": now,
            "default_currency": "eur",
            "details_submitted": True,
            "email": None,
            "metadata": {},
            "payouts_enabled": True,
            "type": "standard",
        }
        books.add(body, account="")


def create_account(call: Call) -> dict[str, Any]:
    """An account whose owner has not told Stripe anything yet: it can neither charge nor pay out."""
    seed_account(call.books, account := new_id("acct_", 16), now=call.now)
    body = call.books.get("account", account, account="") or {}
    body |= {
        "capabilities": {}, "charges_enabled": False, "payouts_enabled": False, "details_submitted": False,
        "country": call.given.get("country", "IE"), "email": call.given.get("email"),
        "metadata": call.given.get("metadata", {}), "type": call.given.get("type", "standard"),
    }  # fmt: skip
    call.books.save(body)
    return body


def create_link(call: Call) -> dict[str, Any]:
    """A page on which the owner of an account tells what Stripe asks (`pages.py`)."""
    account = call.books.get("account", call.given["account"], account="")
    if account is None:
        raise missing("account", call.given["account"], "account")
    account["_back"] = call.given["return_url"]
    call.books.save(account)
    url = f"{call.world.public_url}/onboarding/{account['id']}"
    return {"object": "account_link", "created": call.now, "expires_at": call.now + 300, "url": url}


def fill_in(books: Books, id: str, *, ready: bool) -> str | None:
    """The owner has told Stripe everything (`ready`), or leaves it for later: where they are sent back to. None: there
    is no such page."""
    account = books.get("account", id, account="")
    if account is None or "_back" not in account:
        return None
    if ready:
        account |= {"capabilities": dict.fromkeys(("card_payments", "transfers"), "active")}
        account |= dict.fromkeys(("charges_enabled", "payouts_enabled", "details_submitted"), True)
        books.save(account)
    return str(account["_back"])


def seed_endpoint(books: Books, *, url: str, secret: str, connect: bool, now: int) -> None:
    """One of the two endpoints that Longtide has at Stripe; address and secret follow the configuration."""
    name = "we_sandbox_connect" if connect else "we_sandbox_account"
    body = _endpoint(id=name, url=url, secret=secret, connect=connect, now=now)
    if books.get("webhook_endpoint", name, account="") is None:
        books.add(body, account="")
    else:
        books.save(body)


def create_endpoint(call: Call) -> dict[str, Any]:
    """Another endpoint. Its secret is in this answer and in no later one."""
    given = call.given
    body = _endpoint(
        id=new_id("we_"),
        url=given["url"],
        secret=new_id("whsec_", 32),
        connect=given.get("connect", False),
        now=call.now,
    )
    body["enabled_events"] = given["enabled_events"]
    if not given["url"].startswith(("http://", "https://")):
        raise ApiError("Not a valid URL", code="url_invalid", param="url")
    call.books.add(body, account="")
    return {**public(body), "secret": body["_secret"]}


def _endpoint(*, id: str, url: str, secret: str, connect: bool, now: int) -> dict[str, Any]:
    return {
        "id": id,
        "object": "webhook_endpoint",
        "api_version": api_version(),
        "created": now,
        "description": None,
        "enabled_events": ["*"],
        "livemode": False,
        "metadata": {},
        "status": "enabled",
        "url": url,
        "_connect": connect,
        "_secret": secret,
    }


def retrieve_account(call: Call) -> dict[str, Any]:
    """A connected account, for the platform or for itself."""
    wanted = call.id or call.account
    found = call.books.get("account", wanted, account="") if call.account in ("", wanted) else None
    if found is None:
        raise missing("account", wanted, "account")
    return found


def list_accounts(call: Call) -> dict[str, Any]:
    """Connected accounts, newest first."""
    return listed(call, call.books.of_kind("account", account=""), "/v1/accounts")
