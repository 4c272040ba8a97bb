"""Long polling: all that waits is taken, stopping loses nothing, and trouble with Telegram is waited out."""

import asyncio

import pytest
from sqlalchemy import select

from bot.app import open_app
from bot.intake import TokenRefused
from bot.sandbox import Sandbox
from models.updates import SeenUpdate
from tests.house import PASSENGER, TOKEN, House, TestClock, open_house, settings_for
from tests.walks import count, eventually, flag, receipts


async def test_all_that_waits_is_taken_in_few_transactions(database_url: str) -> None:
    clock = TestClock()
    sandbox = Sandbox(token=TOKEN, clock=clock)
    for person in range(2000, 2250):
        sandbox.phone(person).post("/start")
    async with open_house(database_url, sandbox=sandbox, clock=clock) as house:
        await sandbox.until(lambda: sandbox.requests["sendMessage"] == 250)
        assert house.app.metrics.registry.get_sample_value("bot_batch_size_count") == 3
    assert sandbox.pending == 0


async def test_a_batch_is_no_larger_than_the_settings_say(database_url: str) -> None:
    clock = TestClock()
    sandbox = Sandbox(token=TOKEN, clock=clock)
    for person in range(2000, 2010):
        sandbox.phone(person).post("/start")
    async with open_house(database_url, sandbox=sandbox, clock=clock, batch_size=4) as house:
        await sandbox.until(lambda: sandbox.requests["sendMessage"] == 10)
        assert house.app.metrics.registry.get_sample_value("bot_batch_size_count") == 3


async def test_a_stop_confirms_what_was_handled_and_leaves_the_rest(database_url: str) -> None:
    clock = TestClock()
    sandbox = Sandbox(token=TOKEN, clock=clock)
    phones = [sandbox.phone(person) for person in range(2000, 2060)]
    ids = [phone.post("/start") for phone in phones]
    async with open_house(database_url, sandbox=sandbox, clock=clock, batch_size=10) as house:
        await sandbox.until(lambda: sandbox.requests["sendMessage"] > 0)
        house.app.stop.set()
    async with open_app(house.app.settings) as app, app.database.reading() as session:
        handled = set(await session.scalars(select(SeenUpdate.update_id)))
    waiting = {update_id for update_id in ids if sandbox.delivery.waits(update_id)}
    assert handled == set(ids) - waiting
    assert handled
    answered = {phone.id for phone in phones if any(m.from_bot for m in phone.messages)}
    assert answered == {phone.id for phone, update_id in zip(phones, ids, strict=True) if update_id in handled}


async def test_a_webhook_that_was_set_before_is_removed(database_url: str) -> None:
    clock = TestClock()
    sandbox = Sandbox(token=TOKEN, clock=clock)
    await sandbox.call("setWebhook", {"url": "https://elsewhere.example/hook"})
    async with open_house(database_url, sandbox=sandbox, clock=clock):
        await sandbox.phone(PASSENGER).send("/start")
    assert sandbox.delivery.webhook is None


async def test_only_kinds_of_updates_that_mean_something_are_asked_for(house: House) -> None:
    await house.phone(PASSENGER).send("/start")
    assert house.sandbox.delivery.allowed == {"message", "edited_message", "callback_query", "my_chat_member"}


@pytest.mark.parametrize("trouble", ["broken", "garbage", "drop_before", "too_many", "conflict"])
async def test_trouble_with_telegram_is_waited_out_and_loses_nothing(house: House, trouble: str) -> None:
    faults, phone = house.sandbox.faults, house.phone(PASSENGER)
    if trouble == "conflict":
        faults.refuse(409, "Conflict: terminated by other getUpdates request", times=4, method="getUpdates")
    elif trouble == "too_many":
        faults.too_many(retry_after=0, times=4, method="getUpdates")
    else:
        getattr(faults, trouble)(times=4, method="getUpdates")
    for _ in range(10):
        phone.post("/help")
    await phone.until(lambda p: p.texts.count("What I can do") == 10, timeout=20)
    await house.sandbox.idle(20)
    await eventually(lambda: faults.left == 0)
    await phone.send("/start")
    assert phone.texts.count("What I can do") == 10


async def test_an_answer_that_is_lost_on_the_way_is_asked_for_again(house: House) -> None:
    """Telegram confirmed nothing: the same updates come a second time and are handled once."""
    phone = house.phone(PASSENGER)
    house.sandbox.faults.drop_after(times=3, method="getUpdates")
    receipt = await flag(phone)
    await house.sandbox.idle(20)
    assert receipts(phone.texts) == [receipt]


async def test_a_telegram_that_is_down_at_the_start_is_waited_for(database_url: str) -> None:
    clock = TestClock()
    sandbox = Sandbox(token=TOKEN, clock=clock)
    sandbox.faults.broken(times=2, method="deleteWebhook")
    async with open_house(database_url, sandbox=sandbox, clock=clock):
        await sandbox.phone(PASSENGER).send("/start")
    assert sandbox.requests["deleteWebhook"] == 1


async def test_a_stop_is_heard_while_telegram_is_down(database_url: str) -> None:
    async with open_app(settings_for("http://127.0.0.1:1", database_url)) as app:
        running = asyncio.create_task(app.run())
        await asyncio.sleep(0.1)
        app.stop.set()
        await asyncio.wait_for(running, 5)


@pytest.mark.parametrize("method", ["deleteWebhook", "getUpdates"])
async def test_a_token_that_telegram_refuses_ends_the_bot(database_url: str, method: str) -> None:
    sandbox = Sandbox(token=TOKEN)
    sandbox.faults.refuse(401, "Unauthorized", times=9, method=method)
    async with sandbox.serve() as url, open_app(settings_for(url, database_url)) as app:
        with pytest.raises(TokenRefused):
            await asyncio.wait_for(app.run(), 10)
        assert await count(app.database, SeenUpdate) == 0
