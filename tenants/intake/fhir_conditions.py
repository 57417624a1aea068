"""A condition of ours as FHIR says it: `enableWhen` where that can, an expression where it cannot. Pure.

The expression is for other programs; we never run one, and bring the condition back from the form that goes along.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from tenants.intake.questions import (
    NO,
    NOT_SURE,
    YES,
    All,
    Condition,
    Item,
    Questionnaire,
    Some,
    Test,
    Value,
    item_index,
)

_EXPRESSION = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-enableWhenExpression"
_PAIR = 2
_OPERATORS = ("=", "!=", ">=", "<=")
_OWN = {"yn4": "urn:longtide:answer", "bodymap": "urn:longtide:body-area"}
Found = dict[str, Any]


def write_when(condition: Condition, form: Questionnaire) -> Found:
    """The elements that say it: `enableWhen` (with `enableBehavior`), or an `extension` with the expression."""
    items = item_index(form)
    simple = _simple(condition, items)
    if simple is not None:
        tests, behaviour = simple
        return {"enableWhen": tests, **({"enableBehavior": behaviour} if len(tests) > 1 else {})}
    said = {"language": "text/fhirpath", "expression": as_fhirpath(condition)}
    return {"extension": [{"url": _EXPRESSION, "valueExpression": said}]}


def _simple(condition: Condition, items: Mapping[str, Item]) -> tuple[list[Found], str] | None:
    if isinstance(condition, Test):
        if condition.op in ("in", "has") and isinstance(condition.value, tuple):
            return _joined([Test(condition.q, "=", one) for one in condition.value], items, "any")
        return _joined([condition], items, "all")
    if isinstance(condition, Some) and _is_not(condition):
        one = _test(cast("Test", condition.of[0]), items)
        return ([one], "all") if one else None
    return _joined(list(condition.of), items, "all" if isinstance(condition, All) else "any")


def _is_not(condition: Some) -> bool:
    """Whether it is FHIR's "is not", which holds without an answer too."""
    if len(condition.of) != _PAIR or not all(isinstance(one, Test) for one in condition.of):
        return False
    first, second = cast("tuple[Test, Test]", condition.of)
    return (first.op, second.op) == ("!=", "unknown") and first.q == second.q


def _joined(parts: list[Any], items: Mapping[str, Item], behaviour: str) -> tuple[list[Found], str] | None:
    found: list[Found] = []
    for one in parts:
        test = _test(_alone(one), items) if isinstance(one, Test) else None
        if test is None or (one.op == "!=" and behaviour == "any"):
            return None
        # Our "is not" needs an answer; FHIR's holds without one.
        found += [{"question": one.q, "operator": "exists", "answerBoolean": True}] if one.op == "!=" else []
        found.append(test)
    return (found, behaviour) if found else None


def _alone(test: Test) -> Test:
    """One of one is that one."""
    if test.op in ("in", "has") and isinstance(test.value, tuple) and len(test.value) == 1:
        return Test(test.q, "=", test.value[0])
    return test


def _test(test: Test, items: Mapping[str, Item]) -> Found | None:
    if test.op == "answered":
        return {"question": test.q, "operator": "exists", "answerBoolean": True}
    item = items.get(test.q)
    answer = _answer(item, test.value) if item is not None else None
    if test.op not in _OPERATORS or answer is None:
        return None
    return {"question": test.q, "operator": test.op, **answer}


def _answer(item: Item, value: Value) -> Found | None:
    if isinstance(value, bool):
        return {"answerBoolean": value}
    if isinstance(value, int):
        return {"answerInteger": value}
    if not isinstance(value, str):
        return None
    if item.kind in _OWN:
        known = item.kind == "bodymap" or value in (YES, NO, NOT_SURE)
        return {"answerCoding": {"system": _OWN[item.kind], "code": value}} if known else None
    option = next((one for one in item.options if one.code == value), None)
    if option is not None:
        own = option.coding
        coding = {"system": own.system, "code": own.code} if own else {"system": "urn:longtide:option", "code": value}
        return {"answerCoding": {key: said for key, said in coding.items() if said}}
    if item.kind in ("date", "monthyear"):
        return {"answerDate": value}
    return {"answerString": value} if item.kind in ("short", "long") else None


def as_fhirpath(condition: Condition) -> str:
    """The condition as a FHIRPath expression."""
    if isinstance(condition, (All, Some)):
        word = " and " if isinstance(condition, All) else " or "
        return "(" + word.join(as_fhirpath(one) for one in condition.of) + ")"
    values = f"%resource.descendants().where(linkId = {_quoted(condition.q)}).answer.value"
    if condition.op == "answered":
        return f"{values}.exists()"
    if condition.op == "declined":
        return f"{values}.where(code in ('asked-declined' | 'in-person')).exists()"
    if condition.op == "unknown":
        said = f"{values}.where(code in ('asked-declined' | 'in-person' | 'not-sure')).exists()"
        return f"({values}.exists().not() or {said})"
    wanted = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    if condition.op in (">=", "<="):
        return f"{values}.where($this {condition.op} {_literal(wanted[0])}).exists()"
    equal = " or ".join(f"(code | $this) contains {_literal(one)}" for one in wanted)
    if condition.op == "!=":
        return f"({values}.exists() and {values}.where({equal}).exists().not())"
    return f"{values}.where({equal}).exists()"


def _literal(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else _quoted(str(value))


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
