"""Second factors, invitations, and what a tenant asks of the people who log in.

Revision: 0005
After: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.guards import guard
from saas.db import Utc

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = ("passkey", "recovery_code")


def upgrade() -> None:
    empty = sa.literal_column("''")
    op.add_column("tenant", sa.Column("idle_minutes", sa.Integer(), nullable=False, server_default="15"))
    op.add_column("tenant", sa.Column("second_required", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("account", sa.Column("locale", sa.String(16), nullable=False, server_default=empty))
    op.add_column("account", sa.Column("totp_sealed", sa.String(200), nullable=True))
    op.add_column("account", sa.Column("has_second", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("account", sa.Column("totp_step", sa.BigInteger(), nullable=True))
    op.add_column("account", sa.Column("invite_hash", sa.String(64), nullable=True))
    op.add_column("account", sa.Column("invite_until", Utc(), nullable=True))
    op.add_column("account", sa.Column("invite_generation", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("uq_account_invite", "account", ["tenant_id", "invite_hash"], unique=True)
    op.create_table(
        "passkey",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("credential", sa.LargeBinary(), nullable=False),
        sa.Column("credential_hash", sa.String(64), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", sa.String(120), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("last_used_at", Utc(), nullable=True),
        *_owned("passkey"),
        sa.UniqueConstraint("tenant_id", "credential_hash", name="uq_passkey_tenant_id_credential_hash"),
    )
    op.create_index("ix_passkey_account", "passkey", ["tenant_id", "account_id"])
    op.create_table(
        "recovery_code",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        *_owned("recovery_code"),
        sa.UniqueConstraint("tenant_id", "account_id", "hash", name="uq_recovery_code_tenant_id_account_id_hash"),
    )
    for table in TABLES:
        guard(op.get_bind(), table)


def _owned(table: str) -> tuple[sa.Column[object] | sa.Constraint, ...]:
    return (
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["account.tenant_id", "account.id"],
            name=f"fk_{table}_tenant_id_account_id",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=f"fk_{table}_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=f"pk_{table}"),
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_index("uq_account_invite", "account")
    added = ("invite_generation", "invite_until", "invite_hash", "totp_step", "has_second", "totp_sealed", "locale")
    for column in added:
        op.drop_column("account", column)
    for column in ("second_required", "idle_minutes"):
        op.drop_column("tenant", column)
