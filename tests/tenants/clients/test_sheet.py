from __future__ import annotations

import pytest

from tenants.clients import sheet
from tenants.clients.sheet import Sheet, Unreadable, read


def of(text: str, codec: str = "utf-8") -> Sheet:
    return read(text.encode(codec), country="ES")


def told(found: Sheet) -> list[tuple[int, str, str]]:
    return [(one.line, one.column, one.sentence) for one in found.problems]


GOOD = "Name;Email;Phone\nJosé Prieto;jose@example.com;911 23 45 67\n"


@pytest.mark.parametrize(
    "codec,name",
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16"), ("cp1252", "Windows-1252")],
)
def test_every_usual_encoding_is_understood_and_named(codec: str, name: str) -> None:
    found = of(GOOD, codec)
    assert found.encoding == name
    assert [one.record.name for one in found.entries] == ["José Prieto"]
    assert found.entries[0].record.phone == "+34911234567"


@pytest.mark.parametrize(
    "content,words",
    [
        (b"", "empty"),
        (b" \r\n \n", "empty"),
        (b"PK\x03\x04....", "workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", "workbook"),
        (GOOD.encode("utf-16-le"), "letters"),
        (b"\xff\xfeN", "letters"),
        (b"Name,Email\nA\x81B,a@example.com\n", "letters"),
        (b"Name,Email\n", "no clients below"),
        (b"Email,Phone\na@example.com,1\n", "no column for names"),
        (b"Name,Shoe size\nA,42\n", "no column for email"),
        (b"Name,Full name,Email\nA,A,a@example.com\n", "Two columns"),
        (b'Name,Email\n"A,a@example.com\n', "line 2"),
        (b"Name,Email\n" + b"A,a@example.com\n" * (sheet.ROWS_LIMIT + 1), "more than 20000"),
        (b"x" * (sheet.BYTES_LIMIT + 1), "5 MB"),
    ],
)
def test_what_is_no_list_of_clients_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(content, country="ES")
    assert words in refused.value.message


def test_every_problem_is_told_with_its_line() -> None:
    found = of(
        "Name,Email,Phone,Reach\n"
        "Maya Lind,maya@example.com,,\n"
        ",nobody@example.com,,\n"
        '"Two\nlines",two@,12,\n'
        "Maya Lind,MAYA@example.com,,\n"
        "No Contact,,,\n"
        "Texts Only,texts@example.com,,text\n"
        "Odd Reach,odd@example.com,,pigeon\n"
        "Too,many,fields,in,here\n"
        "\n"
        "Bea Sol,,911234567,\n"
        "Béa Sol,,+34 911 23 45 67,\n"
        "Ana Sol,,911234567,\n"
    )
    assert told(found) == [
        (3, "name", "There is no name"),
        (4, "email", "Enter an email address like name@example.com"),
        (4, "phone", "Enter a phone number with its area code, or with + and the country code"),
        (6, "email", "The same email address as in line 2"),
        (7, "email", "There is neither an email address nor a phone number"),
        (8, "reach", "They are to be reached by phone, but there is no number"),
        (9, "reach", "Say email, text or phone"),
        (10, "", "This line has 5 fields, but there are 4 columns"),
        (13, "phone", "The same person as in line 12"),
    ]
    # What is right stands beside it; sisters who share a telephone are two people.
    assert [(one.line, one.record.name, one.record.reach) for one in found.entries] == [
        (2, "Maya Lind", "email"), (12, "Bea Sol", "phone"), (14, "Ana Sol", "phone"),
    ]  # fmt: skip


def test_columns_are_known_in_both_languages_and_in_any_order() -> None:
    found = of(
        "Notas\tCorreo electrónico\tApellidos\tNombre\tMóvil\tContacto\nx\tana@example.com\tGil\tAna\t\tcorreo\n"
    )
    assert [one.record.name for one in found.entries] == ["Ana Gil"]
    assert found.left_out == ("Notas",)
    assert dict(found.columns) == {
        "Correo electrónico": "email", "Apellidos": "last", "Nombre": "first", "Móvil": "phone", "Contacto": "reach",
    }  # fmt: skip
    assert of("First name,Email\nAna,ana@example.com\n").entries[0].record.name == "Ana"
    assert of("FIRST_NAME,Surname,E-mail\nAna,Gil,ana@example.com\n").entries[0].record.name == "Ana Gil"


def test_the_sample_is_right() -> None:
    found = of("\n".join(",".join(row) for row in sheet.SAMPLE))
    assert not found.problems
    assert len(found.entries) == len(sheet.SAMPLE) - 1
    assert {one.record.reach for one in found.entries} == {"email", "text", "phone"}
