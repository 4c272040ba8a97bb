"""Which messages stand in a chat, for a quick exit; the exact moment of what a report tells of"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "traces",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_traces_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "message_id", name=op.f("pk_traces")),
    )
    op.create_index("ix_traces_seen_at", "traces", ["seen_at"], unique=False)
    op.add_column("flags", sa.Column("happened_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("flags", "happened_at")
    op.drop_table("traces")
