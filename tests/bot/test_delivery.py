"""The outbox: what must arrive arrives, the urgent first, once where once is possible, whoever of the senders dies."""

import asyncio
import base64
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiogram.methods import SendDocument, SendMessage, SendPhoto
from aiogram.types import BufferedInputFile, FSInputFile
from aiolimiter import AsyncLimiter
from sqlalchemy import select, update

import bot.delivery
from bot.delivery import MOST_TRIES, ROUND, Sender
from bot.metrics import Metrics
from bot.sandbox import Phone, Sandbox
from bot.telegram import connect
from handlers import LANES, makers
from handlers.making import Made, post_order
from models.database import Database
from models.leases import hold
from models.outbox import LEASE, Delivery, Parcel, Priority, lease, post
from models.people import Language, Person, load_people
from models.quiet import next_at_hour
from models.uploads import Upload
from models.vault import Vault
from tests.house import TOKEN, TestClock
from tests.walks import eventually

TERM = timedelta(seconds=30)
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""A picture of one pixel."""


class Office:
    """A database with an outbox, a local Telegram, and as many senders as a test wants; no bot."""

    def __init__(self, database: Database, vault: Vault, sandbox: Sandbox, url: str, clock: TestClock) -> None:
        self.database, self.vault, self.sandbox, self.url, self.clock = database, vault, sandbox, url, clock
        self.people: dict[int, int] = {}

    async def phones(self, number: int) -> list[Phone]:
        """People who have written to the bot."""
        phones = [self.sandbox.phone(1000 + i) for i in range(number)]
        for phone in phones:
            phone.person.started = True
        languages = dict.fromkeys(phone.id for phone in phones)
        async with self.database.transaction() as session:
            people = await load_people(session, self.vault, languages, default=Language.ENGLISH, now=self.clock())
            self.people = {telegram_id: person.id for telegram_id, person in people.items()}
        return phones

    async def post(
        self, phone: Phone, texts: Sequence[str], priority: Priority = Priority.RELAY, *, repeatable: bool = True
    ) -> None:
        async with self.database.transaction() as session:
            for text in texts:
                post(
                    session,
                    self.vault,
                    self.people[phone.id],
                    "sendMessage",
                    {"text": text},
                    priority=priority,
                    now=self.clock(),
                    repeatable=repeatable,
                )

    def sender(self, rate: float = 1000, lanes: Sequence[Collection[str]] = ()) -> Sender:
        bot = connect(TOKEN, self.url)
        return Sender(self.database, self.vault, bot, Metrics(), rate=rate, lanes=lanes, clock=self.clock)

    @asynccontextmanager
    async def sending(self, *senders: Sender) -> AsyncIterator[None]:
        """Senders at work; ended as a deployment would end them."""
        tasks = [asyncio.create_task(sender.run()) for sender in senders]
        try:
            yield
        finally:
            for sender in senders:
                sender.stop()
            await asyncio.gather(*tasks)
            for sender in senders:
                await sender.bot.session.close()

    @asynccontextmanager
    async def by_hand(self, lanes: Sequence[Collection[str]] = ()) -> AsyncIterator[Sender]:
        """A sender whose rounds the test starts itself."""
        sender = self.sender(lanes=lanes)
        try:
            yield sender
        finally:
            await sender.bot.session.close()

    @staticmethod
    async def round_of(sender: Sender) -> None:
        """One round of it, to the end of what takes long."""
        await sender._round()
        await asyncio.gather(*sender._errands.values())

    async def standing(self) -> Counter[Delivery]:
        async with self.database.reading() as session:
            return Counter(await session.scalars(select(Parcel.status)))

    async def settled(self) -> None:
        async def nothing_waits() -> bool:
            return Delivery.WAITING not in await self.standing()

        await eventually(nothing_waits)

    @property
    def sent(self) -> list[str]:
        """Texts in the order in which Telegram took them."""
        return [c.params["text"] for c in self.sandbox.calls if c.method == "sendMessage" and c.ok]


@pytest.fixture
async def office(database: Database, vault: Vault) -> AsyncIterator[Office]:
    clock = TestClock()
    clock.shift = next_at_hour(clock(), 12) - clock()  # by day: at night reminders wait
    sandbox = Sandbox(token=TOKEN, clock=clock)
    async with sandbox.serve() as url:
        yield Office(database, vault, sandbox, url, clock)


async def test_what_waits_is_sent_once_and_then_forgotten_but_for_its_fate(office: Office) -> None:
    phones = await office.phones(3)
    for phone in phones:
        await office.post(phone, ["one", "two"])
    async with office.sending(office.sender()):
        await office.settled()
    assert [sorted(m.text for m in phone.messages) for phone in phones] == [["one", "two"]] * 3
    async with office.database.reading() as session:
        rows = (await session.scalars(select(Parcel))).all()
    assert {row.status for row in rows} == {Delivery.SENT}
    assert {row.sealed for row in rows} == {None}


async def test_a_receipt_overtakes_two_hundred_broadcasts(office: Office) -> None:
    crowd = await office.phones(201)
    for phone in crowd[:200]:
        await office.post(phone, ["broadcast"], Priority.BROADCAST)
    office.sandbox.faults.delay(0.02, times=1000)
    sender = office.sender()
    async with office.sending(sender):
        await office.sandbox.until(lambda: office.sent)
        await office.post(crowd[200], ["receipt"], Priority.RECEIPT)
        sender.wake()
        await office.sandbox.until(lambda: "receipt" in office.sent)
        assert office.sent.index("receipt") < 4 * ROUND
        await office.settled()
    assert Counter(office.sent) == {"broadcast": 200, "receipt": 1}


async def test_priorities_go_one_after_the_other(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.delivery.ROUND", 1)
    (phone,) = await office.phones(1)
    for priority in reversed(Priority):
        await office.post(phone, [priority.name], priority)
    async with office.sending(office.sender()):
        await office.settled()
    assert office.sent == [priority.name for priority in Priority]


async def test_what_is_not_due_yet_waits_for_its_moment(office: Office) -> None:
    (phone,) = await office.phones(1)
    async with office.database.transaction() as session:
        due_at = office.clock() + timedelta(hours=1)
        parameters = {"text": "reminder"}
        person_id = office.people[phone.id]
        post(
            session, office.vault, person_id, "sendMessage", parameters,
            priority=Priority.REMINDER, now=office.clock(), due_at=due_at,
        )  # fmt: skip
    sender = office.sender()
    async with office.sending(sender):
        await office.post(phone, ["now"])
        sender.wake()
        await phone.until(lambda p: "now" in p.texts)
        assert "reminder" not in phone.texts
        office.clock.shift += timedelta(hours=1)
        sender.wake()
        await phone.until(lambda p: "reminder" in p.texts)


async def test_a_reminder_that_was_held_up_until_the_night_waits_for_the_morning(office: Office) -> None:
    (phone,) = await office.phones(1)
    await office.post(phone, ["reminder"], Priority.REMINDER)
    await office.post(phone, ["receipt"], Priority.RECEIPT)
    office.clock.shift += timedelta(hours=9, minutes=1)
    sender = office.sender()
    async with office.sending(sender):
        await phone.until(lambda p: "receipt" in p.texts)
        async with office.database.reading() as session:
            (parcel,) = await session.scalars(select(Parcel).where(Parcel.priority == Priority.REMINDER))
        assert parcel.due_at == parcel.created_at == next_at_hour(office.clock(), 9)
        assert "reminder" not in phone.texts
        office.clock.shift += parcel.due_at - office.clock()
        sender.wake()
        await phone.until(lambda p: "reminder" in p.texts)


# what is made at delivery


async def test_an_order_is_made_when_it_is_delivered_and_nothing_is_sent_for_what_nobody_wants_any_more(
    office: Office,
) -> None:
    (phone,) = await office.phones(1)
    tries: Counter[str] = Counter()

    async def make(order: str, person: Person, values: Mapping[str, Any]) -> Made | None:
        tries[order] += 1
        if order == "known":
            return Made(SendMessage(chat_id=0, text=f"{values['n']} for {person.id}"))
        if order == "trouble" and tries[order] == 1:
            raise OSError("the disk is tired")
        if order == "trouble":
            return Made(SendMessage(chat_id=0, text="mended"))
        if order == "unwanted":
            return None
        raise LookupError(order)

    async with office.database.transaction() as session:
        for order in ("unknown", "unwanted", "trouble", "known"):
            post_order(
                session, office.vault, office.people[phone.id], order, {"n": 7},
                priority=Priority.RELAY, now=office.clock(),
            )  # fmt: skip
    sender = office.sender()
    sender.make = make
    async with office.sending(sender):
        await phone.until(lambda p: f"7 for {office.people[phone.id]}" in p.texts)
        office.clock.shift += timedelta(minutes=1)
        sender.wake()
        await office.settled()
    assert "mended" in phone.texts
    assert await office.standing() == {Delivery.SENT: 3, Delivery.REFUSED: 1}
    assert tries == {"unknown": 1, "unwanted": 1, "trouble": 2, "known": 1}
    assert len(office.sent) == 2


async def test_the_file_id_of_what_was_made_to_be_kept_is_kept_and_no_other(office: Office) -> None:
    (phone,) = await office.phones(1)
    picture = BufferedInputFile(PNG, "picture.png")

    async def make(order: str, person: Person, values: Mapping[str, Any]) -> Made | None:
        return Made(SendPhoto(chat_id=0, photo=picture), keep="lesson 1" if order == "kept" else None)

    async with office.database.transaction() as session:
        for order in ("kept", "own"):
            post_order(
                session, office.vault, office.people[phone.id], order, {}, priority=Priority.RELAY, now=office.clock()
            )
    sender = office.sender()
    sender.make = make
    async with office.sending(sender):
        await office.settled()
    async with office.database.reading() as session:
        (upload,) = await session.scalars(select(Upload))
    sent = [message.raw["photo"][-1]["file_id"] for message in phone.messages]
    assert upload.name == "lesson 1"
    assert upload.file_id in sent
    assert len(sent) == 2


# the five outcomes


async def test_a_wait_that_telegram_asks_for_delays_and_loses_nothing(office: Office) -> None:
    (phone,) = await office.phones(1)
    await office.post(phone, ["hello"])
    office.sandbox.faults.too_many(retry_after=40)
    sender = office.sender()
    async with office.sending(sender):
        await eventually(lambda: retry_is_in(office, 40))
        assert office.sent == []
        office.clock.shift += timedelta(seconds=41)
        sender.wake()
        await office.settled()
    assert office.sent == ["hello"]


async def test_when_telegram_slows_the_whole_bot_nobody_is_written_to_until_the_wait_is_over(office: Office) -> None:
    one, two, three = await office.phones(3)
    await office.post(one, ["one"])
    await office.post(two, ["two"])
    office.sandbox.faults.too_many(times=2, retry_after=40)
    sender = office.sender()
    async with office.sending(sender):
        await eventually(lambda: refused(office, 2))
        await office.post(three, ["three"])
        sender.wake()
        await asyncio.sleep(0.3)  # far longer than a round takes
        assert office.sent == []


async def refused(office: Office, times: int) -> bool:
    async with office.database.reading() as session:
        return len((await session.scalars(select(Parcel).where(Parcel.error.is_not(None)))).all()) == times


async def retry_is_in(office: Office, seconds: float) -> bool:
    async with office.database.reading() as session:
        parcel = (await session.scalars(select(Parcel))).one()
    waits = (parcel.due_at - office.clock()).total_seconds()
    return parcel.error is not None and seconds - 10 < waits <= seconds


@pytest.mark.parametrize("fault", ["broken", "drop_before", "garbage"])
async def test_trouble_on_the_way_is_tried_again_until_it_is_over(office: Office, fault: str) -> None:
    (phone,) = await office.phones(1)
    await office.post(phone, ["hello"])
    getattr(office.sandbox.faults, fault)(times=3)
    sender = office.sender()
    async with office.sending(sender):
        for _ in range(3):
            await eventually(lambda left=office.sandbox.faults.left: office.sandbox.faults.left < left or not left)
            await eventually(lambda: due_later(office))
            office.clock.shift += timedelta(minutes=11)
            sender.wake()
        await office.settled()
    assert office.sent == ["hello"]


async def due_later(office: Office) -> bool:
    async with office.database.reading() as session:
        parcel = (await session.scalars(select(Parcel))).one()
    return parcel.status is Delivery.SENT or (parcel.error is not None and parcel.due_at > office.clock())


async def test_what_does_no_harm_twice_arrives_at_least_once_when_the_answer_is_lost(office: Office) -> None:
    (phone,) = await office.phones(1)
    await office.post(phone, ["hello"])
    office.sandbox.faults.drop_after()
    sender = office.sender()
    async with office.sending(sender):
        await eventually(lambda: due_later(office))
        office.clock.shift += timedelta(minutes=11)
        sender.wake()
        await office.settled()
    assert office.sent == ["hello", "hello"]
    assert await office.standing() == {Delivery.SENT: 1}


async def test_what_must_not_arrive_twice_is_sent_once_and_marked_unsure(office: Office) -> None:
    (phone,) = await office.phones(1)
    await office.post(phone, ["hello"], repeatable=False)
    office.sandbox.faults.drop_after()
    async with office.sending(office.sender()):
        await office.settled()
    assert office.sent == ["hello"]
    assert await office.standing() == {Delivery.UNSURE: 1}


async def test_what_must_not_arrive_twice_is_still_repeated_when_telegram_did_not_take_it(office: Office) -> None:
    (phone,) = await office.phones(1)
    await office.post(phone, ["hello"], repeatable=False)
    office.sandbox.faults.too_many(retry_after=1)
    sender = office.sender()
    async with office.sending(sender):
        await eventually(lambda: due_later(office))
        office.clock.shift += timedelta(seconds=2)
        sender.wake()
        await office.settled()
    assert office.sent == ["hello"]


async def test_who_blocked_the_bot_is_called_once_and_then_left_alone(office: Office) -> None:
    gone, here = await office.phones(2)
    gone.person.blocked = True
    await office.post(gone, ["one"])
    async with office.sending(office.sender()):
        await office.settled()
        await office.post(gone, ["two", "three"])
        await office.post(here, ["hello"])
        await office.settled()
    assert await office.standing() == {Delivery.UNREACHABLE: 3, Delivery.SENT: 1}
    calls = Counter(c.params["chat_id"] for c in office.sandbox.calls)
    assert calls == {gone.id: 1, here.id: 1}


async def test_what_telegram_refuses_is_not_repeated_and_stops_nothing_else(office: Office) -> None:
    (phone,) = await office.phones(1)
    await office.post(phone, ["<b>never closed", "x" * 5000, "hello"])
    async with office.sending(office.sender()):
        await office.settled()
    assert await office.standing() == {Delivery.REFUSED: 2, Delivery.SENT: 1}
    assert office.sandbox.requests["sendMessage"] == 3


@pytest.mark.parametrize("plain", [b'["", {}]', b'["noSuchMethod", {}]', b'["sendMessage", {}]', b"[]", b"not JSON"])
async def test_a_row_that_makes_no_sense_stops_nothing_else(office: Office, plain: bytes) -> None:
    (phone,) = await office.phones(1)
    await office.post(phone, ["broken", "hello"])
    async with office.database.transaction() as session:
        parcel = (await session.scalars(select(Parcel).order_by(Parcel.id))).first()
        assert parcel is not None
        parcel.sealed = office.vault.seal(plain, parcel.seal_place)
    async with office.sending(office.sender()):
        await office.settled()
    assert office.sent == ["hello"]
    assert await office.standing() == {Delivery.REFUSED: 1, Delivery.SENT: 1}


# what fails again and again


async def tried(office: Office, times: int) -> None:
    """All that waits was tried so often already, and is due."""
    async with office.database.transaction() as session:
        waits = Parcel.status == Delivery.WAITING
        await session.execute(update(Parcel).where(waits).values(tries=times, due_at=office.clock()))


async def test_what_fails_for_a_day_is_given_up_and_costs_nobody_else_anything(office: Office) -> None:
    (phone,) = await office.phones(1)

    async def make(order: str, person: Person, values: Mapping[str, Any]) -> Made | None:
        raise OSError("the file can't be had")

    async with office.database.transaction() as session:
        for order in ("quick", "slow"):
            post_order(
                session, office.vault, office.people[phone.id], order, {}, priority=Priority.RELAY, now=office.clock()
            )
    receipts: list[str] = []
    async with office.by_hand(lanes=[{"slow"}]) as sender:
        sender.make = make
        for tries, given_up in ((46, 0), (47, 0), (MOST_TRIES - 2, 0), (MOST_TRIES - 1, 2)):
            await tried(office, tries)
            receipts.append(f"receipt {tries}")
            await office.post(phone, receipts[-1:], Priority.RECEIPT, repeatable=False)
            await office.round_of(sender)
            assert office.sent == receipts
            standing = await office.standing()
            assert (standing[Delivery.WAITING], standing[Delivery.REFUSED]) == (2 - given_up, given_up)


async def test_what_an_outage_of_telegram_delays_is_never_given_up(office: Office) -> None:
    (phone,) = await office.phones(1)
    await office.post(phone, ["hello"])
    async with office.by_hand() as sender:
        for _ in range(2):
            await tried(office, MOST_TRIES)
            office.sandbox.faults.drop_before(times=2)  # the message, and the question whether anybody is there
            await office.round_of(sender)
        async with office.database.reading() as session:
            assert (await session.scalars(select(Parcel.tries))).all() == [MOST_TRIES]
        office.sandbox.faults.too_many(retry_after=40)
        await tried(office, MOST_TRIES)
        await office.round_of(sender)
        assert await office.standing() == {Delivery.WAITING: 1}
        await tried(office, MOST_TRIES)
        await office.round_of(sender)
    assert office.sent == ["hello"]


@pytest.mark.parametrize("slow", [False, True])
async def test_a_result_that_can_not_be_written_down_harms_no_other(
    office: Office, monkeypatch: pytest.MonkeyPatch, slow: bool
) -> None:
    (phone,) = await office.phones(1)

    async def make(order: str, person: Person, values: Mapping[str, Any]) -> Made | None:
        return Made(SendMessage(chat_id=0, text="made"))

    async with office.database.transaction() as session:
        post_order(
            session, office.vault, office.people[phone.id], "bad", {}, priority=Priority.ALERT, now=office.clock()
        )
    await office.post(phone, ["one", "two"], repeatable=False)
    really = bot.delivery._settle

    def settle(parcel: Parcel, *rest: Any) -> None:
        if parcel.priority == Priority.ALERT:
            raise KeyError("a mistake of our own")
        really(parcel, *rest)

    monkeypatch.setattr("bot.delivery._settle", settle)
    async with office.by_hand(lanes=[{"bad"}] if slow else []) as sender:
        sender.make = make
        for _ in range(2):
            await office.round_of(sender)
            office.clock.shift += LEASE
    assert Counter(office.sent) == {"made": 2, "one": 1, "two": 1}
    assert await office.standing() == {Delivery.WAITING: 1, Delivery.SENT: 2}


# leases


async def test_what_a_dead_sender_had_taken_goes_out_when_its_lease_ends(office: Office) -> None:
    (phone,) = await office.phones(1)
    await office.post(phone, ["hello"])
    async with office.database.transaction() as session:  # takes it, and dies
        assert await hold(session, "outbox", "the dead one", office.clock(), TERM)
        assert len(await lease(session, office.clock(), ROUND)) == 1
    follower = office.sender()
    async with office.sending(follower):
        await asyncio.sleep(0.2)
        assert office.sent == []
        office.clock.shift += LEASE + timedelta(seconds=1)
        follower.wake()
        await office.settled()
    assert office.sent == ["hello"]


async def test_a_sender_that_stops_hands_over_at_once(office: Office) -> None:
    (phone,) = await office.phones(1)
    async with office.sending(office.sender()):
        await office.post(phone, ["one"])
        await office.settled()
    async with office.sending(office.sender()):
        await office.post(phone, ["two"])
        await office.settled()
    assert office.sent == ["one", "two"]


async def test_a_sender_that_stops_finishes_its_round_and_loses_nothing(office: Office) -> None:
    phones = await office.phones(60)
    for phone in phones:
        await office.post(phone, ["hello"])
    office.sandbox.faults.delay(0.05, times=1000)
    async with office.sending(office.sender()):
        await office.sandbox.until(lambda: office.sandbox.requests["sendMessage"] > 0)
    sent = len(office.sent)
    assert await office.standing() == {Delivery.SENT: sent, Delivery.WAITING: 60 - sent}
    assert 0 < sent < 60


async def test_of_two_senders_one_is_active_and_nothing_goes_out_twice(office: Office) -> None:
    phones = await office.phones(50)
    one, other = office.sender(), office.sender()
    other.database = Database(office.database.url.render_as_string(hide_password=False))
    async with office.sending(one, other):
        for round_ in range(3):
            for phone in phones:
                await office.post(phone, [f"{phone.id} {round_}"])
            one.wake()
            other.wake()
            await office.settled()
    assert len(office.sent) == len(set(office.sent)) == 150
    took = [sender.metrics.registry.get_sample_value("bot_sends_total", LABELS) or 0 for sender in (one, other)]
    assert sorted(took) == [0, 150]
    await other.database.close()


LABELS = {"method": "sendMessage", "result": "ok"}


async def test_a_sender_survives_whatever_goes_wrong_inside_it(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    (phone,) = await office.phones(1)
    await office.post(phone, ["hello"])
    sender = office.sender()
    really, failures = sender._round, iter([RuntimeError(), OSError(), KeyError()])

    async def round_() -> float:
        if (failure := next(failures, None)) is not None:
            raise failure
        return await really()

    monkeypatch.setattr(sender, "_round", round_)
    async with office.sending(sender):
        await office.settled()
    assert office.sent == ["hello"]


# pace


async def test_no_more_leaves_in_a_second_than_the_settings_allow(office: Office) -> None:
    phones = await office.phones(40)
    for phone in phones:
        await office.post(phone, ["hello"])
    sender = office.sender(rate=10)
    assert (sender.pace.limiter.max_rate, sender.pace.limiter.time_period) == (10, 1)
    sender.pace.limiter = AsyncLimiter(10, 3600)  # a second that lasts an hour
    running = asyncio.create_task(sender.run())
    await office.sandbox.until(lambda: len(office.sent) == 10)
    await asyncio.sleep(0.2)
    assert len(office.sent) == 10
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await sender.bot.session.close()


async def test_what_takes_long_holds_nothing_up_keeps_its_lease_and_leaves_no_file(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (phone,) = await office.phones(1)
    begun, go_on, made = asyncio.Event(), asyncio.Event(), 0
    monkeypatch.setattr(bot.delivery, "LEASE", timedelta(seconds=0.06))  # renewed every 20 ms

    async def make(order: str, person: Person, values: Mapping[str, Any]) -> Made:
        nonlocal made
        made += 1
        begun.set()
        async with asyncio.timeout(20):  # else a sender that waits for it would never end
            await go_on.wait()
        folder = tmp_path / f"{made}"
        folder.mkdir()
        (folder / "table.csv").write_text("1")
        document = SendDocument(chat_id=0, document=FSInputFile(folder / "table.csv"))
        return Made(document, before=[SendMessage(chat_id=0, text="part 1")], folder=folder)

    async with office.database.transaction() as session:
        post_order(
            session, office.vault, office.people[phone.id], "table", {}, priority=Priority.RECEIPT, now=office.clock()
        )
    sender = office.sender(lanes=[{"table"}])
    sender.make = make
    async with office.sending(sender):
        await begun.wait()
        await office.post(phone, ["a receipt"])
        sender.wake()
        await eventually(lambda: office.sent == ["a receipt"])
        office.clock.shift += LEASE  # so long that another sender would take it, if it were not renewed

        async def renewed() -> bool:
            async with office.database.reading() as session:
                due = await session.scalar(select(Parcel.due_at).where(Parcel.status == Delivery.WAITING))
            return due is not None and due > office.clock() + LEASE / 2

        await eventually(renewed)
        go_on.set()
        await office.settled()
    assert office.sent == ["a receipt", "part 1"]
    assert made == 1
    assert [call.method for call in office.sandbox.calls if call.ok][-1] == "sendDocument"
    assert not (tmp_path / "1").exists()


async def test_a_plot_does_not_wait_for_a_table_that_takes_minutes_and_tables_take_turns(office: Office) -> None:
    (phone,) = await office.phones(1)
    begun, go_on, at_work = asyncio.Event(), asyncio.Event(), Counter[str]()

    async def make(order: str, person: Person, values: Mapping[str, Any]) -> Made:
        at_work[order] += 1
        if order != "plot":
            begun.set()
            async with asyncio.timeout(20):
                await go_on.wait()
        return Made(SendMessage(chat_id=0, text=f"the {order}"))

    async def order(*names: str) -> None:
        async with office.database.transaction() as session:
            for name in names:
                person, now = office.people[phone.id], office.clock()
                post_order(session, office.vault, person, name, {}, priority=Priority.RELAY, now=now)

    await order("table", "full table")
    sender = office.sender(lanes=[{"table", "full table"}, {"plot"}])
    sender.make = make
    async with office.sending(sender):
        await begun.wait()
        await order("plot", "plot")
        sender.wake()
        await eventually(lambda: office.sent == ["the plot"] * 2)
        assert at_work == {"table": 1, "plot": 2}  # never two of a lane at once
        go_on.set()
        await office.settled()
    assert office.sent == ["the plot"] * 2 + ["the table", "the full table"]


def test_figures_and_exports_are_in_different_lanes() -> None:
    orders = [order for lane in LANES for order in lane]
    assert len(orders) == len(set(orders))
    assert set(orders) <= set(makers())
    assert not any({"export", "full export"} & lane and {"flag figures", "flag plot"} & lane for lane in LANES)


async def test_a_file_made_for_somebody_who_has_left_is_deleted(office: Office, tmp_path: Path) -> None:
    (phone,) = await office.phones(1)
    folder, made = tmp_path / "made", 0

    async def make(order: str, person: Person, values: Mapping[str, Any]) -> Made:
        nonlocal made
        made += 1
        folder.mkdir()
        return Made(SendMessage(chat_id=0, text="the table"), folder=folder)

    async with office.database.transaction() as session:
        (await session.get_one(Person, office.people[phone.id])).blocked_at = office.clock()
        post_order(
            session, office.vault, office.people[phone.id], "table", {}, priority=Priority.RELAY, now=office.clock()
        )
    sender = office.sender(lanes=[{"table"}])
    sender.make = make
    async with office.sending(sender):
        await office.settled()
    assert (office.sent, made) == ([], 1)
    assert not folder.exists()


async def test_what_takes_long_is_made_again_after_a_stop_in_the_middle(office: Office) -> None:
    (phone,) = await office.phones(1)
    begun, tries = asyncio.Event(), 0

    async def make(order: str, person: Person, values: Mapping[str, Any]) -> Made:
        nonlocal tries
        tries += 1
        begun.set()
        if tries == 1:
            await asyncio.Event().wait()
        return Made(SendMessage(chat_id=0, text="the table"))

    async with office.database.transaction() as session:
        post_order(
            session, office.vault, office.people[phone.id], "table", {}, priority=Priority.RELAY, now=office.clock()
        )
    for shift in (timedelta(), LEASE):
        office.clock.shift += shift
        sender = office.sender(lanes=[{"table"}])
        sender.make = make
        async with office.sending(sender):
            await begun.wait()
            if shift:
                await office.settled()
    assert office.sent == ["the table"]
    assert tries == 2
