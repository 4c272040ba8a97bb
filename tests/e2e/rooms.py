"""Cohorts for those who walk: made without the eight taps that making one takes."""

from datetime import date

from bot.sandbox import Message, Phone
from models.cohorts import Cohort, make_cohort
from tests.e2e.walking import person
from tests.house import House


async def cohort_by(house: House, owner: Phone, name: str = "Жүргізушілер <1>") -> Cohort:
    """A cohort of this owner, who has started the bot."""
    owner_id = (await person(house, owner)).id
    async with house.app.database.transaction() as session:
        return await make_cohort(
            session,
            name=name,
            organisation="ЕҚЫҰ & Co",
            region="KZ-75",
            held_on=date(2026, 11, 21),
            owner_id=owner_id,
            now=house.clock(),
        )


async def come(phone: Phone, cohort: Cohort, expect: int = 1) -> list[Message]:
    """Follow the cohort's link."""
    return await phone.send(f"/start c{cohort.code}", expect=expect)


def lines_of(message: Message, kind: str) -> list[str]:
    """The lines of the one part of a message that is marked as `kind`."""
    (entity,) = (entity for entity in message.raw["entities"] if entity["type"] == kind)
    text = message.text.encode("utf-16-le")
    return text[2 * entity["offset"] : 2 * (entity["offset"] + entity["length"])].decode("utf-16-le").split("\n")
