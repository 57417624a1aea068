"""When a question is shown: `enableWhen` of a FHIR file as a condition of ours, and back. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tenants.intake.fhir_json import Node, Remarks, any_value, coding, line, nodes, number, raw_text
from tenants.intake.form_json import ID
from tenants.intake.questions import NO, YES, All, Condition, Item, Some, Test, Value

Find = Callable[[str], Item | None]
_NUMERIC = ("scale", "number")
_DATES = ("date", "monthyear")


def read_when(raw: Node, find: Find, remarks: Remarks, *, stu3: bool) -> Condition | None:
    """The condition of an item, None for one that is always shown. `find` gives the item a link id means.

    What cannot be told is remarked and left out, so that the question is shown rather than lost.
    """
    where = raw_text(raw, "linkId")
    given = nodes(raw, "enableWhen")
    tests = [test for test in (_test(one, find, where, remarks) for one in given) if test is not None]
    if len(tests) < 2:
        return tests[0] if tests else None
    behaviour = raw_text(raw, "enableBehavior")
    if not behaviour and not stu3:
        remarks.add("look", "all-or-any", where)
    return Some(tuple(tests)) if behaviour == "any" or (stu3 and not behaviour) else All(tuple(tests))


def _test(raw: Node, find: Find, where: str, remarks: Remarks) -> Condition | None:
    link = raw_text(raw, "question")
    item = find(link)
    if item is None:
        remarks.add("look", "condition-missing", where, link)
        return None
    operator = raw_text(raw, "operator") or "="
    kind, said = any_value(raw, "answer")
    if "hasAnswer" in raw:  # STU3
        operator, said = "exists", raw.get("hasAnswer")
    if operator == "exists":
        if said is True:
            return Test(item.id, "answered")
        remarks.add("look", "condition-not-answered", where, link)
        return None
    found = _compared(item, operator, _value(item, kind, said))
    if found is None:
        remarks.add("look", "condition-unread", where, f"{link} {operator} {_shown(said)}")
    return found


def _shown(said: Any) -> str:
    found = coding(said)
    return line(found.display or found.code if found else str(said)[:100], 100)


def _compared(item: Item, operator: str, value: Value) -> Condition | None:
    if value is None:
        return None
    if operator in ("=", "!="):
        if item.kind in ("multi", "bodymap"):
            return Test(item.id, "has", (value,)) if operator == "=" and isinstance(value, str) else None
        return Test(item.id, "=" if operator == "=" else "!=", value)
    if item.kind in _NUMERIC and isinstance(value, int):
        # Whole numbers: "more than 3" is "4 or more".
        step = {">": 1, "<": -1}.get(operator, 0)
        return Test(item.id, ">=" if operator in (">", ">=") else "<=", value + step) if operator[0] in "<>" else None
    if item.kind in _DATES and operator in (">=", "<="):
        return Test(item.id, ">=" if operator == ">=" else "<=", value)
    return None


def _value(item: Item, kind: str, said: Any) -> Value:
    if item.kind in ("single", "multi", "yn4"):
        return _option_code(item, kind, said)
    if item.kind in ("bool", "consent"):
        return said if isinstance(said, bool) else None
    if item.kind in _NUMERIC:
        given = number({"value": said}, "value")
        return int(given) if given is not None and given == int(given) else None
    return said if isinstance(said, str) and ID.fullmatch(said) else None


def _option_code(item: Item, kind: str, said: Any) -> str | None:
    if kind == "Boolean" and isinstance(said, bool):
        wanted = {True: YES, False: NO}[said]
        return wanted if any(option.code == wanted for option in item.options) or item.kind == "yn4" else None
    found = coding(said)
    for option in item.options:
        own = option.coding
        if found and own and own.code == found.code and (not found.system or own.system == found.system):
            return option.code
        texts = set(option.text.values())
        if (found and found.display in texts) or (isinstance(said, (str, int)) and str(said) in texts):
            return option.code
    return None


def asked_by(condition: Condition | None) -> frozenset[str]:
    """The ids that a condition asks about."""
    if condition is None:
        return frozenset()
    if isinstance(condition, Test):
        return frozenset((condition.q,))
    return frozenset(name for one in condition.of for name in asked_by(one))


def circles(needs: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """The names that wait for themselves, directly or round about, in the order given."""
    open_: dict[str, set[str]] = {name: {one for one in wanted if one in needs} for name, wanted in needs.items()}
    free = [name for name, wanted in open_.items() if not wanted]
    waiting: dict[str, set[str]] = {}
    for name, wanted in open_.items():
        for one in wanted:
            waiting.setdefault(one, set()).add(name)
    while free:
        done = free.pop()
        open_.pop(done)
        for name in waiting.get(done, ()):
            open_[name].discard(done)
            if not open_[name]:
                free.append(name)
    return tuple(name for name in open_ if name in _reached(name, open_))


def _reached(start: str, needs: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    todo = list(needs[start])
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += needs.get(name, ())
    return found
