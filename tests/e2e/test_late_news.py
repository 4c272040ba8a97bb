"""That another person named the car shows nowhere to whoever reported it before, until the news of it is due."""

from datetime import timedelta

from bot.sandbox import Message, Phone
from handlers import reasons
from handlers.presses import (
    CategoryPress,
    ClosePress,
    DeskTalkPress,
    FlagPress,
    HistoryPress,
    MergePress,
    OwnPress,
    SecondLookPress,
    TalkPress,
)
from handlers.statement import statement_of
from handlers.texts import load_texts
from models.appeals import Appeal
from models.approvals import Kind
from models.audit import ACTION_NAMES, Action, AuditEntry
from models.flags import OUTCOME_NAMES, Flag, Outcome, State
from models.late_news import SOONEST
from models.people import Language
from models.remedies import outcome_in_words
from models.talk import Talk
from models.team import Role
from tests.e2e.handles import handle
from tests.e2e.test_approvals import confirm, request_of
from tests.e2e.test_desk import claimed, close, on_vehicle
from tests.e2e.test_other_account import set_phrase
from tests.e2e.test_statement import order
from tests.e2e.test_who_may_know import HOLD, NEWS, code_came, told
from tests.e2e.walking import (
    Say,
    appoint,
    assert_sound,
    called,
    code_on,
    holds_none_of,
    labels,
    passenger,
    press,
    reviewer,
    say,
    send,
    stored,
    whole,
)
from tests.house import DRIVER, OWNER, House

PLATE = "777ABE05"
SOON = timedelta(seconds=SOONEST - 60)
"""No news is due by then."""


async def seen(house: House, phone: Phone, number: int = 1) -> list[str]:
    """All that whoever reported can see of a report: the list, itself, its history, the talk, its statement."""
    shown, its = await send(phone, "/myreports"), await handle(house, Flag, number)
    screens = [whole(shown)]
    for at in (
        OwnPress(action="open", flag=its),
        HistoryPress(flag=its),
        TalkPress(action="own", flag=its),
        OwnPress(action="plate", flag=its),
        SecondLookPress(action="ask", flag=its),
        OwnPress(action="withdraw", flag=its),
        OwnPress(action="open", flag=its),
    ):
        await phone.press_data(at.pack(), shown)
        screens.append(whole(shown))
    async with house.app.database.transaction() as session:
        flag, now = await session.get_one(Flag, number), house.clock()
        outcome = await outcome_in_words(session, flag, now)
        paper = statement_of(flag, [], house.app.vault, load_texts()[Language.ENGLISH], now, outcome)
    return [*screens, *paper.standing, paper.hash]


async def work_on(desk: Phone, _: Say, number: int = 1) -> Message:
    """Read and claim a flag whose news waits, and try all that would reach whoever sent it."""
    shown = await claimed(desk, _, number)
    assert "Another person named this car a short while ago." in shown.text
    assert not {"Set the outcome", "Category", "Ask the person", "Ready replies", "Delete for good"} & set(
        labels(shown)
    )
    for action in ("purge", "contact"):
        await desk.press_data(FlagPress(action=action, flag=number).pack(), shown)
        assert "nobody is asked or contacted" in shown.text
    await desk.press_data(DeskTalkPress(action="ask", flag=number).pack(), shown)
    await send(desk, "What was the colour of the car?")
    for forged in (
        ClosePress(action="outcome", flag=number),
        ClosePress(action="close", flag=number, outcome=Outcome.RECORDED, reason="0"),
        CategoryPress(action="toggle", flag=number, value="PH3"),
        CategoryPress(action="save", flag=number, reason="0"),
    ):
        await desk.press_data(forged.pack(), shown)
    return await send(desk, f"/flag {number}")


