"""A clinic's intake for the wall tests: every table has a row that the neighbour must not reach."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from saas.audit import Actor, acting_as
from saas.db import action, db
from saas.links import link_for
from tenants.intake.alerts import raise_alert
from tenants.intake.answer_rows import put_answers
from tenants.intake.assessing import assess
from tenants.intake.file_rows import put_file
from tenants.intake.flag_json import hash_of_rules, rules_as_json
from tenants.intake.form_json import as_json, hash_of
from tenants.intake.models import (
    Consent,
    ConsentText,
    FlagRules,
    Intake,
    IntakeSetting,
    Questionnaire,
    QuestionnaireVersion,
)
from tenants.intake.queries import LINK
from tenants.intake.questions import Answer
from tenants.intake.reviewing import Decision, review
from tenants.intake.sent import Upload
from tenants.intake.shipped.form import shipped_questionnaire
from tenants.intake.shipped_rules import shipped_rules
from tenants.intake.touch import remember_touch
from tests.tenants.review.scenes import CALM

FORM = as_json(shipped_questionnaire())


@action
def furnish_intake(*, client_id: UUID, booking_id: UUID, account_id: UUID, slug: str, now: datetime) -> UUID:
    """One row of each kind about this client; the id of the intake."""

    def add(row: Any) -> UUID:
        db.session.add(row)
        db.session.flush()
        return UUID(str(row.id))

    form = shipped_questionnaire()
    asked = add(Questionnaire(key="own", kind="intake", title=slug, draft=as_json(form), draft_at=now, created_at=now))
    version = add(
        QuestionnaireVersion(
            questionnaire_id=asked, number=1, hash=hash_of(form), definition=as_json(form), published_at=now
        )
    )
    rules = replace(shipped_rules(), name=slug)
    add(FlagRules(number=1, hash=hash_of_rules(rules), rules=rules_as_json(rules), changed_at=now, published_at=now))
    add(IntakeSetting(chosen={}, changed_at=now))
    intake = add(
        Intake(
            client_id=client_id, booking_id=booking_id, questionnaire_version_id=version, status="submitted",
            link_hash=slug, requested_at=now,
        )
    )  # fmt: skip
    row = db.session.get_one(Intake, intake)
    row.link_hash = link_for(LINK, intake).hash
    handed = Answer(f"{slug} evening drops", file=str(intake))  # a file under the intake's own id, which asks know
    put_answers(row, {**CALM, "d.meds": handed}, known={}, sitting="", now=now)
    put_file(row, intake, Upload("letter.pdf", f"{slug} evening drops".encode()), now=now)
    db.session.flush()
    assess(intake_id=intake, why="submitted", now=now)
    remember_touch(intake_id=intake, now=now)
    raise_alert(intake_id=intake, revision=row.revision, now=now)
    with acting_as(Actor("staff", account_id)):
        review(intake_id=intake, seen=None, decision=Decision("proceed"), now=now)
    add(ConsentText(hash=slug, document="privacy", locale="en", words=slug, first_shown_at=now))
    add(
        Consent(
            number=1, client_id=client_id, intake_id=intake, booking_id=booking_id, purpose="privacy", choice="given",
            text_hash=slug, locale="en", method="link", at=now, sealed=b"-", sealed_hash="-", previous_hash="",
            hash=slug,
        )
    )  # fmt: skip
    return intake
