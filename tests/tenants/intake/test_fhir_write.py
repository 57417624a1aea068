"""Exports: our own form and answers come back as they were, and what a file must have by FHIR R4 is there."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings

from tenants.intake.fhir_compare import bring, own_form
from tenants.intake.fhir_conditions import as_fhirpath, write_when
from tenants.intake.fhir_read import read_form
from tenants.intake.fhir_response import read_response
from tenants.intake.fhir_write import Named, Receipt, bundle, consent, observations, questionnaire, response
from tenants.intake.form_json import as_json
from tenants.intake.json_reading import canonical
from tenants.intake.questions import (
    All,
    Answer,
    Answers,
    Coding,
    Item,
    Kind,
    Option,
    Part,
    Questionnaire,
    Section,
    Some,
    item_index,
    skip_key,
)
from tenants.intake.questions import Test as When
from tenants.intake.record import chapters_of
from tenants.intake.scores import Score, scores_of
from tests.tenants.intake.forms import questionnaires
from tests.tenants.intake.made import packed
from tests.tenants.intake.sheets import form_of, said, sheet

NOW = datetime(2026, 3, 23, 9, tzinfo=UTC)
NAMED = Named("https://rowan.example/forms/own", version="3", hash="a" * 64)
# The types that R4 names (https://hl7.org/fhir/R4/valueset-item-type.html).
TYPES = {
    "group", "display", "boolean", "decimal", "integer", "date", "dateTime", "time", "string", "text", "url", "choice",
    "open-choice", "attachment", "reference", "quantity",
}  # fmt: skip


def _own() -> Questionnaire:
    """Every kind, nested conditions, rows, two languages, opt-outs."""
    both = (Option("a", {"en": "One", "es": "Uno"}), Option("b", {"en": "Two", "es": "Dos"}, exclusive=True))
    chosen = Item("m", "multi", {"en": "Which?", "es": "¿Cuáles?"}, options=both, sensitive=True)
    kinds: tuple[Kind, ...] = (
        "bool", "yn4", "scale", "number", "date", "monthyear", "short", "long", "bodymap", "consent", "signature",
        "file",
    )  # fmt: skip
    items = [Item(f"k.{kind}", kind, {"en": kind, "es": kind}, sensitive=True) for kind in kinds]
    deep = All((When("k.yn4", "=", "yes"), Some((When("m", "has", ("a",)), When("k.scale", ">=", 4)))))
    rows = Item(
        "rows", "group", {"en": "Each"}, rows_of="m", when=When("m", "answered"),
        items=(
            Item("rows.when", "single", {"en": "When?"}, options=both, note=True), Item("rows.t", "long", {"en": "T"}),
        ),
    )  # fmt: skip
    more = (
        chosen, replace(items[0], when=deep), *items[1:], rows,
        Item("in", "short", {"en": "In"}, when=When("m", "has", ("a", "b")), codes=(Coding("urn:x", "1"),)),
        Item("dec", "short", {"en": "Declined"}, when=When("k.yn4", "declined"), enabled=False),
    )  # fmt: skip
    section = Section("f", {"en": "F"}, more, notice={"en": "Notice"}, sensitive=True, when=When("z", "=", True))
    first = Section("a", {"en": "A"}, (Item("z", "bool", {"en": "Z"}), sheet("phq-9")), enabled=True)
    parts = (Part("one", {"en": "One", "es": "Uno"}, (first,)), Part("two", {"en": "Two"}, (section,), optional=True))
    return Questionnaire(
        "own", {"en": "Own", "es": "Propio"}, ("en", "es"), parts, documents={"privacy": {"en": "Words"}},
        texts={"pause": {"en": "Breathe"}}, guardian_when=When("z", "=", True),
    )  # fmt: skip


def _answers() -> Answers:
    return {
        "z": Answer(True), "m": Answer(("a", "b"), note="A note"), "k.bool": Answer(False),
        "k.yn4": Answer("not-sure"), "k.scale": Answer(0), "k.number": Answer("2.5"), "k.date": Answer("2024-02-29"),
        "k.monthyear": Answer("2024-02"), "k.short": Answer(absent="declined"), "k.long": Answer(absent="in-person"),
        "k.bodymap": Answer(("neck", "foot")), "k.consent": Answer(True), "k.signature": Answer("Cleo Hart"),
        "rows.when@a": Answer("a", note="Two words"), "rows.when@b": Answer(absent="not-asked"), "in": Answer("x y"),
        skip_key("f"): Answer(False), **said("phq-9", *[1] * 9),
    }  # fmt: skip


def _whole(form: Questionnaire) -> str:
    return canonical(as_json(form))


def test_our_own_form_comes_back_as_it_was() -> None:
    form = _own()
    made = questionnaire(form, NAMED, whole=_whole(form))
    brought = bring(read_form(packed(made)))
    assert brought.own
    assert brought.form == form
    assert not brought.stops
    assert own_form(bundle([made], at=NOW)["entry"][0]["resource"]) == form


@settings(max_examples=25, deadline=None)
@given(questionnaires())
def test_any_form_of_ours_comes_back_as_it_was(form: Questionnaire) -> None:
    made = questionnaire(form, NAMED, whole=_whole(form))
    assert own_form(json.loads(packed(made))) == form


def test_a_form_that_was_changed_outside_is_read_as_any_other() -> None:
    form = _own()
    made = questionnaire(form, NAMED, whole=_whole(form))
    made["item"][0]["item"][0]["item"][0]["text"] = "Changed"
    brought = bring(read_form(packed(made)))
    assert not brought.own
    assert "own-changed" in {remark.code for remark in brought.remarks}
    assert item_index(brought.form)["z"].text["en"] == "Changed"


def test_answers_come_back_as_they_were() -> None:
    form = _own()
    made = response(form, _answers(), NAMED, client_id="c1", id_="r1", at=NOW, status="completed")
    assert made["questionnaire"] == "https://rowan.example/forms/own|3"
    read = read_response(packed(made), form)
    assert dict(read.answers) == dict(_answers())
    assert {(one.code, one.where) for one in read.remarks} == {("not-shown", "rows.when@b"), ("not-shown", "k.bool")}
    answers = {item["linkId"]: item["answer"] for item in _items(made) if "answer" in item}
    assert answers["k.short"][0]["extension"][0]["valueCode"] == "asked-declined", "a text has no coded answer in FHIR"
    assert answers["k.long"][0]["extension"][0]["valueCode"] == "in-person"
    assert (read.authored, read.status) == (NOW.date(), "completed")


def test_a_record_says_answers_as_people_read_them() -> None:
    said_ = {"z": Answer(True), **_answers(), skip_key("f"): Answer(False)}
    chapters = {one.title: one.lines for one in chapters_of(_own(), said_, "es", skipped="-", names={})}
    lines = {line.question: line for line in chapters["F"]}
    assert lines["When? (Uno)"].said == "Uno"
    assert lines["When? (Uno)"].note == "Two words"
    assert lines["short"].said == "prefiere no decirlo"


def test_conditions_that_fhir_can_say_are_said_plainly() -> None:
    form = _own()
    items = {item["linkId"]: item for item in _items(questionnaire(form, NAMED, whole="{}"))}
    assert items["rows"]["enableWhen"] == [{"question": "m", "operator": "exists", "answerBoolean": True}]
    assert items["in"]["enableBehavior"] == "any"
    assert len(items["in"]["enableWhen"]) == 2
    assert "enableWhen" not in items["k.bool"]
    (nested,) = [ext for ext in items["k.bool"]["extension"] if "valueExpression" in ext]
    assert nested["valueExpression"]["expression"].count(" or ") == 1
    assert as_fhirpath(When("a", "=", "it's")).endswith("contains 'it\\'s').exists()")
    assert as_fhirpath(When("a", "unknown")).startswith(
        "(%resource.descendants().where(linkId = 'a').answer.value.exists()"
    )


def test_is_not_is_said_as_fhir_means_it() -> None:
    """FHIR's holds without an answer too, ours does not."""
    form, other = _own(), When("z", "!=", True)
    said_, exists = {"question": "z", "operator": "!=", "answerBoolean": True}, {"operator": "exists"}
    alone = write_when(other, form)
    assert (alone["enableWhen"][1], alone["enableBehavior"]) == (said_, "all")
    assert exists.items() <= alone["enableWhen"][0].items()
    assert write_when(Some((other, When("z", "unknown"))), form) == {"enableWhen": [said_]}
    assert "enableWhen" not in write_when(Some((other, When("m", "answered"))), form)


