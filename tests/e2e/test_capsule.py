"""The ride capsule: time and plate are kept, and the bot writes at the hour chosen, without a word of what about."""

from datetime import datetime, timedelta

from bot.sandbox import Message, Phone
from handlers.presses import CapsulePress
from models.drafts import Draft, Told
from models.flags import Flag
from models.outbox import Delivery, Parcel, Priority
from models.quiet import at_hour, local_day
from tests.e2e.conftest import QUICK
from tests.e2e.test_form import to_review
from tests.e2e.walking import (
    LANGUAGES,
    Say,
    assert_sound,
    called,
    flag,
    holds_none_of,
    labels,
    passenger,
    press,
    presses,
    reviewer,
    say,
    send,
    stored,
    whole,
)
from tests.house import DRIVER, House, open_house
from tests.walks import eventually

ASKED = "You asked me to write at this time."
OF_REPORTS = ("report", "incident", "сообщ", "случа", "хабар", "оқиға", "777", "черновик", "жоба", "draft")


def set_clock(house: House, hour: int, day: int = 0) -> datetime:
    """Set the clock to an hour in Kazakhstan, so many days from today; it only goes forward."""
    now = house.clock()
    moment = at_hour(local_day(now) + timedelta(days=day), hour)
    house.clock.shift += moment - now + timedelta(seconds=1)
    house.app.sender.wake()
    return moment


async def noted(phone: Phone, _: Say) -> Message:
    screen = await send(phone, "/report")
    return await press(phone, _("Later: only note the time"), screen)


async def told(house: House) -> Told:
    (draft,) = await stored(house, Draft)
    return draft.read(house.app.vault)


async def delivered(house: House) -> None:
    """Let the outbox deliver what is due by the house's clock."""

    async def nothing_is_due() -> bool:
        house.app.sender.wake()
        waiting = await stored(house, Parcel, status=Delivery.WAITING)
        return all(parcel.due_at > house.clock() for parcel in waiting)

    await eventually(nothing_is_due)
    await house.sandbox.idle()


