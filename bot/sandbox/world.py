"""What Telegram knows: the bot, the people, their chats, messages, files and button presses."""

# ruff: noqa: ASYNC109 - who waits for something in a test says how long, in the same line.

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from .errors import Json, Refusal, bad
from .files import Files
from .profile import Profile

Clock = Callable[[], datetime]
Publish = Callable[[str, Json], None]

DELETABLE = timedelta(hours=48)
ANSWERABLE = timedelta(seconds=150)
_QUERIES_KEPT = 10_000


@dataclass(slots=True, eq=False)
class Message:
    """One message of a chat. `raw` is Telegram's object; an edit puts a new one in its place."""

    raw: Json
    at: datetime
    revision: int  # counts every sending and editing in the world, so "what is new since" is a comparison
    keyboard: Json | None = None  # as sent, reply keyboards too, which Telegram never shows to the bot
    hidden: bool = False  # cleared from the person's own view only

    @property
    def id(self) -> int:
        return int(self.raw["message_id"])

    @property
    def text(self) -> str:
        """The text, or the caption of a file, or ""."""
        return str(self.raw.get("text") or self.raw.get("caption") or "")

    @property
    def entities(self) -> list[Json]:
        found: list[Json] = self.raw.get("entities") or self.raw.get("caption_entities") or []
        return found

    @property
    def buttons(self) -> list[list[Json]]:
        """Rows of inline buttons as Telegram writes them."""
        rows: list[list[Json]] = (self.raw.get("reply_markup") or {}).get("inline_keyboard", [])
        return rows

    @property
    def date(self) -> datetime:
        """When it was sent, as shown by the sender's clock; aware, UTC, whole seconds."""
        return datetime.fromtimestamp(self.raw["date"], UTC)

    @property
    def from_bot(self) -> bool:
        return bool(self.raw["from"]["is_bot"])

    @property
    def shown(self) -> Json:
        """The message as the person's phone needs it: with its keyboard of whatever kind."""
        return self.raw | {"reply_markup": self.keyboard} if self.keyboard else self.raw

    def __repr__(self) -> str:
        return f"<Message {self.id} {self.text!r}>"


@dataclass(slots=True, eq=False)
class Person:
    """A person, their settings, and their private chat with the bot."""

    id: int
    first_name: str
    last_name: str | None
    username: str | None
    language_code: str
    title: str | None = None
    clock_shift: float = 0.0
    blocked: bool = False
    started: bool = False
    messages: dict[int, Message] = field(default_factory=dict)

    @property
    def names(self) -> Json:
        names = {"first_name": self.first_name, "last_name": self.last_name, "username": self.username}
        return {name: value for name, value in names.items() if value}

    @property
    def user(self) -> Json:
        return {"id": self.id, "is_bot": False, **self.names, "language_code": self.language_code}

    @property
    def chat(self) -> Json:
        return {"id": self.id, **self.names, "type": "private"}


@dataclass(slots=True, eq=False)
class Query:
    """A pressed inline button that waits for its answer."""

    id: str
    person: Person
    message_id: int
    data: str
    at: datetime
    answer: Json | None = None


