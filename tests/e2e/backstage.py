"""The bot without Telegram: updates go straight into its engine, and what it would show is kept.

Ten times as quick as a house, for tests that press by the ten thousand; its clock stands still between two updates, so
that the same presses always come to the same end.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from aiogram.methods import TelegramMethod
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.app import App, open_app
from models.outbox import Parcel
from models.people import Person
from tests.e2e.conftest import QUICK
from tests.house import House, open_house, settings_for


class Step(NamedTuple):
    """What somebody does: presses a button with this data, or sends this text."""

    who: int
    """Their Telegram id."""
    data: str = ""
    text: str = ""


class Seen(NamedTuple):
    """What came into somebody's chat, words and buttons."""

    who: int
    text: str


@dataclass
class StillClock:
    """A clock that only tests set forward."""

    shift: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return datetime(2026, 6, 1, 5, tzinfo=UTC) + self.shift


@dataclass
class Backstage:
    """The bot on a database; `do` gives it updates as Telegram would, `seen` says what it showed or will deliver."""

    url: str
    clock: StillClock = field(default_factory=StillClock)
    languages: dict[int, str] = field(default_factory=dict)
    """Of people's apps; English where nothing is said."""
    shown: dict[int, list[TelegramMethod[Any]]] = field(default_factory=dict)
    """What was shown at once for what was done last, by chat."""
    seen: list[Seen] = field(default_factory=list)
    fails: int = 0
    """So many of the next transactions fail when they're to be committed."""
    _at_work: AsyncExitStack = field(default_factory=AsyncExitStack)
    _updates: list[dict[str, Any]] = field(default_factory=list)
    _next: int = 1
    _posted: int = 0
    _writes: int = 0

    async def open(self) -> None:
        """Start the bot."""
        settings = settings_for("http://127.0.0.1:9", self.url, **QUICK)
        self.app: App = await self._at_work.enter_async_context(open_app(settings, clock=self.clock))
        self.app.engine.replies = self
        self._really = self.app.database.transaction
        self.app.database.transaction = self._transaction  # type: ignore[method-assign]

    async def close(self) -> None:
        """Stop it as if it had been killed: nothing is waited for."""
        await self._at_work.aclose()

    async def restart(self) -> None:
        """Another process takes over; Telegram brings what was not confirmed once more, which changes nothing."""
        await self.close()
        await self.open()
        before = len(self.seen)
        await self.app.engine.process(self._updates)
        assert self.seen[before:] == []

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncSession]:
        async with self._really() as session:
            self._writes += 1
            try:
                yield session
                await session.flush()
            finally:
                self._writes -= 1
            if self.fails:
                self.fails -= 1
                raise OperationalError("COMMIT", {}, Exception("database or disk is full"))

    def show(self, chat_id: int, methods: list[TelegramMethod[Any]]) -> None:
        """What the engine shows, always after its commit."""
        assert not self._writes
        assert not self.fails
        self.shown.setdefault(chat_id, []).extend(methods)
        self.seen += [Seen(chat_id, _said(method.model_dump(exclude_none=True))) for method in methods]

    async def do(self, steps: Sequence[Step]) -> None:
        """Let all this come at once, as one batch."""
        self._updates, self.shown = [], {}
        for step in steps:
            self.clock.shift += timedelta(seconds=1)
            self._updates.append(self._update(step))
        await self.app.engine.process(self._updates)
        await self._read_posted()

    def _update(self, step: Step) -> dict[str, Any]:
        number, self._next = self._next, self._next + 1
        language = self.languages.get(step.who, "en")
        sender = {"id": step.who, "is_bot": False, "first_name": "Person", "language_code": language}
        message: dict[str, Any] = {
            "message_id": number,
            "date": int(self.clock().timestamp()),
            "chat": {"id": step.who, "type": "private", "first_name": "Person"},
            "from": sender,
            "text": step.text or "…",
        }
        if not step.data:
            return {"update_id": number, "message": message}
        query = {"id": str(number), "from": sender, "message": message, "chat_instance": "1", "data": step.data}
        return {"update_id": number, "callback_query": query}

    async def _read_posted(self) -> None:
        """What lies in the outbox is as good as told."""
        async with self.app.database.reading() as session:
            new = select(Parcel, Person).join(Person, Person.id == Parcel.person_id).where(Parcel.id > self._posted)
            for parcel, person in await session.execute(new.order_by(Parcel.id)):
                self._posted = parcel.id
                if parcel.sealed is not None:
                    said = _said(parcel.read(self.app.vault)[1])
                    self.seen.append(Seen(person.telegram_id(self.app.vault), said))

    async def rounds(self) -> None:
        """What the bot does by itself now and then. Telegram keeps nothing for so long that wasn't confirmed."""
        self._updates = []
        await self.app.housekeeping.tidy()
        await self.app.deadlines.look()
        await self.app.telling.look()
        await self._read_posted()


def _said(method: Any) -> str:
    """All texts of a method, wherever they stand."""
    if isinstance(method, dict):
        return "\n".join(filter(None, map(_said, method.values())))
    if isinstance(method, list | tuple):
        return "\n".join(filter(None, map(_said, method)))
    return method if isinstance(method, str) else ""


@dataclass
class OnStage:
    """The same in a whole house, through Telegram: what is shown and delivered is what stands on the phones."""

    url: str
    seen: list[Seen] = field(default_factory=list)
    fails: int = 0
    _at_work: AsyncExitStack = field(default_factory=AsyncExitStack)
    house: House | None = None

    async def open(self) -> None:
        """Start the bot, on the phones that there are."""
        known = {"sandbox": self.house.sandbox, "clock": self.house.clock} if self.house is not None else {}
        self.house = await self._at_work.enter_async_context(open_house(self.url, **known, **QUICK))
        self.app, self.clock = self.house.app, self.house.clock

    async def close(self) -> None:
        """Stop it as a deployment would."""
        await self._at_work.aclose()

    async def restart(self) -> None:
        """Stop the bot, and start another one."""
        await self.close()
        await self.open()

    async def do(self, steps: Iterable[Step]) -> None:
        """Do one thing after the other, each once the bot has answered the one before."""
        assert self.house is not None
        self.fails = 0
        since = self.house.sandbox.world.revision
        for step in steps:
            phone = self.house.phone(step.who)
            await (phone.press_data(step.data) if step.data else phone.send(step.text))
        for phone in self.house.sandbox.phones:
            self.seen += [Seen(phone.id, _said(message.raw)) for message in phone.new(since)]

    async def rounds(self) -> None:
        """What the bot does by itself now and then."""
        await self.app.housekeeping.tidy()
        await self.app.deadlines.look()
        await self.app.telling.look()
