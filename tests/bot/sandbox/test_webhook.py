"""Webhook delivery: in order, again until it is taken, with the secret."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.sandbox import Phone, Sandbox

from .conftest import Client


class Hook:
    """A bot's webhook: notes what comes and answers as told."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.updates: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.answer: Callable[[dict[str, Any]], Any] = lambda update: web.Response()

    @property
    def texts(self) -> list[str]:
        return [each["message"]["text"] for each in self.updates if "message" in each]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        update = await request.json()
        self.updates.append(update)
        self.headers.append(dict(request.headers))
        answer = self.answer(update)
        if asyncio.iscoroutine(answer):
            answer = await answer
        assert isinstance(answer, web.StreamResponse)
        return answer


@pytest.fixture
async def hook(sandbox: Sandbox) -> AsyncIterator[Hook]:
    sandbox.delivery.retry_delay = 0.01
    hook = Hook("")
    app = web.Application()
    app.router.add_post("/hook", hook.handle)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    hook.url = str(server.make_url("/hook"))
    yield hook
    await sandbox.delivery.set_webhook(None, False)
    await server.close()


async def test_updates_come_by_post_with_the_secret_and_are_confirmed_by_2xx(
    client: Client, phone: Phone, hook: Hook, sandbox: Sandbox
) -> None:
    phone.post("before")
    await client.call("setWebhook", url=hook.url, secret_token="s-1_A", max_connections=7)
    phone.post("after")
    await sandbox.idle()
    assert hook.texts == ["before", "after"]
    assert {each["X-Telegram-Bot-Api-Secret-Token"] for each in hook.headers} == {"s-1_A"}
    info = await client.call("getWebhookInfo")
    assert (info["url"], info["pending_update_count"], info["max_connections"]) == (hook.url, 0, 7)
    assert "last_error_message" not in info


async def test_a_refused_update_is_repeated_and_holds_back_only_its_own_chat(
    client: Client, phone: Phone, hook: Hook, sandbox: Sandbox
) -> None:
    failures = 3

    def answer(update: dict[str, Any]) -> web.Response:
        nonlocal failures
        if update["message"]["text"] == "bad" and failures:
            failures -= 1
            return web.Response(status=500)
        return web.Response()

    hook.answer = answer
    other = sandbox.phone(2002)
    await client.call("setWebhook", url=hook.url)
    phone.post("bad")
    phone.post("next")
    other.post("other")
    await sandbox.idle()
    mine = [each["message"]["text"] for each in hook.updates if each["message"]["chat"]["id"] == phone.id]
    assert mine == ["bad", "bad", "bad", "bad", "next"]
    assert hook.texts.index("other") < hook.texts.index("next")
    info = await client.call("getWebhookInfo")
    assert info["last_error_message"] == "Wrong response from the webhook: 500 Internal Server Error"
    assert info["last_error_date"] == int(sandbox.world.clock().timestamp())


async def test_each_repetition_waits_twice_as_long_as_the_last_one(
    client: Client, phone: Phone, hook: Hook, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleep = asyncio.sleep
    delays = []

    async def noted(seconds: float) -> None:
        delays.append(seconds)
        await sleep(0)

    monkeypatch.setattr("bot.sandbox.delivery.asyncio.sleep", noted)
    answers = iter([500, 404, 302, 200])
    hook.answer = lambda update: web.Response(status=next(answers))
    sandbox.delivery.retry_delay = 20
    await client.call("setWebhook", url=hook.url)
    phone.post("x")
    await sandbox.idle()
    assert delays == [20, 40, 60]


async def test_the_next_message_waits_for_the_last_answer_but_a_press_does_not(
    client: Client, phone: Phone, hook: Hook, sandbox: Sandbox
) -> None:
    go = asyncio.Event()

    async def answer(update: dict[str, Any]) -> web.Response:
        if update.get("message", {}).get("text") == "first":
            await go.wait()
        sandbox.world.changes.wake()
        return web.Response()

    hook.answer = lambda update: answer(update)
    await client.call("setWebhook", url=hook.url)
    phone.post("first")
    phone.post("second")
    phone.tap_data("x")
    await sandbox.until(lambda: any("callback_query" in each for each in hook.updates))
    assert hook.texts == ["first"]
    assert (await client.call("getWebhookInfo"))["pending_update_count"] >= 2
    go.set()
    await sandbox.idle()
    assert hook.texts == ["first", "second"]


async def test_a_webhook_that_cannot_be_reached_or_is_too_slow_is_reported(
    client: Client, phone: Phone, hook: Hook, sandbox: Sandbox
) -> None:
    await client.call("setWebhook", url="http://127.0.0.1:9/")
    phone.post("x")
    webhook = sandbox.delivery.webhook
    assert webhook
    await sandbox.until(lambda: webhook.last_error_message == "Connection refused")
    sandbox.delivery.timeout = 0.05
    hook.answer = lambda update: asyncio.sleep(60)
    await client.call("setWebhook", url=hook.url)
    slow = sandbox.delivery.webhook
    assert slow
    await sandbox.until(lambda: slow.last_error_message == "Read timeout expired")
    assert sandbox.pending == 1


async def test_a_method_in_the_answer_is_executed(client: Client, phone: Phone, hook: Hook) -> None:
    hook.answer = lambda update: web.json_response(
        {"method": "sendMessage", "chat_id": update["message"]["chat"]["id"], "text": "from the answer"}
    )
    await client.call("setWebhook", url=hook.url)
    [message] = await phone.send("x")
    assert message.text == "from the answer"


async def test_an_outage_delays_a_webhooks_updates(phone: Phone, hook: Hook, sandbox: Sandbox) -> None:
    async with sandbox.serve():
        await sandbox.call("setWebhook", {"url": hook.url})
    phone.post("during the outage")
    async with aiohttp.ClientSession() as session:  # time enough for a delivery that must not happen
        for _ in range(5):
            await (await session.get(hook.url)).read()
    assert (hook.texts, sandbox.pending) == ([], 1)
    async with sandbox.serve():
        await sandbox.idle()
    assert hook.texts == ["during the outage"]


async def test_a_deleted_webhook_leaves_its_updates_to_polling(client: Client, phone: Phone, hook: Hook) -> None:
    hook.answer = lambda update: web.Response(status=503)
    await client.call("setWebhook", url=hook.url)
    phone.post("x")
    await client.sandbox.until(lambda: client.sandbox.delivery.info().get("last_error_message"))
    await client.call("deleteWebhook")
    assert [each["message"]["text"] for each in await client.call("getUpdates")] == ["x"]
    await client.call("setWebhook", url=hook.url, drop_pending_updates=True)
    assert (await client.call("getWebhookInfo"))["pending_update_count"] == 0


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"url": "example.org"}, "bad webhook: An HTTPS URL must be provided for webhook"),
        ({"url": "https://example.org", "secret_token": "no spaces"},
         "secret token contains unallowed characters"),
        ({}, 'parameter "url" is required'),
    ],
)  # fmt: skip
async def test_a_bad_webhook_is_refused(client: Client, params: dict[str, str], words: str) -> None:
    assert await client.refused("setWebhook", **params) == f"Bad Request: {words}"
