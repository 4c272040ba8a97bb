"""The desk: flags by form, duplicates looked at as one, more outcomes, notes and reasons of the team"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

STATES = ("new", "claimed", "merged", "held", "counted", "closed", "withdrawn")
OLD_STATES = ("new", "claimed", "held", "counted", "closed", "withdrawn")
OLD_OUTCOMES = ("advice", "recorded", "no_finding", "misuse")
OPEN = sa.text("state IN ('new', 'claimed')")
CLAIMED = sa.text("state = 'claimed'")
UNOPENED = sa.text("state IN ('new', 'claimed') AND opened_at IS NULL")
MERGED = sa.text("merged_into_id IS NOT NULL")
BARRED = sa.text("barred_at IS NOT NULL")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CHECKS = {
    "merged_into_another": "state <> 'merged' OR merged_into_id IS NOT NULL",
    "merged_or_closed_with_it": "merged_into_id IS NULL OR state IN ('merged', 'closed')",
    "not_merged_into_itself": "merged_into_id <> id",
}
# How severe each behaviour was when this was written; all others were 1.
SEVERE = {
    2: ("SX3+", "SX4", "VB2", "NV2", "NV3", "NV4", "ST1", "DI1"),
    3: ("SX5", "VB3", "NV3+", "NV5", "PH1", "PH2", "ST2", "ST4", "DI2", "DR2"),
    4: ("SX6", "NV5+", "PH3", "PH4", "PH5", "PH6", "ST3", "DR3"),
}


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _queue_index() -> None:
    """SQLite has to copy the table to change a constraint, and an index with an expression goes with the old one."""
    op.create_index(
        "ix_flags_queue",
        "flags",
        [sa.text("severity DESC"), "due_at", "id"],
        unique=False,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def _fill() -> None:
    """Of each flag the form of its most severe behaviour, and whether an earlier one named its vehicle."""
    level = " ".join(f"WHEN code IN ({_listed(codes)}) THEN {severity}" for severity, codes in SEVERE.items())
    op.execute(
        "UPDATE flags SET form = COALESCE((SELECT SUBSTR(code, 1, 2) FROM flag_behaviours WHERE flag_id = flags.id"
        f" ORDER BY CASE {level} ELSE 1 END DESC, code LIMIT 1), 'OT')"
    )
    op.execute(
        "UPDATE flags SET same_vehicle = true WHERE plate_index IS NOT NULL AND EXISTS (SELECT 1 FROM flags AS earlier"
        " WHERE earlier.plate_index = flags.plate_index AND earlier.id < flags.id"
        " AND earlier.state NOT IN ('held', 'counted', 'withdrawn'))"
    )


def upgrade() -> None:
    op.drop_index("ix_flags_queue", "flags")
    with op.batch_alter_table("flags", table_kwargs={"sqlite_autoincrement": True}) as flags:
        flags.add_column(sa.Column("form", sa.String(length=32), nullable=True))
        flags.add_column(sa.Column("merged_into_id", NUMBER, nullable=True))
        flags.add_column(sa.Column("same_vehicle", sa.Boolean(), nullable=True))
        flags.add_column(sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True))
        flags.drop_constraint(op.f("ck_flags_state"), type_="check")
        flags.drop_constraint(op.f("ck_flags_outcome"), type_="check")
        flags.create_check_constraint(op.f("ck_flags_state"), f"state IN ({_listed(STATES)})")
        flags.alter_column("outcome", existing_type=sa.String(10), type_=sa.String(32), existing_nullable=True)
        for name, condition in CHECKS.items():
            flags.create_check_constraint(op.f(f"ck_flags_{name}"), condition)
        flags.create_foreign_key(
            op.f("fk_flags_merged_into_id"), "flags", ["merged_into_id"], ["id"], ondelete="SET NULL"
        )
    _fill()
    with op.batch_alter_table("flags", table_kwargs={"sqlite_autoincrement": True}) as flags:
        flags.alter_column("form", existing_type=sa.String(32), nullable=False)
    _queue_index()
    for name, columns, where in (
        ("ix_flags_queue_form", ["form", "severity", "due_at", "id"], OPEN),
        ("ix_flags_queue_region", ["region", "severity", "due_at", "id"], OPEN),
        ("ix_flags_queue_platform", ["platform", "severity", "due_at", "id"], OPEN),
        ("ix_flags_unopened", ["severity", "due_at", "id"], UNOPENED),
        ("ix_flags_claimed", ["reviewer_id", "severity", "due_at", "id"], CLAIMED),
        ("ix_flags_merged", ["merged_into_id"], MERGED),
    ):
        op.create_index(name, "flags", columns, unique=False, sqlite_where=where, postgresql_where=where)
    op.create_index("ix_flags_received", "flags", ["received_at", "id"], unique=False)
    op.create_index("ix_flags_form", "flags", ["form", "received_at", "id"], unique=False)
    op.create_index("ix_people_barred", "people", ["id"], unique=False, sqlite_where=BARRED, postgresql_where=BARRED)
    op.create_table(
        "notes",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("uid", sa.LargeBinary(length=16), nullable=False),
        sa.Column("flag_id", NUMBER, nullable=False),
        sa.Column("author_id", NUMBER, nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("sealed_text", sa.LargeBinary(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name=op.f("fk_notes_author_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["flag_id"], ["flags.id"], name=op.f("fk_notes_flag_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
    )
    op.create_index("ix_notes_author_id", "notes", ["author_id"], unique=False)
    op.create_index("ix_notes_flag_id", "notes", ["flag_id"], unique=False)


def downgrade() -> None:
    op.drop_table("notes")
    op.drop_index("ix_people_barred", "people")
    # What an older bot doesn't know: duplicates wait again, and other outcomes are kept on record.
    op.execute("UPDATE flags SET state = 'new', merged_into_id = NULL WHERE state = 'merged'")
    op.execute(f"UPDATE flags SET outcome = 'recorded' WHERE outcome NOT IN ({_listed(OLD_OUTCOMES)})")
    for name in (
        "queue",
        "queue_form",
        "queue_region",
        "queue_platform",
        "unopened",
        "claimed",
        "received",
        "form",
        "merged",
    ):
        op.drop_index(f"ix_flags_{name}", "flags")
    with op.batch_alter_table("flags", table_kwargs={"sqlite_autoincrement": True}) as flags:
        flags.drop_constraint(op.f("fk_flags_merged_into_id"), type_="foreignkey")
        for name in CHECKS:
            flags.drop_constraint(op.f(f"ck_flags_{name}"), type_="check")
        flags.drop_constraint(op.f("ck_flags_state"), type_="check")
        flags.create_check_constraint(op.f("ck_flags_state"), f"state IN ({_listed(OLD_STATES)})")
        flags.create_check_constraint(op.f("ck_flags_outcome"), f"outcome IN ({_listed(OLD_OUTCOMES)})")
        flags.alter_column("outcome", existing_type=sa.String(32), type_=sa.String(10), existing_nullable=True)
        for column in ("form", "merged_into_id", "same_vehicle", "reopened_at"):
            flags.drop_column(column)
    _queue_index()
