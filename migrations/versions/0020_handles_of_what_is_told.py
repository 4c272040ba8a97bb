"""Hearings, remedies and messages have random bytes of their own, by which buttons name them"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TABLES = ("hearings", "remedies", "talk")
PORTION = 1000
"""Rows that are filled at once."""


def _fill(table: str) -> None:
    """Give each row its bytes: SQL has none on PostgreSQL that nobody could guess."""
    rows = sa.table(table, sa.column("id", sa.BigInteger()), sa.column("uid", sa.LargeBinary()))
    numbers = sa.select(rows.c.id).order_by(rows.c.id).limit(PORTION)
    fill = rows.update().where(rows.c.id == sa.bindparam("number")).values(uid=sa.bindparam("random"))
    connection, last = op.get_bind(), 0
    while portion := connection.scalars(numbers.where(rows.c.id > last)).all():
        connection.execute(fill, [{"number": number, "random": secrets.token_bytes(16)} for number in portion])
        last = portion[-1]


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("uid", sa.LargeBinary(length=16), nullable=True))
        _fill(table)
        with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True}) as its:
            its.alter_column("uid", existing_type=sa.LargeBinary(length=16), nullable=False)
            its.create_unique_constraint(op.f(f"uq_{table}_uid"), ["uid"])


def downgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True}) as its:
            its.drop_constraint(op.f(f"uq_{table}_uid"), type_="unique")
            its.drop_column("uid")
