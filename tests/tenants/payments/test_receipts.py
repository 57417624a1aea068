from __future__ import annotations

import zlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas.paper import writable
from tenants.payments.receipts import Receipt, ReceiptLine, pdf

RECEIPT = Receipt(
    title="Receipt",
    clinic="Still Water",
    address=("2 Nun’s Island", "Galway H91 W2K7"),
    number_label="Number",
    number="20260323-0A1B2C3D",
    name_label="For",
    name="Zoë Łukasiewicz",
    unwritten="The name is on the booking page.",
    about="Session on 24 March 2026 with Aoife Brennan",
    lines=(ReceiptLine("Card ending 4242", "23 March 2026", "€95"),),
    sums=(("Price", "€95"), ("Paid in all", "€95")),
    language="en-IE",
    made=datetime(2026, 3, 23, 9, tzinfo=UTC),
)


def said(data: bytes) -> str:
    """The text of a page, as far as a PDF says it in plain letters."""
    found = ""
    for part in data.split(b"stream\n")[1:]:
        try:
            found += zlib.decompress(part.partition(b"\nendstream")[0]).decode("cp1252", "replace")
        except zlib.error:
            continue
    return found


def test_the_same_values_are_the_same_bytes() -> None:
    assert pdf(RECEIPT) == pdf(RECEIPT)
    assert pdf(RECEIPT) != pdf(replace(RECEIPT, number="20260323-0A1B2C3E"))


@pytest.mark.parametrize(
    "name,written",
    [
        ("Zoë Müller-Ågren", "Zoë Müller-Ågren"),
        ("Łukasz Święcicki", "Lukasz Swiecicki"),
        ("Đorđe Čolić", "Dorde Colic"),
        ("Nguyễn Thị Hằng", "Nguyen Thi Hang"),
        ("Şule Işık", "Sule Isik"),
        ("Žofie Ďurišová", "Žofie Durišová"),
        ("محمد علي", ""),
        ("王小明", ""),
    ],
)
def test_letters_beyond_western_europe_are_written_as_their_nearest(name: str, written: str) -> None:
    assert writable(name) == written


def test_a_name_that_cannot_be_written_is_said_to_be_elsewhere() -> None:
    assert "The name is on the booking page." in said(pdf(replace(RECEIPT, name="محمد علي")))
    assert "The name is on the booking page." not in said(pdf(RECEIPT))
    assert "For Zo\xeb Lukasiewicz" in said(pdf(RECEIPT))


@given(st.text(max_size=60))
def test_no_name_breaks_a_receipt(name: str) -> None:
    assert writable(name).encode("cp1252") is not None
    assert pdf(replace(RECEIPT, name=name, clinic=name))[:5] == b"%PDF-"
