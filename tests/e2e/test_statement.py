"""The statement: a report on paper for whoever told it, and for nobody else; what it says is what is stored."""

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from pypdfium2 import PdfDocument
from sqlalchemy import select

from bot.sandbox import Message, Phone
from handlers import statement as module
from handlers.making import Made, Workshop
from handlers.texts import load_texts
from models.audit import Action, AuditEntry
from models.behaviours import BEHAVIOURS
from models.deletion import delete_flag
from models.evidence import Evidence
from models.flags import Flag
from models.late_news import as_shown
from models.outbox import Delivery, Parcel
from models.people import Language, Person
from models.regions import REGIONS
from tests.e2e.test_evidence import PLACE, settled
from tests.e2e.walking import (
    Say,
    assert_sound,
    code_on,
    flag,
    passenger,
    press,
    reviewer,
    say,
    send,
    stored,
)
from tests.house import House
from tests.media import photo
from tests.walks import eventually

WORDS = "Ұялып қалдым <b>&</b> {nb}.\nВторая строка 👩‍👩‍👧.\n\n" + "Third line, again and again. " * 130
"""About 4,000 characters: several pages."""
TEXTS = load_texts()


def papers(phone: Phone) -> list[Message]:
    return [message for message in phone.messages if "document" in message.raw]


def text_of(house: House, message: Message) -> str:
    """All the text of a PDF, however it's wrapped."""
    file = house.sandbox.world.files.get(message.raw["document"]["file_id"])
    assert file is not None
    document = PdfDocument(file.data)
    text = " ".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return " ".join(text.split())


async def order(phone: Phone, _: Say, screen: Message) -> Message:
    """Press the button for a statement and wait for it."""
    known = len(papers(phone))
    await press(phone, _("Statement (PDF)"), screen)
    await phone.until(lambda phone: len(papers(phone)) > known)
    return papers(phone)[-1]


async def test_a_statement_says_all_that_was_told_and_its_hash_is_in_the_audit(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    screen = await flag(phone, _, "PH2")
    code = code_on(screen)
    await press(phone, _("Add the plate"), screen)
    await press(phone, _("Add your words"), await send(phone, "777 abe 05"))
    screen = await send(phone, WORDS)
    await press(phone, _("Photo, voice or place"), screen)
    await phone.photo(photo())
    (screen,) = await phone.location(*PLACE)
    await settled(house, 1)
    await press(phone, _("Done"), screen)
    paper = await order(phone, _, screen)
    assert paper.raw["document"]["file_name"] == f"qurmet-{code}.pdf"
    assert "PH2" not in str(paper.raw)
    text = text_of(house, paper)
    _day = TEXTS[Language(language)].day
    for said in (
        _("Statement"),
        _("told through the Qurmet bot"),
        code,
        _day(house.clock()).replace("\u202f", " "),
        _(BEHAVIOURS["PH2"].name),
        "777ABE05",
        _("Place: <code>{place}</code>", place="43.2389, 76.8897"),
        load_texts()[Language(language)].n("{n} photo", "{n} photos", 1),
        _("Region: {region}", region=_(REGIONS["KZ-19"])),
        "Ұялып қалдым <b>&</b> {nb}. Вторая строка",
        "Third line, again and again. Third line",
        _("Signature"),
        _(
            "Told by the person, true as far as they know; not checked by the bot; not a document of an authority; "
            "not legal advice."
        ),
        _("Emoji and signs that can't be printed are left out here; the hash counts them."),
        _("Page {page} of {pages}", page=2, pages=2),
    ):
        assert " ".join(said.split()) in text.replace("\u202f", " "), said
    assert text.count("Third line") == 130
    (entry,) = await stored(house, AuditEntry, action=Action.STATEMENT)
    (sent,) = await stored(house, Flag)
    assert (entry.flag_id, entry.actor_id, len(entry.detail)) == (sent.id, None, 64)
    assert " ".join(entry.detail[at : at + 4] for at in range(0, 64, 4)) in text
    content = module.canonical(sent, as_shown(sent, house.clock()), await stored(house, Evidence), house.app.vault)
    assert hashlib.sha256(content.encode()).hexdigest() == entry.detail
    assert json.loads(content)["words"] == WORDS.strip()
    assert json.loads(content)["region"] == "KZ-19"
    assert (json.loads(content)["place"], json.loads(content)["photos"]) == (list(PLACE), 1)
    await assert_sound(house)


async def test_the_same_content_has_the_same_hash_on_another_day_and_in_another_language_and_other_content_another(
    small_house: House,
) -> None:
    phone, _ = passenger(small_house), say("en")
    desk = await reviewer(small_house)
    screen = await flag(phone, _)
    code = code_on(screen)
    await press(phone, "Add your words", screen)
    screen = await send(phone, "One way to say it")
    await order(phone, _, screen)
    small_house.clock.shift += timedelta(days=3)
    await send(phone, "/language")
    await press(phone, "Қазақша")
    kazakh = say("kk")
    text = text_of(small_house, await order(phone, kazakh, await send(phone, code)))
    assert kazakh("Where it stands") in text
    await press(phone, kazakh("Change your words"))
    await order(phone, kazakh, await send(phone, "Another way to say it"))
    await send(desk, f"/flag {(await stored(small_house, Flag))[0].id}")
    await phone.until(lambda phone: kazakh("There is news for you.") in phone.texts)
    await press(phone, kazakh("Show"))
    await order(phone, kazakh, phone.last)
    one, two, three, four = [each.detail for each in await stored(small_house, AuditEntry, action=Action.STATEMENT)]
    assert one == two
    assert len({two, three, four}) == 3
    await assert_sound(small_house)


@pytest.mark.parametrize("while_drawn", [False, True])
async def test_a_report_that_is_deleted_before_or_while_it_is_drawn_gives_no_paper(
    small_house: House, monkeypatch: pytest.MonkeyPatch, while_drawn: bool
) -> None:
    phone, _ = passenger(small_house), say("en")
    make, aside = small_house.app.sender.make, Workshop.aside

    async def gone() -> None:
        async with small_house.app.database.transaction() as session:
            (sent,) = await session.scalars(select(Flag))
            await delete_flag(session, sent)

    async def drawn(workshop: Workshop, *args: Any) -> Any:
        await gone()
        return await aside(workshop, *args)

    async def late(order: str, person: Person, values: Mapping[str, Any]) -> Made | None:
        await gone()
        return await make(order, person, values)

    async def nothing_waits() -> bool:
        return not await stored(small_house, Parcel, status=Delivery.WAITING)

    await send(phone, code_on(await flag(phone, _)))
    if while_drawn:
        monkeypatch.setattr(Workshop, "aside", drawn)
    else:
        monkeypatch.setattr(small_house.app.sender, "make", late)
    await press(phone, "Statement (PDF)")
    await eventually(nothing_waits)
    assert papers(phone) == []
    assert await stored(small_house, Flag) == []
    assert await stored(small_house, AuditEntry, action=Action.STATEMENT) == []
