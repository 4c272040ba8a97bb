"""A person's phone, as tests drive it: send, press, look at the screen."""

# ruff: noqa: ASYNC109 - who waits for something in a test says how long, in the same line.

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .api import Api
from .errors import Json
from .events import Events
from .files import photo_sizes
from .markup import utf16, with_found
from .world import Message, Person, Query

_ALBUMS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bot answered to a pressed button."""

    text: str
    show_alert: bool
    url: str | None


class Phone:
    """The phone of one person with their private chat with the bot.

    `expect` is the number of messages that the bot must newly send or edit in this chat; those are returned,
    in the order in which they came. With `expect=0` the call returns once the bot has confirmed the update
    and has no request for this chat under way. `timeout` is in seconds; what does not happen in time is an
    AssertionError that shows the screen.
    """

    def __init__(self, api: Api, events: Events, person: Person) -> None:
        self._api = api
        self._events = events
        self._world = api.world
        self.person = person
        self.id = person.id

    def another(self) -> "Phone":
        """Another phone of the same account: one chat, which all of a person's phones show alike."""
        return Phone(self._api, self._events, self.person)

    # what is on the screen

    @property
    def messages(self) -> list[Message]:
        """All messages of the chat that are neither deleted nor cleared, oldest first."""
        return [message for message in self.person.messages.values() if not message.hidden]

    @property
    def last(self) -> Message:
        """The newest message, the bot's or the person's; AssertionError on an empty chat."""
        messages = self.messages
        assert messages, f"{self} has no messages"
        return messages[-1]

    @property
    def texts(self) -> str:
        """All texts of the bot, one after the other."""
        return "\n".join(message.text for message in self.messages if message.from_bot)

    @property
    def screen(self) -> str:
        """The newest message of the bot with its buttons below, a row a line: `[Next] [Back]`."""
        message = next((each for each in reversed(self.messages) if each.from_bot), None)
        return _drawn(message) if message else ""

    @property
    def buttons(self) -> list[list[Json]]:
        """The rows of the newest message of the bot that has inline buttons."""
        return next((each.buttons for each in reversed(self.messages) if each.from_bot and each.buttons), [])

    @property
    def commands(self) -> list[Json]:
        """The command menu as this person sees it, in their language."""
        return self._world.profile.resolved(self.id, self.person.language_code)

    # sending

    async def send(self, text: str, expect: int = 1, timeout: float = 20) -> list[Message]:
        """Type and send a text."""
        return await self._sent(lambda: self.post(text), expect, timeout)

    async def photo(
        self, data: bytes, caption: str | None = None, expect: int = 1, timeout: float = 20
    ) -> list[Message]:
        return await self._sent(lambda: self.post_photo(data, caption), expect, timeout)

    async def album(
        self, photos: Sequence[bytes], caption: str | None = None, expect: int = 1, timeout: float = 20
    ) -> list[Message]:
        return await self._sent(lambda: self.post_album(photos, caption), expect, timeout)

    async def video(self, data: bytes, duration: int = 1, expect: int = 1, timeout: float = 20) -> list[Message]:
        return await self._sent(lambda: self.post_video(data, duration), expect, timeout)

    async def document(
        self, data: bytes, file_name: str, mime_type: str, expect: int = 1, timeout: float = 20
    ) -> list[Message]:
        return await self._sent(lambda: self.post_document(data, file_name, mime_type), expect, timeout)

    async def voice(self, data: bytes, duration: int = 1, expect: int = 1, timeout: float = 20) -> list[Message]:
        return await self._sent(lambda: self.post_voice(data, duration), expect, timeout)

    async def location(self, lat: float, lon: float, expect: int = 1, timeout: float = 20) -> list[Message]:
        return await self._sent(lambda: self.post_location(lat, lon), expect, timeout)

    async def contact(
        self, phone_number: str, first_name: str | None = None, expect: int = 1, timeout: float = 20
    ) -> list[Message]:
        return await self._sent(lambda: self.post_contact(phone_number, first_name), expect, timeout)

    async def sticker(self, expect: int = 1, timeout: float = 20) -> list[Message]:
        file = self._world.files.add("stickers", "sticker.webp", "image/webp", b"RIFF\0\0\0\0WEBP")
        shape = {
            "type": "regular",
            "width": 512,
            "height": 512,
            "is_animated": False,
            "is_video": False,
            "emoji": "🙏",
        }
        return await self._sent(lambda: self._message({"sticker": {**shape, **file.described()}}), expect, timeout)

    async def forward(self, text: str, expect: int = 1, timeout: float = 20) -> list[Message]:
        """Forward a text of somebody who hides their account."""
        return await self._sent(lambda: self.post_forward(text), expect, timeout)

    async def edit(self, message: Message, text: str, expect: int = 1, timeout: float = 20) -> list[Message]:
        """Edit one of the person's own texts."""
        return await self._sent(lambda: self.post_edit(message, text), expect, timeout)

    # the same without waiting; each returns the update_id, 0 when the bot did not ask for such updates

    def post(self, text: str, reply_to: Message | None = None) -> int:
        replied = {"reply_to_message": reply_to.raw} if reply_to else {}
        return self._message({**replied, **_typed(text)})

    def post_photo(self, data: bytes, caption: str | None = None, album: str | None = None) -> int:
        sizes = photo_sizes(self._world.files, "photo.jpg", data)
        grouped = {"media_group_id": album} if album else {}
        return self._message({"photo": sizes, **grouped, **({"caption": caption} if caption else {})})

    def post_album(self, photos: Sequence[bytes], caption: str | None = None) -> int:
        """Send 2 to 10 photos as one album: a message each, the caption with the first."""
        assert 2 <= len(photos) <= 10, f"an album holds 2 to 10 photos, not {len(photos)}"
        album = str(13_000_000_000_000_000 + next(_ALBUMS))
        return [self.post_photo(data, caption if not n else None, album) for n, data in enumerate(photos)][-1]

    def post_video(self, data: bytes, duration: int = 1) -> int:
        file = self._world.files.add("videos", "video.mp4", "video/mp4", data)
        shape = {"width": 640, "height": 480, "duration": duration, "mime_type": "video/mp4"}
        return self._message({"video": {**shape, **file.described()}})

    def post_document(self, data: bytes, file_name: str, mime_type: str, caption: str | None = None) -> int:
        file = self._world.files.add("documents", file_name, mime_type, data)
        document = {"file_name": file_name, "mime_type": mime_type, **file.described()}
        return self._message({"document": document, **({"caption": caption} if caption else {})})

    def post_voice(self, data: bytes, duration: int = 1) -> int:
        file = self._world.files.add("voice", "voice.oga", "audio/ogg", data)
        return self._message({"voice": {"duration": duration, "mime_type": "audio/ogg", **file.described()}})

    def post_location(self, lat: float, lon: float) -> int:
        if not (-90 <= lat <= 90 and -180 <= lon <= 180):
            raise AssertionError(f"there is no such place: {lat}, {lon}")
        return self._message({"location": {"latitude": lat, "longitude": lon}})

    def post_contact(self, phone_number: str, first_name: str | None = None) -> int:
        contact: Json = {"phone_number": phone_number, "first_name": first_name or self.person.first_name}
        if first_name in (None, self.person.first_name):
            contact["user_id"] = self.id  # a person who shares their own number
        return self._message({"contact": contact})

    def post_forward(self, text: str) -> int:
        date = int(self._world.clock().timestamp()) - 3600
        origin = {"type": "hidden_user", "sender_user_name": "Someone", "date": date}
        return self._message({"forward_origin": origin, **_typed(text)})

    def post_edit(self, message: Message, text: str) -> int:
        assert not message.from_bot, f"{self} can edit only their own messages"
        assert "text" in message.raw, f"{message} has no text to edit"
        kept = {name: value for name, value in message.raw.items() if name not in ("text", "entities")}
        self._world.edited(self.person, message, {**kept, **_typed(text)}, None)
        return self._api.delivery.put({"edited_message": message.raw})

    def _message(self, content: Json) -> int:
        assert not self.person.blocked, f"{self} has blocked the bot and must unblock it before writing"
        first = not self.person.started
        message = self._world.sent_by_person(self.person, content)
        if first:
            self._events.phone_changed(self.person)
        return self._api.delivery.put({"message": message.raw})

    # pressing buttons

    async def press(self, text: str, message: Message | None = None, timeout: float = 20, expect: int = 0) -> Answer:
        """Press the inline button `text` (the exact words, else a part that only one button has).

        Looks at `message`, or at the newest message that has such a button. Returns when the bot has answered
        the press (and newly sent or edited `expect` messages): a dead button is an AssertionError.
        """
        found, button = self._find(text, message)
        return await self._pressed(found, _data_of(button), f"pressed [{button['text']}]", timeout, expect)

    async def press_data(
        self, data: str, message: Message | None = None, timeout: float = 20, expect: int = 0
    ) -> Answer:
        """Press a button with any `data`, also one that no message has."""
        return await self._pressed(message, data, f"pressed a forged button with {data!r}", timeout, expect)

    def tap(self, text: str, message: Message | None = None) -> int:
        """Press without waiting; returns the update_id."""
        found, button = self._find(text, message)
        return self.press_button(found, _data_of(button))[0]

    def tap_data(self, data: str, message: Message | None = None) -> int:
        return self.press_button(message, data)[0]

    def press_button(self, message: Message | None, data: str) -> tuple[int, Query]:
        """The press itself: the update_id and the query that waits for its answer."""
        if message is None:
            message = next((each for each in reversed(self.messages) if each.from_bot), None)
        message_id = message.id if message else 1
        query = self._world.pressed(self.person, message_id, data)
        shown: Json = {
            "chat": self.person.chat,
            "message_id": message_id,
            "date": 0,
        }  # an inaccessible message
        if message is not None and message_id in self.person.messages:
            shown = message.raw
        callback = {
            "id": query.id,
            "from": self.person.user,
            "message": shown,
            "chat_instance": str(7_000_000_000_000_000_000 + self.id),
            "data": data,
        }
        return self._api.delivery.put({"callback_query": callback}), query

    async def _pressed(self, message: Message | None, data: str, did: str, timeout: float, expect: int) -> Answer:
        since = self._world.revision
        _, query = self.press_button(message, data)

        def done() -> bool:
            return query.answer is not None and len(self.new(since)) >= expect and not self._api.busy(self.id)

        await self._until(
            done,
            timeout,
            lambda: did + (", and got no answer" if query.answer is None else f"; expected {expect} messages"),
        )
        assert query.answer is not None
        return Answer(**query.answer)

    def _find(self, text: str, message: Message | None) -> tuple[Message, Json]:
        candidates = [message] if message else [each for each in reversed(self.messages) if each.from_bot]
        for fits in (text.__eq__, lambda label: text in label):
            for each in candidates:
                found = [button for row in each.buttons for button in row if fits(button["text"]) is True]
                assert len(found) <= 1, self._dump(f"looked for the button {text!r}: {len(found)} buttons fit")
                if found:
                    return each, found[0]
        raise AssertionError(self._dump(f"looked for the button {text!r}: there is none"))

    # the person's own doings

    def block(self) -> int:
        """Block the bot; returns the update_id."""
        return self._member(blocked=True)

    def unblock(self) -> int:
        return self._member(blocked=False)

    def _member(self, blocked: bool) -> int:
        if self.person.blocked == blocked:
            return 0
        self.person.blocked = blocked
        self._events.phone_changed(self.person)

        def state(kicked: bool) -> Json:
            bot = {"user": self._world.bot}
            return {**bot, "status": "kicked", "until_date": 0} if kicked else {**bot, "status": "member"}

        change = {
            "chat": self.person.chat,
            "from": self.person.user,
            "date": int(self._world.clock().timestamp()),
            "old_chat_member": state(not blocked),
            "new_chat_member": state(blocked),
        }
        return self._api.delivery.put({"my_chat_member": change})

    def set_language(self, code: str) -> None:
        """Change the language of the person's app; the bot hears of it with the next update."""
        self.person.language_code = code
        self._events.phone_changed(self.person)

    def shift_clock(self, seconds: float) -> None:
        """Set the clock of this phone off by `seconds`: the dates that it sends and shows."""
        self.person.clock_shift = seconds
        self._events.phone_changed(self.person)

    def delete(self, *messages: Message) -> None:
        """Delete messages for both sides; Telegram does not tell the bot."""
        self._world.deleted(self.person, [message.id for message in messages])

    def clear(self) -> None:
        """Clear the person's own view of the chat; the bot's messages live on for the bot."""
        gone = [message.id for message in self.messages]
        for message in self.person.messages.values():
            message.hidden = True
        self._world.publish("delete", {"phone": self.id, "message_ids": gone})

    # waiting

    def new(self, since: int) -> list[Message]:
        """The bot's messages that were sent or edited after revision `since`, in that order."""
        messages = [each for each in self.messages if each.from_bot and each.revision > since]
        return sorted(messages, key=lambda message: message.revision)

    async def until(self, true: Callable[["Phone"], Any], timeout: float = 20) -> None:
        """Wait until `true(phone)` is, after whatever change of this world."""
        await self._until(lambda: true(self), timeout, lambda: "waited for a screen that did not come")

    async def _sent(self, act: Callable[[], int], expect: int, timeout: float) -> list[Message]:
        since = self._world.revision
        update_id = act()

        def done() -> bool:
            if expect == 0 and self._api.delivery.waits(update_id):
                return False
            return len(self.new(since)) >= expect and not self._api.busy(self.id)

        await self._until(
            done, timeout, lambda: f"expected {expect} message(s) of the bot, {len(self.new(since))} came"
        )
        return self.new(since)

    async def _until(self, done: Callable[[], Any], timeout: float, words: Callable[[], str]) -> None:
        try:
            await self._world.changes.until(done, timeout)
        except TimeoutError:
            raise AssertionError(self._dump(f"{words()} ({timeout} s)")) from None

    def _dump(self, words: str) -> str:
        """What a reader of a failed test needs: the screen, what waits, what was refused."""
        lines = [f"{self} {words}"]
        lines += [
            ("bot │ " if message.from_bot else "    │ ") + _drawn(message).replace("\n", "\n    │ ")
            for message in self.messages[-8:]
        ] or ["    │ (an empty chat)"]
        lines.append(f"unconfirmed updates: {self._api.delivery.count}")
        lines += [f"refused: {call.method}: {call.description}" for call in self._api.calls if not call.ok][-5:]
        return "\n".join(lines)

    def __str__(self) -> str:
        return f"{self.person.first_name} ({self.id})"


