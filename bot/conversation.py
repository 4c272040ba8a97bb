"""The framework's conversation state over the person's row: part of the same transaction as everything else."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State
from aiogram.fsm.storage.base import BaseStorage, StateType, StorageKey

from models.conversation import Conversation
from models.people import Person
from models.vault import Vault

AWAITED = timedelta(hours=24)
"""How long an answer is awaited: what somebody writes later is hardly one."""


class RowStorage(BaseStorage):
    """aiogram's storage for one person within one transaction; a question that was asked too long ago is over."""

    def __init__(self, person: Person, vault: Vault, now: datetime) -> None:
        self._person, self._vault, self._now = person, vault, now
        row = person.conversation
        self._state, self._data = row.read(vault) if row is not None else (None, {})
        if row is not None and self._state is not None and row.changed_at < now - AWAITED:
            self._state, self._data = None, {}
            self._keep()

    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        """Move to a state; None ends the conversation."""
        self._state = state.state if isinstance(state, State) else state
        self._keep()

    async def get_state(self, key: StorageKey) -> str | None:
        """The name of the state."""
        return self._state

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        """Replace the data (JSON values)."""
        self._data = dict(data)
        self._keep()

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        """A copy of the data."""
        return dict(self._data)

    async def close(self) -> None:
        """Nothing to close: the transaction is the engine's."""

    def _keep(self) -> None:
        if self._state is None and not self._data:
            self._person.conversation = None
            return
        if self._person.conversation is None:
            self._person.conversation = Conversation(person_id=self._person.id)
        self._person.conversation.write(self._vault, self._state, self._data, self._now)

    @property
    def state(self) -> str | None:
        """The name of the state, for filters."""
        return self._state


def context_for(storage: RowStorage, person: Person, bot_id: int) -> FSMContext:
    """What handlers get as `state`. The key only names the row: no Telegram id is kept in it."""
    return FSMContext(storage, StorageKey(bot_id=bot_id, chat_id=person.id, user_id=person.id))
