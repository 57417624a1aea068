"""Who opened how much of whose, month by month: what the owner goes through. From the audit and nothing else.

Counted in the database, over four months of it (found by `ix_audit_deed`), so that years of audit cost nothing. No
answer is read for it: it knows that something was opened, and not what it said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import CTE, ColumnElement, Integer, Subquery, and_, case, exists, false, func, or_, select
from sqlalchemy import cast as as_type

from saas.accounts.queries import accounts
from saas.audit import Audit
from saas.db import db
from saas.tenancy import current_tenant
from tenants.availability.walltime import to_datetime
from tenants.bookings.calendars import read_hours, schedule_of
from tenants.bookings.models import Booking
from tenants.bookings.rules import UNBOOKED
from tenants.clients.models import Client
from tenants.intake.models import Intake
from tenants.intake.read_reviews import begins, month_before
from tenants.intake.who_opened import LOOKED_AT, LOOKS
from tenants.practitioners.models import Practitioner
from tenants.privacy.rules import Open, family_words, working_days

MONTHS_BEFORE = 3
PAGE = 50


@dataclass(frozen=True)
class Tally:
    """What one account opened in a month. Counts of looks, but `clients`, `strangers` and `namesakes`, which count
    clients. `usual`: looks a month in the three before it. `strangers`: clients without a booking with this person;
    None for whoever gives no sessions. `name` is "" for whoever is not of the clinic."""

    account_id: UUID | None
    name: str
    role: str
    records: int
    answers: int
    usual: float
    outside: int
    clients: int
    strangers: int | None
    namesakes: int


@dataclass(frozen=True)
class Noticed:
    """A client of whom one account opened something in a way that a second look is worth."""

    client_id: UUID
    client: str
    looks: int
    outside: int
    stranger: bool
    namesake: bool


class Month:
    """One month of looks, as its page asks about it. `first`: its first day on the clinic's clock."""

    def __init__(self, first: date) -> None:
        self.lo, self.hi = begins(first), begins(month_before(first, months=-1))
        self.before = begins(month_before(first, months=MONTHS_BEFORE))
        self._people = {one.id: one for one in accounts()}
        found = db.session.execute(select(Practitioner.id, Practitioner.account_id)).all()
        self._giving = {row.account_id for row in found if row.account_id}
        self.open = _open_days([row.id for row in found], self.lo, self.hi)

    def tallies(self) -> list[Tally]:
        """A line for each account that opened something, whoever opened most first. Two queries."""
        pairs = self._pairs()
        beside = select(
            pairs.c.account_id, func.count().label("clients"), _how_many(pairs.c.stranger).label("strangers"),
            _how_many(pairs.c.namesake).label("namesakes"),
        )  # fmt: skip
        by_account = {row.account_id: row for row in db.session.execute(beside.group_by(pairs.c.account_id))}
        found = [self._tally(row, by_account.get(row.account_id)) for row in db.session.execute(self._sums())]
        return sorted(found, key=lambda one: (-one.records - one.answers, one.name))

    def noticed(self, account_id: UUID | None, *, page: int = 0) -> tuple[list[Noticed], bool]:
        """The clients of whom this account opened something out of hours, without a booking, or with the same family
        name; by name, and whether there are more. One query."""
        pairs = self._pairs()
        stranger = pairs.c.stranger if account_id in self._giving else false()
        worth = or_(pairs.c.outside > 0, stranger, pairs.c.namesake)
        columns = pairs.c.client_id, pairs.c.name, pairs.c.looks, pairs.c.outside, stranger, pairs.c.namesake
        found = select(*columns).where(pairs.c.account_id == account_id, worth)
        ordered = found.order_by(pairs.c.name, pairs.c.client_id).limit(PAGE + 1).offset(page * PAGE)
        lines = [
            Noticed(row[0], row[1], row[2], row[3], bool(row[4]), bool(row[5])) for row in db.session.execute(ordered)
        ]
        return lines[:PAGE], len(lines) > PAGE

    def name_of(self, account_id: UUID) -> str:
        """How this account's person is called; "" for whoever is not of the clinic."""
        known = self._people.get(account_id)
        return known.name if known else ""

    def _tally(self, sums: Any, beside: Any) -> Tally:
        person = self._people.get(sums.account_id)
        return Tally(
            account_id=sums.account_id, name=person.name if person else "", role=person.role if person else "",
            records=sums.records, answers=sums.answers, usual=sums.earlier / MONTHS_BEFORE, outside=sums.outside,
            clients=beside.clients if beside else 0,
            strangers=(beside.strangers if beside else 0) if sums.account_id in self._giving else None,
            namesakes=beside.namesakes if beside else 0,
        )  # fmt: skip

    def _sums(self) -> Any:
        seen = _looks(self.before, self.hi)
        now, answers = seen.c.at >= self.lo, seen.c.target == "intake"
        return (
            select(
                seen.c.account_id, _how_many(and_(now, ~answers)).label("records"),
                _how_many(and_(now, answers)).label("answers"), _how_many(~now).label("earlier"),
                _how_many(and_(now, self._outside(seen))).label("outside"),
            )
            .group_by(seen.c.account_id)
            .having(_how_many(now) > 0)
        )  # fmt: skip

    def _pairs(self) -> Subquery:
        """A row for each account and client: looks, how many of them out of hours, and what is worth a second look."""
        looks = _looks(self.lo, self.hi)
        whose = func.coalesce(Intake.client_id, looks.c.target_id)
        who, mine = func.coalesce(Client.merged_into_id, Client.id), current_tenant().id
        seen = (
            select(
                looks.c.account_id, who.label("client_id"), func.count().label("looks"),
                _how_many(self._outside(looks)).label("outside"),
            )
            .select_from(looks)
            .outerjoin(Intake, and_(Intake.tenant_id == mine, Intake.id == looks.c.target_id))
            .join(Client, and_(Client.tenant_id == mine, Client.id == whose))
            .group_by(looks.c.account_id, who)
            .subquery()
        )  # fmt: skip
        theirs = exists().where(
            Booking.tenant_id == Client.tenant_id, Booking.client_id == Client.id,
            Booking.practitioner_id == Practitioner.id, Practitioner.tenant_id == Booking.tenant_id,
            Practitioner.account_id == seen.c.account_id, Booking.status.not_in(UNBOOKED),
        )  # fmt: skip
        return (
            select(seen, Client.name, (~theirs).label("stranger"), self._namesake(seen).label("namesake"))
            .join(Client, and_(Client.tenant_id == current_tenant().id, Client.id == seen.c.client_id))
            .subquery()
        )

    def _outside(self, seen: CTE) -> ColumnElement[bool]:
        return ~or_(false(), *(and_(seen.c.at >= day.begins, seen.c.at < day.ends) for day in self.open))

    def _namesake(self, seen: Subquery) -> ColumnElement[bool]:
        same = [
            and_(seen.c.account_id == one.id, or_(*_has(word)))
            for one in self._people.values()
            for word in family_words(one.name)
        ]
        return or_(false(), *same)


