"""A clinic's intake for the wall tests: every table has a row that the neighbour must not reach."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from saas.db import action, db
from tenants.intake.models import (
    Consent,
    ConsentText,
    FlagRules,
    Intake,
    IntakeAlert,
    IntakeAnswer,
    IntakeFlags,
    IntakeReview,
    IntakeSetting,
    Questionnaire,
    QuestionnaireVersion,
    TouchMap,
)


@action
def furnish_intake(*, client_id: UUID, booking_id: UUID, account_id: UUID, slug: str, now: datetime) -> UUID:
    """One row of each kind about this client; the id of the intake."""

    def add(row: Any) -> UUID:
        db.session.add(row)
        db.session.flush()
        return UUID(str(row.id))

    asked = add(Questionnaire(key="own", kind="intake", title=slug, draft={}, draft_at=now, created_at=now))
    version = add(
        QuestionnaireVersion(questionnaire_id=asked, number=1, hash=slug, definition={}, published_at=now)
    )  # fmt: skip
    add(FlagRules(number=1, hash=slug, rules={}, changed_at=now, published_at=now))
    add(IntakeSetting(chosen={}, changed_at=now))
    intake = add(
        Intake(
            client_id=client_id, booking_id=booking_id, questionnaire_version_id=version, status="submitted",
            link_hash=slug, requested_at=now,
        )
    )  # fmt: skip
    add(IntakeAnswer(intake_id=intake, item_key=slug, revision=1, sealed=b"-", at=now))
    add(IntakeFlags(intake_id=intake, number=1, rules_hash=slug, revision=1, why="saved", sealed=b"-", at=now))
    add(IntakeAlert(intake_id=intake, kind="answer", raised_at=now))
    add(IntakeReview(intake_id=intake, account_id=account_id, revision=1, at=now, sealed=b"-"))
    add(TouchMap(client_id=client_id, intake_id=intake, source="intake", at=now, sealed=b"-"))
    add(ConsentText(hash=slug, document="privacy", locale="en", words=slug, first_shown_at=now))
    add(
        Consent(
            number=1, client_id=client_id, intake_id=intake, booking_id=booking_id, purpose="privacy", choice="given",
            text_hash=slug, locale="en", method="link", at=now, sealed=b"-", sealed_hash="-", previous_hash="",
            hash=slug,
        )
    )  # fmt: skip
    return intake
