"""Cells that a spreadsheet does not run."""

from __future__ import annotations

import csv
import io
import zipfile
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas.exports import safe_cell, workbook


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1", "＝1"])
def test_a_formula_is_a_text(text: str) -> None:
    assert str(safe_cell(text)).startswith("'")


@pytest.mark.parametrize("given_value,cell", [(None, ""), (5, 5), (2.5, 2.5), ("Cleo", "Cleo"), ("a\nb", "a b")])
def test_everything_else_stays_what_it_is(given_value: object, cell: object) -> None:
    assert safe_cell(given_value) == cell


@given(st.text() | st.text(";= \"+a@-'"))
def test_no_text_begins_a_formula_or_breaks_a_line(text: str) -> None:
    cell = str(safe_cell(text))
    assert not cell.lstrip(" ").startswith(("=", "+", "-", "@"))
    # Read by a program for which a semicolon ends a cell, too.
    assert not any(piece.lstrip(' "').startswith(("=", "+", "-", "@")) for piece in cell.split(";")[1:])
    out = io.StringIO()
    csv.writer(out).writerow([cell.encode("utf-8", "replace").decode(), "end"])
    assert next(csv.reader(io.StringIO(out.getvalue())))[1] == "end"


def sheet_of(data: bytes) -> list[list[str]]:
    """The rows of a workbook, read back."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert packed.testzip() is None
        trees = {name: ET.fromstring(packed.read(name)) for name in packed.namelist()}  # noqa: S314 - our own
    return [
        ["".join(cell.itertext()) for cell in row]
        for row in trees["xl/worksheets/sheet1.xml"].iter()
        if row.tag.endswith("}row")
    ]


def test_a_workbook_has_its_rows_as_texts_and_numbers() -> None:
    data = workbook("Bookings", ["Client", "Price"], [["=1+1", 80], ["<b>&", 2.5]])
    assert sheet_of(data) == [["Client", "Price"], ["'=1+1", "80"], ["<b>&", "2.5"]]


@given(st.text(), st.text())
def test_a_workbook_takes_any_text(title: str, text: str) -> None:
    rows = sheet_of(workbook(title, ["A"], [[text]]))
    assert len(rows) == 2
    assert not rows[1][0].startswith(("=", "+", "@"))
