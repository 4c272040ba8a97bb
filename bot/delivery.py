"""Empties the outbox: by priority, at Telegram's pace, once for all replicas.

Each round leases a handful of rows, sends them at the same time, and writes down what became of each. A crash in
between repeats them when the lease ends: at least once, never not at all.
"""

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiogram import Bot, methods
from aiogram.types import Message
from sqlalchemy.exc import SQLAlchemyError

from bot.clock import Clock, utc_now
from bot.metrics import Metrics
from bot.pace import Pace, pause
from bot.telegram import Failure, Verdict, judge, tell
from bot.traces import Traces
from handlers.making import Made, ordered
from models.database import Database
from models.leases import hold, release
from models.outbox import Delivery, Parcel, lease, next_due, waiting
from models.people import Person, mark_blocked
from models.uploads import keep_file_id
from models.vault import Vault

log = logging.getLogger(__name__)

ROUND = 25
"""Rows in one round: about what Telegram takes in a second, so that a receipt never waits long."""
SENDING = "outbox"
"""The lease of whoever sends what wasn't asked for: one replica keeps Telegram's pace for all."""
TERM = timedelta(seconds=30)
"""How long this sender remains the one without saying so again."""
LONGEST_PAUSE = timedelta(minutes=10)
_LOOK_AGAIN = 2.0
Make = Callable[[str, Person, Mapping[str, Any]], Awaitable[Made | None]]

_BLOCKED_BEFORE = Failure(Verdict.UNREACHABLE, "blocked before")


@dataclass
class _Result:
    parcel_id: int
    person_id: int
    failure: Failure | None = None
    uploaded: tuple[str, str] | None = None
    """The name of a file to be kept, and its file id."""


async def _make_nothing(order: str, person: Person, values: Mapping[str, Any]) -> Made | None:
    raise LookupError(order)


