"""Looks at an intake: what is kept of them, that they replay, and what follows for the team."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select

from saas.db import action, db, new_id
from tenants.intake.answer_rows import put_answers, said_in
from tenants.intake.assessing import assess, kept_look, replay
from tenants.intake.flag_facts import age_on, facts_from, labels_of
from tenants.intake.flags import Flag
from tenants.intake.form_json import as_json, hash_of
from tenants.intake.looking import look, ready
from tenants.intake.models import FlagRules, Intake, IntakeFlags, QuestionnaireVersion
from tenants.intake.models import Questionnaire as Sheet
from tenants.intake.questions import Answer, Item, Questionnaire, Test, Value, skip_key
from tenants.intake.rule_editing import RuleChange, changed_rule
from tenants.intake.rule_sets import add_rules, rules_in_force, rules_of
from tenants.intake.shipped.form import shipped_questionnaire
from tenants.intake.shipped_rules import shipped_rules
from tenants.practitioners.models import Practitioner
from tests.cast import NOW, Clinic
from tests.tenants.bookings.scenes import booked
from tests.tenants.intake.asked import kept_looks
from tests.tenants.intake.forms import TEXT, ask, form

FORM: Questionnaire = form(
    Item("b.dob", "date", TEXT),
    Item("d.lp", "yn4", {"en": "A puncture?", "es": "¿Una punción?"}, sensitive=True, safety=True),
    Item("d.lp_when", "monthyear", TEXT, when=Test("d.lp", "=", "yes")),
    Item("d.heart", "yn4", TEXT, sensitive=True, safety=True),
    ask("j.harm", sensitive=True, acute=True),
    ask("c.linked"),
    ask("i.mh_dx", kind="multi"),
)
CALM: Mapping[str, Value] = {"b.dob": "1980-05-01", "d.lp": "no", "d.heart": "no", "j.harm": "no"}


@action
def asked(clinic: Clinic, sheet: Questionnaire = FORM, status: str = "submitted") -> UUID:
    """An intake of a booking, under this questionnaire."""
    booking = booked(clinic)
    row = Sheet(id=new_id(), key="ser", kind="intake", title="SER", draft={}, draft_at=NOW, created_at=NOW)
    version = QuestionnaireVersion(
        id=new_id(), questionnaire_id=row.id, number=1, hash=hash_of(sheet), definition=as_json(sheet), published_at=NOW
    )
    intake = Intake(
        id=new_id(), client_id=booking.client_id, booking_id=booking.id, practitioner_id=booking.practitioner_id,
        questionnaire_version_id=version.id, status=status, link_hash=str(new_id()), requested_at=NOW,
        session_at=booking.starts_at, session_date=booking.starts_at.date(), started_at=NOW,
    )  # fmt: skip
    id = intake.id
    for one in (row, version, intake):
        db.session.add(one)
        db.session.flush()
    return id


@action
def answered(intake_id: UUID, said: Mapping[str, Value | Answer]) -> None:
    intake = db.session.get_one(Intake, intake_id)
    answers = {id: one if isinstance(one, Answer) else Answer(one) for id, one in said.items()}
    put_answers(intake, answers, known=said_in(intake), sitting="", now=NOW)


@action
def moved(intake_id: UUID, day: date) -> None:
    db.session.get_one(Intake, intake_id).session_date = day


def by_id(flags: tuple[Flag, ...]) -> dict[str, Flag]:
    return {flag.id: flag for flag in flags}


def state(intake_id: UUID) -> tuple[bool, bool]:
    intake = db.session.get_one(Intake, intake_id, populate_existing=True)
    return intake.attention, intake.review_due


@pytest.fixture
def intake(at_rowan: Clinic) -> UUID:
    id = asked(at_rowan)
    answered(id, CALM)
    return id


def test_a_calm_intake_asks_for_a_review_and_nobody_to_speak_first(intake: UUID) -> None:
    assert not assess(intake_id=intake, why="submitted", now=NOW)
    assert state(intake) == (False, True)
    assert rules_of(shipped_hash()).rules == shipped_rules()
    assert db.session.execute(select(FlagRules.number)).scalars().all() == [1]


def shipped_hash() -> str:
    return rules_in_force().hash


def test_a_move_looks_again_at_the_new_day_and_the_old_look_stays(intake: UUID) -> None:
    answered(intake, {"d.lp": "yes", "d.lp_when": "2026-02", "c.linked": "yes"})
    flags = by_id(assess(intake_id=intake, why="submitted", now=NOW))
    assert (flags["C-CSF"].axis, flags["C-CSF"].severity) == ("contra", "high")
    assert state(intake) == (True, True)
    moved(intake, date(2026, 5, 28))
    assert by_id(assess(intake_id=intake, why="moved", now=NOW))["C-CSF"].axis == "contra"
    moved(intake, date(2026, 5, 29))
    after = by_id(assess(intake_id=intake, why="moved", now=NOW))
    assert (after["C-CSF"].axis, after["C-CSF"].severity, after["C-CSF"].past) == ("caution", "moderate", True)
    assert state(intake) == (False, True)
    row = db.session.get_one(Intake, intake)
    looks = [(one.why, one.session_date) for one in kept_looks(row)]
    assert looks[1:] == [("moved", date(2026, 5, 28)), ("moved", date(2026, 5, 29))]
    assert looks[0][0] == "submitted"


def test_the_same_facts_are_kept_once_and_reopen_no_review(intake: UUID) -> None:
    answered(intake, {"d.heart": "yes"})
    assess(intake_id=intake, why="submitted", now=NOW)
    reviewed(intake)
    assess(intake_id=intake, why="moved", now=NOW)
    assert state(intake)[1] is False
    assert len(kept_looks(db.session.get_one(Intake, intake))) == 1
    answered(intake, {"d.lp": Answer(absent="declined")})
    assess(intake_id=intake, why="rules", now=NOW)
    assert state(intake)[1] is True


@action
def reviewed(intake_id: UUID) -> None:
    db.session.get_one(Intake, intake_id).review_due = False


def test_what_is_not_reached_yet_is_not_missing_and_an_urgent_answer_tells_at_once(at_rowan: Clinic) -> None:
    id = asked(at_rowan, status="open")
    answered(id, {"j.harm": "no", "d.lp": Answer(absent="in-person")})
    assert set(by_id(assess(intake_id=id, why="saved", now=NOW))) == {"U:d.lp", "T-TALK:d.lp"}
    assert state(id) == (False, False)
    answered(id, {"j.harm": "often"})
    assert "X-SELFHARM-2" in by_id(assess(intake_id=id, why="saved", now=NOW))
    assert state(id) == (True, False)
    sent = by_id(assess(intake_id=id, why="submitted", now=NOW))
    assert {"U:d.heart", "U:d.lp", "U:age"} <= set(sent)


def test_a_stored_flag_replays_after_the_rules_have_changed(intake: UUID) -> None:
    answered(intake, {"d.heart": "yes", "d.lp": "yes", "d.lp_when": "2026", "i.mh_dx": ("ptsd",)})
    assess(intake_id=intake, why="submitted", now=NOW)
    before = kept_look(db.session.get_one(Intake, intake))
    assert before is not None
    rules = shipped_rules()
    graver = changed_rule(rules, "P-HEART", RuleChange("critical", enabled=True), shipped=rules, places=frozenset())
    publish(replace(graver, name="ours@2"))
    assert by_id(before.look.flags)["P-HEART"].severity == "moderate"
    assert by_id(assess(intake_id=intake, why="rules", now=NOW))["P-HEART"].severity == "critical"
    rows = list(db.session.execute(select(IntakeFlags).order_by(IntakeFlags.number)).scalars())
    looks = kept_looks(db.session.get_one(Intake, intake))
    assert [replay(row) for row in rows] == [one.look for one in looks]
    assert [one.look.rules_hash for one in looks] == [row.rules_hash for row in rows]
    assert looks[0].look == before.look != looks[1].look


@action
def publish(rules: object) -> None:
    add_rules(rules, now=NOW, published_at=NOW)  # type: ignore[arg-type] # a rule set


def test_scope_follows_the_licence_of_whoever_gives_the_session(intake: UUID) -> None:
    answered(intake, {"i.mh_dx": ("ptsd",)})
    assert "P-SCOPE" in by_id(assess(intake_id=intake, why="submitted", now=NOW))
    licence()
    assert "P-SCOPE" not in by_id(assess(intake_id=intake, why="moved", now=NOW))


@action
def licence() -> None:
    for one in db.session.execute(select(Practitioner)).scalars():
        one.mental_health_licence = True


def test_what_is_hidden_drives_nothing_and_what_was_skipped_is_asked_in_person() -> None:
    today = date(2026, 3, 23)
    said = {"d.lp": Answer("no"), "d.lp_when": Answer("2026"), "j.harm": Answer("often")}
    facts = facts_from(FORM, said, session_date=None, today=today)
    assert "d.lp_when" not in facts.answers
    skipped = facts_from(FORM, {**said, skip_key("s"): Answer(value=True)}, session_date=None, today=today)
    assert not skipped.answers
    assert skipped.safety == ("d.lp", "d.heart", "j.harm")
    off = replace(FORM.parts[0].sections[0].items[3], enabled=False)
    items = (*FORM.parts[0].sections[0].items[:3], off)
    assert "d.heart" in facts_from(form(*items), {}, session_date=None, today=today).safety


@pytest.mark.parametrize("gate", ["talk", "skip", None])
def test_a_section_that_was_put_off_is_talked_about_and_its_safety_is_not_known(gate: str | None) -> None:
    sheet = shipped_questionnaire()
    said = {"f.gate": Answer(gate), "j.contact": Answer(("talk",))} if gate else {}
    facts = facts_from(sheet, {**said, "j.harm": Answer("passing")}, session_date=None, today=date(2026, 3, 23))
    found = {flag.id for flag in look(ready(shipped_rules()), facts, labels_of(sheet)).flags}
    assert "U:f.ongoing_danger" in found
    assert ("T-TALK:f.gate" in found) is (gate == "talk")
    assert ("T-TALK:j.contact" in found) is (gate is not None)
    begun = facts_from(sheet, said, session_date=None, today=date(2026, 3, 23), whole=False)
    assert not begun.safety


def test_age_is_the_youngest_that_the_answer_allows() -> None:
    day = date(2026, 3, 23)
    born = {"2025-03-23": 1, "2025-03-24": 0, "2025-03": 0, "2025": 0, "1980": 45, "2027": 0}
    assert {said: age_on(day, Answer(said)) for said in born} == born
    assert [age_on(day, said) for said in (None, Answer(absent="declined"), Answer("?"))] == [None, None, None]
