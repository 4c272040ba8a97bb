"""A clock that is set an hour back or forward: nothing is lost, told twice or approved too late."""

from datetime import timedelta

from models.approvals import Kind
from models.flags import Flag
from models.team import Member, Role
from models.weekly import next_summary
from tests.e2e.test_approvals import REASON, confirm, request_of
from tests.e2e.test_deadlines import LATE, SOON
from tests.e2e.test_team import invite, start_of
from tests.e2e.walking import (
    appoint,
    assert_sound,
    called,
    flag,
    passenger,
    person,
    press,
    reviewer,
    say,
    send,
    stored,
)
from tests.house import DRIVER, OWNER, House

HOUR = timedelta(hours=1)
WORTHLESS = "This invitation was used, withdrawn, or is older than 48 hours. Please ask for a new one."
OVER = "The half hour for it has passed. Whoever needs it can ask again."


async def test_an_hour_back_and_forward_loses_nothing_doubles_nothing_and_approves_nothing_late(
    house: House, language: str
) -> None:
    _, phone = say(language), passenger(house, language)
    desk, other = await reviewer(house, language), house.phone(OWNER, language)
    newcomer, clock = house.phone(DRIVER, language), house.clock
    await send(other, "/start")
    await appoint(house, other, Role.OWNER)
    await house.app.deadlines.sum_up()  # whatever day it is, this week's is done
    clock.shift += next_summary(clock()) - clock() - timedelta(minutes=40)  # a Monday, 9:20
    await flag(phone, _, "SX5")  # severity 3: 4 hours
    await flag(phone, _, "DR1")
    await called(desk, _, 2)
    await called(other, _, 2)
    link = start_of(await invite(desk, _, Role.REVIEWER))
    made = clock()

    async def there_and_back(*hours: int) -> list[bool]:
        """Whether each hour's turn of the clock, and back, has the weekly summary told, or somebody of a deadline."""
        told = []
        for turn in hours:
            for turned in (turn, -turn):
                clock.shift += turned * HOUR
                told.append(await house.app.deadlines.sum_up() or bool(await house.app.deadlines.look()))
        return told

    # A request is good for its half hour, and by no other clock.
    await desk.press_data("flag:purge:2:0", await send(desk, "/queue"))
    await send(desk, REASON)
    await other.until(lambda phone: _("Something waits for a second person.") in phone.texts)
    yes = confirm(request := await request_of(other, _, Kind.PURGE))
    for turn in (-1, 1):
        clock.shift += turn * HOUR
        await other.press_data(yes, request)
        assert request.text == _(OVER)
        assert _("Nothing waits for you.") in (await send(other, "/approve")).text
        clock.shift -= turn * HOUR
    assert len(await stored(house, Flag)) == 2
    await press(other, _("Approve"), await request_of(other, _, Kind.PURGE))
    assert [each.id for each in await stored(house, Flag)] == [1]

    # The week is told once, and so is each stage of a deadline.
    clock.shift += HOUR
    assert await house.app.deadlines.sum_up()
    assert await there_and_back(-1, 1) == [False] * 4
    for later, text in ((1.8, SOON), (1.3, LATE)):
        clock.shift += later * HOUR
        assert await house.app.deadlines.look() == 1
        assert await there_and_back(-1) == [False, False]
        await desk.until(lambda phone, text=text: _(text) in phone.texts)
    for text in (_("<b>The last seven days</b>"), _(SOON), _(LATE)):
        assert desk.texts.count(text) == 1

    # An invitation is worth nothing when its time is over, something when it is not, and that once.
    clock.shift += made + timedelta(hours=47, minutes=30) - clock()
    clock.shift += HOUR
    assert (await send(newcomer, link)).text == _(WORTHLESS)
    clock.shift -= HOUR
    await press(newcomer, _("I promise, and join"), await send(newcomer, link))
    clock.shift -= HOUR
    assert (await send(newcomer, link)).text == _(WORTHLESS)
    joined = await stored(house, Member, person_id=(await person(house, newcomer)).id)
    assert [each.role for each in joined] == [Role.REVIEWER]
    await assert_sound(house)
