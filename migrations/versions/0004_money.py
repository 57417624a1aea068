"""The back office's money: disputes, what is owed beside each payment, and why a refund was made.

Revision: 0004
After: 0003

`payment.owed_minor` and `payment.desk_minor` follow the ledger by a trigger: whoever writes a line, in whatever way,
they cannot differ from its sums.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.guards import guard
from saas.db import Utc

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_COUNTED = "account IN ('client', 'till')"
_ADDED = (
    "UPDATE payment SET "
    "owed_minor = owed_minor + CASE WHEN NEW.account = 'client' THEN NEW.amount_minor ELSE 0 END, "
    "desk_minor = desk_minor + CASE WHEN NEW.account = 'till' THEN NEW.amount_minor ELSE 0 END "
    "WHERE tenant_id = NEW.tenant_id AND booking_id = NEW.booking_id"
)
_SUM = (
    "coalesce((SELECT sum(l.amount_minor) FROM ledger_entry l WHERE l.tenant_id = payment.tenant_id "
    "AND l.booking_id = payment.booking_id AND l.account = '{account}'), 0)"
)


def upgrade() -> None:
    for name in ("owed_minor", "desk_minor", "held_minor", "lost_minor"):
        op.add_column("payment", sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("refund", sa.Column("forgiven_minor", sa.Integer(), nullable=False, server_default=sa.text("0")))
    _count_what_is_there()
    op.create_index(
        "ix_payment_owed",
        "payment",
        ["tenant_id", "booking_id"],
        postgresql_where=sa.text("owed_minor <> 0"),
        sqlite_where=sa.text("owed_minor <> 0"),
    )
    _follow_the_ledger()
    op.create_table(
        "dispute",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("stripe_dispute_id", sa.String(120), nullable=False),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("status", sa.String(30), nullable=False),
        sa.Column("answer_by", Utc(), nullable=True),
        sa.Column("told_at", Utc(), nullable=False),
        sa.Column("opened_at", Utc(), nullable=False),
        sa.Column("closed_at", Utc(), nullable=True),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_dispute_amount")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_dispute_tenant_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payment_id"],
            ["payment.tenant_id", "payment.id"],
            name=op.f("fk_dispute_tenant_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "attempt_id"],
            ["payment_attempt.tenant_id", "payment_attempt.id"],
            name=op.f("fk_dispute_tenant_id_attempt_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_dispute")),
        sa.UniqueConstraint("tenant_id", "stripe_dispute_id", name=op.f("uq_dispute_tenant_id_stripe_dispute_id")),
    )
    op.create_index("ix_dispute_payment", "dispute", ["tenant_id", "payment_id"])
    op.create_index("ix_dispute_opened", "dispute", ["tenant_id", "opened_at"])
    guard(op.get_bind(), "dispute")


def _count_what_is_there() -> None:
    connection = op.get_bind()
    lite = connection.dialect.name == "sqlite"
    if lite:  # no clinic is entered here, so its lock would refuse
        for verb in ("insert", "update", "delete"):
            op.execute(f"DROP TRIGGER payment_tenant_{verb}")
    owed, desk = _SUM.format(account="client"), _SUM.format(account="till")
    op.execute(f"UPDATE payment SET owed_minor = {owed}, desk_minor = {desk}")
    if lite:
        guard(connection, "payment")


def _follow_the_ledger() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION follow_ledger() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {_ADDED}; RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE TRIGGER ledger_entry_followed AFTER INSERT ON ledger_entry FOR EACH ROW WHEN (NEW.{_COUNTED}) "
            "EXECUTE FUNCTION follow_ledger()"
        )
        return
    op.execute(
        f"CREATE TRIGGER ledger_entry_followed AFTER INSERT ON ledger_entry WHEN NEW.{_COUNTED} BEGIN {_ADDED}; END"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER ledger_entry_followed ON ledger_entry")
        op.execute("DROP FUNCTION follow_ledger()")
    else:
        op.execute("DROP TRIGGER ledger_entry_followed")
    op.drop_table("dispute")
    op.drop_index("ix_payment_owed", "payment")
    op.drop_column("refund", "forgiven_minor")
    for name in ("owed_minor", "desk_minor", "held_minor", "lost_minor"):
        op.drop_column("payment", name)
