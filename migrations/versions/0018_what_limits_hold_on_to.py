"""What limits hold on to, and an index for what was sent with drafts"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OF_DRAFT = sa.text("draft IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "limits",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("whose", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed_telegram_id", sa.LargeBinary(), nullable=False),
        sa.Column(
            "what",
            sa.Enum("bar", "report", "try", name="what", native_enum=False, create_constraint=True, length=6),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_limits")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_limits_whose", "limits", ["whose", "what", "at"], unique=False)
    op.create_index(op.f("ix_limits_at"), "limits", ["at"], unique=False)
    op.create_index(
        "ix_evidence_draft", "evidence", ["person_id", "draft"], sqlite_where=OF_DRAFT, postgresql_where=OF_DRAFT
    )


def downgrade() -> None:
    op.drop_index("ix_evidence_draft", table_name="evidence")
    op.drop_table("limits")
