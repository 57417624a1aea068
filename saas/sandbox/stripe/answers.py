"""Idempotency keys, with Stripe's rules (docs.stripe.com/api/idempotent_requests).

The first answer under a key is kept whatever it was, 500 included, and given again. Nothing is kept
of a request that never began its work: parameters that fail validation, keys in use, rate limits.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from saas.sandbox.stripe.errors import ApiError
from saas.sandbox.stripe.store import Books

# Stripe forgets keys after a day at the earliest; so do we, when we start.
_KEPT_SECONDS = 48 * 3600


@dataclass(frozen=True)
class Answer:
    """`request` is the id of the request that did the work."""

    status: int
    body: dict[str, Any]
    request: str


def fingerprint(method: str, path: str, given: Mapping[str, Any]) -> str:
    """What makes two requests the same one: order of parameters does not."""
    text = json.dumps([method, path, given], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def claim(books: Books, *, account: str, key: str, print: str, now: int, refusal: ApiError | None) -> Answer | None:
    """None: the key is ours now and the work may begin. An `Answer`: the work was done before.

    `refusal` is what is wrong with the parameters: it is raised only when the key is new, and then
    the key stays new.
    """
    if len(key) > 255:
        raise ApiError("Idempotency keys can have up to 255 characters.", stored=False)
    row = books.db.execute(
        "SELECT fingerprint, status, body, request FROM answer WHERE account = ? AND key = ?", (account, key)
    ).fetchone()
    if row is None:
        if refusal is not None:
            raise refusal
        books.db.execute(
            "INSERT INTO answer (account, key, fingerprint, created) VALUES (?, ?, ?, ?)", (account, key, print, now)
        )
        return None
    if row["fingerprint"] != print:
        raise ApiError(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{key}' if you meant to execute a different request.",
            type="idempotency_error",
            stored=False,
        )
    if row["status"] is None:
        raise ApiError(
            "There is currently another in-progress request using this Idempotent Key (that probably means you "
            "submitted twice, and the other request is still going through). Please try again later.",
            status=409,
            type="idempotency_error",
            code="idempotency_key_in_use",
            stored=False,
        )
    return Answer(row["status"], json.loads(row["body"]), row["request"])


def keep(books: Books, *, account: str, key: str, answer: Answer) -> None:
    """Keeps the answer of the work that `claim` let begin."""
    books.db.execute(
        "UPDATE answer SET status = ?, body = ?, request = ? WHERE account = ? AND key = ?",
        (answer.status, json.dumps(answer.body), answer.request, account, key),
    )


def release(books: Books, *, account: str, key: str) -> None:
    """The work never began: the key is new again."""
    books.db.execute("DELETE FROM answer WHERE account = ? AND key = ? AND status IS NULL", (account, key))


def tidy(books: Books, now: int) -> None:
    """At start: claims of a killed process did no work (work and answer commit together) and are let go."""
    books.db.execute("DELETE FROM answer WHERE status IS NULL OR created < ?", (now - _KEPT_SECONDS,))
