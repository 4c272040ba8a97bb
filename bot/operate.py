"""What an operator does to the database from the command line."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from alembic.util import CommandError
from asyncpg import PostgresError
from sqlalchemy.exc import SQLAlchemyError

from bot.migrate import migrate
from bot.mistake import Mistake
from bot.run import unreachable
from bot.settings import Settings
from models.audit import Anchor
from models.audit import verify as audit_faults
from models.database import Database
from models.figures import figures
from models.rotation import rotate_keys
from models.vault import Vault


@asynccontextmanager
async def usable_database(settings: Settings) -> AsyncIterator[Database]:
    """The database of the settings. What it can't do, also if it can't be opened at all, raises Mistake."""
    try:
        database = Database(settings.database_url)
        try:
            yield database
        finally:
            await database.close()
    except (SQLAlchemyError, PostgresError, OSError) as error:
        raise Mistake(unreachable(error)) from None


async def migrate_to(settings: Settings, revision: str) -> None:
    """Bring the database to a revision. Raises Mistake."""
    async with usable_database(settings) as database:
        try:
            await migrate(database, revision)
        except CommandError as error:
            raise Mistake(str(error)) from None


async def print_figures(settings: Settings) -> None:
    """Print how many there are of each thing. Raises Mistake."""
    async with usable_database(settings) as database, database.reading() as session:
        for name, count in (await figures(session)).items():
            print(f"{count:>10}  {name}")


async def rotate(settings: Settings) -> None:
    """Move everything to the newest key. Raises Mistake, also if there is anything that none of the keys opens."""
    sealed: dict[str, int] = {}
    async with usable_database(settings) as database:
        async for moved in rotate_keys(database, Vault(settings.keys)):
            print(f"{moved.rows:>10}  {moved.table}")
            if moved.sealed:
                sealed[moved.table] = moved.sealed
    if sealed:
        where = ", ".join(f"{table} {rows}" for table, rows in sealed.items())
        raise Mistake(
            f"SECRET_KEYS: none of them opens {sum(sealed.values())} rows ({where}); all else is moved. Keep the older "
            "keys, add the one that is missing at the end, and do it again"
        )
    print("Done. Older keys may now leave SECRET_KEYS; then restart the bot.")


async def verify(settings: Settings, anchors: Sequence[str] = ()) -> int:
    """Print what is wrong with the audit, also beside its anchors; 0 if nothing is, else 1. Raises Mistake."""
    try:
        held = [Anchor.read(text) for text in anchors]
    except ValueError:
        raise Mistake("--anchor: COUNT:MARK as it was sent to the owners, 1532:0a1b2c3d4e5f6071") from None
    async with usable_database(settings) as database, database.reading() as session:
        faults = await audit_faults(session, Vault(settings.keys), held)
    for fault in faults:
        print(fault)
    print(f"{len(faults)} faults" if faults else "the audit is whole")
    return 1 if faults else 0
