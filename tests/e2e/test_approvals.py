"""What takes two people: asked with a reason, agreed to by another, done once, and all of it in the audit."""

from datetime import timedelta

from bot.sandbox import Message, Phone
from models.approvals import KIND_NAMES, Approval, Kind, Standing
from models.audit import Action, AuditEntry
from models.flags import Flag
from models.team import Role
from tests.e2e.walking import (
    Say,
    appoint,
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
)
from tests.house import DRIVER, OWNER, House
from tests.models.test_stolen_file import spellings, whole

ALONE = (
    "This takes a second person: a supervisor or an owner who has had nothing to do with it. "
    "The team has none now. An owner can invite one with /team."
)
GONE = (
    "One of your reports was deleted for good: your words, the details and the code. Nobody can read them any "
    "more.\n\nThis says nothing about you, nor about what happened. If you like, you can report again, "
    "and help is here at any hour."
)
CONTACT = "+7 701 555 77 99 <Aigerim>"
REASON = "Ол <b>«мне страшно, он не выпускает меня»</b> деп жазды: тез қоңырау шалу керек"
"""In the words of whoever cried for help: a member of the team says what happened to somebody else."""


async def flag_with_contact(house: House, phone: Phone, language: str = "en", number: int = 1) -> None:
    """Flag an incident, with a way to be reached."""
    await flag(phone, say(language))
    async with house.app.database.transaction() as session:
        (await session.get_one(Flag, number)).write_contact(house.app.vault, CONTACT)


async def request_of(phone: Phone, _: Say, kind: Kind) -> Message:
    """The first request that waits for a member, opened."""
    screen = await send(phone, "/approve")
    await press(phone, f"1. {_(KIND_NAMES[kind])}", screen)
    return screen


def confirm(screen: Message) -> str:
    """The data of the button that approves."""
    return next(data for data in presses(screen) if data.startswith("second:yes"))


async def actions(house: House, flag_id: int) -> list[Action]:
    return [entry.action for entry in await stored(house, AuditEntry, flag_id=flag_id)]


async def test_a_contact_is_seen_with_a_second_persons_yes_for_half_an_hour(house: House, language: str) -> None:
    _ = say(language)
    desk, phone = await reviewer(house, language), passenger(house)
    worker, boss = house.phone(DRIVER, language), house.phone(OWNER, language)
    for each, role in ((worker, Role.REVIEWER), (boss, Role.SUPERVISOR)):
        await each.send("/start")
        await appoint(house, each, role)
    await flag_with_contact(house, phone)
    await called(worker, _)
    screen = await send(worker, "/flag 1")
    assert _("How to reach the person") not in labels(screen)
    await worker.press_data("flag:contact:1:0", screen)
    assert screen.text == _("There is no flag with this number that you may open.")
    screen = await send(worker, "/flag 1")
    await press(worker, _("Claim"), screen)
    await press(worker, _("How to reach the person"), screen)
    await press(worker, _("Cancel"), screen)
    await press(worker, "« №1", screen)
    await press(worker, _("How to reach the person"), screen)
    too_long = await send(worker, "x" * 301)
    assert too_long.text == _("That is longer than {limit} characters. Please write it shorter.", limit=300)
    asked = await send(worker, REASON)
    assert holds_none_of(asked.text, [CONTACT])
    for each in (desk, boss):
        await each.until(lambda each: _("Something waits for a second person.") in each.texts)
        assert holds_none_of(each.texts, [REASON, CONTACT])

    # Who has read the person's words is no second person any more, and who asked never is.
    request = await request_of(boss, _, Kind.CONTACT)
    assert REASON in request.text
    assert holds_none_of(request.text, [CONTACT])
    yes = confirm(request)
    await boss.press_data("review:read:1::0", read := await send(boss, "/flag 1"))
    await boss.press_data(yes, request)
    assert request.text == _("You have had to do with this matter. Another person has to decide.")
    await appoint(house, worker, Role.SUPERVISOR)
    await worker.press_data(yes, asked)
    assert asked.text == _("You asked for this yourself. Another person has to decide.")
    await appoint(house, worker, Role.REVIEWER)
    assert [each.standing for each in await stored(house, Approval)] == [Standing.WAITING]

    request = await request_of(desk, _, Kind.CONTACT)
    await press(desk, _("Approve"), request)
    for late in (yes, yes.replace("yes", "no"), "second:yes:99", "second:no:0"):
        await desk.press_data(late, request)
        assert request.text in {_("It was decided already."), _("This request is no longer there.")}
    await worker.until(lambda each: _("There is an answer to what you asked for.") in each.texts)
    answer = await press(worker, _("Show"))
    await press(worker, _("Show the contact"), answer)
    assert CONTACT in answer.text
    await press(worker, "« №1", answer)
    await press(worker, _("Show the contact"), answer)
    await boss.press_data("flag:contact:1:0", read)  # the yes was to one person
    assert holds_none_of(read.text, [CONTACT])
    await boss.press_data("second:mine:1", read)
    assert read.text == _("This request is no longer there.")

    house.clock.shift += timedelta(minutes=31)
    await press(worker, "« №1", answer)
    assert _("Show the contact") not in labels(answer)
    await worker.press_data("flag:contact:1:0", answer)
    assert holds_none_of(answer.text, [CONTACT])
    assert (await actions(house, 1)).count(Action.CONTACT_SEEN) == 2
    assert len(await stored(house, AuditEntry, action=Action.APPROVED)) == 1
    denied = [entry.detail for entry in await stored(house, AuditEntry, action=Action.DENIED)]
    for detail in ("contact", "approval 1: party", "approval 1: own", "approval 1: decided", "approval 99: unknown"):
        assert detail in denied
    stolen = await whole(house.app.database)
    assert not any(spelling in stolen for spelling in spellings("сұрады"))
    await assert_sound(house)