def _has(word: str) -> Iterable[ColumnElement[bool]]:
    yield Client.name_key.like(f"% {word}")
    yield Client.name_key.like(f"% {word} %")


def _looks(lo: datetime, hi: datetime) -> CTE:
    """The looks in `[lo, hi)`, taken out before they are counted: else SQLite goes through years of them in the order
    of accounts (measured: three times the page)."""
    columns = Audit.account_id, Audit.target, Audit.target_id, Audit.at
    found = select(*columns).where(
        Audit.tenant_id == current_tenant().id, Audit.deed.in_(LOOKS), Audit.target.in_(LOOKED_AT),
        Audit.at >= lo, Audit.at < hi,
    )  # fmt: skip
    return found.cte().prefix_with("MATERIALIZED")


def _how_many(what: ColumnElement[bool]) -> ColumnElement[int]:
    return as_type(func.sum(case((what, 1), else_=0)), Integer())


def _open_days(people: Sequence[UUID], lo: datetime, hi: datetime) -> list[Open]:
    """The clinic's day, each from the first hour that anybody gave sessions to the last. One query."""
    zone = current_tenant().zone
    held = read_hours(people, lo, hi)
    first, last = (moment.astimezone(ZoneInfo(zone)).toordinal() for moment in (lo, hi))
    windows = [
        (to_datetime(start), to_datetime(end))
        for who in people
        for start, end in schedule_of(zone, held.weekly[who], held.days[who], held.breaks[who]).windows(first, last)
    ]
    return working_days(windows, zone)
