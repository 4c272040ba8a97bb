"""Housekeeping: what is old enough goes, by one replica at a time, and everything else stays."""

from datetime import timedelta

from prometheus_client import CollectorRegistry
from sqlalchemy import select

from bot.housekeeping import EVERY, SETTLED_KEPT, Housekeeping
from bot.metrics import Metrics
from handlers.texts import load_texts
from models.conversation import KEPT as CONVERSATIONS_KEPT
from models.conversation import Conversation
from models.database import Database
from models.flags import Flag
from models.limits import KEPT as LIMITS_KEPT
from models.limits import Limit, What, hold_on_to
from models.outbox import Delivery, Parcel, Priority, lease, post
from models.passphrases import KEPT as TRIES_KEPT
from models.passphrases import Try
from models.updates import DeadLetter, SeenUpdate, set_aside, take_new
from models.vault import Vault
from tests.models.helpers import NOW, add_flag, add_person

TEXTS = load_texts()
DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)


def housekeeping(database: Database, later: timedelta = 0 * DAY) -> Housekeeping:
    return Housekeeping(
        database,
        Vault([b"k" * 32]),
        TEXTS,
        Metrics(),
        flags_kept=365 * DAY,
        updates_kept=8 * DAY,
        contacts_kept_days=365,
        clock=lambda: NOW + later,
    )


def dead_letters(registry: CollectorRegistry) -> float | None:
    return registry.get_sample_value("bot_dead_letters")


async def live(database: Database, vault: Vault) -> None:
    """A thing of each kind just old enough, named or numbered 1, and just not, 2; and 3, which is kept for good."""
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
        for number, age in ((1, CONVERSATIONS_KEPT + MOMENT), (2, CONVERSATIONS_KEPT)):
            talks = await add_person(session, vault, number)
            talks.conversation = Conversation(person_id=talks.id)
            talks.conversation.write(vault, "Helped:asked", {"words": f"help {number}"}, NOW - age)
        for number, age in ((1, LIMITS_KEPT + MOMENT), (2, LIMITS_KEPT)):
            for what in What:
                hold_on_to(session, vault, number, what, [NOW - age], NOW - age)
        for name, age in (("1", 365 * DAY + MOMENT), ("2", 365 * DAY), ("3", None)):
            flag = await add_flag(session, vault, person, name, now=NOW - 1000 * DAY)
            if age is not None:
                flag.withdraw(NOW - age)
        for number, age in ((1, 8 * DAY + MOMENT), (2, 8 * DAY)):
            await take_new(session, [number], NOW - age)
            await set_aside(session, vault, {"update_id": 10 + number}, None, "x", NOW - age)
        for number, age in ((1, TRIES_KEPT + MOMENT), (2, TRIES_KEPT)):
            session.add(Try(person_id=person.id, code_index=bytes([number]), at=NOW - age))
        for name in "123":
            post(session, vault, person.id, name, {}, priority=Priority.ALERT, now=NOW - 1000 * DAY)
        await session.flush()
        first, second, _ = [parcel for parcel, _ in await lease(session, NOW, 10)]
        first.settle(Delivery.SENT, NOW - SETTLED_KEPT - MOMENT, "1")
        second.settle(Delivery.SENT, NOW - SETTLED_KEPT, "2")


async def left(database: Database, vault: Vault) -> dict[str, list[object]]:
    async with database.reading() as session:
        return {
            "flags": list(await session.scalars(select(Flag.draft).order_by(Flag.draft))),
            "updates": list(await session.scalars(select(SeenUpdate.update_id).order_by(SeenUpdate.update_id))),
            "dead letters": list(await session.scalars(select(DeadLetter.update_id).order_by(DeadLetter.update_id))),
            "tries": list(await session.scalars(select(Try.code_index))),
            "limits": [f"{row.what} {(NOW - row.at).days}" for row in await session.scalars(select(Limit))],
            "conversations": [row.read(vault)[1]["words"] for row in await session.scalars(select(Conversation))],
            "outbox": list(await session.scalars(select(Parcel.error).order_by(Parcel.id))),
        }


async def test_what_is_old_enough_goes_and_everything_else_stays(database: Database, vault: Vault) -> None:
    await live(database, vault)
    keeper = housekeeping(database)
    await keeper.tidy()
    assert await left(database, vault) == {
        "flags": ["2", "3"],
        "updates": [2, 12],
        "dead letters": [12],
        "tries": [bytes([2])],
        "limits": ["bar 1", "bar 1", "report 1", "try 1"],
        "conversations": ["help 2"],
        "outbox": ["2", None],
    }
    assert dead_letters(keeper.metrics.registry) == 1


async def test_one_replica_tidies_at_a_time_and_another_takes_over_later(database: Database, vault: Vault) -> None:
    await housekeeping(database).tidy()
    await live(database, vault)
    everything = await left(database, vault)
    second = housekeeping(database, EVERY - MOMENT)
    await second.tidy()
    assert await left(database, vault) == everything
    assert dead_letters(second.metrics.registry) == 2
    await housekeeping(database, EVERY).tidy()
    assert (await left(database, vault))["flags"] == ["3"]


async def test_the_same_replica_tidies_every_hour(database: Database, vault: Vault) -> None:
    keeper = housekeeping(database)
    await keeper.tidy()
    await live(database, vault)
    await keeper.tidy()
    assert (await left(database, vault))["flags"] == ["2", "3"]


async def test_there_may_be_nothing_to_tidy(database: Database) -> None:
    keeper = housekeeping(database)
    await keeper.tidy()
    assert dead_letters(keeper.metrics.registry) == 0
