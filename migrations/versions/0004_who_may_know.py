"""Who may know of a report: held until another person names the vehicle, counted only; consents; barred persons"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATES = ("new", "claimed", "held", "counted", "closed", "withdrawn")
OLD_STATES = ("new", "claimed", "closed", "withdrawn")
QUEUE = sa.text("state IN ('new', 'claimed')")
HELD = sa.text("state = 'held'")
COLUMNS: tuple[tuple[str, sa.types.TypeEngine[object]], ...] = (
    ("released_at", sa.DateTime(timezone=True)),
    ("daytime", sa.String(length=32)),
    ("reach", sa.String(length=32)),
)


def _flags(states: tuple[str, ...], ended: str) -> None:
    """Another list of states. SQLite has to copy the table for that, and the index with an expression goes with it."""
    op.drop_index("ix_flags_queue", "flags")
    listed = ", ".join(f"'{state}'" for state in states)
    with op.batch_alter_table("flags", table_kwargs={"sqlite_autoincrement": True}) as flags:
        flags.drop_constraint(op.f("ck_flags_state"), type_="check")
        flags.drop_constraint(op.f("ck_flags_ended"), type_="check")
        flags.create_check_constraint(op.f("ck_flags_state"), f"state IN ({listed})")
        flags.create_check_constraint(op.f("ck_flags_ended"), f"(state IN ({ended})) = (ended_at IS NOT NULL)")
    op.create_index(
        "ix_flags_queue",
        "flags",
        [sa.text("severity DESC"), "due_at", "id"],
        unique=False,
        sqlite_where=QUEUE,
        postgresql_where=QUEUE,
    )


def _code(length: int, before: int) -> None:
    with op.batch_alter_table("flag_behaviours") as behaviours:
        behaviours.alter_column(
            "code", existing_type=sa.String(before), type_=sa.String(length), existing_nullable=False
        )


def upgrade() -> None:
    for name, kind in COLUMNS:
        op.add_column("flags", sa.Column(name, kind, nullable=True))
    _flags(STATES, "'closed', 'withdrawn', 'counted'")
    op.create_index("ix_flags_held", "flags", ["received_at"], unique=False, sqlite_where=HELD, postgresql_where=HELD)
    _code(4, 3)
    op.add_column("people", sa.Column("barred_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "consents",
        sa.Column("flag_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("recipient", sa.String(length=32), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["flag_id"], ["flags.id"], name=op.f("fk_consents_flag_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("flag_id", "recipient", name=op.f("pk_consents")),
    )


def downgrade() -> None:
    # What was not sent to the team must not come to it now: an older bot knows it as withdrawn.
    op.execute(
        "UPDATE flags SET state = 'withdrawn', ended_at = COALESCE(ended_at, received_at)"
        " WHERE state IN ('held', 'counted')"
    )
    op.execute(
        "DELETE FROM flag_behaviours WHERE code LIKE '%+' AND EXISTS (SELECT 1 FROM flag_behaviours AS other"
        " WHERE other.flag_id = flag_behaviours.flag_id AND other.code = SUBSTR(flag_behaviours.code, 1, 3))"
    )
    op.execute("UPDATE flag_behaviours SET code = SUBSTR(code, 1, 3)")
    op.drop_table("consents")
    op.drop_column("people", "barred_at")
    _code(3, 4)
    op.drop_index("ix_flags_held", "flags")
    _flags(OLD_STATES, "'closed', 'withdrawn'")
    for name, _kind in reversed(COLUMNS):
        op.drop_column("flags", name)
