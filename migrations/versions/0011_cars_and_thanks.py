"""Cars of certified drivers, and thanks to them"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
EXPECTED = sa.text("next_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "cars",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("person_id", IDENTIFIER, nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("sealed_plate", sa.LargeBinary(), nullable=False),
        sa.Column("plate_index", sa.LargeBinary(length=32), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_cars_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cars")),
        sa.UniqueConstraint("code", name=op.f("uq_cars_code")),
        sqlite_autoincrement=True,
    )
    for column in ("person_id", "plate_index", "ended_at"):
        op.create_index(op.f(f"ix_cars_{column}"), "cars", [column], unique=False)
    op.create_table(
        "thanks",
        sa.Column("car_id", IDENTIFIER, nullable=False),
        sa.Column("person_id", IDENTIFIER, nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["car_id"], ["cars.id"], name=op.f("fk_thanks_car_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_thanks_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("car_id", "person_id", "week", name=op.f("pk_thanks")),
    )
    for column in ("person_id", "week"):
        op.create_index(op.f(f"ix_thanks_{column}"), "thanks", [column], unique=False)
    op.create_table(
        "thanks_plans",
        sa.Column("person_id", IDENTIFIER, nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_until", sa.Date(), nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_thanks_plans_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_thanks_plans")),
    )
    op.create_index(
        "ix_thanks_plans_next_at",
        "thanks_plans",
        ["next_at"],
        unique=False,
        sqlite_where=EXPECTED,
        postgresql_where=EXPECTED,
    )


def downgrade() -> None:
    op.drop_table("thanks_plans")
    op.drop_table("thanks")
    op.drop_table("cars")
