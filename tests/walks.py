"""Ways through the bot that several tests take, and looks into its database."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import Select, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.sandbox import Phone
from models.base import Base
from models.database import Database

RECEIPT = re.compile(r"\b\d{4}-\d{4}-\d{4}\b")
TAPS = ("an incident", "No, it is over", "Rude or threatening words", "Insults, shaming, shouting")
"""From the first screen to a stored flag, in English; parts of what the buttons say."""
SAVED = "report is saved"
"""On the screen that shows the receipt."""


async def open_form(phone: Phone) -> None:
    """Go from anywhere to the last question of the form: one tap more and the flag is stored."""
    await phone.send("/start")
    for label in TAPS[:-1]:
        await phone.press(label, expect=1)


async def flag(phone: Phone) -> str:
    """Flag an incident; returns the receipt as it's shown."""
    await open_form(phone)
    await phone.press(TAPS[-1], expect=1)
    await phone.until(lambda p: any(SAVED in m.text for m in p.messages))
    receipt = next(receipts(m.text)[0] for m in reversed(phone.messages) if SAVED in m.text)
    await phone.until(lambda p: p.texts.count(receipt) > 1)  # the outbox brings it too
    return receipt


def receipts(text: str) -> list[str]:
    """The receipts in a text, each once."""
    return list(dict.fromkeys(RECEIPT.findall(text)))


async def count(database: Database, table: type[Base], *where: Any) -> int:
    """How many rows of a table there are."""
    query: Select[tuple[int]] = select(func.count()).select_from(table).where(*where)
    async with database.reading() as session:
        return await session.scalar(query) or 0


async def eventually(true: Callable[[], Any], seconds: float = 10.0) -> None:
    """Wait until `true()`, which may be a coroutine function, is; AssertionError if it never is."""
    end = asyncio.get_running_loop().time() + seconds
    while True:
        found = true()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return
        assert asyncio.get_running_loop().time() < end, "it did not come true"
        await asyncio.sleep(0.01)


class Trouble:
    """Makes a database fail: `times` transactions, when they begin or when they're to be committed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, database: Database) -> None:
        self.times, self.at_commit, self.met = 0, False, 0
        really = database.transaction

        @asynccontextmanager
        async def transaction() -> AsyncIterator[AsyncSession]:
            if self.times and not self.at_commit:
                self._strike()
            async with really() as session:
                yield session
                await session.flush()
                if self.times and self.at_commit:
                    self._strike()

        monkeypatch.setattr(database, "transaction", transaction)

    def _strike(self) -> None:
        self.times -= 1
        self.met += 1
        raise OperationalError("COMMIT", {}, Exception("database or disk is full"))
