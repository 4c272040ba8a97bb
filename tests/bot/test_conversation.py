"""Where a person is in a conversation is part of the same transaction as what they say, and survives a restart."""

from datetime import timedelta

import pytest
from aiogram.fsm.state import State, StatesGroup
from sqlalchemy import select

from bot.conversation import AWAITED, RowStorage, context_for
from bot.sandbox import Sandbox
from models.conversation import Conversation
from models.flags import Flag
from models.people import Person
from models.vault import Vault
from tests.house import PASSENGER, TOKEN, House, TestClock, open_house
from tests.walks import Trouble, count, flag

PLATE = "plate"


class Steps(StatesGroup):
    first = State()


async def test_a_question_that_was_asked_is_still_asked_after_a_restart(database_url: str) -> None:
    clock = TestClock()
    sandbox = Sandbox(token=TOKEN, clock=clock)
    phone = sandbox.phone(PASSENGER)
    async with open_house(database_url, sandbox=sandbox, clock=clock):
        await flag(phone)
        await phone.press(PLATE, expect=1)
    async with open_house(database_url, sandbox=sandbox, clock=clock) as house:
        await phone.send("123 ABC 02")
        assert "123ABC02" in phone.screen
        assert await count(house.app.database, Conversation) == 0


async def test_an_answer_whose_transaction_fails_is_neither_stored_nor_forgotten(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = house.phone(PASSENGER)
    await flag(phone)
    await phone.press(PLATE, expect=1)
    await house.sandbox.idle()
    trouble = Trouble(monkeypatch, house.app.database)
    trouble.times, trouble.at_commit = 7, True
    await phone.send("123 ABC 02", timeout=20)
    assert "123ABC02" in phone.screen
    async with house.app.database.reading() as session:
        assert (await session.scalars(select(Flag))).one().plate(house.app.vault) == "123ABC02"


async def test_a_command_works_in_the_middle_of_a_question_and_is_not_taken_for_an_answer(house: House) -> None:
    phone = house.phone(PASSENGER)
    await flag(phone)
    await phone.press(PLATE, expect=1)
    await phone.send("/sos")
    assert "one emergency number" in phone.screen
    await phone.send("/start")
    await phone.send("123 ABC 02")
    assert "123ABC02" not in phone.screen


async def test_two_people_are_never_in_each_others_conversation(house: House) -> None:
    one, other = house.phone(5001), house.phone(5002)
    await flag(one)
    await flag(other)
    await one.press(PLATE, expect=1)
    other.post("999 ZZZ 02")
    one.post("123 ABC 02")
    await one.until(lambda p: "123ABC02" in p.screen)
    await other.until(lambda p: "Your report was sent without this." in p.screen)
    async with house.app.database.reading() as session:
        plates = [each.plate(house.app.vault) for each in await session.scalars(select(Flag).order_by(Flag.id))]
    assert plates == ["123ABC02", None]


async def test_what_is_kept_of_a_conversation_is_sealed(house: House) -> None:
    phone = house.phone(PASSENGER)
    await flag(phone)
    await phone.press(PLATE, expect=1)
    async with house.app.database.reading() as session:
        row = (await session.scalars(select(Conversation))).one()
    assert row.read(house.app.vault) == ("Adding:plate", {"flag": 1})
    assert b"plate" not in row.sealed
    assert b"flag" not in row.sealed


async def test_it_keeps_the_promises_of_the_framework_s_storage(vault: Vault) -> None:
    person = Person(id=7, conversation=None)
    now = TestClock()()
    context = context_for(RowStorage(person, vault, now), person, bot_id=42)
    assert await context.get_state() is None
    assert await context.get_data() == {}
    await context.set_state(Steps.first)
    await context.update_data(plate="1", words="сөз 🙏")
    again = context_for(RowStorage(person, vault, now), person, bot_id=42)
    assert await again.get_state() == "Steps:first"
    assert await again.get_data() == {"plate": "1", "words": "сөз 🙏"}
    (await again.get_data())["plate"] = "2"
    assert await again.get_value("plate") == "1"
    await again.set_state("other")
    assert await again.get_state() == "other"
    await again.clear()
    assert person.conversation is None
    await again.set_data({"picks": [1]})
    later = context_for(RowStorage(person, vault, now + 2 * AWAITED), person, bot_id=42)
    assert await later.get_data() == {"picks": [1]}  # nothing is asked
    await later.set_state("Steps:first")
    person.conversation.changed_at = now
    nearly = context_for(RowStorage(person, vault, now + AWAITED), person, bot_id=42)
    assert await nearly.get_state() == "Steps:first"
    over = context_for(RowStorage(person, vault, now + AWAITED + timedelta(seconds=1)), person, bot_id=42)
    assert (await over.get_state(), await over.get_data()) == (None, {})
    assert person.conversation is None
