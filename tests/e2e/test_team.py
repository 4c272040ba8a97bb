"""The team: from an invitation to the last day, who may do what, and nothing for anybody else."""

import re
from datetime import timedelta

import pytest

from bot.sandbox import Message, Phone
from handlers.leaving import STAYING
from handlers.menu import EVERYONE, OWNERS, REVIEWERS, SUPERVISORS, commands_for
from handlers.presses import DataPress
from handlers.texts import load_texts
from models.audit import Action, AuditEntry
from models.flags import Flag, State
from models.invites import Invite
from models.membership import Hindrance
from models.people import Language
from models.team import ROLE_NAMES, Member, Role
from tests.e2e.test_languages import crawl
from tests.e2e.walking import (
    OFFERED,
    Say,
    appoint,
    assert_sound,
    called,
    copied,
    flag,
    labels,
    passenger,
    person,
    plain,
    press,
    presses,
    reviewer,
    say,
    send,
    stored,
    whole,
)
from tests.house import DRIVER, OWNER, House
from tests.models.test_stolen_file import spellings
from tests.models.test_stolen_file import whole as stolen_bytes
from tests.walks import eventually

pytestmark = pytest.mark.menu
_TEXTS = load_texts()
LABEL = "Света & <b>Аяжан</b>"


def menu(phone: Phone) -> set[str]:
    """The commands in the menu of a chat."""
    return {each["command"] for each in phone.commands}


async def invite(desk: Phone, _: Say, role: Role, label: str = LABEL) -> Message:
    """Invite somebody; gives the screen with the link."""
    screen = await send(desk, "/team")
    await press(desk, _("Invite"), screen)
    await press(desk, _(ROLE_NAMES[role]), screen)
    return await send(desk, label)


def start_of(screen: Message) -> str:
    """What following the link on a screen sends."""
    (link,) = copied(screen)
    return f"/start {link.partition('start=')[2]}"


async def enlist(house: House, desk: Phone, phone: Phone, role: Role, language: str = "en") -> None:
    """Bring somebody into the team by an invitation."""
    link = start_of(await invite(desk, say("en"), role))
    screen = await send(phone, link)
    await press(phone, say(language)("I promise, and join"), screen)
    await eventually(lambda: menu(phone) == set(commands_for(role)))


