"""Every sentence of the source is in every language we write in, whole, and compiled as it is written."""

from __future__ import annotations

import re

import pytest
from babel.messages.catalog import Catalog, Message
from babel.support import Translations

from saas.languages import TRANSLATIONS
from tests import words
from tests.house.tree import report

MAKE_WORDS = (
    "Run `make words`, write the missing sentences beside their English in saas/translations/<language>/LC_MESSAGES/"
    "messages.po (the words that are always the same: saas/translations/GLOSSARY.md), run `make words` again, and "
    "commit the .po and the .mo:"
)
PLACE = re.compile(r"%(?:\((\w+)\))?([sd%])")
# `_()` and `ngettext()` of saas/words.py have these names themselves: as a placeholder they would be given twice.
TAKEN = frozenset({"text", "one", "many"})


# With `tests/tenants/bookings/test_gettext.py`: in one worker each of them reads the source once.
pytestmark = pytest.mark.xdist_group("sentences")


@pytest.fixture(scope="module")
def source() -> Catalog:
    return words.extracted()


def _key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else " | ".join(message.id)


def _said(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def _places(text: str) -> set[tuple[str, str]]:
    return {found for found in PLACE.findall(text) if found[1] != "%"}


@pytest.mark.parametrize("code", words.OTHERS)
def test_a_catalogue_has_the_sentences_of_the_source_each_translated(code: str, source: Catalog) -> None:
    known = words.read(code)
    asked, there = ({_key(m) for m in words.messages(c)} for c in (source, known))
    breaches = [f"{code}: not in the catalogue: {text}" for text in sorted(asked - there)]
    breaches += [f"{code}: no longer in the source: {text}" for text in sorted(there - asked)]
    breaches += [f"{code}: not translated: {text}" for text in words.bare(known)]
    breaches += [f"{code}: fuzzy: {_key(m)}" for m in words.messages(known) if m.fuzzy]
    assert not breaches, report(breaches, MAKE_WORDS)


@pytest.mark.parametrize("code", words.OTHERS)
def test_a_translation_has_the_places_of_its_sentence_and_no_loud_mark(code: str) -> None:
    breaches = []
    for message in words.messages(words.read(code)):
        asked = [message.id] if isinstance(message.id, str) else list(message.id)
        places = set().union(*map(_places, asked))
        plural = len(asked) > 1
        for said in _said(message):
            # The singular may leave its number out: "hace un minuto".
            wanted = places - {("num", "d")} if plural else places
            if not wanted <= _places(said) or not _places(said) <= places:
                breaches.append(f"{code}: {_key(message)} | {said}")
            if (
                "!" in said
                or (said != said.strip()) != (asked[0] != asked[0].strip())
                or (asked[0][-1:] == ".") != (said[-1:] == ".")
            ):
                breaches.append(f"{code}, its marks: {_key(message)} | {said}")
    assert not breaches, report(breaches, "The same placeholders, the same full stop, nothing loud:")


def test_no_placeholder_has_a_name_that_gettext_needs(source: Catalog) -> None:
    breaches = [
        _key(message)
        for message in words.messages(source)
        for name, _kind in _places(_key(message))
        if name in TAKEN or (name == "num" and isinstance(message.id, str))
    ]
    assert not breaches, report(breaches, f"Call it something else than {sorted(TAKEN)}:")


@pytest.mark.parametrize("code", words.OTHERS)
def test_the_compiled_file_says_what_the_written_one_says(code: str) -> None:
    """Compared by what is said: how a compiler lays a file out is its own affair."""
    loaded = Translations.load(str(TRANSLATIONS), [code])
    breaches = []
    for message in words.messages(words.read(code)):
        if isinstance(message.id, str):
            heard = [loaded.ugettext(message.id)]
        else:
            one, many = message.id
            heard = [loaded.ungettext(one, many, number) for number in (1, 2)]
        if heard != _said(message):
            breaches.append(f"{code}: {_key(message)}")
    assert not breaches, report(breaches, MAKE_WORDS)
