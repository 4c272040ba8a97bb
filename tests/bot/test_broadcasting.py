"""Broadcasts on their way: at their pace, after all that is more urgent, once, whoever dies and whatever breaks."""

import asyncio
import random
from bisect import bisect_left
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from time import monotonic

import pytest

from bot import broadcasting
from bot.broadcasting import Broadcasting
from bot.metrics import Metrics
from bot.pace import Pace
from bot.sandbox import Phone, Sandbox
from bot.telegram import connect
from handlers.texts import load_texts
from models.broadcasts import Broadcast, Stage, new_draft, start
from models.database import Database
from models.leases import hold
from models.markup import Rich
from models.outbox import Priority, lease, post
from models.people import Language, Person, load_people
from models.quiet import next_at_hour
from models.recipients import Recipient
from models.vault import Vault
from tests.house import TOKEN, TestClock
from tests.walks import Trouble, count, eventually

TEXT = "Ертең кездесу"
TEXTS = load_texts()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcasting, "_LOOK_AGAIN", 0.02)
    monkeypatch.setattr(broadcasting, "TICK", 0.01)


class Post:
    """A database with a broadcast in it, a local Telegram, and as many senders as a test wants; no bot."""

    def __init__(self, database: Database, vault: Vault, sandbox: Sandbox, url: str, clock: TestClock) -> None:
        self.database, self.vault, self.sandbox, self.url, self.clock = database, vault, sandbox, url, clock
        self.names = iter(range(1_000))
        self.woken = 0

    async def begin(self, number: int) -> list[Phone]:
        """Start a broadcast to so many people; the first of them is its owner."""
        phones = [self.sandbox.phone(1000 + i) for i in range(number)]
        for phone in phones:
            phone.person.started = True
        languages = dict.fromkeys(phone.id for phone in phones)
        async with self.database.transaction() as session:
            people = await load_people(session, self.vault, languages, default=Language.KAZAKH, now=self.clock())
            draft = await new_draft(session, people[phones[0].id].id, self.clock())
            draft.write(self.vault, Language.KAZAKH, Rich(text=TEXT), self.clock())
            draft.message_id = 1
            await start(session, draft, may_count=True, now=self.clock())
        return phones

    def sender(self, rate: float = 500, pace: float = 1000) -> Broadcasting:
        return Broadcasting(
            database=self.database,
            vault=self.vault,
            bot=connect(TOKEN, self.url),
            texts=TEXTS,
            metrics=Metrics(),
            pace=Pace(pace),
            name=f"sender {next(self.names)}",
            wake_outbox=self._wake,
            rate=rate,
            clock=self.clock,
        )

    def _wake(self) -> None:
        self.woken += 1

    @asynccontextmanager
    async def sending(self, *senders: Broadcasting) -> AsyncIterator[None]:
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

    async def broadcast(self) -> Broadcast:
        async with self.database.reading() as session:
            return await session.get_one(Broadcast, 1)

    async def done(self) -> None:
        async def is_done() -> bool:
            return (await self.broadcast()).stage is Stage.DONE

        await eventually(is_done)

    @property
    def sent(self) -> Counter[int]:
        """How often Telegram has sent it to each person."""
        calls = (call for call in self.sandbox.calls if call.method == "sendMessage" and call.ok)
        return Counter(int(call.params["chat_id"]) for call in calls if call.params["text"] == TEXT)


@pytest.fixture
async def office(database: Database, vault: Vault) -> AsyncIterator[Post]:
    clock = TestClock()
    clock.shift = next_at_hour(clock(), 12) - clock()
    sandbox = Sandbox(token=TOKEN, clock=clock)
    async with sandbox.serve() as url:
        yield Post(database, vault, sandbox, url, clock)


async def test_everybody_gets_it_once_and_the_owner_s_message_is_brought_up_to_date(office: Post) -> None:
    phones = await office.begin(40)
    async with office.sending(office.sender()):
        await office.done()
    assert office.sent == Counter(phone.id for phone in phones)
    assert office.woken >= 2
    broadcast = await office.broadcast()
    assert (broadcast.sent, broadcast.left, broadcast.expected_at) == (40, 0, None)


async def test_at_night_it_arrives_without_a_sound(office: Post) -> None:
    office.clock.shift += timedelta(hours=12)
    await office.begin(2)
    async with office.sending(office.sender()):
        await office.done()
    assert [call.params.get("disable_notification") for call in office.sandbox.calls] == [True, True]


