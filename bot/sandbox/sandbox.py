"""The local Telegram as one object: its world, its delivery, its phones, its faults, its record of calls."""

# ruff: noqa: ASYNC109 - who waits for something in a test says how long, in the same line.

import contextlib
from collections import Counter, deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

from .api import Api, Call
from .delivery import Delivery
from .errors import Json
from .events import Event, Events
from .faults import Faults
from .phone import Phone, Phones
from .server import serve
from .world import Clock, World

DEFAULT_TOKEN = "42:TEST-TOKEN-FOR-THE-LOCAL-TELEGRAM-ONLY"


def _now() -> datetime:
    return datetime.now(UTC)


class Sandbox:
    """A local Telegram with one bot.

    `clock` returns aware UTC datetimes and is the only clock of this world (waiting uses real time). `keep`
    is the number of messages that a chat remembers.
    """

    def __init__(
        self,
        token: str = DEFAULT_TOKEN,
        clock: Clock = _now,
        keep: int = 200,
        name: str = "Sandbox bot",
        username: str = "sandbox_bot",
        first_update_id: int = 700_000_001,
    ) -> None:
        self.token = token
        bot = {"id": int(token.partition(":")[0]), "is_bot": True, "first_name": name, "username": username}
        self.world = World(bot, clock, keep)
        self.faults = Faults()
        self._events = Events(self.world)
        self._api = Api(self.world, first_update_id)
        self._phones = Phones(self._api, self._events)

    @property
    def delivery(self) -> Delivery:
        """The update queue; holds the webhook's `retry_delay` and `timeout` in seconds."""
        return self._api.delivery

    @property
    def calls(self) -> deque[Call]:
        """The last 1000 calls of the Bot API without getUpdates, oldest first."""
        return self._api.calls

    @property
    def requests(self) -> Counter[str]:
        """How often each method was called."""
        return self._api.requests

    async def call(self, method: str, params: Json) -> Json:
        """Execute a Bot API method without HTTP; returns the whole answer, refusals too."""
        return await self._api.call(method, params)

    # phones

    def phone(
        self,
        id: int | None = None,
        first_name: str | None = None,
        language_code: str = "en",
        last_name: str | None = None,
        username: str | None = None,
        title: str | None = None,
    ) -> Phone:
        """The phone of person `id`; made at the first call, later calls return the same one as it is.

        `title` is the caption of the phone on the page.
        """
        return self._phones.get(id, first_name, language_code, last_name, username, title)

    @property
    def phones(self) -> list[Phone]:
        return self._phones.all

    # updates

    def push(self, update: Json) -> int:
        """Queue any update at all, past allowed_updates too; returns its update_id."""
        return self.delivery.put(update, forced=True)

    @property
    def pending(self) -> int:
        """The number of updates that the bot has not confirmed."""
        return self.delivery.count

    async def confirmed(self, update_id: int, timeout: float | None = 20) -> None:
        """Wait until the bot has confirmed an update; TimeoutError after `timeout` seconds."""
        await self.until(lambda: not self.delivery.waits(update_id), timeout)

    async def idle(self, timeout: float | None = 20) -> None:
        """Wait until all is confirmed and no call but getUpdates is under way; else TimeoutError."""
        await self.until(lambda: self._api.idle, timeout)

    async def until(self, true: Callable[[], Any], timeout: float | None = 20) -> None:
        """Wait until `true()` is, after whatever change of this world; else TimeoutError."""
        await self.world.changes.until(true, timeout)

    # serving

    @property
    def listeners(self) -> int:
        """How many follow the events."""
        return self._events.listeners

    async def subscribe(self) -> AsyncGenerator[Event, None]:
        """A snapshot, then every event that a page would see, until serving ends."""
        stream = self._events.listen()
        try:
            while (event := await stream.get()) is not None:
                yield event
        finally:
            self._events.forget(stream)
            self.world.changes.wake()

    @contextlib.asynccontextmanager
    async def serve(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
        """Serve over HTTP and give the address, like http://127.0.0.1:8080; port 0 takes a free one.

        Raises OSError when the port is taken. The world outlives serving: it can be served again.
        """
        async with serve(self.token, self._api, self._events, self._phones, self.faults, host, port) as url:
            yield url
