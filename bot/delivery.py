"""Empties the outbox: by priority, at Telegram's pace, once for all replicas.

Each round leases a handful of rows, sends them at the same time, and writes down what became of each. A crash in
between repeats them when the lease ends: at least once, never not at all. What takes long to make goes beside the
rounds, one after another in its lane, and keeps its lease meanwhile: a receipt doesn't wait for a table of a million
rows, nor does a plot.
"""

import asyncio
import contextlib
import logging
import secrets
import shutil
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from aiogram import Bot, methods
from aiogram.methods import TelegramMethod
from aiogram.types import Message
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock, utc_now
from bot.metrics import Metrics
from bot.pace import Pace, pause
from bot.telegram import Failure, Verdict, judge, tell
from bot.traces import Traces
from handlers.making import GIVEN_UP, Made, ordered
from models.database import Database
from models.leases import hold, release
from models.outbox import LEASE, Delivery, Parcel, Priority, is_waiting, keep, lease, locked, next_due, post, waiting
from models.people import Person, mark_blocked
from models.traces import keep_traces
from models.uploads import keep_file_id
from models.vault import Vault

log = logging.getLogger(__name__)

ROUND = 25
"""Rows in one round: about what Telegram takes in a second, so that a receipt never waits long."""
SENDING = "outbox"
"""The lease of whoever sends what wasn't asked for: one replica keeps Telegram's pace for all."""
TERM = timedelta(seconds=30)
"""How long this sender remains the one without saying so again."""
UPLOAD_SECONDS = 300
"""How long Telegram may take for what took long to make: it may be a file of 50 MB."""
LONGEST_PAUSE = timedelta(minutes=10)
PATIENT = 10
"""After so many tries the longest pause is reached."""
MOST_TRIES = 150
"""About a day of them. What fails as often while Telegram answers fails for what it is, and is given up."""
_LOOK_AGAIN = 2.0
Make = Callable[[str, Person, Mapping[str, Any]], Awaitable[Made | None]]

_MAY_PASS = frozenset({Verdict.LATER, Verdict.PERHAPS_SENT})
_BLOCKED_BEFORE = Failure(Verdict.UNREACHABLE, "blocked before")


