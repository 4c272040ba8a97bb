"""The person who reported and the team write to each other, and neither learns who the other is."""

from datetime import timedelta

from bot.sandbox import Message, Phone
from handlers.presses import DeskTalkPress, EvidencePress, OwnPress, TalkPress
from models.audit import Action, AuditEntry
from models.evidence import Evidence
from models.flags import Flag, Outcome
from models.talk import QUIET_FOR, Talk
from models.team import Role
from tests.e2e.conftest import QUICK
from tests.e2e.handles import handle
from tests.e2e.rooms import cohort_by
from tests.e2e.test_distress import words_asked
from tests.e2e.test_evidence import settled
from tests.e2e.walking import (
    Say,
    appoint,
    assert_sound,
    called,
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
    whole,
)
from tests.house import DRIVER, OWNER, House, open_house
from tests.media import photo, voice

NEWS, ANSWER = "There is news for you.", "There is an answer to one of your flags."
QUESTION, REPLY = "Қай көшеде <b> болды?", "Абай даңғылында & жаңбыр"


async def claimed(house: House, desk: Phone, phone: Phone, _: Say, their: Say) -> Message:
    """A flag of this person, claimed by the reviewer, whose screen it is; the first notice is read."""
    await flag(phone, _)
    await called(desk, their)
    shown = await send(desk, f"/flag {len(await stored(house, Flag))}")
    await press(desk, their("Claim"), shown)
    await press(phone, _("Show"), await news(phone, _))  # so that the next notice is another
    return shown


async def texts(house: House) -> list[str | None]:
    """What was said, in order."""
    (row,) = await stored(house, Flag)
    return [said.text(house.app.vault, row) for said in await stored(house, Talk)]


async def news(phone: Phone, _: Say) -> Message:
    """The notice that is the newest message, once it's there."""
    await phone.until(lambda phone: phone.last.text == _(NEWS))
    return phone.last


def starting(message: Message, words: str) -> str:
    """The label of the button that begins with these words; a time follows them."""
    return next(label for label in labels(message) if label.startswith(words))


