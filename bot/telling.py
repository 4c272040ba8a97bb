"""Tells drivers what concerns them once its moment has come: looks now and then, and posts what is for them.

The moments stand in the rows, so a restart forgets none; one replica looks at a time, so that nobody hears twice.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bot.clock import Clock, utc_now
from bot.rounds import Rounds
from handlers.hearing import tell_asked
from handlers.remedy import tell_given
from handlers.texts import Texts
from models.database import Database
from models.leases import hold
from models.people import Language
from models.vault import Vault

EVERY = timedelta(minutes=1)
AT_ONCE = 200
"""Drivers in one transaction: it must not keep a receipt waiting."""


@dataclass
class Telling:
    """One replica tells at a time. `answer_days` is how long a driver who is asked may answer."""

    database: Database
    vault: Vault
    texts: Mapping[Language, Texts]
    answer_days: int
    wake_outbox: Callable[[], None]
    clock: Clock = utc_now
    rounds: Rounds = field(default_factory=Rounds)
    name: str = field(default_factory=lambda: secrets.token_hex(8))

    async def run(self) -> None:
        """Look once a minute until cancelled."""
        await self.rounds.go("telling drivers", self._look_at_all, EVERY)

    async def _look_at_all(self) -> None:
        while await self.look() >= AT_ONCE:
            pass

    async def look(self) -> int:
        """Tell the next drivers; how much was looked at of what there was most."""
        now = self.clock()
        async with self.database.transaction() as session:
            if not await hold(session, "telling", self.name, now, 2 * EVERY):
                return 0
            given = await tell_given(session, self.vault, self.texts, limit=AT_ONCE, now=now)
            asked = await tell_asked(
                session, self.vault, self.texts, term_days=self.answer_days, limit=AT_ONCE, now=now
            )
        if given or asked:
            self.wake_outbox()
        return max(given, asked)
