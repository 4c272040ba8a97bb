"""Sends broadcasts: a few people at a time, at their own pace, when nothing more urgent waits.

Every tenth of a second one transaction writes down what became of those who were written to and takes the next few;
they're written to at once, so that whoever kills the bot meets no more than a handful between the mark and the
message. See `models/recipients.py` for what becomes of those.

It works under the lease of the outbox's sender and within the same pace: whatever leaves unasked leaves one replica.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic

from aiogram import Bot
from aiogram.methods import SendMessage
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock, utc_now
from bot.delivery import LONGEST_PAUSE, SENDING, TERM
from bot.metrics import Metrics
from bot.pace import Pace, pause
from bot.telegram import Failure, Verdict, judge, tell
from handlers.broadcast_words import counted
from handlers.making import post_order
from handlers.opting import broadcast_message
from handlers.texts import Texts
from models.audit import Action, record
from models.broadcasts import Broadcast, Fate, Stage
from models.database import Database
from models.leases import hold
from models.markup import Rich
from models.outbox import Priority, has_posted, is_urgent
from models.people import Language, Person, mark_blocked
from models.quiet import quiet_until
from models.recipients import (
    Key,
    clear_some,
    finish,
    next_broadcast,
    queue_some,
    recover,
    settle,
    take,
    try_again,
)
from models.vault import CannotOpen, Vault

log = logging.getLogger(__name__)

TICK = 0.1
"""Seconds between two rounds."""
SHOWN_EVERY = timedelta(seconds=5)
"""How often the owner's message is brought up to date."""
MOST = 100
"""People who are being written to at the same time: when Telegram answers slowly, no more are taken."""
_LOOK_AGAIN = 2.0
_LONGEST_TROUBLE = 60.0
_FATES = {
    Verdict.HARMLESS: Fate.SENT,
    Verdict.UNREACHABLE: Fate.BLOCKED,
    Verdict.REFUSED: Fate.REFUSED,
    Verdict.GONE: Fate.REFUSED,
    Verdict.PERHAPS_SENT: Fate.UNSURE,
}


@dataclass(frozen=True)
class _Result:
    key: Key
    tries: int
    failure: Failure | None