async def test_a_question_and_an_answer_go_both_ways_and_name_nobody(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    desk, their = house.sandbox.phone(1003, first_name="Zarina", language_code="en"), say("en")
    await send(desk, "/start")
    shown = await claimed(house, desk, phone, _, their)
    await press(desk, their("Ask the person"), shown)
    assert "a voice can be recognised" in shown.text
    sent = await send(desk, QUESTION)
    assert sent.text.startswith(their("Sent. Thank you."))
    assert QUESTION in sent.text

    notice = await news(phone, _)
    await press(phone, _("Show"), notice)
    assert _("There is a message from the team.") in notice.text
    assert QUESTION not in notice.text
    await press(phone, _("Answer"), notice)
    assert QUESTION in notice.text
    assert _("The team") in notice.text
    assert holds_none_of(str([message.raw for message in phone.messages if message.from_bot]), ["Zarina", "1003", "№"])
    answered = await send(phone, REPLY)
    assert REPLY in answered.text
    await desk.until(lambda desk: their(ANSWER) in desk.texts)
    assert desk.last.text == their(ANSWER)
    assert "№" not in str(desk.last.raw)
    told = await press(desk, their("Show"), desk.last)
    assert REPLY in told.text
    assert their("The person who reported") in told.text
    assert "read" in told.text  # the question was
    seen = str([message.raw for message in desk.messages if message.from_bot])
    assert holds_none_of(seen, ["Aigerim", str(phone.id)])
    await press(phone, _("« My report"), answered)
    assert _("There is a message from the team.") not in answered.text
    assert _("Write to the team") in labels(answered)
    await press(phone, _("Who opened it"), answered)
    read = _("{time}: {what} (reviewer {number})", time="", what=_("your talk with the team was read"), number=1)
    assert answered.text.splitlines()[-3].endswith(read)
    await press(phone, _("« Back"), answered)

    await press(desk, their("Ask the person"), told)
    long = "сөз " * 900
    await send(desk, long)
    screen = await press(phone, _("Answer"), await press(phone, _("Show"), await news(phone, _)))
    await press(phone, starting(screen, _("Read in full, {time}", time="")), screen)
    assert screen.text == long.strip()
    await press(phone, _("Back to the talk"), screen)
    assert REPLY in screen.text
    assert await texts(house) == [QUESTION, REPLY, long.strip()]
    done = [(entry.action, entry.actor_id is None) for entry in await stored(house, AuditEntry)]
    for expected in ((Action.QUESTIONED, False), (Action.ANSWERED, True), (Action.TALK, False)):
        assert expected in done
    await assert_sound(house)


async def test_voice_and_photos_are_heard_and_seen_by_the_other_side_alone(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    desk, their = await reviewer(house), say("en")
    shown = await claimed(house, desk, phone, _, their)
    await press(desk, "Ask the person", shown)
    (sent,) = await desk.voice(voice(4), duration=4)
    assert "[voice message]" in sent.text
    await send(desk, "a word to a colleague")
    await settled(house, 1)
    assert len(await stored(house, Talk)) == 1
    notice = await news(phone, _)
    await press(phone, _("Answer"), await press(phone, _("Show"), notice))
    await phone.press(starting(notice, _("Voice, {time}", time="")), notice)
    await phone.until(lambda phone: "voice" in phone.messages[-1].raw)
    heard = phone.messages[-1]
    assert heard.raw["has_protected_content"]
    assert "caption" not in heard.raw  # a flag's number is for the team
    await phone.photo(photo(), caption="мына көше")
    await settled(house, 2)
    await desk.until(lambda desk: ANSWER in desk.texts)
    told = await press(desk, "Show", desk.last)
    assert "[photo]" in told.text
    assert "мына көше" in told.text
    await desk.press(starting(told, "Photo, "), told)
    await desk.until(lambda desk: "photo" in desk.messages[-1].raw)
    assert desk.messages[-1].raw["caption"] == "№1"
    assert [entry.detail for entry in await stored(house, AuditEntry, action=Action.EVIDENCE)] == ["photo 2"]
    # What belongs to the talk is not counted as evidence of the report, and can't be deleted from there.
    await phone.press_data(EvidencePress(action="remove", piece=await handle(house, Evidence, 2)).pack(), notice)
    assert len(await stored(house, Evidence)) == 2
    # What can't be read never reaches the other side, and its sender is told and led back.
    await phone.press_data(TalkPress(action="own", flag=await handle(house, Flag)).pack(), notice)
    await phone.voice(b"OggS", expect=2)
    said = _("One of your voice messages could not be fetched or read, so it was not kept. Please record it once more.")
    assert said in phone.texts
    back = await press(phone, _("Back to the talk"))
    assert _("<b>You and the team</b>") in back.text
    await assert_sound(house)


async def test_who_has_not_read_is_not_told_of_each_message_and_all_the_team_is_told_where_nobody_has_claimed(
    small_house: House,
) -> None:
    phone, desk, second, _ = passenger(small_house), await reviewer(small_house), small_house.phone(OWNER), say("en")
    await send(second, "/start")
    await appoint(small_house, second, Role.REVIEWER)
    screen = await flag(phone, _)
    for each in (desk, second):
        await called(each, _)
    await press(phone, "Write to the team", await press(phone, "Cancel", await press(phone, "Add your words", screen)))
    for text in ("бір", "екі", "үш"):
        await send(phone, text)
    await phone.album([photo(), photo(), photo()], expect=1)
    await settled(small_house, 3)
    for each in (desk, second):
        await each.until(lambda each: ANSWER in each.texts)
        assert each.texts.count(ANSWER) == 1
    small_house.clock.shift += QUIET_FOR + timedelta(minutes=1)
    await send(phone, "төрт")
    await desk.until(lambda desk: desk.texts.count(ANSWER) == 2)
    await press(desk, "Claim", await send(desk, "/flag 1"))
    small_house.clock.shift += QUIET_FOR + timedelta(minutes=1)
    before = second.texts.count(ANSWER)
    await send(phone, "бес")
    await desk.until(lambda desk: desk.texts.count(ANSWER) == 3)
    assert second.texts.count(ANSWER) == before
    await press(desk, "Ask the person", await send(desk, "/flag 1"))
    await desk.album([photo(), photo(), photo()], expect=1)
    await settled(small_house, 6)
    assert len(await stored(small_house, Talk, from_team=True)) == 3
    assert (await send(desk, "a word to a colleague")).text == "What you sent was not passed on."
    await send(desk, "another")
    shown = await send(second, "/flag 1")  # a colleague may read, and can't write
    await press(second, "Talk", shown)
    assert "бес" in shown.text
    assert "Ask the person" not in labels(shown)
    await second.press_data(DeskTalkPress(action="ask", flag=1).pack(), shown)
    assert "Only who has claimed a flag" in shown.text
    await send(second, "not to be sent")
    assert len(await stored(small_house, Talk, from_team=True)) == 3
    await assert_sound(small_house)


async def test_after_the_end_nothing_more_is_sent_and_both_are_told_kindly(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    desk, their = await reviewer(house), say("en")
    shown = await claimed(house, desk, phone, _, their)
    await press(desk, "Ask the person", shown)
    await send(desk, QUESTION)
    notice = await news(phone, _)
    await press(phone, _("Answer"), await press(phone, _("Show"), notice))
    await press(desk, "Set the outcome", await send(desk, "/flag 1"))
    await press(desk, "Ask the person", await send(desk, "/flag 1"))
    async with house.app.database.transaction() as session:  # from another phone of the same member
        (await session.get_one(Flag, 1)).close((await person(house, desk)).id, Outcome.ADVICE, house.clock())
    closed = _("This report is closed, so no more messages can be sent. You can always send a new report.")
    late = await send(phone, REPLY)
    assert late.text.startswith(_("What you sent was not passed on."))
    assert closed in late.text
    assert QUESTION in late.text  # what was said can still be read
    assert _("Report an incident") in labels(late)
    late = await send(desk, "late")
    assert late.text == "What you sent was not passed on."
    assert await texts(house) == [QUESTION]
    member = (await person(house, desk)).id
    denied = await stored(house, AuditEntry, action=Action.DENIED)
    assert [(each.actor_id, each.flag_id, each.detail) for each in denied] == [
        (None, 1, "message"),
        (member, 1, "message"),
    ]
    mine = await send(phone, "/myreports")
    await press(phone, labels(mine)[0], mine)
    assert _("There is a message from the team.") not in mine.text
    await press(phone, _("Messages"), mine)
    assert closed in mine.text
    await assert_sound(house)


async def test_nobody_else_reads_or_writes_by_forged_presses_and_lost_rights_end_at_once(
    house: House, language: str
) -> None:
    phone, other, _ = passenger(house, language), house.phone(DRIVER, language), say(language)
    desk = house.phone(OWNER, language)
    await send(desk, "/start")
    await appoint(house, desk, Role.REVIEWER)
    shown = await claimed(house, desk, phone, _, _)
    await press(desk, _("Ask the person"), shown)
    await send(desk, QUESTION)
    theirs = await send(other, "/start")
    its, said = await handle(house, Flag), await handle(house, Talk)
    for forged in (
        *(TalkPress(action=each, flag=its, message=said) for each in ("own", "full", "piece", "nothing")),
        *(DeskTalkPress(action=each, flag=1, message=1) for each in ("open", "ask", "full", "piece", "nothing")),
    ):
        await other.press_data(forged.pack(), theirs)
        assert labels(theirs)
        assert QUESTION not in whole(theirs)
    await other.press_data(TalkPress(action="own", flag=its).pack(), theirs)
    await send(other, "x")
    # The person is not of the team, and the team is not the person.
    mine = await send(phone, "/start")
    await phone.press_data(DeskTalkPress(action="open", flag=1).pack(), mine)
    await phone.press_data(DeskTalkPress(action="ask", flag=1).pack(), mine)
    await desk.press_data(TalkPress(action="own", flag=its).pack(), await send(desk, "/start"))
    await press(desk, _("Ask the person"), await send(desk, "/flag 1"))
    await desk.press_data("review:release:1::0", shown)
    assert (await send(desk, "after giving it back")).text == _("What you sent was not passed on.")
    await press(desk, _("Claim"), shown)
    await press(desk, _("Ask the person"), shown)
    await appoint(house, desk, None)
    assert (await send(desk, "after the role has ended")).text == _("What you sent was not passed on.")
    assert await texts(house) == [QUESTION]
    for unknown in ("1", "", its):
        mine = await send(phone, "/start")
        await phone.press_data(TalkPress(action="full", flag=its, message=unknown).pack(), mine)
        assert _("<b>You and the team</b>") in mine.text
        assert QUESTION in mine.text
    await assert_sound(house)


async def test_what_is_sent_a_day_later_is_no_message_any_more_and_a_seminars_code_never_is(small_house: House) -> None:
    phone, desk, _ = passenger(small_house), await reviewer(small_house), say("en")
    cohort = await cohort_by(small_house, desk)
    await press(phone, "Write to the team", await press(phone, "Cancel", await words_asked(phone, _)))
    small_house.clock.shift += timedelta(hours=25)
    assert "I did not understand that" in (await send(phone, REPLY)).text
    mine = await send(phone, "/myreports")
    await press(phone, "Write to the team", await press(phone, labels(mine)[0], mine))
    assert (await send(phone, "A2A2A2")).text.startswith("Sent.")  # a word of the person's own, for all the bot knows
    assert cohort.name in (await send(phone, f" {cohort.code.lower()} ")).text
    await words_asked(phone, _)
    assert cohort.name in (await send(phone, cohort.code)).text
    first, _second = await stored(small_house, Flag)
    assert [said.text(small_house.app.vault, first) for said in await stored(small_house, Talk)] == ["A2A2A2"]
    await assert_sound(small_house)


async def test_a_cry_in_the_talk_is_answered_with_care_and_sent_only_on_a_press(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    cry = {"kk": "Көмектесіңіздер!", "ru": "Он не выпускает меня из машины", "en": "Help me, he locked the doors"}
    screen = await flag(phone, _)
    await phone.press_data(TalkPress(action="own", flag=await handle(house, Flag)).pack(), screen)
    care = await send(phone, cry[language])
    assert "112" in care.text
    assert _("What you wrote was not sent. The button below sends it.") in care.text
    assert await texts(house) == []
    await press(phone, _("Send it"), care)
    assert await texts(house) == [cry[language]]
    assert care.text.startswith(_("Sent. Thank you."))
    care = await send(phone, cry[language])
    await send(phone, "/sos")
    await press(phone, _("Send it"), care)  # what was held is gone by now
    assert len(await texts(house)) == 1
    assert _("<b>You and the team</b>") in care.text
    await assert_sound(house)


async def test_a_question_survives_a_restart_between_any_taps(database_url: str, language: str) -> None:
    _ = say(language)
    async with open_house(database_url, **QUICK) as house:
        phone, desk = passenger(house, language), await reviewer(house, language)
        shown = await claimed(house, desk, phone, _, _)
        await press(desk, _("Ask the person"), shown)
    again = {"sandbox": house.sandbox, "clock": house.clock}
    async with open_house(database_url, **again, **QUICK) as house:
        await send(desk, QUESTION)
        notice = await news(phone, _)
        await phone.press_data(TalkPress(action="own", flag=await handle(house, Flag)).pack(), notice)
    async with open_house(database_url, **again, **QUICK) as house:
        await send(phone, REPLY)
        assert await texts(house) == [QUESTION, REPLY]
        await phone.press_data(OwnPress(action="withdrawn", flag=await handle(house, Flag)).pack(), notice)
        await desk.press_data(DeskTalkPress(action="open", flag=1).pack(), shown)
        assert REPLY not in shown.text
        assert (await person(house, desk)).id
        await assert_sound(house)


async def test_the_longest_texts_fit_on_every_screen_of_the_talk(small_house: House) -> None:
    phone, desk, _ = passenger(small_house), await reviewer(small_house), say("en")
    await claimed(small_house, desk, phone, _, _)
    await phone.press_data(
        TalkPress(action="own", flag=await handle(small_house, Flag)).pack(), await send(phone, "/start")
    )
    for text in ("я" * 4000, "👩" * 2000, "<&" * 2000, "ы" * 3999):
        for _time in range(3):
            screen = await send(phone, text)
            assert screen.text.startswith("Sent. Thank you.")
    screen = await send(phone, "я" * 4001)
    assert screen.text == "That is longer than one message can be. Please send it in parts."
    await press(phone, "Back to the talk", screen)
    assert len(await texts(small_house)) == 12
    await desk.press_data(DeskTalkPress(action="open", flag=1).pack(), await send(desk, "/start"))
    await assert_sound(small_house)
