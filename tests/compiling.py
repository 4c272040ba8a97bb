"""Statements are compiled once in a process of tests, not anew for every database that one opens."""

import functools
from typing import Any

from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite

import models.database

# What was compiled is found by its dialect: all of a kind are made alike here, and stand for each other.
for dialect in (PGDialect_asyncpg, SQLiteDialect_aiosqlite):
    dialect.__eq__ = lambda one, other: type(one) is type(other)
    dialect.__hash__ = lambda one: hash(type(one))

_COMPILED: dict[Any, Any] = {}
models.database.create_async_engine = functools.partial(
    models.database.create_async_engine, execution_options={"compiled_cache": _COMPILED}
)
