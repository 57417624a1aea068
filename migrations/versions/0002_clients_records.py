"""Clients as records: how to reach them discreetly, their name for searching, notes, and files on their way in.

Revision: 0002
After: 0001
"""

from __future__ import annotations

import re
import unicodedata

import sqlalchemy as sa
from alembic import op
from sqlalchemy.engine import Connection

from migrations.guards import guard
from saas.db import Utc

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

EMPTY: sa.ColumnClause[str] = sa.literal_column("''")
TABLES = ("client_note", "client_import")
VERBS = ("insert", "update", "delete")


def upgrade() -> None:
    connection = op.get_bind()
    op.add_column("client", sa.Column("discreet_name", sa.String(80), nullable=False, server_default=EMPTY))
    op.add_column("client", sa.Column("no_calls", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("client", sa.Column("name_key", sa.String(200), nullable=False, server_default=EMPTY))
    _fill_name_keys(connection)
    op.create_index("ix_client_name_key", "client", ["tenant_id", "name_key"])
    op.create_index("ix_client_created", "client", ["tenant_id", "created_at"])
    op.create_index("ix_client_merged", "client", ["tenant_id", "merged_into_id"])
    _make_tables()
    for table in TABLES:
        guard(connection, table)


def _fold(name: str) -> str:
    # As tenants/clients/rules.py had it on the day of this migration.
    folded = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(c for c in folded if not unicodedata.combining(c))
    return " ".join(re.findall(r"\w+", re.sub(r"['’ʼ]", "", plain)))[:200]


def _fill_name_keys(connection: Connection) -> None:
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:  # its triggers let nobody write who has not entered the clinic, and a migration enters none
        for verb in VERBS:
            connection.execute(sa.text(f"DROP TRIGGER client_tenant_{verb}"))
    client = sa.table("client", sa.column("id", sa.Uuid()), sa.column("name"), sa.column("name_key"))
    rows = connection.execute(sa.select(client.c.id, client.c.name)).all()
    for row in rows:
        done = connection.execute(sa.update(client).where(client.c.id == row.id).values(name_key=_fold(row.name)))
        if done.rowcount != 1:
            raise RuntimeError(str(row.id))
    if sqlite:
        guard(connection, "client")


def _make_tables() -> None:
    op.create_table(
        "client_note",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("clinical", sa.Boolean(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["client.tenant_id", "client.id"], name="fk_client_note_tenant_id_client_id"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"], ["account.tenant_id", "account.id"], name="fk_client_note_tenant_id_account_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_client_note_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_client_note"),
    )
    op.create_index("ix_client_note_client", "client_note", ["tenant_id", "client_id", "at"])
    op.create_table(
        "client_import",
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("skip_known", sa.Boolean(), nullable=False),
        sa.Column("made", sa.Integer(), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("done_at", Utc(), nullable=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["account.tenant_id", "account.id"],
            name="fk_client_import_tenant_id_account_id",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_client_import_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_client_import"),
    )
    op.create_index("ix_client_import_created", "client_import", ["tenant_id", "created_at"])


def downgrade() -> None:
    connection = op.get_bind()
    for table in reversed(TABLES):
        op.drop_table(table)
    for index in ("ix_client_merged", "ix_client_created", "ix_client_name_key"):
        op.drop_index(index, "client")
    for column in ("name_key", "no_calls", "discreet_name"):
        op.drop_column("client", column)
    del connection
