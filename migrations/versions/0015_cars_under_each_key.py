"""Cars are found under each key, and a duplicate says who closed it with its main flag"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "car_indexes",
        sa.Column("car_id", IDENTIFIER, nullable=False),
        sa.Column("plate_index", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["car_id"], ["cars.id"], name=op.f("fk_car_indexes_car_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("car_id", "plate_index", name=op.f("pk_car_indexes")),
    )
    op.create_index(op.f("ix_car_indexes_plate_index"), "car_indexes", ["plate_index"], unique=False)
    op.execute("INSERT INTO car_indexes (car_id, plate_index) SELECT id, plate_index FROM cars")
    op.execute(
        "UPDATE flags SET reviewer_id = (SELECT main.reviewer_id FROM flags AS main"
        " WHERE main.id = flags.merged_into_id) WHERE state = 'closed' AND merged_into_id IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_table("car_indexes")
