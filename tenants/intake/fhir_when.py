"""When a question is shown: `enableWhen` of a FHIR file as a condition of ours, and back. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from tenants.intake.fhir_json import Node, Remarks, any_value, coding, line, nodes, number, raw_text
from tenants.intake.form_json import ID
from tenants.intake.questions import NO, YES, All, Condition, Item, Some, Test, Value

Find = Callable[[str], Item | None]
_NUMERIC = ("scale", "number")
_DATES = ("date", "monthyear")
_SILENT = ("display", "group")  # nobody answers them


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
    if item is None or item.kind in _SILENT:
        remarks.add("look", "condition-missing", where, link)
        return None
    if not item.enabled:
        remarks.add("look", "condition-unasked", where, link)
        return None
    operator = raw_text(raw, "operator") or "="
    kind, said = any_value(raw, "answer")
    if "hasAnswer" in raw:  # STU3
        operator, said = "exists", raw.get("hasAnswer")
    if operator == "exists" and isinstance(said, bool):
        return Test(item.id, "answered" if said else "unknown")
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
        # FHIR's "is not" holds while there is no answer too; ours needs one.
        other = Some((Test(item.id, "!=", value), Test(item.id, "unknown")))
        return Test(item.id, "=", value) if operator == "=" else other
    if item.kind in _NUMERIC and isinstance(value, int):
        # Whole numbers: "more than 3" is "4 or more".
        step = {">": 1, "<": -1}.get(operator, 0)
        return Test(item.id, ">=" if operator in (">", ">=") else "<=", value + step) if operator[0] in "<>" else None
    if item.kind in _DATES and isinstance(value, str) and operator in (">=", "<="):
        return Test(item.id, ">=" if operator == ">=" else "<=", value)
    if item.kind == "date" and isinstance(value, str) and operator in (">", "<"):
        return _beside(item.id, operator, value)
    return None


def _beside(id_: str, operator: str, day: str) -> Condition | None:
    """Whole days: "after the 3rd" is "from the 4th on"."""
    try:
        moved = date.fromisoformat(day) + timedelta(days=1 if operator == ">" else -1)
    except (ValueError, OverflowError):
        return None
    return Test(id_, ">=" if operator == ">" else "<=", moved.isoformat())


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
        if (found and found.display in texts) or (_is_bare(said) and str(said) in texts):
            return option.code
    # Some files compare a code as if it were a text or a number.
    coded = (option for option in item.options if option.coding and _is_bare(said) and option.coding.code == str(said))
    return next((option.code for option in coded), None)


def _is_bare(said: Any) -> bool:
    return isinstance(said, (str, int, float)) and not isinstance(said, bool)


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
