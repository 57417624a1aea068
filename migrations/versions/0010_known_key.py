"""What somebody goes by is found as their name is: whatever the accents.

Revision: 0010
After: 0009
"""

from __future__ import annotations

import re
import unicodedata

import sqlalchemy as sa
from alembic import op
from sqlalchemy.engine import Connection

from migrations.guards import guard

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

EMPTY: sa.ColumnClause[str] = sa.literal_column("''")


def upgrade() -> None:
    op.add_column("client", sa.Column("known_key", sa.String(200), nullable=False, server_default=EMPTY))
    _fill(op.get_bind())


def _fold(name: str) -> str:
    # As tenants/clients/rules.py had it on the day of this migration.
    folded = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(c for c in folded if not unicodedata.combining(c))
    return " ".join(re.findall(r"\w+", re.sub(r"['’ʼ]", "", plain)))[:200]


def _fill(connection: Connection) -> None:
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:  # its triggers let nobody write who has not entered the clinic, and a migration enters none
        for verb in ("insert", "update", "delete"):
            connection.execute(sa.text(f"DROP TRIGGER client_tenant_{verb}"))
    client = sa.table("client", sa.column("id", sa.Uuid()), sa.column("known_as"), sa.column("known_key"))
    for row in connection.execute(sa.select(client.c.id, client.c.known_as).where(client.c.known_as != "")).all():
        kept = sa.update(client).where(client.c.id == row.id).values(known_key=_fold(row.known_as))
        if connection.execute(kept).rowcount != 1:
            raise RuntimeError(str(row.id))
    if sqlite:
        guard(connection, "client")


def downgrade() -> None:
    op.drop_column("client", "known_key")
