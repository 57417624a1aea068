"""Whose pages may show a clinic's times in a frame, and ask its API from a browser.

Revision: 0008
After: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("clinic", sa.Column("origins", sa.JSON(), nullable=False, server_default=sa.literal_column("'[]'")))


def downgrade() -> None:
    op.drop_column("clinic", "origins")
