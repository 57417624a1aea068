"""What an operator does about jobs and notices. Run in the platform's scope, whose audit tells of it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from saas import audit, outbox, webhooks
from saas.db import action, journey
from saas.tenancy import current_tenant, tenant_scope


@action
def retry(*, effect_id: UUID, now: datetime) -> None:
    """Give a job that was given up a new life."""
    outbox.revive(effect_id, now=now)
    audit.record("job.revived", target="outbox", target_id=effect_id, now=now)


@action
def retry_kind(*, kind: str, now: datetime) -> int:
    """The same for every job of a kind. Returns how many."""
    count = outbox.revive_kind(kind, now=now)
    audit.record("jobs.revived", target="outbox", target_id=None, now=now, kind=kind, count=count)
    return count


@journey
def handle_event_again(*, event_id: str, now: datetime) -> str:
    """Have a notice of Stripe's handled again; answers what was noted. `NoSuchEvent`, `CannotAsk`."""
    platform = current_tenant()
    noted = webhooks.handle_again(event_id, now=now)
    with tenant_scope(platform):
        _note_again(event_id=event_id, noted=noted, now=now)
    return noted


@action
def _note_again(*, event_id: str, noted: str, now: datetime) -> None:
    audit.record("event.handled_again", target="inbound_event", target_id=None, now=now, event=event_id, noted=noted)
