"""Deadlines: who is on call, and when the team is told next of a flag that nobody looked at"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

DUE = sa.text("alert_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("flags", sa.Column("alerts", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("flags", sa.Column("alert_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_flags_alert_at", "flags", ["alert_at"], sqlite_where=DUE, postgresql_where=DUE)
    # What nobody has opened yet is told of at its time.
    op.execute("UPDATE flags SET alert_at = due_at, alerts = 1 WHERE state IN ('new', 'claimed') AND opened_at IS NULL")
    op.create_table(
        "duty",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_duty_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_duty")),
    )


def downgrade() -> None:
    op.drop_table("duty")
    op.drop_index("ix_flags_alert_at", "flags")
    op.drop_column("flags", "alert_at")
    op.drop_column("flags", "alerts")
