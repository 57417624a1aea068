"""Keeping the offer: a service with who offers it, a practitioner with what they offer, a room."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from saas.db import action
from saas.stale import unchanged
from tenants.offers.queries import (
    all_rooms,
    all_services,
    everybody,
    practitioner_values,
    room_values,
    service_values,
)
from tenants.practitioners.actions import save_practitioner, save_room, set_practitioners, set_services
from tenants.practitioners.models import Practitioner, Room
from tenants.practitioners.queries import practitioner_by_id, room_by_id
from tenants.practitioners.rules import PractitionerRequest, RoomRequest
from tenants.services.actions import save_service
from tenants.services.models import Service
from tenants.services.queries import service_by_id
from tenants.services.rules import ServiceRequest


@action
def keep_service(
    *,
    service_id: UUID | None,
    request: ServiceRequest,
    people: Collection[UUID],
    now: datetime,
    seen: str | None = None,
) -> Service:
    """Keep a service and who offers it; a new one comes last. `ChangedMeanwhile` when it is not what was seen."""
    if service_id is None:
        place = _last(all_services())
    else:
        row = service_by_id(service_id, lock=True)
        unchanged(seen, *service_values(row))
        place = row.position
    kept = save_service(service_id=service_id, request=replace(request, position=place), now=now)
    set_practitioners(service_id=kept.id, practitioner_ids=people, now=now)
    return kept


@action
def keep_practitioner(
    *,
    practitioner_id: UUID | None,
    request: PractitionerRequest,
    services: Collection[UUID],
    now: datetime,
    seen: str | None = None,
) -> Practitioner:
    """Keep a practitioner and what they offer; a new one comes last. The account they log in with stays theirs."""
    place, account = _last(everybody()), None
    if practitioner_id is not None:
        row = practitioner_by_id(practitioner_id, lock=True)
        unchanged(seen, *practitioner_values(row))
        place, account = row.position, row.account_id
    whole = replace(request, position=place, account_id=account)
    kept = save_practitioner(practitioner_id=practitioner_id, request=whole, now=now)
    set_services(practitioner_id=kept.id, service_ids=services, now=now)
    return kept


@action
def keep_room(*, room_id: UUID | None, request: RoomRequest, now: datetime, seen: str | None = None) -> Room:
    """Keep a room; a new one is the last to be filled."""
    place = _last(all_rooms())
    if room_id is not None:
        row = room_by_id(room_id, lock=True)
        unchanged(seen, *room_values(row))
        place = row.position
    return save_room(room_id=room_id, request=replace(request, position=place), now=now)


def _last(rows: list[Service] | list[Practitioner] | list[Room]) -> int:
    return min(9999, max((row.position for row in rows), default=-1) + 1)
