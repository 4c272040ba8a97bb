"""What stands in which chat and isn't written down yet: ids of messages, noted in memory as they come and go.

The engine writes those of a chat with the next message or press from it, and before its handlers run; the rest is
written every few seconds and when the bot stops. Only a crash can lose those of the last seconds.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from models.database import Database
from models.people import present
from models.traces import keep_traces
from models.vault import Vault

EVERY = timedelta(seconds=2)
AT_ONCE = 500
"""Chats in one transaction."""
REMEMBERED = 20_000
"""Messages that are known to be noted; one that fell out is noted once more, which does no harm."""

Noted = Mapping[int, Mapping[int, datetime]]
"""By chat, the messages in it and when they were sent."""


class Traces:
    """The messages of private chats that aren't written down yet."""

    def __init__(self) -> None:
        self._waiting: dict[int, dict[int, datetime]] = {}
        self._known: dict[tuple[int, int], None] = {}

    def note(self, chat_id: int, message_id: int, at: datetime) -> None:
        """Note a message, unless it's known: so a press that only edits leaves nothing to write."""
        if chat_id <= 0 or not 0 < message_id < 2**63 or (chat_id, message_id) in self._known:
            return  # a group's is nobody's own
        self._known[chat_id, message_id] = None
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]
        self._waiting.setdefault(chat_id, {})[message_id] = at

    def of(self, chat_ids: Collection[int]) -> Noted:
        """What waits to be written of these chats."""
        return {chat_id: dict(self._waiting[chat_id]) for chat_id in chat_ids if chat_id in self._waiting}

    def written(self, noted: Noted) -> None:
        """What `of` gave is in the database now."""
        for chat_id, messages in noted.items():
            left = {i: at for i, at in self._waiting.pop(chat_id, {}).items() if i not in messages}
            if left:
                self._waiting[chat_id] = left

    def take(self, chat_id: int) -> list[int]:
        """The messages of a chat that wait, newest first; they're not written any more."""
        return sorted(self._waiting.pop(chat_id, ()), reverse=True)

    async def write(self, database: Database, vault: Vault) -> None:
        """Write all that waits; what belongs to nobody (any more) is dropped."""
        while chats := list(self._waiting)[:AT_ONCE]:
            noted = self.of(chats)
            async with database.transaction() as session:
                people = await present(session, vault, chats)
                await keep_traces(
                    session,
                    [
                        (people[chat_id], message_id, at)
                        for chat_id, messages in noted.items()
                        if chat_id in people
                        for message_id, at in messages.items()
                    ],
                )
            self.written(noted)
