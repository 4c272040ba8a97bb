"""Where messages are made that are drawn, or worded, only when they're delivered."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest
from aiogram.methods import TelegramMethod
from aiohttp import ClientError

from bot.clock import Clock
from bot.telegram import tell
from handlers import makers
from handlers.making import Made, OutOfReach, Workshop
from handlers.texts import Texts
from models.database import Database
from models.lessons import Course
from models.people import Language, Person
from models.vault import Vault


@dataclass
class Address:
    """Where the bot is found in Telegram; known once Telegram was asked."""

    username: str = ""

    def link(self, payload: str) -> str:
        """The address that opens the bot with a payload."""
        return f"https://t.me/{self.username}?start={payload}"


@dataclass
class Making:
    """Makes what handlers have ordered."""

    database: Database
    vault: Vault
    course: Course
    texts: Mapping[Language, Texts]
    bot: Bot
    address: Address
    clock: Clock

    def __post_init__(self) -> None:
        self._makers = makers()

    async def make(self, order: str, person: Person, values: Mapping[str, Any]) -> Made | None:
        """The message of an order, or None if it's no longer wanted; LookupError for an order nobody knows."""
        workshop = Workshop(
            database=self.database,
            vault=self.vault,
            course=self.course,
            texts=self.texts,
            now=self.clock(),
            bot_id=self.bot.id,
            link=self.address.link,
            download=self._download,
            tell=self._tell,
        )
        return await self._makers[order](workshop, person, values)

    async def _tell(self, person: Person, method: TelegramMethod[Any]) -> None:
        with contextlib.suppress(AiogramError, OSError):
            await tell(self.bot, method.model_copy(update={"chat_id": person.telegram_id(self.vault)}))

    async def _download(self, file_id: str) -> bytes:
        content = BytesIO()
        try:
            await self.bot.download(file_id, content)
        except TelegramBadRequest as error:  # too big, or no file of this bot
            raise OutOfReach(type(error).__name__) from error
        except (AiogramError, ClientError) as error:  # not from it: the text of aiohttp's holds the token
            raise OSError(f"the file can't be had: {type(error).__name__}") from None
        return content.getvalue()