@pytest.mark.parametrize("seed", range(3))
async def test_a_kill_at_any_moment_costs_nobody_their_message_twice_and_passes_over_nobody_in_silence(
    office: Post, seed: int
) -> None:
    chance = random.Random(seed)
    phones = await office.begin(60)
    for _ in range(6):
        sender = office.sender(rate=200)
        for _ in range(chance.randrange(12)):
            await asyncio.sleep(await sender.work())
        await asyncio.sleep(chance.random() * 0.01)
        kill(sender)
        await sender.bot.session.close()
        office.clock.shift += timedelta(seconds=31)  # its lease runs out
    async with office.sending(office.sender()):
        await office.done()
    broadcast = await office.broadcast()
    missing = {phone.id for phone in phones} - set(office.sent)
    assert max(office.sent.values()) == 1
    assert len(missing) <= broadcast.unsure
    assert broadcast.sent + broadcast.unsure == 60
    assert broadcast.sent <= len(office.sent)


def kill(sender: Broadcasting) -> None:
    """As SIGKILL does: nothing is finished, nothing is written down."""
    for task in sender._in_flight.values():
        task.cancel()


async def take_some(sender: Broadcasting) -> None:
    """Work until people are being written to."""
    seconds = await sender.work()
    while not sender._in_flight:
        await asyncio.sleep(seconds)
        seconds = await sender.work()


async def test_a_sender_that_goes_on_after_another_died_knows_whom_that_one_had_taken(office: Post) -> None:
    await office.begin(60)
    one, other = office.sender(rate=200), office.sender(rate=200)
    await take_some(one)
    await one._end()  # all is written down; then it sleeps for long
    office.clock.shift += timedelta(seconds=31)
    await take_some(other)
    taken = len(other._in_flight)
    kill(other)
    office.clock.shift += timedelta(seconds=31)
    async with office.sending(one):
        await office.done()
    await other.bot.session.close()
    broadcast = await office.broadcast()
    assert (broadcast.sent + broadcast.unsure, broadcast.left) == (60, 0)
    assert broadcast.unsure >= taken
    assert max(office.sent.values()) == 1


async def test_a_broadcast_that_was_cancelled_when_its_sender_died_leaves_no_names_behind(office: Post) -> None:
    await office.begin(30)
    dead = office.sender(rate=200)
    await take_some(dead)
    kill(dead)
    await dead.bot.session.close()
    async with office.database.transaction() as session:
        broadcast = await session.get_one(Broadcast, 1)
        assert broadcast.cancel(office.clock())
    office.clock.shift += timedelta(seconds=31)

    async def is_empty() -> bool:
        return await count(office.database, Recipient) == 0

    async with office.sending(office.sender()):
        await eventually(is_empty)
    broadcast = await office.broadcast()
    assert broadcast.unsure > 0
    assert (broadcast.stage, broadcast.left) == (Stage.CANCELLED, 30 - broadcast.unsure - broadcast.sent)


