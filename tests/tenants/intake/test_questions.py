"""What is shown, what holds, and what a field's text becomes."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given

from tenants.intake.questions import Answer, Answers, Item, Option, Questionnaire, Some, Test, item_index, skip_key
from tenants.intake.reading import choices, read_answer
from tenants.intake.sent import Fault
from tenants.intake.showing import guardian_answers, holds, is_unknown, sections_shown, visible
from tenants.intake.structure import circles, doubled, waits_for
from tests.tenants.intake.forms import TEXT, answers, ask, form, questionnaires

ABSENT = (None, Answer(), *(Answer(absent=why) for why in ("declined", "in-person", "not-asked")), Answer("not-sure"))
NO_TESTS = (Test("a", "=", "no"), Test("a", "!=", "yes"), Test("a", "in", ("no", "other")))


@given(questionnaires(), answers)
def test_what_hangs_on_a_hidden_question_is_not_shown(q: Questionnaire, given_: Answers) -> None:
    shown = set(visible(q, given_))
    unseen = {id: answer for id, answer in given_.items() if id not in shown}
    assert visible(q, {id: answer for id, answer in given_.items() if id not in unseen}) == visible(q, given_)
    for id, others in waits_for(q).items():
        if others and not shown & set(others):
            assert id not in shown


@given(questionnaires(), answers)
def test_visible_keeps_the_order_and_leaves_the_disabled_out(q: Questionnaire, given_: Answers) -> None:
    index = item_index(q)
    shown = visible(q, given_)
    assert list(shown) == [id for id in index if id in shown]
    assert all(index[id].enabled for id in shown)


@pytest.mark.parametrize("answer", ABSENT)
def test_what_was_not_said_never_passes_for_no(answer: Answer | None) -> None:
    told = {} if answer is None else {"a": answer}
    assert not any(holds(test, told) for test in NO_TESTS)
    assert holds(Test("a", "unknown"), told)
    assert is_unknown(answer)
    hangs = [ask(f"b.{n}", test) for n, test in enumerate(NO_TESTS)]
    assert visible(form(ask("a"), *hangs), told) == ("a",)


def test_a_condition_reads_choices_numbers_days_and_rows() -> None:
    told: Answers = {
        "n": Answer(7), "m": Answer(("x", "y")), "d": Answer("2026-03"), "r@one": Answer("no"), "r@two": Answer("yes"),
        "b": Answer(value=True),
    }  # fmt: skip
    for holding in (
        Test("n", ">=", 7), Test("n", "<=", 7), Test("m", "has", ("y", "z")), Test("d", ">=", "2025-12"),
        Test("r", "=", "yes"), Test("b", "=", value=True), Test("m", "answered"),
    ):  # fmt: skip
        assert holds(holding, told), holding
    for failing in (
        Test("n", ">=", 8), Test("n", ">=", "7"), Test("m", "has", ("z",)), Test("b", "=", 1), Test("none", "=", "yes"),
    ):  # fmt: skip
        assert not holds(failing, told), failing


def test_a_group_repeats_for_what_was_ticked_and_each_row_has_its_own_answers() -> None:
    ticks = Item(
        "any", "multi", TEXT, options=(Option("fall", TEXT), Option("op", TEXT), Option("none", TEXT, exclusive=True))
    )
    group = Item(
        "it", "group", TEXT, rows_of="any", items=(ask("it.still"), ask("it.more", Test("it.still", "=", "yes")))
    )  # fmt: skip
    q = form(ticks, group, ask("after", Test("it.still", "=", "no")))
    told = {"any": Answer(("fall", "op")), "it.still@op": Answer("yes")}
    assert visible(q, told) == ("any", "it@fall", "it.still@fall", "it@op", "it.still@op", "it.more@op")
    assert visible(q, {**told, "it.still@fall": Answer("no")})[-1] == "after"
    assert visible(q, {"any": Answer(("none",)), "it.still@op": Answer("no")}) == ("any",)


def test_a_skipped_section_is_offered_and_not_shown() -> None:
    q = form(ask("a"), ask("b"))
    told = {"a": Answer("yes"), skip_key("s"): Answer(value=True)}
    assert (visible(q, told), sections_shown(q, told)) == ((), ("s",))
    assert sections_shown(form(ask("a"), enabled=False), {}) == ()


def test_circles_and_doubles_are_found_and_never_shown() -> None:
    q = form(
        ask("a", Test("b", "unknown")),
        ask("b", Test("a", "unknown")),
        ask("c", Test("a", "unknown")),
        ask("d"),
        ask("d"),
    )
    assert set(circles(q)) == {"a", "b"}
    assert doubled(q) == ("d",)
    assert visible(replace(q), {}) == ("d", "d")


def test_somebody_who_answers_for_a_child_is_known_by_the_condition() -> None:
    q = replace(form(ask("who")), guardian_when=Some((Test("who", "=", "other"),)))
    assert guardian_answers(q, {"who": Answer("other")})
    assert not guardian_answers(q, {})


Case = tuple[Item, list[str], Answer | Literal["refused"]]
NUMBER = Item("n", "number", TEXT, lo=0, hi=42)
SCALE = Item("s", "scale", TEXT)
MULTI = Item(
    "m",
    "multi",
    TEXT,
    sensitive=True,
    options=(Option("x", TEXT), Option("y", TEXT), Option("none", TEXT, exclusive=True)),
)
TOUCH = Item("b", "bodymap", TEXT, options=(Option("ask-each-time", TEXT),))
CASES: tuple[Case, ...] = (
    (ask("a"), ["yes"], Answer("yes")),
    (ask("a"), [], Answer()),
    (ask("a"), ["maybe"], "refused"),
    (ask("a"), ["yes", "no"], "refused"),
    (ask("a"), ["declined"], "refused"),
    (ask("a", sensitive=True), ["declined"], Answer(absent="declined")),
    (ask("a", sensitive=True), ["in-person"], Answer(absent="in-person")),
    (ask("a", sensitive=True), ["declined", "in-person"], "refused"),
    (MULTI, ["y", "x"], Answer(("x", "y"))),
    (MULTI, ["x", "none"], "refused"),
    (MULTI, ["x", "declined"], "refused"),
    (SCALE, ["10"], Answer(10)),
    (SCALE, ["11"], "refused"),
    (SCALE, ["٣"], "refused"),
    (NUMBER, ["12,50"], Answer("12.5")),
    (NUMBER, ["42"], Answer(42)),
    (NUMBER, ["1e3"], "refused"),
    (Item("d", "date", TEXT), ["2024-02-29"], Answer("2024-02-29")),
    (Item("d", "date", TEXT), ["2023-02-29"], "refused"),
    (Item("d", "date", TEXT), ["2023-02"], "refused"),
    (Item("d", "monthyear", TEXT), ["2023-2"], Answer("2023-02")),
    (Item("d", "monthyear", TEXT), ["1999"], Answer("1999")),
    (Item("b", "bool", TEXT), ["no"], Answer(value=False)),
    (Item("y", "yn4", TEXT), ["not-sure"], Answer("not-sure")),
    (Item("t", "short", TEXT, sensitive=True), ["declined"], Answer("declined")),
    (Item("t", "long", TEXT), ["a\u202eb\n\n\n\nc"], Answer("ab\n\nc")),
    (Item("t", "long", TEXT), ["x" * 4001], "refused"),
    (Item("t", "display", TEXT), ["x"], "refused"),
    (TOUCH, ["ask-each-time", "neck"], Answer(("neck", "ask-each-time"))),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0].kind}-{','.join(case[1])[:20]}")
def test_a_field_becomes_an_answer_or_a_sentence(case: Case) -> None:
    item, raw, wanted = case
    found = read_answer(item, raw)
    assert isinstance(found, Fault) if wanted == "refused" else found == wanted


def test_an_opt_out_beside_free_words_comes_by_its_own_field_and_notes_stay() -> None:
    words = Item("t", "long", TEXT, sensitive=True)
    assert read_answer(words, "", absent="in-person", note=" a few  words ") == Answer(
        absent="in-person", note="a few words"
    )
    assert isinstance(read_answer(words, "x", absent="declined"), Fault)
    assert isinstance(read_answer(words, "", absent="nonsense"), Fault)
    assert isinstance(read_answer(words, "", note="x" * 1001), Fault)
    assert [one.code for one in choices(Item("y", "yn4", TEXT))] == ["yes", "no", "not-sure"]