@dataclass
class Broadcasting:
    """The one that sends broadcasts, `rate` messages a second. `name` is that of the outbox's sender beside it."""

    database: Database
    vault: Vault
    bot: Bot
    texts: Mapping[Language, Texts]
    metrics: Metrics
    pace: Pace
    name: str
    wake_outbox: Callable[[], None]
    rate: float = 25.0
    clock: Clock = utc_now
    _in_flight: dict[Key, asyncio.Task[None]] = field(default_factory=dict)
    _results: list[_Result] = field(default_factory=list)
    _sure_until: datetime | None = None
    """Until when all that is marked as taken by anybody is in this one's hands: as long as its lease runs."""
    _credit: float = 0.0
    _credited_at: float = field(default_factory=monotonic)
    _silent_until: float = 0.0
    _trouble: int = 0
    """Rounds in which nothing but failures came back, one after the other."""
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self) -> None:
        """Take nobody any more; `run` returns when those in work are written down."""
        self._stop.set()

    async def run(self) -> None:
        """Send until stopped; survives whatever the database or Telegram do meanwhile."""
        try:
            while not self._stop.is_set():
                try:
                    seconds = await self.work()
                except Exception as error:  # whatever it is, what is marked is looked through and then tried again
                    log.warning("broadcasts wait: %s", type(error).__name__)
                    self._sure_until, seconds = None, _LOOK_AGAIN
                if seconds > 0:
                    await pause(seconds, self._stop)
            await self._end()
        finally:
            for task in self._in_flight.values():
                task.cancel()

    async def _end(self) -> None:
        """Wait for those who are being written to, and write down what became of them."""
        if self._in_flight:
            await asyncio.wait(self._in_flight.values())
        if not self._results:
            return
        try:
            async with self.database.transaction() as session:
                await self._write_down(session, self._results)
        except Exception as error:  # the next sender counts them as perhaps sent
            log.warning("%d of a broadcast were not written down: %s", len(self._results), type(error).__name__)

    async def work(self) -> float:
        """One round; how many seconds to wait before the next."""
        async with self.database.reading() as session:
            broadcast = await next_broadcast(session)
        stage = broadcast.stage if broadcast is not None else None
        number = self._turns() if stage is Stage.SENDING else 0
        if stage in {None, Stage.SENDING} and not number and not self._results:
            return TICK if stage or self._in_flight else _LOOK_AGAIN
        await self.pace.turns(number)
        results, now = list(self._results), self.clock()
        people: list[tuple[Person, int]] = []
        async with self.database.transaction() as session:
            await self._write_down(session, results)
            if is_mine := await hold(session, SENDING, self.name, now, TERM):
                if self._sure_until is None or now >= self._sure_until:
                    await recover(session, self.name, {*self._in_flight, *(result.key for result in results)})
                if broadcast is not None:
                    people, broadcast = await self._go_on(session, broadcast, number)
        self._sure_until = now + TERM if is_mine else None
        del self._results[: len(results)]
        self._heed(results)
        if has_posted(session):
            self.wake_outbox()
        if broadcast is not None and people:
            self._send_all(broadcast, people)
        if not is_mine:
            return _LOOK_AGAIN
        return 0 if stage is Stage.QUEUEING else TICK  # even so, others get their turn between two transactions

    async def _go_on(
        self, session: AsyncSession, broadcast: Broadcast, number: int
    ) -> tuple[list[tuple[Person, int]], Broadcast | None]:
        """Queue a range of people, clear away a part of what was cancelled, or take the next few."""
        if broadcast.stage is Stage.SENDING:
            return await self._take(session, broadcast.id, number)
        if broadcast.stage is Stage.QUEUEING:
            await queue_some(session, broadcast.id)
            await self._show(session, await session.get_one(Broadcast, broadcast.id))
        else:
            await clear_some(session, broadcast.id)
        return [], None

    def _turns(self) -> int:
        """How many people may be written to now: what the pace has let grow since the last time, never a burst."""
        now = monotonic()
        grown = (now - self._credited_at) * self.rate
        self._credit, self._credited_at = min(self._credit + grown, max(1.0, 2 * TICK * self.rate)), now
        if now < self._silent_until or self.pace.wait() > 0:
            return 0
        number = max(0, min(int(self._credit), MOST - len(self._in_flight)))
        self._credit -= number
        return number

    async def _take(
        self, session: AsyncSession, broadcast_id: int, number: int
    ) -> tuple[list[tuple[Person, int]], Broadcast | None]:
        """The next people, unless something more urgent is due; a broadcast with nobody left ends here."""
        now = self.clock()
        broadcast = await session.get(Broadcast, broadcast_id, with_for_update=True)
        if broadcast is None or broadcast.stage is not Stage.SENDING:
            return [], None
        people: list[tuple[Person, int]] = []
        if number and not await is_urgent(session, now):
            people = list(await take(session, broadcast, self.name, number, now))
        if not people and await finish(session, broadcast, now):
            await session.flush()
            await session.refresh(broadcast)
            detail = counted(broadcast)
            action = Action.BROADCAST_ENDED
            await record(session, self.vault, action, now=now, actor_id=broadcast.owner_id, detail=detail)
            broadcast.shown_at = None
        await self._show(session, broadcast)
        return people, broadcast

    async def _show(self, session: AsyncSession, broadcast: Broadcast) -> None:
        """Have the owner's message brought up to date, every few seconds."""
        now = self.clock()
        if broadcast.shown_at is not None and now - broadcast.shown_at < SHOWN_EVERY:
            return
        broadcast.shown_at = now
        if broadcast.stage is Stage.SENDING:
            await session.refresh(broadcast, [fate.value for fate in Fate])
            broadcast.expected_at = now + timedelta(seconds=broadcast.left / self.rate)
        if broadcast.owner_id is not None and broadcast.message_id is not None:
            values = {"broadcast": broadcast.id}
            post_order(
                session, self.vault, broadcast.owner_id, "broadcast", values, priority=Priority.BROADCAST, now=now
            )

    def _send_all(self, broadcast: Broadcast, people: list[tuple[Person, int]]) -> None:
        written = broadcast.texts(self.vault)
        silent = quiet_until(self.clock()) is not None
        for person, tries in people:
            key = (broadcast.id, person.id)
            rich = broadcast.text_for(written, person.language)
            message = broadcast_message(rich or Rich(text=""), self.texts[person.language], silent=silent)
            self._in_flight[key] = asyncio.create_task(self._send(key, person, tries, message))

    async def _send(self, key: Key, person: Person, tries: int, message: SendMessage) -> None:
        failure = None
        try:
            chat_id = person.telegram_id(self.vault)
            await tell(self.bot, message.model_copy(update={"chat_id": chat_id}))
        except CannotOpen as error:  # it would not open the next time either
            failure = Failure(Verdict.REFUSED, type(error).__name__)
        except Exception as error:  # whatever it is, it must not take the others along
            failure = judge(error)
        self.metrics.send_done("sendMessage", failure.verdict.name.lower() if failure else "ok")
        self._results.append(_Result(key, tries, failure))
        del self._in_flight[key]

    async def _write_down(self, session: AsyncSession, results: list[_Result]) -> None:
        """What became of people, those first whom other transactions lock first."""
        now = self.clock()
        fates: dict[int, dict[int, Fate]] = defaultdict(dict)
        again: list[tuple[Key, datetime]] = []
        for result in results:
            fate = _fate(result.failure)
            if fate is not None:
                fates[result.key[0]][result.key[1]] = fate
                continue
            wait = timedelta(seconds=(result.failure and result.failure.wait) or 2 ** min(result.tries, 10))
            again.append((result.key, now + min(wait, LONGEST_PAUSE)))
        blocked = [person for each in fates.values() for person, fate in each.items() if fate is Fate.BLOCKED]
        if blocked:
            await mark_blocked(session, blocked, now)
            await session.flush()
        for broadcast_id, each in fates.items():
            await settle(session, broadcast_id, self.name, each)
        for key, at in again:
            await try_again(session, key, self.name, at)

    def _heed(self, results: list[_Result]) -> None:
        """Be silent when Telegram says so, and longer and longer while it takes nothing at all."""
        if not results:
            return
        waits = [result.failure.wait for result in results if result.failure and result.failure.wait is not None]
        if waits:
            self._silent_until = max(self._silent_until, monotonic() + max(waits))
            if len(waits) > 1:
                self.pace.hold_back(max(waits))  # Telegram slows the bot, not one chat
        elif all(_fate(result.failure) in {None, Fate.UNSURE} for result in results):
            self._trouble += 1
            self._silent_until = monotonic() + min(2.0**self._trouble, _LONGEST_TROUBLE)
        else:
            self._trouble = 0


def _fate(failure: Failure | None) -> Fate | None:
    """What a failure makes of a person; None if they're to be written to again."""
    return Fate.SENT if failure is None else _FATES.get(failure.verdict)
