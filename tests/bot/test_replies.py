"""What a person sees arrives in order, survives Telegram's moods, and makes nobody else wait."""

import asyncio
from typing import Any

import pytest
from aiogram.methods import AnswerCallbackQuery, DeleteMessages, EditMessageText, SendMessage, TelegramMethod

from bot.metrics import Metrics
from bot.replies import WAITING, Replies
from bot.sandbox import Call, Phone
from bot.telegram import connect
from models.people import Person, find_person
from tests.house import DRIVER, PASSENGER, REVIEWER, House, open_house
from tests.walks import SAVED, TAPS, eventually, flag, open_form, receipts


def shown(house: House, chat_id: int) -> list[Call]:
    """Messages sent and edited in a chat, in order."""
    methods = ("sendMessage", "editMessageText")
    return [c for c in house.sandbox.calls if c.method in methods and c.params.get("chat_id") == chat_id]


def answers(phone: Phone) -> list[str]:
    return [m.text.split()[0] for m in phone.messages if m.from_bot]


# order


async def test_what_a_person_sends_at_once_is_answered_in_order(database_url: str) -> None:
    commands = {"/start": "Құрмет", "/help": "What", "/sos": "Help", "/learn": "Lessons", "/privacy": "What"}
    async with open_house(database_url, updates_per_person=1000) as house:
        phone = house.phone(PASSENGER)
        sent = [list(commands)[i % 5] for i in range(50)]
        for start in range(0, 50, 25):
            for command in sent[start : start + 25]:
                phone.post(command)
            await phone.until(lambda p, n=start + 25: len(answers(p)) == n)
    assert answers(phone) == [commands[command] for command in sent]


async def test_of_many_presses_at_once_the_last_screen_is_shown_and_every_press_is_answered(
    database_url: str,
) -> None:
    async with open_house(database_url, updates_per_person=1000) as house:
        phone = house.phone(DRIVER)
        await phone.send("/start")
        menu = phone.last
        for _ in range(10):
            phone.tap_data("learn:list:0::", menu)
            phone.tap_data("home:help:", menu)
            phone.tap_data("report:begin:::", menu)
        await phone.until(lambda p: all(q.answer is not None for q in house.sandbox.world.queries.values()))
        await house.sandbox.idle()
    assert "Is the ride going on now?" in phone.screen


async def test_a_hundred_taps_at_once_still_end_on_the_screen_of_the_last_one_handled(house: House) -> None:
    phone = house.phone(DRIVER)
    await phone.send("/start")
    menu = phone.last
    for _ in range(100):
        phone.tap("Lessons for drivers", menu)
    await phone.until(lambda p: "Three minutes each" in p.screen)


