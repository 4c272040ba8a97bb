"""Telegram's pace, which all that isn't asked for shares: the outbox and the broadcasts."""

import asyncio
from time import monotonic

from aiolimiter import AsyncLimiter


class Pace:
    """`rate` messages a second (at least 1), and silence while Telegram wants it."""

    def __init__(self, rate: float) -> None:
        self.limiter = AsyncLimiter(max(1.0, rate), 1.0)
        self._silent_until = 0.0

    def hold_back(self, seconds: float) -> None:
        """Send nothing for so long: Telegram slows the bot, not one chat."""
        self._silent_until = max(self._silent_until, monotonic() + seconds)

    def wait(self) -> float:
        """For how many seconds nothing is to be sent."""
        return max(0.0, self._silent_until - monotonic())

    async def turns(self, number: int) -> None:
        """Wait until so many messages may leave."""
        for _ in range(number):
            await self.limiter.acquire()


async def pause(seconds: float, ended_by: asyncio.Event) -> None:
    """Wait for so long, or until the event."""
    try:
        async with asyncio.timeout(seconds):
            await ended_by.wait()
    except TimeoutError:
        pass
