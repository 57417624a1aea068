"""Making clinics and changing their state. Run in the platform's scope: its audit tells who did what to whom."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import select

from saas import audit
from saas.db import action, db, flush_or
from saas.errors import Conflict, DomainError, Forbidden, Invalid
from saas.fleet.queries import NoSuchClinic, NoSuchDomain
from saas.fleet.rules import PLATFORM_SLUG, ClinicEdit, ClinicRequest, clean_clinic, clean_edit, clean_host
from saas.stale import unchanged
from saas.tenancy import (
    LIVE_STATUSES,
    Tenant,
    TenantDomain,
    TenantRef,
    current_or_none,
    find_platform,
    ref_of,
    tenant_scope,
)
from saas.text import clean_line
from saas.words import _

_STRIPE_ACCOUNT = re.compile(r"acct_[A-Za-z0-9_]{4,59}", re.ASCII)


class OnCreated(Protocol):
    """What gives a new clinic its own rows; a second call changes nothing."""

    def __call__(self, *, now: datetime) -> None: ...


class SlugTaken(Conflict):
    """Another clinic has this address."""

    code = "clinic-slug-taken"

    def __init__(self) -> None:
        sentence = _("Another clinic already has this address")
        super().__init__(sentence, fields={"slug": sentence})


class HostTaken(Conflict):
    """The host name is already somebody's."""

    code = "host-taken"

    def __init__(self) -> None:
        sentence = _("This host name is already in use")
        super().__init__(sentence, fields={"host": sentence})


class AccountTaken(Conflict):
    """Another clinic is paid on this Stripe account."""

    code = "stripe-account-taken"


class WrongStatus(Conflict):
    """The clinic's state does not allow this."""

    code = "wrong-status"


class PlatformOnly(Forbidden):
    """Clinics are made and paused from the platform, never from inside a clinic."""

    code = "platform-only"


_SLUG_TAKEN: dict[str, Callable[[], DomainError]] = {"tenant_slug": SlugTaken, "tenant.slug": SlugTaken}


def ensure_platform(*, now: datetime) -> TenantRef:
    """The platform's own tenant, made on the first run. Safe to call at every start, from several processes."""
    try:
        return find_platform() or _make_platform(now=now)
    except SlugTaken:
        found = find_platform()
        if found is None:
            raise
        return found


@action
def _make_platform(*, now: datetime) -> TenantRef:
    found = db.session.execute(select(Tenant).where(Tenant.kind == "platform")).scalar_one_or_none()
    if found is not None:
        return ref_of(found)
    row = Tenant(
        slug=PLATFORM_SLUG, name="Longtide", kind="platform", status="active", status_reason="", zone="UTC",
        currency="EUR", country="IE", locale="en", created_at=now,
    )  # fmt: skip
    db.session.add(row)
    flush_or(_SLUG_TAKEN)
    return ref_of(row)


def create_clinic(*, request: ClinicRequest, now: datetime, on_created: OnCreated) -> TenantRef:
    """Make a clinic and hand over to `on_created(now=…)`, inside its scope (a clinic's own tables are not known here).

    `Invalid` collects what is wrong; `SlugTaken` for an address in use. When `on_created` fails the clinic exists
    and is empty: its pages say so calmly, and calling `on_created` again mends it.
    """
    ref = _insert(request=request, now=now)
    with tenant_scope(ref):
        on_created(now=now)
    return ref


@action
def _insert(*, request: ClinicRequest, now: datetime) -> TenantRef:
    _on_platform()
    cleaned = clean_clinic(request)
    row = Tenant(
        slug=cleaned.slug, name=cleaned.name, kind="clinic", status="active", status_reason="", zone=cleaned.zone,
        currency=cleaned.currency, country=cleaned.country, locale=cleaned.locale, created_at=now,
    )  # fmt: skip
    db.session.add(row)
    flush_or(_SLUG_TAKEN)
    audit.record("clinic.created", target="tenant", target_id=row.id, now=now)
    return ref_of(row)


@action
def edit_clinic(*, tenant_id: UUID, wish: ClinicEdit, zone_is_free: bool, seen: str | None, now: datetime) -> TenantRef:
    """What the operator may change of a clinic. Its address never: clients' mails and calendars hold it. Its time zone
    only while nothing is booked (`zone_is_free`), for bookings are kept in it. `Invalid`, `ChangedMeanwhile`."""
    row = _locked(tenant_id)
    unchanged(seen, row.name, row.zone, row.country, row.fee_percent)
    cleaned = clean_edit(wish)
    if cleaned.zone != row.zone and not zone_is_free:
        sentence = _("This clinic has bookings in %(zone)s: its time zone stays", zone=row.zone)
        raise Invalid(sentence, fields={"zone": sentence})
    row.name, row.zone, row.country = cleaned.name, cleaned.zone, cleaned.country
    row.fee_percent = cleaned.fee_percent
    audit.record("clinic.edited", target="tenant", target_id=row.id, now=now, fee_percent=row.fee_percent)
    return ref_of(row)