async def test_a_flag_is_deleted_by_two_owners_and_its_person_finds_kind_words(house: House, language: str) -> None:
    _ = say(language)
    desk, other, phone = await reviewer(house, language), house.phone(OWNER, language), passenger(house, language)
    await other.send("/start")
    await flag_with_contact(house, phone, language)
    await called(desk, _)
    screen = await send(desk, "/flag 1")
    await press(desk, _("Delete for good"), screen)  # there is nobody else yet
    assert screen.text == _(ALONE)
    assert _("Cancel") not in labels(screen)
    await appoint(house, other, Role.OWNER)
    await press(desk, "« №1", screen)
    await press(desk, _("Delete for good"), screen)
    await send(desk, REASON)
    await other.until(lambda other: _("Something waits for a second person.") in other.texts)
    request = await request_of(other, _, Kind.PURGE)
    assert "№1" in request.text
    yes = confirm(request)
    await phone.until(lambda phone: _("There is news for you.") in phone.texts)  # it was opened
    await press(other, _("Approve"), request)
    assert await stored(house, Flag) == []
    await other.press_data(yes, request)
    assert request.text == _("It was decided already.")
    (approval,) = await stored(house, Approval)
    assert (approval.standing, approval.flag_id, approval.sealed_reason) == (Standing.APPROVED, None, None)
    await desk.until(lambda desk: _("There is an answer to what you asked for.") in desk.texts)
    assert _("Approved and done.") in (await press(desk, _("Show"))).text

    await phone.until(lambda phone: phone.texts.count(_("There is news for you.")) == 2)
    told = await press(phone, _("Show"), phone.last)
    assert told.text == _(GONE)
    await press(phone, _("My reports"), told)
    assert told.text == _("<b>My reports</b>\n\nThere is nothing here yet.")
    assert (await actions(house, 1))[-3:] == [Action.ASKED, Action.APPROVED, Action.PURGED]
    await assert_sound(house)


async def test_a_request_ends_with_its_half_hour_with_a_no_and_with_the_right_to_ask(house: House) -> None:
    _ = say("en")
    desk, other, phone = await reviewer(house), house.phone(OWNER), passenger(house)
    await other.send("/start")
    await appoint(house, other, Role.OWNER)
    await flag(other, _)  # the second owner reported this one, so they have no say
    await flag(phone, _)
    await called(desk, _, 2)
    await desk.press_data("flag:purge:1:0", screen := await send(desk, "/queue"))
    assert screen.text == ALONE

    async def ask() -> tuple[Message, str]:
        await desk.press_data("flag:purge:2:0", await send(desk, "/queue"))
        told = other.texts.count(_("Something waits for a second person."))
        await send(desk, REASON)
        await other.until(lambda other: other.texts.count(_("Something waits for a second person.")) > told)
        request = await request_of(other, _, Kind.PURGE)
        return request, confirm(request)

    request, yes = await ask()
    house.clock.shift += timedelta(minutes=30)
    await other.press_data(yes, request)
    assert request.text == _("The half hour for it has passed. Whoever needs it can ask again.")
    assert _("Nothing waits for you.") in (await send(other, "/approve")).text

    request, yes = await ask()
    await press(other, _("Refuse"), request)
    await other.press_data(yes, request)
    assert request.text == _("It was decided already.")
    await desk.until(lambda desk: _("There is an answer to what you asked for.") in desk.texts)
    assert _("A colleague did not approve it. Please talk it over in the team.") in (await press(desk, _("Show"))).text

    request, yes = await ask()
    await appoint(house, desk, Role.SUPERVISOR)
    await other.press_data(yes, request)
    assert request.text == _("Whoever asked for it may no longer do so.")
    assert _("Nothing waits for you.") in (await send(other, "/approve")).text
    await appoint(house, desk, None)
    await other.press_data(yes, request)
    assert request.text == _("Whoever asked for it may no longer do so.")
    assert len(await stored(house, Flag)) == 2
    assert Action.PURGED not in {entry.action for entry in await stored(house, AuditEntry)}

    # A role that ends while the reason is being typed ends the matter.
    await appoint(house, desk, Role.OWNER)
    await desk.press_data("flag:purge:2:0", await send(desk, "/queue"))
    await appoint(house, desk, None)
    asked = len(await stored(house, Approval))
    assert _("Lessons for drivers") in labels(await send(desk, "He asked for it"))
    assert len(await stored(house, Approval)) == asked
    await assert_sound(house)


async def test_of_two_who_approve_at_once_one_does(house: House) -> None:
    _ = say("en")
    desk, phone = await reviewer(house), passenger(house)
    others = [house.phone(OWNER), house.phone(DRIVER)]
    for each in others:
        await each.send("/start")
        await appoint(house, each, Role.SUPERVISOR)
    await flag(phone, _)
    await called(desk, _)
    await desk.press_data("flag:purge:1:0", await send(desk, "/queue"))
    await send(desk, REASON)
    for each in others:
        await each.until(lambda each: _("Something waits for a second person.") in each.texts)
    requests = [await request_of(each, _, Kind.PURGE) for each in others]
    for each, request in zip(others, requests, strict=True):
        each.tap(_("Approve"), request)
    for each, request in zip(others, requests, strict=True):
        await each.until(lambda _each, request=request: _("Approve") not in labels(request))
    assert [request.text for request in requests].count(_("It was decided already.")) == 1
    assert [entry.action for entry in await stored(house, AuditEntry)].count(Action.PURGED) == 1
    await assert_sound(house)
