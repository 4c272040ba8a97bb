"""`python -m bot check`: finds before the start what would go wrong after it."""

import asyncio
from collections.abc import Iterator

from aiogram.exceptions import AiogramError

from bot.catalogues import faults
from bot.migrate import current_revision, newest_revision
from bot.mistake import Mistake
from bot.operate import usable_database
from bot.settings import Settings
from bot.telegram import connect
from handlers.texts import LOCALES
from models.lessons import ContentError, load_course


def check_content() -> Iterator[str]:
    """Faults of the lessons and of the catalogues, a line each."""
    try:
        load_course(LOCALES)
    except ContentError as error:
        yield from str(error).splitlines()
    yield from faults()


async def check_surroundings(settings: Settings) -> list[str]:
    """Faults of the database and of the way to Telegram, a line each."""
    found = await asyncio.gather(_check_database(settings), _check_telegram(settings))
    return [fault for fault in found if fault is not None]


async def _check_database(settings: Settings) -> str | None:
    try:
        async with usable_database(settings) as database:
            revision = await current_revision(database)
            if revision is not None and revision != newest_revision():
                return "the database is at another revision: python -m bot migrate"
            await database.ping()
    except Mistake as mistake:
        return str(mistake)
    return None


async def _check_telegram(settings: Settings) -> str | None:
    bot = connect(settings.bot_token.get_secret_value(), settings.telegram_api_url)
    try:
        await bot.get_me()
    except (AiogramError, OSError) as error:
        return f"Telegram can't be reached with this BOT_TOKEN and TELEGRAM_API_URL ({type(error).__name__})"
    finally:
        await bot.session.close()
    return None
