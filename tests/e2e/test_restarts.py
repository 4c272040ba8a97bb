"""The bot is stopped and started again before anything that is done: nothing is lost, and nothing asked twice."""

import base64
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from bot.sandbox import Message, Phone
from bot.sandbox.phone import Answer
from handlers import reasons
from models.behaviours import BEHAVIOURS, behaviour_name
from models.cars import CarIndex, declare_car
from models.consents import Consent, Recipient
from models.details import Platform
from models.drafts import Draft
from models.evidence import Kind
from models.flags import OUTCOME_NAMES, Flag, Outcome, State
from models.talk import Talk
from models.team import Role
from models.thanks import Thanks
from tests.e2e.conftest import QUICK
from tests.e2e.handles import handle
from tests.e2e.test_both_sides import report_of
from tests.e2e.test_both_sides import told as told_of
from tests.e2e.test_capsule import ASKED, noted, set_clock
from tests.e2e.test_car import certified, wednesday, with_car
from tests.e2e.test_desk import claimed, close
from tests.e2e.test_distress import CRY
from tests.e2e.test_evidence import PLACE, settled
from tests.e2e.test_form import begin, to_review
from tests.e2e.test_other_account import PHRASE, open_with, set_phrase
from tests.e2e.test_statement import order
from tests.e2e.test_talk import QUESTION, REPLY, news
from tests.e2e.test_who_may_know import HOLD, NEWS, told
from tests.e2e.walking import (
    appoint,
    assert_sound,
    called,
    code_on,
    flag,
    labels,
    passenger,
    person,
    press,
    reviewer,
    say,
    send,
    stored,
)
from tests.house import DRIVER, KEY, OWNER, House, open_house
from tests.media import photo, voice

WORDS = "Ол жол бойы айқайлады"


@dataclass
class RestartingHouse(House):
    """A house whose bot is another one for everything that is done on its phones."""

    at_work: AsyncExitStack
    restarts: int = 0

    async def restart(self) -> None:
        """Stop the bot as a deployment would, and start another one on the same database."""
        await self.at_work.aclose()
        again = open_house(self.app.settings.database_url, sandbox=self.sandbox, clock=self.clock, **QUICK)
        self.app = (await self.at_work.enter_async_context(again)).app
        self.restarts += 1


class RestartingPhone(Phone):
    """A phone that restarts the bot before each press, and before whatever it sends."""

    def __init__(self, phone: Phone, house: RestartingHouse) -> None:
        super().__init__(phone._api, phone._events, phone.person)
        self._house = house

    async def _pressed(self, *args: Any) -> Answer:
        await self._house.restart()
        return await super()._pressed(*args)

    async def _sent(self, *args: Any) -> list[Message]:
        await self._house.restart()
        return await super()._sent(*args)


@asynccontextmanager
async def restarting_house(database_url: str) -> AsyncIterator[RestartingHouse]:
    """Open a house that is closed and opened anew around its phones."""
    async with AsyncExitStack() as at_work:
        first = await at_work.enter_async_context(open_house(database_url, **QUICK))
        yield RestartingHouse(first.app, first.sandbox, first.clock, at_work)


@pytest.mark.parametrize(("kind", "language"), [("postgres", "ru")])
async def test_a_report_its_additions_and_its_talk_survive_a_restart_before_every_tap(
    database_url: str, language: str
) -> None:
    async with restarting_house(database_url) as house:
        phone, _ = RestartingPhone(passenger(house, language), house), say(language)
        desk, their = RestartingPhone(await reviewer(house), house), say("en")
        screen = await flag(phone, _)
        await press(phone, _("Add the plate"), screen)
        screen = await send(phone, "123 ABC 02")
        await press(phone, _("Add your words"), screen)
        screen = await send(phone, WORDS)
        await press(phone, _("Photo, voice or place"), screen)
        await phone.photo(photo())
        await phone.voice(voice())
        (screen,) = await phone.location(*PLACE)
        await press(phone, _("Done"), screen)
        screen = await set_phrase(phone, _, screen)
        await phone.press_data(f"consent:open:{await handle(house, Flag)}:", screen)
        await press(phone, _("The police"), screen)
        pieces = await settled(house, 2)
        assert {piece.kind for piece in pieces} == set(Kind)

        await called(desk, their)
        shown = await send(desk, "/flag 1")
        await press(desk, their("Claim"), shown)
        await press(phone, _("Show"), await news(phone, _))
        await press(desk, their("Ask the person"), shown)
        await send(desk, QUESTION)
        notice = await news(phone, _)
        await press(phone, _("Show"), notice)
        await press(phone, _("Answer"), notice)
        screen = await send(phone, REPLY)
        assert QUESTION in screen.text

        (one,) = await stored(house, Flag)
        vault = house.app.vault
        assert (one.plate(vault), one.words(vault), one.place(vault)) == ("123ABC02", WORDS, PLACE)
        assert one.sealed_passphrase is not None
        assert {each.recipient for each in await stored(house, Consent)} == {Recipient.STATISTICS, Recipient.POLICE}
        assert [said.text(vault, one) for said in await stored(house, Talk)] == [QUESTION, REPLY]
        await phone.press_data(f"own:withdraw:{await handle(house, Flag)}", screen)
        await press(phone, _("Yes, withdraw"), screen)
        assert [each.state for each in await stored(house, Flag)] == [State.WITHDRAWN]
        assert house.restarts > 25
        await assert_sound(house)


