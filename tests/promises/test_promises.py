"""The seven promises that people may rely on, each kept from end to end; the parts are tested in their own places."""

import asyncio
import contextlib
import io
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import select, update

from bot.app import open_app
from bot.check import check_content
from bot.logs import setup_logs
from bot.sandbox import Phone, Sandbox
from models.audit import AuditEntry, verify
from models.database import Database
from models.flags import Flag
from models.leases import Lease
from models.outbox import Delivery, Parcel, Priority
from models.people import Person
from models.updates import DeadLetter, SeenUpdate
from models.vault import CannotOpen, Vault
from tests.e2e.handles import handle
from tests.house import (
    KEY,
    PASSENGER,
    REVIEWER,
    TOKEN,
    House,
    TestClock,
    open_house,
    replace_handler,
    settings_for,
)
from tests.walks import SAVED, TAPS, count, eventually, flag, open_form, receipts

ROOT = Path(__file__).parents[2]
WORDS = "Мені қорқытты: he followed me to Абай 17"
PLATE = "847 QZX 02"
STRANGER = 700_112_233
"""A number that is nobody else's and stands nowhere by chance."""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.engine.PATIENCE", (0.0, 0.0, 0.0))
    monkeypatch.setattr("bot.intake._LONGEST_PAUSE", 0.02)
    monkeypatch.setattr("bot.delivery._LOOK_AGAIN", 0.05)
    monkeypatch.setattr("bot.replies._LONGEST_PAUSE", 0.02)


@pytest.fixture
def path(sqlite_template: Path, tmp_path: Path) -> Path:
    """A database of SQLite at the newest revision."""
    path = tmp_path / "qurmet.db"
    path.write_bytes(sqlite_template.read_bytes())
    return path


def everything(path: Path) -> bytes:
    """What is in the file, and in those that SQLite keeps beside it."""
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(path.name + "*")))


async def tell_all(house: House, phone: Phone) -> str:
    """Flag with plate and words; returns the receipt."""
    receipt = await flag(phone)
    its = await handle(house, Flag)
    await phone.press_data(f"own:plate:{its}", expect=1)
    await phone.send(PLATE)
    await phone.press_data(f"own:words:{its}", expect=1)
    await phone.send(WORDS)
    return receipt


# 1. A flag whose receipt was shown survives kill -9 at any moment; replays and double taps give the same receipt.


class Process:
    """`python -m bot run`, as a deployment has it."""

    def __init__(self, url: str, database_url: str, log: Path) -> None:
        self._log = log
        self._environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ},
            "BOT_TOKEN": TOKEN,
            "TELEGRAM_API_URL": url,
            "DATABASE_URL": database_url,
            "SECRET_KEYS": KEY,
            "OWNER_IDS": str(REVIEWER),
            "HEALTH_LISTEN": "off",
            "LOG_LEVEL": "DEBUG",
            "PYTHONPATH": str(ROOT),
        }

    @asynccontextmanager
    async def running(self, ended_by: signal.Signals) -> AsyncIterator[None]:
        """Start it; when the block ends, send the signal at that very moment and wait until it's gone."""
        with self._log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", cwd=self._log.parent, env=self._environment, stdout=log, stderr=log
            )
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(ended_by)
            self.status = await asyncio.wait_for(process.wait(), 30)


@asynccontextmanager
async def looking(database_url: str) -> AsyncIterator[Database]:
    """The same database, as somebody beside the process sees it."""
    database = Database(database_url)
    try:
        yield database
    finally:
        await database.close()


async def let_leases_run_out(database: Database) -> None:
    """What the dead process had taken becomes free, as if the minute had passed."""
    async with database.transaction() as session:
        await session.execute(update(Lease).values(until=TestClock()()))
        await session.execute(update(Parcel).where(Parcel.status == Delivery.WAITING).values(due_at=Parcel.created_at))


