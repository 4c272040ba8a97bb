"""Intake by webhook: what comes while a batch is in work makes up the next one; answered after the commit."""

import asyncio
import hmac
import json
import logging
from typing import Any

from aiohttp import web

from bot.engine import Engine
from bot.replies import Replies

log = logging.getLogger(__name__)

PATH = "/telegram"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
_LARGEST_UPDATE = 1024 * 1024

Waiting = tuple[dict[str, Any], asyncio.Future[bool]]


class Webhook:
    """Collects requests into batches for the engine."""

    def __init__(self, engine: Engine, replies: Replies, secret: str, batch_size: int) -> None:
        self._engine, self._replies = engine, replies
        self._secret, self._batch_size = secret.encode(), batch_size
        self._waiting: asyncio.Queue[Waiting] = asyncio.Queue()

    def application(self) -> web.Application:
        """The web application that Telegram calls."""
        application = web.Application(client_max_size=_LARGEST_UPDATE)
        application.router.add_post(PATH, self._take)
        return application

    async def run(self) -> None:
        """Work until cancelled; a batch that has begun is finished first."""
        while True:
            batch = [await self._waiting.get()]
            await self._replies.room()
            while len(batch) < self._batch_size and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            await asyncio.shield(self._process(batch))

    async def _process(self, batch: list[Waiting]) -> None:
        safe = False
        try:
            await self._engine.process([update for update, _ in batch])
            safe = True
        except Exception as error:  # whatever it is, nothing was confirmed: it all comes again
            log.warning("%d updates go back to Telegram: %s", len(batch), type(error).__name__)
        finally:
            for _, answer in batch:
                if not answer.done():
                    answer.set_result(safe)

    async def _take(self, request: web.Request) -> web.Response:
        given = request.headers.get(SECRET_HEADER, "").encode(errors="surrogateescape")
        if not hmac.compare_digest(given, self._secret):
            return web.Response(status=401)
        try:
            update = json.loads(await request.read())
            int(update["update_id"])
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            return web.Response(status=400)
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        await self._waiting.put((update, answer))
        return web.Response(status=200 if await answer else 503)
