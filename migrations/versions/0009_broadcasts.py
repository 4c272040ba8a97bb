"""Broadcasts: what owners write to many people, who is still to get it, and who wants none"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
STAGES = ("draft", "queueing", "sending", "paused", "cancelled", "done")
LANGUAGES = ("kk", "ru", "en")
COUNTS = ("total", "sent", "blocked", "skipped", "refused", "unsure")


def upgrade() -> None:
    op.create_table(
        "opt_outs",
        sa.Column("person_id", IDENTIFIER, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_opt_outs_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_opt_outs")),
    )
    op.create_table(
        "broadcasts",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("owner_id", IDENTIFIER, nullable=True),
        sa.Column("stage", sa.Enum(*STAGES, name="stage", native_enum=False, create_constraint=True), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column(
            "instead", sa.Enum(*LANGUAGES, name="instead", native_enum=False, create_constraint=True), nullable=True
        ),
        sa.Column("sealed_texts", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("expected_at", MOMENT, nullable=True),
        sa.Column("newest_person", IDENTIFIER, nullable=False),
        sa.Column("reached", IDENTIFIER, nullable=False),
        sa.Column("may_count", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("shown_at", MOMENT, nullable=True),
        sa.CheckConstraint("(stage = 'draft') = (started_at IS NULL)", name=op.f("ck_broadcasts_started")),
        sa.CheckConstraint(
            "(stage IN ('cancelled', 'done')) = (ended_at IS NOT NULL)", name=op.f("ck_broadcasts_ended")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["people.id"], name=op.f("fk_broadcasts_owner_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcasts")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_broadcasts_owner_id"), "broadcasts", ["owner_id"], unique=False)
    op.create_index(
        "uq_broadcasts_draft",
        "broadcasts",
        ["owner_id"],
        unique=True,
        sqlite_where=sa.text("stage = 'draft'"),
        postgresql_where=sa.text("stage = 'draft'"),
    )
    op.create_table(
        "recipients",
        sa.Column("broadcast_id", IDENTIFIER, nullable=False),
        sa.Column("person_id", IDENTIFIER, nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("taken_by", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcasts.id"], name=op.f("fk_recipients_broadcast_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_recipients_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("broadcast_id", "person_id", name=op.f("pk_recipients")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_recipients_person_id"), "recipients", ["person_id"], unique=False)


def downgrade() -> None:
    op.drop_table("recipients")
    op.drop_table("broadcasts")
    op.drop_table("opt_outs")
