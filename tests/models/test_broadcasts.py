"""Broadcasts: for exactly whom they are, queued in pieces, and nobody twice and nobody left out whoever dies."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from models import recipients
from models.broadcasts import (
    DRAFTS_KEPT,
    ENDED_KEPT,
    Audience,
    Broadcast,
    Fate,
    Group,
    Stage,
    begun,
    draft_of,
    forget_broadcasts,
    new_draft,
    reach,
    reach_of_cohorts,
    reach_of_roles,
    shown_fates,
    start,
)
from models.cohorts import join_cohort, make_cohort
from models.course import Attempt
from models.database import Database
from models.deletion import delete_person
from models.markup import Rich
from models.opt_outs import has_opted_out, opt_in, opt_out
from models.outbox import LEASE, Priority, is_urgent, lease, post
from models.people import Language, Person, load_people, mark_blocked
from models.profiles import UNSAID, profile_of
from models.recipients import (
    Recipient,
    clear_some,
    finish,
    next_broadcast,
    queue_some,
    recover,
    settle,
    take,
    try_again,
)
from models.vault import Vault
from tests.models.helpers import NOW, add_course, add_person

ALL = (Language.KAZAKH, Language.RUSSIAN, Language.ENGLISH)


async def crowd(session: AsyncSession, vault: Vault, languages: str, first: int = 1) -> list[Person]:
    """People who read these languages: k, r or e."""
    codes = {"k": "kk", "r": "ru", "e": "en"}
    wanted = {first + i: codes[letter] for i, letter in enumerate(languages)}
    people = await load_people(session, vault, wanted, default=Language.KAZAKH, now=NOW)
    return [people[i] for i in wanted]


async def drafted(
    session: AsyncSession,
    vault: Vault,
    owner: Person,
    audience: Audience | None = None,
    languages: Sequence[Language] = ALL,
) -> Broadcast:
    draft = await new_draft(session, owner.id, NOW)
    for language in languages:
        draft.write(vault, language, Rich(text=f"in {language}"), NOW)
    draft.choose(audience or Audience(), NOW)
    return draft


async def queued(database: Database, broadcast_id: int) -> list[int]:
    """Queue it all; the people it's for."""
    while True:
        async with database.transaction() as session:
            await queue_some(session, broadcast_id)
            broadcast = await session.get_one(Broadcast, broadcast_id)
            if broadcast.stage is not Stage.QUEUEING:
                break
    async with database.reading() as session:
        found = await session.scalars(select(Recipient.person_id).where(Recipient.broadcast_id == broadcast_id))
        ids = sorted(found)
        broadcast = await session.get_one(Broadcast, broadcast_id)
    assert broadcast.total == len(ids)
    return ids


# the draft


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(ALL), st.text(min_size=1, max_size=30)), st.sampled_from([*ALL, None]))
def test_everybody_gets_the_text_of_their_language_or_the_one_that_was_chosen_instead(
    written: dict[Language, str], instead: Language | None
) -> None:
    vault = Vault([b"k" * 32])
    draft = Broadcast(id=7, audience=Audience().model_dump(mode="json"), languages=[], version=0, instead=None)
    for language, text in written.items():
        draft.write(vault, language, Rich(text=text, entities=({"type": "bold", "offset": 0, "length": 1},)), NOW)
    draft.instead = instead if instead in written else None
    texts = draft.texts(vault)
    assert {language: rich.text for language, rich in texts.items()} == written
    for language in ALL:
        found = draft.text_for(texts, language)
        expected = written.get(language, written.get(draft.instead) if draft.instead else None)
        assert (found.text if found else None) == expected
        assert (language in draft.readers) == (found is not None)
    for language in written:
        draft.write(vault, language, None, NOW)
    assert (draft.sealed_texts, draft.languages, draft.instead, draft.readers) == (None, [], None, set())


