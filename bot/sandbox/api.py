"""One call of the Bot API from its parameters to its answer, and the record of all calls."""

import asyncio
from collections import Counter, deque
from typing import NamedTuple

from . import schema
from .delivery import Delivery
from .errors import Json, Refusal, bad
from .methods import HANDLERS, Telegram
from .world import World

_CALLS_KEPT = 1000


class Call(NamedTuple):
    """One call of the Bot API; `description` says why it was refused."""

    method: str
    params: Json
    ok: bool
    description: str | None


class Api:
    """Executes calls. `requests` counts them all; `calls` leaves out getUpdates, the commonest."""

    def __init__(self, world: World, first_update_id: int) -> None:
        self.world = world
        self.delivery = Delivery(world, self.call, first_update_id)
        self.calls: deque[Call] = deque(maxlen=_CALLS_KEPT)
        self.requests: Counter[str] = Counter()
        self._telegram = Telegram(world, self.delivery)
        self._busy: Counter[int | None] = Counter()  # calls under way by chat; None: of no chat

    async def call(self, name: str, params: Json) -> Json:
        """Execute a method, its name in any case; returns the whole answer, refusals too."""
        method = schema.METHODS.get(name.lower())
        if method is None:
            return Refusal("Not Found", 404).body()
        self.requests[method.name] += 1
        if method.name == "getUpdates":
            return await self._executed(method, params)
        chat = self.chat_of(params)
        self._busy[chat] += 1
        try:
            answer = await self._executed(method, params)
        finally:
            self._busy[chat] -= 1
            if not self._busy[chat]:
                del self._busy[chat]
            self.world.changes.wake()
        self.calls.append(Call(method.name, params, answer["ok"], answer.get("description")))
        return answer

    async def _executed(self, method: schema.Method, params: Json) -> Json:
        try:
            checked = schema.check(method, params)
            if "attached" in params:
                checked["attached"] = params["attached"]
            handler = HANDLERS.get(method.name.lower())
            if handler is None:
                raise bad("method is not available in the sandbox")
            result = handler(self._telegram, checked)
            if asyncio.iscoroutine(result):
                result = await result
        except Refusal as refusal:
            return refusal.body()
        return {"ok": True, "result": result}

    def chat_of(self, params: Json) -> int | None:
        """The chat that a call is about: its own, or that of the pressed button it answers."""
        chat_id = params.get("chat_id")
        if chat_id is None:
            query = self.world.queries.get(str(params.get("callback_query_id")))
            return query.person.id if query else None
        try:
            return int(chat_id)
        except (TypeError, ValueError):
            return None

    def busy(self, chat_id: int) -> bool:
        """Is a call for this chat under way?"""
        return self._busy[chat_id] > 0

    @property
    def idle(self) -> bool:
        """Nothing is unconfirmed and no call but getUpdates is under way."""
        return not self.delivery.count and not self._busy
