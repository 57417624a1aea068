"""A clinic connects its own account at Stripe: begun here, filled in there, and taken into use when Stripe says that it
can charge cards. What the browser brings back decides nothing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update

from saas import audit
from saas.db import action, db, journey, refusing
from saas.errors import Conflict
from saas.fleet.actions import AccountTaken
from saas.links import absolute
from saas.stripe_gateway import gateway
from saas.stripe_values import AccountState, GatewayReplayed500
from saas.tenancy import Tenant, TenantRef, current_tenant
from tenants.clinic.queries import clinic_view
from tenants.settings.actions import lock_tenant
from tenants.settings.queries import tenant_row


class AlreadyConnected(Conflict):
    """The clinic is paid on an account already."""

    code = "already-connected"


class NotBegun(Conflict):
    """There is no account that could be taken into use, or another one by now."""

    code = "account-not-begun"


def begun_state() -> AccountState | None:
    """How the account that was begun stands at Stripe now; None when there is none. Raises `GatewayError`."""
    begun = tenant_row().stripe_begun_id
    db.session.rollback()  # nothing is held while Stripe is asked
    return gateway().account(account=begun) if begun else None


@journey
def begin(*, now: datetime) -> str:
    """Where the owner goes on at Stripe, for one visit within minutes; the account is made on the first press. Raises
    `AlreadyConnected`, `GatewayError`."""
    row = tenant_row()
    if row.stripe_account_id is not None:
        raise AlreadyConnected
    tenant, begun = current_tenant(), row.stripe_begun_id
    if begun is None:
        email = clinic_view().email
        db.session.rollback()
        made = _made(tenant, email, now=now)
        begun = _note_begun(account=made.id, now=now)
    db.session.rollback()
    return gateway().onboarding_url(account=begun, back=absolute("/manage/settings/cards/"))


def _made(tenant: TenantRef, email: str, *, now: datetime) -> AccountState:
    """The clinic's new account, or the one that an earlier press made whose answer was lost."""
    key = f"account-{tenant.id}-{tenant.country}"
    asked = {"country": tenant.country, "email": email, "tenant": str(tenant.id)}
    try:
        return gateway().create_account(**asked, idempotency_key=key)
    except GatewayReplayed500:  # Stripe answers this key so for ever, and has made nothing
        return gateway().create_account(**asked, idempotency_key=f"{key}-{int(now.timestamp())}")


@action
def _note_begun(*, account: str, now: datetime) -> str:
    """Keep the account, unless another press has kept one meanwhile; returns which it is."""
    row = lock_tenant()
    if row.stripe_begun_id is not None:
        return row.stripe_begun_id
    db.session.execute(update(Tenant).where(Tenant.id == row.id).values(stripe_begun_id=account))
    audit.record("clinic.stripe_begun", target="tenant", target_id=row.id, now=now)
    return account


@journey
def take_into_use(*, now: datetime) -> bool:
    """Be paid on the account that was begun, if Stripe says that it is ready; False while it is not. Raises `NotBegun`,
    `AccountTaken`, `GatewayError`."""
    state = begun_state()
    if state is None:
        raise NotBegun
    if state.ready:
        _use(account=state.id, now=now)
    return state.ready


@action
def _use(*, account: str, now: datetime) -> None:
    row = lock_tenant()
    if row.stripe_begun_id != account or row.stripe_account_id is not None:
        raise NotBegun
    connected = {"stripe_account_id": account, "stripe_begun_id": None}
    with refusing({"stripe_account_id": AccountTaken}):
        db.session.execute(update(Tenant).where(Tenant.id == row.id).values(connected))
    audit.record("clinic.stripe_connected", target="tenant", target_id=row.id, now=now)