async def test_until_the_news_is_due_a_held_report_looks_held_whatever_the_team_does(
    house: House, language: str
) -> None:
    one, other, _ = passenger(house, language), house.phone(DRIVER, "en"), say(language)
    desk, en = await reviewer(house), say("en")
    screen = await told(one, _, HOLD, PLATE)
    code = code_on(screen)
    await set_phrase(one, _, screen)
    await order(one, _, await send(one, code))
    before = await seen(house, one)
    assert _("held") in before[0]
    done = [ACTION_NAMES[each] for each in (Action.PASSPHRASE_SET, Action.STATEMENT)]
    for asked in ("/audit", "/audit 1"):
        assert holds_none_of((await send(desk, asked)).text, done)
    await on_vehicle(other, en, "DR1", PLATE)
    await called(desk, en, 2)
    assert not holds_none_of((await send(desk, "/audit 1")).text, done)
    await work_on(desk, en)
    await claimed(desk, en, 2)
    shown = await send(desk, "/flag 2")
    await desk.press_data(MergePress(action="merge", flag=2, other=1).pack(), shown)
    assert [each.state for each in await stored(house, Flag)] == [State.CLAIMED, State.CLAIMED]
    assert [each.code for each in (await stored(house, Flag))[0].behaviours] == ["VB2"]
    assert await stored(house, Talk) == []
    house.clock.shift += SOON
    assert await seen(house, one) == before
    assert _(NEWS) not in one.texts

    house.clock.shift += timedelta(hours=12)
    await one.until(lambda phone: phone.texts.count(_(NEWS)) == 1)
    after = await seen(house, one)
    assert _("being looked at") in after[0]
    assert _("{time}: given to the team", time="").strip() in after[1]
    assert _("somebody began to work on it") in after[2]
    await close(desk, en, await send(desk, "/flag 1"), Outcome.RECORDED)
    await one.until(lambda phone: phone.texts.count(_(NEWS)) == 2)
    await assert_sound(house)


async def test_what_is_sent_or_withdrawn_by_whoever_reported_while_the_news_waits_goes_its_usual_way(
    small_house: House,
) -> None:
    house, one, other, _ = small_house, passenger(small_house), small_house.phone(DRIVER, "en"), say("en")
    desk = await reviewer(house)
    await told(one, _, HOLD, PLATE)
    await told(one, _, HOLD, PLATE)
    await code_came(one, await press(one, "No, it is another one: send it"))
    await told(one, _, HOLD, "111AAA05")
    shown = await send(one, "/myreports")
    third = await handle(house, Flag, 3)  # one that nobody else named
    await one.press_data(OwnPress(action="hand_over", flag=third).pack(), shown)
    alone = whole(shown)
    await on_vehicle(other, _, "DR1", PLATE)
    await called(desk, _, 4)
    await claimed(desk, _, 1)
    await claimed(desk, _, 2)
    house.clock.shift += SOON

    await press(one, "Let the team look into it now", shown := await opened(house, one, 1))
    assert "given to the team" in shown.text
    assert "opened by a reviewer" not in shown.text
    assert "It is being looked at." not in shown.text
    assert labels(shown) == alone.split("\n")[-len(labels(shown)) :]
    await press(one, "Write to the team", shown)
    await send(one, "Please look into it")
    await press(one, "Who opened it", shown := await opened(house, one, 1))
    assert ": received" in shown.text
    assert "your message to the team" in shown.text
    assert "began to work" not in shown.text
    assert "opened" not in shown.text.split("\n", 1)[1]

    await press(one, "Withdraw", shown := await opened(house, one, 2))
    await press(one, "Yes, withdraw", shown)
    assert "withdrawn" in shown.text
    assert "team" not in "".join(line for line in shown.text.splitlines() if line.endswith("team"))
    assert "opened" not in shown.text
    assert [each.state for each in await stored(house, Flag)][:2] == [State.CLAIMED, State.WITHDRAWN]
    assert await stored(house, AuditEntry, flag_id=2, action=Action.WITHDRAWN)

    house.clock.shift += timedelta(hours=12)
    await one.until(lambda phone: phone.texts.count(NEWS) >= 2)
    assert "It is being looked at." in (await opened(house, one, 1)).text
    assert "given to the team" in (await opened(house, one, 2)).text
    await assert_sound(house)


