"""A sandbox on a free port, a client that calls it over HTTP, and a clock that tests turn."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from bot.sandbox import Phone, Sandbox

Handle = Callable[[dict[str, Any]], Awaitable[Any]]


class Clock:
    """Stands still until it is turned."""

    def __init__(self) -> None:
        self.now = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)


class Client:
    """A bot's side of the wire: JSON over HTTP."""

    def __init__(self, sandbox: Sandbox, url: str, session: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.url = url
        self.session = session

    async def answer(self, method: str, **params: Any) -> dict[str, Any]:
        """The whole answer, with the HTTP status under "status"."""
        address = f"{self.url}/bot{self.sandbox.token}/{method}"
        async with self.session.post(address, json=params) as response:
            return {"status": response.status, **await response.json()}

    async def call(self, method: str, **params: Any) -> Any:
        """The result of a call that must succeed."""
        answer = await self.answer(method, **params)
        assert answer["ok"], answer
        return answer["result"]

    async def refused(self, method: str, **params: Any) -> str:
        """The description of a call that must be refused."""
        answer = await self.answer(method, **params)
        assert not answer["ok"], answer
        assert answer["status"] == answer["error_code"]
        return str(answer["description"])

    @contextlib.asynccontextmanager
    async def bot(self, handle: Handle) -> AsyncIterator[None]:
        """A small polling bot that calls `handle` for each update, and confirms after it."""

        async def poll() -> None:
            offset = 0
            while True:
                for update in await self.call("getUpdates", offset=offset, timeout=10):
                    await handle(update)
                    offset = update["update_id"] + 1

        task = asyncio.create_task(poll())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Sandbox:
    return Sandbox(clock=clock)


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[Client]:
    async with sandbox.serve() as url, aiohttp.ClientSession() as session:
        yield Client(sandbox, url, session)


@pytest.fixture
def phone(sandbox: Sandbox) -> Phone:
    """A person who has started the bot; the update of that is confirmed."""
    phone = sandbox.phone(1001, first_name="Aigul", language_code="kk")
    phone.post("/start")
    sandbox.delivery.drop()
    return phone