async def test_from_an_invitation_to_the_last_day_and_the_menu_follows(house: House, language: str) -> None:
    house, _ = house, say(language)
    desk, phone = await reviewer(house, language), house.phone(OWNER, language)
    newcomer, stranger = house.phone(DRIVER, language), passenger(house, language)
    screen = await send(desk, "/team")
    me = (await person(house, desk)).id
    assert f"№{me} ({_('you')}): {_('Owner')}" in screen.text
    await press(desk, _("Invite"), screen)
    await press(desk, _("Supervisor"), screen)
    for wrong in ("x" * 41, "я" * 4096):
        refused = await send(desk, wrong)
        assert refused.text == _("Please write one line of at most {limit} characters.", limit=40)
    made = await send(desk, f" {LABEL}\n ")
    assert _("<b>Invitation for {label}</b>: {role}", label=LABEL, role=_("Supervisor")) in made.text
    link = start_of(made)
    assert re.fullmatch(r"/start t[\w-]{32}", link)
    assert link[8:].encode() not in await stolen_bytes(house.app.database)

    await send(stranger, "/start")
    welcome = await send(phone, link)
    assert _("Supervisor") in welcome.text
    assert await stored(house, Member, person_id=(await person(house, phone)).id) == []
    assert "queue" not in menu(phone)
    await press(phone, _("No, thank you"), welcome)  # which leaves it good
    late = await send(stranger, link)
    welcome = await send(phone, link)
    join = next(data for data in presses(welcome) if data.startswith("team:join"))
    await press(phone, _("I promise, and join"), welcome)
    assert _("You are in the team now: {role}. Your menu has the new commands.", role=_("Supervisor")) in welcome.text
    await eventually(lambda: menu(phone) == set(EVERYONE) | set(REVIEWERS) | set(SUPERVISORS))
    await desk.until(lambda desk: _("An invitation was accepted.") in desk.texts)
    assert LABEL in (await press(desk, _("Show"))).text

    worthless = _("This invitation was used, withdrawn, or is older than 48 hours. Please ask for a new one.")
    await press(stranger, _("I promise, and join"), late)  # of two, the first did
    assert late.text == worthless
    assert (await send(stranger, link)).text == worthless
    for forged in (join, "team:join:0:", f"team:join:0:{'x' * 40}"):
        await stranger.press_data(forged, late)
        assert late.text == worthless
    for payload in ("t", "t" + "A" * 32, "t' OR 1=1"):
        assert (await send(stranger, f"/start {payload}")).text == worthless
    assert (await send(phone, link)).text == worthless
    assert {each.role for each in await stored(house, Member)} == {Role.OWNER, Role.SUPERVISOR}
    assert await stored(house, Invite) == []

    # One that was withdrawn, one that is too old, and one for who is in the team already.
    gone = start_of(screen := await invite(desk, _, Role.REVIEWER, "gone"))
    await press(desk, _("Withdraw the invitation"), screen)
    assert (await send(newcomer, gone)).text == worthless
    kept = start_of(await invite(desk, _, Role.REVIEWER, "kept"))
    assert (await send(phone, kept)).text == _("You are in the team already. An owner can change your role with /team.")
    house.clock.shift += timedelta(hours=48)
    assert (await send(newcomer, kept)).text == worthless
    await house.app.housekeeping.tidy()
    assert await stored(house, Invite) == []

    # A flag that the member works on goes back to the queue, and its reporter hears nothing.
    await flag(stranger, _)
    await called(phone, _)
    await press(phone, _("Claim"), old := await send(phone, "/flag 1"))
    await stranger.until(lambda phone: _("There is news for you.") in phone.texts)
    heard = len(stranger.messages)
    screen = await send(desk, "/team")
    number = (await person(house, phone)).id
    about = _TEXTS[Language(language)](
        "{member}: {role}, since {date}; open flags: {number}",
        member=f"№{number} {LABEL}",
        role=_("Supervisor"),
        date=_TEXTS[Language(language)].day((await stored(house, Member, person_id=number))[0].since),
        number=1,
    )
    assert plain(about) in screen.text
    await press(desk, f"№{number} {LABEL}", screen)
    await press(desk, _("Remove from the team"), screen)
    assert LABEL in screen.text
    await press(desk, _("« Back"), screen)
    await press(desk, _("Remove from the team"), screen)
    removed = next(data for data in presses(screen) if data.startswith("team:removed"))
    await press(desk, _("Yes, remove"), screen)
    assert LABEL not in whole(screen)
    await desk.press_data(removed, screen)  # pressed twice
    assert screen.text == _("This member is no longer in the team.")
    assert [(each.state, each.reviewer_id) for each in await stored(house, Flag)] == [(State.NEW, None)]
    await called(desk, _, 2)  # it waits again
    await eventually(lambda: menu(phone) == set(EVERYONE))
    await phone.until(lambda phone: _("You are no longer in the team. Thank you for all you have done.") in phone.texts)
    answer = await phone.press_data("review:claim:1::0", old)
    assert answer.text == _("That button no longer works. Here is the menu.")
    assert (await send(phone, "/approve")).text == (await send(phone, "/nonsense")).text
    assert len(stranger.messages) == heard

    done = [entry.action for entry in await stored(house, AuditEntry, actor_id=me)]
    for action in (Action.TEAM_SEEN, Action.INVITED, Action.UNINVITED, Action.REMOVED):
        assert action in done
    joined = [entry.detail for entry in await stored(house, AuditEntry, action=Action.JOINED)]
    assert joined == [f"{me} owner", f"{number} supervisor"]
    stolen = await stolen_bytes(house.app.database)
    assert not any(spelling in stolen for spelling in spellings("Аяжан"))
    await assert_sound(house)


