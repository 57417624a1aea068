"""A questionnaire as JSON: the same comes back, one hash names it, and nonsense is refused whole."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.intake.form_json import MOST_BYTES, NotAQuestionnaire, as_json, from_json, from_text, hash_of
from tenants.intake.questions import Item, Questionnaire, Test
from tests.tenants.intake.forms import TEXT, ask, form, questionnaires

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda of: st.lists(of, max_size=4) | st.dictionaries(st.text(max_size=8), of, max_size=4),
    max_leaves=12,
)


@given(questionnaires())
def test_what_was_written_comes_back_and_has_the_same_hash(q: Questionnaire) -> None:
    written = json.loads(json.dumps(as_json(q)))
    assert from_json(written) == q
    assert hash_of(from_json(dict(reversed(written.items())))) == hash_of(q)


@given(questionnaires(), st.data())
def test_whatever_is_put_into_a_file_it_is_read_or_refused_in_words(q: Questionnaire, data: st.DataObject) -> None:
    written = json.loads(json.dumps(as_json(q)))
    place: Any = data.draw(st.sampled_from(list(_inside(written))))
    place[data.draw(st.sampled_from(list(place)))] = data.draw(ANY)
    with suppress(NotAQuestionnaire):  # nothing else may come out
        assert hash_of(from_json(written))


def _inside(value: Any) -> Any:
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from _inside(one)
    elif isinstance(value, list):
        for one in value:
            yield from _inside(one)


def _faults(data: Any) -> dict[str, str]:
    with pytest.raises(NotAQuestionnaire) as refused:
        from_text(data) if isinstance(data, str | bytes) else from_json(data)
    return {fault.at: fault.sentence for fault in refused.value.faults}


def test_every_fault_is_told_at_once() -> None:
    written = as_json(form(ask("a"), ask("b"), Item("c", "scale", TEXT, lo=5, hi=1)))
    items = written["parts"][0]["sections"][0]["items"]
    items[0]["kind"] = "riddle"
    items[1]["options"][0]["code"] = "declined"
    items[1]["when"] = {"q": "a", "=": "yes", "extra": 1}
    assert set(_faults(written)) == {"a", "b", "c"}


def test_circles_and_doubled_ids_are_refused() -> None:
    assert set(_faults(as_json(form(ask("a", Test("b", "answered")), ask("b", Test("a", "answered")))))) == {"a", "b"}
    assert set(_faults(as_json(form(ask("a"), ask("a"))))) == {"a"}
    assert set(_faults(as_json(form(ask("a", Test("a", "answered")))))) == {"a"}


def test_hostile_files_are_refused() -> None:
    many = as_json(form(*(ask(f"q.{n}") for n in range(1))))
    items = many["parts"][0]["sections"][0]["items"]
    items.extend({**items[0], "id": f"q.{n}"} for n in range(1, 10_000))
    deep: Any = {"q": "a", "answered": True}
    for _ in range(5000):
        deep = {"all": [deep]}
    holder = as_json(form(ask("a"), ask("b")))
    holder["parts"][0]["sections"][0]["items"][1]["when"] = deep
    circle: dict[str, Any] = as_json(form(Item("g", "group", TEXT)))
    group = circle["parts"][0]["sections"][0]["items"][0]
    group["items"] = [group]
    hostile: tuple[Any, ...] = (
        many, holder, circle, None, [], {}, {"key": 1}, "{", "[" * 100_000, b"\xff\xfe", "x" * (MOST_BYTES + 1), "NaN",
        {**as_json(form(ask("a"))), "title": {"en": "\ud800"}}, {**as_json(form(ask("a"))), "key": "a\0b"},
    )  # fmt: skip
    assert all(_faults(one) for one in hostile)


def test_a_changed_word_changes_the_hash() -> None:
    q = form(ask("a"))
    assert hash_of(q) != hash_of(replace(q, title={"en": "Other", "es": "Inventado"}))