class Changes:
    """Wakes whoever waits until something in the world has become true."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def wake(self) -> None:
        if self._waiting:
            waiting, self._waiting = self._waiting, set()
            for future in waiting:
                if not future.done():
                    future.set_result(None)

    async def until(self, true: Callable[[], Any], timeout: float | None = None) -> None:
        """Returns when `true()` is; TimeoutError after `timeout` seconds."""
        async with asyncio.timeout(timeout):
            while not true():
                future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._waiting.add(future)
                try:
                    await future
                finally:
                    self._waiting.discard(future)


class World:
    """The state of this Telegram. Nothing here knows HTTP or the update queue."""

    def __init__(self, bot: Json, clock: Clock, keep: int) -> None:
        self.clock = clock
        self.keep = keep  # messages of a chat; the oldest are forgotten, which bounds memory
        self.bot = bot
        self.profile = Profile(bot["first_name"])
        self.people: dict[int, Person] = {}
        self.queries: dict[str, Query] = {}
        self.files = Files()
        self.changes = Changes()
        self.publish: Publish = lambda kind, event: None
        self.revision = 0
        self._message_ids = itertools.count(1)  # one row of numbers for all private chats, as Telegram has it
        self._query_ids = itertools.count(4_000_000_000_000_001)

    # people and chats

    def person(self, chat_id: int | str) -> Person:
        """The person behind a chat; raises Refusal "chat not found"."""
        person = self.people.get(chat_id) if isinstance(chat_id, int) else None
        if person is None:
            raise bad("chat not found")
        return person

    def reachable(self, chat_id: int | str) -> Person:
        """The person to whom the bot may write; raises Refusal."""
        person = self.person(chat_id)
        if person.blocked:
            raise Refusal("Forbidden: bot was blocked by the user", 403)
        if not person.started:
            raise Refusal("Forbidden: bot can't initiate conversation with a user", 403)
        return person

    # messages

    def sent_by_bot(self, person: Person, content: Json, keyboard: Json | None = None) -> Message:
        now = self.clock()
        raw = {
            "message_id": next(self._message_ids),
            "from": self.bot,
            "chat": person.chat,
            "date": int(now.timestamp()),
            **content,
        }
        if keyboard and "inline_keyboard" in keyboard:
            raw["reply_markup"] = keyboard
        return self._kept(person, raw, now, keyboard)

    def sent_by_person(self, person: Person, content: Json) -> Message:
        now = self.clock()
        raw = {
            "message_id": next(self._message_ids),
            "from": person.user,
            "chat": person.chat,
            "date": int(now.timestamp() + person.clock_shift),
            **content,
        }
        person.started = True
        return self._kept(person, raw, now, None)

    def _kept(self, person: Person, raw: Json, now: datetime, keyboard: Json | None) -> Message:
        self.revision += 1
        message = Message(raw, now, self.revision, keyboard)
        person.messages[message.id] = message
        if len(person.messages) > self.keep:
            del person.messages[next(iter(person.messages))]
        self.changed(person, message)
        return message

    def edited(self, person: Person, message: Message, raw: Json, keyboard: Json | None) -> None:
        """Puts `raw` in the place of the message's content; equal content is the caller's business."""
        shift = 0.0 if message.from_bot else person.clock_shift
        self.revision += 1
        message.raw = raw | {"edit_date": int(self.clock().timestamp() + shift)}
        message.keyboard = keyboard
        message.revision = self.revision
        self.changed(person, message)

    def changed(self, person: Person, message: Message) -> None:
        self.publish("message", {"phone": person.id, "message": message.shown})
        self.changes.wake()

    def deleted(self, person: Person, message_ids: list[int]) -> None:
        for message_id in message_ids:
            person.messages.pop(message_id, None)
        self.publish("delete", {"phone": person.id, "message_ids": message_ids})
        self.changes.wake()

    # pressed buttons

    def pressed(self, person: Person, message_id: int, data: str) -> Query:
        query = Query(str(next(self._query_ids)), person, message_id, data, self.clock())
        self.queries[query.id] = query
        if len(self.queries) > _QUERIES_KEPT:
            del self.queries[next(iter(self.queries))]
        return query

    def answered(self, query_id: str, answer: Json) -> None:
        """Keeps the bot's answer; raises Refusal for an unknown, answered or old query."""
        query = self.queries.get(query_id)
        if query is None or query.answer is not None or self.clock() - query.at > ANSWERABLE:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        query.answer = answer
        about = {"callback_query_id": query.id, "message_id": query.message_id, "data": query.data}
        self.publish("answer", {"phone": query.person.id, **about, **answer})
        self.changes.wake()
