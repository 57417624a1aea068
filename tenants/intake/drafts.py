"""Answers that were begun and never sent: gone when their link has run out, as clients are told on the first page."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, exists, select

from saas import audit
from saas.db import action, db
from tenants.clients.models import Client
from tenants.intake.models import Intake, IntakeAlert, IntakeAnswer, IntakeFile, IntakeFlags
from tenants.intake.queries import OPEN

_AT_ONCE = 200


@action
def remove_drafts(*, now: datetime) -> int:
    """Remove what was saved in intakes that ran out and were never sent, those of cancelled sessions too; how many
    there were, at most 200 a time.

    What somebody was alerted to stays: the team acted on it, and it is part of the record. So does all of a record on
    hold. Receipts stay too.
    """
    alerted = exists().where(IntakeAlert.tenant_id == Intake.tenant_id, IntakeAlert.intake_id == Intake.id)
    held = exists().where(
        Client.tenant_id == Intake.tenant_id, Client.id == Intake.client_id, Client.held_at.is_not(None)
    )
    has_some = exists().where(IntakeAnswer.tenant_id == Intake.tenant_id, IntakeAnswer.intake_id == Intake.id)
    over = (
        select(Intake)
        .where(
            Intake.status.in_(OPEN) | (Intake.status.in_(("closed", "expired")) & has_some),
            Intake.submitted_at.is_(None),
            Intake.expires_at <= now,
            ~alerted,
            ~held,
        )
        .order_by(Intake.expires_at, Intake.id)
        .limit(_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    rows = list(db.session.execute(over).scalars())
    for row in rows:
        for model in (IntakeAnswer, IntakeFile, IntakeFlags):
            db.session.execute(delete(model).where(model.intake_id == row.id))
        row.status, row.part = "expired" if row.status in OPEN else row.status, ""
        audit.record("intake.draft_removed", target="intake", target_id=row.id, now=now)
    return len(rows)
