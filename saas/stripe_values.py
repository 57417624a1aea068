"""What passes between Longtide and Stripe, as plain values: sessions, refunds, events, errors, and the request for
a payment. Pure: neither `stripe` nor flask nor the network; `saas/stripe_gateway.py` does the talking.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from saas.errors import DomainError

T = TypeVar("T")
_END_OF_TIME = 253_402_300_800  # the year 10000, in epoch seconds: no calendar of ours goes further
_LARGEST = 2**53


@dataclass(frozen=True)
class CheckoutSession:
    """`status`: open, complete, expired. `payment_status`: paid, unpaid, no_payment_required.

    `amount` in minor units, `currency` upper-case, `expires_at` in epoch seconds. The payment's
    fields are None until there is one, and in the answer to `create_checkout`.
    """

    id: str
    url: str | None
    status: str
    payment_status: str
    amount: int
    currency: str
    metadata: dict[str, str]
    payment_intent: str | None
    charge: str | None
    card_brand: str | None
    card_last4: str | None
    receipt_url: str | None
    expires_at: int


@dataclass(frozen=True)
class RefundResult:
    """`status`: succeeded, pending, failed, canceled, requires_action; `amount` in minor units."""

    id: str
    status: str
    amount: int
    currency: str
    metadata: dict[str, str] = field(default_factory=dict)
    payment_intent: str | None = None


@dataclass(frozen=True)
class DisputeNews:
    """A dispute as Stripe tells it: `status` and `reason` in its words, `answer_by` in epoch seconds."""

    id: str
    status: str
    reason: str
    amount: int
    currency: str
    payment_intent: str | None
    created: int
    answer_by: int | None


@dataclass(frozen=True)
class AccountState:
    """A clinic's account as Stripe has it now. `told`: whether the clinic has sent in all that was asked; `ready`:
    whether it can take cards."""

    id: str
    told: bool
    ready: bool


@dataclass(frozen=True)
class Balance:
    """What a clinic has at Stripe, as (minor units, currency): ready to be paid out, and not yet."""

    available: tuple[tuple[int, str], ...]
    pending: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Payout:
    """Money on its way from Stripe to the clinic's bank. `status`: paid, pending, in_transit, canceled, failed;
    `arrives` and `created` in epoch seconds."""

    id: str
    amount: int
    currency: str
    status: str
    arrives: int
    created: int


@dataclass(frozen=True)
class InboundEvent:
    """A verified event. `account` is the clinic's account, None for the platform's own events."""

    id: str
    type: str
    account: str | None
    created: int
    object: dict[str, Any]

    def read(self, reader: Callable[[Mapping[str, Any]], T]) -> T:
        """The event's object as `reader` takes it (`session_of`, …). Raises `Unreadable`."""
        return _whole(lambda: reader(self.object))


class GatewayError(Exception):
    """Stripe did not do as asked. The text names codes only: bodies may hold people's data."""


class GatewayUnavailable(GatewayError):
    """No answer, a time-out, a 5xx, a 429 or a key in use: it may or may not have happened.

    Ask again with the same key and the same request.
    """


class GatewayReplayed500(GatewayError):
    """Stripe keeps answering this key with the 5xx of the first try: only a new key gets further.

    The first try may still have done its work, so look (list, retrieve) before asking anew.
    """


class GatewayRefused(GatewayError):
    """A 4xx: this request changed nothing. `message` is Stripe's English text, not for clients.

    `code` is Stripe's error code, or its type where there is none (`idempotency_error` means that
    another request was made under this key before).
    """

    def __init__(self, code: str, param: str | None, message: str) -> None:
        super().__init__(f"{code} ({param})" if param else code)
        self.code = code
        self.param = param
        self.message = message


class InvalidSignature(DomainError):
    """Not signed by Stripe for us, too old, or signed with the secret of the other endpoint."""

    status = 400
    code = "invalid-signature"


class Unreadable(DomainError):
    """Signed, but not of the shape that Stripe promises. Stripe sends it again, and shows it as failed."""

    status = 400
    code = "unreadable-event"


def checkout_params(
    *,
    amount: int,
    currency: str,
    name: str,
    success_url: str,
    cancel_url: str,
    expires_at: int,
    application_fee: int,
    metadata: Mapping[str, str],
    customer_email: str | None = None,
    locale: str | None = None,
) -> dict[str, Any]:
    """The request for one payment by card on Stripe's own page, to be stored and sent as it is.

    `amount` and `application_fee` in minor units, `expires_at` in epoch seconds. `name` is what
    Stripe and the client's receipt show: the caller keeps it discreet. `success_url` may hold
    `{CHECKOUT_SESSION_ID}`.
    """
    data: dict[str, Any] = {"metadata": dict(metadata)}
    if application_fee:
        data["application_fee_amount"] = application_fee
    line = {
        "quantity": 1,
        "price_data": {
            "currency": currency.lower(),
            "unit_amount": amount,
            "product_data": {"name": name},
        },
    }
    params: dict[str, Any] = {
        "mode": "payment",
        # Cards only: the money is final when the session completes. (`payment_method_types` is
        # gone since 2026-09-30.endive.)
        "allowed_payment_method_types": ["card"],
        "line_items": [line],
        "payment_intent_data": data,
        "metadata": dict(metadata),
        "success_url": success_url,
        "cancel_url": cancel_url,
        "expires_at": expires_at,
        "submit_type": "book",
    }
    if "payment_attempt" in metadata:
        params["client_reference_id"] = metadata["payment_attempt"]
    if customer_email:
        params["customer_email"] = customer_email
    if locale:
        params["locale"] = locale
    return params


