"""The chain over each tenant's audit, two more ways to read it, and what a clinic pays us of each card payment.

Revision: 0006
After: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.guards import append_only, guard
from saas.db import Utc

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tenant", sa.Column("fee_percent", sa.Integer(), nullable=False, server_default="1"))
    op.create_index("ix_audit_account", "audit", ["tenant_id", "account_id", "at"])
    op.create_index("ix_audit_deed", "audit", ["tenant_id", "deed", "at"])
    op.create_table(
        "audit_link",
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("audit_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_audit_link_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_audit_link"),
        sa.UniqueConstraint("tenant_id", "seq", name="uq_audit_link_tenant_id_seq"),
        sa.UniqueConstraint("tenant_id", "audit_id", name="uq_audit_link_tenant_id_audit_id"),
    )
    guard(op.get_bind(), "audit_link")
    append_only(op.get_bind(), "audit_link")


def downgrade() -> None:
    op.drop_table("audit_link")
    op.drop_index("ix_audit_deed", "audit")
    op.drop_index("ix_audit_account", "audit")
    op.drop_column("tenant", "fee_percent")