@action
def suspend(*, tenant_id: UUID, reason: str, now: datetime) -> TenantRef:
    """Stop answering the clinic's clients and staff; `reason` is the operator's note, which no client sees."""
    row = _locked(tenant_id)
    if row.status not in LIVE_STATUSES:
        raise WrongStatus(_("This clinic is not active"))
    row.status, row.status_reason = "suspended", clean_line(reason, 300)
    audit.record("clinic.suspended", target="tenant", target_id=row.id, now=now)
    return ref_of(row)


@action
def resume(*, tenant_id: UUID, now: datetime) -> TenantRef:
    """Answer again."""
    row = _locked(tenant_id)
    if row.status != "suspended":
        raise WrongStatus(_("This clinic is not suspended"))
    row.status, row.status_reason = "active", ""
    audit.record("clinic.resumed", target="tenant", target_id=row.id, now=now)
    return ref_of(row)


@action
def close(*, tenant_id: UUID, now: datetime) -> TenantRef:
    """End the clinic. Its rows stay; its pages say that it has closed."""
    row = _locked(tenant_id)
    if row.status == "closed":
        raise WrongStatus(_("This clinic is closed already"))
    row.status = "closed"
    audit.record("clinic.closed", target="tenant", target_id=row.id, now=now)
    return ref_of(row)


@action
def add_domain(*, tenant_id: UUID, host: str, ours: frozenset[str], now: datetime) -> str:
    """Note a host name that the clinic says is its own; it answers once it is proven. Returns it in its kept form.

    `ours`: the platform's own hosts and base domain, which are never anybody's.
    """
    row = _locked(tenant_id)
    cleaned = clean_host(host)
    if any(cleaned == own or cleaned.endswith("." + own) for own in ours if own):
        raise HostTaken
    db.session.add(TenantDomain(host=cleaned, tenant_id=row.id))
    flush_or({"tenant_domain": HostTaken})
    audit.record("clinic.domain_added", target="tenant", target_id=row.id, now=now)
    return cleaned


@action
def prove_domain(*, tenant_id: UUID, host: str, now: datetime) -> None:
    """Let a host name answer: whoever says so has seen that its name server points here. `NoSuchDomain`."""
    row = _locked(tenant_id)
    _domain(row, host).verified_at = now
    audit.record("clinic.domain_proven", target="tenant", target_id=row.id, now=now)


@action
def remove_domain(*, tenant_id: UUID, host: str, now: datetime) -> None:
    """Forget a host name; the clinic answers at its own address as before. `NoSuchDomain`."""
    row = _locked(tenant_id)
    db.session.delete(_domain(row, host))
    audit.record("clinic.domain_removed", target="tenant", target_id=row.id, now=now)


def _domain(row: Tenant, host: str) -> TenantDomain:
    found = select(TenantDomain).where(TenantDomain.host == host.strip().lower(), TenantDomain.tenant_id == row.id)
    domain = db.session.execute(found.with_for_update()).scalar_one_or_none()
    if domain is None:
        raise NoSuchDomain
    return domain


@action
def connect_stripe(*, tenant_id: UUID, account: str, now: datetime) -> None:
    """Let the clinic be paid on this Stripe account (acct_…)."""
    if not _STRIPE_ACCOUNT.fullmatch(account):
        raise Invalid(fields={"account": _("Enter an account like acct_1A2b3C4d5E")})
    row = _locked(tenant_id)
    row.stripe_account_id = account
    flush_or({"stripe_account_id": AccountTaken})
    audit.record("clinic.stripe_connected", target="tenant", target_id=row.id, now=now)


def _on_platform() -> None:
    tenant = current_or_none()
    if tenant is None or not tenant.is_platform:
        raise PlatformOnly


def _locked(tenant_id: UUID) -> Tenant:
    _on_platform()
    found = select(Tenant).where(Tenant.id == tenant_id, Tenant.kind == "clinic").with_for_update(key_share=True)
    row = db.session.execute(found.execution_options(populate_existing=True)).scalar_one_or_none()
    if row is None:
        raise NoSuchClinic
    return row
