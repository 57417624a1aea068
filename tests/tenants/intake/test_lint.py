"""What stands in the way of publishing: each fault is told with its place, all of them at once."""

from __future__ import annotations

from dataclasses import replace

from tenants.intake.editing import item_of, with_item
from tenants.intake.lint import faults_in
from tenants.intake.questions import Coding, Item, Questionnaire, Test
from tenants.intake.registry import LOINC, SELF_HARM
from tenants.intake.shipped.form import shipped_questionnaire
from tenants.intake.shipped_rules import shipped_rules
from tests.tenants.intake.forms import TEXT, ask, form


def _found(q: Questionnaire, *, contacts: bool = False) -> list[tuple[str, str]]:
    faults = faults_in(q, contacts=contacts)
    assert all(fault.sentence for fault in faults)
    return [(fault.at, fault.where) for fault in faults]


def test_a_plain_questionnaire_has_none() -> None:
    q = form(ask("a"), ask("b", Test("a", "=", "yes"), sensitive=True), ask("c", required=True))
    assert _found(q) == []


def test_nothing_sensitive_is_demanded_outside_the_health_check() -> None:
    assert _found(form(ask("a", sensitive=True, required=True))) == [("a", "required")]
    assert _found(form(ask("a", sensitive=True, required=True, safety=True))) == []
    assert _found(form(ask("x"), Item("a", "consent", TEXT, required=True))) == []


def test_what_is_sensitive_has_its_two_ways_out() -> None:
    assert _found(form(ask("a"), Item("t", "display", TEXT), sensitive=True)) == [("a", "sensitive")]
    assert _found(form(ask("a", safety=True))) == [("a", "sensitive")]


def test_nobody_asks_about_safety_before_somebody_is_told() -> None:
    acute = ask("a", sensitive=True, acute=True)
    ninth = ask("b", sensitive=True, codes=(Coding(LOINC, SELF_HARM),))
    assert _found(form(acute, ninth)) == [("a", "acute"), ("b", "acute")]
    assert _found(form(acute, ninth), contacts=True) == []
    assert _found(form(ask("c"), replace(acute, enabled=False))) == []


def test_a_condition_looks_back_at_what_is_asked_with_choices_that_are_there() -> None:
    q = form(
        ask("off", enabled=False),
        ask("a", Test("gone", "=", "yes")),
        ask("b", Test("c", "=", "yes")),
        ask("c", Test("a", "in", ("yes", "maybe"))),
        ask("d", Test("off", "=", "yes")),
        Item("rows", "group", TEXT, rows_of="none", items=(ask("in"),)),
    )
    assert _found(q) == [(at, "when") for at in ("a", "b", "c", "d", "rows")]
    assert _found(form(ask("a"), when=Test("a", "=", "yes"))) == [("a", "when"), ("s", "when")]


def test_a_group_holds_something_and_repeats_once_for_a_question_with_several_answers() -> None:
    several = ask("m", kind="multi")
    inner = Item("in", "group", TEXT, rows_of="m", items=(ask("q"),))
    assert _found(form(several, inner)) == []
    assert _found(form(several, Item("out", "group", TEXT, rows_of="m", items=(inner,)))) == [("out", "rows_of")]
    assert _found(form(ask("s"), replace(inner, rows_of="s"))) == [("in", "rows_of")]
    assert _found(form(several, replace(inner, items=()))) == [("in", "items")]
    assert _found(form(several, replace(inner, items=(), enabled=False))) == []


def test_circles_doubles_missing_words_and_missing_papers_are_told() -> None:
    circle = form(ask("a", Test("b", "=", "yes")), ask("b", Test("a", "=", "yes")), ask("c"), ask("c"))
    assert {("c", "id"), ("a", "when"), ("b", "when")} <= set(_found(circle))
    assert _found(form(ask("a", text={"en": "Only"}))) == [("a", "text")]
    assert _found(form(ask("a"), Item("c", "consent", TEXT, document="lost"))) == [("c", "document")]
    assert _found(form(Item("t", "display", TEXT))) == [("", "")]


def test_a_rule_that_could_never_fire_is_named() -> None:
    q = shipped_questionnaire()
    health = q.parts[1]
    without = replace(health.sections[1], items=tuple(one for one in health.sections[1].items if one.id != "d.chiari"))
    changed = replace(q, parts=(q.parts[0], replace(health, sections=(health.sections[0], without)), *q.parts[2:]))
    rules = shipped_rules()
    assert [fault.at for fault in faults_in(changed, rules=rules, contacts=True) if fault.at[1] == "-"] == ["C-CHIARI"]


def test_what_an_acute_rule_reads_is_marked_as_one_that_may_need_somebody() -> None:
    q, rules = shipped_questionnaire(), shipped_rules()
    for id in ("d.neuroflag", "f.ongoing_danger", "j.harm", "j.safe_now"):
        unticked = with_item(q, replace(item_of(q, id), acute=False))
        found = faults_in(unticked, rules=rules, contacts=True)
        assert {(fault.at, fault.where) for fault in found} == {(id, "acute")}
    calmed = with_item(q, replace(item_of(q, "j.safe_now"), calm=()))  # "no" would pass for calm, as it does elsewhere
    assert {(fault.at, fault.where) for fault in faults_in(calmed, rules=rules, contacts=True)} == {
        ("j.safe_now", "calm")
    }
