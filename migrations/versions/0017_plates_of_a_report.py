"""How many number plates were named for a report: one report asks after few cars"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("flags", sa.Column("plates", sa.SmallInteger(), server_default="0", nullable=False))
    op.execute("UPDATE flags SET plates = 1 WHERE plate_index IS NOT NULL")


def downgrade() -> None:
    op.drop_column("flags", "plates")
