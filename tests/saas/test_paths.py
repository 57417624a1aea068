"""Where a visitor may be sent."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas.paths import is_own


@pytest.mark.parametrize("target", ["/c/rowan/", "/c/rowan/manage/", "/c/rowan/manage/bookings/?search=a%20b&x=/y"])
def test_the_clinics_own_pages_are_fine(target: str) -> None:
    assert is_own(target, "/c/rowan")


@pytest.mark.parametrize(
    "target", ["", "/", "/c/rowan", "/c/rowanne/", "//x", "/c/rowan//x", "/c/rowan/..", "x", "/c/rowan/%2e%2e/"]
)
def test_everything_else_is_not(target: str) -> None:
    assert not is_own(target, "/c/rowan")


def test_a_host_of_its_own_has_all_its_paths_but_no_other_clinic() -> None:
    assert is_own("/operator/", "")
    assert is_own("/c", "") is False
    assert not is_own("/c/rowan/", "")
    assert not is_own("/%63/rowan/", "")


@given(st.text(alphabet="/\\.:%2eEfFcrowan?#@ \t", max_size=30))
def test_what_passes_stays_with_the_clinic(text: str) -> None:
    target = "/c/rowan" + text
    if is_own(target, "/c/rowan"):
        there = urlsplit(urljoin("https://book.example/c/rowan/login", target.replace("\\", "/")))
        assert there.netloc == "book.example"
        assert there.path.startswith("/c/rowan/")
