"""By webhook everything is as by polling, several copies may work at once, and nothing is answered 200 too early."""

import asyncio
import io
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from bot.app import open_app
from bot.sandbox import Sandbox
from bot.webhook import PATH, SECRET_HEADER
from models.flags import Flag
from models.updates import DeadLetter, SeenUpdate
from tests.house import DRIVER, PASSENGER, REVIEWER, TOKEN, House, TestClock, settings_for
from tests.walks import SAVED, TAPS, Trouble, count, flag, open_form, receipts

SECRET = "a-secret-that-only-telegram-knows"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def hooked(database_url: str, *, sandbox: Sandbox | None = None, **overrides: Any) -> AsyncIterator[House]:
    """The bot behind a webhook; plain http, because it's one machine."""
    clock = TestClock()
    sandbox = sandbox or Sandbox(token=TOKEN, clock=clock)
    sandbox.delivery.retry_delay = 0.02
    listen = f"127.0.0.1:{free_port()}"
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(sandbox.serve())
        settings = settings_for(url, database_url, webhook_listen=listen, **overrides).model_copy(
            update={"webhook_url": f"http://{listen}{PATH}", "webhook_secret": SecretStr(SECRET)}
        )
        app = await stack.enter_async_context(open_app(settings, clock=clock))
        running = asyncio.create_task(app.run())
        try:
            await sandbox.until(lambda: (hook := sandbox.delivery.webhook) is not None and listen in hook.url)
            yield House(app, sandbox, clock)
        finally:
            app.stop.set()
            await running


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    async with hooked(database_url) as house:
        yield house


async def call(house: House, *bodies: Any, secret: str | None = SECRET) -> Sequence[int]:
    """Call the webhook as Telegram would, all at once; the statuses of the answers."""
    headers = {} if secret is None else {SECRET_HEADER: secret}
    async with aiohttp.ClientSession() as http:

        async def one(body: Any) -> int:
            form: dict[str, Any] = {"data": body} if isinstance(body, bytes | io.BytesIO) else {"json": body}
            async with http.post(str(house.app.settings.webhook_url), headers=headers, **form) as answer:
                return answer.status

        return await asyncio.gather(*(one(body) for body in bodies))


def message(house: House, update_id: int, person: int, text: str = "/start") -> dict[str, Any]:
    """An update with a text of a person."""
    phone = house.phone(person)
    return {"update_id": update_id, "message": house.sandbox.world.sent_by_person(phone.person, {"text": text}).raw}


async def test_a_flag_goes_its_whole_way_by_webhook(house: House) -> None:
    driver, passenger, reviewer = house.phone(DRIVER), house.phone(PASSENGER), house.phone(REVIEWER)
    await reviewer.send("/start")
    await driver.send("/learn")
    await driver.press("1. The professional ride", expect=1)
    receipt = await flag(passenger)
    await reviewer.until(lambda p: "something new in the queue" in p.texts)
    await reviewer.press("Open the queue", expect=1)
    await reviewer.press("№1", expect=1)
    await reviewer.press("Claim", expect=1)
    await reviewer.press("Set the outcome", expect=1)
    await reviewer.press("Kept on record", expect=1)
    await reviewer.press("What was told is enough to decide", expect=1)
    await passenger.until(lambda p: p.texts.count("There is news for you") == 2)  # opened, closed
    await passenger.send("/myreports")
    assert receipt in passenger.screen
    assert "closed" in passenger.screen
    assert house.sandbox.requests["getUpdates"] == 0


async def test_who_does_not_know_the_secret_is_turned_away(house: House) -> None:
    for secret in (None, "", "wrong", SECRET[:-1], SECRET + "x"):
        assert await call(house, message(house, 1, PASSENGER), secret=secret) == [401]
    for odd in ("құпия".encode(), b"\xff\xfe"):
        assert await raw_status(house, odd) == 401
    assert await count(house.app.database, SeenUpdate) == 0


async def raw_status(house: House, secret: bytes) -> int:
    """What a client hears that puts any bytes into the header."""
    host, port = house.app.settings.webhook_listen.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n{SECRET_HEADER}: "
    writer.write(head.encode() + secret + b"\r\n\r\n{}")
    status = int((await reader.readline()).split()[1])
    writer.close()
    await writer.wait_closed()
    return status


