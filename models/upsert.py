"""INSERT … ON CONFLICT DO NOTHING, which SQLite and PostgreSQL both speak but SQLAlchemy spells per dialect."""

from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import Base


def insert_new(session: AsyncSession, table: type[Base]) -> SqliteInsert | PostgresInsert:
    """A statement that inserts rows whose unique keys are not there yet, and passes over the others.

    The rows are given when it's executed, not here: so it's compiled once, whatever their number.
    """
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
    return insert(table.metadata.tables[table.__tablename__]).on_conflict_do_nothing()