class Phones:
    """All phones by the id of their person."""

    def __init__(self, api: Api, events: Events) -> None:
        self._api = api
        self._events = events
        self._phones: dict[int, Phone] = {}
        self._ids = itertools.count(1001)

    @property
    def all(self) -> list[Phone]:
        return list(self._phones.values())

    def get(
        self,
        id: int | None,
        first_name: str | None,
        language_code: str,
        last_name: str | None,
        username: str | None,
        title: str | None,
    ) -> Phone:
        """The phone of person `id` (None: a new one), made when it is not there yet."""
        if id is None:
            id = next(number for number in self._ids if number not in self._phones)
        if id not in self._phones:
            person = Person(id, first_name or f"Person {id}", last_name, username, language_code, title)
            self._api.world.people[id] = person
            self._phones[id] = Phone(self._api, self._events, person)
            self._events.phone_changed(person)
        return self._phones[id]


def _typed(text: str) -> Json:
    """A text as a person's app sends it, with what Telegram finds in it."""
    text = text.strip()
    assert text, "Telegram's apps do not send empty texts"
    assert utf16(text) <= 4096, "Telegram's apps cut texts at 4096 characters"
    entities = with_found(text, [])
    return {"text": text, "entities": entities} if entities else {"text": text}


def _data_of(button: Json) -> str:
    data = button.get("callback_data")
    assert isinstance(data, str), f"[{button['text']}] is no callback button: {button}"
    return data


def _drawn(message: Message) -> str:
    kinds = ("photo", "document", "voice", "contact", "location", "venue", "sticker")
    marks = [f"<{kind}>" for kind in kinds if kind in message.raw]
    rows = [" ".join(f"[{button['text']}]" for button in row) for row in message.buttons]
    return "\n".join([*marks, *([message.text] if message.text else []), *rows])
