"""The region of a report"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("flags", sa.Column("region", sa.String(length=5), nullable=True))


def downgrade() -> None:
    op.drop_column("flags", "region")
