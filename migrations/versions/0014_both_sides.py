"""Drivers are heard, given a lesson, and either side may ask for a second look"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UNTOLD, UNDECIDED = sa.text("told_at IS NULL"), sa.text("decided_at IS NULL")


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _index(table: str, name: str, columns: list[str], where: sa.TextClause | None = None) -> None:
    op.create_index(f"ix_{table}_{name}", table, columns, unique=False, sqlite_where=where, postgresql_where=where)


def upgrade() -> None:
    op.create_table(
        "hearings",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("flag_id", IDENTIFIER, nullable=False),
        sa.Column("driver_id", IDENTIFIER, nullable=False),
        _moment("asked_at", nullable=False),
        _moment("tell_at", nullable=False),
        _moment("told_at"),
        _moment("answer_by"),
        _moment("answered_at"),
        _moment("declined_at"),
        sa.Column("sealed_answer", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("(told_at IS NULL) = (answer_by IS NULL)", name=op.f("ck_hearings_term")),
        sa.CheckConstraint("(sealed_answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_hearings_answered")),
        sa.CheckConstraint(
            "told_at IS NOT NULL OR (answered_at IS NULL AND declined_at IS NULL)", name=op.f("ck_hearings_told_first")
        ),
        sa.CheckConstraint("answered_at IS NULL OR declined_at IS NULL", name=op.f("ck_hearings_answered_or_declined")),
        sa.ForeignKeyConstraint(["driver_id"], ["people.id"], name=op.f("fk_hearings_driver_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["flag_id"], ["flags.id"], name=op.f("fk_hearings_flag_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hearings")),
        sa.UniqueConstraint("flag_id", name=op.f("uq_hearings_flag_id")),
        sqlite_autoincrement=True,
    )
    _index("hearings", "driver_id", ["driver_id"])
    _index("hearings", "untold", ["tell_at"], UNTOLD)
    op.create_table(
        "remedies",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("flag_id", IDENTIFIER, nullable=False),
        sa.Column("driver_id", IDENTIFIER, nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("lesson", sa.Integer(), nullable=False),
        _moment("given_at", nullable=False),
        _moment("tell_at", nullable=False),
        _moment("told_at"),
        _moment("passed_at"),
        _moment("lifted_at"),
        sa.CheckConstraint("passed_at IS NULL OR told_at IS NOT NULL", name=op.f("ck_remedies_told_first")),
        sa.ForeignKeyConstraint(["driver_id"], ["people.id"], name=op.f("fk_remedies_driver_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["flag_id"], ["flags.id"], name=op.f("fk_remedies_flag_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remedies")),
        sa.UniqueConstraint("flag_id", name=op.f("uq_remedies_flag_id")),
        sqlite_autoincrement=True,
    )
    _index("remedies", "driver_id", ["driver_id"])
    _index("remedies", "untold", ["tell_at"], UNTOLD)
    op.create_table(
        "appeals",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("flag_id", IDENTIFIER, nullable=False),
        sa.Column("side", sa.String(length=8), nullable=False),
        sa.Column("person_id", IDENTIFIER, nullable=False),
        sa.Column("closed_by", IDENTIFIER, nullable=True),
        sa.Column("sealed_words", sa.LargeBinary(), nullable=False),
        _moment("made_at", nullable=False),
        _moment("decided_at"),
        sa.Column("decided_by", IDENTIFIER, nullable=True),
        sa.Column("changed", sa.Boolean(), nullable=True),
        sa.CheckConstraint("side IN ('driver', 'reporter')", name=op.f("ck_appeals_side")),
        sa.CheckConstraint("decided_by <> closed_by", name=op.f("ck_appeals_decided_by_somebody_else")),
        sa.CheckConstraint("(decided_at IS NULL) = (changed IS NULL)", name=op.f("ck_appeals_decided")),
        sa.ForeignKeyConstraint(["closed_by"], ["people.id"], name=op.f("fk_appeals_closed_by"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=op.f("fk_appeals_decided_by"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["flag_id"], ["flags.id"], name=op.f("fk_appeals_flag_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_appeals_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeals")),
        sa.UniqueConstraint("flag_id", "side", name=op.f("uq_appeals_flag_id_side")),
        sqlite_autoincrement=True,
    )
    for column in ("closed_by", "decided_by", "person_id"):
        _index("appeals", column, [column])
    _index("appeals", "undecided", ["made_at", "id"], UNDECIDED)


def downgrade() -> None:
    for table in ("appeals", "remedies", "hearings"):
        op.drop_table(table)