async def test_owners_come_and_go_but_one_stays_and_the_settings_have_the_last_word(house: House) -> None:
    _ = say("en")
    desk, other, third = await reviewer(house), house.phone(OWNER), house.phone(DRIVER)
    await enlist(house, desk, other, Role.OWNER)
    await enlist(house, desk, third, Role.REVIEWER)
    me, second, number = [(await person(house, each)).id for each in (desk, other, third)]

    # An owner of the settings is changed by nobody here, an owner of the bot by any owner.
    screen = await send(other, "/team")
    await press(other, f"№{me}", screen)
    assert "OWNER_IDS" in screen.text
    assert not any(data.startswith(("team:role", "team:remove")) for data in presses(screen))
    for forged in (f"team:role:{me}:reviewer", f"team:removed:{me}:", f"team:remove:{me}:"):
        await other.press_data(forged, screen)
        assert "OWNER_IDS" in screen.text
    assert [m.role for m in await stored(house, Member, person_id=me)] == [Role.OWNER]

    # Roles change in place, the menu with them; nonsense changes nothing.
    screen = await press(desk, f"№{number} {LABEL}", await send(desk, "/team"))
    await press(desk, _("New role: {role}", role=_("Supervisor")), screen)
    await eventually(lambda: menu(third) == set(EVERYONE) | set(REVIEWERS) | set(SUPERVISORS))
    await third.until(lambda phone: _("Your role in the team has changed: {role}.", role="Supervisor") in phone.texts)
    for forged in (f"team:role:{number}:god", f"team:role:{number}:", "team:role:999999:owner", "team:open:0:"):
        await desk.press_data(forged, screen)
    assert [m.role for m in await stored(house, Member, person_id=number)] == [Role.SUPERVISOR]

    # Who steps down has the commands no more; the last owner can't.
    screen = await press(other, f"№{second} ({_('you')})", await send(other, "/team"))
    await appoint(house, desk, None)
    for way in (f"team:role:{second}:reviewer", f"team:removed:{second}:"):
        await other.press_data(way, screen)
        assert _("This is the last owner. Somebody else has to become an owner first.") in screen.text
    await other.press_data(f"team:role:{number}:owner", screen)
    await eventually(lambda: set(OWNERS) <= menu(third))
    await other.press_data(f"team:removed:{second}:", screen)
    assert _("Lessons for drivers") in labels(screen)
    await eventually(lambda: menu(other) == set(EVERYONE))
    assert {m.person_id: m.role for m in await stored(house, Member)} == {number: Role.OWNER}

    # An invitation is worth what its maker is.
    link = start_of(await invite(third, _, Role.OWNER))
    await appoint(house, third, None)
    assert "48 hours" in (await send(other, link)).text
    assert await stored(house, Member) == []
    await assert_sound(house)


async def test_who_deletes_everything_leaves_the_team_and_its_commands_go_but_the_last_owner_stays(
    house: House,
) -> None:
    _ = say("en")
    desk, phone = await reviewer(house), house.phone(OWNER)
    await enlist(house, desk, phone, Role.REVIEWER)
    number = (await person(house, phone)).id
    await flag(passenger(house), _)
    await called(phone, _)
    await press(phone, _("Claim"), await send(phone, "/flag 1"))
    await press(phone, _("Yes, delete everything"), await send(phone, "/deletedata"))
    await eventually(lambda: menu(phone) == set(EVERYONE))
    assert len(await stored(house, Member)) == 1
    await called(desk, _, 2)  # what was claimed waits again
    (left,) = await stored(house, AuditEntry, action=Action.LEFT)
    assert left.actor_id == number

    await enlist(house, desk, phone, Role.OWNER)
    await appoint(house, desk, None)
    screen = await send(phone, "/deletedata")
    for pressed in ("", DataPress(action="delete").pack()):
        if pressed:
            await phone.press_data(pressed, screen)
        assert _("This is the last owner. Somebody else has to become an owner first.") in screen.text
        assert _("Yes, delete everything") not in labels(screen)
    assert len(await stored(house, Member)) == 1
    await assert_sound(house)


