"""Long polling: nothing is lost before it is confirmed, nothing comes twice after."""

import asyncio
from typing import Any

import aiohttp

from bot.sandbox import Phone, Sandbox

from .conftest import Client, Clock


async def texts(client: Client, **params: Any) -> list[str]:
    return [update["message"]["text"] for update in await client.call("getUpdates", **params)]


async def test_an_update_is_delivered_again_until_a_higher_offset_confirms_it(
    client: Client, phone: Phone, sandbox: Sandbox
) -> None:
    first = phone.post("a")
    second = phone.post("b")
    assert second == first + 1
    assert await texts(client) == ["a", "b"]
    assert await texts(client, offset=first) == ["a", "b"]
    assert sandbox.pending == 2
    assert await texts(client, offset=first + 1) == ["b"]
    assert await texts(client) == ["b"]
    await sandbox.confirmed(first)
    assert await texts(client, offset=second + 1) == []
    assert sandbox.pending == 0


async def test_a_negative_offset_counts_from_the_end_and_forgets_the_rest(client: Client, phone: Phone) -> None:
    for text in "abc":
        phone.post(text)
    assert await texts(client, offset=-2) == ["b", "c"]
    assert await texts(client) == ["b", "c"]


async def test_a_limit_is_obeyed_and_100_is_the_most(client: Client, phone: Phone) -> None:
    for number in range(120):
        phone.post(str(number))
    assert await texts(client, limit=2) == ["0", "1"]
    assert len(await texts(client, limit=1000)) == len(await texts(client, limit=0)) == 100


async def test_a_long_poll_ends_with_the_first_update(client: Client, phone: Phone) -> None:
    poll = asyncio.create_task(texts(client, timeout=50))
    await client.sandbox.until(lambda: client.sandbox.delivery.polling)
    assert not poll.done()
    phone.post("now")
    assert await asyncio.wait_for(poll, 5) == ["now"]


async def test_of_two_polls_at_once_the_earlier_is_ended_by_a_conflict(client: Client, phone: Phone) -> None:
    poll = asyncio.create_task(client.answer("getUpdates", timeout=50))
    await client.sandbox.until(lambda: client.sandbox.delivery.polling)
    later = asyncio.create_task(texts(client, timeout=50))
    answer = await asyncio.wait_for(poll, 5)
    assert (answer["status"], answer["description"]) == (
        409,
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    )
    await client.sandbox.until(lambda: client.sandbox.delivery.polling)
    phone.post("x")
    assert await asyncio.wait_for(later, 5) == ["x"]


async def test_polling_beside_a_webhook_is_a_conflict(client: Client) -> None:
    poll = asyncio.create_task(client.answer("getUpdates", timeout=50))
    await client.sandbox.until(lambda: client.sandbox.delivery.polling)
    await client.call("setWebhook", url="http://127.0.0.1:9/")
    assert (await poll)["description"] == "Conflict: terminated by setWebhook request"
    answer = await client.answer("getUpdates")
    assert (answer["status"], answer["description"]) == (
        409,
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
    )
    await client.call("deleteWebhook")
    assert await client.call("getUpdates") == []


async def test_only_allowed_kinds_of_updates_come_and_the_choice_is_remembered(client: Client, phone: Phone) -> None:
    await client.call("getUpdates", allowed_updates=["message"])
    assert phone.tap_data("x") == 0
    phone.post("a")
    assert await texts(client) == ["a"]
    await client.call("getUpdates", allowed_updates=[])
    assert phone.tap_data("x") > 0


async def test_updates_die_after_a_day_and_presses_after_150_seconds(
    client: Client, phone: Phone, clock: Clock
) -> None:
    phone.post("a")
    phone.tap_data("x")
    clock.turn(seconds=151)
    assert await texts(client) == ["a"]
    clock.turn(hours=24)
    assert await client.call("getUpdates") == []


async def test_any_update_at_all_can_be_pushed(client: Client, sandbox: Sandbox) -> None:
    strange = {"unheard_of": {"a": [1, "ж", None]}}
    update_id = sandbox.push(strange)
    assert await client.call("getUpdates") == [{"update_id": update_id, **strange}]
    assert sandbox.push({"update_id": 5, **strange}) == update_id + 1
    assert await client.call("getUpdates", offset=-1) == [{"update_id": update_id + 1, **strange}]


async def test_an_update_shows_the_message_as_it_was_then(client: Client, phone: Phone) -> None:
    phone.post("old")
    phone.post_edit(phone.last, "new")
    message, edit = await client.call("getUpdates")
    assert message["message"]["text"] == "old"
    assert edit["edited_message"]["text"] == "new"
    assert edit["edited_message"]["edit_date"] >= message["message"]["date"]


async def test_messages_of_people_look_like_telegrams(client: Client, phone: Phone, clock: Clock) -> None:
    phone.post("/start a")
    [update] = await client.call("getUpdates")
    person = {"first_name": "Aigul", "id": 1001}
    assert update["message"] == {
        "message_id": phone.last.id,
        "from": {**person, "is_bot": False, "language_code": "kk"},
        "chat": {**person, "type": "private"},
        "date": int(clock().timestamp()),
        "text": "/start a",
        "entities": [{"type": "bot_command", "offset": 0, "length": 6}],
    }


async def test_a_press_shows_its_message_and_a_deleted_one_is_inaccessible(client: Client, phone: Phone) -> None:
    button = {"inline_keyboard": [[{"text": "Next", "callback_data": "n:1"}]]}
    sent = await client.call("sendMessage", chat_id=phone.id, text="x", reply_markup=button)
    phone.tap("Next")
    message = phone.last
    phone.delete(message)
    phone.tap_data("n:1", message)
    seen, gone = [update["callback_query"] for update in await client.call("getUpdates")]
    assert seen["message"] == sent
    assert (seen["data"], seen["from"]["id"]) == ("n:1", 1001)
    assert gone["message"] == {"chat": sent["chat"], "message_id": sent["message_id"], "date": 0}
    assert seen["chat_instance"] == gone["chat_instance"]


async def test_a_poll_whose_bot_has_died_loses_nothing(client: Client, phone: Phone) -> None:
    poll = asyncio.create_task(texts(client, timeout=50))
    await client.sandbox.until(lambda: client.sandbox.delivery.polling)
    poll.cancel()
    await asyncio.gather(poll, return_exceptions=True)
    phone.post("x")
    assert await texts(client, timeout=5) == ["x"]


async def test_an_outage_delays_and_does_not_drop(sandbox: Sandbox, phone: Phone) -> None:
    async with sandbox.serve() as url, aiohttp.ClientSession() as session:
        await Client(sandbox, url, session).call("getMe")
    phone.post("during the outage")
    async with sandbox.serve() as url, aiohttp.ClientSession() as session:
        assert await texts(Client(sandbox, url, session)) == ["during the outage"]
