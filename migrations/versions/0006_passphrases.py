"""Reports opened from another account: passphrases, readers, wrong tries; the history of a report by index"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("flags", sa.Column("sealed_passphrase", sa.LargeBinary(), nullable=True))
    op.create_table(
        "readers",
        sa.Column("flag_id", IDENTIFIER, nullable=False),
        sa.Column("person_id", IDENTIFIER, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["flag_id"], ["flags.id"], name=op.f("fk_readers_flag_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_readers_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("flag_id", "person_id", name=op.f("pk_readers")),
    )
    op.create_index(op.f("ix_readers_person_id"), "readers", ["person_id"], unique=False)
    op.create_table(
        "tries",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("person_id", IDENTIFIER, nullable=True),
        sa.Column("flag_id", IDENTIFIER, nullable=True),
        sa.Column("code_index", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["flag_id"], ["flags.id"], name=op.f("fk_tries_flag_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_tries_person_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tries")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_tries_person_id_at", "tries", ["person_id", "at"], unique=False)
    op.create_index("ix_tries_code_index_at", "tries", ["code_index", "at"], unique=False)
    op.create_index(op.f("ix_tries_flag_id"), "tries", ["flag_id"], unique=False)
    op.create_index(op.f("ix_tries_at"), "tries", ["at"], unique=False)
    op.create_index(op.f("ix_audit_flag_id"), "audit", ["flag_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_audit_flag_id"), table_name="audit")
    op.drop_table("tries")
    op.drop_table("readers")
    op.drop_column("flags", "sealed_passphrase")
