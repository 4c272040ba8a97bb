"""How long a page of the reviewers' queue takes with few and with many flags stored, one in fifty of them open."""

from datetime import UTC, datetime
from itertools import pairwise
from statistics import median
from time import perf_counter
from typing import NamedTuple

from sqlalchemy import text

from bot.migrate import migrate
from models.behaviours import Form
from models.database import Database
from models.queue import Wanted, count_waiting, place_of, queue

FEW, MANY, OPEN_ONE_IN = 1_000, 1_000_000, 50
AT_ONCE = 100_000
"""Rows in one statement, so that none takes longer than the database allows."""
PAGE, ROUNDS, REPORTERS, REVIEWER = 9, 25, 500, 501
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
_DIALECT = {
    "sqlite": {
        "numbers": "WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last})",
        "bytes": "CAST(printf('%032d', i) AS BLOB)",
        "uid": "CAST(printf('%016d', i) AS BLOB)",
        "moment": "strftime('%Y-%m-%d %H:%M:%S.000000', '2026-11-21', (i % 90 - 60) || ' hours')",
        "ended": "CASE WHEN i % {one_in} = 0 THEN NULL ELSE '2026-11-20 00:00:00.000000' END",
        "form": "CASE i / 50 % 4 WHEN 0 THEN 'SX' WHEN 1 THEN 'VB' WHEN 2 THEN 'PH' ELSE 'DR' END",
    },
    "postgresql": {
        "numbers": "WITH n(i) AS (SELECT generate_series({first}, {last}))",
        "bytes": "CAST(lpad(CAST(i AS TEXT), 32, '0') AS BYTEA)",
        "uid": "CAST(lpad(CAST(i AS TEXT), 16, '0') AS BYTEA)",
        "moment": "TIMESTAMPTZ '2026-11-21 00:00:00+00' + (i % 90 - 60) * INTERVAL '1 hour'",
        "ended": "CASE WHEN i % {one_in} = 0 THEN NULL ELSE TIMESTAMPTZ '2026-11-20 00:00:00+00' END",
        "form": "CASE i / 50 % 4 WHEN 0 THEN 'SX' WHEN 1 THEN 'VB' WHEN 2 THEN 'PH' ELSE 'DR' END",
    },
}


class Looks(NamedTuple):
    """Milliseconds in the database for what a reviewer sees, each an answer to one press."""

    first: float
    """The first page and its counts."""
    next: float
    form: float
    """A page of one form."""
    nothing: float
    """A page of a region from which there's nothing, for which all that is open is looked through."""


async def queue_times(few_url: str, many_url: str) -> tuple[Looks, Looks]:
    """Medians with few and with many flags stored, in turns."""
    databases = [await _filled(few_url, FEW), await _filled(many_url, MANY)]
    found: list[list[Looks]] = [[], []]
    for number in range(ROUNDS + 3):
        for database, looks in zip(databases, found, strict=True):
            took = await _look(database)
            if number >= 3:  # the first ones read the file
                looks.append(took)
    for database in databases:
        await database.close()
    few, many = (Looks(*map(median, zip(*looks, strict=True))) for looks in found)
    return few, many


async def _look(database: Database) -> Looks:
    moments = [perf_counter()]
    async with database.transaction() as session:
        shown = await queue(session, REVIEWER, limit=PAGE, now=NOW)
        await count_waiting(session, REVIEWER, NOW)
        moments.append(perf_counter())
        await queue(session, REVIEWER, limit=PAGE, now=NOW, after=place_of(shown[-1], NOW))
        moments.append(perf_counter())
        for wanted in (Wanted(form=Form.PHYSICAL), Wanted(region="KZ-59")):
            await queue(session, REVIEWER, limit=PAGE, now=NOW, wanted=wanted)
            moments.append(perf_counter())
    return Looks(*(1000 * (after - before) for before, after in pairwise(moments)))


async def _filled(database_url: str, rows: int) -> Database:
    database = Database(database_url)
    await migrate(database)
    kind = database.engine.dialect.name
    form = {name: sql.format(first=1, last=REPORTERS + 1, one_in=OPEN_ONE_IN) for name, sql in _DIALECT[kind].items()}
    people = form["numbers"]
    async with database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO people (id, telegram_index, sealed_telegram_id, language, language_chosen, joined_at) "
                f"{people} SELECT i, {form['bytes']}, {form['bytes']}, 'kk', false, {form['moment']} FROM n"
            )
        )
        await session.execute(
            text(
                "INSERT INTO team (person_id, role, since, by_settings) "
                f"{people} SELECT i, 'reviewer', {form['moment']}, false FROM n WHERE i = {REVIEWER}"
            )
        )
    for first in range(1, rows + 1, AT_ONCE):
        flags = _DIALECT[kind]["numbers"].format(first=first, last=min(first + AT_ONCE - 1, rows))
        async with database.transaction() as session:
            await session.execute(
                text(
                    "INSERT INTO flags (id, uid, reporter_id, draft, ride, severity, state, received_at, due_at, "
                    "ended_at, wrapped_key, receipt_index, sealed_receipt, form) "
                    f"{flags} SELECT i, {form['uid']}, i % {REPORTERS} + 1, CAST(i AS TEXT), 'over', "
                    f"i / {OPEN_ONE_IN} % 4 + 1, CASE WHEN i % {OPEN_ONE_IN} = 0 THEN 'new' ELSE 'withdrawn' END, "
                    f"{form['moment']}, {form['moment']}, {form['ended']}, {form['uid']}, {form['bytes']}, "
                    f"{form['uid']}, {form['form']} FROM n"
                )
            )
    if kind == "postgresql":
        async with database.engine.connect() as connection:
            autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await autocommit.execute(text("ANALYZE"))
    return database
