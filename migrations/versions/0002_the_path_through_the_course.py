"""The path through the course: tests, spaced review, certificates, action plans, policy, cohorts, seminars"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = [
    f"""CREATE TRIGGER audit_no_{change.lower()} BEFORE {change} ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"""
    for change in ("UPDATE", "DELETE")
]

TABLES = (
    "uploads",
    "action_plans",
    "cohorts",
    "policy_acceptances",
    "profiles",
    "review_items",
    "review_plans",
    "sittings",
    "trials",
    "certificates",
    "participants",
    "pledge_checks",
    "pledge_remarks",
    "pledges",
    "scenes",
    "sitting_answers",
    "votes",
)


def upgrade() -> None:
    op.create_table(
        "uploads",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("file_id", sa.String(length=200), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_uploads")),
    )
    op.create_table(
        "action_plans",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_action_plans_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_plans")),
    )
    op.create_index("ix_action_plans_person_id", "action_plans", ["person_id", "made_at"], unique=False)

    op.create_table(
        "cohorts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=6), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("organisation", sa.String(length=80), nullable=False),
        sa.Column("region", sa.String(length=5), nullable=True),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["owner_id"], ["people.id"], name=op.f("fk_cohorts_owner_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cohorts")),
        sa.UniqueConstraint("code", name=op.f("uq_cohorts_code")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_cohorts_owner_id", "cohorts", ["owner_id"], unique=False)

    op.create_table(
        "policy_acceptances",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column(
            "language",
            sa.Enum("kk", "ru", "en", name="language", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_policy_acceptances_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "version", name=op.f("pk_policy_acceptances")),
    )
    op.create_table(
        "profiles",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "gender",
            sa.Enum("woman", "man", "unsaid", name="gender", native_enum=False, create_constraint=True),
            nullable=True,
        ),
        sa.Column("region", sa.String(length=6), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_profiles_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_profiles")),
    )
    op.create_index("ix_profiles_gender_region", "profiles", ["gender", "region"], unique=False)

    op.create_table(
        "review_items",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lesson", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("question", sa.String(length=32), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stability", sa.Double(), nullable=False),
        sa.Column("difficulty", sa.Double(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_review_items_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "lesson", "question", name=op.f("pk_review_items")),
    )
    op.create_index("ix_review_items_due_at", "review_items", ["person_id", "due_at"], unique=False)

    op.create_table(
        "review_plans",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_on", sa.Date(), nullable=True),
        sa.Column("practised_on", sa.Date(), nullable=True),
        sa.Column("done_that_day", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.CheckConstraint("hour BETWEEN 9 AND 20", name=op.f("ck_review_plans_awake")),
        sa.CheckConstraint("next_at IS NULL OR hour IS NOT NULL", name=op.f("ck_review_plans_asked_for")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_review_plans_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_review_plans")),
    )
    op.create_index(
        "ix_review_plans_next_at",
        "review_plans",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )

    op.create_table(
        "sittings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "exam",
            sa.Enum(
                "before", "final", "after 30 days", "renewal", name="exam", native_enum=False, create_constraint=True
            ),
            nullable=False,
        ),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("right_answers", sa.Integer(), nullable=True),
        sa.Column("questions", sa.Integer(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.CheckConstraint("(finished_at IS NULL) = (passed IS NULL)", name=op.f("ck_sittings_judged")),
        sa.CheckConstraint("(finished_at IS NULL) = (questions IS NULL)", name=op.f("ck_sittings_counted")),
        sa.CheckConstraint("(finished_at IS NULL) = (right_answers IS NULL)", name=op.f("ck_sittings_finished")),
        sa.CheckConstraint("right_answers BETWEEN 0 AND questions", name=op.f("ck_sittings_score")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sittings_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sittings")),
    )
    op.create_index("ix_sittings_person_id", "sittings", ["person_id", "exam", "started_at"], unique=False)
    op.create_index(
        "uq_sittings_open",
        "sittings",
        ["person_id", "exam"],
        unique=True,
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    )

    op.create_table(
        "trials",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column(
            "language",
            sa.Enum("kk", "ru", "en", name="language", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("sealed_text", sa.LargeBinary(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_trials_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_trials")),
    )
    op.create_index("ix_trials_tried_at", "trials", ["tried_at"], unique=False)

    op.create_table(
        "certificates",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sitting_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=10), nullable=False),
        sa.Column("sealed_name", sa.LargeBinary(), nullable=False),
        sa.Column(
            "language",
            sa.Enum("kk", "ru", "en", name="language", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sealed_reason", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (sealed_reason IS NULL)", name=op.f("ck_certificates_revoked_with_reason")
        ),
        sa.CheckConstraint("expires_at > issued_at", name=op.f("ck_certificates_term")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_certificates_person_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sittings.id"], name=op.f("fk_certificates_sitting_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificates")),
        sa.UniqueConstraint("number", name=op.f("uq_certificates_number")),
        sa.UniqueConstraint("sitting_id", name=op.f("uq_certificates_sitting_id")),
    )
    op.create_index("ix_certificates_person_id", "certificates", ["person_id", "issued_at"], unique=False)

    op.create_table(
        "participants",
        sa.Column("cohort_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["cohort_id"], ["cohorts.id"], name=op.f("fk_participants_cohort_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_participants_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("cohort_id", "person_id", name=op.f("pk_participants")),
    )
    op.create_index("ix_participants_person_id", "participants", ["person_id"], unique=False)

    op.create_table(
        "pledge_checks",
        sa.Column("plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("after_days", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "kept",
            sa.Enum("yes", "partly", "no", name="kept", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("after_days IN (7, 30)", name=op.f("ck_pledge_checks_asked_after")),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["action_plans.id"], name=op.f("fk_pledge_checks_plan_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("plan_id", "position", "after_days", name=op.f("pk_pledge_checks")),
    )
    op.create_table(
        "pledge_remarks",
        sa.Column("plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("after_days", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("sealed_words", sa.LargeBinary(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("after_days IN (7, 30)", name=op.f("ck_pledge_remarks_asked_after")),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["action_plans.id"], name=op.f("fk_pledge_remarks_plan_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("plan_id", "after_days", name=op.f("pk_pledge_remarks")),
    )
    op.create_table(
        "pledges",
        sa.Column("plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=32), nullable=True),
        sa.Column("sealed_words", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint('("key" IS NULL) <> (sealed_words IS NULL)', name=op.f("ck_pledges_chosen_or_own")),
        sa.CheckConstraint("position BETWEEN 1 AND 3", name=op.f("ck_pledges_position")),
        sa.ForeignKeyConstraint(["plan_id"], ["action_plans.id"], name=op.f("fk_pledges_plan_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("plan_id", "position", name=op.f("pk_pledges")),
    )
    op.create_table(
        "scenes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cohort_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("trainer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lesson", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(length=32), nullable=False),
        sa.Column("message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shown_votes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohorts.id"], name=op.f("fk_scenes_cohort_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["trainer_id"], ["people.id"], name=op.f("fk_scenes_trainer_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scenes")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_scenes_cohort_id", "scenes", ["cohort_id"], unique=False)
    op.create_index("ix_scenes_trainer_id", "scenes", ["trainer_id"], unique=False)

    op.create_table(
        "sitting_answers",
        sa.Column("sitting_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item", sa.String(length=48), nullable=False),
        sa.Column("option", sa.String(length=32), nullable=False),
        sa.Column("right", sa.Boolean(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["sittings.id"], name=op.f("fk_sitting_answers_sitting_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("sitting_id", "item", name=op.f("pk_sitting_answers")),
    )
    op.create_table(
        "votes",
        sa.Column("scene_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("option", sa.String(length=32), nullable=False),
        sa.Column("voted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_votes_person_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["scene_id"], ["scenes.id"], name=op.f("fk_votes_scene_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("scene_id", "person_id", name=op.f("pk_votes")),
    )
    op.create_index("ix_votes_person_id", "votes", ["person_id"], unique=False)
    _open_the_list_of_actions()


def _open_the_list_of_actions() -> None:
    """The actions of the audit grow with the product: the database no longer holds a list of them."""
    names = {check["name"] for check in sa.inspect(op.get_bind()).get_check_constraints("audit")}
    if "ck_audit_action" not in names:
        return
    with op.batch_alter_table("audit") as audit:
        audit.drop_constraint(op.f("ck_audit_action"), type_="check")
        audit.alter_column("action", existing_type=sa.String(15), type_=sa.String(32), existing_nullable=False)
    if op.get_context().dialect.name == "sqlite":
        for trigger in APPEND_ONLY:  # they went with the table that this one replaces
            op.execute(trigger)


def downgrade() -> None:
    # The list of actions stays open: entries can't be taken out of the audit, whatever they say.
    for table in reversed(TABLES):
        op.drop_table(table)
