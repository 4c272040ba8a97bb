"""Photos, voice and place of a report; the talk between the person who reported and the team"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("flags", sa.Column("sealed_place", sa.LargeBinary(), nullable=True))
    op.create_table(
        "talk",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("flag_id", NUMBER, nullable=False),
        sa.Column("from_team", sa.Boolean(), nullable=False),
        sa.Column("author_id", NUMBER, nullable=True),
        sa.Column("sealed_text", sa.LargeBinary(), nullable=True),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name=op.f("fk_talk_author_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["flag_id"], ["flags.id"], name=op.f("fk_talk_flag_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_talk")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_talk_author_id", "talk", ["author_id"], unique=False)
    op.create_index("ix_talk_flag_id", "talk", ["flag_id"], unique=False)
    op.create_table(
        "evidence",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("uid", sa.LargeBinary(length=16), nullable=False),
        sa.Column("person_id", NUMBER, nullable=False),
        sa.Column("flag_id", NUMBER, nullable=True),
        sa.Column("talk_id", NUMBER, nullable=True),
        sa.Column("draft", sa.String(length=16), nullable=True),
        sa.Column("kind", sa.String(length=5), nullable=False),
        sa.Column("status", sa.String(length=7), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_file", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_content", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("(draft IS NULL) <> (flag_id IS NULL)", name=op.f("ck_evidence_of_draft_or_flag")),
        sa.CheckConstraint("talk_id IS NULL OR flag_id IS NOT NULL", name=op.f("ck_evidence_talk_of_flag")),
        sa.CheckConstraint(
            "(status = 'waiting') = (sealed_file IS NOT NULL)", name=op.f("ck_evidence_file_while_waiting")
        ),
        sa.CheckConstraint(
            "(status = 'stored') = (sealed_content IS NOT NULL)", name=op.f("ck_evidence_content_once_stored")
        ),
        sa.CheckConstraint("(kind = 'voice') = (seconds IS NOT NULL)", name=op.f("ck_evidence_voice_has_seconds")),
        sa.CheckConstraint("kind IN ('photo', 'voice')", name=op.f("ck_evidence_kind")),
        sa.CheckConstraint("status IN ('waiting', 'stored', 'refused')", name=op.f("ck_evidence_status")),
        sa.ForeignKeyConstraint(["flag_id"], ["flags.id"], name=op.f("fk_evidence_flag_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_evidence_person_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["talk_id"], ["talk.id"], name=op.f("fk_evidence_talk_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
        sa.UniqueConstraint("uid", name=op.f("uq_evidence_uid")),
        sqlite_autoincrement=True,
    )
    for column in ("flag_id", "person_id", "talk_id"):
        op.create_index(f"ix_evidence_{column}", "evidence", [column], unique=False)


def downgrade() -> None:
    op.drop_table("evidence")
    op.drop_table("talk")
    op.drop_column("flags", "sealed_place")
