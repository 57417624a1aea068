"""A file of clients from another program (CSV), read and checked line by line. Pure; nothing here knows who is known.

The first line names the columns, in English or Spanish, in any order. Every problem is told with its line, all of them
at once: a file is imported whole or not at all.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from saas.errors import Invalid
from saas.text import Cleaner
from saas.words import _
from saas.words import later as _l
from tenants.clients.rules import REACH, Record, clean_contact, name_key, similar_names

BYTES_LIMIT = 5 * 1024 * 1024
TOO_LARGE = _l("This file is larger than 5 MB. Send it in parts")
ROWS_LIMIT = 20_000
_SHOWN = 60  # characters of a cell that a problem repeats
_DELIMITERS = ",;\t"
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "full name", "client", "client name", "nombre", "nombre completo", "cliente"),
    "first": ("first name", "firstname", "given name", "nombre de pila"),
    "last": ("last name", "lastname", "surname", "family name", "apellido", "apellidos"),
    "known_as": ("known as", "preferred name", "nickname", "apodo", "nombre preferido", "como se le llama"),
    "email": ("email", "e mail", "email address", "mail", "correo", "correo electronico", "direccion de correo"),
    "phone": ("phone", "telephone", "mobile", "mobile phone", "cell", "cell phone", "phone number", "telefono", "movil",
              "celular", "numero de telefono"),
    "reach": ("reach", "contact by", "how to reach", "contacto", "contactar por", "forma de contacto"),
}  # fmt: skip
_FIELDS = {word: name for name, words in _COLUMNS.items() for word in words}
_REACH_WORDS = {
    **dict.fromkeys(("email", "e mail", "mail", "by email", "correo", "correo electronico"), "email"),
    **dict.fromkeys(("text", "sms", "text message", "by text message", "mensaje", "mensaje de texto"), "text"),
    **dict.fromkeys(("phone", "telephone", "call", "phone only", "by telephone only", "telefono", "llamada"), "phone"),
}
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig", "UTF-8"),
    (b"\xff\xfe", "utf-16", "UTF-16"),
    (b"\xfe\xff", "utf-16", "UTF-16"),
)
SAMPLE = (
    ("Name", "Known as", "Email", "Phone", "Reach"),
    ("Maya Lindqvist", "", "maya@example.com", "+353 91 555 010", "email"),
    ("José Prieto", "Pepe", "jose@example.com", "+34 911 23 45 67", "text"),
    ("Ruth O’Dowd", "", "", "+353 91 555 012", "phone"),
)
"""A file that is right: fictional people, in the form that `read` takes."""


class Unreadable(Invalid):
    """The file is none that can be read as a table of clients; the sentence says what to do."""

    code = "unreadable-file"


@dataclass(frozen=True)
class Problem:
    """What is wrong in one line (counted as a text editor counts, from 1). `value` is what stands there, cut short."""

    line: int
    column: str
    value: str
    sentence: str


@dataclass(frozen=True)
class Entry:
    """One client of the file."""

    line: int
    record: Record


@dataclass(frozen=True)
class Sheet:
    """A file as it was understood: its columns with what each is taken for, those that are left out, its encoding."""

    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]
    columns: tuple[tuple[str, str], ...] = ()
    left_out: tuple[str, ...] = ()
    encoding: str = "UTF-8"


@dataclass
class _Seen:
    """Who stood in the file already, to find whom it has twice."""

    emails: dict[str, int] = field(default_factory=dict)
    phones: dict[str, list[tuple[int, str]]] = field(default_factory=dict)


def decode(content: bytes) -> tuple[str, str]:
    """(text, name of the encoding). UTF-8 with or without its mark, UTF-16 with one, else Windows-1252.

    `Unreadable` for what is none of them: a workbook, a picture, UTF-16 without its mark.
    """
    if content[:4] == b"PK\x03\x04" or content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise Unreadable(_("This is a workbook, not a CSV file. Save it as “CSV UTF-8” and send that file"))
    marks = (
        (b"\xef\xbb\xbf", "utf-8-sig", "UTF-8"),
        (b"\xff\xfe", "utf-16", "UTF-16"),
        (b"\xfe\xff", "utf-16", "UTF-16"),
    )
    for mark, codec, name in marks:
        if content.startswith(mark):
            return _decoded(content, codec), name
    if b"\0" in content:
        raise Unreadable(_("The letters of this file cannot be read. Save it as “CSV UTF-8” and send that file"))
    try:
        return content.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError:
        return _decoded(content, "cp1252"), "Windows-1252"


def _decoded(content: bytes, codec: str) -> str:
    try:
        return content.decode(codec)
    except UnicodeDecodeError:
        raise Unreadable(
            _("The letters of this file cannot be read. Save it as “CSV UTF-8” and send that file")
        ) from None


def read(content: bytes, *, country: str) -> Sheet:
    """The file, understood and checked. Numbers without + are read as ones of `country`.

    `Unreadable` when there is no table to speak of; everything else is a `Problem` with its line.
    """
    if len(content) > BYTES_LIMIT:
        raise Unreadable(str(TOO_LARGE))
    text, encoding = decode(content)
    if not text.strip():
        raise Unreadable(_("This file is empty"))
    lines = list(islice(_lines(text), ROWS_LIMIT * 2))  # blank lines are none, but not for ever
    headers = lines.pop(0)[1]
    lines = [(line, cells) for line, cells in lines if any(cell.strip() for cell in cells)]
    if len(lines) > ROWS_LIMIT:
        raise Unreadable(_("This file has more than %(limit)d clients. Send it in parts", limit=ROWS_LIMIT))
    if not lines:
        raise Unreadable(_("This file has a line with names of columns, and no clients below it"))
    places = _places(headers)
    columns = tuple((headers[place], name) for place, name in sorted(places.items()))
    left_out = tuple(header for place, header in enumerate(headers) if place not in places and header.strip())
    entries: list[Entry] = []
    problems: list[Problem] = []
    seen = _Seen()
    for line, cells in lines:
        if len(cells) > len(headers):
            problems.append(_too_wide(line, len(cells), len(headers)))
            continue
        values = {name: cells[place] if place < len(cells) else "" for place, name in places.items()}
        record, found = _record(values, country)
        found = found or _twice(line, record, seen)
        problems += [Problem(line, name, values.get(name, "")[:_SHOWN], said) for name, said in found.items()]
        if not found:
            entries.append(Entry(line, record))
    return Sheet(tuple(entries), tuple(problems), columns, left_out, encoding)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line where it begins, cells): a quoted cell may run over several lines."""
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    began = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise Unreadable(
                _("From line %(line)d on the quotation marks do not match, or a field is too long", line=began)
            ) from None
        yield began, cells
        began = reader.line_num + 1


