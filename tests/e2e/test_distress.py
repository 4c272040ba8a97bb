"""Whoever cries for help is answered with care and numbers, whatever is being asked; nothing is stored unless asked."""

import logging
from datetime import timedelta

import pytest

from bot.sandbox import Message, Phone
from handlers.distress import HELD
from handlers.presses import FormPress
from models.audit import Action, AuditEntry
from models.certificates import Certificate
from models.conversation import Conversation
from models.drafts import Draft
from models.evidence import Evidence
from models.flags import Flag
from tests.e2e.handles import handle
from tests.e2e.rooms import cohort_by
from tests.e2e.test_bad_input import GROUP, PICTURE
from tests.e2e.test_certificate import passes
from tests.e2e.test_evidence import at_media
from tests.e2e.test_form import begin
from tests.e2e.walking import (
    LANGUAGES,
    Say,
    appoint,
    assert_sound,
    code_on,
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
from tests.house import DRIVER, House

CRY = {"kk": "Көмектесіңіздер!", "ru": "Он не выпускает меня из машины", "en": "Help me, he locked the doors"}
CARE = "<b>You did well to write. It is not your fault.</b>"
LIMIT = "This bot can't send help itself. If you are in danger, please call 112."
UNSAVED, OFFER = "What you wrote was not saved.", "What you wrote was not saved. The button below saves it."
NOT_KEPT = "What you sent was not kept."
TOO_LATE = "Your report was sent without this. You can still add it."
SAVE = "Save it in my report"


def assert_cared(screen: Message, _: Say) -> None:
    """The screen cares, has the numbers to call and a report as a choice, asks nothing and is short."""
    assert screen.text.startswith(_(CARE))
    assert _(LIMIT) in screen.text
    assert {"📞 112", "📞 102", "📞 103", _("Report an incident")} <= set(labels(screen))
    assert "?" not in screen.text
    assert len(screen.text.split()) <= 60


async def held(house: House) -> list[object]:
    """What conversations hold for a report."""
    rows = await stored(house, Conversation)
    return [data[HELD] for _, data in (row.read(house.app.vault) for row in rows) if HELD in data]


async def words_asked(phone: Phone, _: Say) -> Message:
    """Send a flag, and be asked for words; gives the screen."""
    return await press(phone, _("Add your words"), await flag(phone, _))


async def words(house: House) -> str | None:
    """The words of the one flag."""
    (row,) = await stored(house, Flag)
    return row.words(house.app.vault)


async def test_a_cry_in_any_language_is_answered_in_the_persons_own_and_leaves_no_trace(
    house: House, language: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    phone, _ = passenger(house, language), say(language)
    for cry in CRY.values():
        screen = await send(phone, cry)
        assert_cared(screen, _)
        assert _(UNSAVED) not in screen.text
        assert _(SAVE) not in labels(screen)
        assert cry not in caplog.text
    assert await stored(house, Conversation) == []
    assert await stored(house, Flag) == []
    for number in ("112", "102", "103"):
        await phone.press(f"📞 {number}", screen, expect=1)
        assert phone.last.raw["contact"]["phone_number"] == number
    await press(phone, _("Report an incident"), screen)
    assert _("Yes, I am in the car") in labels(screen)
    await assert_sound(house)


async def test_words_of_a_report_that_cry_are_saved_only_by_the_button_and_once(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    await words_asked(phone, _)
    screen = await send(phone, CRY[language])
    assert_cared(screen, _)
    assert _(OFFER) in screen.text
    assert await words(house) is None
    assert CRY[language].encode() not in b"".join(row.sealed for row in await stored(house, Conversation))
    data = next(button["callback_data"] for row in screen.buttons for button in row if button["text"] == _(SAVE))
    await press(phone, _(SAVE), screen)
    assert await words(house) == CRY[language]
    assert CRY[language] in screen.text
    assert _("Saved. Thank you for telling.") in screen.text
    saved = whole(screen)
    await phone.press_data(data, screen)  # as by a hand that shakes: what was said stays
    assert whole(screen) == saved
    assert await words(house) == CRY[language]
    added = await stored(house, AuditEntry, action=Action.ADDED)
    assert len(added) == 1
    await press(phone, _("« My reports"), screen)
    assert await stored(house, Conversation) == []
    await assert_sound(house)


async def test_the_question_stays_asked_and_the_next_message_answers_it(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    await words_asked(phone, _)
    screen = await send(phone, CRY[language])
    assert len(await held(house)) == 1
    calm = "Ол кешігіп келді. Он опоздал. He was late."
    assert calm in (await send(phone, calm)).text
    assert await words(house) == calm
    assert await held(house) == []
    await press(phone, _(SAVE), screen)  # what was held is gone by now
    assert await words(house) == calm
    assert screen.text.startswith(_(NOT_KEPT))
    await assert_sound(house)


async def test_what_is_cried_while_another_phone_sends_the_report_is_told_to_be_missing_and_can_be_added(
    house: House, language: str
) -> None:
    phone, _ = passenger(house, language), say(language)
    other = phone.another()
    for cries_first in (True, False):
        screen = await begin(phone, _)
        await phone.press_data(FormPress(action="go", step="words").pack(), screen)
        (draft,) = await stored(house, Draft)
        if cries_first:
            cried = await send(phone, CRY[language])
            assert _(OFFER) in cried.text
        await other.press_data(FormPress(action="send", value=draft.key).pack(), screen)
        receipt = code_on(screen)
        await phone.until(lambda phone, receipt=receipt: phone.texts.count(receipt) == 2)
        if cries_first:
            await press(phone, _(SAVE), cried)
            assert cried.text == _(TOO_LATE)
        else:
            for cried in (await phone.photo(PICTURE, caption=CRY[language])) + (await phone.send(CRY[language])):
                assert_cared(cried, _)
                assert cried.text.endswith(_(TOO_LATE))
                assert labels(cried)[0] == "📞 112"
        sent = (await stored(house, Flag))[-1]
        assert sent.words(house.app.vault) is None
        await press(phone, _("Add your words"), cried)
        await press(phone, _(SAVE), await send(phone, CRY[language]))
        sent = (await stored(house, Flag))[-1]
        assert sent.words(house.app.vault) == CRY[language]
        house.clock.shift += timedelta(hours=3)  # not the same story again
    await assert_sound(house)


async def test_any_other_press_forgets_the_words_and_the_old_button_asks_anew(small_house: House) -> None:
    phone, _ = passenger(small_house), say("en")
    await words_asked(phone, _)
    screen = await send(phone, CRY["en"])
    await phone.press("📞 112", screen, expect=1)
    assert await held(small_house) == []
    await press(phone, _(SAVE), screen)
    assert await words(small_house) is None
    assert "Please write what happened" in screen.text
    await send(phone, "He drove too fast")
    assert await words(small_house) == "He drove too fast"
    await assert_sound(small_house)


async def test_a_command_forgets_the_words_too(small_house: House) -> None:
    phone, _ = passenger(small_house), say("en")
    await words_asked(phone, _)
    screen = await send(phone, CRY["en"])
    await send(phone, "/sos")
    assert await held(small_house) == []
    await press(phone, _(SAVE), screen)
    assert await words(small_house) is None


async def test_a_button_saves_the_words_it_stands_below_and_no_later_ones(house: House) -> None:
    phone, _ = passenger(house), say("en")
    await words_asked(phone, _)
    first = await send(phone, CRY["en"])
    await send(phone, CRY["ru"])
    await press(phone, _(SAVE), first)
    assert await words(house) is None
    await press(phone, _("Cancel"), first)
    assert await held(house) == []
    await assert_sound(house)


async def test_a_forged_button_saves_nothing_and_shows_no_other_report(house: House) -> None:
    phone, other, _ = passenger(house), house.phone(DRIVER), say("en")
    await words_asked(other, _)
    await send(other, CRY["en"])
    screen = await send(phone, "/start")
    its = await handle(house, Flag)
    for data in (
        "distress:save:0",
        "distress:save:5",
        f"distress:save:{its}",
        f"distress:save:{its}:5",
        "distress:save:",
        "distress:drop:1",
    ):
        await phone.press_data(data, screen)
        assert labels(screen)
        assert CRY["en"] not in screen.text
    assert await words(house) is None
    assert len(await held(house)) == 1
    await assert_sound(house)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_cry_where_a_name_is_asked_becomes_no_name(house: House, language: str) -> None:
    phone, _ = house.phone(DRIVER, language), say(language)
    await phone.send("/start")
    await passes(house, phone)
    screen = await send(phone, "/certificate")
    for label in (_("My action plan »"), "1", "4", "9", _("Done")):
        await press(phone, label, screen)
    screen = await send(phone, CRY[language])
    assert_cared(screen, _)
    assert _(UNSAVED) in screen.text
    assert _(SAVE) not in labels(screen)
    assert await held(house) == []
    assert "Ерлан Смагулов" in (await send(phone, "Ерлан Смагулов")).text
    assert await stored(house, Certificate) == []
    await assert_sound(house)


async def test_who_is_no_longer_of_the_team_is_heard_where_a_note_was_being_written(small_house: House) -> None:
    desk, phone, _ = await reviewer(small_house), passenger(small_house), say("en")
    await flag(phone, _)
    await press(desk, _("Claim"), shown := await send(desk, "/flag 1"))
    await press(desk, _("Notes: {n}", n=0), shown)
    await press(desk, _("Write a note"), shown)
    await appoint(small_house, desk, None)
    assert_cared(await send(desk, CRY["en"]), _)
    assert _("Lessons for drivers") in labels(await send(desk, "What I saw there"))  # as anybody, and the note is over
    assert await stored(small_house, Conversation, person_id=(await person(small_house, desk)).id) == []
    await assert_sound(small_house)


async def test_a_code_is_no_cry_and_a_cry_in_the_room_is_one(house: House, language: str) -> None:
    owner, phone, _ = await reviewer(house), passenger(house, language), say(language)
    cohort = await cohort_by(house, owner)
    screen = await send(phone, cohort.code)
    assert cohort.name in screen.text
    assert_cared(await send(phone, CRY[language]), _)
    await assert_sound(house)


async def test_a_plate_with_the_emergency_number_is_a_plate(small_house: House) -> None:
    phone, _ = passenger(small_house), say("en")
    await press(phone, _("Add the plate"), await flag(phone, _))
    screen = await send(phone, "112")
    assert_cared(screen, _)
    assert _(UNSAVED) in screen.text
    assert "112ABC02" in (await send(phone, "112 abc 02")).text


async def test_captions_and_edited_messages_are_heard_too_and_a_photo_is_kept_where_one_is_taken(
    house: House, language: str
) -> None:
    phone, _ = passenger(house, language), say(language)
    (screen,) = await phone.photo(PICTURE, caption=CRY[language])
    assert_cared(screen, _)
    assert _(NOT_KEPT) in screen.text
    await words_asked(phone, _)
    said, screen = await phone.photo(PICTURE, caption=CRY[language], expect=2)
    assert_cared(screen, _)
    assert said.text.startswith(_("Kept. Thank you."))
    assert await words(house) == CRY[language]
    assert holds_none_of(screen.text, [_(UNSAVED), _(NOT_KEPT)])
    assert _(SAVE) not in labels(screen)
    await press(phone, _("Write to the team"), await press(phone, _("Done"), said))
    said, screen = await phone.photo(PICTURE, caption=CRY[language], expect=2)
    assert_cared(screen, _)
    assert said.text.startswith(_("Sent. Thank you."))
    await at_media(phone, _)
    said, screen = await phone.photo(PICTURE, caption=CRY[language], expect=2)
    assert_cared(screen, _)
    assert said.text.startswith(_("Kept. Thank you."))
    assert len(await stored(house, Evidence)) == 3
    await send(phone, "...")
    typed = next(each for each in reversed(phone.messages) if not each.from_bot and "text" in each.raw)
    (screen,) = await phone.edit(typed, CRY[language])
    assert_cared(screen, _)
    assert await phone.edit(typed, "…", expect=0) == []
    await assert_sound(house)


async def test_a_cry_in_a_group_is_left_to_the_group(small_house: House) -> None:
    sandbox, phone = small_house.sandbox, passenger(small_house)
    await send(phone, "/start")
    sandbox.calls.clear()
    date = int(small_house.clock().timestamp())
    said = {"message_id": 5, "date": date, "chat": GROUP, "from": phone.person.user, "text": CRY["en"]}
    for update in ({"message": said}, {"edited_message": {**said, "edit_date": date}}):
        await sandbox.confirmed(sandbox.push(update))
    assert [call for call in sandbox.calls if "chat_id" in call.params] == []
    await assert_sound(small_house)


@pytest.mark.parametrize("command", ["/help", "/sos", "/start", "/report help me", "/help@other me"])
async def test_a_command_is_never_a_cry(small_house: House, command: str) -> None:
    phone, _ = passenger(small_house), say("en")
    assert _(CARE) not in (await send(phone, command)).text


async def test_help_comes_however_a_command_for_it_is_typed_and_is_a_press_away_where_something_is_asked(
    small_house: House,
) -> None:
    for number, language in enumerate(LANGUAGES, 5000):
        phone, _ = small_house.phone(number, language), say(language)
        for typed in ("/SOS", "/Sos help", "/sos!", "/көмек", "/Помощь!!!", "/СОС"):
            assert (await send(phone, typed)).text.startswith(_("<b>Help now</b>")), typed
        for typed in ("/помогите", "/Көмектесіңіздер!", "/help_me_please", "/he locked the doors"):
            assert_cared(await send(phone, typed), _)
        await words_asked(phone, _)
        screen = await send(phone, "/SOS")
        assert screen.text.startswith(_("<b>Help now</b>"))
        (screen,) = await phone.sticker()
        assert _("✕ Clear chat") in labels(screen)
        await press(phone, _("Help now"), screen)
        assert "📞 112" in labels(screen)
        assert _("Lessons for drivers") in labels(await send(phone, "/START"))
    await assert_sound(small_house)


async def test_a_word_of_a_menu_is_no_cry(small_house: House) -> None:
    phone, _ = passenger(small_house), say("en")
    for text in ("help", "Көмек", "помощь", "Помогите разобраться с тестом"):
        assert (await send(phone, text)).text.startswith(_("I did not understand that. Here is what I can do:"))
