"""What comes again and again goes on, whatever becomes of one look."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from bot.rounds import go_round

SOON = timedelta(milliseconds=1)


@pytest.mark.parametrize("trouble", [OperationalError("", {}, Exception("secret")), ConnectionRefusedError("secret")])
async def test_a_database_that_is_away_puts_a_look_off_and_ends_nothing(
    trouble: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    looks, done = 0, asyncio.Event()

    async def look() -> None:
        nonlocal looks
        looks += 1
        if looks < 3:
            raise trouble
        done.set()

    work = asyncio.create_task(go_round("tidying", look, SOON))
    async with asyncio.timeout(5):
        await done.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert [record.getMessage() for record in caplog.records] == [
        f"tidying: the database is away: {type(trouble).__name__}"
    ] * 2


async def test_the_first_look_may_come_sooner_than_the_others() -> None:
    done = asyncio.Event()

    async def look() -> None:
        done.set()

    work = asyncio.create_task(go_round("tidying", look, timedelta(days=1), first=SOON))
    async with asyncio.timeout(5):
        await done.wait()
    work.cancel()


async def test_a_mistake_of_our_own_is_not_hidden() -> None:
    async def look() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await go_round("tidying", look, SOON)
