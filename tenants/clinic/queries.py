"""What pages ask of the clinic's own row: the view every page is drawn with, its texts, logo and policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Uuid, bindparam, select

from saas import formats, theme
from saas.db import db, line
from saas.prepared import Prepared
from saas.tenancy import TenantRef, current_tenant
from tenants.clinic.models import Clinic, MailText, Policy
from tenants.clinic.notices import Envelope, Notices
from tenants.clinic.rules import Note, PolicyRequest, Profile


@dataclass(frozen=True)
class Fact:
    """A line of the landing page's "Visit"."""

    label: str
    text: str


@dataclass(frozen=True)
class ClinicView:
    """What every template may know of the clinic. `phone` as people there write it, `phone_href` with the whole number.

    `theme_version` names the stylesheet, `min_notice_min` and `horizon_days` are the booking rules (None = no end).
    """

    name: str
    slug: str
    tz: str
    currency: str
    country: str
    locale: str
    brand: str
    heading_style: theme.Heading
    theme_version: str
    headline: str
    lead: str
    person: str
    first_name: str
    place: str
    address_lines: list[str]
    map_url: str | None
    phone: str
    phone_href: str
    email: str
    promises: list[Note]
    facts: list[Fact]
    logo_url: str | None
    accepting: bool
    min_notice_min: int
    horizon_days: int | None


@dataclass(frozen=True)
class Document:
    """A text of the clinic's own, safe to show as HTML, and when it last changed."""

    html: str
    updated_at: datetime | None


def clinic_view(*, logo_at: Callable[[str], str] = "/logo/{}".format) -> ClinicView:
    """The entered clinic, by one query. `logo_at(hash)` makes the logo's address.

    A clinic that has not said anything yet has only its name, and takes no bookings.
    """
    tenant = current_tenant()
    row = db.session.connection().execute(_view_statement(), {"mine": tenant.id}).one_or_none()
    return _view(tenant, row or _blank(), logo_at)


@lru_cache(maxsize=1)
def _view_statement() -> Any:
    # Columns, not the entity: every page asks, and nothing is ever changed through the answer. Names its tenant itself.
    columns = Clinic.__table__.c
    return select(*(columns[name] for name in _SHOWN)).where(columns.tenant_id == bindparam("mine", type_=Uuid()))


_SHOWN = (
    "headline", "lead", "person", "first_name", "place", "address", "map_url", "phone", "email", "promises", "facts",
    "brand", "heading_style", "logo_hash", "min_notice_min", "horizon_days", "accepting",
)  # fmt: skip


_EMPTY: Mapping[str, Any] = {
    **dict.fromkeys(("headline", "lead", "person", "first_name", "place", "address", "map_url", "phone", "email"), ""),
    "promises": [], "facts": [], "brand": theme.PLATFORM_BRAND, "heading_style": "serif",
    "min_notice_min": 720, "horizon_days": 42, "accepting": False,
    "privacy_text": "", "imprint_text": "", "set_up": {}, "origins": [],
}  # fmt: skip


def _blank() -> Clinic:
    return Clinic(**_EMPTY)


def _view(tenant: TenantRef, row: Any, logo_at: Callable[[str], str]) -> ClinicView:
    heading: theme.Heading = "sans" if row.heading_style == "sans" else "serif"
    return ClinicView(
        name=tenant.name,
        slug=tenant.slug,
        tz=tenant.zone,
        currency=tenant.currency,
        country=tenant.country,
        locale=tenant.locale,
        brand=row.brand,
        heading_style=heading,
        theme_version=theme.version(row.brand, heading),
        headline=row.headline or tenant.name,
        lead=row.lead,
        person=row.person,
        first_name=row.first_name,
        place=row.place,
        address_lines=row.address.splitlines(),
        map_url=row.map_url or None,
        phone=formats.phone(row.phone, tenant.country) if row.phone else "",
        phone_href=f"tel:{row.phone}" if row.phone else "",
        email=row.email,
        promises=[Note(item["title"], item["text"]) for item in row.promises],
        facts=[Fact(item["label"], item["text"]) for item in row.facts],
        logo_url=logo_at(row.logo_hash) if row.logo_hash else None,
        accepting=row.accepting,
        min_notice_min=row.min_notice_min,
        horizon_days=row.horizon_days,
    )


def profile_of(row: Clinic) -> Profile:
    """What clients read of the clinic, as it is kept."""
    return Profile(
        headline=row.headline,
        lead=row.lead,
        person=row.person,
        first_name=row.first_name,
        place=row.place,
        address=row.address,
        map_url=row.map_url,
        phone=row.phone,
        email=row.email,
        promises=tuple(Note(item["title"], item["text"]) for item in row.promises),
        facts=tuple(Note(item["label"], item["text"]) for item in row.facts),
    )


def own_row() -> Clinic:
    """The clinic's own row to look at; one that has not been made yet looks empty, and is not."""
    found: Clinic | None = db.session.execute(select(Clinic)).scalar_one_or_none()
    return found or Clinic(**_EMPTY)


def terms_of(row: Policy) -> PolicyRequest:
    """A version of the policy as the value it was kept from."""
    return PolicyRequest(row.free_hours, row.late_fee_percent, row.no_show_percent, row.terms)


def allowed_origins() -> tuple[str, ...]:
    """Whose pages may frame the times and call the API from a browser; one query."""
    return tuple(db.session.execute(select(Clinic.origins)).scalar_one_or_none() or ())


def notices() -> Notices:
    """When the entered clinic's mails go out. Made ready: every booking asks."""
    found = _notices().rows(line(), {"mine": current_tenant().id})
    return Notices(*found[0]) if found else Notices()


@lru_cache(maxsize=1)
def _notices() -> Prepared:
    columns = Clinic.__table__.c
    wanted = (columns[field.name] for field in fields(Notices))
    return Prepared(select(*wanted).where(columns.tenant_id == bindparam("mine", type_=Uuid())))


def envelope() -> Envelope:
    """The outside of the entered clinic's mails to its clients."""
    row = db.session.execute(select(Clinic.sender_name, Clinic.subject_words)).one_or_none()
    return Envelope(*row) if row else Envelope()


def document(which: str) -> Document:
    """The clinic's `privacy` notice or `imprint`; empty when it has written none."""
    column = {"privacy": Clinic.privacy_text, "imprint": Clinic.imprint_text}[which]
    row = db.session.execute(select(column, Clinic.texts_updated_at)).one_or_none()
    return Document(row[0], row[1]) if row else Document("", None)


def logo(version: str) -> tuple[bytes, str] | None:
    """The logo's bytes and type, if this is still its version."""
    found = select(Clinic.logo, Clinic.logo_type).where(Clinic.logo_hash == version)
    row = db.session.execute(found).one_or_none()
    return (row[0], row[1]) if row and row[0] is not None and row[1] else None


def latest_policy() -> Policy | None:
    """The cancellation policy that holds for new bookings."""
    return db.session.execute(select(Policy).order_by(Policy.version.desc()).limit(1)).scalar_one_or_none()


def mail_text(kind: str) -> str:
    """The clinic's own paragraph in mails of this kind."""
    return db.session.execute(select(MailText.text).where(MailText.kind == kind)).scalar_one_or_none() or ""


def mail_texts() -> dict[str, str]:
    """Kind → the clinic's own paragraph, for the kinds that have one."""
    return {row[0]: row[1] for row in db.session.execute(select(MailText.kind, MailText.text)) if row[1]}