@dataclass
class _Result:
    parcel_id: int
    person_id: int
    failure: Failure | None = None
    uploaded: tuple[str, str] | None = None
    """The name of a file to be kept, and its file id."""
    delayed: bool = False
    """Whether the way to Telegram is closed for everything: then this try doesn't count."""
    recalled: bool = False
    """Whether it may be taken back at any moment."""
    if_given_up: tuple[str, dict[str, Any]] | None = None
    """What is put into the outbox in its place if it's given up."""
    chat_id: int = 0
    shown: dict[int, datetime] = field(default_factory=dict)
    """The messages that were sent, and when."""


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
    lanes: Sequence[Collection[str]] = ()
    """The orders that take long, by what they take turns with."""
    recalled: Collection[str] = ()
    """The orders that may be taken back at any moment: what comes of them is not sent then, or deleted at once."""
    awaited: Collection[str] = ()
    """The orders for which something waits: given up, each is made once more, with `GIVEN_UP` among its values."""
    clock: Clock = utc_now
    traces: Traces = field(default_factory=Traces)
    name: str = field(default_factory=lambda: secrets.token_hex(8))
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _errands: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    """What takes long and is in work, by the number of its row."""
    _resting: bool = False

    def __post_init__(self) -> None:
        self.pace = Pace(self.rate)
        self._turns = {order: turn for lane in self.lanes for turn in [asyncio.Lock()] for order in lane}

    @property
    def is_at_rest(self) -> bool:
        """Whether all is sent that could be sent by now, but for what takes long and is in work."""
        return self._resting and not self._wake.is_set()

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
                await pause(_LOOK_AGAIN, self._wake)
                continue
            if seconds > 0:
                await self._rest(seconds, self._wake)
        for errand in self._errands.values():  # made again after the next start
            errand.cancel()
        await asyncio.gather(*self._errands.values(), return_exceptions=True)
        try:
            async with self.database.transaction() as session:
                await release(session, SENDING, self.name, self.clock())
        except (SQLAlchemyError, OSError) as error:
            log.warning("the outbox's lease could not be given back: %s", type(error).__name__)

    async def _rest(self, seconds: float, ended_by: asyncio.Event) -> None:
        self._resting = True
        await pause(seconds, ended_by)
        self._resting = False

    async def _round(self) -> float:
        """Send one round; how many seconds to wait before the next."""
        if (silence := self.pace.wait()) > 0:
            await self._rest(silence, self._stop)  # whatever is posted meanwhile; only a stop ends it
            return 0
        now = self.clock()
        if (early := await self._until_due(now)) > 0:
            return min(early, _LOOK_AGAIN)
        async with self.database.transaction() as session:
            if not await hold(session, SENDING, self.name, now, TERM):
                return _LOOK_AGAIN
            rows = await lease(session, now, ROUND)
        quick = []
        for parcel, person in rows:
            if (turn := self._turn(parcel)) is None:
                quick.append((parcel, person))
            else:
                self._begin(parcel, person, turn)
        results = await asyncio.gather(*(self._send_quickly(parcel, person) for parcel, person in quick))
        await self._write_down([result for result in results if not result.recalled])
        waits = [r.failure.wait for r in results if r.failure is not None and r.failure.wait is not None]
        if len({r.person_id for r in results if r.failure is not None and r.failure.wait is not None}) > 1:
            self.pace.hold_back(max(waits))  # Telegram slows the bot, not one chat
        return 0 if rows else _LOOK_AGAIN

    async def _until_due(self, now: datetime) -> float:
        """In how many seconds there is something to deliver."""
        async with self.database.reading() as session:
            count, oldest = await waiting(session)
            due = await next_due(session)
        self.metrics.outbox_depth.set(count)
        self.metrics.outbox_age.set((now - oldest).total_seconds() if oldest and oldest < now else 0.0)
        return (due - now).total_seconds() if due is not None else _LOOK_AGAIN

    def _turn(self, parcel: Parcel) -> asyncio.Lock | None:
        """What a parcel that takes long waits for; None for all others."""
        try:
            return self._turns.get(ordered(parcel.read(self.vault)[0]) or "")
        except Exception:  # sending it finds out what is wrong with it
            return None

    def _begin(self, parcel: Parcel, person: Person, turn: asyncio.Lock) -> None:
        if parcel.id in self._errands:  # its lease ended before it could be renewed
            return
        errand = asyncio.create_task(self._run_errand(parcel, person, turn))
        self._errands[parcel.id] = errand
        errand.add_done_callback(lambda _: self._errands.pop(parcel.id, None))

    async def _run_errand(self, parcel: Parcel, person: Person, turn: asyncio.Lock) -> None:
        """Send what takes long; a stop in the middle has it made again when the lease ends."""
        keeping = asyncio.create_task(self._keep(parcel.id))
        try:
            async with turn:
                result = await self._send(parcel, person, UPLOAD_SECONDS)
            await self._write_down([result])
        finally:
            keeping.cancel()

    async def _keep(self, parcel_id: int) -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            with contextlib.suppress(Exception):
                async with self.database.transaction() as session:
                    await keep(session, parcel_id, self.clock())

    async def _send(self, parcel: Parcel, person: Person, seconds: int | None = None) -> _Result:
        result = await self._try(parcel, person, seconds)
        failure = result.failure
        if failure is not None and failure.verdict in _MAY_PASS and parcel.tries > PATIENT:
            result.delayed = failure.wait is not None or not await self._does_telegram_answer()
        return result

    async def _does_telegram_answer(self) -> bool:
        try:
            await tell(self.bot, methods.GetMe())
        except Exception:
            return False
        return True

    async def _try(self, parcel: Parcel, person: Person, seconds: int | None) -> _Result:
        result = _Result(parcel.id, person.id)
        try:
            name, parameters = parcel.read(self.vault)
            result.recalled = ordered(name) in self.recalled
            if ordered(name) in self.awaited and GIVEN_UP not in parameters:
                result.if_given_up = name, {**parameters, GIVEN_UP: True}
            # An order may be more than its message: what somebody sent is fetched though they have left since.
            wanted = person.blocked_at is None or ordered(name) is not None
            made = await self._made(name, parameters, person) if wanted else None
        except (SQLAlchemyError, OSError) as error:
            result.failure = Failure(Verdict.LATER, type(error).__name__)
            return result
        except Exception as error:  # it would fail the next time too, and must not take the rest of the round along
            result.failure = Failure(Verdict.REFUSED, type(error).__name__)
            return result
        try:
            if person.blocked_at is not None:
                result.failure = _BLOCKED_BEFORE
            elif made is not None:
                await self._deliver(made, person, result, seconds)
                self.metrics.send_done(name, result.failure.verdict.name.lower() if result.failure else "ok")
        finally:
            if made is not None and made.folder is not None:
                await asyncio.to_thread(shutil.rmtree, made.folder, ignore_errors=True)
        return result

    async def _send_quickly(self, parcel: Parcel, person: Person) -> _Result:
        """Send what doesn't take long; what may be taken back is written down at once, not when the round ends."""
        result = await self._send(parcel, person)
        if result.recalled:
            await self._write_down([result])
        return result

    async def _deliver(self, made: Made, person: Person, result: _Result, seconds: int | None) -> None:
        """Send what was made, and put into the result what became of it."""
        result.chat_id = chat_id = person.telegram_id(self.vault)
        async with self.pace.limiter:
            at = self.clock()
            try:
                if result.recalled and not await self._still_waits(result):
                    return
                for method in made.before:
                    if (message_id := await tell(self.bot, method, seconds)) is not None:
                        self.traces.note(chat_id, message_id, at)
                        result.shown[message_id] = at
                if made.keep is None:
                    message_id = await tell(self.bot, made.method, seconds)
                else:
                    message = await self.bot(made.method)
                    message_id = getattr(message, "message_id", None)
                    result.uploaded = _uploaded(made.keep, message)
                if message_id is not None:
                    self.traces.note(chat_id, message_id, at)
                    result.shown[message_id] = at
            except Exception as error:  # whatever it is, it must not take the rest of the round along
                result.failure = judge(error)

    async def _still_waits(self, result: _Result) -> bool:
        async with self.database.reading() as session:
            return await is_waiting(session, result.parcel_id)

    async def _made(self, name: str, parameters: dict[str, Any], person: Person) -> Made | None:
        chat_id = person.telegram_id(self.vault)
        if (order := ordered(name)) is None:
            return Made(getattr(methods, name[0].upper() + name[1:])(chat_id=chat_id, **parameters))
        made = await self.make(order, person, parameters)
        if made is None:
            return None
        method, *before = (_to(chat_id, each) for each in (made.method, *made.before))
        return replace(made, method=method, before=before)

    async def _write_down(self, results: list[_Result]) -> None:
        """All at once; if that fails, each on its own, so that a row that can't be written harms no other."""
        try:
            await self._settle_all(results)
        except Exception as error:
            log.warning("what became of %d of the outbox is written down one by one: %s", len(results), _name(error))
            for result in results:
                try:
                    await self._settle_all([result])
                except Exception as error:  # it's sent again when its lease ends
                    log.warning("what became of one of the outbox is not written down: %s", _name(error))
        for result in results:
            if result.uploaded is not None:
                try:
                    async with self.database.transaction() as session:
                        await keep_file_id(session, *result.uploaded, self.clock())
                except Exception as error:  # it's uploaded once more the next time
                    log.warning("a file that Telegram has is not written down: %s", _name(error))
        for name, count in Counter(r.failure.name for r in results if r.failure).items():
            log.warning("%d of the outbox not sent: %s", count, name)

    async def _settle_all(self, results: list[_Result]) -> None:
        now = self.clock()
        async with self.database.transaction() as session:
            refused = [r for r in results if r.failure and r.failure.verdict is Verdict.UNREACHABLE]
            # Who was marked before may have come back meanwhile, and must not be marked again.
            blocked = [r.person_id for r in refused if r.failure is not _BLOCKED_BEFORE]
            if blocked:
                await mark_blocked(session, blocked, now)
            parcels = await locked(session, [result.parcel_id for result in results])
            for result in results:
                parcel = parcels.get(result.parcel_id)
                if parcel is not None and parcel.status is Delivery.WAITING:
                    self._end_try(session, parcel, result, now)
            # In the same transaction: whoever takes things back sees either the row or the messages that came of it.
            seen = [result for result in results if result.recalled and result.parcel_id in parcels]
            await keep_traces(session, [(r.person_id, number, at) for r in seen for number, at in r.shown.items()])
            too_late = [result for result in results if result.shown and result.parcel_id not in parcels]
            for result in too_late:
                await self._post_deletion(session, result, now)
        for result in too_late:
            with contextlib.suppress(Exception):  # the outbox has it as well
                await tell(self.bot, methods.DeleteMessages(chat_id=result.chat_id, message_ids=list(result.shown)))

    def _end_try(self, session: AsyncSession, parcel: Parcel, result: _Result, now: datetime) -> None:
        """Settle a row or put it off; what something waits for is made once more where it's given up."""
        _settle(parcel, result, now)
        if parcel.status is Delivery.REFUSED and result.if_given_up is not None:
            priority = Priority(parcel.priority)
            post(session, self.vault, result.person_id, *result.if_given_up, priority=priority, now=now)

    async def _post_deletion(self, session: AsyncSession, result: _Result, now: datetime) -> None:
        """Delete the messages of what was taken back while it was on its way, if the person is still known."""
        if await session.get(Person, result.person_id, with_for_update={"read": True, "key_share": True}) is not None:
            ids = {"message_ids": list(result.shown)}
            post(session, self.vault, result.person_id, "deleteMessages", ids, priority=Priority.RECEIPT, now=now)


