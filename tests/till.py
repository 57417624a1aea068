"""The payment sandbox beside an application under test: the real library in between, and post that arrives when, as
often and in what order a test says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import requests
from flask import Flask
from sqlalchemy import select
from stripe import WebhookSignature

from saas import clock, outbox, webhooks
from saas.db import db
from saas.outbox import Effect, Later, Outbox
from saas.sandbox.stripe.serve import Sandbox, create_sandbox
from saas.stripe_gateway import GatewaySettings, StripeGateway
from saas.tenancy import current_tenant
from tenants.bookings import checkout_effects
from tenants.bookings.actions import give_details, hold
from tenants.bookings.models import Booking
from tenants.bookings.rules import Details
from tenants.payments import effects as payment_effects
from tenants.payments.models import LedgerEntry, Payment, PaymentAttempt
from tests.cast import Clinic

CONNECT = "whsec_connect_tests"
ACCOUNT = "whsec_account_tests"
HANDLERS = {**checkout_effects.HANDLERS, **payment_effects.HANDLERS}
TOLD = {**checkout_effects.WEBHOOKS, **payment_effects.WEBHOOKS}


@dataclass
class Till:
    """`at` sets the sandbox's clock; nothing is delivered unless a test delivers it."""

    sandbox: Sandbox
    address: str
    moment: datetime
    taken: set[str] = field(default_factory=set)

    def at(self, moment: datetime) -> datetime:
        self.moment = moment
        return moment

    def press(self, url: str, outcome: str = "pay") -> int:
        return requests.post(url, {"outcome": outcome}, allow_redirects=False, timeout=60).status_code

    def break_down(self, **faults: Any) -> None:
        self.sandbox.faults.switch(faults)

    def mend(self) -> None:
        self.sandbox.faults.clear()

    def events(self, account: str = "acct_rowan") -> list[dict[str, Any]]:
        """Every event of sessions and refunds so far, oldest first, as Stripe would send it."""
        with self.sandbox.world.store.transaction() as books:
            found = books.of_kind("event", account=account)
        return [event for event in reversed(found) if event["type"] in TOLD]

    def deliver(self, event: dict[str, Any], *, now: datetime) -> str:
        payload = json.dumps(event)
        secret = CONNECT if event.get("account") else ACCOUNT
        signature = WebhookSignature.generate_signature_header(payload, secret, int(clock.now().timestamp()))
        return webhooks.receive(payload.encode(), signature, now=now, handlers=TOLD)

    def refunds(self) -> list[dict[str, Any]]:
        return self._all("refund")

    def charges(self) -> list[dict[str, Any]]:
        return self._all("charge")

    def fees(self) -> list[dict[str, Any]]:
        return self._all("application_fee", account="")

    def sessions(self) -> list[dict[str, Any]]:
        return self._all("checkout.session")

    def _all(self, kind: str, account: str = "acct_rowan") -> list[dict[str, Any]]:
        with self.sandbox.world.store.transaction() as books:
            return books.of_kind(kind, account=account)


@contextmanager
def open_till(app: Flask, folder: Path, *, now: datetime, accounts: tuple[str, ...] = ()) -> Iterator[Till]:
    """A sandbox over loopback that the app's gateway talks to; no proxy, no courier."""
    till: list[Till] = []
    with create_sandbox(
        data_file=folder / "sandbox.db",
        webhook_url="http://127.0.0.1:9/webhooks/stripe",
        webhook_secret=CONNECT,
        account_webhook_secret=ACCOUNT,
        seed_accounts=["acct_rowan", "acct_thornfield", *accounts],
        now=lambda: till[0].moment if till else now,
    ) as sandbox:
        address = sandbox.listen()
        settings = GatewaySettings("sk_test_tests", address, CONNECT, ACCOUNT, timeout_seconds=5)
        before = app.extensions.get("longtide.stripe")
        app.extensions["longtide.stripe"] = StripeGateway(settings)
        till.append(Till(sandbox, address, now))
        try:
            yield till[0]
        finally:
            app.extensions["longtide.stripe"] = before or StripeGateway(settings)


