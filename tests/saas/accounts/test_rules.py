"""What is pure about accounts: codes of an app, passwords that anybody would try, devices."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from saas.accounts import devices, passwords, totp

SECRET = b"12345678901234567890"
NOW = datetime(2026, 3, 23, 9, 0, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    "second,code",
    # RFC 6238, appendix B (SHA-1), the last six of its eight digits.
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_those_of_the_standard(second: int, code: str) -> None:
    assert totp.code_at(SECRET, second // totp.SECONDS) == code


def test_a_code_fits_for_a_minute_and_a_half_and_once() -> None:
    here = totp.step_of(NOW)
    code = totp.code_at(SECRET, here)
    for seconds in (-30, 0, 30):
        assert totp.matching_step(SECRET, code, now=NOW + timedelta(seconds=seconds), last=None) == here
    for seconds in (-60, 60):
        assert totp.matching_step(SECRET, code, now=NOW + timedelta(seconds=seconds), last=None) is None
    assert totp.matching_step(SECRET, code, now=NOW, last=here) is None, "it was used"
    assert totp.matching_step(SECRET, totp.code_at(SECRET, here + 1), now=NOW, last=here) == here + 1
    assert totp.matching_step(SECRET, totp.code_at(SECRET, here - 1), now=NOW, last=here) is None, "older than that"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６", "12 34 5x", "9" * 500])
def test_what_is_no_code_is_none(typed: str) -> None:
    assert totp.digits(typed) == ""
    assert totp.matching_step(SECRET, typed, now=NOW, last=None) is None


def test_a_code_may_be_typed_as_the_app_shows_it() -> None:
    assert totp.digits(" 287 082 ") == "287082"


def test_the_address_in_the_picture() -> None:
    said = totp.address(SECRET, home="Still Water: café", account="maya@x.example")
    assert said == (
        "otpauth://totp/Still%20Water%3A%20caf%C3%A9:maya%40x.example"
        "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Still%20Water%3A%20caf%C3%A9"
    )
    assert totp.spoken(SECRET).replace(" ", "") == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


ABOUT = ("alma.rowan@rowan.example", "Alma Quinn", "Rowan Clinic", "rowan")


@pytest.mark.parametrize(
    "password",
    [
        "aaaaaaaaaaaa", "ababababababab", "1234567890", "0987654321", "abcdefghijkl", "qwertyuiop", "Qwertyuiop1!",
        "password123", "Password2026!", "P@ssw0rd2026", "welcome12345", "longtide2026", "craniosacral1", "iloveyou!!!!",
        "summer2026!!",
        "Rowan Clinic 1", "almaquinn1985", "alma.rowan@rowan.example", "2026-03-23-99", "letmein!letmein!",
        "rowan rowan rowan",
        "monkey monkey", "111222333444", "asdfghjkl123",
    ],
)  # fmt: skip
def test_what_anybody_would_try_is_refused(password: str) -> None:
    assert passwords.is_obvious(password, ABOUT)


@pytest.mark.parametrize(
    "password",
    [
        "a long quiet sentence", "another long sentence", "correct horse battery", "tide-lamp-moss-42", "vXq8#Lm2pR",
        "meine katze heisst anders", "Kuh am Bach um vier", "el perro duerme tarde", "qjx vbn wpl",
        "今日は雨がよく降ります",
        "not alma but her cat", "password for the blue shed", "ninety yellow ladders",
    ],
)  # fmt: skip
def test_a_phrase_of_ones_own_is_fine(password: str) -> None:
    assert not passwords.is_obvious(password, ABOUT)


@pytest.mark.parametrize(
    "agent,device",
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox|Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0", "Edge|Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605 Safari/604.1", "Safari|iPhone"),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36", "Chrome|Android"),
        ("curl/8.0", "|"),
        ("", "|"),
        ("<script>" * 1000, "|"),
    ],
)
def test_a_device_has_two_words(agent: str, device: str) -> None:
    assert devices.device_of(agent) == device


def test_a_device_keeps_a_few_marks_the_newest_first() -> None:
    marks: list[str] = []
    for mark in ["a", "b", "c", "a", "d", "e", "f", "g", "h"]:
        marks = devices.with_mark(marks, mark)
    assert marks == ["h", "g", "f", "e", "d", "a"]
