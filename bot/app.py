"""The whole bot, put together: what starts, in which order, and how it stops.

Start: database, migrations, lessons, texts, owners; then intake, outbox and housekeeping run side by side.
Stop: intake first; what is in work is committed, shown and delivered; then the process may end.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.exceptions import AiogramError, TelegramNotFound, TelegramUnauthorizedError
from aiogram.methods import DeleteWebhook, GetMe, SetWebhook, TelegramMethod
from aiogram.methods.base import TelegramType
from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from bot.broadcasting import Broadcasting
from bot.clock import Clock, utc_now
from bot.deadlines import Deadlines
from bot.delivery import Sender
from bot.engine import ALLOWED_UPDATES, Engine
from bot.flood import Flood
from bot.health import Check, serve_health
from bot.housekeeping import Housekeeping
from bot.intake import TokenRefused, poll
from bot.menu import set_menu
from bot.metrics import Metrics
from bot.migrate import current_revision, migrate, newest_revision
from bot.reminders import Reminders
from bot.replies import Replies
from bot.rounds import Rounds
from bot.settings import Settings, host_port
from bot.telegram import connect
from bot.telling import Telling
from bot.traces import EVERY as TRACED_EVERY
from bot.traces import Traces
from bot.webhook import Webhook
from bot.workshop import Address, Making
from handlers import AWAITED, LANES, routers
from handlers.making import post_order
from handlers.notices import tell_team_of_flags
from handlers.quick_exit import OF_A_REPORT
from handlers.texts import LOCALES, load_texts
from handlers.visit import Terms
from models.cars import index_cars
from models.database import Database
from models.flags import release_from_leavers
from models.leases import hold
from models.lessons import load_course
from models.outbox import Priority, waiting
from models.people import Language, find_person
from models.team import appoint_owners
from models.vault import Vault

log = logging.getLogger(__name__)

STOP_SECONDS = 10.0
"""How long what is already committed may take to be shown when the bot stops; the rest is in the outbox."""
BACKLOG = timedelta(minutes=10)
"""An outbox older than this makes the bot not ready."""


@dataclass
class App:
    """The parts that run, and what tests look into."""

    settings: Settings
    database: Database
    vault: Vault
    bot: Bot
    metrics: Metrics
    replies: Replies
    traces: Traces
    engine: Engine
    sender: Sender
    broadcasting: Broadcasting
    housekeeping: Housekeeping
    reminders: Reminders
    deadlines: Deadlines
    telling: Telling
    rounds: Rounds
    address: Address
    stop: asyncio.Event

    async def run(self) -> None:
        """Work until `stop` is set. Raises what can't be mended by waiting, such as a refused token."""
        async with AsyncExitStack() as stack:
            if self.settings.health_listen:
                await stack.enter_async_context(serve_health(self.settings.health_listen, self.metrics, self._checks()))
            await stack.enter_async_context(_beside(self.housekeeping.run()))
            await stack.enter_async_context(_beside(self.reminders.run()))
            await stack.enter_async_context(_beside(self.deadlines.run()))
            await stack.enter_async_context(_beside(self.telling.run()))
            await stack.enter_async_context(
                _beside(self.rounds.go("what stands in the chats", self._trace, TRACED_EVERY))
            )
            await stack.enter_async_context(_beside(self._set_menu()))
            if (me := await self._insist(GetMe())) is not None:
                self.address.username = me.username or ""
            delivering = asyncio.create_task(self.sender.run())
            broadcasting = asyncio.create_task(self.broadcasting.run())
            try:
                await (self._serve_webhook() if self.settings.webhook_url else self._poll())
            finally:
                self.broadcasting.stop()
                await self.replies.settle(STOP_SECONDS)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(broadcasting, STOP_SECONDS)
                self.sender.stop()  # after the broadcasts, which work under its lease
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(delivering, STOP_SECONDS)
                await self._write_traces()

    async def _trace(self) -> None:
        await self.traces.write(self.database, self.vault)

    async def _write_traces(self) -> None:
        try:
            await self._trace()
        except (SQLAlchemyError, OSError) as error:
            log.warning("what was shown last is not written down: %s", type(error).__name__)

    async def _poll(self) -> None:
        await self._insist(DeleteWebhook())
        await poll(self.bot, self.engine, self.replies, self.stop, self.settings.batch_size)

    async def _serve_webhook(self) -> None:
        secret = self.settings.webhook_secret.get_secret_value() if self.settings.webhook_secret else ""
        webhook = Webhook(self.engine, self.replies, secret, self.settings.batch_size)
        runner = web.AppRunner(webhook.application(), access_log=None)
        await runner.setup()
        async with _beside(webhook.run()):
            try:
                host, port = host_port(self.settings.webhook_listen)
                try:
                    await web.TCPSite(runner, host, port).start()
                except OSError as error:
                    raise OSError(error.errno, f"WEBHOOK_LISTEN: can't listen on {host}:{port}") from error
                url = self.settings.webhook_url or ""
                await self._insist(SetWebhook(url=url, secret_token=secret, allowed_updates=ALLOWED_UPDATES))
                await self.stop.wait()
            finally:
                await runner.cleanup()  # answers what has come before it returns

    async def _insist(self, method: TelegramMethod[TelegramType]) -> TelegramType | None:
        """Call a method that nothing goes on without, until it works; None if the bot is to stop before."""
        pause = 0.5
        while not self.stop.is_set():
            try:
                return await self.bot(method)
            except (TelegramUnauthorizedError, TelegramNotFound) as error:
                raise TokenRefused from error
            except (AiogramError, OSError) as error:
                log.warning("Telegram can't be reached: %s", type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stop.wait(), pause)
            pause = min(2 * pause, 30.0)
        return None

    async def _set_menu(self) -> None:
        language = Language(self.settings.default_language)
        await set_menu(self.bot, self.database, self.vault, self.engine.texts, language)

    def _checks(self) -> dict[str, Check]:
        async def database() -> str | None:
            now = self.engine.clock()
            async with self.database.transaction() as session:  # a real write: a database may answer and not take any
                await hold(session, "ready", self.sender.name, now, timedelta())
            return None

        async def migrations() -> str | None:
            return None if await current_revision(self.database) == newest_revision() else "not at the newest revision"

        async def backlog() -> str | None:
            async with self.database.reading() as session:
                _count, oldest = await waiting(session)
            late = oldest is not None and self.engine.clock() - oldest > BACKLOG
            return "the outbox is behind" if late else None

        async def rounds() -> str | None:
            return self.rounds.trouble()

        return {"database": database, "migrations": migrations, "backlog": backlog, "rounds": rounds}