def _places(headers: Sequence[str]) -> dict[int, str]:
    """Which column is what. `Unreadable` when there is no name, nothing to reach anybody by, or one of them twice."""
    found: dict[int, str] = {}
    for place, header in enumerate(headers):
        name = _FIELDS.get(name_key(header.replace("_", " ")))
        if name is None:
            continue
        if name in found.values():
            raise Unreadable(_("Two columns say “%(name)s”. Keep one of them", name=header.strip()))
        found[place] = name
    names = set(found.values())
    if "first" in names and "last" not in names and "name" not in names:
        found = {place: "name" if name == "first" else name for place, name in found.items()}
    elif names >= {"name", "last"} and "first" not in names:
        # Spanish files have "nombre" and "apellidos".
        found = {place: "first" if name == "name" else name for place, name in found.items()}
    names = set(found.values())
    if not names & {"name", "first"}:
        raise Unreadable(_("There is no column for names. The first line must name the columns: Name, Email, Phone"))
    if not names & {"email", "phone"}:
        raise Unreadable(_("There is no column for email addresses or phone numbers. Add Email or Phone"))
    return found


def _too_wide(line: int, cells: int, columns: int) -> Problem:
    said = _("This line has %(cells)d fields, but there are %(columns)d columns", cells=cells, columns=columns)
    return Problem(line, "", "", said)


def _record(values: Mapping[str, str], country: str) -> tuple[Record, dict[str, str]]:
    """The client, and what is wrong by column."""
    cleaner = Cleaner()
    whole = values.get("name") or f"{values.get('first', '')} {values.get('last', '')}"
    name = cleaner.line("name" if "name" in values else "first", whole, 200, missing=_("There is no name"))
    known_as = cleaner.line("known_as", values.get("known_as", ""), 80)
    typed_email, typed_phone = values.get("email", ""), values.get("phone", "")
    email, phone = clean_contact(cleaner, typed_email, typed_phone, country)
    reach = _reach(cleaner, values.get("reach", ""), email)
    if not email and not phone and not cleaner.fields.keys() & {"email", "phone"}:
        cleaner.refuse(
            "email" if "email" in values else "phone", _("There is neither an email address nor a phone number")
        )
    elif reach == "email" and not email and not cleaner.fields:
        cleaner.refuse("reach", _("They are to be reached by email, but there is no address"))
    elif reach in ("text", "phone") and not phone and not cleaner.fields:
        cleaner.refuse("reach", _("They are to be reached by phone, but there is no number"))
    return Record(name, known_as, email, phone, reach), cleaner.fields


def _reach(cleaner: Cleaner, typed: str, email: str) -> str:
    if not typed.strip():
        return "email" if email else "phone"  # of what was not said, the most discreet that works
    found = _REACH_WORDS.get(name_key(typed), "")
    if found not in REACH:
        cleaner.refuse("reach", _("Say email, text or phone"))
    return found


def _twice(line: int, record: Record, seen: _Seen) -> dict[str, str]:
    """Whether this client stood in an earlier line: the same e-mail, or the same number and a similar name."""
    if record.email:
        first = seen.emails.setdefault(record.email, line)
        if first != line:
            return {"email": _("The same email address as in line %(line)d", line=first)}
    if record.phone:
        others = seen.phones.setdefault(record.phone, [])
        for first, name in others:
            if similar_names(name, record.name):
                return {"phone": _("The same person as in line %(line)d", line=first)}
        others.append((line, record.name))
    return {}
