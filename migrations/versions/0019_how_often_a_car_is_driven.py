"""How often a car is driven with passengers, as its driver says"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

OFTEN = ("most_days", "some_days", "now_and_then")
ANSWERS = ("driven", "driven_before")


def upgrade() -> None:
    with op.batch_alter_table("cars", table_kwargs={"sqlite_autoincrement": True}) as cars:
        for name in ANSWERS:
            kind = sa.Enum(*OFTEN, name=name, native_enum=False, create_constraint=True, length=12)
            cars.add_column(sa.Column(name, kind, nullable=True))
        cars.add_column(sa.Column("driven_from", sa.Date(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("cars", table_kwargs={"sqlite_autoincrement": True}) as cars:
        for name in ANSWERS:
            cars.drop_constraint(op.f(f"ck_cars_{name}"), type_="check")
        for name in (*ANSWERS, "driven_from"):
            cars.drop_column(name)