async def test_who_was_taken_in_a_transaction_that_failed_is_written_to_all_the_same(
    office: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    phones = await office.begin(30)
    sender = office.sender()
    trouble = Trouble(monkeypatch, office.database)
    async with office.sending(sender):
        for at_commit in (True, False, True):
            trouble.at_commit, trouble.times = at_commit, 2
            await eventually(lambda: not trouble.times)
        await office.done()
    assert office.sent == Counter(phone.id for phone in phones)
    broadcast = await office.broadcast()
    assert (broadcast.sent, broadcast.unsure) == (30, 0)


async def test_a_commit_whose_answer_was_lost_leaves_nobody_out(office: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    phones = await office.begin(20)
    sender, lost = office.sender(rate=100), iter([True, False, True, True, False, True])
    really = office.database.transaction

    @asynccontextmanager
    async def transaction():  # type: ignore[no-untyped-def]
        async with really() as session:
            yield session
        if next(lost, False):
            raise OSError("the server went away after the commit")

    monkeypatch.setattr(office.database, "transaction", transaction)
    async with office.sending(sender):
        await office.done()
    assert office.sent == Counter(phone.id for phone in phones)
    assert (await office.broadcast()).sent == 20


async def test_of_two_replicas_one_sends(office: Post) -> None:
    phones = await office.begin(60)
    senders = [office.sender(rate=300) for _ in range(2)]
    async with office.sending(*senders):
        await office.done()
    assert office.sent == Counter(phone.id for phone in phones)
    labels = {"method": "sendMessage", "result": "ok"}
    took = [sender.metrics.registry.get_sample_value("bot_sends_total", labels) or 0 for sender in senders]
    assert sorted(took) == [0, 60]
    assert (await office.broadcast()).unsure == 0


async def test_it_works_under_the_lease_of_the_outbox_s_sender(office: Post) -> None:
    await office.begin(3)
    async with office.database.transaction() as session:
        assert await hold(session, "outbox", "another replica", office.clock(), timedelta(seconds=30))
    async with office.sending(office.sender()):
        await asyncio.sleep(0.2)
        assert not office.sent
        office.clock.shift += timedelta(seconds=31)
        await office.done()
    assert len(office.sent) == 3


async def test_everything_that_is_due_goes_first(office: Post) -> None:
    phones = await office.begin(3)
    async with office.database.transaction() as session:
        owner = await session.get_one(Person, 1)
        post(
            session,
            office.vault,
            owner.id,
            "sendMessage",
            {"text": "x"},
            priority=Priority.REMINDER,
            now=office.clock(),
        )
    async with office.sending(office.sender()):
        await eventually(lambda: queued(office))
        await asyncio.sleep(0.1)
        assert not office.sent
        async with office.database.transaction() as session:
            assert len(await lease(session, office.clock(), 10)) >= 1
        await office.done()
    assert office.sent == Counter(phone.id for phone in phones)


async def queued(office: Post) -> bool:
    return await count(office.database, Recipient) == 3


async def test_a_wait_that_telegram_asks_for_is_kept_and_loses_nobody(office: Post) -> None:
    phones = await office.begin(10)
    office.sandbox.faults.too_many(retry_after=1, method="sendMessage")
    sender = office.sender()
    async with office.sending(sender):
        await eventually(lambda: not office.sandbox.faults.left)
        await eventually(lambda: not sender._in_flight and not sender._results)
        assert sender._silent_until > monotonic()
        before = len(office.sent)
        await asyncio.sleep(0.3)
        assert len(office.sent) == before
        office.clock.shift += timedelta(seconds=2)
        await office.done()
    assert office.sent == Counter(phone.id for phone in phones)


async def test_when_telegram_slows_the_whole_bot_the_outbox_is_silent_too(office: Post) -> None:
    await office.begin(30)
    office.sandbox.faults.too_many(retry_after=30, times=30, method="sendMessage")
    sender = office.sender(rate=1000)
    async with office.sending(sender):
        await eventually(lambda: sender.pace.wait() > 25)
    assert not office.sent


async def test_an_outage_delays_and_drops_nobody(office: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcasting, "_LONGEST_TROUBLE", 0.05)
    phones = await office.begin(12)
    office.sandbox.faults.broken(times=20, method="sendMessage")
    sender = office.sender()
    async with office.sending(sender):
        while office.sandbox.faults.left:
            office.clock.shift += timedelta(minutes=11)
            await asyncio.sleep(0.05)
        office.clock.shift += timedelta(minutes=11)
        await office.done()
    assert office.sent == Counter(phone.id for phone in phones)
    assert (await office.broadcast()).sent == 12


async def test_a_broken_connection_is_told_as_perhaps_sent_and_what_is_refused_as_refused(office: Post) -> None:
    phones = await office.begin(5)
    office.sandbox.faults.drop_after(method="sendMessage", chat_id=phones[1].id)
    office.sandbox.faults.refuse(400, "Bad Request: something", method="sendMessage", chat_id=phones[2].id)
    phones[3].person.blocked = True
    async with office.sending(office.sender()):
        await office.done()
    broadcast = await office.broadcast()
    assert (broadcast.sent, broadcast.unsure, broadcast.refused, broadcast.blocked) == (2, 1, 1, 1)
    assert max(office.sent.values()) == 1
    async with office.database.reading() as session:
        assert (await session.get_one(Person, 4)).blocked_at is not None


def test_its_pace_never_bursts_however_late_a_round_is(
    office_less: Broadcasting, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(broadcasting, "monotonic", lambda: now)
    monkeypatch.setattr(broadcasting, "TICK", 0.1)
    chance, sent = random.Random(1), list[float]()
    office_less._credited_at = now - 3600
    for _ in range(2000):
        sent += [now] * office_less._turns()
        now += chance.choice([0.1, 0.1, 0.1, 0.11, 0.13, 0.3, 2.0])
    assert max(bisect_left(sent, at + 1) - number for number, at in enumerate(sent)) <= 30
    start_at, before = now, len(sent)
    while now < start_at + 60:
        sent += [now] * office_less._turns()
        now += 0.1
    assert 24.5 <= (len(sent) - before) / 60 <= 25.5


@pytest.fixture
def office_less() -> Broadcasting:
    """A sender that only counts."""
    nothing: object = None
    return Broadcasting(
        database=nothing, vault=nothing, bot=nothing, texts={}, metrics=nothing, pace=Pace(30), name="x",
        wake_outbox=print, rate=25,
    )  # type: ignore[arg-type]  # fmt: skip