async def test_an_owner_has_one_draft_and_it_is_forgotten_when_nobody_touches_it(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        owner, other = await crowd(session, vault, "kk")
        draft = await drafted(session, vault, owner)
        assert (await new_draft(session, owner.id, NOW)).id == draft.id
        ended = await drafted(session, vault, other)
        await start(session, ended, may_count=True, now=NOW)
        assert ended.cancel(NOW)
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            session.add(Broadcast(owner_id=owner.id, audience={}, languages=[], changed_at=NOW))
    for late, left in ((DRAFTS_KEPT, {draft.id, ended.id}), (ENDED_KEPT, {ended.id}), (2 * ENDED_KEPT, set())):
        async with database.transaction() as session:
            await forget_broadcasts(session, NOW + late)
            assert set(await session.scalars(select(Broadcast.id))) == left


IMPOSSIBLE: list[dict[str, Any]] = [
    {"stage": Stage.SENDING},
    {"started_at": NOW},
    {"ended_at": NOW},
    {"stage": Stage.DONE, "started_at": NOW},
    {"stage": Stage.PAUSED, "started_at": NOW, "ended_at": NOW},
]


@pytest.mark.parametrize("values", IMPOSSIBLE)
async def test_a_broadcast_that_cannot_be_is_refused_by_the_database(
    database: Database, vault: Vault, values: dict[str, Any]
) -> None:
    async with database.transaction() as session:
        draft = await drafted(session, vault, await add_person(session, vault, 1))
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            await session.execute(update(Broadcast).where(Broadcast.id == draft.id).values(values))


# for whom


async def test_it_is_for_exactly_the_people_that_were_chosen(
    database: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipients, "RANGE", 3)
    async with database.transaction() as session:
        people = await crowd(session, vault, "kkrrreekrkkr")
        kk0, kk1, ru2, ru3, ru4, en5, en6, kk7, ru8, kk9, kk10, ru11 = people
        for driver in (kk0, ru2, ru3):
            session.add(Attempt(person_id=driver.id, lesson=1, version="1", place="q", started_at=NOW))
        await mark_blocked(session, [kk1.id], NOW)
        await opt_out(session, en6.id, NOW)
        for person in (ru3, ru4, kk1):
            (await profile_of(session, person.id)).region = "KZ-75"
        cohort = await make_cohort(
            session, name="A", organisation="B", region=None, held_on=NOW.date(), owner_id=kk0.id, now=NOW
        )
        for person in (kk0, ru4, en6):
            await join_cohort(session, cohort, person.id, NOW)
        await add_course(session, vault, ru11)  # whose certificate is revoked, and who opted out
    everybody = {kk0, ru2, ru3, ru4, en5, kk7, ru8, kk9, kk10}
    drivers = {kk0, ru2, ru3}
    expected: list[tuple[Audience, Sequence[Language], Language | None, set[Person]]] = [
        (Audience(), ALL, None, everybody),
        (Audience(), [Language.RUSSIAN], None, {ru2, ru3, ru4, ru8}),
        (Audience(), [Language.RUSSIAN], Language.RUSSIAN, everybody),
        (Audience(language=Language.ENGLISH), [Language.RUSSIAN], Language.RUSSIAN, {en5}),
        (Audience(language=Language.ENGLISH), [Language.RUSSIAN], None, set()),
        (Audience(group=Group.DRIVERS), ALL, None, drivers),
        (Audience(group=Group.CERTIFIED), ALL, None, set()),
        (Audience(group=Group.COHORT, cohort=cohort.id), ALL, None, {kk0, ru4}),
        (Audience(region="KZ-75"), ALL, None, {ru3, ru4}),
        (Audience(group=Group.DRIVERS, region="KZ-75"), ALL, None, {ru3}),
    ]
    for audience, languages, instead, wanted in expected:
        async with database.transaction() as session:
            draft = await drafted(session, vault, kk0, audience, languages)
            draft.instead = instead
            await start(session, draft, may_count=True, now=NOW)
        assert await queued(database, draft.id) == sorted(person.id for person in wanted), audience


async def test_queueing_goes_on_where_it_stopped_and_passes_over_who_came_later(
    database: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipients, "RANGE", 4)
    async with database.transaction() as session:
        people = await crowd(session, vault, "k" * 10)
        draft = await drafted(session, vault, people[0])
        await start(session, draft, may_count=True, now=NOW)
        await queue_some(session, draft.id)

    async def killed_before_the_commit() -> None:
        async with database.transaction() as session:
            await queue_some(session, draft.id)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await killed_before_the_commit()
    async with database.transaction() as session:
        await crowd(session, vault, "kkk", first=100)
        broadcast = await begun(session, draft.id)
        assert broadcast is not None
        assert (broadcast.reached, broadcast.total) == (people[3].id, 4)
        assert broadcast.pause()
        await session.flush()
        await queue_some(session, draft.id)
        assert (broadcast.reached, broadcast.total) == (people[3].id, 4)
        assert broadcast.resume()
        assert broadcast.stage is Stage.QUEUEING
    assert await queued(database, draft.id) == [person.id for person in people]
    async with database.transaction() as session:
        broadcast = await begun(session, draft.id)
        assert broadcast is not None
        assert broadcast.pause()
        assert not broadcast.pause()
        assert broadcast.resume()
        assert broadcast.stage is Stage.SENDING
        assert not broadcast.resume()


async def test_numbers_of_people_single_nobody_out(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        people = await crowd(session, vault, "k" * 12 + "r" * 9 + "e" * 6)
        for number, person in enumerate(people):
            (await profile_of(session, person.id)).region = "KZ-75" if number % 3 else "KZ-71"
        for person in people[:7]:
            session.add(Attempt(person_id=person.id, lesson=1, version="1", place="q", started_at=NOW))
        await mark_blocked(session, [people[0].id], NOW)
        await opt_out(session, people[1].id, NOW)
        cohorts = [
            await make_cohort(
                session, name="A", organisation="B", region=None, held_on=NOW.date(), owner_id=people[0].id, now=NOW
            )
            for _ in range(2)
        ]
        for cohort, members in zip(cohorts, (people[:3], people[:8]), strict=True):
            for person in members:
                await join_cohort(session, cohort, person.id, NOW)
        await session.flush()
        found = await reach(session, Audience(), NOW)
        assert found.by_language(None) == {Language.KAZAKH: 10, Language.RUSSIAN: 9, Language.ENGLISH: 6}
        assert found.number(None, ALL) == 25
        assert found.number(None, [Language.KAZAKH, Language.ENGLISH]) == 16
        assert found.number("KZ-75", ALL) == 17
        assert found.number("KZ-79", ALL) == 0
        # In Astana three read Kazakh, three Russian and two English: nobody learns which, from whatever sum.
        assert found.number("KZ-71", ALL) == 8
        assert set(found.by_language("KZ-71").values()) == {None}
        assert found.number("KZ-71", [Language.KAZAKH, Language.RUSSIAN]) is None
        assert UNSAID not in found.table.columns
        drivers = await reach(session, Audience(group=Group.DRIVERS), NOW)
        assert drivers.number(None, ALL) == 5
        assert await reach_of_roles(session, NOW) == {
            Group.EVERYBODY: 25,
            Group.DRIVERS: 5,
            Group.CERTIFIED: 0,
        }
        ids = [cohort.id for cohort in cohorts]
        assert await reach_of_cohorts(session, ids) == {ids[0]: None, ids[1]: 6}


def test_what_became_of_a_few_people_of_a_region_is_not_told() -> None:
    row: dict[str, Any] = {"languages": [], "sent": 90, "skipped": 6, "refused": 0, "unsure": 0, "may_count": True}
    wide = Broadcast(audience=Audience().model_dump(mode="json"), total=100, blocked=1, **row)
    assert shown_fates(wide) == (wide.fates, 3, 100)
    narrow = Broadcast(audience=Audience(region="KZ-75").model_dump(mode="json"), total=100, blocked=1, **row)
    fates, left, total = shown_fates(narrow)
    assert (fates[Fate.BLOCKED], left, total) == (None, None, 100)
    narrow.may_count = False
    assert shown_fates(narrow) == (dict.fromkeys(Fate), None, None)


# sending


async def test_people_are_taken_once_in_turn_and_who_no_longer_wants_it_is_passed_over(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        people = await crowd(session, vault, "kkkkrr")
        draft = await drafted(session, vault, people[0], languages=[Language.KAZAKH, Language.RUSSIAN])
        await start(session, draft, may_count=True, now=NOW)
    assert len(await queued(database, draft.id)) == 6
    async with database.transaction() as session:
        await mark_blocked(session, [people[1].id], NOW)
        await opt_out(session, people[2].id, NOW)
        (await session.get_one(Person, people[4].id)).language = Language.ENGLISH
    async with database.transaction() as session:
        broadcast = await next_broadcast(session)
        assert broadcast is not None
        assert [(person.id, tries) for person, tries in await take(session, broadcast, "one", 1, NOW)] == [
            (people[0].id, 0)
        ]
        assert [person.id for person, _ in await take(session, broadcast, "other", 5, NOW)] == [
            people[3].id,
            people[5].id,
        ]
    async with database.transaction() as session:
        key = (broadcast.id, people[0].id)
        await settle(session, broadcast.id, "other", {people[0].id: Fate.SENT})  # it's not the other's
        await try_again(session, key, "one", NOW + timedelta(minutes=1))
        broadcast = await session.get_one(Broadcast, broadcast.id)
        assert not await take(session, broadcast, "one", 5, NOW)
        assert not await finish(session, broadcast, NOW)
        for _ in range(2):  # told twice, counted once
            await settle(session, broadcast.id, "other", {people[3].id: Fate.SENT, people[5].id: Fate.REFUSED})
    async with database.transaction() as session:
        broadcast = await session.get_one(Broadcast, broadcast.id)
        [(person, tries)] = await take(session, broadcast, "one", 5, NOW + timedelta(minutes=1))
        assert (person.id, tries) == (people[0].id, 1)
        await settle(session, broadcast.id, "one", {person.id: Fate.UNSURE})
        assert await finish(session, broadcast, NOW)
        assert not await finish(session, broadcast, NOW)
    async with database.reading() as session:
        broadcast = await session.get_one(Broadcast, broadcast.id)
        assert await next_broadcast(session) is None
        assert await session.scalar(select(func.count()).select_from(Recipient)) == 0
    assert broadcast.fates == {
        Fate.SENT: 1, Fate.BLOCKED: 1, Fate.SKIPPED: 2, Fate.REFUSED: 1, Fate.UNSURE: 1,
    }  # fmt: skip
    assert (broadcast.stage, broadcast.left) == (Stage.DONE, 0)


async def test_what_a_dead_sender_had_taken_is_counted_as_perhaps_sent_and_what_never_left_is_given_back(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        people = await crowd(session, vault, "kkkkk")
        draft = await drafted(session, vault, people[0])
        await start(session, draft, may_count=True, now=NOW)
    await queued(database, draft.id)
    async with database.transaction() as session:
        broadcast = await session.get_one(Broadcast, draft.id)
        await take(session, broadcast, "dead", 2, NOW)
        await take(session, broadcast, "me", 2, NOW)
    async with database.transaction() as session:
        await recover(session, "me", {(draft.id, people[2].id)})
        broadcast = await session.get_one(Broadcast, draft.id)
        assert (broadcast.unsure, broadcast.left) == (2, 3)
        again = [person.id for person, _ in await take(session, broadcast, "me", 5, NOW)]
        assert again == [people[3].id, people[4].id]


async def test_a_cancelled_broadcast_is_cleared_but_for_those_who_are_being_written_to(
    database: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipients, "RANGE", 3)
    async with database.transaction() as session:
        people = await crowd(session, vault, "k" * 8)
        draft = await drafted(session, vault, people[0])
        await start(session, draft, may_count=True, now=NOW)
    await queued(database, draft.id)
    async with database.transaction() as session:
        broadcast = await begun(session, draft.id)
        assert broadcast is not None
        await take(session, broadcast, "me", 1, NOW)
        assert broadcast.cancel(NOW)
        assert not broadcast.cancel(NOW)
        assert not broadcast.pause()
    for _ in range(3):
        async with database.transaction() as session:
            found = await next_broadcast(session)
            assert found is not None
            await clear_some(session, found.id)
    async with database.transaction() as session:
        assert list(await session.scalars(select(Recipient.person_id))) == [people[0].id]
        await settle(session, draft.id, "me", {people[0].id: Fate.SENT})
        assert await next_broadcast(session) is None
        broadcast = await session.get_one(Broadcast, draft.id, populate_existing=True)
        assert (broadcast.sent, broadcast.left) == (1, 7)


@pytest.mark.parametrize("seed", range(6))
async def test_nobody_gets_it_twice_and_nobody_is_left_out_whoever_dies_whenever(
    database: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(recipients, "RANGE", 7)
    async with database.transaction() as session:
        people = await crowd(session, vault, "kre" * 12)
        owner = people[0]
        draft = await drafted(session, vault, owner)
        await start(session, draft, may_count=True, now=NOW)
    arrived: Counter[int] = Counter()
    refusers, gone, doubtful = set[int](), set[int](), 0
    taken: list[int] = []
    came: dict[int, Fate] = {}
    now, sender = NOW, "sender 0"
    for step in range(400):
        act = chance.choice(["work", "work", "work", "work", "answer", "answer", "kill", "pause", "block", "leave"])
        if step > 300:
            act = chance.choice(["work", "answer"])
        now += timedelta(seconds=1)
        async with database.transaction() as session:
            if act == "work":
                broadcast = await next_broadcast(session)
                paused = await begun(session, draft.id)
                assert paused is not None
                if broadcast is None and paused.stage is Stage.PAUSED:
                    paused.resume()
                elif broadcast is not None and broadcast.stage is Stage.QUEUEING:
                    await queue_some(session, broadcast.id)
                elif broadcast is not None and not await finish(session, broadcast, now):
                    await recover(session, sender, {(draft.id, i) for i in (*taken, *came)})
                    taken += [person.id for person, _ in await take(session, broadcast, sender, 4, now)]
            elif act == "answer":
                for person_id in [i for i in taken if chance.random() < 0.7]:
                    taken.remove(person_id)
                    if chance.random() < 0.2 and person_id not in gone:
                        await try_again(session, (draft.id, person_id), sender, now + timedelta(seconds=3))
                        continue
                    arrived[person_id] += 1
                    came[person_id] = Fate.SENT
                await settle(session, draft.id, sender, came)
                came.clear()
            elif act == "kill":  # some had left, some had not: nobody knows
                doubtful += len([i for i in taken if i not in gone])
                arrived.update(i for i in taken if chance.random() < 0.5)
                taken, sender = [], f"sender {step}"
            elif act == "pause":
                broadcast = await begun(session, draft.id)
                assert broadcast is not None
                broadcast.pause()
            elif act == "block" and chance.random() < 0.3:
                person = chance.choice(people[1:])
                refusers.add(person.id)
                await (mark_blocked(session, [person.id], now) if step % 2 else opt_out(session, person.id, now))
            elif act == "leave" and chance.random() < 0.1:
                found = await session.get(Person, chance.choice(people[1:]).id)
                if found is not None:
                    gone.add(found.id)
                    await delete_person(session, found)
    async with database.reading() as session:
        broadcast = await session.get_one(Broadcast, draft.id)
    assert broadcast.stage is Stage.DONE
    assert max(arrived.values()) == 1
    silent = {person.id for person in people} - set(arrived) - refusers - gone
    assert len(silent) <= broadcast.unsure <= doubtful
    assert broadcast.left <= len(gone)
    assert broadcast.sent + broadcast.unsure >= len(set(arrived) - gone)


# opting out, and what goes first


async def test_who_opts_out_can_come_back(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
        for _ in range(2):
            await opt_out(session, person.id, NOW)
    async with database.transaction() as session:
        assert await has_opted_out(session, person.id)
        for _ in range(2):
            await opt_in(session, person.id)
    async with database.reading() as session:
        assert not await has_opted_out(session, person.id)


async def test_everything_else_goes_before_a_broadcast_once_it_is_due(database: Database, vault: Vault) -> None:
    async def urgent(priority: Priority, minutes: int) -> bool:
        async with database.transaction() as session:
            person = await add_person(session, vault, 1)
            at = NOW + timedelta(minutes=minutes)
            post(session, vault, person.id, "sendMessage", {"text": "x"}, priority=priority, now=NOW, due_at=at)
            await session.flush()
            return await is_urgent(session, NOW)

    assert not await urgent(Priority.BROADCAST, 0)
    assert not await urgent(Priority.RECEIPT, 1)
    assert await urgent(Priority.REMINDER, 0)
    async with database.transaction() as session:
        await lease(session, NOW, 10)
        assert not await is_urgent(session, NOW)  # it's being sent
        assert await is_urgent(session, NOW + LEASE)


async def test_a_row_names_a_person_and_a_broadcast_that_are_there(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
        draft = await drafted(session, vault, person)
        assert await draft_of(session, person.id) is draft
    for values in ({"broadcast_id": draft.id, "person_id": 999}, {"broadcast_id": 999, "person_id": person.id}):
        with pytest.raises(IntegrityError):
            async with database.transaction() as session:
                await session.execute(insert(Recipient).values(values | {"tries": 0}))
