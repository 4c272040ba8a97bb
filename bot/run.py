"""Runs the bot until it's told to stop, and says in one line why it can't."""

import asyncio
import gc
import logging
import signal
from collections.abc import Coroutine
from typing import Any

from asyncpg import PostgresError
from sqlalchemy.exc import SQLAlchemyError

from bot.app import open_app
from bot.intake import TokenRefused
from bot.mistake import Mistake
from bot.settings import Settings
from models.lessons import ContentError
from models.vault import CannotOpen

log = logging.getLogger(__name__)


def run_bot(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; what is in work is finished first. Raises Mistake."""
    run_loop(_run(settings))


def run_loop(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine on the fastest event loop there is."""
    try:
        import uvloop
    except ImportError:  # Windows
        asyncio.run(work)
    else:
        uvloop.run(work)


async def _run(settings: Settings) -> None:
    opened = False
    try:
        async with open_app(settings) as app:
            opened = True
            stop_on_signals(app.stop)
            spare_the_collector()
            log.info("the bot is running")
            await app.run()
            log.info("the bot has stopped; nothing is lost")
    except TokenRefused:
        raise Mistake("BOT_TOKEN: Telegram refuses it; ask @BotFather for the current one") from None
    except ContentError as error:
        raise Mistake(str(error)) from None
    except CannotOpen:
        if opened:
            raise
        raise Mistake(
            "SECRET_KEYS: none of them opens what is stored; the keys it was sealed with belong there"
        ) from None
    except (SQLAlchemyError, PostgresError, OSError) as error:
        if opened and not str(error).startswith(("HEALTH_LISTEN", "WEBHOOK_LISTEN")):
            raise
        raise Mistake(str(error) if opened else unreachable(error)) from None


def spare_the_collector() -> None:
    """Keep the garbage collector from the many objects that live for ever; else it takes a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()


def stop_on_signals(stop: asyncio.Event) -> None:
    """Set the event when the process is asked to end."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))


def unreachable(error: Exception) -> str:
    """One line about a database that can't be used, without its address or password."""
    cause = getattr(error, "orig", None) or error
    reason = str(cause).strip().splitlines()
    return f"DATABASE_URL: the database can't be used ({reason[0] if reason else type(cause).__name__})"
