"""What every table shares: the declarative base, names of constraints, and time as aware UTC."""

from datetime import UTC, datetime
from enum import Enum as PythonEnum

from sqlalchemy import BigInteger, DateTime, Dialect, Enum, Integer, MetaData
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

Identifier = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit primary key that SQLite numbers by itself too."""
LARGEST_IDENTIFIER = 2**63 - 1
NEVER_REUSED = {"sqlite_autoincrement": True}
"""For tables whose numbers are noted elsewhere: SQLite too must not give the number of a deleted row again."""


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, always aware and in UTC, in Python as in the database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times with ValueError: nobody knows when they are."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone can't be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back that SQLite forgets."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def words(kind: type[PythonEnum], name: str, *, closed: bool = True) -> Enum:
    """A column that holds one of the enum's values as text, checked by the database.

    With `closed=False` it's not checked there, and has room for 32 characters: for lists that grow with the product.
    """
    return Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=closed,
        length=max(len(member.value) for member in kind) if closed else 32,
        values_callable=lambda members: [member.value for member in members],
    )


class Base(DeclarativeBase):
    """The base of all tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
