"""What can go wrong on purpose: every refusal carries its HTTP status once and a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Mapping


class DomainError(Exception):
    """A refusal the domain foresees. `code` is stable (the JSON API's problem type), `message` is for people.

    `fields` maps field names to sentences that belong beside them.
    """

    status = 400
    code = "bad-request"

    def __init__(self, message: str = "", *, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message or self.code)
        self.message = message
        self.fields: dict[str, str] = dict(fields or {})


class Invalid(DomainError):
    """The request cannot be understood or breaks a rule the sender can mend."""

    status = 422
    code = "invalid"


class StaleForm(Invalid):
    """The form's token does not belong to this page: it is too old, or it was made elsewhere."""

    status = 400
    code = "stale-form"


class NotFound(DomainError):
    """There is no such thing here: also the answer to whoever has no business knowing that there is."""

    status = 404
    code = "not-found"


class Forbidden(DomainError):
    """The thing is known to the asker, who may not do this with it."""

    status = 403
    code = "forbidden"


class Conflict(DomainError):
    """The world has moved on: the request was fine when it was written."""

    status = 409
    code = "conflict"


class Gone(DomainError):
    """It was here once and has ended."""

    status = 410
    code = "gone"


class TooMany(DomainError):
    """More tries than the limit allows. `retry_after` is in seconds."""

    status = 429
    code = "too-many-requests"

    def __init__(self, message: str = "", *, retry_after: int = 60) -> None:
        super().__init__(message)
        self.retry_after = retry_after
