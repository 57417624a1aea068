"""Runs Longtide's payment flow against your own Stripe test keys, so that you need not take the sandbox's word for it.

    STRIPE_SECRET_KEY=sk_test_…  STRIPE_ACCOUNT=acct_…  .venv/bin/python -m deploy.stripe_check

STRIPE_ACCOUNT is a connected account of yours in test mode that can take payments. No live key is
accepted. STRIPE_API_BASE points it at the sandbox instead. STRIPE_CURRENCY is EUR unless it is set.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from saas import clock
from saas.stripe_gateway import GatewaySettings, StripeGateway
from saas.stripe_values import CheckoutSession, GatewayError, GatewayRefused, checkout_params

AMOUNT, FEE, FIRST_REFUND = 2000, 40, 500


@dataclass
class Check:
    """One run of the flow; `pay` is asked to pay a session's page and to come back when that is done."""

    gateway: StripeGateway
    account: str
    currency: str
    pay: Callable[[CheckoutSession], None]
    failed: int = 0
    run: str = field(default_factory=lambda: uuid4().hex)

    def all(self) -> bool:
        """True when everything was as Longtide expects."""
        session = self._sessions()
        if session is not None:
            self._money(session)
        return self.failed == 0

    def _sessions(self) -> CheckoutSession | None:
        params = self._request()
        made = self._create(params, key="open")
        self._say("a session is made", made is not None and made.status == "open")
        again = self._create(params, key="open")
        same = made is not None and again is not None and again.id == made.id
        self._say("the same key answers the same session", same)
        other = params | {"client_reference_id": "another"}
        self._refused("another request under the key is refused", other, key="open", code="idempotency_error")
        unknown = params | {"colour": "blue"}
        self._refused("an unknown parameter is refused", unknown, key="unknown", code="parameter_unknown")
        self._refused("an amount too small is refused", self._request(amount=1), key="small", code="amount_too_small")
        soon = self._request(minutes=5)
        self._refused("an end in less than 30 minutes is refused", soon, key="soon", param="expires_at")
        if made is not None:
            ended = self.gateway.expire_checkout(account=self.account, session_id=made.id)
            twice = self.gateway.expire_checkout(account=self.account, session_id=made.id)
            self._say("an open session can be ended, and ended again", (ended.status, twice.status) == ("expired",) * 2)
        return self._create(self._request(), key="paid")

    def _money(self, session: CheckoutSession) -> None:
        self.pay(session)
        paid = self.gateway.retrieve_checkout(account=self.account, session_id=session.id)
        self._say("the session is paid", (paid.status, paid.payment_status) == ("complete", "paid"))
        ours = (paid.amount, paid.currency, paid.metadata.get("payment_attempt")) == (AMOUNT, self.currency, self.run)
        self._say("amount, currency and metadata are ours", ours)
        self._say("card and receipt are named", bool(paid.card_last4 and paid.card_brand and paid.receipt_url))
        intent = paid.payment_intent
        if intent is None:
            return
        ended = self.gateway.expire_checkout(account=self.account, session_id=session.id)
        self._say("a paid session cannot be ended", ended.payment_status == "paid")
        first = self._refund(intent, FIRST_REFUND, key="part")
        self._say("a part is refunded", isinstance(first, str))
        self._say("the same key refunds once", self._refund(intent, FIRST_REFUND, key="part") == first)
        self._say("more than is left is refused", isinstance(self._refund(intent, AMOUNT, key="more"), GatewayRefused))
        self._say("the rest is refunded", isinstance(self._refund(intent, AMOUNT - FIRST_REFUND, key="rest"), str))
        listed = self.gateway.list_refunds(account=self.account, payment_intent=intent)
        self._say("both refunds are listed", sum(one.amount for one in listed) == AMOUNT)

    def _request(self, *, amount: int = AMOUNT, minutes: int = 31) -> dict[str, Any]:
        return checkout_params(
            amount=amount,
            currency=self.currency,
            name="Session",
            success_url="https://longtide.example/back?session={CHECKOUT_SESSION_ID}",
            cancel_url="https://longtide.example/cancelled",
            expires_at=int(clock.now().timestamp()) + minutes * 60,
            application_fee=min(FEE, amount),
            metadata={"payment_attempt": self.run},
            locale="en",
        )

    def _create(self, params: Mapping[str, Any], *, key: str) -> CheckoutSession | None:
        try:
            return self.gateway.create_checkout(
                account=self.account, params=params, idempotency_key=f"{self.run}-{key}"
            )
        except GatewayError as error:
            print(f"       {type(error).__name__}: {error} {getattr(error, 'message', '')}")
            return None

    def _refused(
        self, promise: str, params: Mapping[str, Any], *, key: str, code: str | None = None, param: str | None = None
    ) -> None:
        try:
            self.gateway.create_checkout(account=self.account, params=params, idempotency_key=f"{self.run}-{key}")
        except GatewayRefused as error:
            self._say(f"{promise} ({error})", code in (None, error.code) and param in (None, error.param))
        else:
            self._say(promise, as_expected=False)

    def _refund(self, intent: str, amount: int, *, key: str) -> str | GatewayError:
        try:
            return self.gateway.refund(
                account=self.account,
                payment_intent=intent,
                amount=amount,
                idempotency_key=f"{self.run}-{key}",
                metadata={"payment_attempt": self.run},
            ).id
        except GatewayError as error:
            return error

    def _say(self, promise: str, as_expected: bool) -> None:  # noqa: FBT001 - read as a sentence
        self.failed += not as_expected
        print(f"{'ok    ' if as_expected else 'FAILED'} {promise}")


def settings(environment: Mapping[str, str]) -> GatewaySettings:
    """From the environment. Raises ValueError with a line for the person who runs this."""
    key = environment.get("STRIPE_SECRET_KEY", "")
    if not key.startswith("sk_test_"):
        raise ValueError("STRIPE_SECRET_KEY must be a test key (sk_test_…); live keys are refused here.")
    if not environment.get("STRIPE_ACCOUNT", "").startswith("acct_"):
        raise ValueError("STRIPE_ACCOUNT must name a connected account in test mode (acct_…).")
    made = GatewaySettings(key, environment.get("STRIPE_API_BASE") or None, "", "")
    return replace(made, timeout_seconds=30)


def _by_hand(session: CheckoutSession) -> None:
    print(f"\nOpen this page, pay with card 4242 4242 4242 4242, any future date, any code:\n\n  {session.url}\n")
    input("Press Enter when the page has said that it is paid (it then leads to an address that is not there). ")


def main() -> int:
    """0 when everything was as expected."""
    try:
        wanted = settings(os.environ)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    currency = os.environ.get("STRIPE_CURRENCY", "EUR")
    try:
        good = Check(StripeGateway(wanted), os.environ["STRIPE_ACCOUNT"], currency, _by_hand).all()
    except GatewayError as error:
        print(f"The flow broke off: {type(error).__name__} {error}", file=sys.stderr)
        return 1
    print("\nEverything was as Longtide expects." if good else "\nSomething differs from what Longtide expects.")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
