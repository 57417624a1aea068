"""Short ways to an intake in a state, for tests of what the team sees."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from saas.db import action, db, new_id
from tenants.bookings.models import Booking
from tenants.intake.answer_rows import put_answers, said_in
from tenants.intake.assessing import assess
from tenants.intake.form_json import as_json, hash_of
from tenants.intake.models import Intake, QuestionnaireVersion
from tenants.intake.models import Questionnaire as Asked
from tenants.intake.questions import Answer, Item, Kind, Option, Part, Questionnaire, Section
from tenants.intake.touch import remember_touch
from tests.cast import NOW, Clinic
from tests.tenants.bookings.scenes import booked

YES_NO = tuple(Option(code, {"en": code.title()}) for code in ("yes", "no", "not-sure"))


def _ask(id: str, text: str, kind: Kind = "single", *codes: str, **more: Any) -> Item:
    options = tuple(Option(code, {"en": code.title()}) for code in codes) or (YES_NO if kind == "yn4" else ())
    return Item(id, kind, {"en": text, "es": text}, options=options, **more)


FORM = Questionnaire(
    key="ser",
    title={"en": "Questions"},
    languages=("en",),
    parts=(
        Part("one", {"en": "About you"}, (
            Section("d", {"en": "Health"}, (
                _ask("d.lp", "A lumbar puncture?", "yn4", safety=True),
                _ask("d.preg", "Pregnant?", "single", "yes", "no", sensitive=True, safety=True),
                _ask("d.meds", "Medicines", "long"),
            )),
            Section("e", {"en": "Your body"}, (_ask("e.any", "Any of these?", "multi", "vehicle", "fall", "none"),)),
            Section("f", {"en": "Life"}, (_ask("f.hard", "Overwhelming?", "single", "yes", "no", sensitive=True),)),
            Section("h", {"en": "Wishes"}, (
                _ask("h.interest", "Which would you like?", "single", "cst", "open", "ser"),
                _ask("h.touch", "Not to be touched", "bodymap"),
                _ask("h.signal", "A sign for stop", "short"),
            )),
            Section("j", {"en": "Now"}, (
                _ask("j.harm", "Thoughts of harm?", "single", "no", "passing", "often", "might-act",
                     sensitive=True, safety=True, acute=True),
            )),
        )),
    ),
)  # fmt: skip
CALM: Mapping[str, Answer] = {
    "d.lp": Answer("no"),
    "d.preg": Answer("no"),
    "d.meds": Answer("Paracetamol"),
    "e.any": Answer(("vehicle",)),
    "f.hard": Answer(absent="in-person"),
    "h.interest": Answer("open"),
    "h.touch": Answer(("neck", "jaw")),
    "h.signal": Answer("Red"),
    "j.harm": Answer("no"),
}
LUMBAR: Mapping[str, Answer] = {**CALM, "d.lp": Answer("yes")}
ACUTE: Mapping[str, Answer] = {**CALM, "j.harm": Answer("often")}


@action
def _add(*rows: Any) -> None:
    for row in rows:
        db.session.add(row)
        db.session.flush()


def an_intake(
    clinic: Clinic, booking: Booking | None = None, *, now: datetime = NOW, form: Questionnaire = FORM
) -> UUID:
    """An intake that somebody has begun; its booking is made when none is given."""
    booking = booking or booked(clinic)
    version_id = _version(form, now)
    intake = Intake(
        id=new_id(), client_id=booking.client_id, booking_id=booking.id, practitioner_id=booking.practitioner_id,
        questionnaire_version_id=version_id, status="open", link_hash=str(new_id()), requested_at=now,
        session_at=booking.starts_at, session_date=booking.starts_at.date(), started_at=now, saved_at=now,
    )  # fmt: skip
    intake_id = intake.id
    _add(intake)
    return intake_id


def _version(form: Questionnaire, now: datetime) -> UUID:
    known = select(QuestionnaireVersion.id).where(QuestionnaireVersion.hash == hash_of(form))
    there = db.session.execute(known).scalars().first()
    if there is not None:
        return there
    key = f"made-{hash_of(form)[:8]}"
    asked = Asked(id=new_id(), key=key, kind="intake", title="SER", draft={}, draft_at=now, created_at=now)
    version = QuestionnaireVersion(
        id=new_id(), questionnaire_id=asked.id, number=1, hash=hash_of(form), definition=as_json(form), published_at=now
    )
    version_id = version.id
    _add(asked, version)
    return version_id


@action
def answer(intake_id: UUID, answers: Mapping[str, Answer], *, now: datetime = NOW, send: bool = True) -> None:
    """Save these answers, as a client's page would; `send`: and send them in."""
    row = db.session.get_one(Intake, intake_id)
    put_answers(row, answers, known=said_in(row), sitting="", now=now)
    db.session.flush()
    if send:
        row.status, row.submitted_at = "submitted", now
        remember_touch(intake_id=row.id, now=now)
    assess(intake_id=intake_id, why="submitted" if send else "saved", now=now)


def sent_in(
    clinic: Clinic, answers: Mapping[str, Answer] = CALM, *, booking: Booking | None = None, now: datetime = NOW,
    form: Questionnaire = FORM,
) -> UUID:  # fmt: skip
    """An intake that came in with these answers."""
    intake_id = an_intake(clinic, booking, now=now, form=form)
    answer(intake_id, answers, now=now)
    return intake_id
