"""A sandbox over loopback, the real library in front of it, and an inbox for its webhooks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests
import stripe

from saas import clock
from saas.sandbox.stripe.serve import Sandbox, create_sandbox
from saas.stripe_gateway import GatewaySettings, StripeGateway
from saas.stripe_values import CheckoutSession, InboundEvent, checkout_params

ROWAN = "acct_rowan"
NEXT_DOOR = "acct_nextdoor"
KEY = "sk_test_longtide"
CONNECT_SECRET = "whsec_connect"
ACCOUNT_SECRET = "whsec_account"


@dataclass
class Inbox:
    """Keeps what is posted to it; answers `statuses` in turn, then 200."""

    url: str = ""
    posts: list[tuple[bytes, str]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))


@contextmanager
def inbox() -> Iterator[Inbox]:
    kept = Inbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.posts.append((body, self.headers["Stripe-Signature"]))
            self.send_response(kept.statuses.pop(0) if kept.statuses else 200)
            self.end_headers()
            kept.arrived.release()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_port}/webhooks/stripe"
    thread = threading.Thread(target=server.serve_forever, args=(0.005,))
    thread.start()
    yield kept
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Stand:
    sandbox: Sandbox
    address: str
    inbox: Inbox

    def gateway(self, *, timeout_seconds: float = 10, api_key: str = KEY) -> StripeGateway:
        settings = GatewaySettings(
            api_key=api_key,
            api_base=self.address,
            connect_webhook_secret=CONNECT_SECRET,
            account_webhook_secret=ACCOUNT_SECRET,
            timeout_seconds=timeout_seconds,
        )
        return StripeGateway(settings)

    def client(self) -> stripe.StripeClient:
        return stripe.StripeClient(KEY, base_addresses={"api": self.address}, max_network_retries=0)

    def checkout(self, *, key: str | None = None, account: str = ROWAN, **changes: Any) -> CheckoutSession:
        return self.gateway().create_checkout(
            account=account, params=request(**changes), idempotency_key=key or uuid4().hex
        )

    def press(self, session: CheckoutSession, outcome: str) -> requests.Response:
        url = f"{self.address}/pay/{session.id}"
        return requests.post(url, {"outcome": outcome}, allow_redirects=False, timeout=60)

    def paid(self, *, key: str | None = None, **changes: Any) -> CheckoutSession:
        session = self.checkout(key=key, **changes)
        assert self.press(session, "pay").status_code == 303
        return self.gateway().retrieve_checkout(account=ROWAN, session_id=session.id)

    def page(self, session: CheckoutSession) -> requests.Response:
        return requests.get(f"{self.address}/pay/{session.id}", timeout=60)

    def post(
        self, path: str, body: str, *, key: str | None = None, account: str = ROWAN, **headers: str
    ) -> requests.Response:
        """One raw request, for what the library would not send."""
        wanted = {"Authorization": f"Bearer {KEY}", "Stripe-Account": account, **headers}
        if key:
            wanted["Idempotency-Key"] = key
        return requests.post(f"{self.address}{path}", body, headers=wanted, timeout=60)

    def switch(self, method: str, path: str, body: Any = None) -> requests.Response:
        """One of the switches."""
        return requests.request(method, f"{self.address}{path}", json=body, timeout=60)

    def events(self) -> list[InboundEvent]:
        """What arrived, in order, each verified by the gateway."""
        gateway = self.gateway()
        return [gateway.read_event(payload=body, signature=signature) for body, signature in self.inbox.posts]

    def deliver(self) -> list[str]:
        """Sends what is due and answers the types that newly arrived."""
        seen = len(self.inbox.posts)
        self.sandbox.courier.deliver_due()
        return [event.type for event in self.events()[seen:]]


def now() -> int:
    return int(clock.now().timestamp())


def request(**changes: Any) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        "amount": 8000,
        "currency": "EUR",
        "name": "Session at Rowan Clinic",
        "success_url": "http://127.0.0.1:9/back?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:9/cancelled",
        "expires_at": now() + 31 * 60,
        "application_fee": 160,
        "metadata": {"payment_attempt": "a1", "booking": "b1"},
    }
    return checkout_params(**(wanted | changes))


@contextmanager
def stand(folder: Path) -> Iterator[Stand]:
    with inbox() as kept:
        sandbox = create_sandbox(
            data_file=folder / "sandbox.db",
            webhook_url=kept.url,
            webhook_secret=CONNECT_SECRET,
            account_webhook_secret=ACCOUNT_SECRET,
            seed_accounts=[ROWAN, NEXT_DOOR],
        )
        with sandbox:
            yield Stand(sandbox, sandbox.listen(), kept)