async def test_1_a_flag_whose_receipt_was_shown_survives_kill_9_at_any_moment(path: Path) -> None:
    log = path.with_name("log")
    sandbox = Sandbox(token=TOKEN)
    passenger, reviewer = (sandbox.phone(i, first_name="Somebody") for i in (STRANGER, REVIEWER))
    database_url = f"sqlite+aiosqlite:///{path}"
    vault = Vault([b"k" * 32])
    async with sandbox.serve() as url, looking(database_url) as database:
        process = Process(url, database_url, log)

        # Killed the moment the receipt is on the screen.
        reviewer.post("/start")
        passenger.post("/start")
        async with process.running(signal.SIGKILL):
            await passenger.until(lambda p: p.texts, timeout=60)
            await open_form(passenger)
            form = passenger.last
            pressed = next(row[0]["callback_data"] for row in form.buttons if row[0]["text"] == TAPS[-1])
            passenger.tap_data(pressed, form)
            passenger.tap_data(pressed, form)
            await passenger.until(lambda p: SAVED in p.texts)
        (shown,) = receipts(passenger.texts)
        await let_leases_run_out(database)

        # Killed between the commit and the screen, with the first flag's press coming again besides.
        sandbox.faults.delay(60, times=100, method="editMessageText", chat_id=passenger.id)
        passenger.tap_data(pressed, form)
        async with process.running(signal.SIGKILL):
            await passenger.until(lambda p: p.texts.count(shown) >= 2, timeout=60)
            passenger.tap_data("report:send:another:now:PH6:")
            await eventually(lambda: stored(database, 2), 30)
        sandbox.faults.clear()
        await let_leases_run_out(database)

        # Ended as a deployment ends it, while a hundred wait.
        async with process.running(signal.SIGTERM):
            await passenger.send("/myreports", timeout=60)
            async with database.reading() as session:
                flags = [row.receipt(vault) for row in await session.scalars(select(Flag).order_by(Flag.id))]
            assert flags[0] == shown.replace("-", "")
            assert len(flags) == 2
            for receipt in flags:
                code = f"{receipt[:4]}-{receipt[4:8]}-{receipt[8:]}"
                await passenger.until(lambda p, c=code: c in labels(p))  # in /myreports
                await passenger.until(
                    lambda p, c=code: any("Your code" in m.text and c in m.text for m in p.messages), timeout=60
                )
            await reviewer.until(lambda p: "new in the queue" in p.texts, timeout=60)
            reviewer.post("/queue")
            await reviewer.until(lambda p: "№1" in p.texts and "№2" in p.texts)
            assert "№3" not in reviewer.texts
            crowd = [sandbox.phone(5000 + number) for number in range(100)]
            ids = {phone.id: phone.post("/help") for phone in crowd}
        assert process.status == 0
        async with database.reading() as session:
            handled = set(await session.scalars(select(SeenUpdate.update_id)))
        for phone in crowd:
            confirmed = not sandbox.delivery.waits(ids[phone.id])
            assert confirmed == (ids[phone.id] in handled) == any(m.from_bot for m in phone.messages)
    never_logged(log.read_text())


def labels(phone: Phone) -> str:
    """All that stands on buttons in the chat."""
    return "\n".join(button["text"] for message in phone.messages for row in message.buttons for button in row)


async def stored(database: Database, number: int) -> bool:
    return await count(database, Flag) == number


async def test_1_replays_and_double_taps_give_the_same_receipt(house: House) -> None:
    phone = house.phone(PASSENGER)
    await open_form(phone)
    form = phone.last
    data = next(row[0]["callback_data"] for row in form.buttons if row[0]["text"] == TAPS[-1])
    updates = []
    for number in range(3):  # three presses, each delivered four times, alone and together
        phone.press_button(form, data)
        updates.append(next(reversed(house.sandbox.delivery._pending.values())).update)
        await house.app.engine.process([updates[-1], updates[-1]])
        await house.app.engine.process(updates[: number + 1])
    await house.sandbox.idle()
    await phone.until(lambda p: p.texts.count("Your code") >= 2)
    await phone.send("/myreports")
    assert len(receipts(phone.texts + phone.screen)) == 1
    assert await count(house.app.database, Flag) == 1


# 2. A stolen database file shows no Telegram id, no text of a flag, no plate, no contact.


async def test_2_a_stolen_database_file_shows_nothing_of_anybody(path: Path) -> None:
    async with open_house(f"sqlite+aiosqlite:///{path}") as house:
        phone = house.sandbox.phone(STRANGER, first_name="Әсемгүл", last_name="Unmistakable", username="asemgul_kz")
        receipt = await tell_all(house, phone)
        await phone.press_data(f"own:words:{await handle(house, Flag)}", expect=1)  # in the middle of a conversation
        stolen = everything(path)
    stolen += everything(path)
    digits = receipt.replace("-", "")
    secret = (str(STRANGER), WORDS, "Абай 17", "847QZX02", PLATE, digits, receipt, "Әсемгүл", "Unmistakable", "asemgul")
    assert len(stolen) > 50_000
    for text in secret:
        for encoding in ("utf-8", "utf-16-le"):
            assert text.encode(encoding) not in stolen
    for order in ("big", "little"):
        assert STRANGER.to_bytes(4, order) not in stolen


# 3. Nobody sees or changes a flag without the right to it; every look and change is in the audit, and an edited or
#    cut audit is detected.


