"""The first tables"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


APPEND_ONLY = {
    "sqlite": [
        f"""CREATE TRIGGER audit_no_{change.lower()} BEFORE {change} ON audit
            BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"""
        for change in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        """CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$""",
        """CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
           FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()""",
    ],
}


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "action",
            sa.Enum(
                "flag received",
                "flag added to",
                "queue looked at",
                "flag opened",
                "words read",
                "flag claimed",
                "flag released",
                "flag closed",
                "flag withdrawn",
                "flag deleted",
                "refused",
                name="action",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("flag_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("detail", sa.String(length=64), nullable=False),
        sa.Column("mark", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit")),
    )
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("last_mark", sa.LargeBinary(length=32), nullable=False),
        sa.Column("mark", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("telegram_index", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed_telegram_id", sa.LargeBinary(), nullable=False),
        sa.Column(
            "language",
            sa.Enum("kk", "ru", "en", name="language", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("language_chosen", sa.Boolean(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("telegram_index", name=op.f("uq_people_telegram_index")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "dead_letters",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("update_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("set_aside_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.String(length=200), nullable=False),
        sa.Column("sealed_update", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_dead_letters_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_letters")),
        sa.UniqueConstraint("update_id", name=op.f("uq_dead_letters_update_id")),
    )
    op.create_index("ix_dead_letters_person_id", "dead_letters", ["person_id"], unique=False)
    op.create_index("ix_dead_letters_set_aside_at", "dead_letters", ["set_aside_at"], unique=False)

    op.create_table(
        "seen_updates",
        sa.Column("update_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("update_id", name=op.f("pk_seen_updates")),
    )
    op.create_index("ix_seen_updates_seen_at", "seen_updates", ["seen_at"], unique=False)

    op.create_table(
        "attempts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lesson", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("right_answers", sa.Integer(), nullable=True),
        sa.Column("questions", sa.Integer(), nullable=True),
        sa.CheckConstraint("(finished_at IS NULL) = (questions IS NULL)", name=op.f("ck_attempts_counted")),
        sa.CheckConstraint("(finished_at IS NULL) = (right_answers IS NULL)", name=op.f("ck_attempts_finished")),
        sa.CheckConstraint("right_answers BETWEEN 0 AND questions", name=op.f("ck_attempts_score")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_attempts_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
    )
    op.create_index("ix_attempts_finished", "attempts", ["person_id", "finished_at"], unique=False)
    op.create_index(
        "uq_attempts_open",
        "attempts",
        ["person_id", "lesson"],
        unique=True,
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    )

    op.create_table(
        "conversations",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_conversations_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_conversations")),
    )
    op.create_index("ix_conversations_changed_at", "conversations", ["changed_at"], unique=False)

    op.create_table(
        "flags",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("uid", sa.LargeBinary(length=16), nullable=False),
        sa.Column("reporter_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("draft", sa.String(length=16), nullable=False),
        sa.Column(
            "ride",
            sa.Enum("now", "over", name="ride", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "new",
                "claimed",
                "closed",
                "withdrawn",
                name="state",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "advice",
                "recorded",
                "no_finding",
                "misuse",
                name="outcome",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=True,
        ),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("receipt_index", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed_receipt", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_words", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_plate", sa.LargeBinary(), nullable=True),
        sa.Column("plate_index", sa.LargeBinary(length=32), nullable=True),
        sa.Column("sealed_contact", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("(state = 'closed') = (outcome IS NOT NULL)", name=op.f("ck_flags_closed_with_outcome")),
        sa.CheckConstraint("(state IN ('closed', 'withdrawn')) = (ended_at IS NOT NULL)", name=op.f("ck_flags_ended")),
        sa.CheckConstraint("state <> 'claimed' OR reviewer_id IS NOT NULL", name=op.f("ck_flags_claimed_by_somebody")),
        sa.CheckConstraint("(sealed_plate IS NULL) = (plate_index IS NULL)", name=op.f("ck_flags_plate_indexed")),
        sa.CheckConstraint("severity BETWEEN 1 AND 4", name=op.f("ck_flags_severity")),
        sa.ForeignKeyConstraint(["reporter_id"], ["people.id"], name=op.f("fk_flags_reporter_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["reviewer_id"], ["people.id"], name=op.f("fk_flags_reviewer_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flags")),
        sa.UniqueConstraint("receipt_index", name=op.f("uq_flags_receipt_index")),
        sa.UniqueConstraint("reporter_id", "draft", name=op.f("uq_flags_reporter_id_draft")),
        sa.UniqueConstraint("uid", name=op.f("uq_flags_uid")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_flags_ended_at", "flags", ["ended_at"], unique=False)
    op.create_index("ix_flags_plate_index", "flags", ["plate_index"], unique=False)
    op.create_index("ix_flags_reviewer_id", "flags", ["reviewer_id"], unique=False)

    op.create_index(
        "ix_flags_queue",
        "flags",
        [sa.text("severity DESC"), "due_at", "id"],
        unique=False,
        sqlite_where=sa.text("state IN ('new', 'claimed')"),
        postgresql_where=sa.text("state IN ('new', 'claimed')"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("repeatable", sa.Boolean(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "waiting",
                "sent",
                "unsure",
                "unreachable",
                "refused",
                name="status",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=200), nullable=True),
        sa.CheckConstraint("(status = 'waiting') = (sealed IS NOT NULL)", name=op.f("ck_outbox_emptied")),
        sa.CheckConstraint("(status = 'waiting') = (settled_at IS NULL)", name=op.f("ck_outbox_settled")),
        sa.CheckConstraint("priority BETWEEN 0 AND 4", name=op.f("ck_outbox_priority")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_outbox_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_person_id", "outbox", ["person_id"], unique=False)
    op.create_index("ix_outbox_settled_at", "outbox", ["settled_at"], unique=False)
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["priority", "due_at", "id"],
        unique=False,
        sqlite_where=sa.text("status = 'waiting'"),
        postgresql_where=sa.text("status = 'waiting'"),
    )

    op.create_table(
        "team",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "role",
            sa.Enum("reviewer", "owner", name="role", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_team_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_team")),
    )
    op.create_table(
        "answers",
        sa.Column("attempt_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("question", sa.String(length=32), nullable=False),
        sa.Column("option", sa.String(length=32), nullable=False),
        sa.Column("right", sa.Boolean(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempts.id"], name=op.f("fk_answers_attempt_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("attempt_id", "question", name=op.f("pk_answers")),
    )
    op.create_table(
        "flag_behaviours",
        sa.Column("flag_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=3), nullable=False),
        sa.ForeignKeyConstraint(["flag_id"], ["flags.id"], name=op.f("fk_flag_behaviours_flag_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("flag_id", "code", name=op.f("pk_flag_behaviours")),
    )
    for statement in APPEND_ONLY[op.get_context().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    for table in (
        "flag_behaviours",
        "answers",
        "team",
        "outbox",
        "flags",
        "conversations",
        "attempts",
        "seen_updates",
        "dead_letters",
        "people",
        "leases",
        "audit_head",
        "audit",
    ):
        op.drop_table(table)
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_is_append_only()")
