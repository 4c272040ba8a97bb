"""What was sent with drafts is found by index"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None

OF_DRAFT = sa.text("draft IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_evidence_draft", "evidence", ["person_id", "draft"], sqlite_where=OF_DRAFT, postgresql_where=OF_DRAFT
    )


def downgrade() -> None:
    op.drop_index("ix_evidence_draft", table_name="evidence")
