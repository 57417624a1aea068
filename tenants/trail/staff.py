"""The clinic's audit, for owners."""

from __future__ import annotations

from flask import url_for

from saas.trail.rules import Entry
from saas.trail.staff import TrailView
from saas.words import later as _l
from tenants.intake.settings import intake_settings
from tenants.trail.words import ABOUT, DEEDS

_PAGES = {
    "account": "team.edit",
    "booking": "week_booking.index",
    "client": "client.details_view",
    "payment": "money.details_view",
    "policy": "policy.details_view",
    "practitioner": "practitioner.details_view",
    "room": "room.details_view",
    "service": "service.details_view",
}


class AuditView(TrailView):
    """Who did what, and who read whose record."""

    roles = ("owner",)
    deeds = DEEDS
    targets = ABOUT
    actors = ("client", "operator", "system")
    beside = (("looks.index", _l("Who opened what, month by month")),)

    def __init__(self) -> None:
        super().__init__(name=_l("Audit"), endpoint="audit", url="audit")

    def kept_back(self) -> frozenset[str]:
        """Which sections somebody read, where owners do not read answers: a section is quoted where it matters."""
        return frozenset() if intake_settings().owner_reads else frozenset({"sections"})

    def address_of(self, entry: Entry) -> str | None:
        page = _PAGES.get(entry.target)
        return url_for(page, id=entry.target_id) if page and entry.target_id else None
