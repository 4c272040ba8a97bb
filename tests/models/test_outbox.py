"""The outbox: what is urgent goes first, each row through one sender at a time, and nothing stays in a settled row."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, insert, select, text
from sqlalchemy.exc import IntegrityError

from models.database import Database
from models.outbox import (
    LEASE,
    Delivery,
    Parcel,
    Priority,
    forget_settled,
    is_waiting,
    lease,
    locked,
    next_due,
    post,
    take_back,
    waiting,
)
from models.people import mark_blocked
from models.vault import CannotOpen, Vault
from tests.models.helpers import NOW, add_person

MINUTE = timedelta(minutes=1)


async def put(
    database: Database, vault: Vault, name: str, priority: Priority = Priority.ALERT, due: timedelta = 0 * MINUTE
) -> None:
    """Post a message to person 1, due this long after now."""
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
        content = {"text": name, "disable_notification": True}
        post(session, vault, person.id, "sendMessage", content, priority=priority, now=NOW, due_at=NOW + due)


async def leased(database: Database, vault: Vault, at: timedelta = 0 * MINUTE, limit: int = 10) -> list[str]:
    """The texts that a sender takes at a moment."""
    async with database.transaction() as session:
        return [parcel.read(vault)[1]["text"] for parcel, _ in await lease(session, NOW + at, limit)]


async def test_a_message_comes_out_as_it_went_in_with_its_person(database: Database, vault: Vault) -> None:
    await put(database, vault, "Сәлем 🙂 <b>")
    async with database.transaction() as session:
        [(parcel, person)] = await lease(session, NOW, 10)
        assert parcel.read(vault) == ("sendMessage", {"text": "Сәлем 🙂 <b>", "disable_notification": True})
        assert person.telegram_id(vault) == 1
        assert (parcel.tries, parcel.repeatable, parcel.created_at) == (1, True, NOW)


async def test_what_is_urgent_goes_first_then_what_was_due_first(database: Database, vault: Vault) -> None:
    for name, priority, due in [
        ("broadcast", Priority.BROADCAST, -5),
        ("late alert", Priority.ALERT, -1),
        ("receipt", Priority.RECEIPT, 0),
        ("early alert", Priority.ALERT, -3),
        ("relay", Priority.RELAY, -9),
        ("reminder", Priority.REMINDER, -9),
        ("later", Priority.RECEIPT, 1),
        ("second receipt", Priority.RECEIPT, 0),
    ]:
        await put(database, vault, name, priority, due * MINUTE)
    assert await leased(database, vault, limit=3) == ["receipt", "second receipt", "early alert"]
    assert await leased(database, vault) == ["late alert", "relay", "reminder", "broadcast"]


async def test_what_is_taken_back_is_gone_also_if_a_sender_has_it_and_nothing_else_is(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        ids = [(await add_person(session, vault, number)).id for number in (1, 2)]
        for person_id, method in ((ids[0], "@a"), (ids[0], "@b"), (ids[0], "@a"), (ids[1], "@a"), (ids[0], "@a")):
            post(session, vault, person_id, method, {"n": 1}, priority=Priority.RELAY, now=NOW)
        await session.flush()
        broken = await session.get_one(Parcel, 5)
        broken.sealed = b"?"
        assert len(await lease(session, NOW, 2)) == 2
    async with database.transaction() as session:
        assert await take_back(session, vault, ids[0], {"@a", "@c"}) == [("@a", {"n": 1})] * 2
        assert [await is_waiting(session, number) for number in range(1, 7)] == [False, True, False, True, True, False]
        assert list(await locked(session, [4, 1, 2])) == [2, 4]


async def test_what_one_sender_took_no_other_takes_until_the_lease_runs_out(database: Database, vault: Vault) -> None:
    await put(database, vault, "a")
    assert await leased(database, vault) == ["a"]
    assert await leased(database, vault) == []
    assert await leased(database, vault, LEASE - timedelta(microseconds=1)) == []
    assert await leased(database, vault, LEASE) == ["a"]
    async with database.reading() as session:
        assert await session.scalar(select(Parcel.tries)) == 2


@pytest.mark.parametrize("kind", ["postgres"])
async def test_senders_at_work_at_once_pass_over_each_others_rows(database: Database, vault: Vault) -> None:
    for name in "abc":
        await put(database, vault, name)
    async with database.transaction() as one, database.transaction() as other:
        mine = [parcel.read(vault)[1]["text"] for parcel, _ in await lease(one, NOW, 2)]
        yours = [parcel.read(vault)[1]["text"] for parcel, _ in await lease(other, NOW, 2)]
    assert (mine, yours) == (["a", "b"], ["c"])


@pytest.mark.parametrize("status", [status for status in Delivery if status is not Delivery.WAITING])
async def test_a_settled_row_is_empty_and_never_sent_again(database: Database, vault: Vault, status: Delivery) -> None:
    await put(database, vault, "a")
    async with database.transaction() as session:
        [(parcel, _)] = await lease(session, NOW, 10)
        parcel.settle(status, NOW, "Forbidden")
    assert await leased(database, vault, 10 * LEASE) == []
    async with database.reading() as session:
        parcel = (await session.scalars(select(Parcel))).one()
        assert (parcel.sealed, parcel.status, parcel.settled_at, parcel.error) == (None, status, NOW, "Forbidden")
        with pytest.raises(CannotOpen):
            parcel.read(vault)


async def test_what_failed_is_tried_again_at_the_moment_it_was_told(database: Database, vault: Vault) -> None:
    await put(database, vault, "a")
    async with database.transaction() as session:
        [(parcel, _)] = await lease(session, NOW, 10)
        parcel.retry(NOW + 5 * MINUTE, "TooManyRequests")
    assert await leased(database, vault, 4 * MINUTE) == []
    assert await leased(database, vault, 5 * MINUTE) == ["a"]


async def test_it_is_known_when_the_next_row_is_due_and_how_many_wait(database: Database, vault: Vault) -> None:
    async def known() -> tuple[datetime | None, tuple[int, datetime | None]]:
        async with database.reading() as session:
            return await next_due(session), await waiting(session)

    assert await known() == (None, (0, None))
    await put(database, vault, "broadcast", Priority.BROADCAST, -MINUTE)
    await put(database, vault, "receipt", Priority.RECEIPT, MINUTE)
    assert await known() == (NOW - MINUTE, (2, NOW - MINUTE))
    async with database.transaction() as session:
        [(parcel, _)] = await lease(session, NOW, 10)
        parcel.settle(Delivery.SENT, NOW)
    assert await known() == (NOW + MINUTE, (1, NOW + MINUTE))


async def test_what_a_failed_transaction_posted_is_never_sent(database: Database, vault: Vault) -> None:
    class Broken(Exception):
        pass

    async def fail() -> None:
        async with database.transaction() as session:
            person = await add_person(session, vault, 1)
            post(session, vault, person.id, "sendMessage", {"text": "a"}, priority=Priority.ALERT, now=NOW)
            await session.flush()
            raise Broken

    with pytest.raises(Broken):
        await fail()
    assert await leased(database, vault) == []


async def test_a_row_given_to_another_person_does_not_open(database: Database, vault: Vault) -> None:
    await put(database, vault, "a")
    async with database.transaction() as session:
        parcel = (await session.scalars(select(Parcel))).one()
        parcel.person_id = (await add_person(session, vault, 2)).id
        with pytest.raises(CannotOpen):
            parcel.read(vault)


async def test_the_number_of_a_row_is_never_given_again(database: Database, vault: Vault) -> None:
    numbers = []
    for _ in range(2):  # a sender that still holds the first must not settle the second
        await put(database, vault, "a")
        async with database.transaction() as session:
            numbers += await session.scalars(select(Parcel.id))
            await session.execute(delete(Parcel))
    assert numbers[0] < numbers[1]


async def test_settled_rows_are_forgotten_after_a_while_and_waiting_ones_never(
    database: Database, vault: Vault
) -> None:
    for name in ("old", "new", "waiting"):
        await put(database, vault, name)
    async with database.transaction() as session:
        old, new, _ = [parcel for parcel, _ in await lease(session, NOW, 10)]
        old.settle(Delivery.SENT, NOW - 2 * MINUTE)
        new.settle(Delivery.SENT, NOW)
    async with database.transaction() as session:
        await forget_settled(session, NOW - MINUTE)
        assert await session.scalar(select(text("count(*)")).select_from(Parcel)) == 2
    assert await leased(database, vault, LEASE) == ["waiting"]


IMPOSSIBLE: list[dict[str, Any]] = [
    {"status": Delivery.SENT},
    {"status": Delivery.SENT, "settled_at": NOW},
    {"status": Delivery.SENT, "sealed": None},
    {"settled_at": NOW},
    {"sealed": None},
    {"priority": 5},
    {"priority": -1},
    {"person_id": 999},
]


async def test_a_row_that_cannot_be_is_refused_by_the_database(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
    row = {
        "person_id": person.id,
        "priority": 0,
        "repeatable": True,
        "sealed": b"x",
        "status": Delivery.WAITING,
        "created_at": NOW,
        "due_at": NOW,
        "tries": 0,
    }
    for values in IMPOSSIBLE:
        with pytest.raises(IntegrityError):
            async with database.transaction() as session:
                await session.execute(insert(Parcel).values(row | values))
    async with database.transaction() as session:
        await session.execute(insert(Parcel).values(row))


async def test_who_blocked_the_bot_is_remembered_by_whom_it_could_not_reach(database: Database, vault: Vault) -> None:
    await put(database, vault, "a")
    async with database.transaction() as session:
        await mark_blocked(session, [person.id for _, person in await lease(session, NOW, 10)], NOW)
    async with database.transaction() as session:
        [(_, person)] = await lease(session, NOW + LEASE, 10)
        assert person.blocked_at == NOW


async def test_the_next_rows_are_found_by_their_index_among_all_that_was_sent(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
        settled = {"sealed": None, "status": Delivery.SENT, "settled_at": NOW}
        open_row = {"sealed": b"x", "status": Delivery.WAITING, "settled_at": None}
        same = {"person_id": person.id, "repeatable": True, "created_at": NOW, "due_at": NOW, "tries": 0}
        rows = [same | {"priority": i % 5} | (settled if i % 20 else open_row) for i in range(3000)]
        await session.execute(insert(Parcel), rows)
        await session.execute(text("ANALYZE"))
    asked: list[tuple[str, Any]] = []
    async with database.transaction() as session:
        connection = await session.connection()

        def listen(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            asked.append((statement, parameters))

        event.listen(connection.sync_connection, "before_cursor_execute", listen)
        assert len(await lease(session, NOW, 25)) == 25
        await next_due(session)
        explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
        plans = [
            str((await connection.exec_driver_sql(explain + statement, parameters)).all())
            for statement, parameters in list(asked)
            if statement.startswith("SELECT")
        ]
    taken, due = plans
    assert "ix_outbox_waiting" in taken
    assert "TEMP B-TREE" not in taken
    assert "Sort" not in taken
    assert "ix_outbox_waiting" in due
