"""Deadlines: who is on call hears first, then everybody, then the owners; nobody on call is itself an alert."""

from datetime import timedelta

from handlers.presses import DutyPress
from models.audit import AuditEntry
from models.duty import Duty
from models.first_look import FIRST_LOOK
from models.flags import Flag
from models.team import Role
from models.weekly import next_summary
from tests.e2e.conftest import QUICK
from tests.e2e.test_capsule import set_clock
from tests.e2e.walking import (
    appoint,
    assert_sound,
    called,
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
from tests.house import DRIVER, OWNER, House, open_house

NEW = "There is something new in the queue."
SOON = "Something in the queue should be looked at soon."
LATE = "Something in the queue is overdue: nobody has looked at it yet."
LONG = "Something in the queue is long overdue, and nobody has looked at it yet."
NOBODY = "Nobody is on call. In /queue anybody of the team can go on call."


async def test_a_flag_that_nobody_opens_is_told_of_to_more_and_more_people_and_to_none_once_it_is_opened(
    house: House, language: str
) -> None:
    phone, _ = passenger(house), say(language)
    owner = await reviewer(house, language)  # of the settings
    colleague = house.phone(OWNER, language)
    await colleague.send("/start")
    await appoint(house, colleague, Role.REVIEWER)
    queue = await send(colleague, "/queue")
    await press(colleague, _("Go on call"), queue)
    assert _("Go off call") in labels(queue)
    await flag(phone, say("en"), "SX5")  # severity 3: 4 hours
    await called(colleague, _)
    assert _(NEW) not in owner.texts
    assert await house.app.deadlines.look() == 0
    look = FIRST_LOOK[3]
    house.clock.shift += look * 2 / 3 + timedelta(minutes=1)
    assert await house.app.deadlines.look() == 1
    await colleague.until(lambda phone: _(SOON) in phone.texts)
    assert await house.app.deadlines.look() == 0  # once
    assert _(SOON) not in owner.texts
    house.clock.shift += look / 3
    assert await house.app.deadlines.look() == 1
    await owner.until(lambda phone: _(LATE) in phone.texts)
    await colleague.until(lambda phone: _(LATE) in phone.texts)
    house.clock.shift += look / 2
    assert await house.app.deadlines.look() == 1
    await owner.until(lambda phone: _(LONG) in phone.texts)
    assert _(LONG) not in colleague.texts
    assert _(NOBODY) not in owner.texts
    house.clock.shift += timedelta(days=1)
    assert await house.app.deadlines.look() == 1
    await owner.until(lambda phone: phone.texts.count(_(LONG)) == 2)
    await send(colleague, "/flag 1")
    house.clock.shift += timedelta(days=2)
    assert await house.app.deadlines.look() == 0
    assert [each.alert_at for each in await stored(house, Flag)] == [None]
    await assert_sound(house)


async def test_where_only_who_reported_is_on_call_the_others_hear_of_it(house: House) -> None:
    owner, reporter, _ = await reviewer(house), house.phone(OWNER), say("en")
    set_clock(house, 10, day=1)  # at night nobody is called for what can wait
    await reporter.send("/start")
    await appoint(house, reporter, Role.REVIEWER)
    await press(reporter, _("Go on call"), await send(reporter, "/queue"))
    await flag(reporter, _, "SX5")  # severity 3: 4 hours
    await called(owner, _)
    for hours, text in ((3, SOON), (2, LATE)):
        house.clock.shift += timedelta(hours=hours)
        assert await house.app.deadlines.look() == 1
        await owner.until(lambda phone, text=text: _(text) in phone.texts)
    assert not {_(NEW), _(SOON), _(LATE)} & set(reporter.texts.splitlines())
    # So do they where it's the owners' turn, and the only owner is the one who reported.
    await flag(owner, _, "DR1")
    await called(reporter, _)
    (late,) = await stored(house, Flag, reporter_id=(await person(house, owner)).id)
    house.clock.shift += late.due_at - house.clock() + timedelta(days=9)
    for _turn in range(3):
        await house.app.deadlines.look()
        house.clock.shift += timedelta(days=9)
    await reporter.until(lambda phone: _(LONG) in phone.texts)
    await assert_sound(house)


async def test_deadlines_survive_a_restart_and_nobody_on_call_is_an_alert(database_url: str) -> None:
    _ = say("en")
    async with open_house(database_url, **QUICK) as house:
        owner = await reviewer(house)
        await flag(passenger(house), _, "PH4")  # 15 minutes, everybody at once
        await called(owner, _)
    async with open_house(database_url, sandbox=house.sandbox, clock=house.clock, **QUICK) as house:
        house.clock.shift += timedelta(minutes=16)
        assert await house.app.deadlines.look() == 1
        await owner.until(lambda phone: _(SOON) in phone.texts or _(LATE) in phone.texts)
        await owner.until(lambda phone: phone.texts.count(_(NOBODY)) == 1)
        house.clock.shift += timedelta(minutes=20)
        await house.app.deadlines.look()
        await house.app.deadlines.look()
        await owner.until(lambda phone: _(LONG) in phone.texts)
        assert owner.texts.count(_(NOBODY)) == 1  # once
        await assert_sound(house)


async def test_however_the_last_one_on_call_goes_the_owners_hear_of_it_once_and_of_each_urgent_flag(
    database_url: str,
) -> None:
    _ = say("ru")
    async with open_house(database_url, **QUICK) as house:
        owner, worker, second = await reviewer(house, "ru"), house.phone(OWNER, "ru"), house.phone(OWNER + 1, "ru")
        for each, role in ((worker, Role.REVIEWER), (second, Role.OWNER)):
            await send(each, "/start")
            await appoint(house, each, role)
        heard = 0

        async def hear(told: bool) -> None:
            """Look twice: the owners hear it once, or not at all."""
            nonlocal heard
            heard += told
            for _time in range(2):
                await house.app.deadlines.look()
                for each in (owner, second):
                    await each.until(lambda each: each.texts.count(_(NOBODY)) >= heard)
                    assert each.texts.count(_(NOBODY)) == heard
            assert _(NOBODY) not in worker.texts

        await hear(False)  # nobody ever was on call, and nothing waits
        await press(worker, _("Go on call"), await send(worker, "/queue"))
        await hear(False)
        await press(worker, _("Leave the team"), await send(worker, "/team"))
        await press(worker, _("Yes, leave"))
        await hear(True)
        await owner.until(lambda owner: _("A member has left the team.") in owner.texts)
        await appoint(house, worker, Role.REVIEWER)
        await hear(False)  # who comes back is not on call by that
        await press(worker, _("Go on call"), await send(worker, "/queue"))
        await hear(False)
        await appoint(house, worker, None)  # as a start does with whom the settings no longer name
        await hear(True)
    async with open_house(database_url, sandbox=house.sandbox, clock=house.clock, **QUICK) as house:
        house.clock.shift += timedelta(minutes=1)  # the one before looks no more
        await hear(False)
        await flag(passenger(house), say("en"), "VB2")  # a mild one: that nobody is on call was said
        await called(owner, _)
        await hear(False)
        await flag(passenger(house), say("en"), "SX5")
        await called(owner, _, 2)
        await hear(True)
        # An owner who reported is not told of it in this way either.
        await flag(second, _, "PH2")
        await called(owner, _, 3)
        await house.app.deadlines.look()
        await owner.until(lambda owner: owner.texts.count(_(NOBODY)) == heard + 1)
        assert second.texts.count(_(NOBODY)) == heard
        await appoint(house, worker, Role.REVIEWER)
        await press(worker, _("Go on call"), await send(worker, "/queue"))
        await press(worker, _("Yes, delete everything"), await send(worker, "/deletedata"))
        await house.app.deadlines.look()
        await second.until(lambda second: second.texts.count(_(NOBODY)) == heard + 1)
        await assert_sound(house)


async def test_the_last_who_goes_off_call_makes_the_owners_hear_of_it(small_house: House) -> None:
    owner, _ = await reviewer(small_house), say("en")
    queue, older = await send(owner, "/queue"), await send(owner, "/queue")
    for screen in (queue, older):  # pressed twice, it's still on
        await press(owner, "Go on call", screen)
    assert len(await stored(small_house, Duty)) == 1
    await press(owner, "Go off call", queue)
    await owner.until(lambda phone: _(NOBODY) in phone.texts)
    assert await stored(small_house, Duty) == []
    actions = [entry.action.value for entry in await stored(small_house, AuditEntry)]
    assert [action for action in actions if "call" in action] == ["on call", "off call"]


async def test_nobody_outside_the_team_goes_on_call(small_house: House) -> None:
    stranger = small_house.phone(DRIVER)
    screen = await send(stranger, "/start")
    await stranger.press_data(DutyPress(action="on").pack(), screen)
    assert await stored(small_house, Duty) == []
    await assert_sound(small_house)


async def test_the_team_hears_once_a_week_how_the_week_went(house: House, language: str) -> None:
    owner, _ = await reviewer(house, language), say(language)
    phone = passenger(house)
    await house.app.deadlines.sum_up()  # whatever day it is, this week's is done
    house.clock.shift += next_summary(house.clock()) - house.clock() - timedelta(hours=40)
    for code in ("VB2", "SX1", "DR1"):
        await flag(phone, say("en"), code)
    await called(owner, _, 3)
    await send(owner, "/flag 1")
    assert not await house.app.deadlines.sum_up()
    house.clock.shift += timedelta(hours=41)
    assert await house.app.deadlines.sum_up()
    assert not await house.app.deadlines.sum_up()
    await owner.until(lambda phone: _("<b>The last seven days</b>") in phone.texts)
    told = owner.messages[-1].text
    assert _("received: {n}", n=3) in told
    assert _("looked at in time: {n} of {total}", n=1, total=1) in told
    assert _("waiting now: {n}, of them overdue: {late}", n=3, late=0) in told
    await assert_sound(house)


async def test_the_operator_says_how_soon_somebody_should_look(database_url: str) -> None:
    _, minutes = say("en"), timedelta(minutes=1)
    async with open_house(database_url, first_look_minutes=(2, 30, 60, 90), **QUICK) as house:
        owner, phone = await reviewer(house), passenger(house)
        await flag(phone, _, "SX5")  # severity 3
        [sent] = await stored(house, Flag)
        assert sent.due_at - sent.received_at == 30 * minutes
        assert sent.alert_at is not None
        assert sent.alert_at - sent.received_at == 20 * minutes
        house.clock.shift += 21 * minutes
        assert await house.app.deadlines.look() == 1
        await owner.until(lambda phone: _(SOON) in phone.texts)
        house.clock.shift += 10 * minutes
        assert await house.app.deadlines.look() == 1
        [late] = await stored(house, Flag)
        assert late.alert_at == late.due_at + 15 * minutes
        await assert_sound(house)