def _name(error: Exception) -> str:
    return type(error).__name__


def _to(chat_id: int, method: TelegramMethod[Any]) -> TelegramMethod[Any]:
    """The method for a chat; what asks Telegram, not the person, has none."""
    if "chat_id" not in type(method).model_fields:
        return method
    return method.model_copy(update={"chat_id": chat_id})


def _uploaded(name: str, message: object) -> tuple[str, str] | None:
    """The name and file id of what was sent, the largest size of a photo."""
    if not isinstance(message, Message):
        return None
    file = message.photo[-1] if message.photo else message.document
    return (name, file.file_id) if file is not None else None


def _settle(parcel: Parcel, result: _Result, now: datetime) -> None:
    failure = result.failure
    if failure is None or failure.verdict is Verdict.HARMLESS:
        parcel.settle(Delivery.SENT, now)
    elif failure.verdict is Verdict.UNREACHABLE:
        parcel.settle(Delivery.UNREACHABLE, now, failure.name)
    elif failure.verdict in {Verdict.REFUSED, Verdict.GONE}:
        parcel.settle(Delivery.REFUSED, now, failure.name)
    elif failure.verdict is Verdict.PERHAPS_SENT and not parcel.repeatable:
        parcel.settle(Delivery.UNSURE, now, failure.name)
    else:
        _put_off(parcel, failure, now, delayed=result.delayed)


def _put_off(parcel: Parcel, failure: Failure, now: datetime, *, delayed: bool) -> None:
    """Try again later, unless it was tried often enough."""
    if delayed:
        parcel.tries -= 1
    elif parcel.tries >= MOST_TRIES:
        perhaps = failure.verdict is Verdict.PERHAPS_SENT
        parcel.settle(Delivery.UNSURE if perhaps else Delivery.REFUSED, now, failure.name)
        return
    seconds = failure.wait or 2 ** min(parcel.tries, PATIENT)
    parcel.retry(now + timedelta(seconds=min(seconds, LONGEST_PAUSE.total_seconds())), failure.name)
