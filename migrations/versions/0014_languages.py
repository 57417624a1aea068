"""The languages in which a clinic speaks to its clients.

Revision: 0014
After: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "tenant", sa.Column("languages", sa.String(40), nullable=False, server_default=sa.literal_column("'en es'"))
    )


def downgrade() -> None:
    op.drop_column("tenant", "languages")
