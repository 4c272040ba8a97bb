"""Reports told step by step: drafts, and what a flag says besides its behaviours"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

COLUMNS: tuple[tuple[str, sa.types.TypeEngine[object]], ...] = (
    ("teller", sa.String(length=32)),
    ("platform", sa.String(length=32)),
    ("happened_on", sa.Date()),
    ("repeated", sa.Boolean()),
    ("minor", sa.Boolean()),
    ("retaliation", sa.Boolean()),
    ("sealed_order", sa.LargeBinary()),
)


def upgrade() -> None:
    op.create_table(
        "drafts",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=16), nullable=False),
        sa.Column("place", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_drafts_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_drafts")),
    )
    op.create_index("ix_drafts_changed_at", "drafts", ["changed_at"], unique=False)
    for name, kind in COLUMNS:
        op.add_column("flags", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    for name, _kind in reversed(COLUMNS):
        op.drop_column("flags", name)
    op.drop_table("drafts")
