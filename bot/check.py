"""`python -m bot check`: finds before the start what would go wrong after it.

Faults must be mended: with one of them the bot would not start, or say something wrong. Hints are places to look at.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from aiogram.exceptions import AiogramError

from bot.catalogues import ROOT, faults
from bot.content import all_files
from bot.in_step import behind
from bot.migrate import current_revision, newest_revision
from bot.mistake import Mistake
from bot.operate import usable_database
from bot.settings import Settings
from bot.spelling import CannotSpell, accepted, unknown_words
from bot.telegram import connect
from handlers.texts import LOCALES, catalogue_path
from models.avoided import find_avoided, read_avoided
from models.distress import load_distress
from models.lessons import LANGUAGES, ContentError, load_course
from models.people import Language

MANY = 30
"""So many unknown words of a language are listed; where there are more, a line says how many."""


def check_content(root: Path = LOCALES) -> Iterator[str]:
    """Faults of the lessons, of their words, of the distress words, and of the catalogues, a line each."""
    for load in (load_course, load_distress):
        try:
            load(root, LANGUAGES)
        except ContentError as error:
            yield from str(error).splitlines()
    yield from _avoided_words(root)
    yield from faults(root)


def hints(root: Path = LOCALES, *, all_words: bool = False) -> Iterator[str]:
    """Places of the content to look at, a line each; nothing of it is wrong for certain."""
    try:
        yield from behind(root)
    except Mistake as mistake:
        yield str(mistake)
    yield from _unknown_words(root, all_words=all_words)


def _avoided_words(root: Path) -> Iterator[str]:
    for language, texts in all_files(root).items():
        try:
            avoided = read_avoided(root, language)
        except ValueError as error:
            yield str(error)
            continue
        catalogue = catalogue_path(Language(language), root)
        if catalogue.exists():
            texts = texts | {catalogue.relative_to(root / language).as_posix(): catalogue.read_text("utf-8")}
        for name, text in texts.items():
            yield from map(str, find_avoided(f"{language}/{name}", text, avoided))


def _unknown_words(root: Path, *, all_words: bool) -> Iterator[str]:
    glossary = (ROOT / "GLOSSARY.md").read_text("utf-8")
    for language, texts in all_files(root).items():
        try:
            found = unknown_words(texts, language, accepted(root, glossary, language))
        except CannotSpell as reason:
            yield f"{language}: spelling was not looked at: {reason}"
            continue
        if len(found) > MANY and not all_words:
            yield f"{language}: {len(found)} words are in no dictionary: python -m bot check --words lists them"
            continue
        for name, line, word in found:
            yield f"{language}/{name}:{line}: {word}"


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