JUNK = (
    b"", b"not JSON", b"\xff\xfe", b"7", b"null", b"[1]", b"{}", b'"update_id"', b'{"update_id": null}',
    b'{"update_id": "x"}', b'{"update_id": []}', b'{"update_id": NaN}', b'{"update_id": Infinity}', b"[" * 100_000,
)  # fmt: skip


async def test_junk_is_refused_and_stored_nowhere(house: House) -> None:
    assert await call(house, *JUNK) == [400] * len(JUNK)
    assert await count(house.app.database, SeenUpdate) == 0
    assert await count(house.app.database, DeadLetter) == 0
    assert await call(house, {"update_id": "9", "message": {}}, {"update_id": 10**30}, {"update_id": 1.5}) == [200] * 3
    await house.phone(PASSENGER).send("/start")


async def test_a_body_that_is_far_too_big_is_refused(house: House) -> None:
    assert await call(house, io.BytesIO(b" " * (1024 * 1024 + 1))) == [413]


async def test_a_poison_update_is_answered_so_that_its_person_goes_on(house: House) -> None:
    phone = house.phone(PASSENGER)
    house.sandbox.push({"message": {"chat": {"id": PASSENGER}, "text": 7}})
    await phone.send("/start")
    await house.sandbox.idle()
    assert await count(house.app.database, DeadLetter) == 1


async def test_with_the_database_gone_nothing_is_answered_200_and_all_comes_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = house.phone(PASSENGER)
    await open_form(phone)
    trouble = Trouble(monkeypatch, house.app.database)
    trouble.times = 10**6
    assert await call(house, message(house, 5, DRIVER)) == [503]
    phone.tap(TAPS[-1])
    await house.sandbox.until(
        lambda: "503" in str(house.sandbox.delivery.webhook and house.sandbox.delivery.webhook.last_error_message)
    )
    assert house.sandbox.pending == 1
    trouble.times = 0
    await phone.until(lambda p: SAVED in p.texts)
    await house.sandbox.idle()
    assert await count(house.app.database, Flag) == 1
    assert await count(house.app.database, DeadLetter) == 0
    assert len(receipts(phone.texts)) == 1


async def test_many_at_once_share_few_transactions(house: House) -> None:
    crowd = [message(house, number, 5000 + number) for number in range(1, 201)]
    assert await call(house, *crowd) == [200] * 200
    samples = house.app.metrics.registry.get_sample_value
    assert samples("bot_batch_size_sum") == 200
    assert (samples("bot_batch_size_count") or 0) < 50
    await house.sandbox.until(lambda: house.sandbox.requests["sendMessage"] == 200)


async def test_what_is_in_work_when_the_bot_stops_is_answered_and_shown(database_url: str) -> None:
    async with hooked(database_url) as house:
        crowd = [message(house, number, 5000 + number) for number in range(1, 101)]
        calling = asyncio.create_task(call(house, *crowd))
        await house.sandbox.until(lambda: house.sandbox.requests["sendMessage"] > 0)
        house.app.stop.set()
        statuses = await asyncio.gather(calling, return_exceptions=True)
        seen = await count(house.app.database, SeenUpdate)
    assert statuses == [[200] * 100]
    assert seen == 100
    assert house.sandbox.requests["sendMessage"] == 100


async def test_two_copies_behind_one_webhook_handle_each_update_once(postgres: Any, postgres_template: str) -> None:
    name = postgres.create(postgres_template)
    url = postgres.url(name)
    async with hooked(url) as one, hooked(url, sandbox=one.sandbox) as other:
        phones = [one.phone(5000 + number) for number in range(30)]
        for number, phone in enumerate(phones):
            update = message(one, 2 * number + 1, phone.id)
            press = {
                "id": str(number), "from": phone.person.user, "chat_instance": "1",
                "data": "report:send:draft:over:VB2", "message": update["message"],
            }  # fmt: skip
            pressed = {"update_id": 2 * number + 2, "callback_query": press}
            both = await asyncio.gather(call(one, update, pressed), call(other, pressed, update))
            assert both == [[200, 200], [200, 200]]
        for phone in phones:
            await phone.until(lambda p: p.texts.count("Your code") == 2)
            assert len(receipts(phone.texts)) == 1
            assert phone.texts.count("Where shall we begin") == 1
        async with one.app.database.reading() as session:
            assert len((await session.scalars(select(Flag))).all()) == 30
        assert await count(one.app.database, DeadLetter) == 0
    postgres.drop(name)
