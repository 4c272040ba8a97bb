"""How often a car is driven with passengers, as its driver says"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

OFTEN = "'most_days', 'some_days', 'now_and_then'"
ANSWERS = ("driven", "driven_least")


def upgrade() -> None:
    # Each check stands in its column: to add it any other way SQLite copies the table, and gives numbers again.
    for name in ANSWERS:
        check = f"CONSTRAINT ck_cars_{name} CHECK ({name} IN ({OFTEN}))"
        op.execute(f"ALTER TABLE cars ADD COLUMN {name} VARCHAR(12) {check}")


def downgrade() -> None:
    for name in ANSWERS:  # and its check with it
        op.drop_column("cars", name)
