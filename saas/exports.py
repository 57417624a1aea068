"""Tables that are safe to open in a spreadsheet. Pure.

A text that begins like a formula is run by the program that opens it, so it gets an apostrophe in front
(OWASP, "CSV Injection").
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff0b", "\uff0d", "\uff1d", "\uff20")
# Programs in much of Europe take a semicolon for the end of a cell, whatever the quotes around it say.
_SECOND_CELL = re.compile(rf"(;[\s\"']*)(?=[{re.escape(''.join(_FORMULA))}])")
_DROPPED = dict.fromkeys(range(32))  # what neither CSV readers nor XML carry; line breaks become spaces


def safe_cell(value: object) -> str | int | float:
    """`value` as a cell: numbers stay numbers, None is empty, texts lose control characters and cannot be a formula,
    not even where a semicolon in them ends the cell."""
    if value is None:
        return ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    text = str(value)
    risky = text.lstrip(" ").startswith(_FORMULA)
    plain = " ".join(text.splitlines()) if len(text.splitlines()) > 1 else text
    plain = _SECOND_CELL.sub(r"\1'", plain.translate(_DROPPED).replace("\x7f", ""))
    return f"'{plain}" if risky or plain.lstrip(" ").startswith(_FORMULA) else plain


_NS = "http://schemas.openxmlformats.org"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_OFFICE = f"{_NS}/officeDocument/2006/relationships"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_NS}/package/2006/content-types"><Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
    f'ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPES}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_NS}/package/2006/relationships"><Relationship Id="r1" '
    f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_NS}/package/2006/relationships"><Relationship Id="r1" '
    f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}
_WIDEST = 32_767  # what one cell holds (ECMA-376 is silent, Excel is not)


def _cell(value: object) -> str:
    safe = safe_cell(value)
    if not isinstance(safe, str):
        return f"<c><v>{safe}</v></c>"
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(_for_xml(safe)[:_WIDEST])}</t></is></c>'


def _for_xml(text: str) -> str:
    known = text.encode("utf-8", "replace").decode()
    return "".join(c for c in known if c >= " " and c not in "\ufffe\uffff")


def workbook(title: str, headers: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """An XLSX file (ECMA-376) of one sheet: `title` names it (cut to 31 characters), every text is a text."""
    name = "".join(c for c in _for_xml(title) if c not in "[]:*?/\\").strip("'")[:31] or "1"
    lines = "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in [headers, *rows])
    main = f"{_NS}/spreadsheetml/2006/main"
    parts = _PARTS | {
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{_OFFICE}"><sheets><sheet name={quoteattr(name)} '
        'sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{lines}</sheetData></worksheet>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for path, text in parts.items():
            packed.writestr(path, _HEAD + text)
    return out.getvalue()
