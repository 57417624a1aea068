"""Who agreed to words that have changed since: they stay valid for their time, and the next booking asks again.

A receipt is to older words when the document or the sentence of its version, in the language it was read in, is not
what the questionnaire that is out now says. Names in a text (the clinic's, the practitioner's) count for nothing here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from saas.db import db
from saas.tenancy import current_tenant
from tenants.bookings.models import Booking
from tenants.bookings.rules import LIVE
from tenants.clients.models import Client
from tenants.intake.asking import Paper
from tenants.intake.consents import filled, purpose_of, words_shown
from tenants.intake.models import Consent, QuestionnaireVersion
from tenants.intake.queries import paper_for, published
from tenants.intake.questions import Item, in_language
from tenants.privacy.queries import is_erased

PAGE = 50


@dataclass(frozen=True)
class Older:
    """Words that somebody's agreement is still to. `purpose`: what to; `sentence`: as it reads today; `number` and
    `since`: the version in which these words first came out, known by `version`; `readings`: (hash of a version,
    language) of whoever read them."""

    purpose: str
    version: str
    sentence: str
    number: int
    since: date
    clients: int
    readings: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Agreed:
    """A client who agreed to older words. `booking_id`, `session_at`: their next session, where there is one."""

    client_id: UUID
    name: str
    at: datetime
    booking_id: UUID | None
    session_at: datetime | None


def older_texts(language: str) -> list[Older]:
    """The words that were replaced and that somebody's agreement is still to, as the questions stand now, the oldest
    first within each. Three queries, and one for each version that is not remembered."""
    version_id = published()
    if version_id is None:
        return []
    today = paper_for(version_id)
    newest = _newest().subquery()
    asked = select(newest.c.purpose, newest.c.version_hash, newest.c.locale, func.count())
    rows = db.session.execute(asked.group_by(newest.c.purpose, newest.c.version_hash, newest.c.locale)).all()
    versions = _versions({row.version_hash for row in rows})
    readings: dict[tuple[str, str], dict[tuple[str, str], int]] = defaultdict(dict)
    for purpose, digest, locale, count in rows:
        now = _words(today, purpose, locale)
        if now and digest in versions and not _words(versions[digest][1], purpose, locale) & now:
            first = _first(versions, digest, purpose, locale)
            readings[purpose, first][digest, locale] = count
    found = [
        Older(
            purpose, first, _sentence(today, purpose, language), versions[first][0].number, _day(versions[first][0]),
            sum(counts.values()), tuple(sorted(counts)),
        )
        for (purpose, first), counts in readings.items()
    ]  # fmt: skip
    order = list(_asked(today))
    return sorted(found, key=lambda one: (order.index(one.purpose), one.number))


def agreed_to(older: Older, *, page: int, now: datetime) -> tuple[list[Agreed], bool]:
    """Whose agreement is to these words, by name, a page at a time; and whether there are more. Two queries."""
    newest = _newest().subquery()
    read_so = or_(*(and_(newest.c.version_hash == digest, newest.c.locale == lang) for digest, lang in older.readings))
    found = (
        select(newest.c.owner, newest.c.name, newest.c.at)
        .where(newest.c.purpose == older.purpose, read_so)
        .order_by(newest.c.name, newest.c.owner)
        .limit(PAGE + 1)
        .offset(page * PAGE)
    )
    rows = db.session.execute(found).all()
    coming = _coming([row.owner for row in rows[:PAGE]], now=now)
    nothing = (None, None)
    return [Agreed(*row, *coming.get(row.owner, nothing)) for row in rows[:PAGE]], len(rows) > PAGE


def _newest() -> Select[tuple[UUID, str, str, str, str, datetime]]:
    """The last receipt of each client for each purpose, where it says yes; of merged records the survivor's."""
    mine, person = current_tenant().id, aliased(Client)
    owner = func.coalesce(Client.merged_into_id, Client.id)
    last = (
        select(func.max(Consent.number).label("number"), owner.label("owner"))
        .join(Client, and_(Client.tenant_id == mine, Client.id == Consent.client_id))
        .where(Consent.tenant_id == mine)
        .group_by(owner, Consent.purpose)
        .subquery()
    )
    return (
        select(
            last.c.owner, person.name, Consent.purpose, Consent.version_hash, Consent.locale, Consent.at,
        )
        .select_from(last)
        .join(Consent, and_(Consent.tenant_id == mine, Consent.number == last.c.number))
        .join(person, and_(person.tenant_id == mine, person.id == last.c.owner))
        .where(Consent.choice == "given", ~is_erased(person))
    )  # fmt: skip


def _coming(ids: Sequence[UUID], *, now: datetime) -> dict[UUID, tuple[UUID, datetime]]:
    """Client → their next session."""
    found = select(Booking.client_id, Booking.id, Booking.starts_at).where(
        Booking.client_id.in_(ids), Booking.status.in_(LIVE), Booking.starts_at > now
    )
    return {
        row.client_id: (row.id, row.starts_at)
        for row in db.session.execute(found.order_by(Booking.starts_at.desc()))
        if row.client_id is not None
    }


_Versions = Mapping[str, tuple[QuestionnaireVersion, Paper]]


def _versions(hashes: set[str]) -> _Versions:
    """By hash, the oldest first; one that was published twice counts from its first time."""
    found = select(QuestionnaireVersion).where(QuestionnaireVersion.hash.in_(hashes))
    rows = db.session.execute(found.order_by(QuestionnaireVersion.published_at.desc())).scalars()
    oldest = {row.hash: row for row in rows}
    return {digest: (row, paper_for(row.id)) for digest, row in reversed(oldest.items())}


def _first(versions: _Versions, digest: str, purpose: str, lang: str) -> str:
    """The oldest version whose words for this are the same as those of version `digest`."""
    words = _words(versions[digest][1], purpose, lang)
    same = (one for one in versions if words & _words(versions[one][1], purpose, lang))
    return min(same, key=lambda one: versions[one][0].published_at)


def _asked(paper: Paper) -> dict[str, list[Item]]:
    """What a version asks to agree to: purpose → the questions that ask for it, in their order."""
    found: dict[str, list[Item]] = defaultdict(list)
    for place in paper.places.values():
        if place.item.kind == "consent":
            found[purpose_of(place.item)].append(place.item)
    return found


def _words(paper: Paper, purpose: str, lang: str) -> set[str]:
    """Everything that this version says where it asks for this, before names are put in."""
    return {words_shown(paper, item, lang=lang, names={}) for item in _asked(paper).get(purpose, ())}


def _sentence(paper: Paper, purpose: str, lang: str) -> str:
    clinic = current_tenant().name
    return filled(in_language(_asked(paper)[purpose][0].text, lang), {"clinic": clinic, "practitioner": clinic})


def _day(version: QuestionnaireVersion) -> date:
    return version.published_at.astimezone(ZoneInfo(current_tenant().zone)).date()
