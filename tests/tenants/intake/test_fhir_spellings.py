"""What published files do beyond the simple form: shapes seen in HL7's, LOINC's, LHC's, the German and Australian
ones, with invented wording."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tenants.intake.fhir_compare import Brought, bring, totals
from tenants.intake.fhir_json import NotReadable
from tenants.intake.fhir_read import read_form, with_answers
from tenants.intake.fhir_response import ReadResponse, read_response
from tenants.intake.questions import All, Answer, Item, Some, item_index
from tenants.intake.questions import Test as When
from tenants.intake.registry import INSTRUMENTS, may_ask_of_self_harm
from tenants.intake.showing import visible
from tests.tenants.intake.made import (
    FHIR,
    ORDINAL,
    WEIGHT,
    coded,
    form_file,
    packed,
    question,
    response_file,
    sheet_file,
)

CALCULATED = {"url": "http://x/sdc-questionnaire-calculatedExpression", "valueExpression": {"expression": "1"}}
LISTED = "http://loinc.org/vs/LL358-3"


def _brought(*items: FHIR, **more: Any) -> Brought:
    return bring(read_form(packed(form_file(list(items), **more))))


def _items(brought: Brought) -> Mapping[str, Item]:
    return item_index(brought.form)


def _said(brought: Brought | ReadResponse) -> set[tuple[str, str]]:
    return {(one.code, one.where) for one in brought.remarks}


def _extension(name: str, **value: Any) -> FHIR:
    return {"url": f"http://hl7.org/fhir/StructureDefinition/{name}", **value}


def _beside(link: str, control: str, text: str) -> FHIR:
    concept = {"coding": [{"code": control}]}
    return question(
        link, text, type="display",
        extension=[_extension("questionnaire-itemControl", valueCodeableConcept=concept)],
    )  # fmt: skip


def _answers(brought: Brought, *items: FHIR, **more: Any) -> ReadResponse:
    response = {"resourceType": "QuestionnaireResponse", "status": "completed", "item": list(items), **more}
    return read_response(packed(response), brought.form)


def _answer(link: str, *values: FHIR) -> FHIR:
    return {"linkId": link, "answer": list(values)}


def test_what_the_form_fills_in_itself_is_never_shown_to_a_client() -> None:
    """A severity in words is a choice with an expression in published files: no client sees one."""
    brought = _brought(
        question("q", type="boolean"),
        question("band", type="choice", extension=[CALCULATED], answerOption=[{"valueString": "Severe"}]),
        question("age", type="integer", readOnly=True),
        question("pain", "What is your pain score?", type="integer"),
        question("next", enableWhen=[{"question": "age", "operator": ">", "answerInteger": 3}]),
    )
    assert visible(brought.form, {})[-3:] == ("q", "pain", "next")
    assert {("fills-itself", "band"), ("fills-itself", "age"), ("condition-unasked", "next")} <= _said(brought)


def test_lists_of_answers_that_stay_elsewhere_are_typed_in() -> None:
    form = sheet_file("phq-9", scored="")
    for item in form["item"][:9]:
        del item["answerOption"]
        item["answerValueSet"] = f"{LISTED}|2.72"
    data = packed({"resourceType": "Parameters", "parameter": [{"resource": form}]})
    read = read_form(data)
    assert read.elsewhere == (f"{LISTED}|2.72",)
    assert [(one.code, one.said) for one in bring(read).remarks if one.level == "stop"] == [
        ("options-elsewhere", f"{LISTED}|2.72")
    ]
    typed = with_answers(data, {read.elsewhere[0]: ["Choice 0", "Choice 1", "Choice 2", "Choice 3"]})
    brought = bring(read_form(typed), positions=True)
    assert not brought.stops
    answered = read_response(packed(response_file("phq-9", 3, 2, 1, 0, 3, 2, 1, 0, 1)), brought.form)
    assert [one.score.total for one in totals(brought.form, answered.answers, {})] == [13]
    broken = packed(form_file([question("q", type="choice", answerValueSet="#gone")]))
    assert not bring(read_form(with_answers(broken, {"#gone": ["One", "Two"]}))).stops


def test_options_are_found_where_newer_and_stranger_files_keep_them() -> None:
    concepts = [{"code": "a", "display": "One"}, {"display": "group", "abstract": True, "contains": [{"code": "b"}]}]
    values = {
        "resourceType": "ValueSet", "id": "v", "expansion": {"contains": concepts},
        "compose": {"include": [{"system": "s", "filter": [{"property": "concept"}]}]},
    }  # fmt: skip
    brought = _brought(
        question("v", type="choice", answerValueSet="#v"),
        question("both", type="choice", answerValueSet="#v", answerOption=[{"valueString": "Own"}]),
        question("run", type="integer", answerOption=[{"valueInteger": n} for n in range(11)]),
        question(
            "s", type="string", answerOption=[{"valueString": "A"}, {"valueString": "B", "initialSelected": True}]
        ),
        question("empty", type="string", answerOption=[{"valueCoding": {"system": "s"}}]),
        question("if", enableWhen=[{"question": "run", "operator": ">", "answerInteger": 3}]),
        contained=[values],
    )
    items = _items(brought)
    assert [option.code for option in items["v"].options] == ["a", "b"]
    assert [option.code for option in items["both"].options] == ["own"]
    assert (items["run"].kind, items["run"].lo, items["run"].hi) == ("scale", 0, 10)
    assert (items["s"].kind, items["empty"].kind) == ("single", "short")
    assert items["if"].when == When("run", ">=", 4)
    assert {("two-lists", "both"), ("no-option-text", "v"), ("initial-dropped", "s")} <= _said(brought)


def test_conditions_of_published_files() -> None:
    """Codes compared as texts, days, "is not" (which holds without an answer too), expressions."""
    options = [{"valueCoding": {"code": "1", "display": "One"}}, {"valueCoding": {"code": "2", "display": "Two"}}]
    shows = {"url": "http://x/sdc-questionnaire-enableWhenExpression", "valueExpression": {"expression": "1 > 0"}}

    def when(question_: str, operator: str, **value: Any) -> list[FHIR]:
        return [{"question": question_, "operator": operator, **value}]

    brought = _brought(
        question("c", type="choice", answerOption=options), question("d", type="date"),
        question("n", type="decimal"), question("t", "A text", type="display"),
        question("text", enableWhen=when("c", "=", answerString="2")),
        question("int", enableWhen=when("c", "=", answerInteger=1)),
        question("not", enableWhen=when("c", "!=", answerCoding={"code": "1"})),
        question("after", enableWhen=when("d", ">", answerDate="1999-12-31")),
        question("from", enableWhen=when("n", ">=", answerDecimal=25.0)),
        question("display", enableWhen=when("t", "exists", answerBoolean=True)),
        question("run", extension=[shows]),
    )  # fmt: skip
    assert {id_: item.when for id_, item in _items(brought).items() if item.when} == {
        "text": When("c", "=", "2"), "int": When("c", "=", "1"),
        "not": Some((When("c", "!=", "1"), When("c", "unknown"))),
        "after": When("d", ">=", "2000-01-01"), "from": When("n", ">=", 25),
    }  # fmt: skip
    assert {("expression-condition", "run"), ("condition-missing", "display")} <= _said(brought)
    assert "not" in visible(brought.form, {})
    assert "from" in visible(brought.form, {"n": Answer("27.5")})
    assert "from" not in visible(brought.form, {"n": Answer("24.5")})


def test_groups_without_words_and_groups_too_deep_lose_nothing() -> None:
    deep = question("deep", type="boolean")
    for n in range(6):
        deep = {"linkId": f"g{n}", "type": "group", "text": f"Group {n}", "item": [deep]}
    deep["item"][0]["enableWhen"] = [{"question": "first", "operator": "=", "answerBoolean": True}]
    brought = _brought(
        {"linkId": "6c1f", "type": "group", "item": [question("first", type="boolean"), deep]},
        {"linkId": "x", "type": "group"}, {"linkId": "y", "type": "display"},
        title="Made",
    )  # fmt: skip
    assert not brought.stops
    assert "deep" not in visible(brought.form, {})
    assert "deep" in visible(brought.form, {"first": Answer(value=True)})
    assert brought.form.parts[0].sections[0].title == {"en": "Made"}
    assert "y" not in _items(brought)
    assert isinstance(_items(brought)["first"].when, All | None)


def test_units_help_and_the_ends_of_a_scale_stand_beside_the_question() -> None:
    edges = [_extension("minValue", valueInteger=0), _extension("maxValue", valueInteger=10)]
    units = [_extension("questionnaire-unitOption", valueCoding={"code": code}) for code in ("kg", "lb")]
    ends = [_beside("l", "lower", "None"), _beside("u", "upper", "All")]
    several = [_extension("a-strange-one"), _extension("questionnaire-hidden", valueBoolean=True)]
    brought = _brought(
        question("s", type="integer", extension=edges, item=ends),
        question("w", type="quantity", extension=units, item=[_beside("h", "help", "As on a scale")]),
        question("h1", extension=several), question("h2", extension=several),
        question("many", repeats=True), question("rows", type="group", repeats=True, item=[question("r")]),
        question("sub", type="display", extension=[
            {"url": "http://x/sdc-questionnaire-subQuestionnaire", "valueCanonical": "http://x/sub"}
        ]),
        implicitRules="http://x/rules",
    )  # fmt: skip
    items = _items(brought)
    assert (items["s"].lo_text, items["s"].hi_text) == ({"en": "None"}, {"en": "All"})
    assert items["w"].help == {"en": "As on a scale\nkg / lb"}
    assert items["many"].kind == "long"
    assert {("repeats", "rows"), ("sub-form", "sub"), ("modifier", ""), ("hidden", "h2")} <= _said(brought)
    assert [one.said for one in brought.remarks if one.code == "extension"] == ["a-strange-one"], "once for all items"


@pytest.mark.parametrize("system", ["https://loinc.org/", "urn:oid:2.16.840.1.113883.6.1", ""])
def test_an_instrument_is_known_however_its_codes_are_written(system: str) -> None:
    form = sheet_file("phq-15", scored=WEIGHT)
    for n, item in enumerate(form["item"]):
        item["linkId"], item["code"][0]["system"] = f"q{n}", system
    del form["code"]
    brought = bring(read_form(packed(form)))
    assert (brought.sheet.instrument.key if brought.sheet else "") == "phq-15"
    assert INSTRUMENTS["phq-15"].choices[2].codes == ("LA18336-0",)


def test_a_file_in_another_language_is_not_called_changed_item_by_item() -> None:
    spanish = "Se ha sentido así los últimos días, y con qué frecuencia (invento {})"
    form = sheet_file("gad-7")
    for n, item in enumerate(form["item"][:7]):
        item["text"] = spanish.format(n)
    brought = bring(read_form(packed(form)))
    assert brought.form.languages == ("es",)
    assert {code for code, _where in _said(brought)} == {
        "language-guessed", "recognised", "wording-not-compared", "total-is-ours"
    }  # fmt: skip
    english = {code for code, _where in _said(bring(read_form(packed(sheet_file("gad-7")))))}
    assert english == {"other-wording", "recognised", "total-is-ours"}


def test_self_harm_is_seen_in_more_languages_and_turns_of_phrase() -> None:
    asked = (
        "Better off if you were dead?", "Wish you could go to sleep and not wake up", "Life is not worth living",
        "Sería mejor estar muerto", "ganas de herirse", "sich etwas anzutun", "sich Leid zuzufügen",
        "vous faire du mal", "farsi del male", "se ferir de alguma maneira", "beter dood zijn", "zrobić sobie krzywdę",
    )  # fmt: skip
    assert [words for words in asked if not may_ask_of_self_harm(words)] == []
    assert not any(map(may_ask_of_self_harm, ("Did you hurt your knee?", "Was hilft Ihnen?", "Feeling dead tired")))


def test_a_file_that_says_a_thing_twice_or_is_too_old_is_refused_in_words() -> None:
    for data, said in (
        (b'{"resourceType": "Questionnaire", "item": [], "item": []}', "says “item” twice"),
        ('{"a": "ü"}'.encode("latin-1"), "not written in UTF-8"),
        (packed({"resourceType": "Questionnaire", "group": {"question": []}}), "DSTU2"),
    ):
        with pytest.raises(NotReadable, match=said):
            read_form(data)
    with_mark = b"\xef\xbb\xbf" + packed(form_file([question("q")]))
    assert not read_form(with_mark).stops
    two = {"resourceType": "Bundle", "entry": [{"resource": form_file([question("q")], title=t)} for t in "AB"]}
    assert [one.said for one in read_form(packed(two)).remarks if one.code == "more-forms"] == ["B"]


def test_answers_keep_what_other_programs_send_beside_them() -> None:
    one = {"valueCoding": {"system": "s", "code": "a", "display": "One"}}
    brought = _brought(
        question("open", type="open-choice", answerOption=[one]),
        question("w", type="quantity"), question("many", repeats=True),
        question("hidden", extension=[_extension("questionnaire-hidden", valueBoolean=True)]),
        question("if", enableWhen=[{"question": "w", "operator": "exists", "answerBoolean": True}]),
        {"linkId": "g", "type": "group", "text": "G", "item": [question("in")]},
    )  # fmt: skip
    read = _answers(
        brought,
        _answer("open", {"valueString": "Something else"}),
        _answer("w", {"valueQuantity": {"value": 154.5, "unit": "lb"}}),
        _answer("many", {"valueString": "first"}, {"valueString": "second"}),
        _answer("hidden", {"valueString": "sent anyway"}),
        _answer("g", {"valueString": "to a group"}),
        authored="0001-01-01",
    )
    assert read.answers == {
        "open": Answer(note="Something else"), "w": Answer("154.5", note="lb"), "many": Answer("first\nsecond"),
    }  # fmt: skip
    assert _said(read) == {("not-asked", "hidden"), ("unknown-question", "g")}
    assert read.authored is None
    unseen = _answers(brought, _answer("if", {"valueString": "x"}))
    assert ("not-shown", "if") in _said(unseen)


def test_a_code_of_another_system_is_not_this_option_and_words_alone_are() -> None:
    options = [{"valueCoding": {"system": "s", "code": str(n), "display": f"Choice {n}"}} for n in (1, 2)]
    brought = _brought(question("c", type="choice", answerOption=options))

    def chosen(**coding: str) -> Any:
        answer = _answers(brought, _answer("c", {"valueCoding": coding})).answers.get("c")
        return answer.value if answer else None

    assert chosen(system="s", code="1") == chosen(code="1") == chosen(display="Choice 1") == "1"
    assert chosen(system="t", code="1") is None
    assert chosen(system="t", code="1", display="Choice 1") == "1"
    assert chosen(system="t", code="9", display="Choice 1") is None


def test_what_a_file_of_answers_says_of_itself_is_heard() -> None:
    brought = bring(read_form(packed(sheet_file("gad-7", scored=ORDINAL))))
    response = response_file("gad-7", *[1] * 7)
    total = {"resourceType": "Observation", "code": {"coding": coded("70274-6")}, "valueQuantity": {"value": 9}}
    bundle = {"resourceType": "Bundle", "entry": [{"resource": response}, {"resource": total}]}
    read = read_response(packed(bundle), brought.form, known_as="http://made.example/q|2")
    (one,) = totals(brought.form, read.answers, read.stated)
    assert (one.score.total, one.stated, one.differs) == (7, 9, True)
    assert [(note.code, note.said, note.known) for note in read.remarks] == [("other-version", "1", "2")]
    other = read_response(packed(response), brought.form, known_as="http://made.example/another|1")
    assert {note.code for note in other.remarks} == {"other-form"}
    several = {"resourceType": "Bundle", "entry": [{"resource": response}, {"resource": response}]}
    assert ("more-answers", "") in _said(read_response(packed(several), brought.form))
    with pytest.raises(NotReadable, match="entered by mistake"):
        read_response(packed({**response, "status": "entered-in-error"}), brought.form)
