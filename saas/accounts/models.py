"""The account table, one row per person and clinic, and what proves who they are besides a password.

Columns of our own instead of Flask-Security's mixins, whose unique keys are global and would tell one clinic that
another knows an address.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

from flask_security import UserMixin
from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, String, UniqueConstraint, false, literal_column
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import Base
from saas.tenancy import TenantOwned, tenant_fk

OWNER, PRACTITIONER, FRONT_DESK, OPERATOR = "owner", "practitioner", "front_desk", "operator"
CLINIC_ROLES = (OWNER, PRACTITIONER, FRONT_DESK)


class Account(TenantOwned, UserMixin, Base):  # type: ignore[misc]
    """Somebody who logs in here. `email` is lower case; `password` an argon2id hash, or None until one is chosen.

    `fs_uniquifier` is what a session remembers of the account: a new one ends every session it has. `locale` is empty
    for the clinic's own. `totp_sealed` is the sealed secret of an authenticator app, `totp_step` the last time step of
    it that was used (RFC 6238 §5.2: a code is good once); `has_second`: there is an app or a passkey. An invitation's
    link is known by `invite_hash`, and is open until `invite_until`.
    """

    __tablename__ = "account"

    # Flask-Security asks for a list of role rows; ours is one word in `role`, and access is decided by `saas.admin`.
    roles: ClassVar[Any] = ()  # type: ignore[misc]

    email: Mapped[str] = mapped_column(String(254))
    password: Mapped[str | None] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(12))
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), default=lambda: uuid4().hex)
    created_at: Mapped[datetime]
    last_login_at: Mapped[datetime | None]  # type: ignore[assignment]
    locale: Mapped[str] = mapped_column(String(16), default="", server_default=literal_column("''"))
    totp_sealed: Mapped[str | None] = mapped_column(String(200))
    has_second: Mapped[bool] = mapped_column(default=False, server_default=false())
    totp_step: Mapped[int | None] = mapped_column(BigInteger)
    invite_hash: Mapped[str | None] = mapped_column(String(64))
    invite_until: Mapped[datetime | None]
    invite_generation: Mapped[int] = mapped_column(default=0, server_default="0")

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """An address is known once per clinic."""
        return (
            UniqueConstraint("tenant_id", "email"),
            UniqueConstraint("tenant_id", "fs_uniquifier"),
            Index("uq_account_invite", "tenant_id", "invite_hash", unique=True),
            CheckConstraint("role IN ('owner','practitioner','front_desk','operator')", name="role"),
        )


class Passkey(TenantOwned, Base):
    """A passkey of an account (W3C Web Authentication): what the browser's device signs with, and we check with."""

    __tablename__ = "passkey"

    account_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(String(60))
    credential: Mapped[bytes] = mapped_column(LargeBinary)
    credential_hash: Mapped[str] = mapped_column(String(64))
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """A credential is known once per clinic."""
        return (
            UniqueConstraint("tenant_id", "credential_hash"),
            Index("ix_passkey_account", "tenant_id", "account_id"),
            tenant_fk("account", "account_id"),
        )


class RecoveryCode(TenantOwned, Base):
    """A code for the day the second factor is lost: its keyed hash, gone once it was used."""

    __tablename__ = "recovery_code"

    account_id: Mapped[UUID]
    hash: Mapped[str] = mapped_column(String(64))

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Each once."""
        return UniqueConstraint("tenant_id", "account_id", "hash"), tenant_fk("account", "account_id")
