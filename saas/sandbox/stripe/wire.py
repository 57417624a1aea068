"""Form bodies and query strings, `line_items[0][price_data][currency]=eur`, to nested values and back to plain ids."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from saas.sandbox.stripe.errors import ApiError

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")
_DEEPEST = 12


def decode(text: str) -> dict[str, Any]:
    """Nested dicts, lists and strings. A name given twice keeps its last value."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=2000)
    except ValueError:
        raise ApiError("The request's parameters cannot be read.", stored=False) from None
    tree: dict[str, Any] = {}
    for name, value in pairs:
        _place(tree, name, value)
    return {name: _lists(value) for name, value in tree.items()}


def _place(tree: dict[str, Any], name: str, value: str) -> None:
    match = _NAME.fullmatch(name)
    path = [match[1], *_PART.findall(match[2])] if match else []
    if not path or len(path) > _DEEPEST:
        raise ApiError(f"Invalid parameter name: {name[:80]}", code="parameter_unknown", param=name[:80], stored=False)
    at = tree
    for part in path[:-1]:
        inner = at.setdefault(part or str(len(at)), {})
        if not isinstance(inner, dict):
            raise ApiError(f"Invalid object: {name[:80]}", param=name[:80], stored=False)
        at = inner
    at[path[-1] or str(len(at))] = value


def _lists(value: Any) -> Any:
    """Dicts whose keys are all numbers are lists."""
    if not isinstance(value, dict):
        return value
    if value and all(key.isascii() and key.isdigit() and len(key) < 6 for key in value):
        return [_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _lists(inner) for key, inner in value.items()}
