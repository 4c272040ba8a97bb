"""The statement: a report on paper for whoever told it, and for nobody else; what it says is what is stored."""

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from pypdfium2 import PdfDocument

from bot.sandbox import Message, Phone
from handlers import statement as module
from handlers.making import Made, Workshop
from handlers.texts import load_texts
from models.audit import Action, AuditEntry
from models.behaviours import BEHAVIOURS
from models.flags import Flag
from models.outbox import Delivery, Parcel
from models.people import Language, Person
from tests.e2e.walking import (
    Say,
    appoint,
    assert_sound,
    code_on,
    flag,
    passenger,
    person,
    press,
    reviewer,
    say,
    send,
    stored,
)
from tests.house import DRIVER, House
from tests.walks import eventually

WORDS = "Ұялып қалдым <b>&</b> {nb}.\nВторая строка 👩‍👩‍👧.\n\n" + "Third line, again and again. " * 130
"""About 4,000 characters: several pages."""
TEXTS = load_texts()


def papers(phone: Phone) -> list[Message]:
    return [message for message in phone.messages if "document" in message.raw]


def text_of(house: House, message: Message) -> str:
    """All the text of a PDF, however it's wrapped."""
    content = house.sandbox.file(message.raw["document"]["file_id"])
    document = PdfDocument(content)
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
    await press(phone, _("Add your words"), await send(phone, "777 abe 05") and screen)
    screen = await send(phone, WORDS)
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
    content = module.canonical(sent, house.app.vault)
    assert hashlib.sha256(content.encode()).hexdigest() == entry.detail
    assert json.loads(content)["words"] == WORDS.strip()
    await assert_sound(house)


async def test_the_same_content_has_the_same_hash_on_another_day_and_in_another_language_and_other_content_another(
    small_house: House,
) -> None:
    phone, _ = passenger(small_house), say("en")
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
    desk = await reviewer(small_house)
    await send(desk, f"/flag {(await stored(small_house, Flag))[0].id}")
    await phone.until(lambda phone: kazakh("There is news for you.") in phone.texts)
    await press(phone, kazakh("Show"))
    await order(phone, kazakh, phone.last)
    one, two, three, four = [each.detail for each in await stored(small_house, AuditEntry, action=Action.STATEMENT)]
    assert one == two
    assert len({two, three, four}) == 3
    await assert_sound(small_house)


async def test_a_report_that_is_deleted_or_no_longer_theirs_meanwhile_gives_no_paper(
    small_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it's drawn, and while it's drawn."""
    phone, _ = passenger(small_house), say("en")
    for while_drawn in (False, True):
        screen = await flag(phone, _)
        sent = (await stored(small_house, Flag))[-1]

        async def gone() -> None:
            async with small_house.app.database.transaction() as session:
                await session.delete(await session.get_one(Flag, sent.id))

        aside = Workshop.aside

        async def drawn(workshop: Workshop, *args: Any) -> Any:
            await gone()
            return await aside(workshop, *args)

        async def made(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made | None:
            await gone()
            return await module.make_statement(workshop, person, values)

        with monkeypatch.context() as patched:
            if while_drawn:
                patched.setattr(Workshop, "aside", drawn)
            else:
                patched.setitem(small_house.app.sender.make.__self__._makers, "statement", made)
            await send(phone, code_on(screen))
            await press(phone, "Statement (PDF)")
            await eventually(lambda: nothing_waits(small_house))
        assert papers(phone) == []
    assert await stored(small_house, AuditEntry, action=Action.STATEMENT) == []
    await assert_sound(small_house)


async def nothing_waits(house: House) -> bool:
    return not await stored(house, Parcel, status=Delivery.WAITING)
