"""Watches the deadlines of flags: looks now and then which nobody has opened in time, and has the team told.

The moments stand in the rows, so a restart forgets none; one replica looks at a time, so that nobody hears twice.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bot.clock import Clock, utc_now
from bot.rounds import Rounds
from handlers.duty import post_alerts, post_nobody_on_call, post_week
from handlers.texts import Texts
from models.database import Database
from models.duty import nobody_to_tell, waiting_too_long
from models.leases import hold
from models.people import Language
from models.vault import Vault
from models.weekly import next_summary, week_of

EVERY = timedelta(seconds=15)
"""Fine enough for a deadline of 15 minutes."""
AT_ONCE = 200
"""Flags in one transaction."""


@dataclass
class Deadlines:
    """One replica watches at a time."""

    database: Database
    vault: Vault
    texts: Mapping[Language, Texts]
    wake_outbox: Callable[[], None]
    clock: Clock = utc_now
    rounds: Rounds = field(default_factory=Rounds)
    name: str = field(default_factory=lambda: secrets.token_hex(8))

    async def run(self) -> None:
        """Look every quarter of a minute until cancelled."""
        await self.rounds.go("deadlines", self._look_at_all, EVERY)

    async def _look_at_all(self) -> None:
        while await self.look() == AT_ONCE:
            pass
        await self.sum_up()

    async def look(self) -> int:
        """Have the team told of the next flags that wait too long, how many there were; and that nobody is on call."""
        now = self.clock()
        async with self.database.transaction() as session:
            if not await hold(session, "deadlines", self.name, now, 2 * EVERY):
                return 0
            waiting = await waiting_too_long(session, now, AT_ONCE)
            await post_alerts(session, self.vault, self.texts, waiting, now)
            nobody_for = await nobody_to_tell(session, now, [flag for flag, _alert in waiting])
            if nobody_for is not None:
                await post_nobody_on_call(session, self.vault, self.texts, nobody_for, now)
        if waiting or nobody_for is not None:
            self.wake_outbox()
        return len(waiting)

    async def sum_up(self) -> bool:
        """Tell the team of the last week, once a week from Monday morning on; whether there was anything to tell."""
        now = self.clock()
        async with self.database.transaction() as session:
            # Each time a holder of its own, so that nobody tells the same week twice.
            if not await hold(session, "weekly", secrets.token_hex(8), now, next_summary(now) - now):
                return False
            week = await week_of(session, now)
            if not week.received and not week.waiting:
                return False
            await post_week(session, self.vault, self.texts, week, now)
        self.wake_outbox()
        return True
