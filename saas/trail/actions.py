"""Chaining: each row of the audit gets its number and a hash over itself and all before it.

In the order in which the job meets the rows, not in that of their times: a row whose transaction ends late is chained
by the next run and breaks nothing. Nothing here may hold up a booking, so no row is locked: two workers that take the
same number meet at a unique key, and the second leaves the work to the first.

What the law wants forgotten is not in these rows: they hold ids and codes. Should a row have to go all the same, the
owner of the tables drops the append-only triggers, deletes it, and writes down the link's number: `flask audit verify`
will name it as missing for ever, and that is right.
"""

from __future__ import annotations

from datetime import datetime

import structlog

from saas.db import action, db, flush_or
from saas.errors import Conflict
from saas.tenancy import current_tenant
from saas.trail.models import AuditLink
from saas.trail.queries import chain_hash, entry_of, last_link, unchained
from saas.trail.rules import START, canonical, floor

BATCH = 500
_log = structlog.get_logger("longtide.audit")


class ChainedElsewhere(Conflict):
    """Another worker is chaining this tenant's rows just now."""

    code = "chained-elsewhere"


def chain(*, now: datetime) -> int:
    """Chain every row of the entered tenant that waits. Returns how many. The head goes to the log too, which is kept
    elsewhere: only against such a note can links be missed that were cut off at the end."""
    done = 0
    try:
        while made := _chain_some(now=now):
            done += made
            if made < BATCH:
                break
    except ChainedElsewhere:
        return done
    last = last_link()
    if done and last is not None:
        _log.info("audit.chained", tenant=str(current_tenant().id), links=last.seq, head=last.hash)
    return done


@action
def _chain_some(*, now: datetime) -> int:
    last = last_link()
    seq, head = (last.seq, last.hash) if last else (0, START)
    rows = unchained(after=floor(last.at if last else None), limit=BATCH)
    # A full portion may leave rows behind it that are older than `now` by any time: a worker was away for a day.
    until = now if len(rows) < BATCH else min(now, rows[-1].at)
    for row in rows:
        seq += 1
        head = chain_hash(canonical(head, seq, until, entry_of(row)))
        db.session.add(AuditLink(seq=seq, audit_id=row.id, hash=head, at=until))
    flush_or({"audit_link": ChainedElsewhere})
    return len(rows)
