"""Who presses too fast is slowed down, is told so once, and slows nobody else."""

from datetime import UTC, datetime, timedelta

from aiogram.types import Update

from bot.flood import _PEOPLE, Flood
from handlers.notices import slow_down
from models.people import Language
from tests.house import PASSENGER, House
from tests.walks import flag

NOW = datetime(2026, 9, 1, tzinfo=UTC)


def test_everything_up_to_the_limit_is_admitted_and_nothing_above_it() -> None:
    flood = Flood(limit=3)
    assert [flood.admits(1, number, NOW) for number in range(5)] == [True, True, True, False, False]


def test_the_first_refusal_is_known_and_only_the_first() -> None:
    flood = Flood(limit=1)
    for number in range(4):
        flood.admits(1, number, NOW)
    assert [flood.is_first_refusal(1, number) for number in range(4)] == [False, True, False, False]


def test_people_are_counted_apart() -> None:
    flood = Flood(limit=1)
    assert [flood.admits(person, 7 + person, NOW) for person in range(3)] == [True] * 3


def test_the_same_update_counts_once_however_often_it_is_tried() -> None:
    flood = Flood(limit=2)
    assert all(flood.admits(1, 5, NOW) for _ in range(10))
    assert flood.admits(1, 6, NOW)
    assert not flood.admits(1, 7, NOW)
    assert flood.admits(1, 5, NOW)


def test_a_new_window_begins_when_the_old_one_is_over_or_the_clock_was_set_back() -> None:
    flood = Flood(limit=1, seconds=10)
    flood.admits(1, 1, NOW)
    assert not flood.admits(1, 2, NOW + timedelta(seconds=9.9))
    assert flood.admits(1, 3, NOW + timedelta(seconds=10))
    assert flood.admits(1, 4, NOW - timedelta(days=1))
    assert not flood.is_first_refusal(1, 4)


def test_memory_is_bounded_whoever_comes_and_however_often() -> None:
    flood = Flood(limit=2)
    for person in range(_PEOPLE + 500):
        flood.admits(person, person, NOW)
    for number in range(5000):
        flood.admits(_PEOPLE, 10**6 + number, NOW)
    assert len(flood._windows) == _PEOPLE
    assert len(flood._windows[_PEOPLE].admitted) == 2


async def test_who_sends_too_fast_is_told_so_once_in_their_language_and_heard_again_later(house: House) -> None:
    phone = house.phone(PASSENGER, "ru")
    for _ in range(80):
        phone.post("/help")
    await house.sandbox.idle()
    await phone.until(lambda p: len([m for m in p.messages if m.from_bot]) == 31)
    notice = slow_down(Update(update_id=1), house.app.engine.texts[Language.RUSSIAN]).text  # type: ignore[attr-defined]
    assert phone.last.text == notice
    assert phone.texts.count(notice) == 1
    house.clock.shift += timedelta(seconds=11)
    await phone.send("/start")


async def test_one_who_floods_delays_another_by_no_more_than_a_batch(house: House) -> None:
    flooder, passenger = house.phone(5001), house.phone(PASSENGER)
    await passenger.send("/start")
    for _ in range(500):
        flooder.post("/start")
    before = house.app.metrics.registry.get_sample_value("bot_updates_total", FLOODED) or 0
    await flag(passenger)
    assert len([m for m in flooder.messages if m.from_bot]) <= 31
    assert before == 0
    assert house.app.metrics.registry.get_sample_value("bot_updates_total", FLOODED) == 470


FLOODED = {"kind": "message", "result": "flood"}
