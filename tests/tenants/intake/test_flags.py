"""Every shipped rule against its truth table; what holds for any answers at all."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenants.intake.flag_json import BadRules, hash_of_rules, rules_as_json, rules_from_json
from tenants.intake.flag_tests import after, latest_day
from tenants.intake.flags import AXES, Facts, Flag, Label, Look, Rule, RuleSet, asks_of_rule, rank
from tenants.intake.look_json import facts_as_json, facts_from_json, look_as_json, look_from_json
from tenants.intake.looking import Circular, look, ready
from tenants.intake.questions import Answer, Value, item_index
from tenants.intake.questions import tests_in as compared_in
from tenants.intake.reading import choices
from tenants.intake.shipped.form import shipped_questionnaire
from tenants.intake.shipped_rules import shipped_rules
from tests.cost import cost_ms
from tests.tenants.intake.flag_cases import ACUTE, CASES, DATED, MISSING, SAFETY, TURNS, YES_NO_ITEMS, Told, facts_with

READY = ready(shipped_rules())
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def found(told: Told) -> Look:
    return look(READY, facts_with(told), {})


def ids(seen: Look) -> set[str]:
    return {flag.id for flag in seen.flags}


def flag_of(seen: Look, id: str) -> Flag:
    (flag,) = (flag for flag in seen.flags if flag.id == id)
    return flag


def test_every_shipped_rule_has_a_truth_table() -> None:
    assert set(CASES) == {rule.id for rule in shipped_rules().rules} - {"X-TEXT"}


@pytest.mark.parametrize("id", CASES)
def test_a_rule_fires_by_its_table_and_not_otherwise(id: str) -> None:
    case = CASES[id]
    for told in case.fires:
        assert id in ids(found(told)), told
    for told in case.rests:
        assert id not in ids(found(told)), told
    if not case.item:
        return
    for kind, answer in MISSING.items():
        seen = found({**case.beside, case.item: answer})
        assert (id in ids(seen)) is (kind in case.missing), kind
        if case.item in SAFETY:
            asked = flag_of(seen, f"U:{case.item}")
            assert rank(asked.severity) >= rank("high" if case.item in ACUTE else "moderate")
            assert asked.axis == "unknown"
        assert (f"T-TALK:{case.item}" in ids(seen)) is (kind == "in-person")


@pytest.mark.parametrize("dated", DATED)
def test_a_dated_rule_turns_into_a_caution_and_never_vanishes(dated: tuple[str, ...]) -> None:
    id, item, when, day, last, next_day = dated
    for session, expected in ((last, ("contra", "high")), (next_day, ("caution", "moderate"))):
        flag = flag_of(found({item: "yes", when: day, "on": session}), id)
        assert (flag.axis, flag.severity) == expected
        assert flag.past is (session == next_day) is flag.title["en"].startswith("Confirm recovered")
    undated: list[Told] = [{when: said, "on": next_day} for said in (*MISSING.values(), "once")]
    for told in ({when: day}, {"on": next_day}, *undated):
        assert flag_of(found({item: "yes", **told}), id).axis == "contra", told
    rows = {f"{when}@old": day, f"{when}@other": Answer(absent="declined"), "on": next_day}
    assert flag_of(found({item: "yes", **rows}), id).axis == "contra"  # one of two days is not known
    assert id not in ids(found({item: "no", when: day, "on": last}))


@pytest.mark.parametrize("id,told,expected", TURNS)
def test_a_flag_turns_graver_where_its_rule_says_so(id: str, told: Told, expected: str) -> None:
    flag = flag_of(found(told), id)
    assert expected in (flag.axis, flag.severity, f"{flag.weight} points")


def test_a_yes_or_no_that_follows_up_and_is_missing_weighs_like_its_graver_answer() -> None:
    """A clot, but nothing said about whether it is there now, is never lighter than a clot now."""
    items = item_index(shipped_questionnaire())
    tried = set()
    for rule in READY.rules.rules:
        base = {ask.name for ask in asks_of_rule(replace(rule, turns=()))}
        for ask in asks_of_rule(rule):
            item = items.get(ask.name)
            if ask.name in base or item is None or not base & {test.q for test in compared_in(item.when)}:
                continue
            if {option.code for option in choices(item)} != {"yes", "no", "not-sure"}:
                continue
            told = {test.q: "yes" for test in compared_in(item.when) if test.q in base}
            weighs = [flag_of(found({**told, item.id: said}), rule.id) for said in ("yes", "no", *MISSING.values())]
            graver = max((rank(flag.severity), -AXES.index(flag.axis)) for flag in weighs)
            assert {(rank(one.severity), -AXES.index(one.axis)) for one in weighs[2:]} == {graver}, (rule.id, item.id)
            tried.add((rule.id, item.id))
    assert {("P-BLOOD", "d.clot_current"), ("P-PREG", "d.preg_risk"), ("P-SEIZURE", "d.seizure_controlled")} <= tried


def test_days_are_the_latest_that_an_answer_allows() -> None:
    days = {"2026-03-14": date(2026, 3, 14), "2026-02": date(2026, 2, 28), "2024-02": date(2024, 2, 29)}
    days["2026"] = date(2026, 12, 31)
    assert {said: latest_day(said) for said in days} == days
    assert {latest_day(said) for said in ("soon", "2026-13", "2026-02-30", "0", "²⁰²⁶", "", None)} == {None}
    assert after(date(2026, 8, 31), 6, "months") == date(2027, 2, 28)
    assert after(date(2026, 12, 15), 1, "months") == date(2027, 1, 15)


def test_ser_and_cst_are_told_apart_and_what_speaks_against_ser_asks_for_care_in_both() -> None:
    seen = found({"i.reality": "yes", "licensed": True})
    assert (flag_of(seen, "P-PSYCH").axis, flag_of(seen, "P-PSYCH").scope) == ("contra", "ser")
    assert (flag_of(seen, "P-PSYCH-CST").axis, flag_of(seen, "P-PSYCH-CST").scope) == ("caution", "cst")


def test_fit_has_points_bands_and_a_gate() -> None:
    full = {
        "e.any": ["fall", "vehicle", "operation"], "f.hard": "yes", "c.duration": "years", "c.cause_known": "no",
        "e.item.still@fall": "yes", "c.linked": "yes", "g.stress": 9, "f.stuck": "yes", "h.interest": "open",
    }  # fmt: skip
    fit = found(full).fit
    assert (fit.points, fit.band["en"], fit.wish) == (17, "Several indicators", "open")
    assert found({**full, "h.interest": "cst"}).fit.wish == "history"
    assert found({**full, "h.interest": "not-sure"}).fit.wish == "unsaid"
    few: tuple[Told, ...] = ({}, {"f.hard": "yes"}, {"c.linked": "yes", "g.stress": 9})
    assert [found(told).fit.band["en"].split()[0] for told in few] == ["No", "No", "Some"]


def test_a_turn_never_makes_a_flag_milder() -> None:
    rules = shipped_rules()
    graver = tuple(replace(rule, severity="critical") if rule.id == "P-SEIZURE" else rule for rule in rules.rules)
    seen = look(ready(replace(rules, rules=graver)), facts_with({"d.seizure": "yes", "d.seizure_controlled": "no"}), {})
    assert flag_of(seen, "P-SEIZURE").severity == "critical"


@pytest.mark.parametrize(
    "id,when", [("F-LIFE", {"score": "pcl-5", ">=": 1}), ("P-HEART", {"flag": "F-LIFE", "=": True})]
)
def test_fit_is_kept_apart_when_rules_are_read(id: str, when: dict[str, Any]) -> None:
    data = rules_as_json(shipped_rules())
    next(rule for rule in data["rules"] if rule["id"] == id)["when"] = when
    with pytest.raises(BadRules) as refused:
        rules_from_json(data)
    assert [fault.at for fault in refused.value.faults] == [id]


def test_a_positive_screen_never_raises_fit() -> None:
    assert all(ask.of == "q" for rule in shipped_rules().rules if rule.axis == "fit" for ask in asks_of_rule(rule))
    assert found({"score:pcl-5": 80, "score:pc-ptsd-5": 5, "score:phq-9.9": 3}).fit.points == 0


def test_what_was_asked_and_cannot_be_scored_is_unknown() -> None:
    assert flag_of(found({"score:pc-ptsd-5": None}), "U:pc-ptsd-5").axis == "unknown"
    assert flag_of(found({"age": None}), "U:age").axis == "unknown"


def test_an_explanation_quotes_the_client_in_the_readers_language() -> None:
    labels = {
        "c.areas": Label({}, {"neck": {"en": "Neck", "es": "Cuello"}, "head": {"en": "Head", "es": "Cabeza"}}),
        "c.duration": Label({}, {"years": {"en": "on and off for years", "es": "años"}}),
        "d.bleed": Label({"en": "Bleeding?", "es": "¿Hemorragia?"}),
    }  # fmt: skip
    told = {"c.areas": ["neck", "head"], "c.duration": "years", "c.cause_known": "no", "d.bleed": MISSING["in-person"]}
    seen = look(READY, facts_with(told), labels)
    said = flag_of(seen, "F-CHRONIC").explanation
    assert said["en"] == "Where: Neck, Head. For how long: on and off for years. Knows what started it: no."
    assert said["es"] == "Dónde: Cuello, Cabeza. Desde cuándo: años. Sabe qué lo empezó: no."
    assert flag_of(seen, "U:d.bleed").title == {
        "en": "Ask in person: Bleeding?", "es": "Preguntar en persona: ¿Hemorragia?",
    }  # fmt: skip
    bleed = flag_of(seen, "C-BLEED").explanation
    assert bleed["en"].startswith("Bleeding or stroke: prefers to talk about it in person; when: not asked")
    when = flag_of(found({"d.lp": "yes", "d.lp_when": "2026-03"}), "C-CSF").explanation
    assert "when: March 2026" in when["en"]
    assert "cuándo: marzo de 2026" in when["es"]


def test_words_are_watched_only_when_the_clinic_asks_for_it_and_are_only_matched() -> None:
    told = {"c.goal": "To stop my SUICIDE hotline work hurting my neck", "d.other": "fine"}
    assert "X-TEXT" not in ids(found(told))
    rules = shipped_rules()
    watching = ready(replace(rules, rules=tuple(replace(rule, enabled=True) for rule in rules.rules)))
    assert "X-TEXT" in ids(look(watching, facts_with(told), {}))
    assert "X-TEXT" not in ids(look(watching, facts_with({"c.goal": "homicides and suicidology"}), {}))
    assert "X-TEXT" in ids(look(watching, facts_with({"f.hard": Answer("no", note="Quiero matarme")}), {}))


def test_a_rule_that_is_off_is_told_with_its_reason() -> None:
    rules = shipped_rules()
    off = tuple(
        replace(rule, enabled=False, off_reason="No such clients") if rule.id == "C-CHIARI" else rule
        for rule in rules.rules
    )
    seen = look(ready(replace(rules, rules=off)), facts_with({"d.chiari": "yes"}), {})
    assert "C-CHIARI" not in ids(seen)
    assert [(one.id, one.reason) for one in seen.kept_off] == [("C-CHIARI", "No such clients")]


def test_rules_that_wait_for_each_other_are_refused() -> None:
    one, other = (rule for rule in shipped_rules().rules if rule.id in ("P-SCOPE", "P-PSYCH-CST"))
    data = rules_as_json(RuleSet("x", (replace(one, id="A-ONE"), replace(other, id="A-TWO")), shipped_rules().bands))
    data["rules"][0]["when"] = {"flag": "A-TWO", "=": True}
    data["rules"][1]["when"] = {"flag": "A-ONE", "=": True}
    with pytest.raises(Circular):
        ready(rules_from_json(data))


def test_rules_say_what_they_must_and_in_both_languages() -> None:
    for rule in shipped_rules().rules:
        told = [
            rule.title,
            rule.explain,
            rule.why,
            rule.source.words,
            rule.next_step,
            *([rule.counter] if rule.counter else []),
        ]
        assert all(set(texts) == {"en", "es"} and all(texts.values()) for texts in told), rule.id
        assert set(_places(rule.explain["en"])) == set(_places(rule.explain["es"])), rule.id
        assert rule.locked is (rule.axis in ("acute", "contra") or rule.id == "P-BLOOD")


def _places(template: str) -> list[str]:
    return [piece.partition("}")[0] for piece in template.split("{")[1:]]


# Any answers at all.

CODES: Mapping[str, tuple[Value, ...]] = {
    **dict.fromkeys(YES_NO_ITEMS, ("yes", "no")),
    **dict.fromkeys(("f.hard", "i.reality", "i.hosp", "i.meds_mh"), ("yes", "no")),
    **dict.fromkeys(("d.seizure_controlled", "d.clot_current", "d.preg_risk"), ("yes", "no")),
    "f.ongoing_danger": ("yes", "no"), "j.harm": ("no", "passing", "often", "might-act"), "j.safe_now": ("yes", "no"),
    "d.neuroflag": (("none",), ("headache", "speech")), "e.recent": (True, False), "i.subst": ("no", "little", "yes"),
    "i.mh_dx": (("none",), ("ptsd",), ("psychosis", "anxiety"), ("dissociative",)), "i.away": ("never", "often"),
    "i.mh_now": ("settled", "crisis"), "f.support": (("nobody",), ("family",)), "f.therapist_ok": ("yes", "not-yet"),
    "h.touch": ((), ("neck",)), "h.dialogue": ("fine", "quiet"), "h.after": (("driving",), ("collected",)),
    "c.duration": ("lt6w", "6w-3m", "years"), "c.checked": ("explained", "not-yet"), "c.cause_known": ("yes", "no"),
    "c.linked": ("no", "maybe", "yes"), "c.stress_worse": ("rarely", "often"), "g.stress": (2, 9),
    "e.any": (("none",), ("fall",), ("vehicle", "operation")), "e.item.still@fall": ("yes", "no"),
    "f.effect": (("none",), ("numb", "sudden"), ("tension",)), "f.stuck": ("yes", "no"), "h.interest": ("cst", "ser"),
    "d.lp_when": ("2026-01", "2019"), "d.bleed_when": ("2026-03", "2020"),
}  # fmt: skip
FIT: Mapping[str, Value] = {
    "e.any": ("fall", "vehicle", "operation"), "f.hard": "yes", "c.duration": "years", "c.cause_known": "no",
    "e.item.still@fall": "yes", "c.linked": "yes", "c.stress_worse": "often", "g.stress": 9, "f.stuck": "yes",
    "h.interest": "ser",
}  # fmt: skip
_answer = {
    item: st.sampled_from([*(Answer(code) for code in codes), *MISSING.values()]) for item, codes in CODES.items()
}
answered = st.fixed_dictionaries({}, optional=_answer)
facts_of_anybody = st.builds(
    lambda told, age, licensed, session, screen: facts_with(
        {**told, "age": age, "licensed": licensed, **({"on": session} if session else {}), "score:pc-ptsd-5": screen}
    ),
    answered,
    st.sampled_from([None, 0, 12, 40]),
    st.booleans(),
    st.sampled_from([None, "2026-03-23"]),
    st.sampled_from([None, 0, 4]),
)


def _at_least(later: Look, before: Look, *, but: str = "") -> None:
    """Every flag of `before` that is not fit stands in `later`, no less grave; or its item is asked in person there."""
    stand = {flag.id: flag for flag in later.flags}
    for flag in before.flags:
        if flag.axis in ("fit", "talk") or (but and f"U:{but}" in stand):
            continue
        after_all = stand.get(flag.id)
        assert after_all is not None, flag.id
        assert rank(after_all.severity) >= rank(flag.severity), flag.id
        assert AXES.index(after_all.axis) <= AXES.index(flag.axis), flag.id


@FEW
@given(facts_of_anybody, st.data())
def test_no_missing_answer_ever_acts_as_no(facts: Facts, data: st.DataObject) -> None:
    noes = [id for id, answer in facts.answers.items() if answer.value in ("no", False, ("none",), "never")]
    if not noes:
        return
    item = data.draw(st.sampled_from(noes))
    missing = data.draw(st.sampled_from(sorted(MISSING)))
    said = replace(facts, answers={**facts.answers, item: MISSING[missing]})
    _at_least(look(READY, said, {}), look(READY, facts, {}), but=item)


@FEW
@given(facts_of_anybody, st.sets(st.sampled_from(sorted(FIT))))
def test_fit_never_lowers_anything(facts: Facts, more: set[str]) -> None:
    before = look(READY, facts, {})
    fitting = {**facts.answers, **{id: Answer(FIT[id]) for id in more}}
    later = look(READY, replace(facts, answers=fitting, asked=facts.asked | more), {})
    _at_least(later, before)
    unfit = replace(READY.rules, rules=tuple(rule for rule in READY.rules.rules if rule.axis != "fit"))
    assert look(ready(unfit), facts, {}).flags == tuple(flag for flag in before.flags if flag.axis != "fit")


@FEW
@given(facts_of_anybody, st.randoms())
def test_a_look_is_the_same_every_time_and_comes_back_from_json(facts: Facts, order: random.Random) -> None:
    seen = look(READY, facts, {})
    shuffled = list(facts.answers.items())
    order.shuffle(shuffled)
    assert look(READY, replace(facts, answers=dict(shuffled)), {}) == seen
    again = facts_from_json(json.loads(json.dumps(facts_as_json(facts))))
    assert again == facts
    assert look(ready(rules_from_json(json.loads(json.dumps(rules_as_json(READY.rules))))), again, {}) == seen
    assert look_from_json(json.loads(json.dumps(look_as_json(seen)))) == seen
    assert [AXES.index(flag.axis) for flag in seen.flags] == sorted(AXES.index(flag.axis) for flag in seen.flags)


@FEW
@given(st.data())
def test_a_hash_names_one_rule_set(data: st.DataObject) -> None:
    rules = shipped_rules()
    place = data.draw(st.integers(0, len(rules.rules) - 1))
    changed: Rule = replace(rules.rules[place], **data.draw(_changes))
    other = replace(rules, rules=(*rules.rules[:place], changed, *rules.rules[place + 1 :]))
    assert (hash_of_rules(other) == hash_of_rules(rules)) is (other == rules)
    assert rules_from_json(rules_as_json(other)) == other


_changes: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "severity": st.sampled_from(["low", "moderate", "high", "critical"]),
        "weight": st.integers(0, 20),
        "enabled": st.booleans(),
        "off_reason": st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40),
        "title": st.just({"en": "Other", "es": "Otro"}),
    },
)

_nonsense = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["all", "any", "q", "in", "="]), inner),
    max_leaves=12,
)


@FEW
@given(st.data(), _nonsense)
def test_nonsense_is_refused_with_its_faults_and_never_crashes(data: st.DataObject, nonsense: Any) -> None:
    spoiled = json.loads(json.dumps(rules_as_json(shipped_rules())))
    rule = data.draw(st.sampled_from(spoiled["rules"]))
    rule[data.draw(st.sampled_from([*rule, "turns", "dated", "extra"]))] = nonsense
    for whole in (spoiled, nonsense):
        with suppress(BadRules, Circular):  # nothing else may come out
            ready(rules_from_json(whole))


def test_two_hundred_answers_are_looked_at_within_five_milliseconds() -> None:
    told: dict[str, Any] = {id: codes[-1] for id, codes in CODES.items()} | {
        "score:pcl-5": 40,
        "score:phq-9.9": 3,
        "age": 0,
    }
    told |= {f"e.item.still@{row}": "yes" for row in range(60)} | {
        f"x.{number}": "words " * 20 for number in range(110)
    }
    labels = {
        id: Label(
            {"en": id, "es": id}, {str(code): {"en": "Yes", "es": "Sí"} for code in codes if isinstance(code, str)}
        )
        for id, codes in CODES.items()
    }
    facts = facts_with(told)
    assert len(facts.answers) >= 200

    look(READY, facts, labels)
    assert cost_ms(lambda: look(READY, facts, labels), hoped=5) <= 5
