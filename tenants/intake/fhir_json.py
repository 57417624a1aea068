"""A FHIR file as values that can be looked into without fear: whatever somebody sends, it is read or refused. Pure.

Every getter takes what a hostile file may hold in place of what belongs there, and answers with something of the right
type. Texts come out clean: no markup, nothing invisible, bounded.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

import nh3

from saas.errors import Invalid
from saas.text import clean_block
from saas.words import _
from tenants.intake.questions import Coding
from tenants.intake.registry import LOINC

MAX_BYTES = 1_000_000
MAX_ITEMS = 500
MAX_DEPTH = 12
MAX_REMARKS = 400
_TAG = re.compile(r"<\s*[a-zA-Z/!?]")
_ENTITY = re.compile(r"&(?:[a-zA-Z]{2,8}|#x?[0-9a-fA-F]{1,6});")
_BLOCK = re.compile(r"<\s*(?:/\s*)?(?:li|p|div|br|tr|h[1-6])\b[^>]*>", re.IGNORECASE)
_LOINC_NAMES = frozenset(
    (
        "loinc", "loinc.org", "http://loinc.org", "https://loinc.org", "http://www.loinc.org", "https://www.loinc.org",
        "urn:oid:2.16.840.1.113883.6.1",
    )
)  # fmt: skip
_WRAPPERS = {"Bundle": "entry", "Parameters": "parameter"}
_DEEPEST_WRAPPER = 3
_SHOWN = 200
_MOST_EXTENSIONS = 100
Node = Mapping[str, Any]
Level = Literal["stop", "look", "note"]


class NotReadable(Invalid):
    """The file is no FHIR file that can be read at all. The message says why."""

    code = "not-readable"


@dataclass(frozen=True)
class Remark:
    """One difference, or one thing that was left aside. `where`: the link id. `said`: what the file has there, short.
    `known`: what the registry has. A "stop" keeps the form out; a "look" wants a person's eyes; a "note" tells."""

    level: Level
    code: str
    where: str = ""
    said: str = ""
    known: str = ""


@dataclass
class Remarks:
    """Remarks as they are found: each once, and no more than a person can read."""

    found: list[Remark] = field(default_factory=list)

    def add(self, level: Level, code: str, where: str = "", said: str = "", known: str = "") -> None:
        """Note one. `said` is cut to what fits a line."""
        if len(self.found) >= MAX_REMARKS and (level != "stop" or len(self.found) >= 2 * MAX_REMARKS):
            return
        remark = Remark(level, code, line(where, 80), line(said, _SHOWN), known)
        if remark not in self.found:
            self.found.append(remark)

    def sorted(self) -> tuple[Remark, ...]:
        """What stops first, then what wants a look, each in the order of the file."""
        order = ("stop", "look", "note")
        return tuple(sorted(self.found, key=lambda remark: order.index(remark.level)))


def parse(data: bytes) -> Node:
    """The file as an object. `NotReadable` for one that is too large, no JSON, no object, or too deeply nested."""
    if len(data) > MAX_BYTES:
        raise NotReadable(_("This file is larger than 1 MB. A questionnaire is much smaller"))
    try:
        found = json.loads(data, parse_constant=_refuse_constant, object_pairs_hook=_each_name_once)
    except UnicodeDecodeError:
        raise NotReadable(_("This file is not written in UTF-8. Save it in UTF-8 and send it again")) from None
    except RecursionError:
        raise NotReadable(_("This file is nested too deeply to be a questionnaire")) from None
    except ValueError:
        raise NotReadable(_("This file is not JSON. Export the questionnaire as FHIR in JSON format")) from None
    if not isinstance(found, dict):
        raise NotReadable(_("This file holds no FHIR resource"))
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON readers differ in which of two they take, and whoever sent the file may mean the other one."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            said = line(name, 60)
            raise NotReadable(_("This file says “%(name)s” twice in one place. Leave one of them", name=said))
        found[name] = value
    return found


def resources(root: Node) -> Iterator[Node]:
    """The resource of the file; of a Bundle or Parameters, each one in it; and whatever each of them contains."""
    for top in _unwrapped(root, _DEEPEST_WRAPPER):
        yield top
        yield from nodes(top, "contained")


def _unwrapped(root: Node, depth: int) -> Iterator[Node]:
    inside = _WRAPPERS.get(raw_text(root, "resourceType"))
    if inside is None or not depth:
        yield root
        return
    for entry in nodes(root, inside):
        yield from _unwrapped(node(entry, "resource"), depth - 1)


def all_of(root: Node, kind: str) -> list[Node]:
    """The resources of this type, in the order of the file."""
    return [one for one in resources(root) if one.get("resourceType") == kind]


