from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from saas import outbox
from saas.audit import Actor, Audit, acting_as
from saas.db import action, db
from saas.errors import Invalid
from saas.jobs import drain
from saas.mail import Mail, outgoing
from saas.outbox import Effect
from tenants.intake.alert_effects import HANDLERS, TIMETABLE
from tenants.intake.alert_plan import step_at
from tenants.intake.alerts import (
    STUCK,
    Alarm,
    acknowledge,
    alarm_now,
    alerts_of,
    dismiss_test,
    raise_alert,
    self_test,
    trials,
    try_alert,
    undeliverable,
)
from tenants.intake.models import Intake, IntakeAlert, IntakeSetting
from tenants.intake.settings import Contact, IntakeSettings, as_chosen, save_settings
from tests.cast import NOW, Clinic
from tests.tenants.review.scenes import an_intake

ALMA, BEN, CALL = (Contact(name, f"{name.lower()}@rowan.example") for name in ("Alma", "Ben", "Call"))
USUAL = IntakeSettings(first=ALMA, second=BEN)
MINUTES = timedelta(minutes=1)
Post = Callable[[datetime], list[tuple[str, str]]]


@pytest.fixture
def contacts(at_rowan: Clinic) -> Clinic:
    save_settings(wanted=USUAL, now=NOW)
    return at_rowan


@pytest.fixture
def post(app: Flask, contacts: Clinic) -> Iterator[Post]:
    """Run everything due at an instant: to whom mails went, and their subjects."""

    def deliver(now: datetime) -> list[tuple[str, str]]:
        before = len(outgoing())
        drain(app, HANDLERS, now)
        return sorted((mail.to_name, mail.subject) for mail in outgoing()[before:])

    yield deliver
    assert not [mail for mail in outgoing() if _tells(mail)]


def _tells(mail: Mail) -> bool:
    said = f"{mail.subject} {mail.text} {mail.html}"
    return bool(re.search(r"cleo|harm|suicid|crisis|danger|risk|acute|urgent|trauma|health", said, re.IGNORECASE))


SUBJECT = "An intake needs your attention now"


def test_one_after_another_is_told_until_somebody_says_they_have_seen_it(post: Post, contacts: Clinic) -> None:
    intake = an_intake(contacts)
    alert = raise_alert(intake_id=intake, revision=1, now=NOW, findings=["X-ONE"])
    assert alert is not None
    assert post(NOW) == [("Alma", SUBJECT)]
    assert post(NOW + 14 * MINUTES) == []
    assert post(NOW + 15 * MINUTES) == [("Ben", SUBJECT)]
    assert post(NOW + 30 * MINUTES) == [("Alma", SUBJECT), ("Ben", SUBJECT)]
    with acting_as(Actor("staff", contacts.accounts["ben"])):
        said: dict[str, Any] = {"intake_id": intake, "alert_ids": [alert], "now": NOW}
        assert acknowledge(**said, done="called", note="She is with her sister.") == [alert]
        assert acknowledge(**said, done="other", note="") == []
    assert post(NOW + 60 * MINUTES) == []
    found = alerts_of(intake, db.session.get_one(Intake, intake).client_id)
    (kept,) = found.answered
    assert found.waiting == ()
    assert (kept.by, kept.done, kept.note) == (contacts.accounts["ben"], "called", "She is with her sister.")
    told = db.session.execute(select(Audit.deed, Audit.facts).where(Audit.deed.like("intake.a%"))).all()
    assert {row.deed: row.facts for row in told} == {"intake.alerted": {}, "intake.acknowledged": {}}


def test_each_finding_alerts_once_however_often_the_answer_is_saved(post: Post, contacts: Clinic) -> None:
    intake = an_intake(contacts)

    def again(*findings: str, held: tuple[str, ...] = ()) -> UUID | None:
        return raise_alert(intake_id=intake, revision=2, now=NOW, findings=findings, held=held)

    first = again("X-ONE")
    assert first is not None
    assert again("X-ONE") is None
    assert again("X-ONE", "X-TWO") is not None
    acknowledge(intake_id=intake, alert_ids=[first], done="spoke", note="", now=NOW)
    assert again("X-TWO", "X-ONE", held=("X-ONE",)) is None
    assert again() is None
    assert [name for name, _subject in post(NOW)] == ["Alma"]
    # What each was about is nowhere in clear.
    rows = db.session.execute(select(IntakeAlert)).scalars()
    assert all(b"X-ONE" not in (row.sealed or b"") for row in rows)


