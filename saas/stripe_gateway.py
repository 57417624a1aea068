"""What Longtide asks of Stripe, as plain values: nothing of the `stripe` library leaks out.

Every answer falls into one of three: it happened (a value), it did not happen (`GatewayRefused`),
or nobody knows yet (`GatewayUnavailable`: ask again with the *same* key). `stripe` is imported at
the first call, because the import costs 0.26 s.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit

from flask import current_app

from saas.config import settings
from saas.crypto import keyed_hash
from saas.stripe_values import (
    AccountState,
    Balance,
    CheckoutSession,
    GatewayError,
    GatewayRefused,
    GatewayReplayed500,
    GatewayUnavailable,
    InboundEvent,
    InvalidSignature,
    Payout,
    RefundResult,
    account_of,
    balance_of,
    event_of,
    payout_of,
    refund_of,
    session_of,
)

if TYPE_CHECKING:
    from stripe import StripeClient

# The library's own version: its types and this file were written against it. A test compares them,
# so that raising the library is a decision and not an accident.
API_VERSION = "2026-10-28.endive"

# Stripe's default for the age of a signed event, in seconds.
SIGNATURE_TOLERANCE = 300

T = TypeVar("T")

_EXPAND_PAYMENT = ["payment_intent.latest_charge"]


@dataclass(frozen=True)
class GatewaySettings:
    """`api_base` is None for Stripe itself, else the sandbox's address on loopback."""

    api_key: str
    api_base: str | None
    connect_webhook_secret: str
    account_webhook_secret: str
    timeout_seconds: float = 10
    max_network_retries: int = 0


class StripeGateway:
    """One per process, safe for threads (the library keeps one connection pool per thread)."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings

    def create_checkout(self, *, account: str, params: Mapping[str, Any], idempotency_key: str) -> CheckoutSession:
        """The session for the stored request `params` (see `checkout_params`).

        The same key and request answer with the session *as it was when it was made*: after a
        retry, `retrieve_checkout` tells how it stands now.
        """
        sessions = self._client.v1.checkout.sessions
        made = _ask(
            lambda: sessions.create(
                cast("Any", dict(params)),
                {"stripe_account": account, "idempotency_key": idempotency_key},
            )
        )
        return session_of(made.to_dict())

    def retrieve_checkout(self, *, account: str, session_id: str) -> CheckoutSession:
        """The session as it stands now, with its payment, charge and card."""
        sessions = self._client.v1.checkout.sessions
        found = _ask(lambda: sessions.retrieve(session_id, {"expand": _EXPAND_PAYMENT}, {"stripe_account": account}))
        return session_of(found.to_dict())

    def expire_checkout(self, *, account: str, session_id: str) -> CheckoutSession:
        """Ends an open session; one that has ended by itself or was paid is answered as it is."""
        sessions = self._client.v1.checkout.sessions
        try:
            ended = _ask(lambda: sessions.expire(session_id, {}, {"stripe_account": account}))
        except GatewayRefused:
            session = self.retrieve_checkout(account=account, session_id=session_id)
            if session.status == "open":
                raise
            return session
        return session_of(ended.to_dict())

    def refund(
        self,
        *,
        account: str,
        payment_intent: str,
        amount: int,
        idempotency_key: str,
        refund_application_fee: bool = True,
        metadata: Mapping[str, str] | None = None,
    ) -> RefundResult:
        """Gives back `amount` minor units of a payment, and our fee in proportion.

        `refund_application_fee` must be False where no fee was taken: Stripe refuses to give back nothing.
        """
        refunds = self._client.v1.refunds
        made = _ask(
            lambda: refunds.create(
                {
                    "payment_intent": payment_intent,
                    "amount": amount,
                    "refund_application_fee": refund_application_fee,
                    "metadata": dict(metadata or {}),
                },
                {"stripe_account": account, "idempotency_key": idempotency_key},
            )
        )
        return refund_of(made.to_dict())

    def list_refunds(self, *, account: str, payment_intent: str) -> list[RefundResult]:
        """Every refund of a payment, newest first."""
        refunds = self._client.v1.refunds

        def ask() -> list[RefundResult]:
            page = refunds.list({"payment_intent": payment_intent, "limit": 100}, {"stripe_account": account})
            return [refund_of(one.to_dict()) for one in page.auto_paging_iter()]

        return _ask(ask)

    def create_account(self, *, country: str, email: str, tenant: str, idempotency_key: str) -> AccountState:
        """An account of the clinic's own, empty: its owner fills it in at Stripe. The same key, the same account."""
        accounts = self._client.v1.accounts
        asked: Any = {"type": "standard", "country": country, "metadata": {"tenant": tenant}}
        if email:
            asked["email"] = email
        made = _ask(lambda: accounts.create(asked, {"idempotency_key": idempotency_key}))
        return account_of(made.to_dict())

    def account(self, *, account: str) -> AccountState:
        """How an account stands now."""
        return account_of(_ask(lambda: self._client.v1.accounts.retrieve(account)).to_dict())

    def onboarding_url(self, *, account: str, back: str) -> str:
        """Where the owner fills the account in at Stripe: for one visit within minutes. `back`: our page that they
        come back to, whatever they did there."""
        links = self._client.v1.account_links
        made = _ask(
            lambda: links.create(
                {"account": account, "refresh_url": back, "return_url": back, "type": "account_onboarding"}
            )
        )
        return made.url

    def balance(self, *, account: str) -> Balance:
        """What the clinic has at Stripe now."""
        return balance_of(_ask(lambda: self._client.v1.balance.retrieve({}, {"stripe_account": account})).to_dict())

    def payouts(self, *, account: str, limit: int) -> list[Payout]:
        """The newest payouts to the clinic's bank, newest first."""
        payouts = self._client.v1.payouts
        page = _ask(lambda: payouts.list({"limit": limit}, {"stripe_account": account}))
        return [payout_of(one.to_dict()) for one in page.data]

    def read_event(self, *, payload: bytes, signature: str) -> InboundEvent:
        """The event in a webhook's body. Raises `InvalidSignature`.

        A Connect event must carry an account and the platform's own must not: otherwise whoever
        knew one secret could speak for the other endpoint.
        """
        for secret, from_connect in (
            (self._settings.connect_webhook_secret, True),
            (self._settings.account_webhook_secret, False),
        ):
            if secret and _signed(payload, signature, secret):
                event = event_of(payload)
                if (event.account is not None) == from_connect:
                    return event
        raise InvalidSignature("This event is not signed for this endpoint.")

    def retrieve_event(self, *, account: str | None, event_id: str) -> InboundEvent:
        """An event that was sent before, as Stripe keeps it (30 days), asked for again by its id."""
        options: Any = {"stripe_account": account} if account else {}
        found = _ask(lambda: self._client.v1.events.retrieve(event_id, {}, options))
        return event_of(json.dumps({**found.to_dict(), "account": account}).encode())

    @cached_property
    def _client(self) -> StripeClient:
        import stripe

        stripe.enable_telemetry = False
        # At debug level the library logs whole request bodies.
        logging.getLogger("stripe").setLevel(logging.WARNING)
        base = self._settings.api_base
        # On loopback a proxy from the environment would only be in the way.
        loopback = base is not None and urlsplit(base).scheme == "http"
        proxy = cast("Any", {"http": None, "https": None, "all": None} if loopback else None)
        return stripe.StripeClient(
            self._settings.api_key,
            stripe_version=API_VERSION,
            base_addresses={"api": base} if base else {},
            max_network_retries=self._settings.max_network_retries,
            http_client=stripe.RequestsClient(timeout=self._settings.timeout_seconds, proxy=proxy),
        )