@pytest.mark.parametrize(("kind", "language"), [("postgres", "en")])
async def test_a_draft_and_a_capsule_survive_a_restart_before_every_tap(database_url: str, language: str) -> None:
    async with restarting_house(database_url) as house:
        phone, _ = RestartingPhone(passenger(house, language), house), say(language)
        set_clock(house, 14, day=1)
        screen = await noted(phone, _)
        screen = await send(phone, "777 ABE 05")
        await press(phone, _("Today at 20:00"), screen)
        set_clock(house, 20)
        await house.restart()
        await phone.until(lambda phone: _(ASKED) in phone.texts)
        screen = phone.last
        await press(phone, _("Go on"), screen)
        await press(phone, _("I was the passenger"), screen)
        await press(phone, _("Rude or threatening words"), screen)
        await press(phone, _("Insults, shaming, shouting"), screen)
        await press(phone, _("« Back"), screen)
        await press(phone, _("Next »"), screen)
        screen = await send(phone, WORDS)
        (screen,) = await phone.photo(photo())
        await phone.press_data("form:go:platform:", screen)
        await press(phone, "inDrive", screen)
        await to_review(phone, _, screen)
        assert WORDS in screen.text
        await press(phone, _("Send"), screen)
        (one,) = await stored(house, Flag)
        vault = house.app.vault
        assert (one.plate(vault), one.words(vault), one.platform) == ("777ABE05", WORDS, Platform.INDRIVE)
        assert one.happened_at is not None
        assert await stored(house, Draft) == []
        assert len(await settled(house, 1)) == 1
        screen = await begin(phone, _)  # and the next one begins from the beginning
        assert _("I saw it") in labels(screen)
        await assert_sound(house)


@pytest.mark.parametrize(("kind", "language"), [("sqlite", "kk")])
async def test_what_is_held_released_and_told_twice_survives_a_restart_before_every_tap(
    database_url: str, language: str
) -> None:
    async with restarting_house(database_url) as house:
        _, other = say(language), house.phone(DRIVER, language)
        one = RestartingPhone(passenger(house, language), house)
        desk = await reviewer(house, language)
        await told(one, _, HOLD, "777 ABE 05")

        # Nearly the same, for the team now: not added to what is held, offered to be added to the next, and sent anew.
        behaviour = ("No, it is over", "Rude or threatening words", "Insults, shaming, shouting")
        for answer, states in (
            ((), [State.HELD, State.NEW]),
            (("Yes, add it to that report",), [State.HELD, State.NEW]),
            (("No, it is another one: send it",), [State.HELD, State.NEW, State.NEW]),
        ):
            screen = await send(one, "/report")
            for label in (*behaviour, *answer):
                await press(one, _(label), screen)
            assert [each.state for each in await stored(house, Flag)] == states

        # And with the words of a cry, that are saved only on a press.
        await press(one, _("Add your words"), screen)
        await press(one, _("Save it in my report"), await send(one, CRY[language]))
        assert (await stored(house, Flag))[-1].words(house.app.vault) == CRY[language]

        await told(other, _, HOLD, "777 abe 05")
        assert {each.state for each in await stored(house, Flag)} == {State.NEW}
        await called(desk, _, 4)
        house.clock.shift += timedelta(hours=12)
        await house.restart()
        for phone in (one, other):
            await phone.until(lambda phone: _(NEWS) in phone.texts)
        assert house.restarts > 25
        await assert_sound(house)


