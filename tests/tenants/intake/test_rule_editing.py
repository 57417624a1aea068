"""What a clinic may change about the rules; which rules can never fire; the draft, publishing and the dry run."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select

from saas.audit import Audit
from saas.db import action, db, new_id
from saas.errors import Invalid
from saas.sealing import destroy_key
from saas.stale import ChangedMeanwhile, mark_of
from tenants.intake.assessing import assess
from tenants.intake.flag_json import hash_of_rules
from tenants.intake.flag_reach import can_fire, faults_of, never_firing
from tenants.intake.flags import Ask, Clause, Either, Every, Rule, RuleSet
from tenants.intake.models import FlagRules, Intake
from tenants.intake.questions import Item, Questionnaire, Test
from tenants.intake.rule_actions import (
    NotPublishable,
    add_own_rule,
    draft_mark,
    drop_own_rule,
    drop_rules_draft,
    publish_rules,
    quotable,
    restore_shipped_rules,
    rule_mark,
    save_bands,
    save_rule,
    switch_rule_off,
    switch_rule_on,
)
from tenants.intake.rule_editing import (
    RuleChange,
    changed_rule,
    differing,
    own_id,
    rule_of,
    switched_off,
    thresholds_of,
)
from tenants.intake.rule_sets import rules_draft, rules_in_force, rules_of, written_rules
from tenants.intake.rule_trial import try_rules
from tenants.intake.shipped.form import shipped_questionnaire
from tenants.intake.shipped_rules import shipped_rules
from tests.cast import NOW, Clinic
from tests.tenants.intake.forms import TEXT, ask, form
from tests.tenants.intake.test_assessing import CALM, answered, asked

SHIPPED = shipped_rules()


def rule_with(when: Clause, id: str = "O-OWN") -> Rule:
    return replace(rule_of(SHIPPED, "P-HEART"), id=id, when=when, own=True)


# Whether a rule can ever fire.


def test_every_shipped_rule_can_fire_in_the_shipped_questionnaire() -> None:
    assert never_firing(SHIPPED.rules, shipped_questionnaire()) == ()
    places = {piece.partition("}")[0] for rule in SHIPPED.rules for piece in rule.explain["en"].split("{")[1:]}
    assert places <= quotable(shipped_questionnaire())


REACH: Questionnaire = form(
    ask("a.one"),
    ask("a.two", Test("a.one", "=", "yes")),
    ask("a.off", enabled=False),
    Item("a.scale", "scale", TEXT, lo=0, hi=10),
    Item("a.plain", "yn4", TEXT),
    Item("a.soft", "yn4", TEXT, sensitive=True),
)
ONE_YES, ONE_NO = Ask("q", "a.one", "=", "yes"), Ask("q", "a.one", "=", "no")


@pytest.mark.parametrize(
    "when,fires",
    [
        (ONE_YES, True),
        (Ask("q", "a.one", "=", "maybe"), False),
        (Ask("q", "a.gone", "=", "yes"), False),
        (Ask("q", "a.off", "=", "yes"), False),
        (Every((ONE_YES, ONE_NO)), False),
        (Either((ONE_YES, ONE_NO)), True),
        (Every((ONE_NO, Ask("q", "a.two", "=", "yes"))), False),  # a.two is shown for yes alone
        (Every((Ask("q", "a.one", "!=", "no"), Ask("q", "a.two", "answered"))), True),
        (Every((ONE_YES, Ask("q", "a.one", "unknown"))), False),
        (Ask("q", "a.plain", "declined"), False),
        (Ask("q", "a.soft", "declined"), True),
        (Ask("q", "a.scale", ">=", 10), True),
        (Ask("q", "a.scale", ">=", 11), False),
        (Every((Ask("q", "a.scale", ">=", 7), Ask("q", "a.scale", "<=", 6))), False),
        (Ask("score", "phq-9", ">=", 5), False),
        (Ask("age", "years", "<=", 0), True),
        (Every((Ask("age", "years", "<=", 3), Ask("age", "years", ">=", 4))), False),
        (Ask("practitioner", "mental_health_licence", "=", value=False), True),
        (Ask("practitioner", "magic", "="), False),
        (Ask("flag", "O-NONE", "="), False),
        (Every((Ask("flag", "O-ONE", "="), ONE_NO)), False),  # O-ONE fires for yes alone
    ],
)  # fmt: skip
def test_a_rule_that_can_never_fire_is_known(when: Clause, fires: bool) -> None:  # noqa: FBT001
    assert can_fire(rule_with(when), REACH, (rule_with(ONE_YES, "O-ONE"),)) is fires


def test_what_is_not_there_is_named() -> None:
    whens = (
        Ask("q", "a.gone", "="),
        Ask("q", "a.one", "=", "maybe"),
        Ask("score", "x", "=", 1),
        Ask("flag", "O-X", "="),
    )
    told = [faults_of(rule_with(when), REACH)[0].sentence for when in whens]
    assert told == [
        "The questionnaire has no question a.gone", "Question a.one cannot have this answer",
        "The questionnaire has no instrument x", "There is no rule O-X",
    ]  # fmt: skip


# What may be changed.


def changed(id: str, change: RuleChange) -> RuleSet:
    return changed_rule(SHIPPED, id, change, shipped=SHIPPED, places=quotable(shipped_questionnaire()))


@pytest.mark.parametrize(
    "id,change,field",
    [
        ("C-CSF", RuleChange("moderate"), "severity"),
        ("C-CSF", RuleChange("high", thresholds={"dated": 2}), "dated"),
        ("C-CSF", RuleChange("high", enabled=False), "enabled"),
        ("X-SELFHARM-2", RuleChange("critical", thresholds={"n2": 3}), "n2"),
        ("P-HEART", RuleChange("worst"), "severity"),
        ("P-HEART", RuleChange("low", texts={"title": {"en": " "}}), "title-en"),
        ("P-HEART", RuleChange("low", texts={"explain": {"en": "{d.hart}"}}), "explain-en"),
        ("P-HEART", RuleChange("low", texts={"title": {"en": "{d.heart}"}}), "title-en"),
        ("F-STRESS", RuleChange("info", weight=21), "weight"),
        ("F-STRESS", RuleChange("info", thresholds={"n1": 1001}), "n1"),
    ],
)
def test_what_may_not_be_changed_is_refused_beside_its_field(id: str, change: RuleChange, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        changed(id, change)
    assert field in refused.value.fields


def test_what_may_be_changed_is_changed_and_nothing_else() -> None:
    rules = changed("C-CSF", RuleChange("critical", thresholds={"dated": 6}, texts={"title": {"es": "Otro"}}))
    rule = rule_of(rules, "C-CSF")
    assert (rule.severity, rule.dated and rule.dated.count, rule.title["es"]) == ("critical", 6, "Otro")
    assert differing(SHIPPED, rules) == (("C-CSF", "changed"),)
    stress = changed("F-STRESS", RuleChange("info", weight=3, enabled=False, thresholds={"n1": 5, "n2": 6, "n3": 8}))
    assert [one.value for one in thresholds_of(rule_of(stress, "F-STRESS"))] == [5, 6, 8]
    assert differing(SHIPPED, stress) == (("F-STRESS", "off"),)
    with pytest.raises(Invalid):
        switched_off(SHIPPED, "C-CSF", "no")
    assert own_id("Jaw: surgery?", frozenset(("O-JAW-SURGERY",))) == "O-JAW-SURGERY-2"
    assert own_id("¿¡!", frozenset()) == "O-RULE"


# The draft and its versions.


def deeds() -> list[str]:
    found = select(Audit.deed).where(Audit.target == "flag_rules").order_by(Audit.at, Audit.id)
    return list(db.session.execute(found).scalars())


def test_a_draft_holds_once_it_is_published_and_is_named_by_its_hash(at_rowan: Clinic) -> None:
    save_rule(rule_id="P-HEART", change=RuleChange("high"), now=NOW)
    assert rules_in_force().rules == SHIPPED
    assert rule_of(written_rules(), "P-HEART").severity == "high"
    save_bands(points={1: 4, 2: 8}, now=NOW)
    row = publish_rules(seen=draft_mark(), now=NOW)
    assert (row.number, rules_in_force().rules.name) == (2, "ser-default@2-2026-03-23")
    assert rules_of(row.hash).rules == rules_in_force().rules
    assert hash_of_rules(rules_in_force().rules) == row.hash
    assert [band.points for band in rules_in_force().rules.bands] == [0, 4, 8]
    first = db.session.execute(select(FlagRules).where(FlagRules.number == 1)).scalar_one()
    assert rules_of(first.hash).rules == SHIPPED
    assert deeds() == ["rules.changed", "rules.changed", "rules.published"]
    with pytest.raises(Invalid):
        publish_rules(now=NOW)


def test_a_draft_that_says_what_holds_is_none(at_rowan: Clinic) -> None:
    save_rule(rule_id="P-HEART", change=RuleChange("high"), now=NOW)
    save_rule(rule_id="P-HEART", change=RuleChange("moderate"), now=NOW)
    assert rules_draft() is None
    save_rule(rule_id="P-HEART", change=RuleChange("low"), now=NOW)
    drop_rules_draft(now=NOW)
    drop_rules_draft(now=NOW)
    assert rules_draft() is None


def test_who_saves_second_is_told_but_another_rule_is_free(at_rowan: Clinic) -> None:
    seen = rule_mark(rule_of(written_rules(), "P-HEART"))
    save_rule(rule_id="P-HEART", change=RuleChange("high"), seen=seen, now=NOW)
    save_rule(rule_id="P-BONES", change=RuleChange("high"), seen=rule_mark(rule_of(SHIPPED, "P-BONES")), now=NOW)
    with pytest.raises(ChangedMeanwhile):
        save_rule(rule_id="P-HEART", change=RuleChange("low"), seen=seen, now=NOW)
    with pytest.raises(ChangedMeanwhile):
        publish_rules(seen=mark_of("older"), now=NOW)
    with pytest.raises(ChangedMeanwhile):
        save_bands(points={1: 9}, seen=mark_of([0, 1, 2]), now=NOW)


def test_a_locked_rule_goes_off_with_a_reason_and_summaries_say_so(at_rowan: Clinic) -> None:
    id = asked(at_rowan, shipped_questionnaire())
    answered(id, {**CALM, "d.lp": "yes"})
    switch_rule_off(rule_id="C-CSF", reason="We see no such clients", now=NOW)
    publish_rules(now=NOW)
    assert "C-CSF" not in {flag.id for flag in assess(intake_id=id, why="submitted", now=NOW)}
    off = rule_of(rules_in_force().rules, "C-CSF")
    assert (off.enabled, off.off_reason) == (False, "We see no such clients")
    switch_rule_on(rule_id="C-CSF", now=NOW)
    assert rule_of(written_rules(), "C-CSF").off_reason == ""
    assert deeds() == ["rules.off", "rules.published", "rules.on"]
    restore_shipped_rules(now=NOW)
    publish_rules(now=NOW)
    assert rules_in_force().rules.rules == SHIPPED.rules


def test_an_own_rule_names_only_what_is_asked_and_can_go(at_rowan: Clinic) -> None:
    own = replace(rule_with(Ask("q", "d.heart", "=", "yes")), id="O-HEART")
    add_own_rule(rule=own, now=NOW)
    with pytest.raises(Invalid):
        add_own_rule(rule=own, now=NOW)
    for when in (
        Ask("q", "d.hart", "=", "yes"),
        Every((Ask("q", "d.heart", "=", "yes"), Ask("q", "d.heart", "=", "no"))),
    ):
        with pytest.raises(Invalid):
            add_own_rule(rule=replace(own, id="O-OTHER", when=when), now=NOW)
    with pytest.raises(Invalid):
        drop_own_rule(rule_id="P-HEART", now=NOW)
    drop_own_rule(rule_id="O-HEART", now=NOW)
    assert rules_draft() is None


def test_an_own_rule_that_is_locked_goes_off_with_a_reason_before_it_is_taken_out(at_rowan: Clinic) -> None:
    own = replace(rule_with(Ask("q", "d.heart", "=", "yes")), id="O-HEART", axis="contra")
    add_own_rule(rule=own, now=NOW)
    publish_rules(now=NOW)
    with pytest.raises(Invalid):
        drop_own_rule(rule_id="O-HEART", now=NOW)
    switch_rule_off(rule_id="O-HEART", reason="It was too strict", now=NOW)
    drop_own_rule(rule_id="O-HEART", now=NOW)
    publish_rules(now=NOW)
    assert rules_in_force().rules.rules == SHIPPED.rules


def test_rules_that_the_questionnaire_cannot_answer_are_not_published(at_rowan: Clinic) -> None:
    asked(at_rowan)  # a questionnaire with a handful of questions
    save_rule(rule_id="P-HEART", change=RuleChange("high"), now=NOW)
    with pytest.raises(NotPublishable) as refused:
        publish_rules(now=NOW)
    assert {"C-BLEED", "X-NEURO", "P-BONES"} <= {fault.at for fault in refused.value.faults}
    assert "P-HEART" not in {fault.at for fault in refused.value.faults}


def test_a_dry_run_counts_and_changes_nothing(at_rowan: Clinic) -> None:
    heart = asked(at_rowan)
    answered(heart, {**CALM, "d.heart": "yes"})
    found = {flag.id: flag.severity for flag in assess(intake_id=heart, why="submitted", now=NOW)}
    assert try_rules(now=NOW).changed == 0
    save_rule(rule_id="P-HEART", change=RuleChange("moderate", enabled=False), now=NOW)
    trial = try_rules(now=NOW)
    assert (trial.tried, trial.changed, trial.more) == (1, 1, False)
    assert [(one.rule, one.now, one.then) for one in trial.rules] == [("P-HEART", 1, 0)]
    assert {flag.id: flag.severity for flag in assess(intake_id=heart, why="rules", now=NOW)} == found
    assert deeds().count("rules.tried") == 2
    twin = another(heart)
    assess(intake_id=twin, why="submitted", now=NOW)
    assert [(one.tried, one.more) for one in (try_rules(now=NOW, most=1), try_rules(now=NOW, most=2))] == [
        (1, True), (2, False),
    ]  # fmt: skip
    destroy_key(subject=db.session.get_one(Intake, heart).client_id)
    assert try_rules(now=NOW).tried == 0


@action
def another(intake_id: UUID) -> UUID:
    """One more intake of the same client, without an answer yet."""
    first = db.session.get_one(Intake, intake_id)
    row = Intake(
        id=new_id(), client_id=first.client_id, questionnaire_version_id=first.questionnaire_version_id,
        status="submitted", link_hash=str(new_id()), requested_at=NOW, submitted_at=NOW,
    )  # fmt: skip
    id = row.id
    db.session.add(row)
    return id
