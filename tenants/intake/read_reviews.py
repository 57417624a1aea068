"""Which months' looks at clients' records and answers the owner has gone through. The page is in tenants/privacy."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select

from saas import audit
from saas.audit import Audit
from saas.db import action, db, flush_or
from saas.errors import Conflict
from saas.tenancy import current_tenant
from saas.words import _
from tenants.intake.models import ReadReview
from tenants.intake.who_opened import LOOKED_AT, LOOKS


class MonthNotOver(Conflict):
    """More may be opened before it ends."""

    code = "month-not-over"

    def __init__(self) -> None:
        super().__init__(_("This month is not over yet. Go through it when it is"))


class ReviewedJustNow(Conflict):
    """Another owner said so in the same moment."""

    code = "reviewed-just-now"


def month_before(month: date, *, months: int = 1) -> date:
    """The first day of the month so many before this one."""
    count = month.year * 12 + month.month - 1 - months
    return date(count // 12, count % 12 + 1, 1)


def begins(month: date) -> datetime:
    """The instant at which a month begins on the clinic's clock."""
    return datetime.combine(month, time(), ZoneInfo(current_tenant().zone)).astimezone(UTC)


def this_month(now: datetime) -> date:
    """The first day of the running month on the clinic's clock."""
    return now.astimezone(ZoneInfo(current_tenant().zone)).date().replace(day=1)


def review_of(month: date) -> ReadReview | None:
    """Who went through this month, and when; None while nobody has."""
    return db.session.execute(select(ReadReview).where(ReadReview.month == month)).scalar_one_or_none()


def month_waits(*, now: datetime) -> date | None:
    """The month before this one, when somebody opened something in it and nobody has gone through that. One query."""
    ended = this_month(now)
    month = month_before(ended)
    done = exists().where(ReadReview.tenant_id == current_tenant().id, ReadReview.month == month)
    looked = select(Audit.id).where(
        Audit.deed.in_(LOOKS), Audit.target.in_(LOOKED_AT), Audit.at >= begins(month), Audit.at < begins(ended)
    )
    waits = db.session.execute(looked.where(~done).limit(1)).first() is not None
    return month if waits else None


@action
def mark_reviewed(*, month: date, account_id: UUID, now: datetime) -> None:
    """The owner's word that they went through a month. Twice is once: the first stands. `MonthNotOver`."""
    if month >= this_month(now):
        raise MonthNotOver
    if review_of(month) is not None:
        return
    row = ReadReview(month=month, account_id=account_id, at=now)
    db.session.add(row)
    flush_or({"read_review": ReviewedJustNow})
    audit.record("reads.reviewed", target="read_review", target_id=row.id, now=now, month=month.isoformat()[:7])
