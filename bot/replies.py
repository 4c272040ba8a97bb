"""Shows what handlers returned: in order within a chat, many chats at once, patient with Telegram.

A chat that has to wait keeps nobody else waiting, and a chat that asks faster than it can be shown loses only
screens that newer ones have replaced. Everything here may be shown twice; what must arrive lies in the outbox.

Where messages are deleted, the chat is being cleared: what was to be shown before no longer is, and what was sent
meanwhile goes too.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiogram import Bot
from aiogram.exceptions import AiogramError
from aiogram.methods import AnswerCallbackQuery, DeleteMessages, EditMessageText, SendMessage, TelegramMethod

from bot.clock import Clock, utc_now
from bot.metrics import Metrics
from bot.telegram import Failure, Verdict, judge, tell
from bot.traces import Traces

log = logging.getLogger(__name__)

AT_ONCE = 64
"""Requests to Telegram at the same time."""
WAITING = 32
"""Methods that may wait in one chat."""
FULL = 2_000
"""Chats that may be waiting before no more is taken from Telegram."""
TRIES = 12
AT_MOST = 100
"""Messages that Telegram deletes in one request."""
_LONGEST_PAUSE = 60.0


class Replies:
    """The lanes of the chats. `on_blocked(chat_id)` is awaited when a person turns out to have blocked the bot."""

    def __init__(
        self,
        bot: Bot,
        metrics: Metrics,
        on_blocked: Callable[[int], Awaitable[None]],
        traces: Traces | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._bot, self._metrics, self._on_blocked = bot, metrics, on_blocked
        self._traces, self._clock = traces or Traces(), clock
        self._lanes: dict[int, list[TelegramMethod[Any]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._room = asyncio.Event()
        self._room.set()

    def show(self, chat_id: int, methods: list[TelegramMethod[Any]]) -> None:
        """Show these in this order, after what already waits in the chat."""
        lane = self._lanes.get(chat_id)
        if lane is None:
            lane = self._lanes[chat_id] = []
            task = asyncio.create_task(self._drain(chat_id, lane))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if any(isinstance(method, DeleteMessages) for method in methods):
            lane[:] = [waiting for waiting in lane if isinstance(waiting, AnswerCallbackQuery | DeleteMessages)]
        for method in methods:
            if isinstance(method, EditMessageText):
                lane[:] = [other for other in lane if not _same_message(other, method)]
            lane.append(method)
        _shorten(lane)
        if len(self._lanes) >= FULL:
            self._room.clear()

    async def room(self) -> None:
        """Wait until there's room for more."""
        await self._room.wait()

    async def settle(self, seconds: float) -> None:
        """Wait until all is shown, or the time is over."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in self._tasks:
            task.cancel()

    async def _drain(self, chat_id: int, lane: list[TelegramMethod[Any]]) -> None:
        try:
            while lane:
                if isinstance(lane[0], DeleteMessages):  # what was sent since it was asked for goes first
                    lane[:0] = _deletions(chat_id, self._traces.take(chat_id))
                try:
                    await self._send(chat_id, lane.pop(0))
                except Exception as error:  # one screen that can't even be sent must not take the next ones along
                    log.error("a screen was lost: %s", type(error).__name__)
        finally:
            del self._lanes[chat_id]
            if len(self._lanes) < FULL:
                self._room.set()

    async def _send(self, chat_id: int, method: TelegramMethod[Any]) -> None:
        for attempt in range(TRIES):
            try:
                async with self._slots:
                    at = self._clock()
                    message_id = await tell(self._bot, method)
            except (AiogramError, OSError) as error:
                failure = judge(error)
            else:
                self._metrics.send_done(method.__api_method__, "ok")
                if message_id is not None and not isinstance(method, EditMessageText):
                    self._traces.note(chat_id, message_id, at)
                return
            self._metrics.send_done(method.__api_method__, failure.verdict.name.lower())
            if failure.verdict is Verdict.GONE and isinstance(method, EditMessageText):
                method = _as_new_message(chat_id, method)
            elif failure.verdict in {Verdict.LATER, Verdict.PERHAPS_SENT}:
                await asyncio.sleep(_pause(failure, attempt))
            else:
                return await self._give_up(chat_id, method, failure)
        log.warning("%s was not shown: Telegram did not take it", method.__api_method__)

    async def _give_up(self, chat_id: int, method: TelegramMethod[Any], failure: Failure) -> None:
        if failure.verdict is Verdict.UNREACHABLE:
            await self._on_blocked(chat_id)
        elif isinstance(method, DeleteMessages) and len(method.message_ids) > 1:
            # One that can't be deleted keeps the others: they're tried in ever smaller parts.
            ids, half = method.message_ids, len(method.message_ids) // 2
            self._lanes[chat_id][:0] = [*_deletions(chat_id, ids[:half]), *_deletions(chat_id, ids[half:])]
        elif failure.verdict is not Verdict.HARMLESS:
            log.error("%s was refused: %s", method.__api_method__, failure.name)


def _pause(failure: Failure, attempt: int) -> float:
    return failure.wait if failure.wait is not None else min(0.25 * 2**attempt, _LONGEST_PAUSE)


def _deletions(chat_id: int, message_ids: Sequence[int]) -> list[DeleteMessages]:
    parts = (message_ids[at : at + AT_MOST] for at in range(0, len(message_ids), AT_MOST))
    return [DeleteMessages(chat_id=chat_id, message_ids=list(part)) for part in parts]


def _shorten(lane: list[TelegramMethod[Any]]) -> None:
    """Leave out the oldest of what is too much: answers of presses first, screens only after them, deletions never."""
    if (excess := sum(not isinstance(method, DeleteMessages) for method in lane) - WAITING) > 0:
        answers = [i for i, method in enumerate(lane) if isinstance(method, AnswerCallbackQuery)]
        others = [i for i, method in enumerate(lane) if not isinstance(method, AnswerCallbackQuery | DeleteMessages)]
        for i in sorted([*answers, *others[: max(0, excess - len(answers))]][:excess], reverse=True):
            del lane[i]


def _same_message(one: TelegramMethod[Any], other: EditMessageText) -> bool:
    return isinstance(one, EditMessageText) and one.message_id == other.message_id


def _as_new_message(chat_id: int, edit: EditMessageText) -> SendMessage:
    return SendMessage(
        chat_id=chat_id,
        text=edit.text or "",
        parse_mode=edit.parse_mode,
        entities=edit.entities,
        reply_markup=edit.reply_markup,
    )
