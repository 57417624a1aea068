"""What a look saw and found, as JSON, and back: what is sealed beside an intake, to be read and replayed years later.

Pure. Lossless: the facts that come back make the same rules find the same flags.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from tenants.intake.flag_json import source_as_json
from tenants.intake.flags import Facts, Fit, Flag, Input, KeptOff, Look, Source
from tenants.intake.questions import Answer

_TEXTS = ("title", "explanation", "why", "next_step", "counter")
_PLAIN = ("id", "axis", "severity", "weight", "scope", "past", "seen_by")


def facts_as_json(facts: Facts) -> dict[str, Any]:
    """All that a look saw."""
    return {
        "answers": {id: _answer_as_json(answer) for id, answer in facts.answers.items()},
        "asked": sorted(facts.asked),
        "safety": list(facts.safety),
        "acute": sorted(facts.acute),
        "free": sorted(facts.free),
        "scores": dict(facts.scores),
        "session_date": facts.session_date.isoformat() if facts.session_date else None,
        "age": facts.age,
        "practitioner": sorted(facts.practitioner),
    }


def facts_from_json(data: Mapping[str, Any]) -> Facts:
    """What `facts_as_json` wrote."""
    return Facts(
        answers={id: _answer_from_json(answer) for id, answer in data["answers"].items()},
        asked=frozenset(data["asked"]),
        safety=tuple(data["safety"]),
        acute=frozenset(data["acute"]),
        free=frozenset(data["free"]),
        scores=dict(data["scores"]),
        session_date=date.fromisoformat(data["session_date"]) if data["session_date"] else None,
        age=data["age"],
        practitioner=frozenset(data["practitioner"]),
    )


def look_as_json(look: Look) -> dict[str, Any]:
    """All that a look found."""
    return {
        "flags": [_flag_as_json(flag) for flag in look.flags],
        "fit": {"points": look.fit.points, "band": dict(look.fit.band), "wish": look.fit.wish},
        "kept_off": [{"id": one.id, "title": dict(one.title), "reason": one.reason} for one in look.kept_off],
        "rules_name": look.rules_name,
        "rules_hash": look.rules_hash,
    }


def look_from_json(data: Mapping[str, Any]) -> Look:
    """What `look_as_json` wrote."""
    return Look(
        flags=tuple(_flag_from_json(flag) for flag in data["flags"]),
        fit=Fit(**data["fit"]),
        kept_off=tuple(KeptOff(**one) for one in data["kept_off"]),
        rules_name=data["rules_name"],
        rules_hash=data["rules_hash"],
    )


def _flag_as_json(flag: Flag) -> dict[str, Any]:
    return {
        **{name: getattr(flag, name) for name in _PLAIN},
        **{name: dict(getattr(flag, name)) for name in _TEXTS},
        "source": source_as_json(flag.source),
        "inputs": [_input_as_json(one) for one in flag.inputs],
    }


def _flag_from_json(data: Mapping[str, Any]) -> Flag:
    source = data["source"]
    return Flag(
        **{name: data[name] for name in (*_PLAIN, *_TEXTS)},
        source=Source(source["kind"], source["paraphrase"], tuple(source["refs"])),
        inputs=tuple(_input_from_json(one) for one in data["inputs"]),
    )


def _input_as_json(seen: Input) -> dict[str, Any]:
    if isinstance(seen.value, Answer):
        return {"of": seen.of, "name": seen.name, "answer": _answer_as_json(seen.value)}
    return {"of": seen.of, "name": seen.name, "value": seen.value}


def _input_from_json(data: Mapping[str, Any]) -> Input:
    value = _answer_from_json(data["answer"]) if "answer" in data else data["value"]
    return Input(data["of"], data["name"], value)


def _answer_as_json(answer: Answer) -> dict[str, Any]:
    value = list(answer.value) if isinstance(answer.value, tuple) else answer.value
    return {"value": value, "absent": answer.absent, "note": answer.note} | (
        {"file": answer.file} if answer.file else {}
    )


def _answer_from_json(data: Mapping[str, Any]) -> Answer:
    value = tuple(data["value"]) if isinstance(data["value"], list) else data["value"]
    return Answer(value, data["absent"], data["note"], data.get("file", ""))
