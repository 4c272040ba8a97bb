"""Intake by long polling: take all that waits, commit it, and only then ask for more, which confirms it."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, cast

from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramConflictError, TelegramUnauthorizedError

from bot.engine import ALLOWED_UPDATES, Engine
from bot.replies import Replies
from bot.telegram import RawUpdates, judge

log = logging.getLogger(__name__)

BATCH = 100
"""Telegram gives no more at once."""
POLL_SECONDS = 30
_LONGEST_PAUSE = 30.0


class TokenRefused(Exception):
    """Telegram doesn't know the token."""


async def poll(bot: Bot, engine: Engine, replies: Replies, stop: asyncio.Event, batch_size: int = BATCH) -> None:
    """Take updates until `stop` is set; what is in work is committed and confirmed before this returns.

    Raises TokenRefused when Telegram refuses the token.
    """
    offset: int | None = None
    failures = 0
    stopping = asyncio.create_task(stop.wait())
    try:
        while not stop.is_set():
            await _first_of(replies.room(), stopping)
            asking = asyncio.create_task(_ask(bot, offset, batch_size, POLL_SECONDS))
            await asyncio.wait({asking, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                asking.cancel()
                break
            try:
                updates = asking.result()
                if updates:
                    await engine.process(updates)
                    offset = updates[-1]["update_id"] + 1
                failures = 0
            except TelegramUnauthorizedError as error:
                raise TokenRefused from error
            except Exception as error:  # whatever it is, nothing was confirmed: it all comes again
                failures += 1
                _tell(error)
                wait = judge(error).wait or min(0.5 * 2**failures, _LONGEST_PAUSE)
                await asyncio.wait({stopping}, timeout=wait)
    finally:
        stopping.cancel()
    if offset is not None:
        await _confirm(bot, offset)


async def _ask(bot: Bot, offset: int | None, limit: int, seconds: int) -> list[dict[str, Any]]:
    ask = RawUpdates(offset=offset, limit=limit, timeout=seconds, allowed_updates=ALLOWED_UPDATES)
    return cast("list[dict[str, Any]]", await bot(ask, request_timeout=seconds + 15))


async def _confirm(bot: Bot, offset: int) -> None:
    """Tell Telegram that everything below the offset is safe, so that it isn't sent again."""
    try:
        await _ask(bot, offset, 1, 0)
    except (AiogramError, OSError) as error:
        log.info("the last updates will come again, and fall out: %s", type(error).__name__)


async def _first_of(waiting: Coroutine[Any, Any, None], stopping: asyncio.Task[bool]) -> None:
    task = asyncio.create_task(waiting)
    await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
    task.cancel()


def _tell(error: Exception) -> None:
    if isinstance(error, TelegramConflictError):
        log.error("another copy of the bot takes the updates; stop it, or use a webhook for several copies")
    else:
        log.warning("no updates for now: %s", type(error).__name__)