async def test_a_chat_that_telegram_makes_wait_delays_no_other_chat(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.app.STOP_SECONDS", 0.1)  # the minute is not waited for
    slow, quick = house.phone(5001), house.phone(5002)
    house.sandbox.faults.too_many(retry_after=60, times=100, chat_id=slow.id)
    for _ in range(5):
        slow.post("/start")
        await quick.send("/help")
    assert not answers(slow)
    assert answers(quick) == ["What"] * 5


# moods of Telegram


async def test_a_wait_that_telegram_asks_for_is_kept(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    really = asyncio.sleep

    async def sleep(seconds: float, *rest: Any) -> None:
        slept.append(seconds)
        await really(0)

    phone = house.phone(PASSENGER)
    house.sandbox.faults.too_many(retry_after=7, times=2, method="sendMessage", chat_id=phone.id)
    monkeypatch.setattr("bot.replies.asyncio.sleep", sleep)
    await phone.send("/start")
    assert [s for s in slept if s == 7.0] == [7.0, 7.0]
    assert answers(phone) == ["Құрмет"]


@pytest.mark.parametrize("fault", ["drop_before", "broken", "garbage"])
async def test_a_screen_that_telegram_did_not_take_is_sent_again(house: House, fault: str) -> None:
    phone = house.phone(PASSENGER)
    getattr(house.sandbox.faults, fault)(times=3, method="sendMessage")
    await phone.send("/start")
    await house.sandbox.idle()
    assert answers(phone) == ["Құрмет"]
    await phone.press("Help now", expect=1)


async def test_a_screen_that_was_taken_before_the_connection_broke_looks_the_same_when_edited_again(
    house: House,
) -> None:
    phone = house.phone(PASSENGER)
    await phone.send("/start")
    house.sandbox.faults.drop_after(method="editMessageText")
    await phone.press("Help now", expect=1)
    await eventually(lambda: "message is not modified" in str(shown(house, phone.id)[-1].description))
    await phone.press("« Menu", expect=1)
    assert len(answers(phone)) == 1


async def test_the_same_screen_again_is_harmless(house: House) -> None:
    phone = house.phone(PASSENGER)
    await phone.send("/language")
    await phone.press("« Menu", expect=1)
    await phone.press_data("home:start:")
    assert "message is not modified" in str(shown(house, phone.id)[-1].description)
    await phone.press("Help now", expect=1)
    assert "harmless" in house.app.metrics.render().decode()
    assert 'result="refused"' not in house.app.metrics.render().decode()


async def test_a_press_too_old_to_answer_still_gets_its_screen(house: House) -> None:
    phone = house.phone(PASSENGER)
    await phone.send("/start")
    too_old = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    house.sandbox.faults.refuse(400, too_old, method="answerCallbackQuery")
    phone.tap("Help now")
    await phone.until(lambda p: "one emergency number" in p.screen)
    await phone.send("/help")


async def test_a_press_on_a_deleted_message_gets_a_new_one(house: House) -> None:
    phone = house.phone(PASSENGER)
    await phone.send("/start")
    menu = phone.last
    phone.delete(menu)
    (message,) = [await phone.press_data("home:help:", menu, expect=1)] and phone.messages[-1:]
    assert "Help now" in message.text
    assert message.id != menu.id
    await phone.press(TAPS[0], expect=1)


async def test_a_receipt_that_can_not_be_shown_in_place_is_shown_anew(house: House) -> None:
    phone = house.phone(PASSENGER)
    await open_form(phone)
    house.sandbox.faults.refuse(400, "Bad Request: message can't be edited", method="editMessageText")
    await phone.press(TAPS[-1], expect=1)
    await phone.until(lambda p: SAVED in p.texts and p.texts.count("Your code") == 2)
    assert len(receipts(phone.texts)) == 1


# people who have gone


async def blocked(house: House, telegram_id: int) -> bool:
    async with house.app.database.reading() as session:
        person = await find_person(session, house.app.vault, telegram_id)
        assert isinstance(person, Person)
        return person.blocked_at is not None


async def test_who_blocks_the_bot_is_marked_and_left_alone_until_they_come_back(house: House) -> None:
    reviewer, passenger = house.phone(REVIEWER), house.phone(PASSENGER)
    await reviewer.send("/start")
    reviewer.block()
    await house.sandbox.idle()
    assert await blocked(house, REVIEWER)
    before = len(shown(house, REVIEWER))
    await flag(passenger)
    await passenger.until(lambda p: p.texts.count("Your code") == 2)
    await house.sandbox.idle()
    assert len(shown(house, REVIEWER)) == before
    reviewer.unblock()
    await reviewer.send("/start")
    assert not await blocked(house, REVIEWER)
    await flag(house.phone(DRIVER))
    await reviewer.until(lambda p: "something new in the queue" in p.texts)


async def test_a_block_that_telegram_did_not_tell_of_is_noticed_when_a_screen_is_refused(house: House) -> None:
    phone = house.phone(PASSENGER)
    await phone.send("/start")
    house.sandbox.faults.refuse(403, "Forbidden: bot was blocked by the user", method="sendMessage")
    phone.post("/help")
    await eventually(lambda: blocked(house, PASSENGER))


# alone


class Wire:
    """Stands where the wire is, and holds what would be sent until it's let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[TelegramMethod[Any]] = []
        self.open = asyncio.Event()
        monkeypatch.setattr("bot.replies.tell", self._tell)

    async def _tell(self, bot: Any, method: TelegramMethod[Any]) -> int | None:
        await self.open.wait()
        self.sent.append(method)
        return 1000 + len(self.sent) if isinstance(method, SendMessage) else None


async def _on_blocked(chat_id: int) -> None:
    return None


async def test_a_lane_that_is_too_full_drops_answers_before_screens(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(monkeypatch)
    bot = connect("42:TEST-TEST-TEST-TEST-TEST-TEST-TEST-", "http://127.0.0.1:1")
    replies = Replies(bot, Metrics(), _on_blocked)
    for number in range(3):
        replies.show(1, [SendMessage(chat_id=1, text=f"screen {number}")])
    replies.show(1, [EditMessageText(chat_id=1, message_id=9, text="old")])
    replies.show(1, [EditMessageText(chat_id=1, message_id=9, text="new")])
    for number in range(200):
        replies.show(1, [AnswerCallbackQuery(callback_query_id=str(number))])
    wire.open.set()
    await replies.settle(5)
    texts = [m.text for m in wire.sent if not isinstance(m, AnswerCallbackQuery)]
    assert texts == ["screen 0", "screen 1", "screen 2", "new"]
    assert wire.sent[-1] == AnswerCallbackQuery(callback_query_id="199")
    assert len(wire.sent) == WAITING
    await bot.session.close()


async def test_a_chat_that_is_cleared_shows_nothing_of_before_and_loses_no_deletion_however_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wire = Wire(monkeypatch)
    replies = Replies(None, Metrics(), _on_blocked)  # type: ignore[arg-type]
    replies.show(1, [SendMessage(chat_id=1, text="on its way")])
    await asyncio.sleep(0)
    replies.show(1, [SendMessage(chat_id=1, text="waits"), AnswerCallbackQuery(callback_query_id="1")])
    deletions = [DeleteMessages(chat_id=1, message_ids=[number]) for number in range(2 * WAITING)]
    replies.show(1, [*deletions, SendMessage(chat_id=1, text="left")])
    wire.open.set()
    await replies.settle(5)
    assert [m.text for m in wire.sent if isinstance(m, SendMessage)] == ["on its way", "left"]
    assert AnswerCallbackQuery(callback_query_id="1") in wire.sent
    assert [m for m in wire.sent if isinstance(m, DeleteMessages)] == [
        DeleteMessages(chat_id=1, message_ids=[1001]),  # what was on its way
        *deletions,
    ]


async def test_when_very_many_chats_wait_no_more_is_taken_until_one_is_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wire = Wire(monkeypatch)
    monkeypatch.setattr("bot.replies.FULL", 3)
    replies = Replies(None, Metrics(), _on_blocked)  # type: ignore[arg-type]
    for chat in range(3):
        replies.show(chat, [SendMessage(chat_id=chat, text="hello")])
    room = asyncio.create_task(replies.room())
    await asyncio.sleep(0)
    assert not room.done()
    wire.open.set()
    await asyncio.wait_for(room, 5)
    await replies.settle(5)
    assert len(wire.sent) == 3
