"""Saving, sending, following the session: what the actions of an intake promise."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from sqlalchemy import select

from saas.accounts.models import Account
from saas.audit import Actor, acting_as
from saas.db import action, db
from saas.errors import Gone
from saas.jobs import drain
from saas.mail import outgoing
from tenants.bookings.moves import cancel, reschedule
from tenants.clients.models import Client
from tenants.intake.actions import AlreadySent, Unfinished, save_answers, session_moved, submit, update_again
from tenants.intake.alerts import acknowledge
from tenants.intake.answer_rows import history_of, said_in
from tenants.intake.asking import Typed, missing
from tenants.intake.assessing import kept_look
from tenants.intake.codes import open_with_birth, open_with_code, send_code
from tenants.intake.consents import FIRST, Origin, chain_hash
from tenants.intake.effects import HANDLERS
from tenants.intake.flags import Ask, Rule
from tenants.intake.models import ConsentText, Intake, IntakeAlert
from tenants.intake.queries import answers_of, consents_of, intake_of_booking, last_submitted, paper_for
from tenants.intake.questions import Answer
from tenants.intake.reviewing import Decision, review
from tenants.intake.rule_sets import add_rules
from tenants.intake.shipped_rules import shipped_rules
from tenants.intake.touch import TouchLimits, change_touch, touch_of
from tests.cast import NOW, Clinic
from tests.tenants.bookings.scenes import booked, only_sqlite
from tests.tenants.intake.asked import HEALTHY, LATER, asked, fresh, link_of, said

MINUTE = timedelta(minutes=1)
CALM: dict[str, Typed] = {
    "a.who": said("me"),
    "a.privacy": said("yes"),
    "b.name": said("Cleo Marsh"),
    "b.dob": said("1980-03-31"),
    **{f"d.{one}": said("no") for one in HEALTHY},
    "d.neuroflag": said("none"),
    "d.preg": said("no"),
    "h.interest": said("open"),
    "l.accuracy": said("yes"),
    "l.treat": said("yes"),
    "l.treat_ser": said("no"),
    "l.notmedical": said("yes"),
    "l.sign": said("Cleo Marsh"),
}


@pytest.fixture
def intake(at_rowan: Clinic) -> Intake:
    return asked(at_rowan)


def save(intake: Intake, answers: dict[str, Typed], **more: Any) -> Any:
    return save_answers(intake_id=intake.id, typed=answers, now=more.pop("now", NOW), **more)


def test_an_answer_is_sealed_and_a_later_one_leaves_it_in_the_history(intake: Intake) -> None:
    save(intake, {"c.goal": said("to sleep"), "c.stress_worse": said("often")})
    save(intake, {"c.goal": said("to sleep well")}, now=NOW + MINUTE)
    assert answers_of(fresh(intake.id)) == {
        "c.goal": Answer("to sleep well"), "c.stress_worse": Answer("often")
    }  # fmt: skip
    past = [(one.key, one.answer.value, one.replaced_at) for one in history_of(fresh(intake.id))]
    assert ("c.goal", "to sleep", NOW + MINUTE) in past
    assert len(past) == 3


def test_what_belongs_to_no_question_is_put_aside_and_read_by_nobody(intake: Intake) -> None:
    sent = {
        "c.goal": said("calm"),
        "nobody.asked": said("x"),
        "c.stress_worse": said("purple"),
        "f.hard": said("yes"),  # hidden: nobody opened that section
        "e.item.when@purple": said("childhood"),
    }
    saved = save(intake, sent)
    assert (saved.kept, set(saved.faults), saved.dropped) == (("c.goal",), {"c.stress_worse"}, 3)
    assert set(answers_of(fresh(intake.id))) == {"c.goal"}
    assert {one.key for one in history_of(fresh(intake.id)) if one.dropped} == set(sent) - {"c.goal"}


def test_two_tabs_change_only_what_each_of_them_touched(intake: Intake) -> None:
    from tenants.intake.answer_rows import mark_for

    blank = mark_for(Answer())
    save(intake, {"c.goal": Typed(("one",), mark=blank), "c.tried_what": Typed((), mark=blank)})
    stale = {"c.goal": Typed((), mark=blank), "c.stress_worse": Typed(("rarely",), mark=blank)}
    save(intake, stale)
    assert answers_of(fresh(intake.id)) == {"c.goal": Answer("one"), "c.stress_worse": Answer("rarely")}


@only_sqlite
def test_an_update_undoes_nothing_that_was_said_about_touch_at_check_in(at_rowan: Clinic, intake: Intake) -> None:
    save(intake, CALM | {"h.touch": said("neck"), "h.signal": said("Red")})
    submit(intake_id=intake.id, origin=Origin("en"), now=NOW)
    her, wider = intake.client_id, TouchLimits(("neck", "pelvis"), ask_each_time=True, signal="Stop")
    change_touch(client_id=her, wanted=wider, seen=None, now=NOW + MINUTE)
    again = asked(at_rowan, at=LATER + timedelta(days=7), now=NOW + 2 * MINUTE, publish=False)
    fresh_ones = {key: one for key, one in CALM.items() if key[:2] in ("a.", "l.") or key == "d.neuroflag"}
    save_answers(intake_id=again.id, typed=fresh_ones, now=NOW + 2 * MINUTE)
    shown = answers_of(fresh(again.id))
    assert (shown["h.touch"].value, shown["h.signal"].value) == (("neck", "pelvis", "ask-each-time"), "Stop")
    narrower = TouchLimits(("pelvis",))
    change_touch(client_id=her, wanted=narrower, seen=None, now=NOW + 3 * MINUTE)
    submit(intake_id=again.id, origin=Origin("en"), now=NOW + 4 * MINUTE)
    assert touch_of(her) == narrower
    update_again(intake_id=again.id, now=NOW + 5 * MINUTE)
    save_answers(intake_id=again.id, typed={"h.touch": said("foot")}, now=NOW + 5 * MINUTE)
    submit(intake_id=again.id, origin=Origin("en"), now=NOW + 5 * MINUTE)
    assert touch_of(her).areas == ("foot",)


CHOICES = {
    "c.goal": st.sampled_from(["", "rest", "move", "sleep"]),
    "c.stress_worse": st.sampled_from(["often", "rarely", "not-sure"]),
    "d.lp": st.sampled_from(["yes", "no", "not-sure"]),
    "g.stress": st.sampled_from(["0", "7", "10"]),
}

STEP = st.sampled_from(sorted(CHOICES)).flatmap(lambda key: st.tuples(st.just(key), CHOICES[key]))


@seed(20261123)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=st.lists(STEP, max_size=12))
def test_the_last_value_stands_and_every_other_is_history(at_rowan: Clinic, steps: list[tuple[str, str]]) -> None:
    known = db.session.execute(select(Intake)).scalars().first()
    intake = known or asked(at_rowan)
    before = len(history_of(fresh(intake.id)))
    last = {key: one.value for key, one in answers_of(fresh(intake.id)).items()}
    changes = 0
    for key, value in steps:
        wanted = int(value) if key == "g.stress" else value or None
        changes += last.get(key) != wanted
        last[key] = wanted
        save(fresh(intake.id), {key: said(value) if value else said()})
    stands = {key: one.value for key, one in answers_of(fresh(intake.id)).items()}
    assert {k: v for k, v in stands.items() if v is not None} == {k: v for k, v in last.items() if v is not None}
    assert len(history_of(fresh(intake.id))) - before == changes


def test_nothing_is_sent_before_what_is_needed_is_answered(intake: Intake) -> None:
    save(intake, CALM | {"l.sign": said("")})
    with pytest.raises(Unfinished) as caught:
        submit(intake_id=intake.id, origin=Origin("en"), now=NOW)
    assert caught.value.keys == ("l.sign",)
    assert fresh(intake.id).status == "open"


def test_sending_keeps_receipts_in_a_chain_and_tells_who_gives_the_session(app: Flask, intake: Intake) -> None:
    save(intake, CALM, origin=Origin("en", "192.0.2.7", "Tests", "Europe/London"))
    submit(intake_id=intake.id, origin=Origin("en", "192.0.2.7", "Tests", "Europe/London"), now=NOW + MINUTE)
    submit(intake_id=intake.id, origin=Origin("en"), now=NOW + MINUTE)
    sent = fresh(intake.id)
    assert (sent.status, sent.review_due, sent.attention) == (
        "submitted",
        True,
        True,
    )  # the safety questions were left out
    rows = consents_of(sent.client_id)
    assert [(one.purpose, one.choice) for one in rows] == [
        ("privacy", "given"), ("accuracy", "given"), ("treatment", "given"), ("treatment-ser", "refused"),
        ("not-medical", "given"),
    ]  # fmt: skip
    before = FIRST
    for one in rows:
        assert (one.previous_hash, one.hash) == (before, chain_hash(one))
        before = one.hash
    words = db.session.execute(select(ConsentText.words).where(ConsentText.document == "privacy")).scalar_one()
    assert "Rowan" in words
    assert "{clinic}" not in words
    drain(app, HANDLERS, NOW + 2 * MINUTE)
    (mail,) = outgoing()
    assert (mail.to_email, mail.subject) == ("ben@rowan.example", "A form needs your eyes")
    with pytest.raises(AlreadySent):
        save(intake, {"c.goal": said("more")})
    update_again(intake_id=intake.id, now=NOW + 2 * MINUTE)
    save(intake, {"c.goal": said("more")}, now=NOW + 2 * MINUTE)


def test_an_urgent_answer_is_looked_at_and_told_in_the_same_transaction(intake: Intake) -> None:
    saved = save(intake, {"j.harm": said("often")}, decision=("j", "go"))
    assert saved.urgent == ("j.harm",)
    look = kept_look(fresh(intake.id))
    assert look is not None
    assert [flag.axis for flag in look.look.flags if flag.axis == "acute"] != []
    (alert,) = db.session.execute(select(IntakeAlert)).scalars()
    assert (alert.intake_id, alert.raised_at) == (intake.id, NOW)
    save(intake, {"j.harm": said("often")})
    assert len(list(db.session.execute(select(IntakeAlert)).scalars())) == 1


def told_of() -> int:
    return len(list(db.session.execute(select(IntakeAlert)).scalars()))


def test_what_is_said_again_after_somebody_answered_is_told_again(intake: Intake) -> None:
    save(intake, {"j.harm": said("might-act")}, decision=("j", "go"))
    (alert,) = db.session.execute(select(IntakeAlert.id)).scalars()
    acknowledge(intake_id=intake.id, alert_ids=[alert], done="spoke", note="", now=NOW)
    save(intake, {"j.safe_now": said("yes")})
    assert told_of() == 1  # it has held since
    save(intake, {"j.harm": said("no")})
    save(intake, {"j.harm": said("might-act")})
    assert told_of() == 2


@action
def in_force(*changed: Rule) -> None:
    rules = shipped_rules()
    ids = {one.id for one in changed}
    kept = (*(one for one in rules.rules if one.id not in ids), *changed)
    add_rules(replace(rules, rules=kept), now=NOW, published_at=NOW)


def test_help_beside_an_answer_tells_the_team_whatever_the_rules_say(intake: Intake) -> None:
    in_force(replace(next(one for one in shipped_rules().rules if one.id == "X-NEURO"), enabled=False))
    assert save(intake, {"d.neuroflag": said("weakness")}).urgent == ("d.neuroflag",)
    assert told_of() == 1


def test_an_acute_rule_of_ones_own_tells_at_the_save_of_what_it_reads(intake: Intake) -> None:
    shipped = {one.id: one for one in shipped_rules().rules}
    own = replace(shipped["X-NEURO"], id="X-FEVER", own=True, when=Ask("q", "d.infection", "=", "yes"))
    in_force(own, replace(shipped["X-TEXT"], enabled=True))
    save(intake, {"c.goal": said("to sleep"), "d.infection": said("no")})
    assert told_of() == 0
    save(intake, {"d.infection": said("yes")})
    assert told_of() == 1
    save(intake, {"c.goal": said("to end my life")})
    assert told_of() == 2


def test_what_was_sent_and_is_open_again_is_looked_at_at_every_save(intake: Intake) -> None:
    save(intake, CALM | {"f.gate": said("answer"), "f.ongoing_danger": said("no")})
    submit(intake_id=intake.id, origin=Origin("en"), now=NOW)
    with acting_as(Actor("staff", db.session.execute(select(Account.id)).scalars().first())):
        review(intake_id=intake.id, seen=None, decision=Decision("clearance"), now=NOW)
    assert (fresh(intake.id).review_due, fresh(intake.id).attention) == (False, True)
    update_again(intake_id=intake.id, now=NOW)
    last = last_submitted(intake.client_id)
    assert last is not None
    assert last.id == intake.id
    save(intake, {"c.goal": said("to sleep")})
    assert (fresh(intake.id).review_due, fresh(intake.id).attention) == (False, True)  # clearance stands
    save(intake, {"d.bleed": said("yes")})
    look = kept_look(fresh(intake.id))
    assert look is not None
    assert "C-BLEED" in {flag.id for flag in look.look.flags}
    assert fresh(intake.id).review_due


def test_the_session_moves_and_the_rules_look_again(intake: Intake) -> None:
    save(intake, {"d.lp": said("yes"), "d.lp_when": said("2026-02")})
    assert intake.booking_id is not None
    reschedule(
        booking_id=intake.booking_id, starts_at=LATER + timedelta(hours=2), practitioner_id=None, who="client", now=NOW
    )
    moved = fresh(intake.id)
    assert moved.session_at == LATER + timedelta(hours=2)
    look = kept_look(moved)
    assert look is not None
    assert look.why == "moved"
    cancel(booking_id=intake.booking_id, who="client", click="x", now=NOW)
    assert fresh(intake.id).status == "closed"
    assert "d.lp" in said_in(fresh(intake.id))
    with pytest.raises(Gone):
        save(intake, {"c.goal": said("late")})


def test_whoever_takes_a_session_over_is_told_and_asked_for_a_review(at_rowan: Clinic, intake: Intake) -> None:
    save(intake, CALM)
    submit(intake_id=intake.id, origin=Origin("en"), now=NOW)
    with acting_as(Actor("staff", db.session.execute(select(Account.id)).scalars().first())):
        review(intake_id=intake.id, seen=None, decision=Decision("proceed"), now=NOW)
    assert intake.booking_id is not None
    (other,) = set(at_rowan.practitioners.values()) - {intake.practitioner_id}
    for person in (intake.practitioner_id, other):
        assert person is not None
        assert not fresh(intake.id).review_due
        session_moved(
            booking_id=intake.booking_id, starts_at=LATER, zone="Europe/London", practitioner_id=person, now=NOW
        )
    assert fresh(intake.id).review_due


def test_an_update_takes_over_all_but_what_may_be_urgent(at_rowan: Clinic, intake: Intake) -> None:
    save(intake, CALM | {"c.goal": said("sleep"), "j.harm": said("no")}, decision=("j", "go"))
    submit(intake_id=intake.id, origin=Origin("en"), now=NOW)
    again = booked(at_rowan, at=LATER + timedelta(days=7))
    found = intake_of_booking(again.id)
    assert found is not None
    assert found.previous_id == intake.id
    taken = answers_of(found)
    assert taken["c.goal"] == Answer("sleep")
    assert not {"j.harm", "d.neuroflag", "a.privacy", "l.treat", "l.sign"} & taken.keys()
    lacking = missing(paper_for(found.questionnaire_version_id), taken)
    assert lacking == ("a.privacy", "d.neuroflag", "l.accuracy", "l.treat", "l.notmedical", "l.sign")
    save(found, {"c.goal": said("walk")})
    assert answers_of(fresh(found.id)) == taken | {"c.goal": Answer("walk")}
    assert answers_of(fresh(intake.id))["c.goal"] == Answer("sleep")


def test_a_code_opens_once_within_ten_minutes_and_five_tries(app: Flask, intake: Intake) -> None:
    def sent() -> str:
        assert send_code(intake_id=intake.id, now=NOW)
        drain(app, HANDLERS, NOW)
        mail = outgoing()[-1]
        assert not {"question", "intake"} & set(mail.subject.lower().split())
        return next(word for word in mail.text.split() if word.strip(".").isdigit()).strip(".")

    code = sent()
    assert not open_with_code(intake_id=intake.id, code="000000" if code != "000000" else "1", now=NOW)
    assert not open_with_code(intake_id=intake.id, code=code, now=NOW + 11 * MINUTE)
    assert open_with_code(intake_id=intake.id, code=f" {code[:3]} {code[3:]} ", now=NOW + MINUTE)
    assert not open_with_code(intake_id=intake.id, code=code, now=NOW + MINUTE)
    code = sent()
    for _ in range(5):
        assert not open_with_code(intake_id=intake.id, code="12", now=NOW)
    assert not open_with_code(intake_id=intake.id, code=code, now=NOW)


def test_who_is_not_safe_by_mail_gets_none_and_opens_by_birth(app: Flask, intake: Intake) -> None:
    save(intake, {"b.contactsafe": said("no"), "b.dob": said("1980-03-31")})
    client = db.session.get_one(Client, intake.client_id, populate_existing=True)
    assert (client.reach, client.no_calls) == ("phone", True)
    assert not send_code(intake_id=intake.id, now=NOW)
    drain(app, HANDLERS, LATER - timedelta(hours=12))
    assert outgoing() == []
    assert not open_with_birth(intake_id=intake.id, born="1980-03-30", now=NOW)
    assert open_with_birth(intake_id=intake.id, born="1980-03-31", now=NOW)


def test_reminders_come_three_days_and_one_day_before_until_it_is_in(app: Flask, intake: Intake) -> None:
    def at(before: timedelta) -> int:
        count = len(outgoing())
        drain(app, HANDLERS, LATER - before)
        return len([mail for mail in outgoing()[count:] if mail.to_email == "cleo@example.com"])

    day = timedelta(days=1)
    assert [at(4 * day), at(3 * day), at(2 * day)] == [0, 1, 0]
    assert link_of(fresh(intake.id)) in outgoing()[-1].text
    save(intake, CALM)
    submit(intake_id=intake.id, origin=Origin("en"), now=NOW)
    drain(app, {**HANDLERS}, NOW)
    assert at(day) == 0
