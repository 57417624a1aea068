"""The way of a request to `/v1/…`: key, account, endpoint, parameters, idempotency, work, answer."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from saas.sandbox.stripe import accounts, answers, checkout, payouts, refunds
from saas.sandbox.stripe.answers import Answer
from saas.sandbox.stripe.errors import ApiError
from saas.sandbox.stripe.events import api_version, public
from saas.sandbox.stripe.faults import Fault
from saas.sandbox.stripe.params import check
from saas.sandbox.stripe.store import new_id
from saas.sandbox.stripe.things import expand, lister, retriever
from saas.sandbox.stripe.wire import decode
from saas.sandbox.stripe.world import Call, World

_TEST_KEY = re.compile(r"sk_test_[A-Za-z0-9_]{4,200}")
_LARGEST_BODY = 256 * 1024


@dataclass(frozen=True)
class Endpoint:
    """`params` names the library's type of its parameters (`saas/sandbox/stripe/params.py`)."""

    params: str
    work: Callable[[Call], dict[str, Any]]


@dataclass(frozen=True)
class _Asked:
    """A request that may begin its work."""

    method: str
    path: str
    endpoint: Endpoint
    account: str
    id: str
    raw: Mapping[str, Any]
    key: str | None
    request: str
    fault: Fault


def _rule(method: str, path: str, params: str, work: Callable[[Call], dict[str, Any]]) -> Rule:
    return Rule(f"/v1/{path}", methods=[method], endpoint=Endpoint(params, work))


_ROUTES = Map(
    [
        _rule("POST", "checkout/sessions", "checkout.SessionCreateParams", checkout.create),
        _rule("GET", "checkout/sessions", "checkout.SessionListParams", checkout.list_all),
        _rule("GET", "checkout/sessions/<id>", "checkout.SessionRetrieveParams", checkout.retrieve),
        _rule("POST", "checkout/sessions/<id>/expire", "checkout.SessionExpireParams", checkout.expire),
        _rule("GET", "payment_intents", "PaymentIntentListParams", lister("payment_intent", "/v1/payment_intents")),
        _rule("GET", "payment_intents/<id>", "PaymentIntentRetrieveParams", retriever("payment_intent", "intent")),
        _rule("GET", "charges", "ChargeListParams", lister("charge", "/v1/charges")),
        _rule("GET", "charges/<id>", "ChargeRetrieveParams", retriever("charge", "id")),
        _rule("POST", "refunds", "RefundCreateParams", refunds.create),
        _rule("GET", "refunds", "RefundListParams", lister("refund", "/v1/refunds")),
        _rule("GET", "refunds/<id>", "RefundRetrieveParams", retriever("refund", "refund")),
        _rule("GET", "disputes", "DisputeListParams", lister("dispute", "/v1/disputes")),
        _rule("GET", "disputes/<id>", "DisputeRetrieveParams", retriever("dispute", "dispute")),
        _rule("GET", "balance", "BalanceRetrieveParams", payouts.balance),
        _rule("GET", "payouts", "PayoutListParams", lister("payout", "/v1/payouts")),
        _rule("GET", "payouts/<id>", "PayoutRetrieveParams", retriever("payout", "payout")),
        _rule("GET", "application_fees", "ApplicationFeeListParams", lister("application_fee", "/v1/application_fees")),
        _rule("GET", "application_fees/<id>", "ApplicationFeeRetrieveParams", retriever("application_fee", "id")),
        _rule("GET", "account", "AccountRetrieveCurrentParams", accounts.retrieve_account),
        _rule("GET", "accounts", "AccountListParams", accounts.list_accounts),
        _rule("POST", "accounts", "AccountCreateParams", accounts.create_account),
        _rule("POST", "account_links", "AccountLinkCreateParams", accounts.create_link),
        _rule("GET", "accounts/<id>", "AccountRetrieveParams", accounts.retrieve_account),
        _rule("GET", "events", "EventListParams", lister("event", "/v1/events")),
        _rule("GET", "events/<id>", "EventRetrieveParams", retriever("event", "id")),
        _rule("POST", "webhook_endpoints", "WebhookEndpointCreateParams", accounts.create_endpoint),
        _rule(
            "GET",
            "webhook_endpoints",
            "WebhookEndpointListParams",
            lister("webhook_endpoint", "/v1/webhook_endpoints"),
        ),
        _rule(
            "GET",
            "webhook_endpoints/<id>",
            "WebhookEndpointRetrieveParams",
            retriever("webhook_endpoint", "webhook_endpoint"),
        ),
    ]
)


