"""The whole bot: it starts whole or not at all, tells machines how it is, and stops without losing anything."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from sqlalchemy.exc import OperationalError

from bot.app import open_app
from bot.migrate import current_revision, migrate, newest_revision
from bot.rounds import LONG
from bot.sandbox import Sandbox
from models.database import Database
from models.outbox import Parcel
from models.team import Role, members
from tests.house import OWNER, PASSENGER, REVIEWER, TOKEN, House, TestClock, open_house, settings_for
from tests.walks import SAVED, TAPS, Trouble, count, eventually, flag, open_form

METRICS = (
    "bot_updates_total", "bot_update_duration_seconds_bucket", "bot_outbox_depth", "bot_outbox_age_seconds",
    "bot_dead_letters", "bot_batch_size_bucket", "bot_sends_total",
)  # fmt: skip


def free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
async def watched(database_url: str) -> AsyncIterator[House]:
    """A bot that machines may look at."""
    async with open_house(database_url, health_listen=free_address()) as house:
        yield house


async def get(house: House, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as http, http.get(f"http://{house.app.settings.health_listen}{path}") as answer:
        return answer.status, await answer.text()


async def test_a_bot_at_work_is_alive_and_ready(watched: House) -> None:
    await flag(watched.phone(PASSENGER))
    assert await get(watched, "/healthz") == (200, "ok")
    status, text = await get(watched, "/readyz")
    assert status == 200, text
    watched.app.rounds._failing["reminders"] = watched.app.rounds.clock() - LONG.total_seconds()
    status, text = await get(watched, "/readyz")
    assert (status, '"rounds": "reminders fails"' in text) == (503, True)


async def test_it_is_not_ready_without_its_database_and_ready_again_with_it(
    watched: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await watched.phone(PASSENGER).send("/start")
    trouble = Trouble(monkeypatch, watched.app.database)
    trouble.times = 10**6
    status, text = await get(watched, "/readyz")
    assert status == 503
    assert "OperationalError" in text
    assert (await get(watched, "/healthz"))[0] == 200
    trouble.times = 0
    assert (await get(watched, "/readyz"))[0] == 200


async def test_it_is_not_ready_on_a_database_that_answers_but_takes_nothing(watched: House) -> None:
    await watched.phone(PASSENGER).send("/start")
    database = watched.app.database
    await make_read_only(database, True)
    await get(watched, "/readyz")  # may meet a connection that was ended
    status, text = await get(watched, "/readyz")
    assert status == 503
    assert '"database": "ok"' not in text
    await make_read_only(database, False)
    await eventually(lambda: ready(watched))


async def make_read_only(database: Database, read_only: bool) -> None:
    """Let every connection read but not write, or write again."""
    if database.is_sqlite:
        async with database.engine.connect() as connection:
            raw = await connection.get_raw_connection()
            await raw.driver_connection.execute(f"PRAGMA query_only = {int(read_only)}")  # before any BEGIN
        return
    admin = Database(database.url.render_as_string(hide_password=False))
    async with admin.engine.connect() as connection:
        setting = f'ALTER DATABASE "{database.url.database}" SET default_transaction_read_only = {read_only}'
        await connection.exec_driver_sql("SET default_transaction_read_only = off")
        await connection.commit()
        await connection.exec_driver_sql(setting)
        await connection.commit()
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
        await connection.exec_driver_sql(ended.replace("%s", f"'{database.url.database}'"))
    await admin.close()


async def test_it_is_not_ready_when_messages_have_waited_for_ten_minutes(watched: House) -> None:
    watched.sandbox.faults.broken(times=10**6, method="sendMessage")
    phone = watched.phone(PASSENGER)
    phone.person.started = True
    await phone_flag(watched)
    assert (await get(watched, "/readyz"))[0] == 200
    watched.clock.shift += timedelta(minutes=11)
    status, text = await get(watched, "/readyz")
    assert status == 503
    assert "the outbox is behind" in text
    watched.sandbox.faults.clear()
    watched.clock.shift += timedelta(minutes=11)
    await phone.until(lambda p: "Your code" in p.texts)
    await eventually(lambda: ready(watched))


async def phone_flag(house: House) -> None:
    """Store a flag whose receipt can't be sent."""
    house.phone(PASSENGER).tap_data("report:send:draft:over:VB2")
    await eventually(lambda: has_parcel(house))


async def has_parcel(house: House) -> bool:
    return await count(house.app.database, Parcel, Parcel.priority == 0) == 1


async def ready(house: House) -> bool:
    return (await get(house, "/readyz"))[0] == 200


