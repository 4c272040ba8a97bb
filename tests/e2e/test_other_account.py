"""One's own report from another account, with a passphrase; who opened it; deleting it alone."""

import re
from datetime import timedelta

from bot.sandbox import Message, Phone
from handlers.other_account import FAULTS
from handlers.own import STATE_NAMES
from handlers.presses import ErasePress, HistoryPress, OwnPress, PassphrasePress, StatementPress
from handlers.texts import load_texts
from models.approvals import Kind
from models.audit import Action, AuditEntry
from models.behaviours import BEHAVIOURS
from models.conversation import Conversation
from models.flags import Flag, State
from models.limits import Limit, What
from models.passphrases import A_DAY_ON_A_CODE, AN_HOUR, LEAST, MOST, Fault, Try
from models.people import Language
from models.readers import Reader
from models.receipts import new_receipt, show_receipt
from models.team import Role
from tests.e2e.test_approvals import GONE, request_of
from tests.e2e.test_capsule import set_clock
from tests.e2e.test_certificate import DOT
from tests.e2e.test_who_may_know import HOLD, NEWS, told
from tests.e2e.walking import (
    LANGUAGES,
    Say,
    appoint,
    assert_sound,
    called,
    code_on,
    flag,
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
from tests.house import DRIVER, OWNER, PASSENGER, REVIEWER, House

PHRASE, TYPED = "Жеті құрақ көрпе", "  жеті  ҚҰРАҚ көрпе"
SET = "The passphrase is set. Your message with it is deleted from this chat. Please keep the code as well."
OPENED = "You can open this report from this account now. Your message is deleted from this chat."
UNFIT = "Code and passphrase don't fit. Please check both, then write the code or the passphrase once more."
ASKED_TO_DELETE = (
    "<b>Delete this report?</b>\n\nIt will be gone for good and for everybody, even while it's being looked at. "
    "Nobody can bring it back.\n\nOnly a numbered record stays: that it was there, without its content. "
    "What limits need stays too (/privacy says what)."
)
DELETED = (
    "The report is deleted. Only a numbered record stays, without its content. "
    "What limits need stays too (/privacy says what)."
)
KEPT_FOR_LIMITS = (
    "/deletedata deletes everything that is stored about you, except what limits need: under your encrypted "
    "Telegram ID, when you reported or wrote a wrong passphrase in the last 24 hours, and a limit that was set "
    "because of misuse, as long as it stands. If a single report is deleted, the time it was sent is kept in the "
    "same way."
)
WORDS = "Ұялып қалдым, үндемедім"
MANY = 60
"""Codes that somebody sends without waiting for an answer; in such a flood not each has one."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def written(phone: Phone) -> list[str]:
    """What the person wrote and is still to be seen in the chat."""
    return [message.text for message in phone.messages if not message.from_bot]


async def cries_out(phone: Phone, _: Say) -> None:
    """Type something that may be a passphrase, and sounds like a cry for help: it's heard, and stays in no chat."""
    screen = await send(phone, "my driver is following me home")
    assert screen.text.startswith(_("<b>You did well to write. It is not your fault.</b>"))
    assert _("Your message is deleted from this chat.") in screen.text


async def look(phone: Phone, text: str, label: str) -> Message:
    """Send a text and wait for a screen with this button, whatever else arrives at that moment."""
    known = max((message.id for message in phone.messages), default=0)
    await phone.send(text, expect=0)

    def found(phone: Phone) -> list[Message]:
        return [each for each in phone.messages if each.from_bot and each.id > known and label in labels(each)]

    await phone.until(found)
    return found(phone)[-1]


async def set_phrase(phone: Phone, _: Say, screen: Message, phrase: str = PHRASE) -> Message:
    """Set a passphrase for the report on this screen."""
    (label,) = {_("Set a passphrase"), _("Passphrase")} & set(labels(screen))
    await press(phone, label, screen)
    return await send(phone, phrase)


async def open_with(phone: Phone, code: str, phrase: str) -> Message:
    """Type a code and a passphrase; gives the screen after both."""
    await send(phone, code)
    return await send(phone, phrase)


def entry(_: Say, screen: Message) -> list[str]:
    """The lines of a history without their times and the words around them."""
    lines = screen.text.splitlines()
    return [line.split(": ", 1)[1] for line in lines[2 : lines.index("", 2)]]


async def test_a_lost_phone_a_new_account_and_everything_in_the_history(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    new, desk, second = house.phone(DRIVER, language), await reviewer(house), house.phone(OWNER)
    await send(second, "/start")
    await appoint(house, second, Role.REVIEWER)
    screen = await flag(phone, _, "PH2")
    code = code_on(screen)
    (sent,) = await stored(house, Flag)
    await press(phone, _("Set a passphrase"), screen)
    await cries_out(phone, _)
    screen = await send(phone, PHRASE)
    assert _(SET) in screen.text
    assert written(phone) == ["/start"]
    assert PHRASE.casefold() not in str([row.read(house.app.vault) for row in await stored(house, Conversation)])
    await press(phone, _("Add your words"), screen)
    await send(phone, WORDS)

    asked = await send(new, code)
    assert _("There is no report with this code in your account.") in asked.text
    assert _("If a passphrase was set for it, please write it now. The bot deletes your message at once.") in asked.text
    await cries_out(new, _)
    wrong = await send(new, "жеті құрақ көрпе 2")
    assert holds_none_of(whole(wrong), [WORDS, code])
    opened = await send(new, TYPED)
    assert _(OPENED) in opened.text
    assert WORDS in opened.text
    assert written(new) == [code]
    await phone.until(lambda phone: phone.texts.count(_("There is news for you.")) == 2)  # the wrong one, and the right

    await called(desk, say("en"))
    await send(second, f"/flag {sent.id}")
    screen = await send(desk, f"/flag {sent.id}")
    for label in ("Show the person's words", "Claim", "Release"):
        await press(desk, label, screen)
    for each in (phone, new):  # both accounts hear of it
        await each.until(lambda each: each.texts.count(_("There is news for you.")) == (3 if each is phone else 1))

    screen = await send(new, "/myreports")
    assert code in labels(screen)[0]
    await press(new, labels(screen)[0], screen)
    await press(new, _("Who opened it"), screen)
    said = entry(_, screen)
    by = [_("{time}: {what} (reviewer {number})", time="t", what="@", number=number)[3:] for number in (1, 2)]
    assert said == [
        _("received"),
        _("a passphrase was set"),
        _("something was added"),
        _("a wrong passphrase was tried"),
        _("opened from another account"),
        by[0].replace("@", _("opened")),
        by[1].replace("@", _("opened")),
        by[1].replace("@", _("your words were read")),
        by[1].replace("@", _("somebody began to work on it")),
        by[1].replace("@", _("given back to the queue")),
    ]
    assert holds_none_of(screen.text, [str(OWNER), str(REVIEWER), "Person", "Aigerim"])
    await press(new, _("« Back"), screen)

    mine = await send(phone, code)
    await press(phone, _("Passphrase"), mine)
    assert _("A passphrase is set. What you write now replaces it.") in mine.text
    await press(phone, _("Close it for others"), mine)
    assert _("Now the report can be opened from this account only. The passphrase is removed.") in mine.text
    await press(new, _("Who opened it"), screen)  # an old button of the account that is shut out
    assert _("<b>My reports</b>\n\nThere is nothing here yet.") in screen.text
    assert _("There is no report with this code in your account.") in (await send(new, code)).text
    assert holds_none_of(whole(await send(new, PHRASE)), [WORDS, code])
    assert await stored(house, Reader) == []
    await assert_sound(house)


async def test_every_account_that_may_open_a_report_hears_of_it_in_its_own_language(
    house: House, language: str
) -> None:
    phone, _ = passenger(house, language), say(language)
    their_language = LANGUAGES[LANGUAGES.index(language) - 1]
    new, their = house.phone(DRIVER, their_language), say(their_language)
    desk, second, en = await reviewer(house), house.phone(OWNER), say("en")
    await send(second, "/start")
    await appoint(house, second, Role.OWNER)
    code = code_on(await told(phone, _, HOLD, "777 ABE 05"))
    await set_phrase(phone, _, await send(phone, code))
    await open_with(new, code, PHRASE)
    seen: set[tuple[int, int]] = set()

    async def hears(phone: Phone, said: Say) -> None:
        """The person is told once more, without a word of what about."""
        await phone.until(lambda phone: phone.last.text == said(NEWS) and (phone.id, phone.last.id) not in seen)
        assert labels(phone.last) == [said("Show")]
        seen.add((phone.id, phone.last.id))

    async def both_hear() -> None:
        for each, said in ((phone, _), (new, their)):
            await hears(each, said)

    await hears(phone, _)  # of who opened it elsewhere
    third = house.phone(OWNER + 1)
    await press(third, "Add the plate", screen := await flag(third, en, "SX1"))
    await send(third, "777 ABE 05")
    house.clock.shift += timedelta(hours=12)
    await both_hear()
    await called(desk, en, 2)
    screen = await send(desk, "/flag 1")
    await both_hear()
    await press(desk, "Claim", screen)
    await press(desk, "Ask the person", screen)
    await send(desk, "What colour was the car?")
    await both_hear()
    for account, said in ((phone, _), (new, their)):
        await press(account, said("Answer"), shown := await press(account, said("Show"), account.last))
        assert "What colour was the car?" in shown.text
    await press(desk, "Delete for good", await send(desk, "/flag 1"))
    await send(desk, "Asked for by the person")
    await second.until(lambda second: en("Something waits for a second person.") in second.texts)
    await press(second, "Approve", await request_of(second, en, Kind.PURGE))
    await both_hear()
    for account, said in ((phone, _), (new, their)):
        assert (await press(account, said("Show"), account.last)).text == said(GONE)
    await assert_sound(house)


async def test_of_a_thousand_guessed_codes_no_answer_tells_which_exist_and_after_a_few_tries_there_is_none(
    house: House, kind: str
) -> None:
    set_clock(house, 10, day=1)
    phone, en = passenger(house), say("en")
    code, bare = code_on(await flag(phone, en, "PH4")), code_on(await flag(phone, en, "SX1"))
    await set_phrase(phone, en, await send(phone, code))
    thieves = [house.phone(PASSENGER + 100 + number, LANGUAGES[number % 3]) for number in range(6)]

    made_up = [
        show_receipt(new_receipt()) if number % 2 else new_receipt()
        for number in range(1000 if kind == "sqlite" else 420)
    ]
    guessed = [[*([code, bare] if number < 3 else []), *made_up[number::6]] for number in range(6)]
    said: list[list[str]] = [[] for _thief in thieves]
    for thief, codes, answers in zip(thieves, guessed, said, strict=True):
        for each in codes[:AN_HOUR]:
            for typed in (each, "wrong phrase"):
                answers.append(whole(await send(thief, typed)))
    for at in range(AN_HOUR, max(map(len, guessed)), MANY):
        newest = {thief.id: thief.last.id for thief in thieves}
        for thief, codes in zip(thieves, guessed, strict=True):
            for each in codes[at : at + MANY]:
                thief.post(each)
        await house.sandbox.idle(timeout=60)
        for thief, answers in zip(thieves, said, strict=True):
            answers += [whole(each) for each in thief.messages if each.from_bot and each.id > newest[thief.id]]
    said = [[re.sub(r"\d+", "#", answer) for answer in answers] for answers in said]
    for number, (thief, answers) in enumerate(zip(thieves, said, strict=True)):
        _ = say(thief.person.language_code)
        assert answers[: 2 * AN_HOUR] == said[number - 3][: 2 * AN_HOUR]  # of codes that exist, and of others
        assert set(answers) == set(said[number - 3])
        assert len(set(answers)) == 3
        assert "#" not in answers[1]
        assert _(UNFIT) in answers[1]
        wait = _("There were several wrong passphrases. You can try again on {time}.").split("{")[0]
        assert len(answers) > 3 * AN_HOUR
        assert all(wait in answer for answer in answers[2 * AN_HOUR :])
    assert len(await stored(house, Try)) == 6 * AN_HOUR
    assert code_on(await send(phone, code)) == code  # the sender is never shut out
    thief, _ = thieves[0], say(thieves[0].person.language_code)
    await send(thief, "wrong phrase")
    right = await send(thief, PHRASE)  # nothing is asked
    assert holds_none_of(whole(right), [code, _(BEHAVIOURS["PH4"].name)])
    assert await stored(house, Reader) == []
    entries = await stored(house, AuditEntry, action=Action.WRONG_PASSPHRASE)
    assert {each.actor_id for each in entries} == {None}
    assert phone.texts.count(en("There is news for you.")) == 2  # once a day for each report
    house.clock.shift += HOUR
    opened = await open_with(thief, code, PHRASE)
    assert _(OPENED) in opened.text
    await assert_sound(house)


async def test_a_phrase_that_was_asked_for_before_the_limit_opens_nothing_after_it(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    code = code_on(await flag(phone, _))
    await set_phrase(phone, _, await send(phone, code))
    late = house.phone(DRIVER, language)
    await send(late, code)  # asked, and not yet answered
    for number in range(A_DAY_ON_A_CODE // AN_HOUR):
        guesser = house.phone(PASSENGER + 100 + number, language)
        await send(guesser, code)
        for _time in range(AN_HOUR):
            await send(guesser, "wrong phrase")
    screen = await send(late, PHRASE)
    assert _("There were several wrong passphrases. You can try again on {time}.").split("{")[0] in screen.text
    assert PHRASE not in written(late)
    assert await stored(house, Reader) == []
    house.clock.shift += DAY
    await house.app.housekeeping.tidy()
    assert await stored(house, Try) == []
    assert _(OPENED) in (await open_with(late, code, PHRASE)).text
    await assert_sound(house)


async def test_whatever_is_sent_instead_of_a_passphrase_is_answered_and_what_is_wrong_with_one_is_said(
    house: House, language: str
) -> None:
    phone, _ = passenger(house, language), say(language)
    no_text, deleted = (
        _("Please send it as text. To stop, press Cancel above or go to /start."),
        _("Your message is deleted from this chat."),
    )
    screen = await flag(phone, _)
    code = code_on(screen)
    await press(phone, _("Set a passphrase"), screen)
    for typed, fault in (
        ("short", Fault.SHORT),
        ("  a   b   c  ", Fault.SHORT),
        ("x" * 129, Fault.LONG),
        (code, Fault.CODE),
        (new_receipt(), Fault.CODE),
    ):
        screen = await send(phone, typed)
        assert screen.text == _(FAULTS[fault], least=LEAST, most=MOST) + " " + deleted
    assert written(phone) == ["/start"]
    phone.post_photo(DOT, "a passphrase in a caption")
    await phone.until(lambda phone: no_text in phone.texts)
    await phone.sticker()
    assert phone.texts.count(no_text) == 2
    assert "112" in (await send(phone, "/sos")).text
    assert no_text in (await send(phone, "/nothing of that kind")).text
    (sent,) = await stored(house, Flag)
    assert sent.sealed_passphrase is None
    assert _(SET) in (await send(phone, "<b>&</b> {n} 👩‍👧 \u202e%s")).text
    first = (await stored(house, Flag))[0].sealed_passphrase
    await set_phrase(phone, _, phone.last, "another phrase")
    (sent,) = await stored(house, Flag)
    assert sent.sealed_passphrase not in (None, first)
    stranger = house.phone(DRIVER, language)
    assert _(UNFIT) in (await open_with(stranger, code, "<b>&</b> {n} 👩‍👧 \u202e%s")).text
    (told,) = await stranger.sticker()
    assert no_text in told.text
    assert _(OPENED) in (await send(stranger, "ANOTHER phrase")).text
    theirs = stranger.last
    await press(stranger, _("Passphrase"), theirs)
    assert _("Close it for others") not in labels(theirs)
    await stranger.press_data(PassphrasePress(action="close", flag=sent.handle).pack(), theirs)
    assert len(await stored(house, Reader)) == 1  # only the sender may
    one_other = load_texts()[Language(language)].n(
        "{n} other account can open this report.", "{n} other accounts can open this report.", 1
    )
    mine = await look(phone, code, _("Passphrase"))
    await press(phone, _("Passphrase"), mine)
    assert one_other in mine.text
    await press(phone, _("Remove the passphrase"), mine)
    (sent,) = await stored(house, Flag)
    assert sent.sealed_passphrase is None
    assert len(await stored(house, Reader)) == 1
    await assert_sound(house)


async def test_a_report_is_deleted_alone_also_while_it_is_claimed_and_for_everybody(
    house: House, language: str
) -> None:
    _, desk = say(language), await reviewer(house, language)
    for at, by_reader in enumerate([False, True]):
        phone, new = house.phone(PASSENGER + 50 + at, language), house.phone(DRIVER + 70 + at, language)
        kept = code_on(await flag(phone, _, "SX1"))
        code = code_on(await flag(phone, _, "PH4"))
        await set_phrase(phone, _, await send(phone, code))
        await open_with(new, code, PHRASE)
        await send(new, "/start")
        number = (await stored(house, Flag))[-1].id
        screen = await send(desk, f"/flag {number}")
        await press(desk, _("Claim"), screen)
        one, two = (new, phone) if by_reader else (phone, new)
        mine = await look(one, code, _("Delete"))
        await press(one, _("Delete"), mine)
        await press(one, _("No, keep it"), mine)
        assert code_on(mine) == code
        await press(one, _("Delete"), mine)
        assert len(await stored(house, Flag)) == 2 + at
        assert mine.text == _(ASKED_TO_DELETE)
        await press(one, _("Yes, delete it"), mine)
        assert mine.text == _(DELETED)
        assert [limit.what for limit in await stored(house, Limit)] == [What.REPORT] * (1 + at)
        assert _(KEPT_FOR_LIMITS) in (await look(one, "/privacy", _("Delete my data"))).text
        assert [each.state for each in await stored(house, Flag)] == [State.NEW] * (1 + at)
        assert await stored(house, Reader) == []
        assert (await stored(house, AuditEntry, action=Action.DELETED))[-1].flag_id == number
        await press(desk, _("Set the outcome"), screen)
        assert _("There is no flag with this number that you may open.") in screen.text
        assert _("There is no report with this code in your account.") in (await look(two, code, _("Cancel"))).text
        assert code_on(await look(phone, kept, _("Delete"))) == kept
        for each, times in ((phone, 3 if by_reader else 2), (new, 1 if by_reader else 2)):
            await each.until(lambda phone, times=times: phone.texts.count(_("There is news for you.")) == times)
    await assert_sound(house)


async def test_forged_presses_touch_nobody_elses_report_and_lead_on(house: House, language: str) -> None:
    phone, stranger, _ = passenger(house, language), house.phone(DRIVER, language), say(language)
    code = code_on(await flag(phone, _))
    await set_phrase(phone, _, await send(phone, code))
    (sent,) = await stored(house, Flag)
    entries = len(await stored(house, AuditEntry))
    screen = await send(stranger, "/start")
    for press_ in (
        *(PassphrasePress(action=action, flag=sent.handle) for action in ("ask", "remove", "close", "nonsense")),
        *(ErasePress(action=action, flag=sent.handle) for action in ("ask", "erase", "nonsense")),
        StatementPress(flag=sent.handle),
        HistoryPress(flag=sent.handle),
        *(HistoryPress(flag=each) for each in (str(sent.id), sent.handle[:-1], "қ" * 22, "")),
        OwnPress(action="open", flag=sent.handle),
    ):
        await stranger.press_data(press_.pack(), screen)
        assert labels(screen)
        assert holds_none_of(whole(screen), [code, _(STATE_NAMES[State.NEW])])
        await send(stranger, "a phrase of mine")
    (after,) = await stored(house, Flag)
    assert after.sealed_passphrase == sent.sealed_passphrase
    assert len(await stored(house, AuditEntry)) == entries
    await assert_sound(house)


async def test_of_a_long_history_the_newest_thirty_are_shown(small_house: House) -> None:
    phone, desk, _ = passenger(small_house), await reviewer(small_house), say("en")
    code = code_on(await flag(phone, _))
    (sent,) = await stored(small_house, Flag)
    await press(desk, "Claim", await send(desk, f"/flag {sent.id}"))
    for _time in range(29):
        await send(desk, f"/flag {sent.id}")
    screen = await send(phone, code)
    await press(phone, "Who opened it", screen)
    said = entry(_, screen)
    assert len(said) == 30
    assert said[0] == "somebody began to work on it (reviewer 1)"
    assert "Here are the newest 30." in screen.text
    await assert_sound(small_house)
