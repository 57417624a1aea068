"""The chain's place in the timetable."""

from __future__ import annotations

from datetime import timedelta

from saas.jobs import Job
from saas.trail.actions import chain

TIMETABLE = (
    Job("chain-audit", chain, every=timedelta(hours=1), each_clinic=True),
    Job("chain-platform-audit", chain, every=timedelta(hours=1)),
)