def session_of(raw: Mapping[str, Any]) -> CheckoutSession:
    """The session in an event's object, or in an answer. An event names the payment only: charge and card are None."""
    intent = raw.get("payment_intent")
    charge = intent.get("latest_charge") if isinstance(intent, dict) else None
    detail = charge if isinstance(charge, dict) else {}
    card = (detail.get("payment_method_details") or {}).get("card") or {}
    return CheckoutSession(
        id=_text(raw["id"]),
        url=raw.get("url"),
        status=_text(raw["status"]),
        payment_status=_text(raw["payment_status"]),
        amount=_number(raw["amount_total"]),
        currency=_text(raw["currency"]).upper(),
        metadata=dict(raw.get("metadata") or {}),
        payment_intent=_id(intent),
        charge=_id(charge),
        card_brand=card.get("brand"),
        card_last4=card.get("last4"),
        receipt_url=detail.get("receipt_url"),
        expires_at=_epoch(raw["expires_at"]),
    )


def _id(thing: object) -> str | None:
    """The id of something that Stripe sends whole or as its id."""
    if isinstance(thing, dict):
        return _text(thing["id"])
    return _text(thing) if thing else None


def _whole(read: Callable[[], T]) -> T:
    try:
        return read()
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError):
        raise Unreadable("This is not what Stripe's events look like.") from None


def _text(value: object) -> str:
    """A text that databases take. Raises TypeError or ValueError."""
    if not isinstance(value, str):
        raise TypeError
    if not value or "\x00" in value:
        raise ValueError
    value.encode()  # JSON can say half of a surrogate pair
    return value


def _number(value: object, limit: int = _LARGEST) -> int:
    if not isinstance(value, int):
        raise TypeError
    if not 0 <= value < limit:
        raise ValueError
    return value


def _epoch(value: object) -> int:
    return _number(value, _END_OF_TIME)


def refund_of(raw: Mapping[str, Any]) -> RefundResult:
    """The refund in an event's object, or in an answer."""
    return RefundResult(
        id=_text(raw["id"]),
        status=_text(raw.get("status") or "pending"),
        amount=_number(raw["amount"]),
        currency=_text(raw["currency"]).upper(),
        metadata=dict(raw.get("metadata") or {}),
        payment_intent=_id(raw.get("payment_intent")),
    )


def dispute_of(raw: Mapping[str, Any]) -> DisputeNews:
    """The dispute in an event's object."""
    due = (raw.get("evidence_details") or {}).get("due_by")
    return DisputeNews(
        id=_text(raw["id"]),
        status=_text(raw["status"]),
        reason=_text(raw.get("reason") or "general"),
        amount=_number(raw["amount"]),
        currency=_text(raw["currency"]).upper(),
        payment_intent=_id(raw.get("payment_intent")),
        created=_epoch(raw["created"]),
        answer_by=_epoch(due) if due else None,
    )


def attempt_named(raw: Mapping[str, Any]) -> UUID | None:
    """The attempt that the metadata of a session or a charge names; None for what is none of ours."""
    try:
        return UUID(str((raw.get("metadata") or {}).get("payment_attempt")))
    except ValueError:
        return None


def account_of(data: Mapping[str, Any]) -> AccountState:
    """The state in an account as Stripe answers it."""
    return AccountState(str(data["id"]), bool(data.get("details_submitted")), bool(data.get("charges_enabled")))


def balance_of(raw: Mapping[str, Any]) -> Balance:
    """The balance in an answer."""

    def sums(name: str) -> tuple[tuple[int, str], ...]:
        return tuple((part["amount"], part["currency"].upper()) for part in raw.get(name) or [])

    return Balance(available=sums("available"), pending=sums("pending"))


def payout_of(raw: Mapping[str, Any]) -> Payout:
    """A payout in an answer."""
    return Payout(
        id=raw["id"],
        amount=raw["amount"],
        currency=raw["currency"].upper(),
        status=raw["status"],
        arrives=raw["arrival_date"],
        created=raw["created"],
    )


def event_of(payload: bytes) -> InboundEvent:
    """The event in a body whose signature was checked. Raises `Unreadable` when it is none."""
    return _whole(lambda: _event(json.loads(payload)))


def _event(raw: Mapping[str, Any]) -> InboundEvent:
    account = raw.get("account")
    return InboundEvent(
        id=_text(raw["id"]),
        type=_text(raw["type"]),
        account=_text(account) if account else None,
        created=_epoch(raw["created"]),
        object=dict(raw["data"]["object"]),
    )