class Api:
    """Answers every request under `/v1/`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def answer(self, request: Request) -> Response:
        """Stripe's answer, with whatever fault is switched on for it."""
        fault = self._world.faults.take(request.path)
        name = new_id("req_", 14)
        key = request.headers.get("Idempotency-Key") or None
        try:
            answer = self._work(self._read(request, name=name, key=key, fault=fault))
        except ApiError as error:
            answer = Answer(error.status, error.body(), name)
        if fault.kind == "lost_answers":
            hang_up(request)
        return _response(answer, name, key)

    def _read(self, request: Request, *, name: str, key: str | None, fault: Fault) -> _Asked:
        if fault.kind == "status_429":
            raise ApiError("Too many requests hit the API too quickly.", status=429, code="rate_limit", stored=False)
        _check_key(request)
        _check_version(request)
        account = self._account(request)
        endpoint, id_in_path = _route(request)
        if request.method == "POST":
            length = request.content_length or 0
            if length > _LARGEST_BODY:
                raise ApiError("The request is too large.", status=413, stored=False)
            text = request.get_data().decode("latin-1")
        else:
            text = request.query_string.decode("latin-1")
        return _Asked(
            method=request.method,
            path=request.path,
            endpoint=endpoint,
            account=account,
            id=id_in_path,
            raw=decode(text),
            key=key if request.method == "POST" else None,
            request=name,
            fault=fault,
        )

    def _account(self, request: Request) -> str:
        account = request.headers.get("Stripe-Account", "")
        if account:
            with self._world.store.transaction() as books:
                known = books.get("account", account, account="")
            if known is None:
                raise ApiError(
                    f"The provided key does not have access to account '{account[:80]}' (or that account does not "
                    "exist). Application access may have been revoked.",
                    status=403,
                    code="account_invalid",
                    stored=False,
                )
        return account

    def _work(self, asked: _Asked) -> Answer:
        refusal: ApiError | None = None
        given: dict[str, Any] = {}
        try:
            given = check(asked.raw, asked.endpoint.params)
        except ApiError as error:
            refusal = error
        if asked.key is not None:
            known = self._claim(asked, asked.key, refusal)
            if known is not None:
                return known
        elif refusal is not None:
            raise refusal
        try:
            return self._begin(asked, given)
        except ApiError as error:
            answer = Answer(error.status, error.body(), asked.request)
            self._end(asked, answer if error.stored else None)
            return answer
        except BaseException:
            self._end(asked, None)
            raise

    def _claim(self, asked: _Asked, key: str, refusal: ApiError | None) -> Answer | None:
        with self._world.store.transaction() as books:
            return answers.claim(
                books,
                account=asked.account,
                key=key,
                print=answers.fingerprint(asked.method, asked.path, asked.raw),
                now=int(self._world.now()),
                refusal=refusal,
            )

    def _begin(self, asked: _Asked, given: Mapping[str, Any]) -> Answer:
        """The work and its kept answer, in one transaction."""
        if asked.fault.kind == "timeouts" and self._world.closing.wait(asked.fault.seconds):
            raise ConnectionAbortedError
        if asked.fault.kind == "status_500":
            raise _broken()
        world = self._world
        with world.store.transaction() as books:
            call = Call(
                world, books, asked.account, int(world.now()), given, asked.id, request=asked.request, key=asked.key
            )
            thing = asked.endpoint.work(call)
            expand(books, asked.account, thing, given.get("expand", []))
            answer = Answer(200, public(thing), asked.request)
            if asked.fault.kind == "status_500_after_work":
                answer = Answer(500, _broken().body(), asked.request)
            if asked.key is not None:
                answers.keep(books, account=asked.account, key=asked.key, answer=answer)
        world.rouse()
        return answer

    def _end(self, asked: _Asked, answer: Answer | None) -> None:
        """Work that failed: its answer is kept, or the key let go."""
        if asked.key is None:
            return
        with self._world.store.transaction() as books:
            if answer is None:
                answers.release(books, account=asked.account, key=asked.key)
            else:
                answers.keep(books, account=asked.account, key=asked.key, answer=answer)


def hang_up(request: Request) -> NoReturn:
    """Drops the connection without a word."""
    socket = request.environ.get("werkzeug.socket")
    if socket is not None:
        # Raising alone would leave a kept-alive connection open, and its client waiting.
        socket.shutdown(2)
    raise ConnectionAbortedError


def _broken() -> ApiError:
    return ApiError("An unknown error occurred. (The sandbox was told to.)", status=500, type="api_error")


def _check_key(request: Request) -> None:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            value = base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, ValueError):
            value = ""
    if not value:
        raise ApiError("You did not provide an API key.", status=401, stored=False)
    if not _TEST_KEY.fullmatch(value):
        # Nothing of the key is repeated: it may be a real one, sent here by mistake.
        raise ApiError("Invalid API Key provided: the sandbox takes sk_test_… only.", status=401, stored=False)


def _check_version(request: Request) -> None:
    asked = request.headers.get("Stripe-Version")
    if asked and asked != api_version():
        raise ApiError(f"The sandbox speaks {api_version()}, not {asked[:40]}.", stored=False)


def _route(request: Request) -> tuple[Endpoint, str]:
    try:
        endpoint, values = _ROUTES.bind_to_environ(request.environ).match()
    except HTTPException:
        raise ApiError(
            f"Unrecognized request URL ({request.method}: {request.path[:200]}).", status=404, stored=False
        ) from None
    return endpoint, str(values.get("id", ""))


def _response(answer: Answer, name: str, key: str | None) -> Response:
    response = Response(json.dumps(answer.body, indent=2) + "\n", answer.status, content_type="application/json")
    response.headers["Request-Id"] = name
    response.headers["Stripe-Version"] = api_version()
    if key is not None and key.isprintable():
        response.headers["Idempotency-Key"] = key
    if answer.request != name:
        response.headers["Idempotent-Replayed"] = "true"
        response.headers["Original-Request"] = answer.request
    if answer.status >= 500:
        # Stripe says so too: the kept answer would only come again.
        response.headers["Stripe-Should-Retry"] = "false"
    return response
