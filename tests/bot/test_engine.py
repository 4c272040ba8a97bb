"""Commit, then confirm, then show: nothing is seen that is not stored, nothing is confirmed that could be lost."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.sandbox import Call, Phone, Sandbox
from bot.sandbox.methods import HANDLERS
from models.course import Attempt
from models.database import Database
from models.flags import Flag
from models.outbox import Parcel
from models.people import Language, Person
from models.updates import DeadLetter, SeenUpdate
from models.vault import Vault
from tests.house import DRIVER, PASSENGER, REVIEWER, TOKEN, House, TestClock, open_house, replace_handler
from tests.postgres import Postgres
from tests.walks import SAVED, TAPS, Trouble, count, eventually, flag, open_form, receipts

APOLOGY = "Something went wrong on our side"
FULL_APOLOGY = f"{APOLOGY}. We've been told. Please try again, or go back with /start."


@asynccontextmanager
async def looking_at(
    house: House, monkeypatch: pytest.MonkeyPatch, method: str, look: Callable[[AsyncSession, dict[str, Any]], Any]
) -> AsyncIterator[None]:
    """Await `look(session, parameters)` when Telegram is about to execute a method.

    The session is one of somebody else, who knows only what is committed.
    """
    original = HANDLERS[method.lower()]
    database = Database(house.app.settings.database_url)
    turn, over = asyncio.Lock(), False

    async def looked(telegram: Any, parameters: dict[str, Any]) -> Any:
        async with turn:
            if not over:
                async with database.reading() as session:
                    await look(session, parameters)
        result = original(telegram, parameters)
        return await result if asyncio.iscoroutine(result) else result

    monkeypatch.setitem(HANDLERS, method.lower(), looked)
    yield
    async with turn:
        over = True
        await database.close()


def edits(house: House, words: str) -> list[Call]:
    """The screens with these words that were shown."""
    return [c for c in house.sandbox.calls if c.ok and c.method == "editMessageText" and words in c.params["text"]]


# what is shown is stored


async def test_a_flag_is_committed_when_its_receipt_reaches_telegram(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored: list[str] = []
    phone = house.phone(PASSENGER)

    async def look(session: AsyncSession, parameters: dict[str, Any]) -> None:
        if SAVED in parameters["text"]:
            stored.extend(flag.receipt(house.app.vault) for flag in await session.scalars(select(Flag)))

    async with looking_at(house, monkeypatch, "editMessageText", look):
        shown = await flag(phone)
    assert stored == [shown.replace("-", "")]


async def test_progress_is_committed_when_the_next_card_reaches_telegram(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    places: list[str | None] = []
    phone = house.phone(DRIVER)
    await phone.send("/learn")

    async def look(session: AsyncSession, parameters: dict[str, Any]) -> None:
        places.append(await session.scalar(select(Attempt.place)))

    async with looking_at(house, monkeypatch, "editMessageText", look):
        await phone.press("1. The professional ride", expect=1)
        await phone.press("Straight to the lesson", expect=1)
        await phone.press("Next »", expect=1)
        await phone.press("Next »", expect=1)
    cards = [card.key for card in house.app.engine.course.lesson(1, house.app.engine.default_language).cards]
    assert places[-2:] == cards[1:3]


async def test_no_update_is_confirmed_before_it_is_committed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    confirmed_early: list[int] = []
    offsets: set[int] = set()

    async def look(session: AsyncSession, parameters: dict[str, Any]) -> None:
        offset = parameters.get("offset", 0)
        offsets.add(offset)
        seen = set(await session.scalars(select(SeenUpdate.update_id)))
        confirmed_early.extend(i for i in house.sandbox.delivery._pending if i < offset and i not in seen)

    async with looking_at(house, monkeypatch, "getUpdates", look):
        await flag(house.phone(PASSENGER))
        for person in range(2000, 2040):
            house.phone(person).post("/start")
        await house.sandbox.idle()
    assert confirmed_early == []
    assert len(offsets) > 5


async def test_a_start_after_a_stop_knows_what_was_handled(database_url: str) -> None:
    clock = TestClock()
    sandbox = Sandbox(token=TOKEN, clock=clock)
    async with open_house(database_url, sandbox=sandbox, clock=clock) as house:
        phone = house.phone(PASSENGER)
        receipt = await flag(phone)
    assert sandbox.pending == 0
    last = sandbox.push({}) - 1
    sandbox.delivery.drop()
    async with open_house(database_url, sandbox=sandbox, clock=clock) as house:
        before = len(phone.messages)
        redeliver(sandbox, last, _last_press(sandbox))
        await house.sandbox.idle()
        await phone.send("/myreports")
        assert receipt in phone.screen
        assert await count(house.app.database, Flag) == 1
        assert len([m for m in phone.messages[before:] if m.from_bot]) == 1


def redeliver(sandbox: Sandbox, update_id: int, update: dict[str, Any]) -> None:
    """Queue an update under a number that it has had before."""
    numbers, sandbox.delivery._update_ids = sandbox.delivery._update_ids, itertools.count(update_id)
    sandbox.push(update)
    sandbox.delivery._update_ids = numbers


def _last_press(sandbox: Sandbox) -> dict[str, Any]:
    query = next(reversed(sandbox.world.queries.values()))
    return {
        "callback_query": {
            "id": query.id,
            "from": query.person.user,
            "chat_instance": "1",
            "data": query.data,
            "message": query.person.messages[query.message_id].raw,
        }
    }


# repeats


async def test_an_update_that_comes_several_times_is_handled_and_shown_once(house: House) -> None:
    phone = house.phone(PASSENGER)
    update = {"update_id": 5, "message": house.sandbox.world.sent_by_person(phone.person, {"text": "/start"}).raw}
    await house.app.engine.process([update, update])
    await house.app.engine.process([update])
    await asyncio.gather(*(house.app.engine.process([update, update]) for _ in range(5)))
    await phone.send("/help")
    assert [m.text.split()[0] for m in phone.messages if m.from_bot] == ["Құрмет", "What"]


async def test_a_double_tap_gives_one_flag_and_one_receipt(house: House) -> None:
    phone = house.phone(PASSENGER)
    await open_form(phone)
    form = phone.last
    for _ in range(5):
        phone.tap(TAPS[-1], form)
    await phone.until(lambda p: len(receipts(p.texts)) == 1 and SAVED in p.texts)
    await house.sandbox.idle()
    await phone.press_data(_last_press(house.sandbox)["callback_query"]["data"], form)
    await house.sandbox.idle()
    assert len(receipts(phone.texts)) == 1
    assert await count(house.app.database, Flag) == 1
    assert all(query.answer is not None for query in house.sandbox.world.queries.values())


# a database in trouble


@pytest.mark.parametrize(("times", "at_commit"), [(1, False), (5, True), (11, False)])
async def test_an_update_whose_transaction_fails_comes_again_and_is_handled_once(
    house: House, monkeypatch: pytest.MonkeyPatch, times: int, at_commit: bool
) -> None:
    phone = house.phone(PASSENGER)
    await open_form(phone)
    trouble = Trouble(monkeypatch, house.app.database)
    trouble.times, trouble.at_commit = times, at_commit
    await phone.press(TAPS[-1], expect=1, timeout=20)
    await phone.until(lambda p: p.texts.count("Your code") == 2)
    await house.sandbox.idle()
    assert trouble.met == times
    assert await count(house.app.database, Flag) == 1
    assert await count(house.app.database, DeadLetter) == 0
    assert len(edits(house, SAVED)) == 1
    assert APOLOGY not in phone.texts


async def test_a_whole_batch_survives_a_database_that_is_gone_for_a_while(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    phones = [house.phone(person) for person in range(3000, 3020)]
    trouble = Trouble(monkeypatch, house.app.database)
    trouble.times = 9
    for phone in phones:
        phone.post("/start")
        phone.post("/help")
    for phone in phones:
        await phone.until(lambda p: len([m for m in p.messages if m.from_bot]) == 2, timeout=20)
    await house.sandbox.idle()
    assert await count(house.app.database, DeadLetter) == 0
    for phone in phones:
        assert [m.text.split()[0] for m in phone.messages if m.from_bot] == ["Құрмет", "What"]


async def test_retries_do_not_count_as_a_flood(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    phone = house.phone(PASSENGER)
    trouble = Trouble(monkeypatch, house.app.database)
    trouble.times, trouble.at_commit = 9, True
    for _ in range(20):
        phone.post("/help")
    await phone.until(lambda p: len([m for m in p.messages if m.from_bot]) == 20, timeout=20)
    assert "One moment" not in phone.texts


async def test_postgresql_that_goes_away_and_comes_back_costs_nothing(
    postgres: Postgres, postgres_template: str
) -> None:
    name = postgres.create(postgres_template)
    kill = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    async with open_house(postgres.url(name)) as house:
        phone, reviewer = house.phone(PASSENGER), house.phone(REVIEWER)
        await reviewer.send("/start")
        await flag(phone)
        for _ in range(3):
            postgres._execute(kill)
            await phone.send("/help")
        await house.sandbox.idle(20)
        postgres._execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        postgres._execute(kill)
        phone.post("/report")
        await asyncio.sleep(0.3)
        assert house.sandbox.pending == 1
        postgres._execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        await phone.until(lambda p: "Is the ride going on now?" in p.screen, timeout=20)
        for label in (*TAPS[1:-1], "Threats"):  # another story than the first
            await phone.press(label, expect=1)
        await phone.until(lambda p: len(receipts(p.texts)) == 2)
        await reviewer.until(lambda p: p.texts.count("something new in the queue") == 2, timeout=20)
        assert await count(house.app.database, DeadLetter) == 0
        assert APOLOGY not in phone.texts
    postgres.drop(name)


# a handler that raises


@pytest.fixture
def broken_help(monkeypatch: pytest.MonkeyPatch) -> None:
    async def boom(event: Any) -> None:
        raise RuntimeError(f"unexpected words of a person: {event.from_user.id}")

    replace_handler(monkeypatch, "handlers.home.help_now", boom)


@pytest.mark.usefixtures("broken_help")
async def test_a_message_that_can_not_be_handled_is_set_aside_and_harms_nobody_else(database_url: str) -> None:
    async with open_house(database_url) as house:
        owner = house.phone(REVIEWER)
        await owner.send("/start")
        phones = [house.phone(person, language) for person, language in ((5001, "en"), (5002, "ru"), (5003, "kk"))]
        for phone in phones:
            phone.post("/start")
        phones[1].post("/sos")
        for phone in phones:
            phone.post("/language")
        for phone in phones:
            await phone.until(lambda p: "Choose a language" in p.screen)
        assert house.app.engine.texts[Language.RUSSIAN](FULL_APOLOGY) in phones[1].texts
        assert phones[1].messages[-1].text.startswith("Тілді")
        assert APOLOGY not in phones[0].texts
        await owner.until(lambda p: "could not handle an update" in p.texts)
        notice = owner.last.text
        assert "5002" not in notice
        assert "/sos" not in notice
        assert await count(house.app.database, DeadLetter) == 1
        await phones[1].send("/myreports")


@pytest.mark.usefixtures("broken_help")
async def test_a_press_that_can_not_be_handled_is_answered_with_an_alert(database_url: str) -> None:
    async with open_house(database_url) as house:
        phone = house.phone(PASSENGER)
        await phone.send("/start")
        answer = await phone.press("Help now")
        assert answer.text.startswith(APOLOGY)
        assert answer.show_alert
        await phone.press("Lessons for drivers", expect=1)


@pytest.mark.usefixtures("broken_help")
async def test_a_dead_letter_is_sealed_and_can_be_read_with_the_key_alone(database_url: str, vault: Vault) -> None:
    async with open_house(database_url) as house:
        phone = house.phone(PASSENGER)
        update_id = phone.post("/sos")
        await phone.until(lambda p: APOLOGY in p.texts)
        async with house.app.database.reading() as session:
            letter = (await session.scalars(select(DeadLetter))).one()
        assert letter.update_id == update_id
        assert letter.error.startswith("RuntimeError at test_engine.py:")
        assert "unexpected" not in letter.error
        assert b"sos" not in letter.sealed_update
        assert b"/sos" in vault.open(letter.sealed_update, letter.seal_place)


async def test_what_was_set_aside_is_not_tried_again_after_a_restart(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = TestClock()
    sandbox = Sandbox(token=TOKEN, clock=clock)
    with monkeypatch.context() as patch:

        async def boom(event: Any) -> None:
            raise RuntimeError

        replace_handler(patch, "handlers.home.help_now", boom)
        async with open_house(database_url, sandbox=sandbox, clock=clock) as house:
            phone = house.phone(PASSENGER)
            update_id = phone.post("/sos")
            await phone.until(lambda p: APOLOGY in p.texts)
    async with open_house(database_url, sandbox=sandbox, clock=clock) as house:
        redeliver(sandbox, update_id, {"message": phone.messages[0].raw})
        await sandbox.idle()
        await phone.send("/help")
        assert [m.text.split()[0] for m in phone.messages if m.from_bot] == ["Something", "What"]


async def test_owners_who_can_not_be_told_do_not_keep_an_update_from_being_set_aside(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def boom(*args: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("bot.engine.tell_owners_of_dead_letter", boom)
    house.sandbox.push({"message": {"text": 7}})
    await eventually(lambda: count_dead(house, 1))
    await house.phone(PASSENGER).send("/start")


async def count_dead(house: House, expected: int) -> bool:
    return await count(house.app.database, DeadLetter) == expected


# updates that Telegram should not send


STRANGE = {
    "a field of the wrong type": {"message": {"text": 7}},
    "a message without a chat": {"message": {"message_id": 1, "date": 1, "text": "hello"}},
    "a press without a person": {"callback_query": {"id": "1", "data": "x"}},
    "a list where a message should be": {"message": []},
}
UNKNOWN = {
    "an unknown kind": {"mind_reading": {"from": {"id": 1}, "thought": "hello"}},
    "no field at all": {},
    "a kind that we don't take": {
        "poll_answer": {"poll_id": "1", "option_ids": [0], "option_persistent_ids": ["a"]},
    },
    "a post in a channel": {
        "channel_post": {"message_id": 1, "date": 1, "chat": {"id": -100_5, "type": "channel"}, "text": "hello"}
    },
}


async def test_an_update_that_can_not_be_read_is_set_aside_and_the_next_ones_are_handled(house: House) -> None:
    phone = house.phone(PASSENGER)
    for update in STRANGE.values():
        house.sandbox.push(update)
    await phone.send("/start")
    await house.sandbox.idle()
    assert await count(house.app.database, DeadLetter) == len(STRANGE)


async def test_an_update_that_means_nothing_to_us_is_passed_over_in_silence(house: House) -> None:
    phone = house.phone(PASSENGER)
    for update in UNKNOWN.values():
        house.sandbox.push(update)
    await phone.send("/start")
    await house.sandbox.idle()
    assert await count(house.app.database, DeadLetter) == 0
    assert await count(house.app.database, SeenUpdate) == len(UNKNOWN) + 1


@pytest.mark.parametrize("update_id", [-(2**40), 2**63 - 1, 10**30])
async def test_an_update_with_an_impossible_number_blocks_nobody(house: House, update_id: int) -> None:
    phone = house.phone(PASSENGER)
    message = {"message_id": 1, "date": 1, "chat": phone.person.chat, "from": phone.person.user, "text": "/start"}
    readable = {"update_id": 77, "message": {**message, "text": "/help"}}
    phone.person.started = True
    await house.app.engine.process([{"update_id": update_id, "message": message}, readable])
    await phone.until(lambda p: "What I can do" in p.texts)
    assert await count(house.app.database, DeadLetter) == 0


async def test_groups_and_strangers_make_no_person(house: House) -> None:
    group = {"id": -100_77, "type": "supergroup", "title": "Drivers"}
    anonymous = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
    somebody = house.phone(6001).person.user
    for sender in (anonymous, somebody):
        for words in ("hello", "/start", "/queue@sandbox_bot", "/report"):
            house.sandbox.push({"message": {"message_id": 1, "date": 1, "chat": group, "from": sender, "text": words}})
    for data in ("home:start:", "report:begin:::", "review:queue:0:", "own:list:0"):
        message = {"message_id": 1, "date": 1, "chat": group, "text": "hello"}
        query = {"id": "1", "from": somebody, "chat_instance": "1", "data": data, "message": message}
        house.sandbox.push({"callback_query": query})
    await house.sandbox.idle()
    await eventually(lambda: house.sandbox.pending == 0)
    assert await count(house.app.database, Person) == 1  # the owner of the settings
    assert await count(house.app.database, DeadLetter) == 0
    assert not [c for c in house.sandbox.calls if c.method == "sendMessage"]


async def test_a_group_hears_one_sentence_and_is_left(house: House) -> None:
    bot = {"user": house.sandbox.world.bot}
    adder = house.phone(6001).person.user
    for kind, chat_id in (("supergroup", -100_77), ("group", -78), ("channel", -100_79)):
        change = {
            "chat": {"id": chat_id, "type": kind, "title": "x"},
            "from": adder,
            "date": 1,
            "old_chat_member": {**bot, "status": "left"},
            "new_chat_member": {**bot, "status": "member"},
        }
        house.sandbox.push({"my_chat_member": change})

    def about(chat_id: int) -> list[str]:
        return [c.method for c in house.sandbox.calls if c.params.get("chat_id") == chat_id]

    await eventually(lambda: about(-100_79) == ["leaveChat"])
    await eventually(lambda: about(-100_77) == about(-78) == ["sendMessage", "leaveChat"])
    await house.sandbox.idle()
    assert await count(house.app.database, Person) == 1


async def test_what_must_arrive_is_written_with_the_flag_or_not_at_all(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.app.sender.stop()  # whatever is in the outbox stays there
    phone: Phone = house.phone(PASSENGER)
    await open_form(phone)
    trouble = Trouble(monkeypatch, house.app.database)
    trouble.times, trouble.at_commit = 3, True
    await phone.press(TAPS[-1], expect=1)
    async with house.app.database.reading() as session:
        rows = await session.execute(text("SELECT priority, count(*) FROM outbox GROUP BY priority"))
        assert sorted(map(tuple, rows)) == [(0, 1), (1, 1)]
    assert await count(house.app.database, Parcel) == 2


def forged(chance: random.Random) -> str:
    """Callback data that a stranger's app may make up: at most 64 bytes of anything, often nearly right."""
    words = ("home", "learn", "report", "own", "review", "data", "open", "send", "close", "VB2", "now", "recorded")
    odd = (
        "",
        ":",
        "0",
        "1",
        "-1",
        "٣",
        "1e9",
        str(2**63),
        "9" * 30,
        "\x00",
        "é",
        "🙏",
        "\u202e",
        "' OR 1",
        "<b>",
        "%s",
    )
    data = ":".join(chance.choice(chance.choice((words, odd))) for _ in range(chance.randint(1, 6)))
    return data.encode()[:64].decode(errors="ignore") or " "


async def test_whatever_a_forged_press_says_it_is_answered_and_never_raises(database_url: str) -> None:
    chance = random.Random(7)
    async with open_house(database_url, updates_per_person=10_000) as house:
        await house.phone(REVIEWER).send("/start")
        await flag(house.phone(PASSENGER))
        for person in (PASSENGER, REVIEWER, 6001):  # who reported, the team, a stranger
            phone = house.phone(person)
            await phone.send("/start")
            for _ in range(10):
                queries = [phone.press_button(None, forged(chance))[1] for _ in range(15)]
                await phone.until(lambda p, q=queries: all(query.answer is not None for query in q))
        await house.sandbox.idle()
        assert await count(house.app.database, DeadLetter) == 0
        assert APOLOGY not in house.phone(6001).texts
        assert not receipts(house.phone(6001).texts)
