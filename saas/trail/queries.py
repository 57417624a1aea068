"""Reads of the trail: along the chain, and a page at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from saas.accounts.queries import accounts
from saas.audit import Audit
from saas.crypto import keyed_hash
from saas.db import db
from saas.tenancy import current_tenant
from saas.trail.models import AuditLink
from saas.trail.rules import Entry, Finding, Link, Walk, floor, walk

_BATCH = 1000
_CHAINED = exists().where(AuditLink.tenant_id == Audit.tenant_id, AuditLink.audit_id == Audit.id)


def chain_hash(text: str) -> str:
    """The keyed hash of one link of the entered tenant's chain."""
    return keyed_hash("audit-chain", current_tenant().id, text)


def entry_of(row: Audit) -> Entry:
    """A row as a value."""
    return Entry(row.id, row.at, row.actor, row.account_id, row.deed, row.target, row.target_id, row.facts)


def last_link() -> AuditLink | None:
    """The newest link of the entered tenant's chain."""
    found = select(AuditLink).order_by(AuditLink.seq.desc()).limit(1)
    return db.session.execute(found).scalar_one_or_none()


def unchained(*, after: datetime | None, limit: int) -> Sequence[Audit]:
    """Rows that no link names yet, oldest first; none that says it is older than `after`."""
    found = select(Audit).where(~_CHAINED)
    if after is not None:
        found = found.where(Audit.at >= after)
    return db.session.execute(found.order_by(Audit.at, Audit.id).limit(limit)).scalars().all()


@dataclass(frozen=True)
class Verdict:
    """What is to be said of one tenant's trail. `waiting`: rows not chained yet, which is no fault."""

    walk: Walk
    waiting: int
    inserted: Finding | None

    @property
    def sound(self) -> bool:
        """Whether nothing was altered, taken away or put in."""
        return self.walk.finding is None and self.inserted is None and self.walk.expected


def verify(*, expect: str | None = None) -> Verdict:
    """Go along the entered tenant's whole chain, and look for rows that were put in beside it."""
    told = walk(_links(), chain_hash, expect=expect)
    last = last_link()
    oldest = floor(last.at if last else None)
    waiting = select(func.count()).select_from(Audit).where(~_CHAINED)
    inserted = None
    if oldest is not None:
        late = unchained_before(oldest)
        inserted = Finding("inserted", None, late.id, late.at, late.deed) if late else None
        waiting = waiting.where(Audit.at >= oldest)
    return Verdict(told, db.session.execute(waiting).scalar_one(), inserted)


def unchained_before(oldest: datetime) -> Audit | None:
    """The first row that no link names though it says that it is older than `oldest`."""
    found = select(Audit).where(~_CHAINED, Audit.at < oldest).order_by(Audit.at, Audit.id).limit(1)
    return db.session.execute(found).scalar_one_or_none()


def _standing(row: Audit | None) -> Entry | None:
    return None if row is None else entry_of(row)


def _links() -> Iterator[Link]:
    """In portions by number: neither all of it in memory, nor one cursor open for as long as that takes."""
    both = and_(Audit.tenant_id == AuditLink.tenant_id, Audit.id == AuditLink.audit_id)
    found = select(AuditLink, Audit).outerjoin(Audit, both).order_by(AuditLink.seq).limit(_BATCH)
    seq = 0
    while True:
        rows = db.session.execute(found.where(AuditLink.seq > seq)).all()
        for link, row in rows:
            seq = link.seq
            yield Link(link.seq, link.audit_id, link.hash, link.at, _standing(row))
        db.session.expunge_all()
        if len(rows) < _BATCH:
            return


@dataclass(frozen=True)
class Wanted:
    """What of the trail is asked for. `actor`: a kind, of rows that name no account. `since` and `until`: half-open UTC
    instants. `older_than`: the last row of the page before."""

    account_id: UUID | None = None
    actor: str = ""
    deed: str = ""
    target: str = ""
    target_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    older_than: UUID | None = None


def trail(wanted: Wanted, *, limit: int) -> list[Entry]:
    """Newest first, at most `limit`. Each narrowing has an index that begins with the tenant."""
    found = select(Audit).where(*_narrowed(wanted))
    if wanted.older_than is not None:
        mark = db.session.execute(select(Audit.at).where(Audit.id == wanted.older_than)).scalar_one_or_none()
        if mark is not None:
            found = found.where(or_(Audit.at < mark, and_(Audit.at == mark, Audit.id < wanted.older_than)))
            found = found.where(Audit.at <= mark)
    newest = found.order_by(Audit.at.desc(), Audit.id.desc()).limit(limit)
    return [entry_of(row) for row in db.session.execute(newest).scalars()]


def _narrowed(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.account_id is not None:
        yield Audit.account_id == wanted.account_id
    if wanted.actor:
        yield and_(Audit.account_id.is_(None), Audit.actor == wanted.actor)
    if wanted.deed:
        yield Audit.deed == wanted.deed
    if wanted.target_id is not None:
        yield and_(Audit.target == wanted.target, Audit.target_id == wanted.target_id)
    if wanted.since is not None:
        yield Audit.at >= wanted.since
    if wanted.until is not None:
        yield Audit.at < wanted.until


def people() -> dict[UUID, str]:
    """Everybody who logs in at the entered tenant, or once did, by id."""
    return {one.id: one.name for one in accounts()}