CLEO = Details(name="Cleo Hart", email="cleo@example.com")


def held(clinic: Clinic, *, now: datetime, service: str = "full", day: int = 1, hour: int = 10) -> UUID:
    """A hold for nobody yet: `day` days from now at `hour` o'clock UTC, with Ben."""
    starts_at = (now + timedelta(days=day)).replace(hour=hour, minute=0, tzinfo=UTC)
    made = hold(
        service_id=clinic.services[service],
        practitioner_id=clinic.practitioners["ben"],
        starts_at=starts_at,
        source="web",
        client_zone="Europe/London",
        locale="en_GB",
        now=now,
    )
    return made.id


def book(
    clinic: Clinic, *, now: datetime, service: str = "full", day: int = 1, hour: int = 10, details: Details = CLEO
) -> UUID:
    """A hold with its client, ready to be paid."""
    booking_id = held(clinic, now=now, service=service, day=day, hour=hour)
    give_details(booking_id=booking_id, details=details, now=now)
    return booking_id


def run_due(kinds: tuple[str, ...], *, now: datetime) -> list[str]:
    """Run this clinic's due effects of these kinds until none is left; answers what ran. `Later` waits for its time."""
    ran: list[str] = []
    asleep: dict[UUID, datetime] = {}
    while True:
        due = [row for row in outbox_rows(kinds) if row.run_at <= now and asleep.get(row.id, now) <= now]
        if not due:
            return ran
        row = due[0]
        effect = Effect(row.id, row.tenant_id, row.kind, dict(row.payload), 1)
        db.session.rollback()
        try:
            HANDLERS[effect.kind](effect, now=now)
        except Later as later:
            asleep[effect.id] = max(later.run_at, now + timedelta(microseconds=1))
            continue
        outbox.done(effect.id, now=now)
        ran.append(effect.kind)


def outbox_rows(kinds: tuple[str, ...]) -> list[Outbox]:
    wanted = select(Outbox).where(
        Outbox.tenant_id == current_tenant().id, Outbox.kind.in_(kinds), Outbox.done_at.is_(None)
    )
    return list(db.session.execute(wanted.order_by(Outbox.run_at, Outbox.id)).scalars())


def client_of(booking_id: UUID) -> UUID:
    found = db.session.get_one(Booking, booking_id).client_id
    assert found is not None
    return found


def status_of(booking_id: UUID) -> str:
    return db.session.get_one(Booking, booking_id, populate_existing=True).status


def attempts(booking_id: UUID) -> list[PaymentAttempt]:
    wanted = (
        select(PaymentAttempt)
        .join(Payment, Payment.id == PaymentAttempt.payment_id)
        .where(Payment.booking_id == booking_id)
        .order_by(PaymentAttempt.number)
        .execution_options(populate_existing=True)
    )
    return list(db.session.execute(wanted).scalars())


def ledger_of(booking_id: UUID) -> dict[tuple[str, str], int]:
    """(kind, account) → amount; checks that every posting, and so the whole, adds up to nothing."""
    rows = db.session.execute(select(LedgerEntry).where(LedgerEntry.booking_id == booking_id)).scalars().all()
    sums: dict[tuple[str, str], int] = {}
    by_posting: dict[UUID, int] = {}
    for row in rows:
        sums[row.kind, row.account] = sums.get((row.kind, row.account), 0) + row.amount_minor
        by_posting[row.posting_id] = by_posting.get(row.posting_id, 0) + row.amount_minor
    assert set(by_posting.values()) <= {0}
    return sums


def balance(sums: dict[tuple[str, str], int], account: str = "client") -> int:
    return sum(amount for (_, name), amount in sums.items() if name == account)
