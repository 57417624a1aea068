"""What is forgotten by itself: files of clients that nobody said yes to."""

from __future__ import annotations

from datetime import datetime, timedelta

from saas.jobs import Job
from tenants.clients.actions import clear_files


def clear(*, now: datetime) -> None:
    """In the entered clinic."""
    clear_files(now=now)


TIMETABLE = (Job("clear-client-files", clear, after=timedelta(hours=3, minutes=40), each_clinic=True),)
