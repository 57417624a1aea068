"""FHIR Shorthand, as much of it as HL7's own PHQ-9 example uses: indented rules as the JSON they stand for."""

from __future__ import annotations

import re
from typing import Any

_RULE = re.compile(r"^(?P<space>\s*)\*\s+(?P<path>[^=]*?)(?:\s*=\s*(?P<value>.*))?$")
_CODE = re.compile(r'^(?P<system>[^#\s]*)#(?P<code>"[^"]*"|\S+)(?:\s+"(?P<display>[^"]*)")?$')
LINES = dict[str, str]


def instance(text: str, *, systems: LINES) -> dict[str, Any]:
    """The instance in `text`. `systems`: the address of each code system or alias that is named in it."""
    made: dict[str, Any] = {}
    outer: list[tuple[int, Any]] = [(-1, made)]
    for line in text.splitlines():
        found = _RULE.match(line)
        if found is None:
            continue
        depth = len(found["space"])
        while outer[-1][0] >= depth:
            outer.pop()
        inner = _put(outer[-1][1], found["path"].strip(), found["value"], systems)
        outer.append((depth, inner))
    return made


def code_system(text: str, *, url: str) -> dict[str, Any]:
    """The code system in `text`, its concepts with their properties."""
    concepts: list[dict[str, Any]] = []
    for line in text.splitlines():
        named = re.match(r'^\* #(?P<code>"[^"]*"|\S+) "(?P<display>[^"]*)"', line)
        if named:
            concepts.append({"code": named["code"].strip('"'), "display": named["display"], "property": []})
        elif concepts and (value := re.search(r"valueDecimal = (\S+)", line)):
            concepts[-1]["property"].append({"code": "itemWeight", "valueDecimal": float(value[1])})
    return {"resourceType": "CodeSystem", "url": url, "concept": concepts}


def _put(parent: dict[str, Any], path: str, value: str | None, systems: LINES) -> Any:
    *steps, last = path.split(".")
    for step in steps:
        parent = _step(parent, step)
    if value is None:
        return _step(parent, last)
    name = re.sub(r"\[.*", "", last)
    if name == "answer":
        parent = _step(parent, name)
    parent[name] = _value(value, name, systems)
    return parent[name]


def _step(parent: dict[str, Any], step: str) -> dict[str, Any]:
    name, _, index = step.rstrip("]").partition("[")
    if name in ("item", "answer", "extension"):
        rows = parent.setdefault(name, [])
        if index == "+" or not rows or (name == "item" and not index):
            rows.append({})
        found: dict[str, Any] = rows[-1]
        return found
    inner: dict[str, Any] = parent.setdefault(name, {})
    return inner


def _value(value: str, name: str, systems: LINES) -> Any:
    coded = _CODE.match(value)
    if coded and not value.startswith('"'):
        code = coded["code"].strip('"')
        if not coded["system"] and not coded["display"]:
            return code
        found = {"system": systems.get(coded["system"], coded["system"]), "code": code}
        return [found] if name == "code" else {**found, "display": coded["display"] or ""}
    if value.startswith('"'):
        return value.strip('"')
    return int(value) if value.isdigit() else value
