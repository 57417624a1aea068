"""A FHIR Questionnaire as a questionnaire of ours, with a remark for everything that is not as it should be. Pure.

R4 is read, and the spellings of R5 (`coding`, `answerConstraint`) and STU3 (`option`, `hasAnswer`). Lenient: what can
be understood is, and what cannot is said. Nothing of the file is ever run: expressions are kept and shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from saas.words import _
from tenants.intake.fhir_item import LINK, UNNAMED, ItemReader
from tenants.intake.fhir_json import (
    Node,
    NotReadable,
    Remark,
    Remarks,
    all_of,
    check_size,
    coding,
    line,
    nodes,
    parse,
    raw_text,
)
from tenants.intake.fhir_options import library, list_elsewhere, translations
from tenants.intake.fhir_tongue import tongue_of
from tenants.intake.fhir_when import asked_by, circles, read_when
from tenants.intake.form_json import DEEPEST_GROUP
from tenants.intake.questions import All, Coding, Condition, Item, Part, Questionnaire, Section, items_in
from tenants.intake.registry import (
    LOINC,
    code_of_wording,
    instrument_of,
    loinc_codes,
    may_ask_of_self_harm,
    recognised_by_items,
    worded_as,
)
from tenants.intake.scores import asks_of_harm

_TITLE_LENGTH = 160


@dataclass(frozen=True)
class ReadForm:
    """What a file holds. `whole`: the codes of the form as a whole. `expressions`: what it would have run, by link id.

    `elsewhere`: addresses of lists of answers that did not come along. `top`: the resource itself.
    """

    form: Questionnaire
    remarks: tuple[Remark, ...]
    whole: tuple[Coding, ...] = ()
    url: str = ""
    version: str = ""
    licence: str = ""
    expressions: Mapping[str, str] = field(default_factory=dict)
    elsewhere: tuple[str, ...] = ()
    top: Node = field(default_factory=dict)

    @property
    def stops(self) -> bool:
        """Whether it cannot be brought in as it is."""
        return any(remark.level == "stop" for remark in self.remarks)


def read_form(data: bytes) -> ReadForm:
    """The questionnaire in a file. `NotReadable` for a file without one, too large a one, or none that is FHIR."""
    root = parse(data)
    found = all_of(root, "Questionnaire")
    if not found:
        raise NotReadable(_("This file holds no questionnaire. It needs a FHIR resource of the type Questionnaire"))
    top = found[0]
    if "group" in top and "item" not in top:
        raise NotReadable(_("This file is written as FHIR DSTU2 had it. Bring it to R4 first, and send it again"))
    check_size(top)
    reader = ItemReader(library(root), tongue_of(top))
    _note_whole(top, found, reader.remarks)
    reader.note_expressions(top, "")
    reader.note_modifiers(top, "")
    items = [item for raw in nodes(top, "item") for item in reader.items(raw)]
    if not any(item.kind not in ("display", "group") for item in items_in(tuple(items))):
        reader.remarks.add("stop", "nothing-asked")
    items = _coded_by_wording(_with_conditions(items, reader), reader)
    whole = _whole(top, items, reader)
    return ReadForm(
        form=_with_languages(_form(top, items, reader.language)),
        remarks=reader.remarks.sorted(),
        whole=whole,
        url=line(raw_text(top, "url"), 300),
        version=line(raw_text(top, "version"), 60),
        licence=line(raw_text(top, "copyright"), 2_000),
        expressions=reader.expressions,
        elsewhere=tuple(dict.fromkeys(_elsewhere(items, reader.raws))),
        top=top,
    )


def _elsewhere(items: list[Item], raws: Mapping[str, Node]) -> Iterator[str]:
    for item in items_in(tuple(items)):
        address = list_elsewhere(raws[item.id]) if item.kind in ("single", "multi") and not item.options else ""
        if address:
            yield address


def with_answers(data: bytes, lists: Mapping[str, Sequence[str]]) -> bytes:
    """The file with these lists of answers in it, by the address that its questions name. `NotReadable`."""
    root = parse(data)
    for top in all_of(root, "Questionnaire")[:1]:
        kept = nodes(top, "contained")
        made = [_value_set(address, words) for address, words in lists.items()]
        cast("dict[str, Any]", top)["contained"] = [*made, *kept]
    return json.dumps(root, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _value_set(address: str, words: Sequence[str]) -> Node:
    named = {"id": address[1:]} if address.startswith("#") else {"url": address.partition("|")[0]}
    concepts = [{"display": one} for one in words]
    return {"resourceType": "ValueSet", **named, "compose": {"include": [{"concept": concepts}]}}


def _note_whole(top: Node, found: list[Node], remarks: Remarks) -> None:
    """Say what holds for the file as a whole."""
    if raw_text(top, "status") == "retired":
        remarks.add("look", "retired")
    if len(found) > 1:
        others = "; ".join(raw_text(one, "title") or raw_text(one, "name") or raw_text(one, "id") for one in found[1:])
        remarks.add("look", "more-forms", said=others, known=str(len(found)))
    if not raw_text(top, "language") and tongue_of(top) != "en":
        remarks.add("look", "language-guessed", known=tongue_of(top))


def may_ask_of_harm(item: Item) -> bool:
    """Whether a question reads as if it asked about harming oneself, and nobody has said so yet."""
    if item.kind in ("display", "group") or asks_of_harm(item):
        return False
    return any(may_ask_of_self_harm(said) for said in item.text.values())


def _form(top: Node, items: list[Item], language: str) -> Questionnaire:
    name = raw_text(top, "title") or raw_text(top, "name") or raw_text(top, "id")
    said = translations(top, "title") if raw_text(top, "title") else {}
    titles = {code: line(words, _TITLE_LENGTH) for code, words in said.items()}
    title = {language: line(name, _TITLE_LENGTH) or "Questionnaire"}
    sections = tuple(_sections(items, language, title[language]))
    key = re.sub(r"[^a-z0-9]+", "-", line(raw_text(top, "name") or name, 60).lower()).strip("-")[:50] or "form"
    title = {**{code: words for code, words in titles.items() if words}, **title}
    return Questionnaire(key, title, (language,), (Part("main", title, sections),))


def _sections(items: list[Item], language: str, title: str) -> Iterator[Section]:
    """Groups on top are sections, unless they are instruments; what stands between them is one too."""
    loose: list[Item] = []
    made = 0
    for item in [*items, None]:
        if item is not None and (item.kind != "group" or instrument_of(item)):
            loose.append(item)
            continue
        if loose:
            made += 1
            yield Section(f"s{made}", {language: title}, tuple(loose), sensitive=True)
            loose = []
        if item is not None:
            made += 1
            shallow, named = tuple(_shallow(item.items)), item.text.get(language) != UNNAMED
            yield Section(
                f"s{made}",
                item.text if named else {language: title},
                shallow,
                sensitive=True,
                when=item.when,
                enabled=item.enabled,
            )


def _shallow(items: Iterable[Item], depth: int = 1) -> Iterator[Item]:
    """`items` with groups no deeper in one another than a form of ours has them: one below that is a heading."""
    for item in items:
        if item.kind == "group" and depth == DEEPEST_GROUP:
            yield replace(item, kind="display", items=())
            inner = (
                replace(one, when=both(item.when, one.when), enabled=item.enabled and one.enabled) for one in item.items
            )
            yield from _shallow(inner, depth)
        else:
            yield replace(item, items=tuple(_shallow(item.items, depth + 1)))


def both(first: Condition | None, second: Condition | None) -> Condition | None:
    """What holds when both do; None where neither asks anything."""
    parts = tuple(
        part for one in (first, second) if one is not None for part in (one.of if isinstance(one, All) else (one,))
    )
    return All(parts) if len(parts) > 1 else next(iter(parts), None)


def _with_conditions(items: list[Item], reader: ItemReader) -> list[Item]:
    by_id = {item.id: item for item in items_in(tuple(items))}

    def find(link: str) -> Item | None:
        return by_id.get(reader.ids.get(link, ""))

    read = {id_: read_when(raw, find, reader.remarks, stu3=reader.stu3) for id_, raw in reader.raws.items()}
    inside = {child.id: {item.id} for item in by_id.values() for child in item.items}
    needs = {id_: asked_by(read.get(id_)) | inside.get(id_, set()) for id_ in by_id}
    for id_ in circles(needs):
        reader.remarks.add("stop", "circle", link_of(by_id[id_]))
    return [mapped(item, lambda one: replace(one, when=read.get(one.id))) for item in items]


def _coded_by_wording(items: list[Item], reader: ItemReader) -> list[Item]:
    """Some files have no code at all: then wordings tell which instrument it is, if they are most of one."""
    if any(loinc_codes(item.codes) for item in items_in(tuple(items)) if item.enabled):
        return items
    named = {
        item.id: code_of_wording(reader.language, item.text.get(reader.language, "")) for item in items_in(tuple(items))
    }
    if recognised_by_items(named.values()) is None:
        return items
    reader.remarks.add("note", "known-by-wording")

    def coded(item: Item) -> Item:
        if not named.get(item.id):
            return item
        more = replace(item, codes=(*item.codes, Coding(LOINC, named[item.id])))
        return replace(more, acute=asks_of_harm(more))

    return [mapped(item, coded) for item in items]


def _whole(top: Node, items: list[Item], reader: ItemReader) -> tuple[Coding, ...]:
    """The codes of the form as a whole; of a form without any code, that of the instrument it is worded as."""
    found = tuple(one for one in map(coding, nodes(top, "code")) if one is not None)
    if loinc_codes(found) or any(loinc_codes(item.codes) for item in items_in(tuple(items))):
        return found
    worded = worded_as(reader.language, (item.text.get(reader.language, "") for item in items_in(tuple(items))))
    if worded is None:
        return found
    reader.remarks.add("note", "known-by-wording")
    return (*found, Coding(LOINC, worded.panels[0]))


def mapped(item: Item, change: Callable[[Item], Item]) -> Item:
    """`item` with `change` done to everything below it, and then to itself."""
    return change(replace(item, items=tuple(mapped(one, change) for one in item.items)))


def link_of(item: Item) -> str:
    """The link id that an item has in its file."""
    return next((code.code for code in item.codes if code.system == LINK), item.id)


def _with_languages(form: Questionnaire) -> Questionnaire:
    """Every language in which all texts stand, the file's own first; a title is the same in all of them."""
    main = form.languages[0]
    texts = [
        text
        for part in form.parts
        for section in part.sections
        for item in items_in(section.items)
        for text in (item.text, item.help, item.lo_text, item.hi_text, *(option.text for option in item.options))
        if text
    ]
    others = sorted(set.intersection(*(set(text) for text in texts)) - {main}) if texts else []
    if not others:
        return form
    title = {**dict.fromkeys(others, form.title[main]), **form.title}
    return replace(form, languages=(main, *others), title=title)
