"""The region of a report; reports found by when they were received"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("flags", sa.Column("region", sa.String(length=5), nullable=True))
    op.create_index("ix_flags_received_at", "flags", ["received_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_flags_received_at", "flags")
    op.drop_column("flags", "region")
