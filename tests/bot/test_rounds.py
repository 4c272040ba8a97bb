"""What comes again and again goes on, whatever becomes of one look, and what fails for long is told."""

import asyncio
import contextlib
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from bot.rounds import LONG, Rounds
from models.vault import CannotOpen

SOON = timedelta(milliseconds=1)
AWAY = "the database is away"


async def cancelled(work: asyncio.Task[None]) -> None:
    work.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (OperationalError("", {}, Exception("secret")), f"{AWAY}: OperationalError"),
        (ConnectionRefusedError("secret"), f"{AWAY}: ConnectionRefusedError"),
        (CannotOpen("secret"), "failed: CannotOpen at test_rounds.py:"),
        (KeyError("secret"), "failed: KeyError at test_rounds.py:"),
    ],
)
async def test_whatever_goes_wrong_in_a_look_puts_it_off_and_ends_nothing(
    trouble: Exception, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    looks, done = 0, asyncio.Event()

    async def look() -> None:
        nonlocal looks
        looks += 1
        if looks < 3:
            raise trouble
        done.set()

    work = asyncio.create_task(Rounds().go("tidying", look, SOON))
    async with asyncio.timeout(5):
        await done.wait()
    await cancelled(work)
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 2
    assert all(message.startswith(f"tidying: {said}") for message in messages)
    assert "secret" not in caplog.text


async def test_the_first_look_may_come_sooner_than_the_others() -> None:
    done = asyncio.Event()

    async def look() -> None:
        done.set()

    work = asyncio.create_task(Rounds().go("tidying", look, timedelta(days=1), first=SOON))
    async with asyncio.timeout(5):
        await done.wait()
    await cancelled(work)


async def test_work_that_fails_for_long_is_named_until_a_look_succeeds_and_so_is_work_that_has_ended() -> None:
    seconds, fails, looks = 0.0, True, 0
    looked = asyncio.Event()

    async def look() -> None:
        nonlocal looks
        looks += 1
        looked.set()
        if fails:
            raise KeyError

    async def next_look() -> None:
        for _ in range(2):  # the second begins after the first has been noted
            looked.clear()
            async with asyncio.timeout(5):
                await looked.wait()

    rounds = Rounds(clock=lambda: seconds)
    work = asyncio.create_task(rounds.go("tidying", look, SOON))
    await next_look()
    assert rounds.trouble() is None
    seconds = LONG.total_seconds()
    await next_look()
    assert rounds.trouble() == "tidying fails"
    fails = False
    await next_look()
    assert rounds.trouble() is None
    await cancelled(work)
    assert rounds.trouble() == "tidying has ended"
