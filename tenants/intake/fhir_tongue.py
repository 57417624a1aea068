"""The language of a FHIR file: the one it names, else the one that its words are in. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tenants.intake.fhir_json import Node, children, line, raw_text

_ENGLISH = "en"
_MOST_ITEMS = 60
_FEWEST_WORDS = 4
# The small words that a text in this language cannot do without, and that few other languages have.
_SMALL: Mapping[str, frozenset[str]] = {
    _ENGLISH: frozenset(("the", "of", "you", "and", "have", "been", "your", "or", "with", "how", "do", "in", "to")),
    "es": frozenset(("el", "los", "que", "ha", "se", "usted", "con", "su", "por", "una", "sus", "ud", "y", "las")),
    "de": frozenset(("der", "die", "und", "sie", "haben", "wie", "oder", "ihre", "ihnen", "nicht", "sich", "mit")),
    "fr": frozenset(("le", "les", "vous", "avez", "votre", "des", "et", "ou", "êtes", "une", "vos", "du", "au")),
    "it": frozenset(("il", "di", "che", "lei", "gli", "della", "suo", "sua", "sono", "per", "nelle", "è", "ha", "o")),
    "pt": frozenset(("você", "os", "em", "que", "seu", "sua", "não", "uma", "foi", "ou", "está", "com", "da", "das")),
    "nl": frozenset(("het", "een", "u", "bent", "uw", "heeft", "niet", "van", "hoe", "zich", "gehad", "of", "met")),
    "pl": frozenset(("się", "czy", "przez", "nie", "jest", "lub", "jak", "był", "pan", "pani", "na", "że", "w", "z")),
}  # fmt: skip


def tongue_of(top: Node) -> str:
    """The two letters of the language that the file names; without one, that of its small words, else English."""
    named = raw_text(top, "language")[:2].lower()
    if re.fullmatch("[a-z]{2}", named):
        return named
    words = re.findall(r"[^\W\d_]+", " ".join(_texts(top)).lower())
    counted = {code: sum(word in small for word in words) for code, small in _SMALL.items()}
    best = max(counted, key=lambda code: counted[code])
    return best if counted[best] >= _FEWEST_WORDS and counted[best] > counted[_ENGLISH] else _ENGLISH


def _texts(top: Node) -> list[str]:
    found: list[str] = []
    level = [top]
    while level and len(found) < _MOST_ITEMS:
        level = [child for one in level for child in children(one)]
        found += [line(raw_text(one, "text"), 300) for one in level[:_MOST_ITEMS]]
    return found