def first_of(root: Node, kind: str) -> Node | None:
    """The first resource of this type."""
    return next(iter(all_of(root, kind)), None)


def node(parent: Node, key: str) -> Node:
    """The object at `key`; an empty one for anything else."""
    found = parent.get(key)
    return found if isinstance(found, dict) else {}


def nodes(parent: Node, key: str) -> list[Node]:
    """The objects at `key`: of a list, or the one that some programs put in place of a list of one."""
    found = parent.get(key)
    if isinstance(found, dict):
        return [found]
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def raw_text(parent: Node, key: str) -> str:
    """The text at `key` as it stands; "" for anything else."""
    found = parent.get(key)
    return found if isinstance(found, str) else ""


def flag(parent: Node, key: str) -> bool:
    """Whether `key` is true."""
    return parent.get(key) is True


def number(parent: Node, *keys: str) -> float | None:
    """The first finite number at one of `keys`; also written as a text, as some programs do."""
    for key in keys:
        found = parent.get(key)
        if isinstance(found, str) and re.fullmatch(r"-?\d{1,9}(\.\d{1,9})?", found):
            found = float(found)
        if isinstance(found, (int, float)) and not isinstance(found, bool) and abs(found) < 1e9:
            return int(found) if found == int(found) else float(found)
    return None


def any_value(parent: Node, prefix: str = "value") -> tuple[str, Any]:
    """The type and the value of a choice element: ("Coding", {...}) of `valueCoding`; ("", None) for none."""
    for key, found in parent.items():
        if key.startswith(prefix) and len(key) > len(prefix) and key[len(prefix)].isupper():
            return key[len(prefix) :], found
    return "", None


def coding(found: Any) -> Coding | None:
    """A Coding (or the first one of a CodeableConcept), its texts clean and short; None for one without a code."""
    if not isinstance(found, dict):
        return None
    if "coding" in found:
        return next((one for one in map(coding, nodes(found, "coding")) if one is not None), None)
    code = line(raw_text(found, "code"), 120)
    display = line(raw_text(found, "display"), 300)
    system = line(raw_text(found, "system"), 200)
    named = LOINC if system.lower().rstrip("/") in _LOINC_NAMES else system
    return Coding(named, code or display, display) if code or display else None


def extensions(parent: Node) -> list[Node]:
    """The extensions of an element, those that change its meaning too. Nobody writes a hundred of them."""
    return [*nodes(parent, "modifierExtension"), *nodes(parent, "extension")][:_MOST_EXTENSIONS]


def extension(parent: Node, *names: str) -> Node | None:
    """The first extension whose address ends with one of `names`."""
    return next((one for one in extensions(parent) if name_of(one) in names), None)


def own_text(parent: Node, url: str) -> str | None:
    """The text of our own extension with exactly this address; None where there is none."""
    found = next((one.get("valueString") for one in nodes(parent, "extension") if one.get("url") == url), None)
    return found if isinstance(found, str) else None


def name_of(ext: Node) -> str:
    """The last part of an extension's address: "ordinalValue"."""
    return re.split(r"[/:#]", raw_text(ext, "url"))[-1]


def plain(text: str) -> tuple[str, bool]:
    """`text` as people read it, and whether markup was taken out of it."""
    tagged = bool(_TAG.search(text))
    if not tagged and not _ENTITY.search(text):
        return _clean(text), False
    spaced = _BLOCK.sub("\n", text)
    bare = html.unescape(nh3.clean(spaced.encode("utf-8", "replace").decode(), tags=set()))
    return _clean(bare), tagged


def line(text: str, limit: int) -> str:
    """`text` as one clean line of at most `limit` characters, markup gone."""
    return " ".join(plain(text[: limit * 20])[0].split())[:limit].strip()


def _clean(text: str) -> str:
    return clean_block(text, len(text) * 4 + 1)  # composing may lengthen it; nothing is refused here


def children(parent: Node) -> list[Node]:
    """The items below an item, also those that a response keeps below its answers."""
    return [*nodes(parent, "item"), *(one for answer in nodes(parent, "answer") for one in nodes(answer, "item"))]


def check_size(top: Node) -> None:
    """`NotReadable` when there are more items than a person could answer, or nested deeper than any form is."""
    count, level = 0, [top]
    for _depth in range(MAX_DEPTH):
        level = [child for one in level for child in children(one)]
        count += len(level)
        if count > MAX_ITEMS:
            raise NotReadable(_("This file has more than %(most)d questions. Bring it in in parts", most=MAX_ITEMS))
        if not level:
            return
    raise NotReadable(_("The questions of this file are nested too deeply. Use fewer levels"))
