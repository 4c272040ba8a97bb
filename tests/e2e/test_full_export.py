"""Reports with their full texts leave as a file only if two people want it, and whoever reported finds that out."""

from datetime import timedelta

from bot.sandbox import Phone
from handlers.full_export import HEAD
from handlers.presses import ExportPress
from models.approvals import KIND_NAMES, Approval, Kind
from models.audit import Action, AuditEntry
from models.behaviours import BEHAVIOURS
from models.consents import RECIPIENT_NAMES, Recipient
from models.flags import Flag, State
from models.team import Role
from tests.e2e.test_approvals import confirm, request_of
from tests.e2e.test_export import csv_rows, document
from tests.e2e.walking import (
    Say,
    appoint,
    assert_sound,
    flag,
    holds_none_of,
    labels,
    passenger,
    person,
    press,
    reviewer,
    say,
    send,
    stored,
)
from tests.house import DRIVER, OWNER, House
from tests.models.test_stolen_file import spellings, whole

REASON, WORDS = "Екі әйел «көмектесіңіздер, мені ұрып жатыр» деп жазды", '=Жүргізуші <b>айқайлады</b>; "тоқта" дедім'
ALONE_WITH = "The team has none now."


async def team(house: House, language: str = "en") -> tuple[Phone, Phone]:
    """A reviewer who asks and a supervisor who decides."""
    await reviewer(house)
    asker, boss = house.phone(DRIVER, language), house.phone(OWNER, language)
    for each, role in ((asker, Role.REVIEWER), (boss, Role.SUPERVISOR)):
        await send(each, "/start")
        await appoint(house, each, role)
    return asker, boss


async def ask(phone: Phone, boss: Phone, _: Say) -> None:
    """Ask for the texts of 30 days, and wait until who may decide was told."""
    told = boss.texts.count(_("Something waits for a second person."))
    screen = await send(phone, "/export")
    await press(phone, _("With full texts (takes two people)"), screen)
    await press(phone, _("30 days"), screen)
    assert _("30 days") in screen.text
    await send(phone, REASON)
    await boss.until(lambda boss: boss.texts.count(_("Something waits for a second person.")) > told)


async def test_full_texts_come_with_a_second_persons_yes_and_who_reported_sees_that_they_were_read(
    house: House, language: str
) -> None:
    phone, _ = passenger(house, language), say(language)
    asker, boss = await team(house, language)
    for code in ("SX1", "VB2", "NV2", "PH2"):
        await flag(phone, _, code)
    await flag(asker, _, "DR1")  # their own
    flags = await stored(house, Flag)
    vault, now = house.app.vault, house.clock()
    states = [State.NEW, State.HELD, State.COUNTED, State.WITHDRAWN, State.NEW]
    async with house.app.database.transaction() as session:
        for each, state in zip(flags, states, strict=True):
            known = await session.get_one(Flag, each.id)
            known.write_words(vault, f"{WORDS} {each.id}")
            known.write_contact(vault, "+7 701 000 00 00")
            known.state, known.ended_at = state, None if state in {State.NEW, State.HELD} else now

    await ask(asker, boss, _)
    request = await request_of(boss, _, Kind.EXPORT)
    for said in (REASON, _("30 days"), _(KIND_NAMES[Kind.EXPORT])):
        assert said in request.text
    await asker.press_data(confirm(request), asker.last)
    assert not [message for message in asker.messages if "document" in message.raw]
    await press(boss, _("Approve"), request)
    name, content = await document(house, asker)
    assert name == "qurmet-texts.csv"
    head, *rows = csv_rows(content, "," if language == "en" else ";")
    assert head == [_(name) for name in HEAD]
    (row,) = rows
    assert row[0] == str(flags[0].id)
    assert row[HEAD.index("Behaviours")] == _(BEHAVIOURS["SX1"].name)
    assert row[HEAD.index("Own words")] == f"'{WORDS} {flags[0].id}"  # no formula
    assert row[HEAD.index("Who may know")] == _(RECIPIENT_NAMES[Recipient.STATISTICS])
    assert holds_none_of(content.decode(), ["+7 701", *(f"дедім {each.id}" for each in flags[1:])])

    who = (await person(house, asker)).id
    (exported,) = await stored(house, AuditEntry, action=Action.EXPORTED)
    assert (exported.actor_id, exported.detail) == (who, "texts 1: 30, 1 rows")
    (read,) = await stored(house, AuditEntry, action=Action.READ)
    assert (read.actor_id, read.flag_id) == (who, flags[0].id)
    await phone.press_data(f"history:{flags[0].handle}", screen := await send(phone, "/start"))
    assert _("your words were read") in screen.text
    stolen = await whole(house.app.database)
    assert not any(spelling in stolen for spelling in spellings("айқайлады"))
    await assert_sound(house)


async def test_without_a_yes_in_time_or_without_the_right_there_is_no_file(small_house: House) -> None:
    _ = say("en")
    desk = await reviewer(small_house)
    screen = await send(desk, "/export")
    await press(desk, "With full texts (takes two people)", screen)
    await press(desk, "30 days", screen)
    assert ALONE_WITH in screen.text
    asker, boss = await team(small_house)
    await flag(passenger(small_house), _)

    # A cancelled question takes no text for a reason; a forged period is none.
    screen = await send(asker, "/export")
    await asker.press_data(ExportPress(action="ask", value="forever").pack(), screen)
    assert "Of which days?" in screen.text
    await press(asker, "7 days", screen)
    assert "300" in (await send(asker, "x" * 301)).text
    await press(asker, "Cancel", screen)
    await send(asker, "It is needed")
    assert await stored(small_house, Approval) == []

    await ask(asker, boss, _)
    who = await person(small_house, asker)
    make = small_house.app.sender.make
    assert await make("full export", who, {"approval": 1}) is None  # nobody has said yes
    request = await request_of(boss, _, Kind.EXPORT)
    await press(boss, "Approve", request)
    await document(small_house, asker)
    assert await make("full export", await person(small_house, boss), {"approval": 1}) is None  # the yes is to another
    small_house.clock.shift += timedelta(minutes=31)
    late = await make("full export", who, {"approval": 1})
    assert late is not None
    assert getattr(late.method, "text", None) == _("The half hour is over. Please ask once more.")
    await ask(asker, boss, _)
    await press(boss, "Approve", await request_of(boss, _, Kind.EXPORT))
    await document(small_house, asker, 2)
    await appoint(small_house, asker, None)
    assert await make("full export", who, {"approval": 2}) is None
    assert len(await stored(small_house, AuditEntry, action=Action.EXPORTED)) == 2
    assert "With full texts (takes two people)" not in labels(await send(asker, "/export"))
    await assert_sound(small_house)
