"""Reminds of the daily questions and tells of thanks: looks now and then who is due, and posts what is for them."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from bot.clock import Clock, utc_now
from bot.rounds import Rounds
from handlers.making import post_order
from models.database import Database
from models.leases import hold
from models.outbox import Priority
from models.quiet import local_day
from models.reviews import due_people, note_reminded
from models.thanks import note_told
from models.vault import Vault

EVERY = timedelta(seconds=30)
AT_ONCE = 500
"""People in one transaction: a reminder must not keep a receipt waiting."""


@dataclass
class Reminders:
    """One replica reminds at a time, so that nobody is reminded by two."""

    database: Database
    vault: Vault
    wake_outbox: Callable[[], None]
    clock: Clock = utc_now
    rounds: Rounds = field(default_factory=Rounds)
    name: str = field(default_factory=lambda: secrets.token_hex(8))

    async def run(self) -> None:
        """Remind every half minute until cancelled, for the first time when the bot has settled."""
        await self.rounds.go("reminders", self._remind_all, EVERY)

    async def _remind_all(self) -> None:
        while await self.remind() == AT_ONCE:
            pass
        while await self.tell_thanks() == AT_ONCE:
            pass

    async def remind(self) -> int:
        """Remind the next who are due; how many there were."""
        now = self.clock()
        async with self.database.transaction() as session:
            if not await hold(session, "reminders", self.name, now, 2 * EVERY):
                return 0
            due = await due_people(session, now, AT_ONCE)
            if not due:
                return 0
            day = {"day": local_day(now).isoformat()}
            for person_id in await note_reminded(session, due, now):
                post_order(session, self.vault, person_id, "daily", day, priority=Priority.REMINDER, now=now)
        self.wake_outbox()
        return len(due)

    async def tell_thanks(self) -> int:
        """Order the weekly message for the next drivers who are due; how many there were."""
        now = self.clock()
        async with self.database.transaction() as session:
            if not await hold(session, "reminders", self.name, now, 2 * EVERY):
                return 0
            told, due = await note_told(session, now, AT_ONCE)
            for person_id, since, until in told:
                weeks = {"since": since.isoformat(), "until": until.isoformat()}
                post_order(session, self.vault, person_id, "thanks", weeks, priority=Priority.REMINDER, now=now)
        if told:
            self.wake_outbox()
        return due
