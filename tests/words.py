"""The catalogues of translations: `make words` brings them up to what the source says, and compiles them.

    make words    new sentences are added with nothing beside them, sentences that are gone go, the rest stays;
                  then every messages.po is compiled to the messages.mo beside it

Both files are committed: a fresh clone and an installed server read the .mo without a tool.
tests/house/test_catalogue.py says when either is not what the source asks for.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from saas.languages import LANGUAGES, TRANSLATIONS
from tests.house.tree import ROOT

KEYWORDS = {
    "_": None, "_l": None, "N_": None, "gettext": None, "later": None, "lazy_gettext": None, "ngettext": (1, 2)
}  # fmt: skip
OTHERS = [code for code in LANGUAGES if code != "en"]
_FOLDERS = frozenset({"saas", "tenants", "templates"})
_HEADER = """# Longtide in another language. Sentences come from the source (`make words`); what is beside them is ours.
# The words that are always the same are in saas/translations/GLOSSARY.md.
#"""
# A file that has not changed is written as it was: no dates of making.
_WHENEVER = datetime(2026, 1, 1, tzinfo=UTC)


def extracted() -> Catalog:
    """Every sentence of the source, with the places it is said at."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    found = Catalog()
    for name, line, said, _comments, context in extract_from_dir(
        ROOT, methods, options_map=options, keywords=KEYWORDS, directory_filter=_is_ours
    ):
        found.add(said, locations=[(name, line)], context=context)
    return found


def _is_ours(folder: str | Path) -> bool:
    first = Path(folder).relative_to(ROOT).parts[:1]
    return bool(first) and first[0] in _FOLDERS and not Path(folder).name.startswith(("_", "."))


def path_of(code: str) -> Path:
    """Where the sentences of a language are."""
    return TRANSLATIONS / code / "LC_MESSAGES" / "messages.po"


def read(code: str) -> Catalog:
    """The sentences of a language as they are committed."""
    with path_of(code).open("rb") as file:
        return read_po(file, locale=code)


def messages(catalogue: Catalog) -> Iterator[Message]:
    """Its sentences without the header."""
    return (message for message in catalogue if message.id)


def updated(code: str, source: Catalog) -> Catalog:
    """The sentences of `source`, each with what is beside it already."""
    known = read(code) if path_of(code).exists() else Catalog(locale=code)
    made = Catalog(
        locale=code, project="Longtide", version="1", header_comment=_HEADER, fuzzy=False,
        creation_date=_WHENEVER, revision_date=_WHENEVER, language_team=code, last_translator="Longtide",
        copyright_holder="Longtide", msgid_bugs_address="Longtide",
    )  # fmt: skip
    for message in messages(source):
        old = known.get(message.id, message.context)
        nothing = "" if isinstance(message.id, str) else ("",) * made.num_plurals
        said = old.string if old is not None and _fits(old, message) else nothing
        made.add(message.id, said, context=message.context)
    return made


def _fits(old: Message, new: Message) -> bool:
    return bool(old.string) and isinstance(old.string, str) == isinstance(new.id, str)


def written(catalogue: Catalog) -> bytes:
    """The .po file of a catalogue."""
    out = io.BytesIO()
    write_po(out, catalogue, width=0, no_location=True, sort_output=True, ignore_obsolete=True)
    return out.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    """The .mo file of a catalogue."""
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def bare(catalogue: Catalog) -> list[str]:
    """The sentences with nothing, or not enough, beside them."""
    found = []
    for message in messages(catalogue):
        said = [message.string] if isinstance(message.string, str) else list(message.string or ())
        wanted = 1 if isinstance(message.id, str) else catalogue.num_plurals
        if len(said) != wanted or not all(said):
            found.append(message.id if isinstance(message.id, str) else message.id[0])
    return found


def main() -> int:
    """Bring every catalogue up to date; 1 while sentences are without a translation."""
    source = extracted()
    left = 0
    for code in OTHERS:
        made = updated(code, source)
        path = path_of(code)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(written(made))
        path.with_suffix(".mo").write_bytes(compiled(made))
        missing = bare(made)
        left += len(missing)
        sys.stdout.write(f"{path.relative_to(ROOT)}: {len(made)} sentences, {len(missing)} to translate\n")
        sys.stdout.writelines(f"  {text}\n" for text in missing)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
