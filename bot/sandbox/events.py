"""What the pages are told: a snapshot of all phones, then everything that happens on them."""

import asyncio
from typing import NamedTuple

from .errors import Json
from .world import Person, World

_EVENTS_WAITING = 10_000


class Event(NamedTuple):
    """Something that a phone shows: snapshot, message, delete, answer, action or phone."""

    kind: str
    data: Json


Stream = asyncio.Queue[Event | None]


class Events:
    """Carries what the world publishes to all who listen."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._streams: set[Stream] = set()
        world.publish = self.publish

    def publish(self, kind: str, data: Json) -> None:
        """Tell every stream; "profile" (the bot's texts and commands) changes every phone."""
        if not self._streams:
            return
        if kind == "profile":
            for person in self._world.people.values():
                self.publish("phone", self.described(person))
            return
        event = Event(kind, data)
        for stream in list(self._streams):
            if stream.qsize() < _EVENTS_WAITING:
                stream.put_nowait(event)
            else:  # a page that does not read must not fill the memory; it may connect anew
                self._streams.discard(stream)
                stream.put_nowait(None)

    def phone_changed(self, person: Person) -> None:
        """Something about a person or their settings has changed."""
        self.publish("phone", self.described(person))
        self._world.changes.wake()

    def described(self, person: Person) -> Json:
        """A phone as the page knows it, without its messages."""
        profile = self._world.profile
        language = person.language_code
        return {
            "id": person.id,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "username": person.username,
            "title": person.title,
            "language_code": language,
            "clock_shift": person.clock_shift,
            "blocked": person.blocked,
            "started": person.started,
            "commands": profile.resolved(person.id, language),
            "name": profile.text("name", language),
            "description": profile.text("description", language),
            "short_description": profile.text("short_description", language),
        }

    def with_messages(self, person: Person) -> Json:
        """A phone with all that is on its screen."""
        messages = [message.shown for message in person.messages.values() if not message.hidden]
        return {**self.described(person), "messages": messages}

    def snapshot(self) -> Json:
        """Everything that a page shows when it opens."""
        profile = self._world.profile
        bot = {name: self._world.bot[name] for name in ("id", "username", "first_name")}
        texts = {kind: profile.text(kind, "") for kind in ("name", "description", "short_description")}
        phones = [self.with_messages(person) for person in self._world.people.values()]
        return {"bot": bot | texts, "phones": phones}

    def listen(self) -> Stream:
        """A stream that holds the snapshot and receives every event; None ends it."""
        stream: Stream = asyncio.Queue()
        stream.put_nowait(Event("snapshot", self.snapshot()))
        self._streams.add(stream)
        return stream

    @property
    def listeners(self) -> int:
        return len(self._streams)

    def forget(self, stream: Stream) -> None:
        """Stop filling a stream."""
        self._streams.discard(stream)

    def end(self) -> None:
        """End every stream."""
        for stream in self._streams:
            stream.put_nowait(None)
        self._streams.clear()
