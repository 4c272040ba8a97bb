"""The usual stack: a good, ordinary bot on aiogram, for comparison. It does what this bot does at a lesson press.

aiogram's own polling and session; handlers found by `F.` filters; a middleware that opens a session and stores
whom it sees, as the popular templates do; the handler reads the progress, writes it, commits, and then edits the
message and answers the press. The database syncs at every commit, SQLite in write-ahead mode, which is its faster one.

    python -m tests.bench.usual [uvloop]     with BOT_TOKEN, TELEGRAM_API_URL and DATABASE_URL in the environment
"""

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from aiogram import BaseMiddleware, Bot, Dispatcher, F, Router
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.filters import Command, CommandStart
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.memory import MemoryStorage
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message, TelegramObject
from aiogram.utils.keyboard import InlineKeyboardBuilder
from sqlalchemy import BigInteger, ForeignKey, event, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

STEPS = [f"step{number}" for number in range(10)]
SENTENCE = "Пассажир садится в машину, и с первой минуты слова водителя решают, спокойно ли ему. "
TEXTS = {
    step: f"<b>Шаг {number} из {len(STEPS)}</b>\n\n{SENTENCE * 3}\n<i>{SENTENCE}</i>\n\n<b>Скажите вслух:</b> да."
    for number, step in enumerate(STEPS, 1)
}


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    first_name: Mapped[str]
    language: Mapped[str | None]


class Progress(Base):
    __tablename__ = "progress"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    lesson: Mapped[int]
    place: Mapped[str]
    updated_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC).replace(tzinfo=None))


class Form(StatesGroup):
    text = State()
    place = State()


def connect(url: str) -> AsyncEngine:
    """An engine that waits its turn to write, instead of failing, when many do."""
    if not url.startswith("sqlite"):
        return create_async_engine(url)
    engine = create_async_engine(url, connect_args={"timeout": 30})

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.close()

    return engine


class DatabaseMiddleware(BaseMiddleware):
    """Gives handlers a session and the user, who is stored or brought up to date."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self.sessions = sessions

    async def __call__(
        self, handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]], event: TelegramObject, data: Any
    ) -> Any:
        async with self.sessions() as session:
            data["session"] = session
            data["user"] = await self._stored(session, data["event_from_user"])
            return await handler(event, data)

    async def _stored(self, session: AsyncSession, sender: Any) -> User:
        dialect = {"sqlite": sqlite, "postgresql": postgresql}[session.get_bind().dialect.name]
        seen = {"first_name": sender.first_name, "language": sender.language_code}
        upsert = dialect.insert(User).values(id=sender.id, **seen)
        upsert = upsert.on_conflict_do_update(index_elements=[User.id], set_=seen).returning(User)
        user = (await session.execute(upsert)).scalar_one()
        await session.commit()
        return user


async def plain(event: Message | CallbackQuery) -> None:
    """Stands for the handlers of an ordinary project that a lesson press passes by."""
    message = event if isinstance(event, Message) else event.message
    await message.answer("…")


def keyboard(step: str) -> InlineKeyboardMarkup:
    at = STEPS.index(step)
    builder = InlineKeyboardBuilder()
    builder.button(text="Дальше »", callback_data=f"step:{STEPS[(at + 1) % len(STEPS)]}")
    builder.button(text="« Назад", callback_data=f"step:{STEPS[at - 1]}")
    builder.button(text="Меню", callback_data="menu")
    return builder.adjust(1, 2).as_markup()


async def show_step(query: CallbackQuery, session: AsyncSession, user: User) -> None:
    """The press that is measured."""
    step = query.data.removeprefix("step:")
    progress = await session.scalar(select(Progress).where(Progress.user_id == user.id, Progress.lesson == 1))
    progress.place = step
    progress.updated_at = datetime.now(UTC).replace(tzinfo=None)
    await session.commit()
    await query.message.edit_text(TEXTS[step], reply_markup=keyboard(step))
    await query.answer()


def routers() -> list[Router]:
    """Thirty handlers in five modules; the measured one is the second of the second."""
    home, learn, report, review, other = (Router(name=name) for name in ("home", "learn", "report", "review", "other"))
    home.message.register(plain, CommandStart())
    home.message.register(plain, Command("help"))
    home.message.register(plain, F.text == "Меню")
    home.callback_query.register(plain, F.data == "menu")
    home.callback_query.register(plain, F.data == "help")
    home.callback_query.register(plain, F.data.startswith("language:"))
    learn.message.register(plain, F.text == "Уроки")
    learn.callback_query.register(plain, F.data == "lessons")
    learn.callback_query.register(show_step, F.data.startswith("step:"))
    learn.callback_query.register(plain, F.data.startswith("answer:"))
    learn.callback_query.register(plain, F.data.startswith("lesson:"))
    learn.callback_query.register(plain, F.data == "finish")
    report.message.register(plain, F.text == "Сообщить")
    report.message.register(plain, Form.text, F.text)
    report.message.register(plain, Form.place, F.location)
    report.message.register(plain, Form.place, F.text)
    report.callback_query.register(plain, F.data == "report")
    report.callback_query.register(plain, F.data.startswith("ride:"))
    report.callback_query.register(plain, F.data.startswith("code:"))
    report.callback_query.register(plain, F.data == "send")
    report.callback_query.register(plain, F.data == "cancel")
    review.message.register(plain, Command("queue"))
    review.message.register(plain, Command("stats"))
    review.callback_query.register(plain, F.data.startswith("flag:"))
    review.callback_query.register(plain, F.data.startswith("take:"))
    review.callback_query.register(plain, F.data.startswith("close:"))
    other.message.register(plain, F.photo)
    other.message.register(plain, F.text)
    other.message.register(plain)
    other.callback_query.register(plain)
    return [home, learn, report, review, other]


async def main() -> None:
    logging.basicConfig(level=logging.INFO)
    engine = connect(os.environ["DATABASE_URL"])
    session = AiohttpSession(api=TelegramAPIServer.from_base(os.environ["TELEGRAM_API_URL"]))
    bot = Bot(os.environ["BOT_TOKEN"], session=session, default=DefaultBotProperties(parse_mode=ParseMode.HTML))
    dispatcher = Dispatcher(storage=MemoryStorage())
    middleware = DatabaseMiddleware(async_sessionmaker(engine, expire_on_commit=False))
    dispatcher.message.outer_middleware(middleware)
    dispatcher.callback_query.outer_middleware(middleware)
    dispatcher.include_routers(*routers())
    await bot.delete_webhook()
    await dispatcher.start_polling(bot, allowed_updates=dispatcher.resolve_used_update_types())
    await engine.dispose()


if __name__ == "__main__":
    if sys.argv[1:] == ["uvloop"]:
        import uvloop

        uvloop.run(main())
    else:
        asyncio.run(main())
