"""Refusals in the shape of Stripe's."""

from __future__ import annotations

from typing import Any

INVALID = "invalid_request_error"


class ApiError(Exception):
    """One of Stripe's errors. `stored` is False where no endpoint began its work (see `answers.py`)."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        type: str = INVALID,
        code: str | None = None,
        param: str | None = None,
        stored: bool = True,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.type = type
        self.code = code
        self.param = param
        self.stored = stored

    def body(self) -> dict[str, Any]:
        """The JSON that goes over the wire; fields without a value are left out, as Stripe does."""
        said = {"type": self.type, "code": self.code, "param": self.param, "message": self.message}
        return {"error": {name: value for name, value in said.items() if value is not None}}


def missing(noun: str, id: str, param: str = "id") -> ApiError:
    """Nothing of that id in this account, also when another account has it."""
    return ApiError(f"No such {noun}: '{id}'", status=404, code="resource_missing", param=param)


def unknown_params(names: list[str]) -> ApiError:
    """Parameters, at whatever depth, that the library's types do not know."""
    word = "parameters" if len(names) > 1 else "parameter"
    return ApiError(
        f"Received unknown {word}: {', '.join(names)}", code="parameter_unknown", param=names[0], stored=False
    )
