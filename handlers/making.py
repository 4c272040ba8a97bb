"""What is made when it's delivered: messages whose content takes time to draw, or must be true at that moment.

A handler posts an order with a name and a few values; the sender of the outbox has it made, off the event loop where
that takes long, and sends it. Reminders are made late too: they speak the language that the person has by then, and
say nothing when there's nothing left to say.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from aiogram.methods import TelegramMethod
from sqlalchemy.ext.asyncio import AsyncSession

from handlers.texts import Texts
from models.database import Database
from models.lessons import Course
from models.outbox import Priority, post
from models.people import Language, Person
from models.vault import Vault

GIVEN_UP = "given_up"
"""Stands among the values of an order that is made once more because it had to be given up: only to end it well."""
_MARK = "@"
"""Begins the name of an order in the outbox, where a method of the Bot API stands else."""

P = ParamSpec("P")
T = TypeVar("T")


class OutOfReach(Exception):
    """Telegram will never give this file out: it's too big, or no file of this bot."""


@dataclass(frozen=True)
class Workshop:
    """All that is needed to make a message, outside of any transaction."""

    database: Database
    vault: Vault
    course: Course
    texts: Mapping[Language, Texts]
    now: datetime
    bot_id: int
    """The bot's own id: file ids belong to one bot."""
    link: Callable[[str], str]
    """The address that opens the bot with a payload of 1-64 characters (A-Z, a-z, 0-9, _ and -)."""
    download: Callable[[str], Awaitable[bytes]]
    """The content of a file that Telegram has, by its file id.

    Raises OSError if it can't be had now, OutOfReach if it never can.
    """
    tell: Callable[[Person, TelegramMethod[Any]], Awaitable[None]]
    """Show something to a person meanwhile; nothing is lost if Telegram doesn't take it. `chat_id` may be 0."""

    async def aside(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do work that takes long off the event loop."""
        return await asyncio.to_thread(work, *args, **kwargs)


@dataclass(frozen=True)
class Made:
    """A message to send; its chat is filled in at delivery.

    `keep` names a file of the product's own whose file id is to be remembered: see `models/uploads.py`.
    `before` is sent first; `folder` holds the files of all of it, and is deleted afterwards, whatever became of them.
    """

    method: TelegramMethod[Any]
    keep: str | None = None
    before: Sequence[TelegramMethod[Any]] = ()
    folder: Path | None = None


Maker = Callable[[Workshop, Person, Mapping[str, Any]], Awaitable[Made | None]]
"""Makes the message of an order for a person, or nothing if it's no longer wanted. `chat_id` may be 0."""


def post_order(
    session: AsyncSession,
    vault: Vault,
    person_id: int,
    name: str,
    values: Mapping[str, Any],
    *,
    priority: Priority,
    now: datetime,
    due_at: datetime | None = None,
) -> None:
    """Order a message of that name for a person, to be made at delivery; `values` are JSON values."""
    post(session, vault, person_id, method_of(name), values, priority=priority, now=now, due_at=due_at)


def method_of(order: str) -> str:
    """What stands in the outbox for an order, where the name of a method of the Bot API stands else."""
    return _MARK + order


def ordered(method: str) -> str | None:
    """The name of the order, if that is what stands in the outbox."""
    return method.removeprefix(_MARK) if method.startswith(_MARK) else None
