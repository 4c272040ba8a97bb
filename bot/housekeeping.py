"""What is done now and then: forgetting what is old enough, by one replica at a time."""

import asyncio
import logging
import secrets
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from bot.clock import Clock, utc_now
from bot.metrics import Metrics
from models.database import Database
from models.flags import forget_ended
from models.leases import hold
from models.outbox import forget_settled
from models.trials import KEPT as TRIALS_KEPT
from models.trials import forget_trials
from models.updates import DeadLetter, forget_updates

log = logging.getLogger(__name__)

EVERY = timedelta(hours=1)
SETTLED_KEPT = timedelta(days=1)


@dataclass
class Housekeeping:
    """`flags_kept` and `updates_kept` say for how long; what is older is deleted for good."""

    database: Database
    metrics: Metrics
    flags_kept: timedelta
    updates_kept: timedelta
    clock: Clock = utc_now
    name: str = field(default_factory=lambda: secrets.token_hex(8))

    async def run(self) -> None:
        """Tidy once an hour until cancelled."""
        while True:
            try:
                await self.tidy()
            except (SQLAlchemyError, OSError) as error:
                log.warning("tidying waits for the database: %s", type(error).__name__)
            await asyncio.sleep(EVERY.total_seconds())

    async def tidy(self) -> None:
        """Delete what is old enough, unless another replica has just done so."""
        now = self.clock()
        async with self.database.transaction() as session:
            if await hold(session, "housekeeping", self.name, now, EVERY):
                await forget_updates(session, now - self.updates_kept)
                await forget_settled(session, now - SETTLED_KEPT)
                await forget_ended(session, now - self.flags_kept)
                await forget_trials(session, now - TRIALS_KEPT)
            self.metrics.dead_letters.set(await session.scalar(select(func.count(DeadLetter.id))) or 0)
        await self.database.empty_log()
