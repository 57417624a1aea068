"""The end of an erased client's keys: after the rows are gone, and again until it is done."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from saas.db import empty_log
from saas.jobs import Handler, Job
from saas.outbox import Effect
from saas.sealing import destroy_keys
from tenants.intake.drafts import remove_drafts
from tenants.privacy.actions import KEYS_DUE, erase_again
from tenants.privacy.queries import records_of


def keys_due(effect: Effect, *, now: datetime) -> None:
    """Destroy the keys of a client and of all records that were merged into theirs, and what a log has of them."""
    del now
    destroy_keys(records_of(UUID(str(effect.payload["client_id"]))))
    empty_log()


def again(*, now: datetime) -> None:
    """Every night: whoever comes back with older data is erased once more."""
    erase_again(now=now)


def drafts(*, now: datetime) -> None:
    """Every night: what was begun and never sent goes when its link has run out."""
    while remove_drafts(now=now):
        pass


HANDLERS: dict[str, Handler] = {KEYS_DUE: keys_due}
TIMETABLE = (
    Job("erase-again", again, after=timedelta(hours=3, minutes=50), each_clinic=True),
    Job("remove-drafts", drafts, after=timedelta(hours=3, minutes=55), each_clinic=True),
)
