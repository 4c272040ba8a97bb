"""What else is known of a flag: its vehicle across categories, and of the person who reported only numbers."""

from collections import Counter
from datetime import timedelta

from models.audit import Action, entries
from models.cars import declare_car
from models.consents import Recipient
from models.database import Database
from models.details import Aim
from models.escrow import name_vehicle
from models.first_look import FIRST_LOOK
from models.flags import NEEDS_CONSENT, Flag, Outcome, Ride, State
from models.merging import follow, merge
from models.new_flags import store_flag
from models.repeats import count_on_vehicles, others_on_vehicle, reporter_history, take_up_again
from models.team import Role
from models.vault import Vault
from tests.models.helpers import NEW_KEY, NOW, OLD_KEY, add_flag, add_people, add_person

PLATE, DAY = "123ABC02", timedelta(days=1)


async def test_a_second_flag_raises_the_earlier_ones_that_are_open_by_one_level_once(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        people = await add_people(session, vault, 1, 2, 3, 4)
        reviewer = await add_person(session, vault, 9, Role.REVIEWER)
        codes = ["SX1", "PH4", "DR1", "VB2"]
        flags = []
        for each, code in zip(people, codes, strict=True):
            flag = await add_flag(session, vault, each, codes=[code])
            await name_vehicle(session, vault, flag, PLATE, NOW)
            flags.append(flag)
            if code == "DR1":
                flag.claim(reviewer.id)
                flag.close(reviewer.id, Outcome.ADVICE, NOW)
        assert [flag.severity for flag in flags] == [2, 4, 2, 3]
        raised = [entry.flag_id for entry in await entries(session, actions={Action.SEVERITY_SET}, limit=9)]
        assert raised == [flags[0].id]  # what was raised by another is in the audit
        again = await add_flag(session, vault, people[0], "again", now=NOW + 5 * DAY)
        await name_vehicle(session, vault, again, PLATE, NOW + 5 * DAY)
        assert [flag.severity for flag in [*flags, again]] == [2, 4, 2, 3, 2]
        flags[0].add_behaviours(["SX3"])
        assert flags[0].severity == 2


async def test_a_duplicate_whose_vehicle_is_named_again_raises_its_main_flag_too(
    database: Database, vault: Vault
) -> None:
    later = NOW + timedelta(hours=1)
    async with database.transaction() as session:
        one, two, three, four = await add_people(session, vault, 1, 2, 3, 4)
        reviewer = await add_person(session, vault, 9, Role.REVIEWER)
        main = await add_flag(session, vault, one, codes=["SX1"])
        named, unnamed = await add_flag(session, vault, two), await add_flag(session, vault, three)
        await name_vehicle(session, vault, named, PLATE, NOW)
        main.claim(reviewer.id)
        for each in (named, unnamed):
            assert await merge(session, reviewer.id, each, main)
        another = await add_flag(session, vault, four, now=later)
        await name_vehicle(session, vault, another, PLATE, later)
        assert [each.severity for each in (main, named, unnamed, another)] == [2, 2, 1, 2]
        assert main.due_at == NOW + FIRST_LOOK[2]
        unnamed.add_behaviours(["VB2"])  # told since, as severe as the main one
        await name_vehicle(session, vault, unnamed, PLATE, later)
        assert [each.severity for each in (main, named, unnamed, another)] == [3, 2, 3, 2]
        raised = [
            (each.flag_id, each.detail) for each in await entries(session, actions={Action.SEVERITY_SET}, limit=9)
        ]
        expected = [(named.id, "vehicle"), (main.id, f"duplicate {named.id}"), (main.id, f"duplicate {unnamed.id}")]
        assert raised[::-1] == expected


async def test_a_second_flag_opens_a_closed_one_again_once_and_its_duplicates_with_it(
    database: Database, vault: Vault
) -> None:
    later = NOW + 20 * DAY
    async with database.transaction() as session:
        one, two, three, barred = await add_people(session, vault, 1, 2, 3, 4)
        reviewer = await add_person(session, vault, 9, Role.REVIEWER)
        main = await add_flag(session, vault, one, codes=["SX1"])
        duplicate = await add_flag(session, vault, two, codes=["SX1"])
        await name_vehicle(session, vault, main, PLATE, NOW)
        main.claim(reviewer.id)
        assert await merge(session, reviewer.id, duplicate, main)
        assert main.close(reviewer.id, Outcome.RECORDED, NOW)
        await session.flush()
        assert [each.id for each in await follow(session, main)] == [duplicate.id]

        barred.barred_at = NOW
        kept, _ = await store_flag(
            session, vault, reporter_id=three.id, draft="c", codes=["VB2"], ride=Ride.OVER, now=NOW, aim=Aim.COUNT
        )
        for nothing in (kept, await add_flag(session, vault, barred, codes=["VB2"], now=later)):
            await name_vehicle(session, vault, nothing, PLATE, later)
            assert await take_up_again(session, vault, nothing, later) == []

        second = await add_flag(session, vault, three, codes=["DR1"], now=later)
        await name_vehicle(session, vault, second, PLATE, later)
        assert await take_up_again(session, vault, second, later) == [main, duplicate]
        assert (main.state, main.severity, main.outcome, main.reviewer_id) == (State.NEW, 2, None, None)
        assert main.due_at == later + FIRST_LOOK[2]
        assert (duplicate.state, duplicate.merged_into_id, duplicate.ended_at) == (State.MERGED, main.id, None)
        assert main.reopened_at == duplicate.reopened_at == later
        assert await take_up_again(session, vault, second, later) == []

        main.claim(reviewer.id)  # decided on together with the second: a third one doesn't open it once more
        assert main.close(reviewer.id, Outcome.ADVICE, later + DAY)
        await session.flush()
        third = await add_flag(session, vault, two, "third", now=later)
        await name_vehicle(session, vault, third, PLATE, later)
        assert await take_up_again(session, vault, third, later) == []
        assert (await others_on_vehicle(session, vault, third, reviewer.id))[-1] is main  # but it's shown with it


async def test_what_was_passed_on_or_was_misuse_stays_closed_when_its_vehicle_is_named_again(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        [one, *_] = await add_people(session, vault, 1)
        reviewer = await add_person(session, vault, 9, Role.REVIEWER)
        for number, outcome in enumerate(Outcome):
            plate = f"{number}00ABC02"
            first = await add_flag(session, vault, one, f"first {number}")
            await name_vehicle(session, vault, first, plate, NOW)
            first.claim(reviewer.id)
            assert first.close(reviewer.id, outcome, NOW, set(Recipient))
            second = await add_flag(session, vault, one, f"then {number}")
            await name_vehicle(session, vault, second, plate, NOW)
            again = await take_up_again(session, vault, second, NOW)
            assert bool(again) == (outcome not in {*NEEDS_CONSENT, Outcome.MISUSE}), outcome


async def test_what_a_driver_sends_about_a_car_that_they_declared_raises_and_opens_nothing(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        one, driver = await add_people(session, vault, 1, 2)
        reviewer = await add_person(session, vault, 9, Role.REVIEWER)
        assert await declare_car(session, vault, driver.id, PLATE, NOW)
        waiting, closed, own = [
            await add_flag(session, vault, each, draft) for each, draft in ((one, "a"), (one, "b"), (driver, "c"))
        ]
        for flag in (waiting, closed):
            flag.write_plate(vault, PLATE)
        closed.claim(reviewer.id)
        assert closed.close(reviewer.id, Outcome.RECORDED, NOW)
        await name_vehicle(session, vault, own, PLATE, NOW)
        assert await take_up_again(session, vault, own, NOW) == []
        assert [flag.severity for flag in (waiting, closed, own)] == [1, 1, 1]
        own.claim(reviewer.id)
        assert own.close(reviewer.id, Outcome.RECORDED, NOW)
        third = await add_flag(session, vault, one, "d")
        await name_vehicle(session, vault, third, PLATE, NOW)
        assert await take_up_again(session, vault, third, NOW) == [closed]


async def test_what_a_barred_person_sent_raises_nothing_is_not_counted_and_not_to_be_looked_at_first(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        one, barred, other = await add_people(session, vault, 1, 2, 3)
        reviewer = await add_person(session, vault, 9, Role.REVIEWER)
        barred.barred_at = NOW
        flags = []
        for number, (each, code) in enumerate(((one, "SX1"), (barred, "SX1"), (barred, "PH3"), (other, "SX1"))):
            flag = await add_flag(session, vault, each, str(number), codes=[code], now=NOW + number * DAY)
            await name_vehicle(session, vault, flag, PLATE, NOW + number * DAY)
            flags.append(flag)
            if number == 2:
                assert [sent.severity for sent in flags] == [1, 1, 4]
        first, unseen, severe, second = flags
        assert [flag.severity for flag in flags] == [2, 1, 4, 2]
        counts = await count_on_vehicles(session, vault, [first, second])
        assert counts == {first.id: 1, second.id: 2}
        others = [each.id for each in await others_on_vehicle(session, vault, second, reviewer.id)]
        assert others == [severe.id, first.id]  # the most severe ones of anybody come to the queue
        barred.barred_at = None
        await session.flush()
        assert (await count_on_vehicles(session, vault, [second]))[second.id] == 4
        assert unseen.id in [each.id for each in await others_on_vehicle(session, vault, second, reviewer.id)]


async def test_what_the_team_does_not_know_of_raises_nothing_of_others(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        [one] = await add_people(session, vault, 1)
        flag = await add_flag(session, vault, one)
        await name_vehicle(session, vault, flag, PLATE, NOW)
        for aim in (Aim.HOLD, Aim.COUNT):
            kept, _ = await store_flag(
                session, vault, reporter_id=one.id, draft=aim, codes=["VB2"], ride=Ride.OVER, now=NOW, aim=aim
            )
            await name_vehicle(session, vault, kept, PLATE, NOW)
        assert flag.severity == 1
        assert await count_on_vehicles(session, vault, [flag]) == {flag.id: 1}


async def test_the_flags_of_a_vehicle_are_counted_within_ninety_days_without_duplicates(database: Database) -> None:
    old, both = Vault([OLD_KEY]), Vault([NEW_KEY, OLD_KEY])
    async with database.transaction() as session:
        [reporter, *_] = await add_people(session, both, 1)
        reviewer = await add_person(session, both, 9, Role.REVIEWER)
        flags: list[Flag] = []
        for number, days in enumerate((0, 50, 95, 96, 97)):
            vault = old if number < 2 else both
            flag = await add_flag(session, vault, reporter, str(number), now=NOW + days * DAY)
            flag.write_plate(vault, PLATE)
            flags.append(flag)
        bare = await add_flag(session, both, reporter, "bare", now=NOW + 98 * DAY)
        flags[2].claim(reviewer.id)
        await session.flush()
        assert await merge(session, reviewer.id, flags[3], flags[2])
        flags[1].withdraw(NOW)
        await session.flush()
        counts = await count_on_vehicles(session, both, [*flags, bare])
        assert counts == {flags[0].id: 1, flags[1].id: 2, flags[2].id: 1, flags[3].id: 2, flags[4].id: 2}
        others = await others_on_vehicle(session, both, flags[4], reviewer.id)
        assert [each.id for each in others] == [flags[3].id, flags[2].id, flags[0].id]
        assert [each.id for each in await others_on_vehicle(session, both, flags[2], reviewer.id)] == [
            flags[4].id,
            flags[0].id,
        ]
        assert list(await others_on_vehicle(session, both, flags[4], reporter.id)) == []
        assert list(await others_on_vehicle(session, both, bare, reviewer.id)) == []


async def test_of_the_person_who_reported_only_numbers_are_known(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        one, other = await add_people(session, vault, 1, 2)
        reviewer = await add_person(session, vault, 9, Role.REVIEWER)
        flags = [await add_flag(session, vault, one, draft) for draft in "abcde"]
        await add_flag(session, vault, other)
        for flag, outcome in zip(flags, (Outcome.ADVICE, Outcome.ADVICE, Outcome.MISUSE), strict=False):
            flag.claim(reviewer.id)
            flag.close(reviewer.id, outcome, NOW)
        flags[3].withdraw(NOW)
        await store_flag(
            session, vault, reporter_id=one.id, draft="c2", codes=["OT"], ride=Ride.OVER, now=NOW, aim=Aim.COUNT
        )
        await session.flush()
        assert await reporter_history(session, flags[4]) == Counter({Outcome.ADVICE: 2, Outcome.MISUSE: 1})
        assert await reporter_history(session, flags[0]) == Counter({Outcome.ADVICE: 1, Outcome.MISUSE: 1, None: 1})
