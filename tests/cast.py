"""The people of the tests, and the clinics they belong to.

*Alma* owns Rowan Clinic, *Ben* practises there (and *Iris*), *Fern* is its front desk, *Cleo* is its client; *Mallory*
owns Thornfield, the clinic next door, and must see nothing; *Odo* operates the platform. The clock stands on Monday
23 March 2026, 09:00 UTC: the week before the clocks change in London.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from saas.tenancy import TenantRef

NOW = datetime(2026, 3, 23, 9, 0, tzinfo=UTC)
PASSWORD = "a long quiet sentence"


@dataclass(frozen=True)
class Clinic:
    """A clinic made for a test: its tenant, and the ids of what it has by slug."""

    ref: TenantRef
    home: str
    services: dict[str, UUID] = field(default_factory=dict)
    practitioners: dict[str, UUID] = field(default_factory=dict)
    rooms: dict[str, UUID] = field(default_factory=dict)
    accounts: dict[str, UUID] = field(default_factory=dict)