def test_a_killed_worker_loses_no_step_and_doubles_none(post: Post, contacts: Clinic) -> None:
    alert = raise_alert(intake_id=an_intake(contacts), revision=1, now=NOW)
    at = NOW + 15 * MINUTES
    leased = outbox.lease(now=at, limit=2, kinds=frozenset(HANDLERS))  # by workers that are killed now
    assert {effect.payload.get("who", "step") for effect in leased} == {"first", "step"}
    assert post(at) == []
    assert post(at + 3 * MINUTES) == [("Alma", SUBJECT), ("Ben", SUBJECT)]
    HANDLERS["intake.alert_step"](
        Effect(UUID(int=1), contacts.ref.id, "", {"alert_id": str(alert), "step": 1}, 1), now=at
    )
    assert post(at + 3 * MINUTES) == []


def test_an_alert_that_cannot_be_delivered_is_an_alarm_until_somebody_answers(post: Post, contacts: Clinic) -> None:
    _keep_as_it_is(replace(USUAL, first=Contact("Alma", "nobody@")))
    intake = an_intake(contacts)
    alert = raise_alert(intake_id=intake, revision=1, now=NOW)
    assert alert is not None
    assert alarm_now(now=NOW) is None
    assert post(NOW) == []
    assert alarm_now(now=NOW) == Alarm(alerts=1, tests=0)
    assert post(NOW + 15 * MINUTES) == [("Ben", SUBJECT)]
    assert alarm_now(now=NOW) == Alarm(alerts=1, tests=0)
    acknowledge(intake_id=intake, alert_ids=[alert], done="spoke", note="", now=NOW)
    assert alarm_now(now=NOW) is None


def test_an_alert_that_lies_unsent_or_comes_back_is_an_alarm_too(post: Post, contacts: Clinic) -> None:
    alert = raise_alert(intake_id=an_intake(contacts), revision=1, now=NOW)
    assert alert is not None
    assert alarm_now(now=NOW + STUCK) is None
    assert alarm_now(now=NOW + STUCK + MINUTES) == Alarm(1, 0)
    assert post(NOW) == [("Alma", SUBJECT)]
    assert alarm_now(now=NOW + STUCK + MINUTES) is None
    undeliverable(alert_id=alert, who="first", now=NOW)
    assert alarm_now(now=NOW) == Alarm(1, 0)


@action
def _keep_as_it_is(settings: IntakeSettings) -> None:
    """An address that was good when it was typed."""
    db.session.execute(update(IntakeSetting).values(chosen=as_chosen(settings)))


def test_the_way_to_every_contact_is_tried_and_recorded(app: Flask, post: Post, contacts: Clinic) -> None:
    with app.app_context():
        job = TIMETABLE[0]
        assert (job.each_clinic, job.every) == (True, timedelta(days=30))
    job.run(now=NOW)
    said = "A test: this is how an alert would reach you"
    assert post(NOW) == [("Alma", said), ("Ben", said)]
    (row,) = trials()
    assert (row.delivered_at, row.failed_at, row.acknowledged_at) == (NOW, None, NOW)
    _keep_as_it_is(replace(USUAL, second=Contact("Ben", "nobody@"), on_call=CALL))
    failing = try_alert(now=NOW + MINUTES)
    assert post(NOW + MINUTES) == [("Alma", said), ("Call", said)]
    assert alarm_now(now=NOW + MINUTES) == Alarm(0, 1)
    dismiss_test(alert_id=failing, now=NOW + MINUTES)
    assert alarm_now(now=NOW + MINUTES) is None
    assert [bool(row.failed_at) for row in trials()] == [True, False]


def test_without_contacts_there_is_nothing_to_try(at_rowan: Clinic) -> None:
    self_test(now=NOW)
    with pytest.raises(Invalid):
        try_alert(now=NOW)
    assert trials() == []


NIGHT = datetime(2026, 3, 23, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "step, now, settings, told, next_at",
    [
        (0, NOW, USUAL, "first", NOW + 15 * MINUTES),
        (1, NOW, USUAL, "second", NOW + 15 * MINUTES),
        (1, NOW, IntakeSettings(first=ALMA), "first", NOW + 15 * MINUTES),
        (2, NOW, replace(USUAL, on_call=CALL), "first second", NOW + 15 * MINUTES),
        (7, NOW, USUAL, "first second", NOW + 15 * MINUTES),
        (0, NIGHT, USUAL, "first", datetime(2026, 3, 24, 9, 0, tzinfo=UTC)),
        (0, NIGHT, replace(USUAL, on_call=CALL), "first on_call", NIGHT + 15 * MINUTES),
        (2, NIGHT, replace(USUAL, on_call=CALL), "first second on_call", NIGHT + 15 * MINUTES),
        (1, NOW.replace(hour=16, minute=50), USUAL, "second", datetime(2026, 3, 24, 9, 0, tzinfo=UTC)),
        (0, NOW, replace(USUAL, hours=(USUAL.hours[6],) * 7), "first", NOW + 15 * MINUTES),
    ],
)
def test_who_is_told_when(step: int, now: datetime, settings: IntakeSettings, told: str, next_at: datetime) -> None:
    found = step_at(step, settings, now=now, zone="Europe/London")
    assert (" ".join(found.told), found.next_at) == (told, next_at)
