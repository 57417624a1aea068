"""Who owns a row, and the first of the three locks that keep clinics apart: the session guard.

`tenant_scope(tenant)` says for whom code runs. The hooks installed by `guard_sessions` then add the tenant to every ORM
statement, stamp new rows, refuse foreign ones, and raise when no tenant is set. The second lock is in the database
(`migrations/guards.py`: row-level security on PostgreSQL, triggers on SQLite), the third is the tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from flask import has_app_context
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    String,
    TextClause,
    TextualSelect,
    Uuid,
    bindparam,
    event,
    false,
    inspect,
    literal_column,
    select,
)
from sqlalchemy.orm import (
    FromStatement,
    Mapped,
    ORMExecuteState,
    Session,
    declared_attr,
    mapped_column,
    with_loader_criteria,
)
from sqlalchemy.sql import ClauseElement, visitors
from sqlalchemy.sql.schema import Table

from saas.db import Base, db, in_action, new_id
from saas.prepared import Prepared

LIVE_STATUSES = ("trial", "active", "past_due")


class NoTenant(Exception):
    """A clinic's rows were asked for where no clinic was entered. A mistake in our code, never caught."""


class ForeignTenant(Exception):
    """A row of one clinic was about to be written while another was entered. A mistake in our code, never caught."""


class UnscopedStatement(Exception):
    """A Core or text statement touches clinics' rows and does not say (`tenant_checked`) that it names the tenant."""