async def opened(house: House, phone: Phone, number: int) -> Message:
    """A person's own report."""
    shown = await send(phone, "/myreports")
    await phone.press_data(OwnPress(action="open", flag=await handle(house, Flag, number)).pack(), shown)
    return shown


async def test_until_the_news_is_due_a_closed_report_looks_closed_and_may_get_its_second_look(
    house: House, language: str
) -> None:
    one, other, _ = passenger(house, language), house.phone(DRIVER, "en"), say(language)
    desk, en = await reviewer(house), say("en")
    await on_vehicle(one, _, "SX1", PLATE)
    await close(desk, en, await claimed(desk, en, 1), Outcome.RECORDED)
    shown = await send(desk, "/flag 1")
    await press(desk, "Reopen", shown)
    await press(desk, reasons.REOPENED[0], shown)
    await close(desk, en, await send(desk, "/flag 1"), Outcome.ADVICE)
    await one.until(lambda phone: phone.texts.count(_(NEWS)) == 4)
    house.clock.shift += timedelta(days=3)
    before = await seen(house, one)
    assert _("Ask for a second look") in before[1]

    await on_vehicle(other, en, "DR1", PLATE)
    await called(desk, en, 2)
    await work_on(desk, en)
    house.clock.shift += SOON
    assert await seen(house, one) == before
    shown = await opened(house, one, 1)
    await press(one, _("Ask for a second look"), shown)
    answered = await send(one, "Тағы қараңызшы")
    assert _("Somebody else of the team will look at it again.") in answered.text
    assert _("closed") in whole(await send(one, "/myreports"))
    assert one.texts.count(_(NEWS)) == 4

    house.clock.shift += timedelta(hours=12)
    await one.until(lambda phone: phone.texts.count(_(NEWS)) == 5)
    assert _("It is being looked at.") in (await opened(house, one, 1)).text
    await close(desk, en, await send(desk, "/flag 1"), Outcome.LESSON)
    (appeal,) = await stored(house, Appeal)
    assert appeal.decided_at is None
    await desk.until(lambda phone: "Somebody asks for a second look" in phone.texts)
    assert en(OUTCOME_NAMES[Outcome.LESSON]) in (await send(desk, "/flag 1")).text
    await assert_sound(house)


async def test_a_deletion_that_waits_for_a_second_person_is_refused_but_not_approved_until_the_news_is_due(
    small_house: House,
) -> None:
    house, one, other, _ = small_house, passenger(small_house), small_house.phone(DRIVER, "en"), say("en")
    desk, boss = await reviewer(house), house.phone(OWNER)
    await boss.send("/start")
    await appoint(house, boss, Role.SUPERVISOR)
    await on_vehicle(one, _, "SX1", PLATE)
    await close(desk, _, await claimed(desk, _, 1), Outcome.RECORDED)
    await press(desk, "Delete for good", await send(desk, "/flag 1"))
    await send(desk, "It was sent by mistake")
    await boss.until(lambda phone: "Something waits for a second person." in phone.texts)
    yes = confirm(request := await request_of(boss, _, Kind.PURGE))
    await press(desk, "Delete for good", await send(desk, "/flag 1"))  # asked once more, while the car is named
    await on_vehicle(other, _, "DR1", PLATE)
    early = "nobody is asked or contacted."
    answer = await send(desk, "It was really sent by mistake")
    assert early in answer.text
    assert "« №1" in labels(answer)

    await boss.press_data(yes, request)
    for screen in (request, request := await request_of(boss, _, Kind.PURGE)):
        assert "It was sent by mistake" in screen.text
        assert early in screen.text
        assert "Approve" not in labels(screen)
    await press(boss, "Refuse", request)
    assert "Not approved. Whoever asked is told." in request.text
    await desk.until(lambda phone: "There is an answer to what you asked for." in phone.texts)
    assert "A colleague did not approve it." in (await press(desk, "Show")).text
    assert await stored(house, Flag, id=1)
    assert not await stored(house, AuditEntry, action=Action.DENIED)
    await assert_sound(house)
