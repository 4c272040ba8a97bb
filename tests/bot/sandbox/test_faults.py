"""Faults on demand happen to the calls they are meant for, and to no more."""

import asyncio

import aiohttp
import pytest

from bot.sandbox import Phone, Sandbox

from .conftest import Client


async def test_too_many_requests_carries_retry_after_for_the_next_calls_only(
    client: Client, phone: Phone, sandbox: Sandbox
) -> None:
    sandbox.faults.too_many(retry_after=7, times=2)
    await client.call("getUpdates")
    for _ in range(2):
        answer = await client.answer("sendMessage", chat_id=phone.id, text="x")
        assert answer == {
            "status": 429,
            "ok": False,
            "error_code": 429,
            "description": "Too Many Requests: retry after 7",
            "parameters": {"retry_after": 7},
        }
    assert sandbox.faults.left == 0
    await client.call("sendMessage", chat_id=phone.id, text="x")
    assert phone.texts == "x"


async def test_a_fault_hits_only_its_method_and_chat(client: Client, phone: Phone, sandbox: Sandbox) -> None:
    other = sandbox.phone(2002)
    other.post("/start")
    sandbox.faults.refuse(500, "Internal Server Error", method="sendmessage", chat_id=phone.id)
    await client.call("sendMessage", chat_id=other.id, text="x")
    await client.call("sendChatAction", chat_id=phone.id, action="typing")
    answer = await client.answer("sendMessage", chat_id=phone.id, text="x")
    assert (answer["status"], answer["description"]) == (500, "Internal Server Error")


async def test_a_fault_finds_the_chat_of_a_pressed_button(client: Client, phone: Phone, sandbox: Sandbox) -> None:
    phone.tap_data("x")
    [update] = await client.call("getUpdates")
    sandbox.faults.too_many(chat_id=phone.id)
    answer = await client.answer("answerCallbackQuery", callback_query_id=update["callback_query"]["id"])
    assert answer["status"] == 429


async def test_broken_and_garbage_answers_are_no_json(client: Client, phone: Phone, sandbox: Sandbox) -> None:
    sandbox.faults.broken(502)
    sandbox.faults.garbage()
    address = f"{client.url}/bot{sandbox.token}/sendMessage"
    for status in (502, 200):
        async with client.session.post(address, json={"chat_id": phone.id, "text": "x"}) as response:
            assert response.status == status
            assert (await response.text()).startswith("<")
    assert phone.texts == ""


@pytest.mark.parametrize(("when", "sent"), [("before", ""), ("after", "x")])
async def test_a_dropped_connection_happens_before_or_after_the_message_is_there(
    client: Client, phone: Phone, sandbox: Sandbox, when: str, sent: str
) -> None:
    drop = sandbox.faults.drop_before if when == "before" else sandbox.faults.drop_after
    drop(method="sendMessage")
    # A fresh connection: aiohttp repeats a request by itself when a kept-alive one breaks.
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectionError):
            await Client(sandbox, client.url, session).call("sendMessage", chat_id=phone.id, text="x")
    assert phone.texts == sent


async def test_a_delayed_call_is_still_done(client: Client, phone: Phone, sandbox: Sandbox) -> None:
    loop = asyncio.get_running_loop()
    sandbox.faults.delay(0.05, method="sendMessage")
    start = loop.time()
    await client.call("sendMessage", chat_id=phone.id, text="slow")
    assert loop.time() - start >= 0.05
    assert phone.texts == "slow"


async def test_a_long_poll_is_hit_only_by_name(client: Client, sandbox: Sandbox) -> None:
    sandbox.faults.too_many()
    await client.call("getUpdates")
    sandbox.faults.clear()
    sandbox.faults.too_many(method="getUpdates")
    assert (await client.answer("getUpdates"))["status"] == 429