class Tenant(Base):
    """A clinic, or the platform itself (`kind`). Platform table: no clinical word, no client."""

    __tablename__ = "tenant"
    __table_args__ = (
        CheckConstraint("kind IN ('clinic','platform')", name="kind"),
        CheckConstraint("status IN ('trial','active','past_due','suspended','closed')", name="status"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(String(63), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(10), default="clinic")
    status: Mapped[str] = mapped_column(String(12), default="active")
    status_reason: Mapped[str] = mapped_column(String(300), default="")
    zone: Mapped[str] = mapped_column(String(64))
    currency: Mapped[str] = mapped_column(String(3))
    country: Mapped[str] = mapped_column(String(2))
    locale: Mapped[str] = mapped_column(String(16), default="en")
    # What its clients may read it in (codes, a space between); its own language counts as named.
    languages: Mapped[str] = mapped_column(String(40), default="en es", server_default=literal_column("'en es'"))
    stripe_account_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    # Begun at Stripe by the clinic itself: becomes the account once Stripe says that it can take cards.
    stripe_begun_id: Mapped[str | None] = mapped_column(String(64))
    # What is asked of people who log in: again after so many minutes without a press; a second factor from all.
    idle_minutes: Mapped[int] = mapped_column(default=15, server_default="15")
    second_required: Mapped[bool] = mapped_column(default=False, server_default=false())
    # What we take of each card payment.
    fee_percent: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime]


class TenantDomain(Base):
    """A clinic's own host name. It answers only once `verified_at` is set."""

    __tablename__ = "tenant_domain"

    host: Mapped[str] = mapped_column(String(253), primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenant.id"), index=True)
    verified_at: Mapped[datetime | None]


@dataclass(frozen=True)
class TenantRef:
    """What code may know of the entered tenant without a query."""

    id: UUID
    slug: str
    name: str
    kind: str
    status: str
    status_reason: str
    zone: str
    currency: str
    country: str
    locale: str
    languages: str
    stripe_account_id: str | None
    idle_minutes: int
    second_required: bool
    fee_percent: int

    @property
    def is_platform(self) -> bool:
        """Whether this is the platform's own row."""
        return self.kind == "platform"

    @property
    def id8(self) -> str:
        """The last 8 hex digits: names its cookie (the first digits are the clock and collide)."""
        return self.id.hex[-8:]


def ref_of(tenant: Tenant) -> TenantRef:
    """The value for a loaded row."""
    return TenantRef(**{name: getattr(tenant, name) for name in TenantRef.__dataclass_fields__})


@lru_cache(maxsize=8)
def _statement(by: str) -> Prepared:
    """Tenants by a column, or by `host`. Parameter: value. Built once: it runs before every request."""
    tenant, domain = Tenant.__table__.c, TenantDomain.__table__.c
    columns = select(*(tenant[name] for name in TenantRef.__dataclass_fields__))
    if by != "host":
        return Prepared(columns.where(tenant[by] == bindparam("value", type_=tenant[by].type)))
    named = domain.host == bindparam("value", type_=domain.host.type)
    own = select(domain.tenant_id).where(named, domain.verified_at.is_not(None))
    return Prepared(columns.where(tenant.id == own.scalar_subquery()))


def _find(by: str, value: object) -> TenantRef | None:
    # On a connection of its own: a tenant is looked up before it is entered, and a session belongs to one tenant.
    with db.engine.connect().execution_options(begin="NONE") as connection:
        found = _statement(by).rows(connection, {"value": value})
    return TenantRef(*found[0]) if found else None


def find_by_id(tenant_id: UUID) -> TenantRef | None:
    """The tenant with this id."""
    return _find("id", tenant_id)


def find_by_slug(slug: str) -> TenantRef | None:
    """The tenant with this slug."""
    return _find("slug", slug)


def find_by_host(host: str) -> TenantRef | None:
    """The tenant that has proven that `host` (lower case, no port) is its own."""
    return _find("host", host)


def find_by_account(account: str) -> TenantRef | None:
    """The clinic that owns this Stripe account."""
    return _find("stripe_account_id", account)


def find_platform() -> TenantRef | None:
    """The platform's own tenant."""
    return _find("kind", "platform")


_current: ContextVar[TenantRef | None] = ContextVar("tenant", default=None)


def current_tenant() -> TenantRef:
    """The entered tenant; `NoTenant` when there is none."""
    tenant = _current.get()
    if tenant is None:
        msg = "no tenant is entered here"
        raise NoTenant(msg)
    return tenant


def current_or_none() -> TenantRef | None:
    """The entered tenant, or None."""
    return _current.get()


def _current_id() -> UUID:
    return current_tenant().id


@contextmanager
def tenant_scope(tenant: TenantRef | None) -> Iterator[None]:
    """Run for `tenant`. Always with a session of its own: no row of one tenant is ever in reach of another.

    A tenant is entered before a transaction begins, never in the middle of an action.
    """
    if in_action():
        msg = "a tenant cannot be entered in the middle of a transaction"
        raise ForeignTenant(msg)
    _fresh_session()
    token = _current.set(tenant)
    try:
        yield
    finally:
        _current.reset(token)
        _fresh_session()


def _fresh_session() -> None:
    if has_app_context():
        db.session.remove()


class TenantOwned:
    """Mixin of every table that belongs to one clinic.

    In the database the key is `(tenant_id, id)`, so that foreign keys between clinics' tables are composite
    (row-level security does not look at foreign-key checks); the mapper's identity is `id` alone.
    """

    __tablename__: str
    __mapper_args__ = {"primary_key": ["id"]}

    tenant_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("tenant.id"), nullable=False)
    id: Mapped[UUID] = mapped_column(Uuid(), default=new_id, nullable=False)

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:  # noqa: N805 - a class method in disguise
        return (*cls.own_table_args(), PrimaryKeyConstraint("tenant_id", "id"))

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Constraints and indexes of the table itself."""
        return ()


def tenant_fk(target: str, column: str, **options: Any) -> ForeignKeyConstraint:
    """The composite foreign key `(tenant_id, column)` to `target`, a clinic's table named as text."""
    return ForeignKeyConstraint(["tenant_id", column], [f"{target}.tenant_id", f"{target}.id"], **options)


def tenant_tables() -> list[Table]:
    """Every table that belongs to a clinic, by name."""
    owned = (m.local_table for m in Base.registry.mappers if issubclass(m.class_, TenantOwned))
    return sorted((t for t in owned if isinstance(t, Table)), key=lambda t: t.name)


def may_write(tenant_id: str | None) -> bool:
    """Whether this row's tenant is the entered one: what the SQLite triggers ask."""
    tenant = _current.get()
    return tenant is not None and tenant_id == tenant.id.hex


# One option for every statement, its tenant bound when that runs: built per statement it cost a third of a page.
_ENTERED = bindparam("entered_tenant", callable_=_current_id, type_=Uuid())
_SCOPE = with_loader_criteria(
    TenantOwned,
    lambda cls: cls.tenant_id == _ENTERED,
    include_aliases=True,
    track_closure_variables=False,
)


def _touches_clinics(statement: Any) -> bool:
    if isinstance(statement, TextClause | TextualSelect):
        return True
    if isinstance(statement, FromStatement):
        return _touches_clinics(statement.element)
    if not isinstance(statement, ClauseElement):
        return False
    owned = {t.name for t in tenant_tables()}
    parts = visitors.iterate(statement, {"column_tables": True})
    return any(isinstance(part, Table) and part.name in owned for part in parts)


def _scope_statement(state: ORMExecuteState) -> None:
    if _current.get() is None:
        if _touches_clinics(state.statement):
            msg = "a clinic's rows were asked for, but no clinic is entered"
            raise NoTenant(msg)
        return
    # `from_statement` counts as the ORM's, but its criteria do not reach into the statement it is given.
    if not state.is_orm_statement or isinstance(state.statement, FromStatement):
        if not state.execution_options.get("tenant_checked") and _touches_clinics(state.statement):
            raise UnscopedStatement(type(state.statement).__name__)
        return
    if not state.is_insert:
        state.statement = state.statement.options(_SCOPE)


def entered_id() -> UUID | None:
    """The id of the entered tenant, or None: what a transaction on PostgreSQL tells the database as it begins."""
    tenant = _current.get()
    return tenant.id if tenant else None


def _enter_transaction(session: Session, _transaction: Any, _connection: Any) -> None:
    entered = entered_id()
    if session.info.setdefault("tenant_id", entered) != entered:
        msg = "this session belongs to another tenant"
        raise ForeignTenant(msg)


def _check_rows(session: Session, *_: Any) -> None:
    tenant = _current.get()
    for row in (*session.new, *session.dirty, *session.deleted):
        if not isinstance(row, TenantOwned):
            continue
        if tenant is None:
            msg = f"a {type(row).__name__} was about to be written, but no clinic is entered"
            raise NoTenant(msg)
        if inspect(row).attrs.tenant_id.value is None:
            row.tenant_id = tenant.id
        moved = inspect(row).attrs.tenant_id.history.deleted
        if row.tenant_id != tenant.id or any(old not in (None, tenant.id) for old in moved or ()):
            msg = f"a {type(row).__name__} of another clinic"
            raise ForeignTenant(msg)


def _check_attached(_session: Session, row: Any) -> None:
    # A loaded row that comes from another session: refreshing it would ask by its key alone, without the criteria.
    if isinstance(row, TenantOwned) and inspect(row).has_identity:
        tenant = _current.get()
        if tenant is None or inspect(row).dict.get("tenant_id") != tenant.id:
            msg = f"a {type(row).__name__} of another clinic"
            raise ForeignTenant(msg)


def guard_sessions() -> None:
    """Install the hooks on every session the application makes. Called once, by the app; a second call does nothing."""
    factory = db.session.session_factory
    if event.contains(factory, "do_orm_execute", _scope_statement):
        return
    event.listen(factory, "after_begin", _enter_transaction)
    event.listen(factory, "do_orm_execute", _scope_statement)
    event.listen(factory, "before_flush", _check_rows)
    event.listen(factory, "before_attach", _check_attached)
