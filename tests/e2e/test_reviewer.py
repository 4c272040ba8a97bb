"""The reviewers' desk: a neutral call, the queue, a flag from claim to outcome, and who may see what."""

from datetime import timedelta

from bot.sandbox import Phone
from handlers.reasons import MISUSE
from models.audit import Action, AuditEntry
from models.behaviours import BEHAVIOURS, FORM_NAMES, MAX_SEVERITY
from models.consents import Recipient, set_consents
from models.flags import OUTCOME_NAMES, OUTCOMES_FOR_REPORTER, Flag, Outcome, Ride, State
from models.new_flags import store_flag
from models.team import Member, Role
from tests.e2e.handles import handle
from tests.e2e.walking import (
    LANGUAGES,
    appoint,
    assert_sound,
    called,
    code_on,
    flag,
    holds_none_of,
    labels,
    passenger,
    person,
    press,
    presses,
    reviewer,
    say,
    send,
    stored,
    whole,
)
from tests.house import OWNER, House

REASON = "What was told is enough to decide"
WORDS, PLATE = "Сөзім осы <b>", "123ABC02"


async def many_flags(house: House, reporter: Phone, codes: list[str]) -> list[Flag]:
    """Flags of one person; the milder and the later ones came so much earlier that they are due first."""
    reporter_id = (await person(house, reporter)).id
    async with house.app.database.transaction() as session:
        for number, code in enumerate(codes):
            earlier = timedelta(hours=25) * (MAX_SEVERITY - BEHAVIOURS[code].severity)
            now = house.clock() - earlier - timedelta(minutes=number)
            draft = f"draft{number}"
            kept = {"reporter_id": reporter_id, "draft": draft, "codes": [code], "ride": Ride.OVER, "now": now}
            await store_flag(session, house.app.vault, **kept)
    return await stored(house, Flag)


async def done_by(house: House, phone: Phone) -> list[Action]:
    """What the audit says that a member of the team did, in order."""
    return [entry.action for entry in await stored(house, AuditEntry, actor_id=(await person(house, phone)).id)]


async def test_the_team_is_told_at_once_and_neutrally(house: House, language: str) -> None:
    desk, _ = await reviewer(house, language), say(language)
    phone, their = passenger(house, "ru"), say("ru")
    screen = await flag(phone, their, "PH4")
    receipt = code_on(screen)
    await press(phone, their("Add your words"), screen)
    await send(phone, WORDS)
    await called(desk, _)
    secret = [WORDS, PLATE, phone.person.first_name, "Aigerim", receipt, "PH4", "№", str(phone.id)]
    for each in map(say, LANGUAGES):
        secret += [each(behaviour.name) for behaviour in BEHAVIOURS.values()]
        secret += [each(name) for name in FORM_NAMES.values()]
    notice = desk.last
    assert notice.text == _("There is something new in the queue.")
    assert holds_none_of(str(notice.raw), secret)
    await press(desk, _("Open the queue"), notice)
    assert "№1" in labels(notice)
    await assert_sound(house)


