"""Two clients who look alike and are two people: said once.

Revision: 0021
After: 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.guards import guard
from saas.db import Utc

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "client_apart",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("one_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("said_at", Utc(), nullable=False),
        sa.CheckConstraint("one_id <> other_id", name=op.f("ck_client_apart_two")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_client_apart_tenant_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "one_id"], ["client.tenant_id", "client.id"], name=op.f("fk_client_apart_tenant_id_one_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "other_id"],
            ["client.tenant_id", "client.id"],
            name=op.f("fk_client_apart_tenant_id_other_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_client_apart")),
        sa.UniqueConstraint("tenant_id", "one_id", "other_id", name=op.f("uq_client_apart_tenant_id_one_id_other_id")),
    )
    guard(op.get_bind(), "client_apart")


def downgrade() -> None:
    op.drop_table("client_apart")
