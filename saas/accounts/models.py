"""The account table: one row per person and clinic. Columns of our own instead of Flask-Security's mixins, whose unique
keys are global and would tell one clinic that another knows an address."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import uuid4

from flask_security import UserMixin
from sqlalchemy import CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import Base
from saas.tenancy import TenantOwned

OWNER, PRACTITIONER, FRONT_DESK, OPERATOR = "owner", "practitioner", "front_desk", "operator"
CLINIC_ROLES = (OWNER, PRACTITIONER, FRONT_DESK)


class Account(TenantOwned, UserMixin, Base):  # type: ignore[misc]
    """Somebody who logs in here. `email` is lower case; `password` an argon2id hash, or None until one is chosen.

    `fs_uniquifier` is what a session remembers of the account: a new one ends every session it has.
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

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """An address is known once per clinic."""
        return (
            UniqueConstraint("tenant_id", "email"),
            UniqueConstraint("tenant_id", "fs_uniquifier"),
            CheckConstraint("role IN ('owner','practitioner','front_desk','operator')", name="role"),
        )