async def test_every_member_can_leave_and_keeps_what_is_their_own(house: House, language: str) -> None:
    _ = say(language)
    desk, worker, owner = await reviewer(house, language), house.phone(DRIVER, language), house.phone(OWNER, language)
    for each, role in ((worker, Role.REVIEWER), (owner, Role.OWNER)):
        await each.send("/start")
        await appoint(house, each, role)
    number, third = [(await person(house, each)).id for each in (worker, owner)]
    await flag(worker, _)  # a member may have something to report, too
    await flag(passenger(house), say("en"))
    await called(worker, _)
    await called(desk, _, 2)
    await press(worker, _("Claim"), await send(worker, "/flag 2"))
    screen = await send(worker, "/team")
    assert f"№{number} ({_('you')}): {_('Reviewer')}" in screen.text
    assert labels(screen) == [_("Leave the team"), _("« Menu")]
    await press(worker, _("Leave the team"), screen)
    await press(worker, _("No, stay"), screen)
    await press(worker, _("Leave the team"), screen)
    await press(worker, _("Yes, leave"), screen)
    assert screen.text == _("You are no longer in the team. Thank you for all you have done.")
    await eventually(lambda: menu(worker) == set(EVERYONE))
    assert (await send(worker, "/team")).text == (await send(worker, "/nonsense")).text
    for old in ("leave:ask", "leave:leave", "leave:show"):
        answer = await worker.press_data(old, screen)
        assert answer.text == _("That button no longer works. Here is the menu.")
    assert [(each.state, each.reviewer_id) for each in await stored(house, Flag)] == [(State.NEW, None)] * 2
    assert labels(await send(worker, "/myreports"))[0].endswith(_("received"))
    for each, heard in ((desk, 3), (owner, 3)):
        await called(each, _, heard)
        await each.until(lambda each: _("A member has left the team.") in each.texts)
    assert f"№{number}" not in whole(await press(desk, _("Show")))
    assert [entry.actor_id for entry in await stored(house, AuditEntry, action=Action.LEFT)] == [number]
    assert f"№{number}: {_('left the team')}" in (await send(desk, "/audit")).text

    # Neither an owner whom the settings name, nor the last one.
    screen = await send(desk, "/queue")
    for way in ("leave:ask", "leave:leave"):
        await desk.press_data(way, screen)
        assert screen.text == _(STAYING[Hindrance.SETTINGS])
    await press(owner, f"№{third} ({_('you')})", screen := await send(owner, "/team"))
    assert _("Remove from the team") not in labels(screen)
    await press(owner, _("Leave the team"), screen)
    await appoint(house, desk, None)
    for way in ("leave:leave", "leave:ask"):
        await owner.press_data(way, screen)
        assert screen.text == _(STAYING[Hindrance.LAST_OWNER])
    assert [member.person_id for member in await stored(house, Member)] == [third]
    await assert_sound(house)


async def test_handing_a_flag_to_every_colleague_in_turn_does_not_tell_who_reported_it(house: House) -> None:
    _, desk = say("en"), await reviewer(house)
    boss, reporter = house.phone(OWNER), house.phone(DRIVER)
    for each, role in ((boss, Role.SUPERVISOR), (reporter, Role.REVIEWER)):
        await each.send("/start")
        await appoint(house, each, role)
    await flag(reporter, _)
    await called(boss, _)
    seen = {}
    for each in (desk, reporter):
        number = (await person(house, each)).id
        screen = await send(boss, "/flag 1")
        await press(boss, _("Claim"), screen)
        await press(boss, _("Hand over"), screen)
        await press(boss, f"№{number}", screen)
        answer = whole(screen).replace(f"№{number} hears", "hears")
        await press(boss, "« №1", screen)
        standing = [line for line in whole(screen).splitlines() if _("Nobody has claimed it.") in line]
        seen[each] = (answer, labels(screen), standing)
        entries = await stored(house, AuditEntry)
        assert str(number) not in [entry.detail for entry in entries if entry.flag_id == 1]
        house.clock.shift += timedelta(minutes=1)
    assert seen[desk] == seen[reporter]
    asked = _("A colleague asks you to take something over from the queue.")
    await desk.until(lambda phone: asked in phone.texts)
    assert asked not in reporter.texts
    assert {entry.action for entry in entries} & {Action.DENIED} == set()
    await assert_sound(house)


