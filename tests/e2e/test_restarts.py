"""The bot is stopped and started again before anything that is done: nothing is lost, and nothing asked twice."""

import base64
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from bot.sandbox import Message, Phone
from bot.sandbox.phone import Answer
from models.cars import CarIndex, declare_car
from models.consents import Consent, Recipient
from models.details import Platform
from models.drafts import Draft
from models.evidence import Kind
from models.flags import Flag, State
from models.talk import Talk
from tests.e2e.conftest import QUICK
from tests.e2e.test_capsule import ASKED, noted, set_clock
from tests.e2e.test_evidence import PLACE, settled
from tests.e2e.test_form import begin, to_review
from tests.e2e.test_other_account import set_phrase
from tests.e2e.test_talk import QUESTION, REPLY, news
from tests.e2e.walking import assert_sound, called, flag, labels, passenger, person, press, reviewer, say, send, stored
from tests.house import KEY, House, open_house
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


@pytest.mark.parametrize(("kind", "language"), [("sqlite", "kk"), ("postgres", "ru")])
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
        await phone.press_data("consent:open:1:", screen)
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
        await phone.press_data("own:withdraw:1", screen)
        await press(phone, _("Yes, withdraw"), screen)
        assert [each.state for each in await stored(house, Flag)] == [State.WITHDRAWN]
        assert house.restarts > 25
        await assert_sound(house)


@pytest.mark.parametrize(("kind", "language"), [("sqlite", "ru"), ("postgres", "en")])
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
