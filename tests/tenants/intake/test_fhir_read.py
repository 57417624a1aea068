"""Reading published questionnaires: what can be understood is, what cannot is said, and nothing of a file is run."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest

from tenants.intake.fhir_compare import Brought, bring, totals
from tenants.intake.fhir_json import MAX_BYTES, NotReadable
from tenants.intake.fhir_read import ReadForm, read_form
from tenants.intake.fhir_response import read_response
from tenants.intake.form_json import as_json, from_json
from tenants.intake.questions import All, Item, Some, items_in
from tenants.intake.questions import Test as When
from tenants.intake.registry import SELF_HARM
from tenants.intake.scores import Score
from tests.tenants.intake.made import (
    FHIR,
    ORDINAL,
    WEIGHT,
    choices,
    coded,
    form_file,
    packed,
    question,
    response_file,
    sheet_file,
)


def _read(*items: Any, **more: Any) -> ReadForm:
    return read_form(packed(form_file(list(items), **more)))


def _items(read: ReadForm | Brought) -> dict[str, Item]:
    found = [item for part in read.form.parts for section in part.sections for item in items_in(section.items)]
    return {item.id: item for item in found}


def _codes(read: ReadForm | Brought, *levels: str) -> set[str]:
    return {remark.code for remark in read.remarks if not levels or remark.level in levels}


def _where(read: ReadForm | Brought, code: str) -> list[str]:
    return [remark.where for remark in read.remarks if remark.code == code]


def _scored(form: FHIR, response: FHIR, *, positions: bool = False) -> tuple[Score, float | None]:
    brought = bring(read_form(packed(form)), positions=positions)
    read = read_response(packed(response), brought.form)
    (one,) = totals(brought.form, read.answers, read.stated)
    return one.score, one.stated


@pytest.mark.parametrize("extension", [ORDINAL, WEIGHT])
def test_a_published_sheet_and_its_answers_are_scored(extension: str) -> None:
    form = sheet_file("phq-9", scored=extension)
    brought = bring(read_form(packed(form)))
    assert _codes(brought, "stop") == set()
    assert [item for item in _items(brought) if item[-2:-1] == "." and item[-1].isdigit()] == [
        f"phq-9.{n}" for n in range(1, 10)
    ]
    assert _items(brought)["phq-9.9"].acute
    score, stated = _scored(form, response_file("phq-9", 2, 2, 2, 2, 1, 1, 2, 0, 0, total=12))
    assert (score.total, stated) == (12, 12)


def test_a_stated_total_stands_beside_ours() -> None:
    score, stated = _scored(sheet_file("phq-9"), response_file("phq-9", 0, 0, 0, 1, 2, 1, 3, 2, 1, total=13))
    assert (score.total, stated) == (10, 13)


def test_numbers_are_found_wherever_a_file_keeps_them() -> None:
    def scored_by(change: Any) -> float | None:
        form = sheet_file("gad-7", scored="")
        for item in form["item"][:7]:
            change(form, item)
        return _scored(form, response_file("gad-7", 1, 1, 1, 1, 2, 2, 3))[0].total

    def on_coding(_form: FHIR, item: FHIR) -> None:
        options = choices("gad-7")
        item["answerOption"] = [
            {"valueCoding": {**option["valueCoding"], "extension": option["extension"]}} for option in options
        ]

    def concepts(key: str) -> list[FHIR]:
        return [
            {"code": o["valueCoding"]["code"], "display": o["valueCoding"]["display"], key: o["extension"]}
            for o in choices("gad-7", scored=WEIGHT)
        ]

    def in_value_set(form: FHIR, item: FHIR) -> None:
        del item["answerOption"]
        item["answerValueSet"] = "#vs"
        include = {"system": "http://loinc.org", "concept": concepts("extension")}
        form["contained"] = [{"resourceType": "ValueSet", "id": "vs", "compose": {"include": [include]}}]

    def in_code_system(form: FHIR, item: FHIR) -> None:
        in_value_set(form, item)
        rows = [
            {**one, "property": [{"code": "itemWeight", "valueDecimal": one["property"][0]["valueDecimal"]}]}
            for one in concepts("property")
        ]
        form["contained"][0]["compose"]["include"] = [{"system": "http://loinc.org"}]
        form["contained"].append({"resourceType": "CodeSystem", "url": "http://loinc.org", "concept": rows})

    def as_stu3(form: FHIR, item: FHIR) -> None:
        in_value_set(form, item)
        item["options"] = {"reference": item.pop("answerValueSet")}

    assert {change.__name__: scored_by(change) for change in (on_coding, in_value_set, in_code_system, as_stu3)} == {
        "on_coding": 11, "in_value_set": 11, "in_code_system": 11, "as_stu3": 11,
    }  # fmt: skip


def test_a_file_without_numbers_is_not_scored_until_somebody_says_so() -> None:
    form, response = sheet_file("phq-9", scored=""), response_file("phq-9", *[1] * 9, total=9)
    brought = bring(read_form(packed(form)))
    assert brought.lacks_scores
    assert len(_where(brought, "no-scores")) == 9
    score, stated = _scored(form, response)
    assert (score.total, score.why_not, stated) == (None, "no-scores", 9)
    assert _scored(form, response, positions=True)[0].total == 9
    assert "by-position" in _codes(bring(read_form(packed(form)), positions=True))


def test_by_position_yes_is_yes_whichever_comes_first() -> None:
    form = sheet_file("pc-ptsd-5", scored="")
    for item in form["item"][:-1]:
        item["answerOption"].reverse()
    response = response_file("pc-ptsd-5", 1, 1, 1, 0, 0)
    response["item"].insert(0, {"linkId": "/102011-4", "answer": [response["item"][0]["answer"][0]]})
    assert _scored(form, response, positions=True)[0].total == 3
    brought = bring(read_form(packed(form)), positions=True)
    assert _items(brought)["pc-ptsd-5.1"].when == When("pc-ptsd-5.0", "=", "1")


def test_what_differs_from_the_registry_is_said() -> None:
    form = sheet_file("phq-9", leave_out=[9])
    form["item"][0]["answerOption"] = [
        {**one, "extension": [{"url": ORDINAL, "valueDecimal": n + 1}]} for n, one in enumerate(choices("phq-9"))
    ]
    brought = bring(read_form(packed(form)))
    assert _where(brought, "missing-item") == [SELF_HARM]
    assert {"other-wording"} & _codes(brought, "look"), "one remark where no item at all is worded so"
    assert score_reason(brought) == "missing-items"
    whole = sheet_file("phq-9")
    whole["item"][0] = form["item"][0]
    assert _where(bring(read_form(packed(whole))), "odd-scores") == ["/44250-9"]


def score_reason(brought: Brought) -> str:
    (one,) = totals(brought.form, {}, {})
    return one.score.why_not


def test_two_numbers_for_one_option_and_broken_ones_are_no_numbers() -> None:
    both = [{"url": ORDINAL, "valueDecimal": 1}, {"url": WEIGHT, "valueDecimal": 2}]
    options = [
        {"valueString": "a", "extension": both},
        {"valueString": "b", "extension": [{"url": WEIGHT, "valueDecimal": 0.5}]},
        {"valueString": "c", "extension": [{"url": ORDINAL, "valueDecimal": 1}, {"url": WEIGHT, "valueDecimal": 1}]},
    ]
    read = _read(question("q", type="choice", answerOption=options))
    assert [option.score for option in _items(read)["q"].options] == [None, None, 1]
    assert {"two-scores", "broken-score"} <= _codes(read, "look")


def test_kinds_and_spellings_of_three_versions() -> None:
    read = _read(
        question("b", type="boolean"),
        question("i", type="integer", extension=[_edge("minValue", 0), _edge("maxValue", 10)]),
        question("n", type="integer"),
        question("c", type="coding", answerConstraint="optionsOrString", answerOption=[{"valueString": "x"}]),
        question("m", type="choice", repeats=True, option=[{"valueCoding": {"code": "x"}}, {"valueString": "y"}]),
        question("o", type="open-choice", answerOption=[{"valueInteger": 3}]),
        question("d", type="dateTime"),
        question("g", type="group", item=[question("t", type="text")]),
        question("z", type="reference"),
    )
    assert {id_: item.kind for id_, item in _items(read).items()} == {
        "b": "bool", "i": "scale", "n": "number", "c": "single", "m": "multi", "o": "single", "d": "date",
        "t": "long", "z": "short",
    }  # fmt: skip
    assert (_items(read)["i"].lo, _items(read)["i"].hi) == (0, 10)
    assert _items(read)["c"].note
    assert {"r5", "stu3", "unknown-type", "type-simplified"} <= _codes(read)


def _edge(name: str, value: int) -> FHIR:
    return {"url": f"http://hl7.org/fhir/StructureDefinition/{name}", "valueInteger": value}


def test_conditions_become_ours() -> None:
    options = [{"valueCoding": {"system": "s", "code": "Y"}}, {"valueCoding": {"system": "s", "code": "N"}}]
    one = {"question": "a", "operator": "=", "answerCoding": {"system": "s", "code": "Y"}}
    two = {"question": "n", "operator": ">", "answerInteger": 3}
    read = _read(
        question("a", type="choice", answerOption=options),
        question("n", type="integer"),
        question("m", type="choice", repeats=True, answerOption=options),
        question("w1", enableWhen=[one]),
        question("w2", enableWhen=[one, two], enableBehavior="any"),
        question("w3", enableWhen=[one, two], enableBehavior="all"),
        question("w4", enableWhen=[{"question": "m", "operator": "=", "answerCoding": {"code": "N"}}]),
        question("w5", enableWhen=[{"question": "a", "hasAnswer": True}]),
        question("w6", enableWhen=[{"question": "gone", "operator": "exists", "answerBoolean": True}]),
        question("w7", enableWhen=[{"question": "a", "operator": "=", "answerCoding": {"code": "other"}}]),
        question("w8", enableWhen=[{"question": "a", "operator": "exists", "answerBoolean": False}]),
    )
    found = {id_: item.when for id_, item in _items(read).items() if item.when}
    first, second = When("a", "=", "y"), When("n", ">=", 4)
    assert found == {
        "w1": first, "w2": Some((first, second)), "w3": All((first, second)), "w4": When("m", "has", ("n",)),
        "w5": When("a", "answered"), "w8": When("a", "unknown"),
    }  # fmt: skip
    assert _where(read, "condition-missing") == ["w6"]
    assert _where(read, "condition-unread") == ["w7"]


def test_circles_stop_a_form() -> None:
    exists = {"operator": "exists", "answerBoolean": True}
    ring = _read(
        question("a", enableWhen=[{"question": "b", **exists}]),
        question("b", enableWhen=[{"question": "c", **exists}]),
        question("c", enableWhen=[{"question": "a", **exists}]),
        question("d", enableWhen=[{"question": "a", **exists}]),
    )
    assert _where(ring, "circle") == ["a", "b", "c"]
    inside = _read(
        question("g", type="group", code=coded("1-8"), enableWhen=[{"question": "x", **exists}], item=[question("x")])
    )
    assert inside.stops


def test_languages_of_a_file_are_kept() -> None:
    def said(content: str) -> FHIR:
        parts = [{"url": "lang", "valueCode": "es"}, {"url": "content", "valueString": content}]
        return {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/translation", "extension": parts}]}

    option = {"valueCoding": {"code": "a", "display": "One", "_display": said("Uno")}}
    read = _read(question("q", "How?", type="choice", _text=said("¿Cómo?"), answerOption=[option]), language="en-GB")
    assert read.form.languages == ("en", "es")
    assert _items(read)["q"].text == {"en": "How?", "es": "¿Cómo?"}
    assert _items(read)["q"].options[0].text == {"en": "One", "es": "Uno"}


def test_totals_and_hidden_items_are_not_asked() -> None:
    calculated = {"url": "http://x/sdc-questionnaire-calculatedExpression", "valueExpression": _expression("1 + 1")}
    hidden = {"url": "http://hl7.org/fhir/StructureDefinition/questionnaire-hidden", "valueBoolean": True}
    read = _read(
        question("q"), question("t", type="decimal", extension=[calculated]), question("h", extension=[hidden]),
        question("s", "Total score", type="integer"),
    )  # fmt: skip
    assert {id_ for id_, item in _items(read).items() if item.enabled} == {"q"}
    assert list(read.expressions.values()) == ["text/fhirpath: 1 + 1"]
    assert "expression" in _codes(read, "look")


def _expression(said: str) -> FHIR:
    return {"language": "text/fhirpath", "expression": said}


def test_what_may_ask_about_self_harm_waits_for_a_person_unless_a_code_says_it() -> None:
    read = _read(
        question("a", "Have you thought about hurting yourself?", type="boolean"),
        question("b", "Invented", type="boolean", code=coded(SELF_HARM)),
        question("c", "Did you hurt your knee?", type="boolean"),
    )
    assert bring(read).needs_mapping == ("a",)
    assert [item.id for item in _items(read).values() if item.acute] == ["b"]


def test_markup_is_taken_out_and_said() -> None:
    read = _read(
        question("q", "Hello <script>alert(1)</script><b onclick=x>there</b>"),
        question("x", "", _text={"extension": [{"url": "http://x/rendering-xhtml", "valueString": "<p>Rich</p>"}]}),
        question("o", type="choice", answerOption=[{"valueString": "<img src=x onerror=y>One"}]),
        question("n\u0000u\ud800l", "A\u0000b\ud800c \u202eabc"),
        title="<i>T</i>",
    )
    texts = {id_: item.text["en"] for id_, item in _items(read).items()}
    assert texts == {"q": "Hello there", "x": "Rich", "o": "Invented?", "nul": "Abc abc"}
    assert _items(read)["o"].options[0].text == {"en": "One"}
    assert read.form.title == {"en": "T"}
    assert _where(read, "markup") == ["q", "x"]


def test_double_and_missing_link_ids_are_kept_apart() -> None:
    read = _read(question("a"), question("a"), question(""), question("A"))
    assert list(_items(read)) == ["a", "a-2", "q", "a-3"]
    assert {"double-link-id", "no-link-id"} <= _codes(read, "look")


@pytest.mark.parametrize(
    "data, said",
    [
        (b"", "not JSON"),
        (b"<Questionnaire/>", "not JSON"),
        (b"\xff\xfe\x00\xd8", "not JSON"),
        (b'{"a": NaN}', "not JSON"),
        (b"[" * 200_000, "too deeply"),
        (b"[]", "no FHIR resource"),
        (b'"text"', "no FHIR resource"),
        (b'{"resourceType": "Patient"}', "no questionnaire"),
        (b" " * (MAX_BYTES + 1), "larger than 1 MB"),
    ],
)
def test_what_is_no_form_is_refused_in_words(data: bytes, said: str) -> None:
    with pytest.raises(NotReadable, match=said):
        read_form(data)


def test_very_large_and_very_deep_forms_are_refused() -> None:
    with pytest.raises(NotReadable, match="more than 500 questions"):
        _read(*[question(f"q{n}") for n in range(10_000)])
    deep = question("x")
    for n in range(60):
        deep = question(f"g{n}", type="group", item=[deep])
    with pytest.raises(NotReadable, match="too deeply"):
        _read(deep)
    options = [{"valueString": f"{n}"} for n in range(80)]
    with pytest.raises(NotReadable, match="answers to choose from"):
        _read(*[question(f"q{n}", type="choice", answerOption=options) for n in range(40)])


def test_a_bundle_is_looked_into() -> None:
    entries = [{"resource": {"resourceType": "Organization"}}, {"resource": sheet_file("gad-7")}]
    assert bring(read_form(packed({"resourceType": "Bundle", "entry": entries}))).form.key == "gad-7"


def test_answers_that_do_not_fit_are_left_out_and_said() -> None:
    options = [{"valueCoding": {"system": "s", "code": "a", "display": "One"}}, {"valueString": "two"}]
    form = _read(
        question("c", type="choice", answerOption=options),
        question("m", type="choice", repeats=True, answerOption=options),
        question("n", type="integer", extension=[_edge("minValue", 0), _edge("maxValue", 10)]),
        question("s"), question("b", type="boolean"), question("d", type="date"),
    ).form  # fmt: skip
    response = {
        "resourceType": "QuestionnaireResponse", "status": "in-progress",
        "item": [
            {"linkId": "c", "answer": [{"valueCoding": {"system": "s", "code": "zzz"}}]},
            {"linkId": "m", "answer": [{"valueCoding": {"code": "a"}}, {"valueString": "two"}, {"valueString": "no"}]},
            {"linkId": "n", "answer": [{"valueInteger": 11}]},
            {"linkId": "s", "answer": [{"valueString": "one"}, {"valueString": "two"}]},
            {"linkId": "b", "answer": [{"valueBoolean": False}]},
            {"linkId": "d", "answer": [{"valueDate": "2026-13-45"}]},
            {"linkId": "gone", "answer": [{"valueString": "x"}]},
        ],
    }  # fmt: skip
    read = read_response(packed(response), form)
    assert {id_: answer.value for id_, answer in read.answers.items()} == {"m": ("a", "two"), "b": False}
    assert [(one.code, one.where) for one in read.remarks] == [
        ("outside", "c"), ("outside", "m"), ("outside", "n"), ("several-answers", "s"), ("outside", "d"),
        ("unknown-question", "gone"), ("not-completed", ""),
    ]  # fmt: skip


def test_300_damaged_files_are_read_or_refused() -> None:
    """Seeded: bytes flipped, cut and doubled; values of a wrong kind put anywhere in the tree."""
    rng = random.Random(20261123)
    forms = [sheet_file("phq-9"), sheet_file("pc-ptsd-5", scored=""), _large_form()]
    odd: list[Any] = [None, 1, -1e300, True, "", "x" * 5_000, [], {}, [[]], {"a": {}}, "\ud800\u0000", [None, "y", 3]]
    for n in range(300):
        form = copy.deepcopy(rng.choice(forms))
        for _change in range(rng.randint(1, 6)):
            _damage(form, rng, odd)
        data = bytearray(packed(form))
        if n % 3 == 0:
            at = rng.randrange(len(data))
            data[at : at + rng.randint(1, 40)] = rng.randbytes(rng.randint(0, 40))
        try:
            brought = bring(read_form(bytes(data)), positions=n % 2 == 0)
        except NotReadable:
            continue
        response = response_file("phq-9", *[1] * 9, total=9)
        _damage(response, rng, odd)
        assert brought.stops or from_json(as_json(brought.form)) == brought.form
        read = read_response(packed({**response, "resourceType": "QuestionnaireResponse"}), brought.form)
        assert all(one.score.total is None or one.score.total >= 0 for one in totals(brought.form, read.answers, {}))


def _large_form() -> FHIR:
    exists = {"question": "q1", "operator": "exists", "answerBoolean": True}
    inner = [question(f"q{n}", type="choice", answerOption=choices("gad-7"), enableWhen=[exists]) for n in range(2, 20)]
    return form_file(
        [question("q1"), question("g", type="group", item=inner)], contained=[{"resourceType": "ValueSet"}]
    )


def _damage(form: Any, rng: random.Random, odd: list[Any]) -> None:
    parent = form
    for _level in range(rng.randint(0, 7)):
        inner = [
            one for one in (parent.values() if isinstance(parent, dict) else parent) if isinstance(one, dict | list)
        ]
        inner = [one for one in inner if one]
        if not inner:
            break
        parent = rng.choice(inner)
    if isinstance(parent, dict) and parent:
        key = rng.choice(sorted(parent))
        parent[rng.choice([key, "item", "extension", "linkId", "enableWhen"])] = copy.deepcopy(rng.choice(odd))
    elif isinstance(parent, list):
        parent.insert(rng.randrange(len(parent) + 1), copy.deepcopy(rng.choice([*odd, *parent[:1]])))
