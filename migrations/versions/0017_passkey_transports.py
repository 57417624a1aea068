"""How a passkey's device is reached was never noted, nor asked: the column goes.

Revision: 0017
After: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("passkey", "transports")


def downgrade() -> None:
    op.add_column(
        "passkey", sa.Column("transports", sa.String(120), nullable=False, server_default=sa.literal_column("''"))
    )
