"""Intakes that wait for a review, or for a talk, are found without reading all of them.

Revision: 0022
After: 0021
"""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_intake_review", "intake", ["tenant_id", "review_due", "session_at"], unique=False)
    op.create_index("ix_intake_attention", "intake", ["tenant_id", "attention", "session_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_intake_attention", "intake")
    op.drop_index("ix_intake_review", "intake")
