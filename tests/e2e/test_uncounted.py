"""Nobody but the team sees a running number of what is told, sent or asked: two of them would count the rest."""

from collections import deque
from collections.abc import Iterator
from typing import Any

from sqlalchemy import text

from bot.sandbox import Message, Phone
from handlers.own import NO_CHANGE
from handlers.presses import (
    AgreePress,
    ConsentPress,
    ErasePress,
    EvidencePress,
    HistoryPress,
    OwnPress,
    PassphrasePress,
    SecondLookPress,
    StatementPress,
    TalkPress,
)
from models.audit import AuditEntry
from models.drivers import Hearing, Remedy
from models.evidence import Evidence
from models.flags import Flag, Outcome, State
from models.talk import Talk
from tests.e2e.handles import handle
from tests.e2e.test_both_sides import days_pass, names_car, news
from tests.e2e.test_capsule import set_clock
from tests.e2e.test_desk import close, on_vehicle
from tests.e2e.test_evidence import PLACE, settled
from tests.e2e.test_statement import papers, text_of
from tests.e2e.test_who_may_know import HOLD, told
from tests.e2e.walking import (
    assert_sound,
    called,
    flag,
    labels,
    passenger,
    press,
    presses,
    reviewer,
    say,
    send,
    stored,
)
from tests.house import DRIVER, House
from tests.media import photo, voice

NUMBERED: dict[Any, int] = {
    Flag: 7_654_321,
    Evidence: 6_543_217,
    Talk: 5_432_176,
    Hearing: 4_321_765,
    Remedy: 3_217_654,
}
"""From which number on the rows of a table are counted here, so that it's known wherever it stands."""
OWN = ("own:", "consent:", "phrase:", "statement:", "history:", "erase:ask", "piece:", "talk:", "agree:", "again:")
DRIVERS = ("hear:", "remedy:", "drive:list")
ENDS = ("own:withdrawn", "hear:decline")
"""What can't be gone on from."""
ASKS = ("own:words", "own:order", "consent:reach", "phrase:ask", "talk:own", "piece:add", "again:", "hear:", "remedy:")
CRY = "Help me, he locked the doors"


async def count_from_far(house: House) -> None:
    """Let the next row of each of these tables have a number that is known at sight."""
    async with house.app.database.transaction() as session:
        for table, number in NUMBERED.items():
            values = {"name": table.__tablename__, "last": number - 1}
            await session.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), values)
            await session.execute(text("INSERT INTO sqlite_sequence VALUES (:name, :last)"), values)


async def press_all(phone: Phone, screen: Message, only: tuple[str, ...], pressed: set[str]) -> None:
    """Press every button that can be reached from a screen and begins so; where something is asked, cry and go on."""
    waiting = deque(presses(screen))
    while waiting:
        data = waiting.popleft()
        if data in pressed or not data.startswith(only) or data.startswith(ENDS):
            continue
        pressed.add(data)
        newest = phone.last.id
        await phone.press_data(data, screen)
        if data.startswith(ASKS):
            await send(phone, CRY)
            await phone.send("x" * 4090)
        for message in [screen, *(each for each in phone.messages if each.id > newest)]:
            waiting += presses(message)


def received(house: House, *phones: Phone) -> Iterator[str]:
    """All that was ever shown to these people: texts, buttons with their data, names of files."""
    people = {phone.id for phone in phones}
    for call in house.sandbox.calls:
        query = house.sandbox.world.queries.get(call.params.get("callback_query_id", ""))
        if call.params.get("chat_id") in people or (query is not None and query.person.id in people):
            yield f"{call.method} {call.params}"