@dataclass
class Sender:
    """The one that delivers. `rate` is in messages per second."""

    database: Database
    vault: Vault
    bot: Bot
    metrics: Metrics
    rate: float = 30.0
    make: Make = _make_nothing
    """Makes a message that was only ordered; see `handlers/making.py`."""
    clock: Clock = utc_now
    traces: Traces = field(default_factory=Traces)
    name: str = field(default_factory=lambda: secrets.token_hex(8))
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.pace = Pace(self.rate)

    def wake(self) -> None:
        """Look at once: something may have been posted."""
        self._wake.set()

    def stop(self) -> None:
        """Finish the round in work, then return from `run`."""
        self._stop.set()
        self._wake.set()

    async def run(self) -> None:
        """Deliver until stopped; survives whatever the database or Telegram do meanwhile."""
        while not self._stop.is_set():
            self._wake.clear()
            try:
                seconds = await self._round()
            except Exception as error:  # whatever it is, what waits stays where it is and is tried again
                log.warning("the outbox waits: %s", type(error).__name__)
                seconds = _LOOK_AGAIN
            if seconds > 0:
                await pause(seconds, self._wake)
        try:
            async with self.database.transaction() as session:
                await release(session, SENDING, self.name, self.clock())
        except (SQLAlchemyError, OSError) as error:
            log.warning("the outbox's lease could not be given back: %s", type(error).__name__)

    async def _round(self) -> float:
        """Send one round; how many seconds to wait before the next."""
        if (silence := self.pace.wait()) > 0:
            await pause(silence, self._stop)  # whatever is posted meanwhile; only a stop ends it
            return 0
        now = self.clock()
        if not await self._is_anything_due(now):
            return _LOOK_AGAIN
        async with self.database.transaction() as session:
            if not await hold(session, SENDING, self.name, now, TERM):
                return _LOOK_AGAIN
            rows = await lease(session, now, ROUND)
        results = await asyncio.gather(*(self._send(parcel, person) for parcel, person in rows))
        await self._write_down(results)
        waits = [r.failure.wait for r in results if r.failure is not None and r.failure.wait is not None]
        if len({r.person_id for r in results if r.failure is not None and r.failure.wait is not None}) > 1:
            self.pace.hold_back(max(waits))  # Telegram slows the bot, not one chat
        return 0 if rows else _LOOK_AGAIN

    async def _is_anything_due(self, now: datetime) -> bool:
        async with self.database.reading() as session:
            count, oldest = await waiting(session)
            due = await next_due(session)
        self.metrics.outbox_depth.set(count)
        self.metrics.outbox_age.set((now - oldest).total_seconds() if oldest and oldest < now else 0.0)
        return due is not None and due <= now

    async def _send(self, parcel: Parcel, person: Person) -> _Result:
        result = _Result(parcel.id, person.id)
        try:
            name, parameters = parcel.read(self.vault)
            # An order may be more than its message: what somebody sent is fetched though they have left since.
            wanted = person.blocked_at is None or ordered(name) is not None
            made = await self._made(name, parameters, person) if wanted else None
        except (SQLAlchemyError, OSError) as error:
            result.failure = Failure(Verdict.LATER, type(error).__name__)
            return result
        except Exception as error:  # it would fail the next time too, and must not take the rest of the round along
            result.failure = Failure(Verdict.REFUSED, type(error).__name__)
            return result
        if person.blocked_at is not None:
            result.failure = _BLOCKED_BEFORE
            return result
        if made is None:
            return result
        async with self.pace.limiter:
            at = self.clock()
            try:
                if made.keep is None:
                    message_id = await tell(self.bot, made.method)
                else:
                    message = await self.bot(made.method)
                    message_id = getattr(message, "message_id", None)
                    result.uploaded = _uploaded(made.keep, message)
                if message_id is not None:
                    self.traces.note(person.telegram_id(self.vault), message_id, at)
            except Exception as error:  # whatever it is, it must not take the rest of the round along
                result.failure = judge(error)
        self.metrics.send_done(name, result.failure.verdict.name.lower() if result.failure else "ok")
        return result

    async def _made(self, name: str, parameters: dict[str, Any], person: Person) -> Made | None:
        chat_id = person.telegram_id(self.vault)
        if (order := ordered(name)) is None:
            return Made(getattr(methods, name[0].upper() + name[1:])(chat_id=chat_id, **parameters))
        made = await self.make(order, person, parameters)
        if made is None or "chat_id" not in type(made.method).model_fields:  # what Telegram is asked, not the person
            return made
        return Made(made.method.model_copy(update={"chat_id": chat_id}), made.keep)

    async def _write_down(self, results: list[_Result]) -> None:
        now = self.clock()
        async with self.database.transaction() as session:
            refused = [r for r in results if r.failure and r.failure.verdict is Verdict.UNREACHABLE]
            # Who was marked before may have come back meanwhile, and must not be marked again.
            blocked = [r.person_id for r in refused if r.failure is not _BLOCKED_BEFORE]
            if blocked:
                await mark_blocked(session, blocked, now)
            for result in results:
                if result.uploaded is not None:
                    await keep_file_id(session, *result.uploaded, now)
                parcel = await session.get(Parcel, result.parcel_id)
                if parcel is not None and parcel.status is Delivery.WAITING:
                    _settle(parcel, result.failure, now)
        for name, count in Counter(r.failure.name for r in results if r.failure).items():
            log.warning("%d of the outbox not sent: %s", count, name)


def _uploaded(name: str, message: object) -> tuple[str, str] | None:
    """The name and file id of what was sent, the largest size of a photo."""
    if not isinstance(message, Message):
        return None
    file = message.photo[-1] if message.photo else message.document
    return (name, file.file_id) if file is not None else None


def _settle(parcel: Parcel, failure: Failure | None, now: datetime) -> None:
    if failure is None or failure.verdict is Verdict.HARMLESS:
        parcel.settle(Delivery.SENT, now)
    elif failure.verdict is Verdict.UNREACHABLE:
        parcel.settle(Delivery.UNREACHABLE, now, failure.name)
    elif failure.verdict in {Verdict.REFUSED, Verdict.GONE}:
        parcel.settle(Delivery.REFUSED, now, failure.name)
    elif failure.verdict is Verdict.PERHAPS_SENT and not parcel.repeatable:
        parcel.settle(Delivery.UNSURE, now, failure.name)
    else:
        wait = timedelta(seconds=failure.wait or 2**parcel.tries)
        parcel.retry(now + min(wait, LONGEST_PAUSE), failure.name)