async def test_a_supervisor_hands_a_flag_over_and_the_reporter_hears_nothing(house: House, language: str) -> None:
    _ = say(language)
    desk, phone = await reviewer(house, language), passenger(house, language)
    boss, worker = house.phone(OWNER, language), house.phone(DRIVER, language)
    for each, role in ((boss, Role.SUPERVISOR), (worker, Role.REVIEWER)):
        await each.send("/start")
        await appoint(house, each, role)
    await flag(phone, _)
    await called(worker, _)
    mine = await send(worker, "/flag 1")
    assert _("Hand over") not in labels(mine)
    await press(worker, _("Claim"), mine)
    await phone.until(lambda phone: _("There is news for you.") in phone.texts)
    heard = len(phone.messages)
    numbers = {each: (await person(house, each)).id for each in (desk, boss, worker, phone)}

    screen = await send(boss, "/flag 1")
    await press(boss, _("Hand over"), screen)
    assert f"№{numbers[phone]}" not in whole(screen)
    assert f"№{numbers[worker]}" not in labels(screen)  # has it already
    await boss.press_data(f"flag:to:1:{numbers[phone]}", screen)  # nor can it be given to who reported
    await boss.press_data(f"flag:to:1:{999}", screen)
    assert [each.reviewer_id for each in await stored(house, Flag)] == [numbers[worker]]
    await press(boss, f"№{numbers[desk]}", screen)
    assert _(OFFERED, number=1, member=f"№{numbers[desk]}") == screen.text
    await desk.until(lambda desk: _("A colleague asks you to take something over from the queue.") in desk.texts)
    got = await press(desk, _("Show"))
    await press(desk, _("Claim"), got)
    assert _("You are working on it.") in got.text
    await worker.press_data("review:close:1:advice:0", mine)
    assert _("{member} is working on it.", member=f"№{numbers[desk]}") in mine.text

    await press(boss, "« №1", screen)
    await press(boss, _("Hand over"), screen)
    await press(boss, _("Back to the queue"), screen)
    await press(boss, "« №1", screen)
    await press(boss, _("Hand over"), screen)
    await press(boss, f"№{numbers[boss]} ({_('you')})", screen)
    assert [each.reviewer_id for each in await stored(house, Flag)] == [numbers[boss]]
    details = [entry.detail for entry in await stored(house, AuditEntry, action=Action.HANDED_OVER, flag_id=1)]
    assert details == ["", str(numbers[boss])]
    assert len(phone.messages) == heard
    await assert_sound(house)


async def test_no_button_of_the_team_is_dead_and_none_speaks_another_language(house: House, language: str) -> None:
    desk, other = await reviewer(house, language), house.phone(OWNER, language)
    await other.send("/start")
    await appoint(house, other, Role.SUPERVISOR)
    await flag(passenger(house), say("en"))
    await called(desk, say(language))
    led = await crawl(desk, ["/approve", "/audit 1", "/audit nonsense", "/team"], language, "team:")
    assert {f"team:role:{(await person(house, other)).id}:owner", "team:invite:0:", "team:as:0:owner"} <= set(led)
    led = await crawl(desk, ["/audit"], language, "audit:")
    assert "audit:show:0:0:denied:0:0" in led
    await assert_sound(house)
