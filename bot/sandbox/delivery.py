"""How updates reach the bot: long polling and webhook, both from one queue, nothing dropped unconfirmed."""

import asyncio
import contextlib
import itertools
import json
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

import aiohttp

from .errors import Json, Refusal
from .world import ANSWERABLE, World

_LIFE = timedelta(hours=24)
_LONGEST_POLL = 50
_ONLY_ON_REQUEST = frozenset(("chat_member", "message_reaction", "message_reaction_count"))
_SLOWEST_RETRY = 60.0
Execute = Callable[[str, Json], Awaitable[Json]]


@dataclass(frozen=True, slots=True)
class _Pending:
    update: Json
    queue: tuple[str, int]
    expires: datetime


@dataclass(slots=True)
class Webhook:
    """What setWebhook was told, and what went wrong last."""

    url: str
    secret_token: str | None
    max_connections: int
    last_error_date: int | None = None
    last_error_message: str | None = None


class Delivery:
    """The update queue. For the webhook, in seconds: `retry_delay`, doubled by each failure, `timeout`."""

    def __init__(self, world: World, execute: Execute, first_update_id: int) -> None:
        self.retry_delay = 1.0
        self.timeout = 60.0
        self.webhook: Webhook | None = None
        self.allowed: frozenset[str] | None = None  # None: all but what must be asked for
        self._serving = False  # while nobody serves, Telegram is "down": nothing is delivered
        self._world = world
        self._execute = execute
        self._update_ids = itertools.count(first_update_id)
        self._pending: dict[int, _Pending] = {}
        self._poll: asyncio.Future[str | None] | None = None  # ends with what has ended it, if not an update
        self._session: aiohttp.ClientSession | None = None
        self._queues: dict[tuple[str, int], deque[int]] = {}
        self._workers: dict[tuple[str, int], asyncio.Task[None]] = {}

    # the queue

    def put(self, update: Json, forced: bool = False) -> int:
        """Queue an update and return its id, or 0 if allowed_updates leaves it out and it is not `forced`."""
        content = {name: value for name, value in update.items() if name != "update_id"}
        kind = next(iter(content), "")
        if not forced and not self._wanted(kind):
            return 0
        update_id = next(self._update_ids)
        life = ANSWERABLE if kind == "callback_query" else _LIFE
        queue = _queue_of(kind, content.get(kind), update_id)
        self._pending[update_id] = _Pending({"update_id": update_id, **content}, queue, self._world.clock() + life)
        if self.webhook is not None:
            self._enqueue(update_id)
        else:
            self.end_poll()
        return update_id

    def _wanted(self, kind: str) -> bool:
        return kind not in _ONLY_ON_REQUEST if self.allowed is None else kind in self.allowed

    def allow(self, kinds: list[str] | None) -> None:
        """The allowed_updates parameter: None keeps what was set before, an empty list is the default."""
        if kinds is not None:
            self.allowed = frozenset(kinds) or None

    def waits(self, update_id: int) -> bool:
        return update_id in self._pending

    @property
    def polling(self) -> bool:
        """Does a getUpdates wait for an update?"""
        return self._poll is not None and not self._poll.done()

    @property
    def count(self) -> int:
        return len(self._pending)

    def drop(self) -> None:
        self._pending.clear()
        self._world.changes.wake()

    def _confirm(self, update_id: int) -> None:
        self._pending.pop(update_id, None)
        self._world.changes.wake()

    def _forget_expired(self, among: int) -> None:
        now = self._world.clock()
        while expired := [key for key, each in islice(self._pending.items(), among) if each.expires < now]:
            for update_id in expired:
                self._confirm(update_id)

    # long polling

    async def get_updates(self, offset: int, limit: int, seconds: float) -> list[Json]:
        """The updates from `offset` on (a negative one counts from the end); confirms all before it.

        Waits up to `seconds` for the first one.
        """
        if self.webhook is not None:
            raise Refusal(
                "Conflict: can't use getUpdates method while webhook is active;"
                " use deleteWebhook to delete the webhook first",
                409,
            )
        self.end_poll("other getUpdates request; make sure that only one bot instance is running")
        self._move_to(offset)
        limit = limit if 1 <= limit <= 100 else 100
        self._forget_expired(limit)
        if not self._pending and seconds > 0:
            poll = self._poll = asyncio.get_running_loop().create_future()
            self._world.changes.wake()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(seconds, _LONGEST_POLL)):
                    if ended_by := await poll:
                        raise Refusal(f"Conflict: terminated by {ended_by}", 409)
        return [each.update for each in islice(self._pending.values(), limit)]

    def _move_to(self, offset: int) -> None:
        pending = self._pending
        if not pending:
            return
        if offset < 0:
            drop = len(pending) + offset
            for update_id in list(islice(pending, max(drop, 0))):
                self._confirm(update_id)
        else:
            while pending and (first := next(iter(pending))) < offset:
                self._confirm(first)

    def end_poll(self, ended_by: str | None = None) -> None:
        """Answer a waiting getUpdates at once: with what there is, or with a conflict."""
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(ended_by)

    # webhook

    async def set_webhook(self, webhook: Webhook | None, drop_pending: bool) -> None:
        """Start or, with None, stop delivering by webhook; what waits is delivered the new way."""
        await self._end_workers()
        if drop_pending:
            self.drop()
        self.webhook = webhook
        if webhook is not None:
            self.end_poll("setWebhook request")
            for update_id in self._pending:
                self._enqueue(update_id)

    def start(self) -> None:
        """Take up delivery, of what waits too."""
        self._serving = True
        if self.webhook is not None:
            for update_id in self._pending:
                self._enqueue(update_id)

    async def stop(self) -> None:
        """End delivery until `start`; nothing is confirmed by it."""
        self._serving = False
        self.end_poll()
        await self._end_workers()

    async def _end_workers(self) -> None:
        me = asyncio.current_task()
        workers = [task for task in self._workers.values() if task is not me]
        for task in workers:
            task.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        self._workers.clear()
        self._queues.clear()
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _enqueue(self, update_id: int) -> None:
        if not self._serving:
            return
        key = self._pending[update_id].queue
        self._queues.setdefault(key, deque()).append(update_id)
        if key not in self._workers:
            self._workers[key] = asyncio.get_running_loop().create_task(self._work(key))

    async def _work(self, key: tuple[str, int]) -> None:
        """Deliver one queue in order: the next update waits for a 2xx to the last one."""
        queue = self._queues[key]
        delay = self.retry_delay
        while queue and self.webhook is not None:
            pending = self._pending.get(queue[0])
            if pending is None or pending.expires < self._world.clock():
                self._confirm(queue.popleft())
                continue
            if await self._post(self.webhook, pending.update):
                self._confirm(queue.popleft())
                delay = self.retry_delay
            else:
                await asyncio.sleep(delay)
                delay = min(delay * 2, max(_SLOWEST_RETRY, self.retry_delay))
        if self._workers.get(key) is asyncio.current_task():
            del self._workers[key], self._queues[key]

    async def _post(self, webhook: Webhook, update: Json) -> bool:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=webhook.max_connections),
                timeout=aiohttp.ClientTimeout(total=self.timeout),
            )
        headers = {"X-Telegram-Bot-Api-Secret-Token": webhook.secret_token} if webhook.secret_token else {}
        try:
            async with self._session.post(webhook.url, json=update, headers=headers, allow_redirects=False) as response:
                body = await response.read()
                if not 200 <= response.status < 300:
                    return self._failed(
                        webhook, f"Wrong response from the webhook: {response.status} {response.reason}"
                    )
        except TimeoutError:
            return self._failed(webhook, "Read timeout expired")
        except aiohttp.ClientConnectorError:
            return self._failed(webhook, "Connection refused")
        except aiohttp.ClientError as error:
            return self._failed(webhook, f"Connection closed: {type(error).__name__}")
        await self._answered(body)
        return True

    def _failed(self, webhook: Webhook, words: str) -> bool:
        webhook.last_error_date = int(self._world.clock().timestamp())
        webhook.last_error_message = words
        self._world.changes.wake()
        return False

    async def _answered(self, body: bytes) -> None:
        """Execute a method that the webhook put into its answer; Telegram tells nobody how that went."""
        method, params = read_method(body)
        if method:
            await self._execute(method, params)

    def info(self) -> Json:
        """The answer of getWebhookInfo."""
        webhook = self.webhook
        info: Json = {
            "url": webhook.url if webhook else "",
            "has_custom_certificate": False,
            "pending_update_count": len(self._pending),
        }
        if webhook:
            info["max_connections"] = webhook.max_connections
            if webhook.last_error_date is not None:
                info["last_error_date"] = webhook.last_error_date
                info["last_error_message"] = webhook.last_error_message
        if self.allowed is not None:
            info["allowed_updates"] = sorted(self.allowed)
        return info


def read_method(body: bytes) -> tuple[str, Json]:
    """A Bot API method written as JSON in the answer of a webhook: its name ("" for none) and parameters."""
    try:
        params = json.loads(body)
    except ValueError:
        return "", {}
    if not isinstance(params, dict) or not isinstance(params.get("method"), str):
        return "", {}
    return params.pop("method"), params


def _queue_of(kind: str, content: object, update_id: int) -> tuple[str, int]:
    """The webhook queue of an update: one per chat for messages, one more per person for pressed buttons."""
    if isinstance(content, dict):
        chat = content.get("chat")
        if isinstance(chat, dict) and isinstance(chat.get("id"), int):
            return "chat", chat["id"]
        sender = content.get("from")
        if isinstance(sender, dict) and isinstance(sender.get("id"), int):
            return kind, sender["id"]
    return "other", update_id
