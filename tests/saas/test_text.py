from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saas.errors import Invalid
from saas.text import Cleaner, TooLong, clean_block, clean_line

# Lone surrogates too: they come out of JSON and out of broken clients.
ANYTHING = st.text(alphabet=st.characters(exclude_categories=()), max_size=200)


@pytest.mark.parametrize(
    "typed, kept",
    [
        ("  Cleo   Hart ", "Cleo Hart"),
        ("Cleo\r\nBcc: all@example.com", "Cleo Bcc: all@example.com"),
        ("Cl\x00eo", "Cleo"),
        ("Cleo\ud800", "Cleo"),
        ("\u202egnp.exe", "gnp.exe"),
        ("a\u2066b\u2069", "ab"),
        ("a\u200bb\ufeff", "ab"),
        ("line\u2028two", "line two"),
        ("e\u0301", "é"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("=1+1", "=1+1"),
        ("<b>x</b>", "<b>x</b>"),
        (None, ""),
    ],
)
def test_a_line_keeps_what_people_write_and_drops_what_they_cannot_see(typed: str | None, kept: str) -> None:
    assert clean_line(typed, 100) == kept


def test_a_block_keeps_its_paragraphs() -> None:
    assert clean_block(" one \r\n\r\n\r\n\r\ntwo\x07\rthree ", 100) == "one\n\ntwo\nthree"


def test_a_text_that_is_too_long_is_refused_and_never_cut() -> None:
    with pytest.raises(TooLong) as refused:
        clean_line("x" * 10_240, 200)
    assert refused.value.status == 422
    assert "200" in refused.value.message
    assert isinstance(refused.value, ValueError)


@settings(max_examples=200, deadline=None)
@given(ANYTHING)
def test_whatever_is_typed_a_line_is_one_line_that_can_be_stored_and_is_clean_at_once(typed: str) -> None:
    kept = clean_line(typed, 1000)
    assert kept == clean_line(kept, 1000)
    assert len(kept.splitlines()) <= 1
    kept.encode("utf-8")
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in kept)


@settings(max_examples=200, deadline=None)
@given(ANYTHING)
def test_whatever_is_typed_a_block_has_only_newlines_as_controls(typed: str) -> None:
    kept = clean_block(typed, 1000)
    assert kept == clean_block(kept, 1000)
    kept.encode("utf-8")
    assert {c for c in kept if unicodedata.category(c) == "Cc"} <= {"\n"}
    assert "\n\n\n" not in kept


def test_a_cleaner_collects_every_problem_before_it_speaks() -> None:
    cleaner = Cleaner()
    assert cleaner.line("name", "", 10, missing="Enter a name") == ""
    assert cleaner.line("place", "y" * 11, 10) == ""
    assert cleaner.whole("age", 5, 6, 7) == 5
    cleaner.refuse("name", "a second sentence")
    with pytest.raises(Invalid) as refused:
        cleaner.check()
    assert set(refused.value.fields) == {"name", "place", "age"}
    assert refused.value.fields["name"] == "Enter a name"