@pytest.mark.parametrize(("kind", "language"), [("sqlite", "ru")])
async def test_a_scan_thanks_a_code_and_its_phrase_a_paper_and_the_end_of_a_report_survive_a_restart_before_every_tap(
    database_url: str, language: str
) -> None:
    async with restarting_house(database_url) as house:
        _ = say(language)
        wednesday(house)
        driver = await certified(house, language)
        code = await with_car(house, driver, _)
        phone = RestartingPhone(passenger(house, language), house)
        new = RestartingPhone(house.phone(OWNER, language), house)
        scan = await send(phone, f"/start q{code}")
        await press(phone, _("Thank the driver"), scan)
        await press(phone, _("Just thank you"), scan)
        assert len(await stored(house, Thanks)) == 1
        await press(phone, _("« Back"), scan)
        for label in ("Report an incident", "No, it is over", "Touch or force", BEHAVIOURS["PH1"].name):
            await press(phone, _(label), scan)
        receipt = code_on(scan)
        assert (await stored(house, Flag))[0].plate(house.app.vault) == "123ABC02"
        await set_phrase(phone, _, scan)
        opened = await open_with(new, receipt, PHRASE)
        assert receipt in opened.text
        await order(new, _, opened)
        await phone.press_data(f"erase:ask:{await handle(house, Flag)}", scan)
        await press(phone, _("Yes, delete it"), scan)
        assert await stored(house, Flag) == []

        # The driver's way.
        driver = RestartingPhone(driver, house)
        screen = await send(driver, "/report")
        for label in ("I am the driver, it is about a passenger", "Yes, in the car", "Touch or force"):
            await press(driver, _(label), screen)
        await press(driver, _(behaviour_name("PH1", by_passenger=True)), screen)
        assert [each.by_driver for each in await stored(house, Flag)] == [True]
        assert house.restarts > 18
        await assert_sound(house)


@pytest.mark.parametrize(("kind", "language"), [("postgres", "kk")])
async def test_a_second_look_and_a_flag_opened_again_survive_a_restart_before_every_tap(
    database_url: str, language: str
) -> None:
    async with restarting_house(database_url) as house:
        _, phone = say(language), RestartingPhone(passenger(house, language), house)
        desk = RestartingPhone(await reviewer(house, language), house)
        colleague = house.phone(OWNER, language)
        await colleague.send("/start")
        await appoint(house, colleague, Role.REVIEWER)
        colleague = RestartingPhone(colleague, house)
        await flag(phone, _, "SX1")
        await called(desk, _)
        await close(desk, _, await claimed(desk, _, 1), Outcome.NO_FINDING)
        mine = await report_of(phone, _)
        await press(phone, _("Ask for a second look"), mine)
        await send(phone, WORDS)
        await told_of(colleague, _("Somebody asks for a second look at a closed flag."))
        queue = await send(colleague, "/queue")
        await press(colleague, _("Second looks: {n}", n=1), queue)
        await press(colleague, "№1", queue)
        await press(colleague, _("Another outcome"), queue)
        await press(colleague, _(OUTCOME_NAMES[Outcome.ADVICE]), queue)
        await press(colleague, _(reasons.SECOND_LOOK[1]), queue)
        assert [each.outcome for each in await stored(house, Flag)] == [Outcome.ADVICE]
        shown = await send(colleague, "/flag 1")
        await press(colleague, _("Reopen"), shown)
        await send(colleague, WORDS)
        assert [each.outcome for each in await stored(house, Flag)] == [None]
        assert house.restarts > 20
        await assert_sound(house)


async def test_with_a_new_key_the_bot_begins_by_finding_every_car_under_it_too(database_url: str) -> None:
    new = base64.b64encode(b"n" * 32).decode()
    async with open_house(database_url, **QUICK) as house:
        phone = passenger(house)
        await send(phone, "/start")
        driver = await person(house, phone)
        async with house.app.database.transaction() as session:
            assert await declare_car(session, house.app.vault, driver.id, "123ABC02", house.clock()) is not None
    for keys, many in ((f"{new},{KEY}", 2), (f"{new},{KEY}", 2), (KEY, 1)):
        async with open_house(
            database_url, sandbox=house.sandbox, clock=house.clock, secret_keys=keys, **QUICK
        ) as house:
            indexes = house.app.vault.indexes(b"123ABC02", "plate")
            assert len(indexes) == many
            assert {each.plate_index for each in await stored(house, CarIndex)} == set(indexes)
            await assert_sound(house)
