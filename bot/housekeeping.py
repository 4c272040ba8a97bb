"""What is done now and then, by one replica at a time: forgetting what is old, telling what has to be renewed."""

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock, utc_now
from bot.metrics import Metrics
from bot.rounds import Rounds
from handlers.notices import tell_owners_of_anchor, tell_owners_of_contacts
from handlers.texts import Texts
from models.approvals import KEPT as APPROVALS_KEPT
from models.approvals import forget_approvals
from models.audit import anchor
from models.broadcasts import forget_broadcasts
from models.cars import ENDED_KEPT
from models.conversation import KEPT as CONVERSATIONS_KEPT
from models.conversation import forget_conversations
from models.database import Database
from models.directory import hiding
from models.drafts import KEPT as DRAFTS_KEPT
from models.drafts import forget_drafts
from models.evidence import forget_of_lost_drafts
from models.flags import forget_ended
from models.invites import forget_invites
from models.known_drivers import forget_cars
from models.leases import hold
from models.limits import KEPT as LIMITS_KEPT
from models.limits import forget_limits
from models.outbox import forget_settled
from models.passphrases import KEPT as TRIES_KEPT
from models.passphrases import forget_tries
from models.people import Language
from models.quiet import local_day
from models.thanks import KEPT as THANKS_KEPT
from models.thanks import forget_thanks
from models.traces import KEPT as TRACES_KEPT
from models.traces import forget_traces
from models.trials import KEPT as TRIALS_KEPT
from models.trials import forget_trials
from models.updates import DeadLetter, forget_updates
from models.vault import Vault

log = logging.getLogger(__name__)

FIRST, EVERY = timedelta(seconds=30), timedelta(hours=1)
SETTLED_KEPT = timedelta(days=1)
CONTACTS_TOLD_EVERY = timedelta(weeks=1)
"""How often the owners hear of the same contacts at most."""
ANCHORED_EVERY = timedelta(days=1)
"""How often the owners are sent where the audit stands."""


@dataclass
class Housekeeping:
    """`flags_kept` and `updates_kept` say for how long; what is older is deleted for good.

    `contacts_kept_days` is for how long a contact of the help directory is shown after it was verified.
    """

    database: Database
    vault: Vault
    texts: Mapping[Language, Texts]
    metrics: Metrics
    flags_kept: timedelta
    updates_kept: timedelta
    contacts_kept_days: int
    clock: Clock = utc_now
    rounds: Rounds = field(default_factory=Rounds)
    name: str = field(default_factory=lambda: secrets.token_hex(8))

    async def run(self) -> None:
        """Tidy soon after the start, and then once an hour until cancelled."""
        await self.rounds.go("tidying", self.tidy, EVERY, first=FIRST)

    async def tidy(self) -> None:
        """Delete what is old enough and tell of stale contacts, unless another replica has just done so."""
        now = self.clock()
        async with self.database.transaction() as session:
            if await hold(session, "housekeeping", self.name, now, EVERY):
                await forget_updates(session, now - self.updates_kept)
                await forget_settled(session, now - SETTLED_KEPT)
                await forget_ended(session, self.vault, now - self.flags_kept, now)
                await forget_conversations(session, now - CONVERSATIONS_KEPT)
                await forget_trials(session, now - TRIALS_KEPT)
                await forget_drafts(session, now - DRAFTS_KEPT)
                await forget_tries(session, now - TRIES_KEPT)
                await forget_limits(session, now - LIMITS_KEPT)
                await forget_invites(session, now)
                await forget_approvals(session, now - APPROVALS_KEPT)
                await forget_traces(session, now - TRACES_KEPT)
                await forget_broadcasts(session, now)
                await forget_of_lost_drafts(session)
                await forget_cars(session, now - ENDED_KEPT)
                await forget_thanks(session, local_day(now - THANKS_KEPT))
                await self._tell_of_contacts(session, now)
                await self._anchor(session, now)
            self.metrics.dead_letters.set(await session.scalar(select(func.count(DeadLetter.id))) or 0)
        await self.database.empty_log()

    async def _tell_of_contacts(self, session: AsyncSession, now: datetime) -> None:
        """Name the contacts that are hidden or soon will be to the owners, once a week as long as there are any."""
        contacts = list(hiding(local_day(now), self.contacts_kept_days))
        # Each time a holder of its own: even the replica that told them last waits for the week to end.
        if contacts and await hold(session, "contacts", secrets.token_hex(8), now, CONTACTS_TOLD_EVERY):
            await tell_owners_of_contacts(session, self.vault, self.texts, contacts, now)

    async def _anchor(self, session: AsyncSession, now: datetime) -> None:
        """Once a day, put where the audit stands outside the database: into the owners' chats, and into the log."""
        held = await anchor(session)
        if held is not None and await hold(session, "anchor", secrets.token_hex(8), now, ANCHORED_EVERY):
            await tell_owners_of_anchor(session, self.vault, self.texts, held, now)
            log.info("the audit is anchored at %s", held)
