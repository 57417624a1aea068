from __future__ import annotations

import zlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas.paper import is_whole, writable
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
    "name",
    ["Zoë Müller-Ågren", "Łukasz Święcicki", "Đorđe Čolić", "Nguyễn Thị Hằng", "Şule Işık", "Žofie Ďurišová",
     "Ελένη Παπαδοπούλου", "Наталія Ґудзь"],
)  # fmt: skip
def test_names_of_europe_and_vietnam_are_written_as_they_are(name: str) -> None:
    assert writable(name) == name
    assert is_whole(name)
    sheet = pdf(replace(RECEIPT, name=name))
    assert sheet == pdf(replace(RECEIPT, name=name))
    assert (b"SourceSans" in sheet) == (name != "Zoë Müller-Ågren")


@pytest.mark.parametrize("name,written", [("محمد علي", ""), ("王小明", ""), ("Zo‑Ǩoda Ł", "Zo-Koda Ł")])
def test_a_letter_that_no_typeface_has_is_its_nearest_or_nothing(name: str, written: str) -> None:
    assert writable(name) == written
    assert not is_whole(name)


def test_a_name_that_cannot_be_written_is_said_to_be_elsewhere() -> None:
    assert "The name is on the booking page." in said(pdf(replace(RECEIPT, name="محمد علي")))
    assert "The name is on the booking page." not in said(pdf(RECEIPT))
    assert "For Zo\xeb M" in said(pdf(replace(RECEIPT, name="Zoë M")))


@given(st.text(max_size=60))
def test_no_name_breaks_a_receipt(name: str) -> None:
    assert writable(writable(name)) == writable(name)
    assert pdf(replace(RECEIPT, name=name, clinic=name))[:5] == b"%PDF-"