async def test_time_and_plate_are_kept_and_asked_about_at_the_hour_chosen(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    desk = await reviewer(house)
    set_clock(house, 14, day=1)
    screen = await noted(phone, _)
    at = (await told(house)).at
    assert at is not None
    assert abs(at - house.clock()) < timedelta(minutes=1)
    for choice in ("In an hour", "Today at 20:00", "Tomorrow at 10:00", "Tomorrow at 20:00"):
        assert _(choice) in labels(screen)
    odd = await send(phone, "777 ab 5")
    assert _("It does not look like a Kazakhstan plate; it is kept as you wrote it.") in odd.text
    assert "777AB5" in odd.text
    screen = await noted(phone, _)
    assert (await told(house)).at == at  # what was noted first stays
    assert (await told(house)).plate == "777AB5"
    await press(phone, _("In an hour"), screen)
    await press(phone, _("Another time"), screen)
    await press(phone, _("Today at 20:00"), screen)  # only the last choice counts
    (draft,) = await stored(house, Draft)
    assert b"777" not in draft.sealed
    assert await stored(house, Flag) == []
    set_clock(house, 16)
    await delivered(house)
    assert _(ASKED) not in phone.texts

    set_clock(house, 20)
    await phone.until(lambda phone: _(ASKED) in phone.texts)
    asked = phone.last
    assert holds_none_of(whole(asked), OF_REPORTS)
    await press(phone, _("Go on"), asked)
    await press(phone, _("I was the passenger"), asked)
    await to_review(phone, _, asked)
    time = _("Time: {time}", time=f"{local_day(at).day}").split(",")[0]
    assert time in asked.text
    assert "777AB5" in asked.text
    await press(phone, _("Send"), asked)
    (sent,) = await stored(house, Flag)
    assert (sent.happened_on, sent.happened_at, sent.plate(house.app.vault)) == (local_day(at), at, "777AB5")
    await called(desk, say("en"))
    assert "Time: " in (await send(desk, f"/flag {sent.id}")).text
    await assert_sound(house)


async def test_what_was_sent_meanwhile_is_not_asked_about(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    set_clock(house, 14, day=1)
    screen = await noted(phone, _)
    await press(phone, _("Today at 20:00"), screen)
    await press(phone, _("Go on now"), screen)
    await to_review(phone, _, screen)
    await press(phone, _("Send"), screen)
    assert len(await stored(house, Flag)) == 1
    set_clock(house, 20)
    await delivered(house)
    assert _(ASKED) not in phone.texts
    await noted(phone, _)  # another draft, to which the older reminder does not belong
    assert _(ASKED) not in phone.texts
    await assert_sound(house)


async def test_it_can_be_put_off_again_kept_in_silence_or_dropped_after_a_question(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    set_clock(house, 12, day=1)
    await press(phone, _("In an hour"), await noted(phone, _))
    set_clock(house, 13)
    await phone.until(lambda phone: _(ASKED) in phone.texts)
    asked = phone.last
    await press(phone, _("Later"), asked)
    await press(phone, _("In an hour"), asked)
    set_clock(house, 14)
    await phone.until(lambda phone: _(ASKED) in phone.texts)
    asked = phone.last
    await press(phone, _("No longer needed"), asked)
    assert len(await stored(house, Draft)) == 1
    await press(phone, _("No, keep it"), asked)
    assert "30" in asked.text  # days
    await press(phone, _("« Menu"), asked)
    await press(phone, _("Tomorrow at 10:00"), await noted(phone, _))
    await press(phone, _("Another time"))
    await phone.press_data(CapsulePress(action="ask").pack())
    await press(phone, _("Yes, delete it"))
    assert await stored(house, Draft) == []
    set_clock(house, 10, day=1)
    await delivered(house)
    assert _(ASKED) not in phone.texts
    await assert_sound(house)


async def test_a_draft_that_is_there_only_gains_what_it_lacks(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    screen = await send(phone, "/report")
    await press(phone, _("No, it is over"), screen)
    await press(phone, _("Tell it step by step"), screen)
    await press(phone, _("I saw it"), screen)
    for data in ("form:go:day:", "form:set:day:yesterday", "form:go:plate:"):
        await phone.press_data(data, screen)
    await send(phone, "123 ABC 02")
    before = await told(house)
    (draft,) = await stored(house, Draft)
    screen = await noted(phone, _)
    assert "123ABC02" in screen.text
    assert await told(house) == before  # it was yesterday: now is not its time
    await press(phone, _("In an hour"), screen)
    assert (await told(house)).model_copy(update={"capsule": None}) == before
    assert (await stored(house, Draft))[0].key == draft.key
    await assert_sound(house)


async def test_an_hour_chosen_at_night_is_kept_over_a_restart_and_a_changed_language(
    database_url: str, language: str
) -> None:
    before = say(LANGUAGES[LANGUAGES.index(language) - 1])
    async with open_house(database_url, **QUICK) as house:
        phone = passenger(house, LANGUAGES[LANGUAGES.index(language) - 1])
        set_clock(house, 22, day=1)
        screen = await noted(phone, before)
        assert before("Today at 20:00") not in labels(screen)
        await phone.press_data(CapsulePress(action="at", value="evening").pack(), screen)  # an old button
        assert before("When shall I write to you? My message will not say what about.") in screen.text
        await press(phone, before("In an hour"), screen)
        await phone.press_data(f"home:choose:{language}")
    _ = say(language)
    async with open_house(database_url, sandbox=house.sandbox, clock=house.clock, **QUICK) as house:
        (parcel,) = await stored(house, Parcel, status=Delivery.WAITING)
        assert parcel.priority == Priority.RELAY
        house.clock.shift += timedelta(minutes=59)
        await delivered(house)
        assert _(ASKED) not in phone.texts
        house.clock.shift += timedelta(minutes=2)
        house.app.sender.wake()
        await phone.until(lambda phone: _(ASKED) in phone.texts)
        await assert_sound(house)


async def test_forged_presses_and_odd_texts_touch_nobody_else_and_lead_on(house: House) -> None:
    one, other, _ = passenger(house), house.phone(DRIVER), say("en")
    await noted(one, _)
    screen = await send(other, "/start")
    for forged in ("when:", "at:hour", "ask:", "keep:", "at:never"):
        await other.press_data(f"capsule:{forged}", screen)
        assert labels(screen)
    (draft,) = await stored(house, Draft)
    assert draft.read(house.app.vault).capsule is None
    again = await send(one, "🚕🚕")
    assert "no letters or digits" in again.text
    again = await send(one, "x" * 4000)
    assert draft.person_id == (await stored(house, Draft))[0].person_id
    for forged in ("at:never", "at:", "begin:" + "k" * 40):
        await one.press_data(f"capsule:{forged}", again)
        assert labels(again)
    await flag(other, _)
    old = await send(other, "/report")
    (begun,) = (data for data in presses(old) if data.startswith("capsule:begin"))
    await press(other, "No, it is over", old)
    await press(other, "Not sure, uncomfortable", old)
    await press(other, "Send", old)
    await other.press_data(begun, old)  # the draft of this button was sent: what is noted now is another report
    keys = {each.key for each in await stored(house, Draft)}
    assert not keys & {each.draft for each in await stored(house, Flag)}
    soon = house.clock() + timedelta(minutes=5)
    assert all(parcel.due_at < soon for parcel in await stored(house, Parcel))  # nothing is to be written later
    await assert_sound(house)


async def test_a_cry_for_help_instead_of_a_plate_is_answered_with_care(house: House) -> None:
    for number, language in enumerate(LANGUAGES):
        phone, _ = house.phone(DRIVER + 100 + number, language), say(language)
        await noted(phone, _)
        care = await send(phone, "help me, he locked the doors")
        assert "112" in care.text
        assert _("What you wrote was not saved.") in care.text
    for draft in await stored(house, Draft):
        assert draft.read(house.app.vault).plate is None
    await assert_sound(house)