def asked_in_turn() -> Dispatcher:
    """Who is asked what to do with an update. It holds nothing of one bot: all of a process may share it."""
    dispatcher = Dispatcher(disable_fsm=True)
    dispatcher.include_routers(*routers())
    return dispatcher


@asynccontextmanager
async def open_app(settings: Settings, *, clock: Clock = utc_now) -> AsyncIterator[App]:
    """Put the bot together, with the database at the newest revision and the owners appointed.

    Raises ContentError for a broken lesson, OSError or SQLAlchemyError for a database that can't be used.
    """
    async with AsyncExitStack() as stack:
        course = load_course(LOCALES)
        texts = load_texts()
        vault = Vault(settings.keys)
        language = Language(settings.default_language)
        database = Database(settings.database_url, first_look=settings.first_look)
        stack.push_async_callback(database.close)
        await migrate(database)
        async with database.transaction() as session:
            for left in await appoint_owners(session, vault, settings.owner_ids, default=language, now=clock()):
                post_order(session, vault, left, "menu", {}, priority=Priority.ALERT, now=clock())
            freed = await release_from_leavers(session, vault, clock())
            await tell_team_of_flags(session, vault, texts, freed, clock())
            await index_cars(session, vault)
        bot = connect(settings.bot_token.get_secret_value(), settings.telegram_api_url)
        stack.push_async_callback(bot.session.close)
        metrics = Metrics()
        address = Address()
        making = Making(database, vault, course, texts, bot, address, clock)
        traces, rounds = Traces(), Rounds()
        sender = Sender(
            database,
            vault,
            bot,
            metrics,
            rate=settings.send_rate,
            make=making.make,
            lanes=LANES,
            recalled=OF_A_REPORT,
            awaited=AWAITED,
            clock=clock,
            traces=traces,
        )
        broadcasting = Broadcasting(
            database=database,
            vault=vault,
            bot=bot,
            texts=texts,
            metrics=metrics,
            pace=sender.pace,
            name=sender.name,
            wake_outbox=sender.wake,
            rate=settings.broadcast_rate,
            clock=clock,
        )
        replies = Replies(bot, metrics, _mark_blocked(database, vault, clock), traces, clock)
        engine = Engine(
            database=database,
            vault=vault,
            bot=bot,
            dispatcher=asked_in_turn(),
            texts=texts,
            course=course,
            replies=replies,
            traces=traces,
            metrics=metrics,
            default_language=language,
            terms=Terms(
                operator=_operator(settings),
                days_kept=settings.retention_days,
                contacts_kept_days=settings.contacts_kept_days,
                flags_an_hour=settings.flags_an_hour,
                flags_a_day=settings.flags_a_day,
                reply_delay_days=settings.reply_delay_days,
                appeal_term_days=settings.appeal_term_days,
            ),
            wake_outbox=sender.wake,
            link=address.link,
            clock=clock,
            flood=Flood(settings.updates_per_person),
        )
        housekeeping = Housekeeping(
            database,
            vault,
            texts,
            metrics,
            flags_kept=timedelta(days=settings.retention_days),
            updates_kept=timedelta(days=settings.updates_kept_days),
            contacts_kept_days=settings.contacts_kept_days,
            clock=clock,
            rounds=rounds,
        )
        yield App(
            settings=settings,
            database=database,
            vault=vault,
            bot=bot,
            metrics=metrics,
            replies=replies,
            traces=traces,
            engine=engine,
            sender=sender,
            broadcasting=broadcasting,
            housekeeping=housekeeping,
            reminders=Reminders(database, vault, sender.wake, clock, rounds),
            deadlines=Deadlines(database, vault, texts, sender.wake, clock, rounds),
            telling=Telling(database, vault, texts, settings.reply_term_days, sender.wake, clock, rounds),
            rounds=rounds,
            address=address,
            stop=asyncio.Event(),
        )


def _operator(settings: Settings) -> str:
    """Who runs the bot, as people are told: the law asks for name and business number."""
    return ", ".join(filter(None, (settings.operator_name, settings.operator_bin)))


def _mark_blocked(database: Database, vault: Vault, clock: Clock) -> Callable[[int], Coroutine[Any, Any, None]]:
    async def mark(chat_id: int) -> None:
        try:
            async with database.transaction() as session:
                person = await find_person(session, vault, chat_id)
                if person is not None:
                    person.blocked_at = clock()
        except (SQLAlchemyError, OSError) as error:
            log.warning("a block was not written down: %s", type(error).__name__)

    return mark


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run work beside the block and end it with the block; what goes wrong in it takes nothing else along."""
    task = asyncio.create_task(work)
    task.add_done_callback(_tell)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


def _tell(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("work beside the bot has ended: %s", type(error).__name__)