async def test_a_flag_goes_from_claim_to_outcome_and_every_look_is_written_down(house: House, language: str) -> None:
    desk, _ = await reviewer(house, language), say(language)
    phone, their = passenger(house, "kk"), say("kk")
    screen = await flag(phone, their, "SX5", Ride.GOING_ON)
    receipt = code_on(screen)
    await press(phone, their("Add the plate"), screen)
    screen = await send(phone, PLATE)
    await press(phone, their("Add your words"), screen)
    await send(phone, WORDS)
    await called(desk, _)

    shown = await send(desk, "/queue")
    assert "№1 ●●●●" in shown.text
    await press(desk, "№1", shown)
    assert _(BEHAVIOURS["SX5"].name) in shown.text
    assert PLATE in shown.text
    assert holds_none_of(whole(shown), [WORDS, receipt, "Aigerim", str(phone.id)])
    await phone.until(lambda phone: their("There is news for you.") in phone.texts)
    await press(desk, _("Show the person's words"), shown)
    assert WORDS in shown.text
    await press(desk, "« №1", shown)
    assert WORDS not in shown.text
    await press(desk, _("Claim"), shown)
    assert _("You are working on it.") in shown.text
    await press(desk, _("Release"), shown)
    assert [flag.state for flag in await stored(house, Flag)] == [State.NEW]
    await press(desk, _("Claim"), shown)
    await press(desk, _("Set the outcome"), shown)
    await press(desk, _("« Back"), shown)
    await press(desk, _("Set the outcome"), shown)
    await press(desk, _(OUTCOME_NAMES[Outcome.ADVICE]), shown)
    await press(desk, _(REASON), shown)
    assert _(OUTCOME_NAMES[Outcome.ADVICE]) in shown.text
    assert _(REASON) in shown.text
    (closed,) = await stored(house, Flag)
    assert (closed.state, closed.outcome) == (State.CLOSED, Outcome.ADVICE)

    await phone.until(lambda phone: phone.texts.count(their("There is news for you.")) == 2)
    assert holds_none_of(str(phone.last.raw["text"]), [receipt, their(OUTCOMES_FOR_REPORTER[Outcome.ADVICE])])
    told = await press(phone, their("Show"), phone.last)
    assert their(OUTCOMES_FOR_REPORTER[Outcome.ADVICE]) in told.text
    assert _("Nothing is waiting.") in (await send(desk, "/queue")).text
    assert await done_by(house, desk) == [
        Action.LISTED,
        Action.OPENED,
        Action.READ,
        Action.OPENED,
        Action.CLAIMED,
        Action.RELEASED,
        Action.CLAIMED,
        Action.OPENED,
        Action.CLOSED,
        Action.LISTED,
    ]
    await assert_sound(house)


async def test_each_outcome_can_be_set_and_the_person_sees_it_in_words_of_their_own(house: House) -> None:
    desk, phone = await reviewer(house, "ru"), passenger(house, "kk")
    _, their = say("ru"), say("kk")
    await send(phone, "/start")
    flags = await many_flags(house, phone, ["SX1"] * len(Outcome))
    async with house.app.database.transaction() as session:
        for each in flags:
            await set_consents(session, each.id, list(Recipient), house.clock())
    for number, outcome in enumerate(Outcome, 1):
        shown = await send(desk, f"/flag {number}")
        await press(desk, _("Claim"), shown)
        await press(desk, _("Set the outcome"), shown)
        await press(desk, _(OUTCOME_NAMES[outcome]), shown)
        answer = await desk.press(_(MISUSE[0] if outcome is Outcome.MISUSE else REASON), shown)
        assert answer.text == _("Closed. The person will be told.")
        await phone.until(lambda phone, n=number: phone.texts.count(their("There is news for you.")) >= n)
        assert their(OUTCOMES_FOR_REPORTER[outcome]) in (await press(phone, their("Show"))).text
    assert [flag.outcome for flag in await stored(house, Flag)] == list(Outcome)
    await assert_sound(house)


async def test_the_queue_is_ordered_by_severity_then_by_when_it_is_due_and_turns_pages(house: House) -> None:
    desk, phone, _ = await reviewer(house), passenger(house), say("en")
    await send(phone, "/start")
    codes = ["SX1", "PH4", "VB2", "SX5", "PH6", "OT", "ST3", "DI2", "NV1", "DR3", "VB1", "SX4"]
    flags = await many_flags(house, phone, codes)
    expected = [f"№{flag.id}" for flag in sorted(flags, key=lambda flag: (-flag.severity, flag.due_at, flag.id))]
    shown = await send(desk, "/queue")
    seen = [label for label in labels(shown) if label.startswith("№")]
    assert seen == expected[:8]
    assert [line.split()[0] for line in shown.text.splitlines() if line.startswith("№")] == seen
    await press(desk, "▶", shown)
    assert [label for label in labels(shown) if label.startswith("№")] == expected[8:]
    assert "▶" not in labels(shown)
    await press(desk, "◀", shown)
    assert [label for label in labels(shown) if label.startswith("№")] == seen
    house.clock.shift += timedelta(minutes=60)
    await press(desk, _("Refresh"), shown)
    assert "❗ overdue since" in shown.text.splitlines()[3]
    await press(desk, seen[0], shown)
    await press(desk, _("« Queue"), shown)
    assert "opened" in shown.text.splitlines()[3]
    await assert_sound(house)