async def test_3_nobody_sees_or_changes_a_flag_without_the_right_to_it(house: House) -> None:
    passenger, stranger, reviewer = house.phone(PASSENGER), house.phone(STRANGER), house.phone(REVIEWER)
    await reviewer.send("/start")
    receipt = await tell_all(house, passenger)
    await stranger.send("/start")
    its = await handle(house, Flag)
    for action in ("open", "plate", "words", "withdraw", "withdrawn"):
        await stranger.press_data(f"own:{action}:{its}")
    await stranger.send("1 AAA 02")
    for action in ("queue", "open", "read", "claim", "release", "outcome", "close"):
        await stranger.press_data(f"review:{action}:1:recorded:0")
    for command in ("/queue", "/flag 1", "/myreports"):
        await stranger.send(command)
    for secret in (receipt, receipt.replace("-", ""), WORDS, "847QZX02", "№1"):
        assert secret not in stranger.texts
    async with house.app.database.reading() as session:
        row = (await session.scalars(select(Flag))).one()
        assert (row.state.value, row.plate(house.app.vault), row.words(house.app.vault)) == ("new", "847QZX02", WORDS)
    await reviewer.send("/flag 1")
    await reviewer.press("words", expect=1)
    await reviewer.press("Claim", expect=1)
    async with house.app.database.reading() as session:
        entries = [(e.action.value, e.flag_id) for e in await session.scalars(select(AuditEntry))]
        assert await verify(session, house.app.vault) == []
    assert {("flag received", 1), ("flag opened", 1), ("words read", 1), ("flag claimed", 1)} <= set(entries)


async def test_3_an_edited_or_cut_audit_is_detected(path: Path) -> None:
    async with open_house(f"sqlite+aiosqlite:///{path}") as house:
        await house.phone(REVIEWER).send("/start")
        await tell_all(house, house.phone(PASSENGER))
        await house.phone(REVIEWER).send("/flag 1")
        for change in (
            "UPDATE audit SET actor_id = 99 WHERE number = 1",
            "DELETE FROM audit WHERE number = 2",
            "DELETE FROM audit WHERE number = (SELECT max(number) FROM audit)",
            "DELETE FROM audit",
        ):
            async with house.app.database.engine.connect() as connection:
                await connection.exec_driver_sql("DROP TRIGGER IF EXISTS audit_update")
                triggers = await connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'")
                for (name,) in triggers.fetchall():
                    await connection.exec_driver_sql(f'DROP TRIGGER "{name}"')  # a thief who has the file can
                await connection.exec_driver_sql(change)
                async with house.app.database._write_session(bind=connection) as session:
                    assert await verify(session, house.app.vault) != [], change
                await connection.rollback()


# 4. /deletedata and retention really remove: after key shredding, old backups can't be read either.


async def test_4_deleted_data_is_gone_from_the_file_and_a_lost_key_closes_old_backups(path: Path) -> None:
    async with open_house(f"sqlite+aiosqlite:///{path}") as house:
        phone = house.phone(STRANGER)
        await tell_all(house, phone)
        async with house.app.database.reading() as session:
            sealed = (await session.scalars(select(Flag))).one().wrapped_key
        await phone.send("/deletedata")
        await phone.press_data("data:delete", expect=1)
        assert await count(house.app.database, Flag) == 0
        assert await count(house.app.database, Parcel, Parcel.priority == Priority.RECEIPT) == 0
        assert await count(house.app.database, Person) == 1  # the owner
        await house.app.housekeeping.tidy()  # within the hour
        assert sealed not in everything(path)
    with pytest.raises(CannotOpen):
        Vault([b"n" * 32]).open(sealed, "whatever")


async def test_4_flags_that_ended_long_ago_are_removed_and_others_stay(house: House) -> None:
    phone = house.phone(PASSENGER)
    await flag(phone)
    await phone.press_data(f"own:withdrawn:{await handle(house, Flag)}", expect=1)
    await flag(phone)
    house.clock.shift += timedelta(days=366)
    await house.app.housekeeping.tidy()
    async with house.app.database.reading() as session:
        assert [row.id for row in await session.scalars(select(Flag))] == [2]


