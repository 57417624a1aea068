from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas.errors import Invalid
from tenants.clients.rules import REACH, Person, clean_person, differences, reach_for, similar_names


@pytest.mark.parametrize(
    "one, other",
    [
        ("Cleo Hart", "cleo HART"),
        ("Hart Cleo", "Cleo Hart"),
        ("Cléo Hart", "Cleo Hart"),
        ("Cleo O'Hart", "Cleo O’Hart"),
        ("Cleo Anne Hart", "Cleo Hart"),
        ("Cleo", "Cleo Hart"),
        ("Cleo Hart-Moore", "Cleo Hart Moore"),
    ],
)
def test_one_persons_names_are_similar(one: str, other: str) -> None:
    assert similar_names(one, other)
    assert similar_names(other, one)


@pytest.mark.parametrize(
    "one, other",
    [("Cleo Hart", "Clea Hart"), ("Cleo Hart", "Ben Hart"), ("Anna Hart", "Hanna Hart"), ("", "Cleo"), ("", "")],
)
def test_sisters_who_share_a_telephone_are_not_one(one: str, other: str) -> None:
    assert not similar_names(one, other)


def test_differences_are_what_was_typed_and_is_not_known() -> None:
    known = Person("Cleo Hart", "", "cleo@example.com", "+447700900001", "phone")
    typed = Person("Cleo H", "", "cleo@example.com", "", "email")
    assert differences(known, typed) == {"name": "Cleo H", "reach": "email"}


@given(st.sampled_from(REACH), st.none() | st.sampled_from(REACH))
def test_nobody_is_reached_less_discreetly_than_they_ever_asked(known: str, typed: str | None) -> None:
    way = reach_for(known, typed)
    assert REACH.index(way) >= REACH.index(known)
    assert typed is None or REACH.index(way) >= REACH.index(typed)
    assert way in (known, typed)


def test_a_persons_problems_are_told_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        clean_person(Person("", "x" * 81, "nobody", "12", "pigeon"), country="GB")
    assert set(refused.value.fields) == {"name", "known_as", "email", "phone", "reach"}


@pytest.mark.parametrize("reach, field", [("email", "email"), ("text", "phone"), ("phone", "phone")])
def test_whoever_is_to_be_reached_says_where(reach: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean_person(Person("Cleo", reach=reach), country="GB")
    assert set(refused.value.fields) == {field}
