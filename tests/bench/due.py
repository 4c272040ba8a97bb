"""How long it takes to find who is to be reminded: 500,000 drivers, of whom one in a hundred is due."""

from datetime import UTC, datetime
from statistics import median
from time import perf_counter

from sqlalchemy import text

from bot.migrate import migrate
from models.database import Database
from models.quiet import at_hour
from models.reviews import due_people

PEOPLE, DUE_ONE_IN = 500_000, 100
ROUNDS = 5
_NUMBERS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {people}) ",
    "postgresql": "WITH n(i) AS (SELECT generate_series(1, {people})) ",
}
_INDEX = {"sqlite": "CAST(printf('%032d', i) AS BLOB)", "postgresql": "CAST(lpad(CAST(i AS TEXT), 32, '0') AS BYTEA)"}
_MOMENT = {"sqlite": "'{} 04:00:00.000000'", "postgresql": "TIMESTAMPTZ '{} 04:00:00+00:00'"}


async def fill_people(database: Database) -> None:
    """Put everybody into a fresh database, numbered from 1; nobody has a Telegram id that opens."""
    kind = database.engine.dialect.name
    numbers, joined = _NUMBERS[kind].format(people=PEOPLE), _MOMENT[kind].format("2026-11-21")
    columns = "id, telegram_index, sealed_telegram_id, language, language_chosen, joined_at"
    async with database.transaction() as session:
        await session.execute(
            text(
                f"INSERT INTO people ({columns}) "
                f"{numbers} SELECT i, {_INDEX[kind]}, {_INDEX[kind]}, 'kk', false, {joined} FROM n"
            )
        )


async def find_due(database_url: str) -> tuple[float, int]:
    """Milliseconds to find them all, the median of some rounds, and how many were found."""
    database = Database(database_url)
    await migrate(database)
    now = at_hour(datetime(2026, 11, 21, tzinfo=UTC).date(), 12)
    kind = database.engine.dialect.name
    numbers = _NUMBERS[kind].format(people=PEOPLE)
    soon, later = (_MOMENT[kind].format(day) for day in ("2026-11-21", "2026-12-21"))
    await fill_people(database)
    async with database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO review_plans (person_id, hour, next_at, done_that_day, days) "
                f"{numbers} SELECT i, 12, CASE WHEN i % {DUE_ONE_IN} = 0 THEN {soon} "
                f"ELSE {later} END, 0, 0 FROM n"
            )
        )
    if kind == "postgresql":
        async with database.engine.connect() as connection:
            autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await autocommit.execute(text("ANALYZE"))
    times, found = [], 0
    for _ in range(ROUNDS):
        async with database.transaction() as session:
            began = perf_counter()
            found = len(await due_people(session, now, PEOPLE))
            times.append(1000 * (perf_counter() - began))
            await session.rollback()
    await database.close()
    return median(times), found
