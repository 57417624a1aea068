"""What instruments score: the registry's rules over options' numbers, and a reason wherever there is no total."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.intake.questions import Absent, Answer, Coding, Item, Option
from tenants.intake.registry import (
    INSTRUMENT,
    INSTRUMENTS,
    LOINC,
    SCALE,
    SELF_HARM,
    code_in_link_id,
    may_ask_of_self_harm,
    recognised,
    wording_hash,
)
from tenants.intake.scores import Score, facts_of, score_of, scores_of, sheet_of, sheets_in, trend, trend_chart
from tests.tenants.intake.sheets import form_of, said, sheet


def _one(item: Item, answers: dict[str, Answer]) -> Score:
    (score,) = scores_of(form_of(item), answers)
    return score


def _scored(key: str, *values: int | None, start: int = 1) -> Score:
    return _one(sheet(key), dict(said(key, *values, start=start)))


@pytest.mark.parametrize(
    "key, values, total, band, positive",
    [
        ("phq-9", [1] * 9, 9, "mild", False),
        ("phq-9", [3] * 9, 27, "severe", True),
        ("phq-9", [2, 2, 2, 2, 1, 1, 2, 0, 0], 12, "moderate", True),
        ("phq-9", [0] * 9, 0, "minimal", False),
        ("phq-2", [1, 2], 3, "", True),
        ("gad-2", [1, 1], 2, "", False),
        ("gad-7", [2, 2, 2, 2, 2, 2, 3], 15, "severe", True),
        ("phq-4", [1, 1, 1, 1], 4, "", None),
        ("phq-15", [1] * 15, 15, "high", True),
        ("pcl-5", [1] * 20, 20, "", False),
    ],
)
def test_a_full_sheet_is_summed(key: str, values: list[int], total: int, band: str, *, positive: bool | None) -> None:
    score = _scored(key, *values)
    assert (score.total, score.band, score.positive, score.why_not) == (total, band, positive, "")
    assert score.complete


@given(st.sampled_from(sorted(INSTRUMENTS)), st.data())
def test_what_is_left_out_is_never_0(key: str, data: st.DataObject) -> None:
    known = INSTRUMENTS[key]
    one = st.sampled_from([choice.value for choice in known.choices])
    values = data.draw(st.lists(st.none() | one, min_size=len(known.items), max_size=len(known.items)))
    answers = {**said(key, *values), **({f"{key}.0": Answer("1")} if known.gate else {})}
    absent: Absent = data.draw(st.sampled_from(["", "declined", "in-person", "not-asked"]))
    answers = {f"{key}.{n}": Answer(absent=absent) for n in range(1, len(values) + 1)} | answers
    score = _one(sheet(key), answers)
    needed = [value for n, value in enumerate(values, 1) if n not in known.skippable]
    if None in needed:
        assert score.total is None
        assert score.why_not == "incomplete"
    else:
        assert score.total == sum(value or 0 for value in values)
        assert 0 <= score.total <= score.most
    assert score.answered == sum(value is not None for value in values)


def test_a_blank_form_cannot_be_scored() -> None:
    assert {score.why_not for key in INSTRUMENTS for score in [_scored(key)]} == {"incomplete"}


def test_the_exposure_question_stops_the_screen() -> None:
    assert _one(sheet("pc-ptsd-5"), {"pc-ptsd-5.0": Answer("0")}).total == 0
    answered = dict(said("pc-ptsd-5", 1, 1, 1, 0, 0))
    assert _one(sheet("pc-ptsd-5"), answered).why_not == "incomplete"
    score = _one(sheet("pc-ptsd-5"), answered | {"pc-ptsd-5.0": Answer("1")})
    assert (score.total, score.positive) == (3, True)
    unsure = _one(sheet("pc-ptsd-5"), answered | {"pc-ptsd-5.0": Answer(absent="declined")})
    assert unsure.why_not == "incomplete"


def test_yes_and_no_are_numbers_of_their_own_for_a_count() -> None:
    known = sheet("pc-ptsd-5")
    group = replace(known, items=tuple(replace(item, kind="yn4", options=()) for item in known.items))
    answers = {f"pc-ptsd-5.{n}": Answer("yes" if n < 4 else "no") for n in range(6)}
    assert _one(group, answers).total == 3
    assert _one(group, answers | {"pc-ptsd-5.2": Answer("not-sure")}).total is None


def test_the_clusters_need_their_symptoms() -> None:
    enough = [2, 0, 0, 0, 0, 2, 0, 2, 2, 0, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0]
    assert [(one.name, one.total, one.met) for one in _scored("pcl-5", *enough).clusters] == [
        ("B", 2, True), ("C", 2, True), ("D", 4, True), ("E", 4, True),
    ]  # fmt: skip
    short = [*enough[:7], 4, 1, *enough[9:]]
    assert [one.met for one in _scored("pcl-5", *short).clusters] == [True, True, False, True]


def test_items_without_codes_are_known_by_their_place_in_whatever_order_they_stand() -> None:
    group = sheet("pcl-5")
    more = Item("pcl-5.x1", "long", {"en": "Invented beside them"})
    turned = replace(group, items=(more, *reversed(group.items)))
    values = [2] * 5 + [0] * 15
    assert _one(turned, dict(said("pcl-5", *values))).values == tuple(values)
    nameless = replace(turned, items=tuple(replace(item, id=f"q{n}") for n, item in enumerate(turned.items)))
    assert _one(nameless, {}).why_not == "missing-items", "21 questions without codes or known words are not 20 items"


def test_one_item_of_phq_15_need_not_apply() -> None:
    score = _scored("phq-15", 1, 1, 1, None, *[1] * 11)
    assert (score.total, score.answered, score.of, score.complete) == (14, 14, 14, True)
    assert _one(sheet("phq-15", leave_out=[4]), dict(said("phq-15", 1, 1, 1, None, *[1] * 11))).total == 14


def test_a_form_that_lacks_an_item_is_not_scored() -> None:
    short = sheet("phq-9", leave_out=[9])
    (found,) = sheets_in(form_of(short))
    assert found.missing == (9,)
    score = _one(short, dict(said("phq-9", *[1] * 8)))
    assert (score.total, score.why_not, score.answered) == (None, "missing-items", 8)


def test_options_without_numbers_and_with_others_are_not_scored() -> None:
    answers = dict(said("gad-7", *[1] * 7))
    assert _one(sheet("gad-7", scored=False), answers).why_not == "no-scores"
    known = sheet("gad-7")
    wrong = tuple(replace(option, score=(option.score or 0) + 1) for option in known.items[0].options)
    odd = replace(known, items=(replace(known.items[0], options=wrong), *known.items[1:]))
    assert _one(odd, answers).why_not == "odd-scores"


def test_what_may_be_missed_is_stood_in_for_by_the_mean() -> None:
    lenient = replace(INSTRUMENTS["phq-9"], may_miss=2)
    found = sheet_of(lenient, sheet("phq-9").items)
    assert score_of(found, said("phq-9", *[2] * 7)).total == 18
    assert score_of(found, said("phq-9", *[2] * 6)).total is None


def test_instruments_are_known_by_panel_by_items_and_by_what_was_noted() -> None:
    assert recognised([], on_top=["44249-1"]) == INSTRUMENTS["phq-9"]
    assert recognised(["44261-6"]) == INSTRUMENTS["phq-9"]
    assert recognised(["44250-9", "44255-8"]) == INSTRUMENTS["phq-2"]
    assert recognised(["69725-0", "68509-9", "44250-9", "44255-8"]) == INSTRUMENTS["phq-4"]
    assert recognised([codes[0] for codes in INSTRUMENTS["phq-9"].items[:8]]) == INSTRUMENTS["phq-9"]
    assert recognised(["93025-5"]) is None
    uncoded = sheet("pcl-5")
    assert _one(replace(uncoded, codes=(Coding(INSTRUMENT, "pcl-5"),)), {}).instrument == "pcl-5"


def test_several_instruments_in_one_list_are_told_apart() -> None:
    loose = [*sheet("phq-9").items, *sheet("gad-7").items]
    answers = {**said("phq-9", *[1] * 9), **said("gad-7", *[2] * 7)}
    assert {score.instrument: score.total for score in scores_of(form_of(*loose), answers)} == {
        "phq-9": 9, "gad-7": 14,
    }  # fmt: skip


def test_the_ninth_item_speaks_by_itself_whatever_the_total() -> None:
    form = form_of(sheet("phq-9"))
    assert facts_of(form, said("phq-9", 2, start=9)) == {"phq-9": None, "phq-9.9": 2}
    assert facts_of(form, {"phq-9.9": Answer(absent="declined")})["phq-9.9"] is None
    unscored = form_of(sheet("phq-9", scored=False))
    assert facts_of(unscored, said("phq-9", 0, start=9))["phq-9.9"] == 0
    assert facts_of(unscored, said("phq-9", 3, start=9))["phq-9.9"] == 3


def test_an_item_that_asks_the_same_counts_and_no_number_is_not_no() -> None:
    options = (Option("a", {"en": "Invented"}), Option("b", {"en": "Other"}))
    item = Item("x", "single", {"en": "Invented"}, options=options, codes=(Coding(INSTRUMENT, "self-harm"),))
    assert facts_of(form_of(item), {"x": Answer("a")}) == {"phq-9.9": 1}
    scored = replace(item, options=tuple(replace(one, score=n) for n, one in enumerate(options)))
    assert facts_of(form_of(scored), {"x": Answer("a")}) == {"phq-9.9": 0}
    free = replace(item, kind="long", options=(), codes=(Coding(LOINC, SELF_HARM),))
    assert facts_of(form_of(free), {"x": Answer("something")}) == {"phq-9.9": 1}


def test_a_clinics_own_scales() -> None:
    rating = Item("pain", "scale", {"en": "How strong"}, lo=0, hi=10, codes=(Coding(SCALE, "rating"),))
    group = Item(
        "own", "group", {"en": "Own"}, codes=(Coding(SCALE, "sum"),),
        items=tuple(Item(f"own.{n}", "scale", {"en": "One"}, lo=0, hi=4) for n in range(3)),
    )  # fmt: skip
    answers = {"pain": Answer(0), "own.0": Answer(4), "own.1": Answer(1)}
    found = {score.instrument: score for score in scores_of(form_of(rating, group), answers)}
    assert (found["pain"].total, found["pain"].most) == (0, 10)
    assert (found["own"].total, found["own"].why_not) == (None, "incomplete")
    full = {score.instrument: score for score in scores_of(form_of(rating, group), answers | {"own.2": Answer(2)})}
    assert (full["own"].total, full["own"].most, full["own"].name) == (7, 12, "Own")


def test_a_trend_keeps_the_days_without_a_total() -> None:
    first, last = _scored("gad-7", *[1] * 7), _scored("gad-7", *[2] * 7)
    blank = _scored("gad-7")
    found = trend([(date(2026, 5, 1), [last]), (date(2026, 3, 1), [first]), (date(2026, 4, 1), [blank])])
    assert [point.score.total for point in found["gad-7"]] == [7, None, 14]
    chart = trend_chart(found["gad-7"], label=lambda on: on.isoformat(), say=str)
    assert [bar.says for bar in chart.bars] == ["2026-03-01, GAD-7: 7", "2026-05-01, GAD-7: 14"]
    assert len(chart.labels) == 3


def test_a_wording_is_told_by_its_words_alone() -> None:
    assert wording_hash("Some  invented words, here?") == wording_hash("some invented words here [Reported.PHQ]")
    assert wording_hash("Some invented words") != wording_hash("Some other words")


def test_codes_hidden_in_link_ids_are_found() -> None:
    assert code_in_link_id("/102011-4") == "102011-4"
    assert code_in_link_id("/44249-1/44260-8") == SELF_HARM
    assert code_in_link_id("69725-0") == "69725-0"
    assert [code_in_link_id(text) for text in ("/93043-8", "q1", "", "x44260-8")] == [""] * 4


@pytest.mark.parametrize(
    "text", ["Have you thought of hurting yourself?", "Any suicidal thoughts", "¿Ha pensado en quitarse la vida?"]
)
def test_texts_that_may_ask_about_self_harm_are_noticed(text: str) -> None:
    assert may_ask_of_self_harm(text)
    assert not may_ask_of_self_harm("Have you hurt your back in a fall?")
