"""Cars: one for a plate, three at most, found by whoever has the code and by nobody who guesses or counts."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.cars import (
    LATELY,
    MOST,
    MOST_LATELY,
    UNSAID,
    Car,
    Driven,
    car_of_code,
    cars_of,
    declare_car,
    is_code,
    own_car,
    plate_of_code,
)
from models.database import Database
from models.deletion import delete_person
from models.flag_rights import parties
from models.known_drivers import forget_cars
from models.plates import normalise_plate
from models.quiet import at_hour, local_day
from models.vault import Vault
from tests.models.helpers import NEW_KEY, NOW, OLD_KEY, add_flag, add_people, add_person

PLATES = ["123ABC02", "A123BCD", "ODD1", "777ABE05"]


async def test_a_car_is_declared_once_and_a_driver_has_three_at_most(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        driver, other = await add_people(session, vault, 1, 2)
        cars = [await declare_car(session, vault, driver.id, plate, NOW) for plate in PLATES]
        assert [car.plate(vault) for car in cars if car] == PLATES[:MOST]
        assert await declare_car(session, vault, driver.id, PLATES[1], NOW) is cars[1]
        shared = await declare_car(session, vault, other.id, PLATES[1], NOW)  # two drivers may share a car
        assert shared is not None
        assert cars[1] is not None
        assert shared.code != cars[1].code
        cars[1].end(NOW)
        cars[1].end(NOW + timedelta(days=1))
        assert cars[1].ended_at == NOW
        assert await declare_car(session, vault, driver.id, PLATES[3], NOW) is not None
        assert [car.plate(vault) for car in await cars_of(session, driver.id)] == [PLATES[0], PLATES[2], PLATES[3]]
        assert await declare_car(session, vault, driver.id, PLATES[1], NOW) is None


@given(
    st.lists(st.sampled_from(Driven), max_size=4),
    st.lists(st.tuples(st.integers(1, 40), st.sampled_from(Driven)), max_size=6),
)
def test_after_the_day_on_which_a_car_was_named_answers_only_make_a_wait_longer(
    that_day: list[Driven], later: list[tuple[int, Driven]]
) -> None:
    car, rarity = Car(made_at=NOW), list(Driven).index
    assert car.driven_that_counts is UNSAID
    for said in that_day:
        car.say_driven(said, at_hour(local_day(NOW), 23))
        assert (car.driven, car.driven_that_counts) == (said, said)
    said_before = [car.driven_that_counts]
    for days, said in sorted(later):
        car.say_driven(said, at_hour(local_day(NOW) + timedelta(days=days), 0))
        said_before.append(said)
        assert car.driven is said
        assert car.driven_that_counts is max(said_before, key=rarity)


async def test_whoever_names_a_car_anew_is_taken_at_their_word_of_before(database: Database) -> None:
    vault, both = Vault([OLD_KEY]), Vault([NEW_KEY, OLD_KEY])
    async with database.transaction() as session:
        driver, other = await add_people(session, vault, 1, 2)
        for plate, said, counts in (
            (PLATES[0], Driven.NOW_AND_THEN, Driven.NOW_AND_THEN),
            (PLATES[1], Driven.MOST_DAYS, Driven.MOST_DAYS),
            (PLATES[2], None, UNSAID),
        ):
            first = await declare_car(session, vault, driver.id, plate, NOW)
            assert first is not None
            if said is not None:
                first.say_driven(said, NOW)
            first.end(NOW)
            again = await declare_car(session, vault, driver.id, plate, NOW)
            assert again is not None
            assert again.id != first.id
            assert (again.driven, again.driven_that_counts) == (said, counts)
            again.say_driven(Driven.MOST_DAYS, NOW)  # not even on its day does this make a wait shorter
            assert (again.driven, again.driven_that_counts) == (Driven.MOST_DAYS, counts)
            again.end(NOW)
        stranger = await declare_car(session, vault, other.id, PLATES[0], NOW)
        assert stranger is not None
        assert (stranger.driven, stranger.driven_least) == (None, None)

        # Also while keys change, and no longer once the car of before is forgotten.
        later = NOW + LATELY
        third = await declare_car(session, both, driver.id, PLATES[0], later)
        assert third is not None
        assert (third.driven, third.driven_that_counts) == (Driven.MOST_DAYS, Driven.NOW_AND_THEN)
        third.end(later)
        await forget_cars(session, later + timedelta(seconds=1))
        fresh = await declare_car(session, both, driver.id, PLATES[0], later)
        assert fresh is not None
        assert (fresh.driven, fresh.driven_least) == (None, None)


async def test_flags_and_cars_on_the_same_vehicle_match(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        driver, passenger = await add_people(session, vault, 1, 2)
        flag = await add_flag(session, vault, passenger)
        flag.write_plate(vault, normalise_plate("123 авс 02"))
        car = await declare_car(session, vault, driver.id, normalise_plate("kz 123-ABC-02"), NOW)
        assert car is not None
        assert car.plate_index == flag.plate_index


async def test_a_car_is_found_by_its_code_and_its_driver_alone_reaches_it_by_its_number(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        driver, other = await add_people(session, vault, 1, 2)
        car = await declare_car(session, vault, driver.id, PLATES[0], NOW)
        assert car is not None
        assert is_code(car.code)
        assert await car_of_code(session, car.code) is car
        assert await plate_of_code(session, vault, car.code) == PLATES[0]
        for code in (
            "",
            "x" * 12,
            str(car.id),
            car.code[:-1],
            car.code + "\n",
            car.code.swapcase() + " ",
            "' OR 1=1 -",
        ):
            assert await plate_of_code(session, vault, code) is None, code
        assert await own_car(session, driver.id, car.id) is car
        for who, number in ((other.id, car.id), (driver.id, 0), (driver.id, -1), (driver.id, 2**64)):
            assert await own_car(session, who, number) is None
        car.end(NOW)
        assert await own_car(session, driver.id, car.id) is None
        assert await plate_of_code(session, vault, car.code) == PLATES[0]  # it can still be reported


async def test_codes_are_random(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        people = await add_people(session, vault, *range(1, 30))
        cars = [await declare_car(session, vault, person.id, PLATES[0], NOW) for person in people]
    assert len({car.code[:6] for car in cars if car}) == len(people)


@given(st.text())
def test_whatever_is_typed_is_a_code_or_not(typed: str) -> None:
    assert is_code(typed) is (
        len(typed) == 12 and typed.isascii() and typed.replace("-", "_").replace("_", "a").isalnum()
    )


async def test_any_number_of_plates_is_not_to_be_had_by_ending_cars(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        [driver] = await add_people(session, vault, 1)
        named = []
        for number in range(MOST_LATELY + 1):
            car = await declare_car(session, vault, driver.id, f"{number}AAA02", NOW)
            named.append(car is not None)
            if car is not None:
                car.end(NOW)
        assert named == [True] * MOST_LATELY + [False]
        assert await declare_car(session, vault, driver.id, "9AAA02", NOW + LATELY)


async def test_who_drove_a_reported_car_stays_on_that_side_as_long_as_the_flag_is_kept(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        driver, passenger = await add_people(session, vault, 1, 2)
        car = await declare_car(session, vault, driver.id, PLATES[0], NOW)
        assert car is not None
        car.end(NOW)
        flag = await add_flag(session, vault, passenger)
        flag.write_plate(vault, PLATES[0])
        await session.flush()
        await forget_cars(session, NOW + timedelta(days=400))
        assert driver.id in await parties(session, flag)
        await session.delete(flag)
        await session.flush()
        await forget_cars(session, NOW + timedelta(days=400))
        assert await plate_of_code(session, vault, car.code) is None


async def test_an_ended_car_is_forgotten_after_a_while_and_a_deleted_drivers_at_once_and_no_number_comes_back(
    database: Database, vault: Vault
) -> None:
    async with database.transaction() as session:
        driver, other = await add_people(session, vault, 1, 2)
        ended, kept = [await declare_car(session, vault, driver.id, plate, NOW) for plate in PLATES[:2]]
        theirs = await declare_car(session, vault, other.id, PLATES[2], NOW)
        assert ended is not None
        assert kept is not None
        assert theirs is not None
        ended.end(NOW)
        code, gone, numbers = ended.code, theirs.code, {ended.id, kept.id, theirs.id}
    async with database.transaction() as session:
        await forget_cars(session, NOW)
        assert await plate_of_code(session, vault, code) == PLATES[0]
        await forget_cars(session, NOW + timedelta(seconds=1))
        [person] = await add_people(session, vault, 2)
        await delete_person(session, person)
    async with database.transaction() as session:
        assert await plate_of_code(session, vault, code) is None
        assert await car_of_code(session, gone) is None
        [driver] = await add_people(session, vault, 1)
        assert [car.id for car in await cars_of(session, driver.id)] == [kept.id]
        new = await declare_car(session, vault, driver.id, PLATES[3], NOW)
        assert new is not None
        assert new.id not in numbers


async def test_a_plate_moved_to_another_car_opens_nothing(database: Database, vault: Vault) -> None:
    async with database.transaction() as session:
        person = await add_person(session, vault, 1)
        one, other = [await declare_car(session, vault, person.id, plate, NOW) for plate in PLATES[:2]]
        assert one is not None
        assert other is not None
        moved = Car(code=other.code, sealed_plate=one.sealed_plate)
        with pytest.raises(Exception, match="changed, moved"):
            moved.plate(vault)
