"""How a client may be reached about an intake: what they typed with the booking, or answered since.

Revision: 0019
After: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("intake", sa.Column("reach", sa.String(5), nullable=False, server_default="email"))


def downgrade() -> None:
    op.drop_column("intake", "reach")
