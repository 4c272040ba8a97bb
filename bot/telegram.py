"""The wire to Telegram: aiogram's client, speaking JSON, and what each of its failures means.

Requests without files go out as JSON, which costs a fraction of a multipart form. Updates come in undigested: one
that the framework can't read must not stop the others.
"""

import json
import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, cast

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
)
from aiogram.methods import GetUpdates, TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import InputFile
from aiohttp import ClientConnectorError, ClientError, ClientTimeout

REQUEST_SECONDS = 20.0
"""How long Telegram may take for an answer, long polling apart. Shorter than the lease of an outbox row."""


class RawUpdates(GetUpdates):
    """getUpdates whose result stays as it came."""

    __returning__ = list[dict[str, Any]]


class Session(AiohttpSession):
    """aiogram's session, with JSON bodies."""

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109 - aiogram's signature
    ) -> TelegramType:
        """Call a method and return its result; raises aiogram's errors."""
        status, content = await self._post(bot, method, timeout)
        return cast("TelegramType", self.check_response(bot, method, status, content).result)

    async def tell(self, bot: Bot, method: TelegramMethod[Any], seconds: int | None = None) -> int | None:
        """Call a method of whose result nobody reads more than the id of the message, if it is one.

        It may take the usual time, or so many seconds. Raises aiogram's errors.
        """
        status, content = await self._post(bot, method, seconds)
        if not content.startswith('{"ok":true'):
            self.check_response(bot, method, status, content)
        return _message_id(content)

    async def close(self) -> None:
        """Close the connections; only encrypted ones need the quarter of a second that aiogram gives them."""
        if self.api.base.startswith("https:"):
            await super().close()
        elif self._session is not None:
            await self._session.close()

    async def _post(self, bot: Bot, method: TelegramMethod[Any], seconds: float | None) -> tuple[int, str]:
        session = await self.create_session()
        files: dict[str, InputFile] = {}
        parameters = {
            key: ready
            for key, value in method.model_dump(warnings=False, exclude_none=True).items()
            if (ready := self.prepare_value(value, bot, files, _dumps_json=False)) is not None
        }
        body = {"data": self.build_form_data(bot, method)} if files else {"json": parameters}
        url = self.api.api_url(token=bot.token, method=method.__api_method__)
        try:
            async with session.post(url, timeout=ClientTimeout(seconds or self.timeout), **body) as response:
                return response.status, await response.text()
        except TimeoutError as error:
            raise TelegramNetworkError(method=method, message="no answer in time") from error
        except ClientError as error:
            raise TelegramNetworkError(method=method, message=type(error).__name__) from error


def connect(token: str, api_url: str) -> Bot:
    """A client for a token, at Telegram's address or another server of the Bot API."""
    session = Session(api=TelegramAPIServer.from_base(api_url), timeout=REQUEST_SECONDS)
    return Bot(token, session=session, default=DefaultBotProperties(parse_mode="HTML", link_preview_is_disabled=True))


async def tell(bot: Bot, method: TelegramMethod[Any], seconds: int | None = None) -> int | None:
    """Call a method of whose result nobody reads more than the id of the message, if it is one.

    It may take the usual time, or so many seconds. Raises aiogram's errors.
    """
    return await cast("Session", bot.session).tell(bot, method, seconds)


_MESSAGE = re.compile(r'\{"ok":true,"result":\{"message_id":(\d+)')
"""How Telegram begins the answer to what sends or edits a message."""


def _message_id(content: str) -> int | None:
    """The id of the message in an accepted answer: read from its beginning, which costs a hundredth of all of it."""
    if (found := _MESSAGE.match(content)) is not None:
        return int(found[1])
    if '"message_id"' not in content:
        return None
    try:  # another server of the Bot API may write it in another order
        result = json.loads(content)["result"]
        number = result.get("message_id") if isinstance(result, dict) else None
    except (ValueError, KeyError):
        return None
    return number if isinstance(number, int) else None


class Verdict(Enum):
    """What a failure means for the message."""

    LATER = auto()
    """Not accepted; try again after a while."""
    PERHAPS_SENT = auto()
    """The connection broke after the request had left: it may have arrived."""
    UNREACHABLE = auto()
    """The person blocked the bot, or never wrote to it."""
    REFUSED = auto()
    """Telegram doesn't take this message, now or later."""
    HARMLESS = auto()
    """Nothing is lost: the screen already looks like that, the press is too old to answer, or the message to delete."""
    GONE = auto()
    """The message to change is no longer there."""


@dataclass(frozen=True)
class Failure:
    """What a failure means, how long to wait in seconds if Telegram said so, and a name for the log and the outbox.

    The name is our own word for it: Telegram's may quote what was sent.
    """

    verdict: Verdict
    name: str
    wait: float | None = None


_HARMLESS = (
    "message is not modified",
    "query is too old",
    "message to delete not found",
    "message can't be deleted",
    "message identifiers are not specified",
)
_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")
_UNREACHABLE = ("chat not found", "user is deactivated", "peer_id_invalid")
_REASONS = (
    "can't parse entities",
    "message is too long",
    "caption is too long",
    "message text is empty",
    "text must be non-empty",
    "file must be non-empty",
    "wrong file identifier",
    "wrong remote file identifier",
    "file is too big",
    "photo_invalid_dimensions",
    "image_process_failed",
    "button_data_invalid",
    "button_url_invalid",
    "reply markup is too long",
    "can't parse inline keyboard button",
    "not enough rights",
    "have no rights",
    "chat_write_forbidden",
    "message thread not found",
    "replied message not found",
)
"""Why Telegram refuses what it refuses, as far as we know its words: others might quote what a person wrote."""


def judge(error: Exception) -> Failure:
    """What an error of aiogram's client means for the message that it happened to."""
    name = type(error).__name__
    if isinstance(error, TelegramRetryAfter):
        return Failure(Verdict.LATER, name, float(error.retry_after))
    if isinstance(error, TelegramForbiddenError):
        return Failure(Verdict.UNREACHABLE, name)
    if isinstance(error, TelegramEntityTooLarge):
        return Failure(Verdict.REFUSED, name)
    if isinstance(error, TelegramBadRequest):
        reason = error.message.lower()
        for verdict, signs in (
            (Verdict.HARMLESS, _HARMLESS),
            (Verdict.GONE, _GONE),
            (Verdict.UNREACHABLE, _UNREACHABLE),
        ):
            if any(sign in reason for sign in signs):
                return Failure(verdict, name)
        known = next((known for known in _REASONS if known in reason), None)
        return Failure(Verdict.REFUSED, f"{name}: {known}" if known else name)
    if isinstance(error, TelegramNetworkError) and not isinstance(error.__cause__, ClientConnectorError):
        return Failure(Verdict.PERHAPS_SENT, name)
    return Failure(Verdict.LATER, name)
