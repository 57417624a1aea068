"""Starting the sandbox: for good (`serve`, behind `flask sandbox`) or inside a test (`create_sandbox`)."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from saas import clock
from saas.sandbox.stripe import control, pages
from saas.sandbox.stripe.accounts import seed_account, seed_endpoint
from saas.sandbox.stripe.answers import tidy
from saas.sandbox.stripe.api import Api
from saas.sandbox.stripe.courier import Courier
from saas.sandbox.stripe.faults import Faults
from saas.sandbox.stripe.store import Store
from saas.sandbox.stripe.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


# How long requests at work may take to end when the sandbox stops.
_LAST_WORDS_SECONDS = 5


class SandboxRefused(RuntimeError):
    """The sandbox takes no money, so it must never stand where money is meant."""


class Sandbox:
    """The WSGI app (`__call__`), the courier and, if asked, a server of its own in the background."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.courier = Courier(world)
        world.rouse = self.courier.rouse
        self._api = Api(world)
        self._at_work = 0
        self._idle = threading.Condition()
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """One request: Stripe's API, a switch, or a page."""
        with self._idle:
            self._at_work += 1
        try:
            return self._answer(Request(environ))(environ, start_response)
        finally:
            with self._idle:
                self._at_work -= 1
                self._idle.notify_all()

    def _answer(self, request: Request) -> Response:
        if request.path.startswith("/v1/"):
            return self._api.answer(request)
        if request.path.startswith("/_"):
            return control.answer(self.world, request)
        return pages.answer(self.world, request)

    @property
    def faults(self) -> Faults:
        """The switches (`saas/sandbox/stripe/faults.py`)."""
        return self.world.faults

    def shift_clock(self, seconds: float) -> None:
        """Sets the sandbox's clock `seconds` beside the real one."""
        control.shift(self.world, seconds)

    def state(self, *, by: str = "payment_attempt") -> dict[str, Any]:
        """What `GET /_state` answers."""
        with self.world.store.transaction() as books:
            return control.state(books, by=by)

    def add_account(self, id: str) -> None:
        """Makes a connected account unless it is there."""
        with self.world.store.transaction() as books:
            seed_account(books, id, now=int(self.world.now()))

    def listen(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Serves in the background and answers the address; the pay page is found there too, if nobody said where."""
        self._server = _server(host, port, self)
        address = f"http://{host}:{self._server.port}"
        self.world.public_url = self.world.public_url or address
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return address

    def start(self) -> None:
        """Begins to deliver webhooks in the background."""
        self.courier.start()

    def stop(self) -> None:
        """Ends all of it; the file keeps the state."""
        self.world.closing.set()
        self.courier.stop()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
        with self._idle:
            self._idle.wait_for(lambda: self._at_work == 0, _LAST_WORDS_SECONDS)
        self.world.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def create_sandbox(
    *,
    data_file: Path | str,
    webhook_url: str,
    webhook_secret: str,
    account_webhook_secret: str,
    seed_accounts: Sequence[str] = (),
    public_url: str = "",
    now: Callable[[], datetime] = clock.now,
) -> Sandbox:
    """A sandbox on its file, not yet serving nor delivering.

    `webhook_secret` signs Connect events, `account_webhook_secret` the platform's own; both kinds go
    to `webhook_url`. Raises `SandboxRefused` under production settings.
    """
    if os.environ.get("LONGTIDE_ENV") == "production":
        raise SandboxRefused("The payment sandbox moves no money and does not start with LONGTIDE_ENV=production.")
    world = World(store=Store(Path(data_file)), clock=now, public_url=public_url.rstrip("/"))
    with world.store.transaction() as books:
        world.offset = float(books.setting("offset") or 0)
        at = int(world.now())
        tidy(books, at)
        for account in seed_accounts:
            seed_account(books, account, now=at)
        seed_endpoint(books, url=webhook_url, secret=webhook_secret, connect=True, now=at)
        seed_endpoint(books, url=webhook_url, secret=account_webhook_secret, connect=False, now=at)
    return Sandbox(world)


def serve(
    *,
    host: str,
    port: int,
    data_file: Path | str,
    webhook_url: str,
    webhook_secret: str,
    account_webhook_secret: str,
    seed_accounts: list[str],
    public_url: str,
) -> None:
    """Serves and delivers until SIGTERM or Ctrl-C. Blocks; call it from the main thread."""
    sandbox = create_sandbox(
        data_file=data_file,
        webhook_url=webhook_url,
        webhook_secret=webhook_secret,
        account_webhook_secret=account_webhook_secret,
        seed_accounts=seed_accounts,
        public_url=public_url or f"http://{host}:{port}",
    )
    server = _server(host, port, sandbox)

    def end(_signal: int, _frame: object) -> None:
        # From another thread: `shutdown` waits for the loop that this handler interrupts.
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    sandbox.start()
    try:
        server.serve_forever(0.1)
    finally:
        sandbox.stop()


class _Quiet(WSGIRequestHandler):
    """No line per request: addresses of pay pages belong in no log."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Says nothing."""


def _server(host: str, port: int, app: Sandbox) -> BaseWSGIServer:
    return make_server(host, port, app, threaded=True, request_handler=_Quiet)
