"""Parameters held against the stripe library's own types: unknown, missing and misshapen ones are refused.

The library carries Stripe's request schema as TypedDicts, so the sandbox knows exactly what the
pinned API version knows, at every depth, and no list of ours can go stale.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib import import_module
from typing import Any

import typing_extensions

from saas.sandbox.stripe.errors import ApiError, unknown_params

_INTEGER = re.compile(r"-?[0-9]{1,18}")


@cache
def schema(name: str) -> type:
    """The TypedDict `stripe.params.<name>`, for instance `checkout.SessionCreateParams`."""
    path, _, leaf = f"stripe.params.{name}".rpartition(".")
    found: type = getattr(import_module(path), leaf)
    return found


def check(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    """`given` with numbers and truths in Python's types; the first problem is raised as Stripe says it."""
    return _object(given, schema(name), "")


@cache
def _fields(shape: type) -> tuple[dict[str, Any], frozenset[str]]:
    """A TypedDict's fields with their types, and which are required. What belongs to the call is no parameter."""
    from stripe import RequestOptions

    # Names that the library imports for type checkers only.
    local = {"StripeContext": object, "Mapping": Mapping}
    hints = typing.get_type_hints(shape, localns=local)
    options = RequestOptions.__annotations__ if shape is not RequestOptions else {}
    own = {name: hint for name, hint in hints.items() if name not in options}
    return own, frozenset(shape.__required_keys__) & own.keys()  # type: ignore[attr-defined]


def _object(value: Any, shape: type, at: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ApiError("Invalid object", param=at, stored=False)
    fields, required = _fields(shape)
    unknown = [_join(at, name) for name in value if name not in fields]
    if unknown:
        raise unknown_params(unknown)
    for name in sorted(required):
        if name not in value:
            param = _join(at, name)
            raise ApiError(f"Missing required param: {param}.", code="parameter_missing", param=param, stored=False)
    return {name: _value(inner, fields[name], _join(at, name)) for name, inner in value.items()}


def _join(at: str, name: str) -> str:
    return f"{at}[{name}]" if at else name


def _value(value: Any, hint: Any, at: str) -> Any:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return _union(value, typing.get_args(hint), at)
    if origin in (typing.Literal, typing_extensions.Literal):
        return _choice(value, typing.get_args(hint), at)
    if origin is list:
        if not isinstance(value, list):
            raise ApiError("Invalid array", param=at, stored=False)
        (inner,) = typing.get_args(hint)
        return [_value(one, inner, f"{at}[{n}]") for n, one in enumerate(value)]
    if origin is dict or "UntypedStripeObject" in str(hint):
        return _texts(value, at)
    if typing_extensions.is_typeddict(hint):
        return _object(value, hint, at)
    return _scalar(value, hint, at)


def _union(value: Any, hints: tuple[Any, ...], at: str) -> Any:
    """Objects and lists by their shape; `Literal[…] | str` is the library's way to write a choice."""
    choices = [arg for hint in hints for arg in typing.get_args(hint) if _is_literal(hint)]
    if isinstance(value, str):
        if value == "" and "" in choices:
            return value
        named = [choice for choice in choices if choice != ""]
        if named:
            return _choice(value, tuple(named), at)
        plain = [hint for hint in hints if hint in (int, float, Decimal, bool, str)]
        if plain:
            return _scalar(value, plain[0], at)
    for hint in hints:
        fits_list = isinstance(value, list) and typing.get_origin(hint) is list
        fits_object = isinstance(value, Mapping) and not _is_literal(hint) and hint not in (str, int, bool)
        if fits_list or fits_object:
            return _value(value, hint, at)
    raise ApiError(f"Invalid value for {at}", param=at, stored=False)


def _is_literal(hint: Any) -> bool:
    return typing.get_origin(hint) in (typing.Literal, typing_extensions.Literal)


def _choice(value: Any, choices: tuple[Any, ...], at: str) -> Any:
    if value not in choices:
        shown = ", ".join(str(choice) for choice in choices[:-1])
        listed = f"{shown}, or {choices[-1]}" if shown else str(choices[-1])
        raise ApiError(f"Invalid {at}: must be one of {listed}", param=at, stored=False)
    return value


def _texts(value: Any, at: str) -> dict[str, str]:
    """Metadata: names and texts, within Stripe's limits."""
    if not isinstance(value, Mapping):
        raise ApiError("Invalid object", param=at, stored=False)
    if len(value) > 50:
        raise ApiError("You may only specify up to 50 metadata keys.", param=at, stored=False)
    for name, text in value.items():
        param = _join(at, name)
        if not isinstance(text, str):
            raise ApiError("Metadata values can only be strings.", param=param, stored=False)
        if len(name) > 40 or len(text) > 500:
            limits = "Metadata keys can have up to 40 characters and values up to 500 characters."
            raise ApiError(limits, param=param, stored=False)
    return dict(value)


def _scalar(value: Any, hint: Any, at: str) -> Any:
    if not isinstance(value, str):
        raise ApiError(f"Invalid string for {at}", param=at, stored=False)
    if value == "":
        raise ApiError(
            f"You passed an empty string for '{at}'. We assume empty values are an attempt to unset a parameter; "
            f"however '{at}' cannot be unset.",
            code="parameter_invalid_empty",
            param=at,
            stored=False,
        )
    if hint is int:
        if not _INTEGER.fullmatch(value):
            raise ApiError(f"Invalid integer: {value[:40]}", code="parameter_invalid_integer", param=at, stored=False)
        return int(value)
    if hint is bool:
        if value not in ("true", "false"):
            raise ApiError(f"Invalid boolean: {value[:40]}", param=at, stored=False)
        return value == "true"
    if hint in (Decimal, float):
        try:
            return hint(value)
        except (InvalidOperation, ValueError):
            raise ApiError(f"Invalid decimal: {value[:40]}", param=at, stored=False) from None
    return value