def test_what_is_exported_has_what_r4_asks_for() -> None:
    form = _own()
    made = questionnaire(form, NAMED, whole=_whole(form))
    assert {"resourceType", "status", "item"} <= set(made)
    assert [_faults(item) for item in _items(made)] == [[]] * len(list(_items(made)))
    links = [item["linkId"] for item in _items(made)]
    assert len(set(links)) == len(links)
    wheres = [when for item in _items(made) for when in item.get("enableWhen", ())]
    assert {when["question"] for when in wheres} <= set(links)
    assert not _empty(made)


def _items(parent: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in parent.get("item", ()):
        yield item
        yield from _items(item)


def _faults(item: dict[str, Any]) -> list[str]:
    """The invariants que-1 to que-12 of Questionnaire.item that our files could break."""
    found = []
    if item["type"] not in TYPES or not item["linkId"]:
        found.append("type")
    if item["type"] == "group" and not item.get("item"):
        found.append("que-1 group")
    if item["type"] == "display" and {"item", "code", "required", "repeats", "answerOption"} & set(item):
        found.append("que-1,3,6 display")
    if "answerOption" in item and item["type"] not in ("choice", "open-choice"):
        found.append("que-5")
    if len(item.get("enableWhen", ())) > 1 and "enableBehavior" not in item:
        found.append("que-12")
    if any(when["operator"] == "exists" and when.get("answerBoolean") is None for when in item.get("enableWhen", ())):
        found.append("que-7")
    return found


def _empty(value: Any) -> bool:
    """FHIR knows no empty lists, objects or texts."""
    if isinstance(value, dict):
        return not value or any(_empty(one) for one in value.values())
    return (not value or any(_empty(one) for one in value)) if isinstance(value, list) else value in ("", None)


def test_numbers_go_out_under_both_names() -> None:
    made = questionnaire(form_of(sheet("gad-7")), NAMED, whole="{}")
    option = next(item for item in _items(made) if item["linkId"] == "gad-7.2")["answerOption"][3]
    assert [(ext["url"].rsplit("/", 1)[1], ext["valueDecimal"]) for ext in option["extension"]] == [
        ("ordinalValue", 3), ("itemWeight", 3),
    ]  # fmt: skip


def test_a_response_has_no_flag_and_no_score() -> None:
    form, answers = form_of(sheet("phq-9")), said("phq-9", *[1] * 9)
    made = response(form, answers, NAMED, client_id="c1", id_="r1", at=NOW, status="completed")
    assert not _empty(made)
    assert "44261-6" not in str(made)
    (seen,) = observations(scores_of(form, answers), client_id="c1", response_id="r1", at=NOW)
    assert {"status", "code"} <= set(seen)
    assert (seen["valueInteger"], seen["code"]["coding"][0]["code"]) == (9, "44261-6")
    blank: tuple[Score, ...] = scores_of(form, {})
    assert observations(blank, client_id="c1", response_id="r1", at=NOW) == []


def test_a_consent_says_what_was_agreed_to() -> None:
    receipt = Receipt(
        id="x1", client_id="c1", purpose="privacy", choice="given", at=NOW, name="Cleo Hart", words="I agree – sí",
        words_hash="b" * 64, locale="en", hash="c" * 64,
    )  # fmt: skip
    made = consent(receipt)
    assert {"status", "scope", "category", "policy"} <= set(made)
    assert (made["status"], made["provision"]["type"]) == ("active", "permit")
    assert base64.b64decode(made["sourceAttachment"]["data"]).decode() == "I agree – sí"
    taken_back = consent(replace(receipt, choice="withdrawn"))
    assert (taken_back["status"], taken_back["provision"]["type"]) == ("inactive", "deny")
    assert not _empty(made)