async def test_it_is_not_ready_on_a_database_of_another_revision(watched: House) -> None:
    async with watched.app.database.transaction() as session:
        connection = await session.connection()
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'from the future'")
    status, text = await get(watched, "/readyz")
    assert status == 503
    assert "revision" in text


async def test_machines_find_the_numbers_that_they_are_promised(watched: House) -> None:
    await watched.phone(PASSENGER).send("/start")
    _, text = await get(watched, "/metrics")
    names = {line.partition("{")[0].partition(" ")[0] for line in text.splitlines()}
    assert names >= set(METRICS)
    assert 'bot_updates_total{kind="message",result="handled"} 1.0' in text
    assert str(PASSENGER) not in re.findall(r"\d+", text.replace(".", ""))


async def test_depth_and_age_of_the_outbox_are_told(watched: House) -> None:
    watched.sandbox.faults.broken(times=10**6, method="sendMessage")
    await phone_flag(watched)
    watched.clock.shift += timedelta(minutes=5)

    async def told() -> bool:
        lines = dict(line.rsplit(" ", 1) for line in (await get(watched, "/metrics"))[1].splitlines() if line[0] != "#")
        return float(lines["bot_outbox_depth"]) > 0 and float(lines["bot_outbox_age_seconds"]) >= 300

    await eventually(told)


# start


async def test_a_start_brings_an_empty_database_to_the_newest_revision(tmp_path: Any) -> None:
    async with open_app(settings_for("http://127.0.0.1:1", f"sqlite+aiosqlite:///{tmp_path}/new/q.db")) as app:
        assert await current_revision(app.database) == newest_revision()


async def test_copies_that_start_at_the_same_time_migrate_once(postgres: Any) -> None:
    name = postgres.create()
    databases = [Database(postgres.url(name)) for _ in range(4)]
    await asyncio.gather(*(migrate(database) for database in databases))
    assert await current_revision(databases[0]) == newest_revision()
    for database in databases:
        await database.close()
    postgres.drop(name)


async def test_the_owners_are_those_of_the_settings_at_each_start(database_url: str) -> None:
    for owners in (f"{REVIEWER},{OWNER}", f"{OWNER}", ""):
        settings = settings_for("http://127.0.0.1:1", database_url, owner_ids=owners)
        async with open_app(settings) as app, app.database.reading() as session:
            team = [(m.role, p.telegram_id(app.vault)) for m, p in await members(session)]
        assert team == [(Role.OWNER, int(i)) for i in owners.split(",") if i]


async def test_who_the_settings_no_longer_name_loses_the_teams_commands(database_url: str) -> None:
    clock = TestClock()
    sandbox = Sandbox(token=TOKEN, clock=clock)
    phone = sandbox.phone(REVIEWER)
    phone.post("/start")
    async with open_house(database_url, sandbox=sandbox, clock=clock):
        await eventually(lambda: {"team"} <= {each["command"] for each in phone.commands})
    async with open_house(database_url, sandbox=sandbox, clock=clock, owner_ids=""):
        await eventually(lambda: not {"team", "queue"} & {each["command"] for each in phone.commands})


async def test_an_address_that_is_taken_is_named_and_ends_the_start(database_url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        settings = settings_for("http://127.0.0.1:1", database_url, health_listen=address)
        async with open_app(settings) as app:
            with pytest.raises(OSError, match=f"HEALTH_LISTEN: can't listen on {address}"):
                await app.run()


# stop


async def test_what_is_handled_when_the_bot_stops_is_shown(database_url: str) -> None:
    clock = TestClock()
    sandbox = Sandbox(token=TOKEN, clock=clock)
    phone = sandbox.phone(PASSENGER)
    async with open_house(database_url, sandbox=sandbox, clock=clock) as house:
        await open_form(phone)
        sandbox.faults.delay(0.3, times=2, method="editMessageText")
        phone.tap(TAPS[-1])
        await sandbox.until(lambda: sandbox.faults.left < 2)
        house.app.stop.set()
    assert SAVED in phone.texts
    assert sandbox.pending == 0


async def test_a_stop_does_not_wait_for_ever_for_a_chat_that_has_to_wait(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.app.STOP_SECONDS", 0.2)
    async with open_house(database_url) as house:
        house.sandbox.faults.too_many(retry_after=3600, times=10**6)
        house.phone(PASSENGER).post("/start")
        await house.sandbox.until(lambda: house.sandbox.faults.left < 10**6)
        house.app.stop.set()
        await asyncio.sleep(0)


async def test_a_database_that_is_gone_at_the_stop_does_not_make_it_fail(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.phone(PASSENGER).send("/start")
    Trouble(monkeypatch, house.app.database).times = 10**6
    with pytest.raises(OperationalError):
        await house.app.database.ping()