async def test_a_flag_is_opened_by_its_number_and_a_bad_number_gets_a_kind_line(house: House, language: str) -> None:
    desk, phone, _ = await reviewer(house, language), passenger(house), say(language)
    await flag(phone, say("en"))
    await called(desk, _)
    for typed in ("/flag 1", "/flag №1", "/flag #1", "/flag  1 "):
        assert _("<b>Flag №{number}</b>", number=1) in (await send(desk, typed)).text
    for typed in ("/flag", "/flag one", "/flag -1", "/flag 1.5", "/flag ١", "/flag 1; DROP TABLE flags"):
        refused = await send(desk, typed)
        assert refused.text == _("Please write the number of a flag: /flag 12")
        assert _("Queue") in labels(refused)
    for typed in ("/flag 2", "/flag 0", f"/flag {2**63}", "/flag " + "9" * 4000):
        unknown = await send(desk, typed)
        assert unknown.text == _("There is no flag with this number that you may open.")
        await press(desk, _("Queue"), unknown)
        assert "№1" in labels(unknown)
    assert (await done_by(house, desk)).count(Action.DENIED) == 4
    await assert_sound(house)


async def test_a_reviewer_can_read_the_longest_words_to_the_end(house: House) -> None:
    desk, phone, _ = await reviewer(house), passenger(house), say("en")
    screen = await flag(phone, _)
    await called(desk, _)
    for words in ("я" * 4096, "👩" * 2048, "<&" * 2048):
        (label,) = {_("Add your words"), _("Change your words")} & set(labels(screen))
        await press(phone, label, screen)
        screen = await send(phone, words)
        shown = await send(desk, "/flag 1")
        await press(desk, _("Show the person's words"), shown)
        assert shown.text == words
        assert _("Claim") in labels(shown)
        await press(desk, "« №1", shown)
    await assert_sound(house)


async def test_of_two_who_claim_one_is_told_that_somebody_was_faster(house: House) -> None:
    first, second, phone = await reviewer(house), house.phone(OWNER), passenger(house)
    _ = say("en")
    await send(second, "/start")
    await appoint(house, second, Role.REVIEWER)
    await flag(phone, _)
    await called(first, _)
    await called(second, _)
    names = {}
    async with house.app.database.transaction() as session:
        for each, label in ((first, "A & B"), (second, "")):
            number = (await person(house, each)).id
            names[each] = f"№{number} {label}".strip()
            if label:
                (await session.get_one(Member, number)).write_label(house.app.vault, label)
    mine, theirs = await send(first, "/flag 1"), await send(second, "/flag 1")
    first.tap(_("Claim"), mine)
    second.tap(_("Claim"), theirs)
    got = _("You are working on it.")
    taken = {each: _("{member} has already claimed it.", member=name) for each, name in names.items()}
    await first.until(lambda _phone: (got in mine.text) + (got in theirs.text) == 1)
    await first.until(lambda _phone: (taken[second] in mine.text) + (taken[first] in theirs.text) == 1)
    winner, loser, lost = (first, second, theirs) if got in mine.text else (second, first, mine)
    assert _("Claim") not in labels(lost)
    denied = [
        (each.actor_id, each.flag_id, each.detail) for each in await stored(house, AuditEntry, action=Action.DENIED)
    ]
    assert denied == [((await person(house, loser)).id, 1, "claim")]
    for forged in (
        "review:release:1::0",
        "close:outcome:1::0",
        "close:close:1:misuse:0",
        "category:set:1:4:0",
        "merge:list:1:0",
    ):
        await loser.press_data(forged, lost)
        assert _("{member} is working on it.", member=names[winner]) in lost.text
    (kept,) = await stored(house, Flag)
    assert (kept.state, kept.reviewer_id) == (State.CLAIMED, (await person(house, winner)).id)
    await assert_sound(house)


async def test_a_withdrawn_flag_is_shown_as_withdrawn_to_whoever_still_has_its_buttons(small_house: House) -> None:
    desk, phone, _ = await reviewer(small_house), passenger(small_house), say("en")
    await flag(phone, _)
    await called(desk, _)
    old = await send(desk, "/flag 1")
    its = await handle(small_house, Flag)
    await phone.press_data(f"own:withdrawn:{its}", await send(phone, "/myreports"))
    await press(desk, _("Claim"), old)
    assert _("Withdrawn by the person who reported.") in old.text
    assert "has already claimed it" not in old.text
    await assert_sound(small_house)