# 5. No token, no flag text, no plate in any log at any level.


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """All that all loggers say at any level, as the bot sets them up; everything is put back afterwards."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level, logging.getLogRecordFactory(), logging.raiseExceptions)
    hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    written = io.StringIO()
    setup_logs("json", "DEBUG", settings_for("http://x", "sqlite://").secret_values, stream=written)
    yield written
    root.handlers[:], level, factory, logging.raiseExceptions = before
    root.setLevel(level)
    logging.setLogRecordFactory(factory)
    logging.captureWarnings(False)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    structlog.reset_defaults()


def never_logged(text: str) -> None:
    assert text.strip()
    for secret in (TOKEN, TOKEN.partition(":")[2], KEY, "k" * 32, WORDS, "Абай 17", "847QZX02", PLATE, str(STRANGER)):
        assert secret not in text


async def test_5_no_token_no_words_no_plate_and_no_number_of_a_person_is_logged_at_any_level(
    database_url: str, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def boom(message: Any) -> None:
        raise ValueError(f"{WORDS} {PLATE} {STRANGER} {TOKEN} {message!r}")

    replace_handler(monkeypatch, "handlers.home.help_now", boom)
    async with open_house(database_url) as house:
        faults = house.sandbox.faults
        phone, reviewer = house.phone(STRANGER), house.phone(REVIEWER)
        await reviewer.send("/start")
        receipt = await tell_all(house, phone)
        await reviewer.send("/flag 1")
        await reviewer.press("words", expect=1)
        await phone.send("/sos")
        house.sandbox.push({"message": {"text": WORDS, "from": {"id": STRANGER}}})
        faults.refuse(400, "Bad Request: can't parse entities", method="sendMessage")
        await phone.send("/help", expect=0)
        for fault in (faults.broken, faults.garbage, faults.drop_before, faults.drop_after):
            fault(method="sendMessage")
            await phone.send(WORDS)
            fault(method="getUpdates")
            await phone.send("/help", timeout=20)
        phone.block()
        await house.sandbox.idle(20)
        monkeypatch.setattr(house.app.sender, "bot", house.app.bot)
    text = logged.getvalue()
    assert "set aside" in text
    assert receipt not in text
    never_logged(text)


# 6. Every text exists in kk, ru and en, with the same placeholders; every lesson has the same cards, questions and
#    answers in all three.


def test_6_every_text_and_lesson_is_there_in_all_three_languages() -> None:
    assert list(check_content()) == []


# 7. A flood by one person slows only that person. A Telegram outage delays, never drops.


async def test_7_a_flood_by_one_person_slows_only_that_person(house: House) -> None:
    flooder, passenger = house.phone(STRANGER), house.phone(PASSENGER)
    await open_form(passenger)
    for _ in range(500):
        flooder.post("/start")
    passenger.tap(TAPS[-1])
    await passenger.until(lambda p: SAVED in p.texts)
    assert len([m for m in flooder.messages if m.from_bot]) <= 31
    await house.sandbox.idle()
    house.clock.shift += timedelta(seconds=11)
    await flooder.send("/help")


async def test_7_an_outage_of_telegram_delays_and_never_drops(database_url: str) -> None:
    clock = TestClock()
    sandbox = Sandbox(token=TOKEN, clock=clock)
    phones = [sandbox.phone(6000 + number) for number in range(10)]
    reviewer = sandbox.phone(REVIEWER)
    port = 0
    async with contextlib.AsyncExitStack() as stack:
        serving = contextlib.AsyncExitStack()
        url = await serving.enter_async_context(sandbox.serve())
        port = int(url.rpartition(":")[2])
        app = await stack.enter_async_context(open_app(settings_for(url, database_url), clock=clock))
        running = asyncio.create_task(app.run())
        await reviewer.send("/start")
        for phone in phones:
            await phone.send("/start")
        await sandbox.idle()
        for phone in phones:  # stored while nothing can be shown or sent
            sandbox.faults.broken(times=10**6, method="sendMessage")
            sandbox.faults.broken(times=10**6, method="editMessageText")
            phone.tap_data("report:send:draft:over:VB2:")
        await eventually(lambda: stored(app.database, 10))
        await serving.aclose()  # and now it takes no connection at all
        sandbox.faults.clear()
        for phone in phones:
            phone.post("/help")
        await asyncio.sleep(0.2)
        async with sandbox.serve(port=port):
            clock.shift += timedelta(minutes=15)
            app.sender.wake()
            for phone in phones:
                await phone.until(lambda p: "Your code" in p.texts and "What I can do" in p.texts, timeout=20)
                assert len(receipts(phone.texts)) == 1
            await reviewer.until(lambda p: p.texts.count("new in the queue") == 10, timeout=20)
            await eventually(lambda: nothing_waits(app.database))
            assert await count(app.database, DeadLetter) == 0
            app.stop.set()
            await running


async def nothing_waits(database: Database) -> bool:
    return await count(database, Parcel, Parcel.status == Delivery.WAITING) == 0