async def test_no_screen_file_or_button_says_how_many_reports_messages_or_hearings_there_are(
    small_house: House,
) -> None:
    house, _ = small_house, say("en")
    desk, phone, driver = await reviewer(house), passenger(house), house.phone(DRIVER)
    await count_from_far(house)
    set_clock(house, 10, day=1)
    await names_car(driver, _)
    await told(phone, _, HOLD, "777 ABE 05")
    assert "Add your words" in labels(await send(phone, "And one more thing"))  # just after it was sent
    await on_vehicle(phone, _, "SX1")
    held, sent = await stored(house, Flag)
    assert (held.id, sent.id) == (7_654_321, 7_654_322)
    await called(desk, _)

    # Both sides tell and ask, with all that can hang on a report.
    mine = await send(phone, "/myreports")
    await press(phone, labels(mine)[0], mine)
    await press(phone, "Photo, voice or place", mine)
    await phone.photo(photo())
    await phone.photo(photo((640, 480))[:999], expect=2)  # is refused
    await phone.location(*PLACE)
    shown = await send(desk, f"/flag {sent.id}")
    await press(desk, "Claim", shown)
    for asked in ("word " * 500, None):
        await press(desk, "Ask the person", await send(desk, f"/flag {sent.id}"))
        await (send(desk, asked) if asked is not None else desk.photo(photo()))
    await press(phone, "Answer", await news(phone, _))
    await phone.voice(voice())
    await phone.voice(b"OggS, or so it says", expect=2)
    await settled(house, 5)
    await press(desk, "Ask the driver for their view", await send(desk, f"/flag {sent.id}"))
    await press(desk, "Yes, ask", desk.last)
    open_ones, of_driver = set[str](), set[str]()
    await press_all(phone, await send(phone, "/myreports"), OWN, open_ones)
    await days_pass(house)
    asked = await news(driver, _)
    for old in ("hear:open:5", "hear:write:5", "hear:decline:5", "remedy:open:5", "remedy:appeal:5"):
        await driver.press_data(old, asked)  # as buttons of before have it
        assert asked.text.startswith(f"{NO_CHANGE} What the team asks of you now is here.\n\n")
        assert "The team would like to hear you" in labels(asked)
    assert [each.declined_at for each in await stored(house, Hearing)] == [None]
    await press(driver, "The team would like to hear you", asked)
    await press_all(driver, asked, DRIVERS, of_driver)

    # The team decides, and either side wants a second look.
    await close(desk, _, await send(desk, f"/flag {sent.id}"), Outcome.LESSON)
    await days_pass(house)
    closed = set[str]()
    await press_all(phone, await send(phone, "/myreports"), OWN, closed)
    await press(driver, "The car I drive", await send(driver, "/learn"))
    await press_all(driver, driver.last, DRIVERS, of_driver)

    seen = {":".join(data.split(":")[:2]) for data in open_ones | closed | of_driver}
    for wanted in (
        "own:hand_over", "own:plate", "own:words", "consent:reach", "phrase:ask", "erase:ask", "piece:remove",
        "piece:remove_place", "piece:add", "talk:own", "talk:full", "talk:piece", "agree:no", "again:ask", "hear:open",
        "hear:write", "remedy:open", "remedy:appeal",
    ):  # fmt: skip
        assert wanted in seen, wanted
    assert {data.partition(":")[0] for data in open_ones} >= {"history", "statement"}
    for table, least in NUMBERED.items():
        numbers = [row.id for row in await stored(house, table)]
        assert numbers
        assert min(numbers) >= least
        for number in map(str, numbers):
            assert not [shown for shown in received(house, phone, driver) if number in shown]
            assert not [paper for paper in papers(phone) if number in text_of(house, paper)]
    assert len(house.sandbox.calls) < (house.sandbox.calls.maxlen or 0)  # all of them were looked at
    await assert_sound(house)


async def test_a_button_that_leads_to_no_report_of_ones_own_does_nothing_and_says_so(
    house: House, language: str
) -> None:
    phone, other, _ = passenger(house, language), house.phone(DRIVER, language), say(language)
    await flag(phone, _)
    its, screen = await handle(house, Flag), await send(other, "/start")
    known = len(await stored(house, AuditEntry))
    note = f"{_(NO_CHANGE)} {_('If the report is in this list, please open it and choose again.')}\n\n"
    nothing = note + _("<b>My reports</b>\n\nThere is nothing here yet.")
    mine = note + _("<b>My reports</b>\n\nTap a code to see where it stands.")
    theirs = await send(phone, "/myreports")
    for named in (its, "1", its[:-1], f"{its}A", its.swapcase(), "ә" * 20):
        for forged in (
            *(OwnPress(action=each, flag=named) for each in ("open", "plate", "words", "order", "hand_over")),
            *(OwnPress(action=each, flag=named) for each in ("withdraw", "withdrawn")),
            *(ConsentPress(action=each, flag=named, value="police") for each in ("open", "give", "take")),
            ConsentPress(action="driver", flag=named, value="yes"),
            ConsentPress(action="reach", flag=named, value="contact"),
            *(PassphrasePress(action=each, flag=named) for each in ("ask", "remove", "close")),
            *(ErasePress(action=each, flag=named) for each in ("ask", "erase")),
            *(EvidencePress(action=each, flag=named) for each in ("add", "remove_place")),
            *(TalkPress(action=each, flag=named) for each in ("own", "full", "piece")),
            *(AgreePress(action=each, flag=named) for each in ("yes", "no")),
            SecondLookPress(action="ask", flag=named),
            HistoryPress(flag=named),
            StatementPress(flag=named),
        ):
            await other.press_data(forged.pack(), screen)
            assert screen.text == nothing
            if named != its:  # as buttons of before have it: nobody may believe that it's withdrawn, or deleted
                await phone.press_data(forged.pack(), theirs)
                assert theirs.text == mine
    (kept,) = await stored(house, Flag)
    assert (kept.state, kept.sealed_words, kept.sealed_passphrase) == (State.NEW, None, None)
    assert len(await stored(house, AuditEntry)) == known
    await phone.press_data(OwnPress(action="open", flag=its).pack(), theirs)
    assert _("Withdraw") in labels(theirs)
    await assert_sound(house)
