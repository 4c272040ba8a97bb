"""Until the news is due that another person named the vehicle, whoever reported sees a flag as it stood before"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

COLUMNS = {
    "quiet_since": sa.DateTime(timezone=True),
    "quiet_until": sa.DateTime(timezone=True),
    "outcome_before": sa.String(length=32),
    "ended_before": sa.DateTime(timezone=True),
    "reopened_before": sa.DateTime(timezone=True),
}


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.add_column("flags", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("flags", name)
