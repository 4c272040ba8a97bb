"""The handles by which people's buttons name rows, for whoever presses a button that is on no screen."""

from models.drivers import Hearing, Remedy
from models.evidence import Evidence
from models.flags import Flag
from models.talk import Talk
from tests.house import House


async def handle(house: House, table: type[Evidence | Flag | Hearing | Remedy | Talk], number: int = 1) -> str:
    """The handle of the row of a table that has this number."""
    async with house.app.database.reading() as session:
        row = await session.get_one(table, number)
    return row.handle
