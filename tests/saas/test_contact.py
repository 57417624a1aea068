from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saas.contact import BadEmail, BadPhone, normal_email, normal_phone


@pytest.mark.parametrize(
    "typed, kept",
    [
        ("", ""),
        (None, ""),
        (" Cleo.Hart@Example.COM ", "cleo.hart@example.com"),
        ("cleo@bücher.example", "cleo@xn--bcher-kva.example"),
        ("cleo@XN--BCHER-KVA.example", "cleo@xn--bcher-kva.example"),
        ("cleo+tag@example.com", "cleo+tag@example.com"),
    ],
)
def test_an_address_has_one_form(typed: str | None, kept: str) -> None:
    assert normal_email(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "cleo", "cleo@", "@example.com", "a b@example.com", "cleo@example", "cleo@localhost", "cleo@[127.0.0.1]",
        "cleo@example.com, ben@example.com", "Cleo <cleo@example.com>", "clé@example.com", "c" * 65 + "@example.com",
        "c@" + "d" * 250 + ".com", "x" * 10_240,
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(BadEmail):
        normal_email(typed)


def test_a_line_break_never_reaches_a_header() -> None:
    with pytest.raises(BadEmail):
        normal_email("cleo@example.com\r\nBcc: all@example.com")


@pytest.mark.parametrize(
    "typed, country, kept",
    [
        ("", "IE", ""),
        ("091 555 014", "IE", "+35391555014"),
        ("(503) 555-0142", "US", "+15035550142"),
        ("+353 91 555 014", "US", "+35391555014"),
        ("00353 91 555014", "GB", "+35391555014"),
        ("020 7946 0018 ext. 12", "GB", "+442079460018;ext=12"),
    ],
)
def test_a_number_has_one_form(typed: str, country: str, kept: str) -> None:
    assert normal_phone(typed, country) == kept


@pytest.mark.parametrize("typed", ["12", "call me", "+", "0" * 30, "=1+1", "1" * 10_240])
def test_what_cannot_be_rung_is_refused(typed: str) -> None:
    with pytest.raises(BadPhone):
        normal_phone(typed, "IE")


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=60))
def test_any_text_is_either_kept_in_one_form_or_refused(typed: str) -> None:
    try:
        kept = normal_email(typed)
        assert normal_email(kept) == kept
    except BadEmail:
        pass
    try:
        number = normal_phone(typed, "IE")
        assert normal_phone(number, "IE") == number
        assert len(number) <= 40
    except BadPhone:
        pass
