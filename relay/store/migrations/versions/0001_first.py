"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "thread",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("root", sa.String, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("head", sa.String, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("gen", sa.BigInteger, nullable=False),
        sa.Column("stored_bytes", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.String, nullable=False),
    )
    op.create_table(
        "device",
        sa.Column("thread", sa.String, primary_key=True),
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("jwk", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.Column("from_seq", sa.BigInteger, nullable=False),
        sa.Column("to_seq", sa.BigInteger),
        sa.Column("removed", sa.String),
    )
    op.create_table(
        "entry",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("thread", sa.String, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("device", sa.String, nullable=False),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("head", sa.String, nullable=False),
        sa.Column("at", sa.String, nullable=False),
        sa.UniqueConstraint("thread", "seq"),
        sa.UniqueConstraint("thread", "device", "n"),
    )
    op.create_table(
        "blob",
        sa.Column("thread", sa.String, primary_key=True),
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("at", sa.String, nullable=False),
    )
    op.create_table(
        "push_subscription",
        sa.Column("thread", sa.String, primary_key=True),
        sa.Column("device", sa.String, primary_key=True),
        sa.Column("subscription", sa.String, nullable=False),
    )
    op.create_table(
        "push_due",
        sa.Column("thread", sa.String, primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True),
        sa.Column("author", sa.String, nullable=False),
        sa.Column("hint", sa.String, nullable=False),
        sa.Column("push", sa.String),
    )
    op.create_table(
        "push_outcome",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("thread", sa.String, nullable=False),
        sa.Column("device", sa.String, nullable=False),
        sa.Column("at", sa.String, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("reason", sa.String, nullable=False),
    )
    op.create_index("ix_push_outcome_device", "push_outcome", ["thread", "device", "id"])


def downgrade() -> None:
    for table in ("push_outcome", "push_due", "push_subscription", "blob", "entry", "device", "thread"):
        op.drop_table(table)