async def test_the_second_flag_on_a_vehicle_says_so(small_house: House) -> None:
    desk, phone, other, _ = await reviewer(small_house), passenger(small_house), small_house.phone(OWNER), say("en")
    for each, typed in ((phone, "123 ABC 02"), (other, "kz123авс02")):
        await press(each, _("Add the plate"), await flag(each, _))
        await send(each, typed)
    await called(desk, _, 2)
    assert "1 earlier flag on this vehicle" in (await send(desk, "/flag 2")).text
    assert "earlier" not in (await send(desk, "/flag 1")).text
    await assert_sound(small_house)


async def test_ordinary_people_get_the_same_answer_to_the_teams_commands_as_to_nonsense(
    house: House, language: str
) -> None:
    phone, _ = passenger(house, language), say(language)
    await flag(phone, _)
    for asked in (False, True):
        if asked:
            await press(phone, _("Add your words"))
        nonsense = await send(phone, "/nonsense")
        for command in ("/queue", "/flag 1", "/flag", "/queue@sandbox_bot"):
            answer = await send(phone, command)
            assert (answer.text, answer.buttons) == (nonsense.text, nonsense.buttons)
    menu = await send(phone, "/start")
    for data in ("review:queue:0::0", "review:open:1::0", "review:read:1::0", "review:close:1:advice:0"):
        forged = await phone.press_data(data, menu)
        assert forged == await phone.press_data("nothing:at:all", menu)
        assert _("Queue") not in labels(menu)
    assert [flag.state for flag in await stored(house, Flag)] == [State.NEW]
    await assert_sound(house)


async def test_the_old_buttons_of_a_removed_reviewer_give_the_menu(house: House) -> None:
    desk, phone, _ = house.phone(OWNER), passenger(house), say("en")
    await send(desk, "/start")
    await appoint(house, desk, Role.REVIEWER)
    await flag(phone, _)
    await called(desk, _)
    shown, queue = await send(desk, "/flag 1"), await send(desk, "/queue")
    old = presses(shown) + presses(queue)
    await appoint(house, desk, None)
    for data in (each for each in old if each.startswith("review:")):
        answer = await desk.press_data(data, shown)
        assert answer.text == _("That button no longer works. Here is the menu.")
        assert "№1" not in whole(shown)
        assert _("Queue") not in labels(shown)
    assert [flag.state for flag in await stored(house, Flag)] == [State.NEW]
    await assert_sound(house)


async def test_a_reviewer_cannot_open_a_flag_of_their_own(house: House) -> None:
    desk, _ = await reviewer(house), say("en")
    await flag(desk, _)
    assert _("There is something new in the queue.") not in desk.texts
    assert (await send(desk, "/flag 1")).text == _("There is no flag with this number that you may open.")
    shown = await send(desk, "/queue")
    assert _("Nothing is waiting.") in shown.text
    for data in ("review:open:1::0", "review:read:1::0", "review:claim:1::0", "review:close:1:advice:0"):
        await desk.press_data(data, shown)
        assert shown.text == _("There is no flag with this number that you may open.")
    assert [flag.state for flag in await stored(house, Flag)] == [State.NEW]
    assert (await done_by(house, desk)).count(Action.DENIED) == 5
    await assert_sound(house)


async def test_the_person_hears_that_it_is_being_looked_at_once_and_not_twice_in_a_minute(small_house: House) -> None:
    phone, desk, _ = passenger(small_house), await reviewer(small_house), say("en")
    for code in ("SX1", "VB1"):
        await flag(phone, _, code)
    news = "There is news for you."
    await press(desk, "Claim", await send(desk, "/flag 1"))
    shown = await send(desk, "/flag 2")
    await phone.until(lambda phone: phone.texts.count(news) == 2)  # both were opened
    small_house.clock.shift += timedelta(hours=1)
    await press(desk, "Claim", shown)
    await phone.until(lambda phone: phone.texts.count(news) == 3)
    listed = await send(phone, "/myreports")
    assert [label.endswith("being looked at") for label in labels(listed)[:2]] == [True, True]
    await assert_sound(small_house)
