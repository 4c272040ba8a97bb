"""Work that comes again and again: a look every so often, which a database that is away only puts off."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

log = logging.getLogger(__name__)


async def go_round(
    what: str, look: Callable[[], Awaitable[object]], every: timedelta, *, first: timedelta | None = None
) -> None:
    """Look until cancelled: at first after `first`, which is `every` if nothing is said, then with `every` between.

    `what` names the work in the log, when it has to wait for the database.
    """
    await asyncio.sleep((first or every).total_seconds())
    while True:
        try:
            await look()
        except (SQLAlchemyError, OSError) as error:
            log.warning("%s: the database is away: %s", what, type(error).__name__)
        await asyncio.sleep(every.total_seconds())
