"""INSERT … ON CONFLICT DO NOTHING, which SQLite and PostgreSQL both speak but SQLAlchemy spells per dialect."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import Base


def insert_new(
    session: AsyncSession, table: type[Base], rows: Sequence[Mapping[str, Any]]
) -> SqliteInsert | PostgresInsert:
    """A statement that inserts the rows whose unique keys are not there yet, and passes over the others."""
    if session.get_bind().dialect.name == "sqlite":
        return sqlite_insert(table).values(rows).on_conflict_do_nothing()
    return postgres_insert(table).values(rows).on_conflict_do_nothing()