_EXTENSION = "longtide.stripe"
_SANDBOX_KEY = "sk_test_longtide_sandbox"


def gateway_settings() -> GatewaySettings:
    """What the running app's settings say about Stripe. The sandbox's webhook secrets, where none are set, are derived
    from the app's secret, so that both processes know them without being told."""
    config = settings()
    if config.payments == "stripe":
        return GatewaySettings(
            api_key=config.stripe_api_key,
            api_base=None,
            connect_webhook_secret=config.stripe_connect_webhook_secret,
            account_webhook_secret=config.stripe_account_webhook_secret,
        )
    return GatewaySettings(
        api_key=config.stripe_api_key or _SANDBOX_KEY,
        api_base=(config.stripe_api_base or config.sandbox_url).rstrip("/"),
        connect_webhook_secret=config.stripe_connect_webhook_secret or _sandbox_secret("connect"),
        account_webhook_secret=config.stripe_account_webhook_secret or _sandbox_secret("account"),
    )


def _sandbox_secret(which: str) -> str:
    return "whsec_" + keyed_hash("sandbox-webhook", None, which)[:32]


def gateway() -> StripeGateway:
    """The running app's gateway: one per process, made when it is first asked for."""
    found: StripeGateway | None = current_app.extensions.get(_EXTENSION)
    if found is None:
        # Two threads may both make one at the start; `setdefault` lets one of them win.
        found = current_app.extensions.setdefault(_EXTENSION, StripeGateway(gateway_settings()))
    return found


def _ask(call: Callable[[], T]) -> T:
    """Runs one call of the library and sorts its errors into ours.

    `from None`, because the library's errors carry the whole body and would end up in a log.
    """
    import stripe

    try:
        return call()
    except stripe.StripeError as error:
        raise _sorted(error) from None


def _sorted(error: Any) -> GatewayError:
    status = error.http_status
    name = type(error).__name__
    if status is None or status < 400:
        return GatewayUnavailable(name)
    if status >= 500:
        if error.headers.get("Idempotent-Replayed") == "true":
            return GatewayReplayed500(f"{status}, replayed")
        return GatewayUnavailable(f"{name} {status}")
    if status in (409, 429):
        return GatewayUnavailable(f"{name} {status}")
    body = error.json_body if isinstance(error.json_body, dict) else {}
    said = body.get("error")
    said = said if isinstance(said, dict) else {}
    code = str(said.get("code") or said.get("type") or status)
    param = said.get("param")
    return GatewayRefused(code, str(param) if param else None, str(said.get("message") or ""))


def _signed(payload: bytes, signature: str, secret: str) -> bool:
    import stripe

    try:
        stripe.WebhookSignature.verify_header(payload, signature, secret, SIGNATURE_TOLERANCE)
    except (stripe.SignatureVerificationError, ValueError, TypeError):
        # Bodies that are no text, and signatures with letters that cannot be compared.
        return False
    return True
