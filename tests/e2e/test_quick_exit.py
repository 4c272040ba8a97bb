"""Quick exit: on every screen about a report, at once, both sides, and what remains looks like a bot for lessons."""

from datetime import timedelta

from bot.sandbox import Message, Phone
from handlers.presses import EvidencePress
from models.conversation import Conversation
from models.drafts import Draft
from models.evidence import Evidence, Status
from models.flags import Flag
from models.outbox import Delivery, Parcel
from models.receipts import show_receipt
from models.traces import Trace
from models.updates import DeadLetter
from tests.e2e.conftest import QUICK
from tests.e2e.handles import handle
from tests.e2e.test_evidence import settled
from tests.e2e.test_languages import assert_safe
from tests.e2e.walking import (
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
from tests.house import DRIVER, House, open_house
from tests.media import photo
from tests.models.helpers import counted
from tests.walks import eventually

NEWS = "There is news for you."
OF_REPORTS = ("report", "incident", "help", "сообщ", "случа", "помощ", "хабар", "оқиға", "көмек", "112", "📞")
"""What is not to be read on what remains."""


async def cleared(phone: Phone, language: str = "en", besides: int = 0) -> Message:
    """Wait until the neutral screen is what remains, besides so many messages; gives it."""
    lessons = [say(language)("Lessons for drivers")]
    await phone.until(lambda phone: phone.messages and labels(phone.last) == lessons)
    await phone.until(lambda phone: len(phone.messages) == 1 + besides)
    assert holds_none_of(whole(phone.last), OF_REPORTS), whole(phone.last)
    return phone.last


# one walk through it


async def test_both_sides_are_deleted_one_neutral_screen_remains_and_what_was_told_is_kept(
    house: House, language: str
) -> None:
    phone, other, _ = passenger(house, language), house.phone(DRIVER), say(language)
    await flag(other, say("en"))
    theirs = [message.id for message in other.messages]
    receipt = code_on(await flag(phone, _, "SX1"))
    screen = await send(phone, "/report")
    await press(phone, _("No, it is over"), screen)
    assert "48" in screen.text  # the limit is said before
    await press(phone, _("Tell it step by step"), screen)
    await press(phone, _("I saw it"), screen)
    await press(phone, _("Skip"), screen)
    screen = await send(phone, "Ол айқайлады")
    await phone.send("/help")
    asked = [message for message in phone.messages if not message.from_bot]
    assert len(asked) == 4
    await press(phone, _("✕ Clear chat"), screen)
    await cleared(phone, language)
    assert await stored(house, Trace, person_id=(await person(house, phone)).id) == []
    await house.sandbox.idle()
    assert [message.id for message in other.messages] == theirs

    await send(phone, "1.2.2026")  # nothing is being asked any more: this is no answer to the form
    (draft,) = await stored(house, Draft)
    told = draft.read(house.app.vault)
    assert (told.words, told.day) == ("Ол айқайлады", None)
    assert receipt in whole(await send(phone, "/myreports"))
    screen = await send(phone, "/report")
    await press(phone, _("Go on with my draft"), screen)
    assert "4/16" in screen.text
    await assert_sound(house)


async def test_whatever_is_typed_is_answered_with_a_screen_that_has_the_button(house: House, language: str) -> None:
    """What is pressed is, wherever every button is pressed: in the walk through the languages."""
    desk, phone, _ = await reviewer(house), passenger(house, language), say(language)
    sent = await flag(phone, _, "PH6")
    assert_safe(sent)
    screen = await send(phone, "/report")
    await press(phone, _("No, it is over"), screen)
    await press(phone, _("Tell it step by step"), screen)
    typed = ("!?", "x" * 41, "32.13", "Ол <i>айтты</i>", "777 ABE 05")
    own = [f"own:{what}:{await handle(house, Flag)}" for what in ("plate", "words")]
    for data in (*own, "capsule:begin:k", "form:go:order:", "form:go:plate:", "form:go:day:"):
        for text in typed if data.startswith("form") else typed[:1]:
            await phone.press_data(data, screen)
            assert_safe(screen)
            assert await stored(house, Conversation), data
            assert_safe(await send(phone, text))
    for text in ("/report", "/myreports", "/sos", "0000-0000-0000", "help me, he locked the doors"):
        assert_safe(await send(phone, text))
    for each in await beside_the_way(house, desk, language):
        assert_safe(each)
    await assert_sound(house)


async def beside_the_way(house: House, desk: Phone, language: str) -> list[Message]:
    """Screens that no button leads to by itself: about a talk, photos, a cry, what nobody asked for, what is gone."""
    phone, _ = passenger(house, language), say(language)
    report = await flag(phone, _)
    code, vault = code_on(report), house.app.vault
    (sent,) = (each for each in await stored(house, Flag) if show_receipt(each.receipt(vault)) == code)
    await called(desk, say("en"))
    shown = await send(desk, f"/flag {sent.id}")
    before = phone.texts.count(_(NEWS))
    await press(desk, "Claim", shown)
    await press(desk, "Ask the person", shown)
    await send(desk, "word " * 500)
    await phone.until(lambda phone: phone.texts.count(_(NEWS)) == before + 2)
    screens = [await send(phone, "/myreports")]

    async def go(*data: str) -> Message:
        screen = await send(phone, "/myreports")
        for each in data:
            await phone.press_data(each, screen)
        screens.append(screen)
        return screen

    talk = await go(f"talk:own:{sent.handle}:")
    screens += [await send(phone, "x" * 4090), *await phone.sticker(), *await phone.photo(photo())]
    await go(next(data for data in presses(talk) if ":full:" in data))
    await go("own:gone:")
    await go(f"piece:add:{sent.handle}:")
    screens += [*await phone.sticker(), *await phone.photo(photo()), *await phone.album([photo(), photo()])]
    await go(f"own:plate:{sent.handle}")
    screens += await phone.sticker()
    await send(phone, "/start")
    screens += await phone.send("help me, he locked the doors")
    return screens


# what may be in the way


async def test_more_than_telegram_deletes_at_once_goes_all_the_same(small_house: House) -> None:
    phone, _ = passenger(small_house), say("en")
    for sent in range(13, 66, 13):
        for _time in range(13):
            phone.post("/help")
        await phone.until(lambda phone, sent=sent: sum(m.from_bot for m in phone.messages) == sent)
    await press(phone, _("✕ Clear chat"), await send(phone, "/sos"))
    await cleared(phone)
    deleted = [call.params["message_ids"] for call in small_house.sandbox.calls if call.method == "deleteMessages"]
    assert [len(ids) for ids in deleted[:2]] == [100, 32]
    await assert_sound(small_house)


async def test_what_is_older_than_telegram_allows_stays_and_the_rest_goes(small_house: House) -> None:
    phone, _ = passenger(small_house), say("en")
    old = [*await phone.send("/start"), phone.messages[0]]
    small_house.clock.shift += timedelta(hours=47)
    await send(phone, "/help")
    small_house.clock.shift += timedelta(hours=1, minutes=1)
    screen = await send(phone, "/report")
    await press(phone, _("✕ Clear chat"), screen)
    left = await cleared(phone, besides=2)
    assert {message.id for message in phone.messages[:2]} == {message.id for message in old}
    assert "older than two days" in left.text
    await assert_sound(small_house)


async def test_one_message_that_cannot_be_deleted_keeps_no_other(small_house: House) -> None:
    """The bot's clock may be behind Telegram's: then it asks for one that is too old."""
    phone, _ = passenger(small_house), say("en")
    (stubborn,) = await phone.send("/start")
    for _time in range(6):
        await send(phone, "/help")
    stubborn.at -= timedelta(hours=49)
    await press(phone, _("✕ Clear chat"), await send(phone, "/sos"))
    await cleared(phone, besides=1)
    assert phone.messages[0] is stubborn


async def test_what_is_just_being_shown_goes_too_and_what_waits_is_not_shown(small_house: House) -> None:
    phone, _ = passenger(small_house), say("en")
    screen = await send(phone, "/report")
    small_house.sandbox.faults.delay(0.2, times=1, method="sendMessage")
    phone.post("/sos")
    await eventually(lambda: not small_house.sandbox.faults.left)  # it is on its way
    phone.post("/myreports")
    phone.tap(_("✕ Clear chat"), screen)
    await cleared(phone)
    screen = await send(phone, "/report")
    for _tap in range(3):
        phone.tap(_("✕ Clear chat"), screen)
    await small_house.sandbox.until(
        lambda: not any(q.answer is None for q in small_house.sandbox.world.queries.values())
    )
    await cleared(phone)
    await assert_sound(small_house)


async def test_a_restart_loses_none_of_them_and_a_bot_that_dies_right_after_the_press_deletes_them_later(
    database_url: str,
) -> None:
    _ = say("ru")
    async with open_house(database_url, **QUICK) as house:
        phone = passenger(house, "ru")
        await flag(phone, _)
        await send(phone, "/sos")
    async with open_house(database_url, sandbox=house.sandbox, clock=house.clock, **QUICK) as house:
        screen = await send(phone, "/report")
        house.app.replies.show = lambda chat_id, methods: None  # type: ignore[method-assign]
        phone.tap(_("✕ Clear chat"), screen)
        await house.sandbox.until(lambda: not phone.messages)  # by the outbox
        assert await stored(house, DeadLetter) == []
    async with open_house(database_url, sandbox=house.sandbox, clock=house.clock, **QUICK) as house:
        await press(phone, _("✕ Clear chat"), await send(phone, "/report"))
        await cleared(phone, "ru")
        await assert_sound(house)


async def test_a_press_on_a_message_that_the_bot_knows_nothing_of_makes_it_known(small_house: House) -> None:
    """As after a crash, which may lose what was shown in the last seconds."""
    phone, _ = passenger(small_house), say("en")
    screen = await send(phone, "/start")
    small_house.app.traces.take(phone.id)
    small_house.app.traces._known.clear()
    await press(phone, _("Report an incident"), screen)
    await press(phone, _("✕ Clear chat"), await send(phone, "/sos"))
    await cleared(phone)
    await assert_sound(small_house)


# what was ordered and isn't here yet


async def test_what_was_ordered_comes_no_more_and_what_is_on_its_way_goes_when_it_has_come(
    house: House, language: str
) -> None:
    phone, _ = passenger(house, language), say(language)
    faults, screen = house.sandbox.faults, await flag(phone, _)
    await press(phone, _("My reports"), screen)
    await press(phone, labels(screen)[0], screen)
    faults.delay(0.3, method="sendDocument")
    phone.tap(_("Statement (PDF)"), screen)
    await eventually(lambda: not faults.left)  # Telegram has it, and shows it a little later
    phone.tap(_("✕ Clear chat"), screen)
    await house.sandbox.until(lambda: any(call.method == "sendDocument" and call.ok for call in house.sandbox.calls))
    await house.sandbox.idle()
    await cleared(phone, language)

    screen = await send(phone, "/myreports")
    await press(phone, labels(screen)[0], screen)
    await press(phone, _("Photo, voice or place"), screen)
    faults.refuse(500, "Internal Server Error", method="getFile")
    picture = photo((640, 480))
    (screen,) = await phone.photo(picture[: len(picture) // 2])
    await press(phone, _("Done"), screen)
    faults.too_many(1, method="sendDocument")
    phone.tap(_("Statement (PDF)"), screen)
    await eventually(lambda: not faults.left)  # both wait for another try
    phone.tap(_("✕ Clear chat"), screen)
    await phone.until(lambda phone: len(phone.messages) == 2 and _("Show") in str(phone.buttons))
    await eventually(lambda: nothing_waits(house))
    for message in phone.messages:
        assert holds_none_of(whole(message), OF_REPORTS), whole(message)
    notice = next(message for message in phone.messages if labels(message) == [_("Show")])
    await press(phone, _("Show"), notice)
    text = _("One of your photos could not be fetched or read, so it was not kept. Please send it once more.")
    assert notice.text == text
    await press(phone, _("Photo, voice or place"), notice)
    await phone.photo(picture)
    assert [piece.status for piece in await settled(house, 2)] == [Status.REFUSED, Status.STORED]
    await phone.press_data(EvidencePress(action="refused", piece=await handle(house, Evidence, 2)).pack(), notice)
    assert text not in notice.text  # nothing is wrong with that one
    assert show_receipt((await stored(house, Flag))[0].receipt(house.app.vault)) in whole(notice)
    await assert_sound(house)


async def nothing_waits(house: House) -> bool:
    """Whether all that was to arrive has arrived, or never will."""
    return not await stored(house, Parcel, status=Delivery.WAITING)


# what it costs, what is kept


async def test_a_press_that_only_edits_costs_no_statement_more(small_house: House) -> None:
    phone, _ = passenger(small_house), say("en")
    screen = await send(phone, "/report")
    await press(phone, _("« Menu"), screen)
    with counted(small_house.app.database) as statements:
        for label in ("Report an incident", "No, it is over", "« Back", "« Menu"):
            await press(phone, _(label), screen)
    assert len(statements) > 8
    assert not [each for each in statements if "traces" in each]


async def test_ids_are_written_within_seconds_and_forgotten_when_telegram_no_longer_deletes(
    house: House,
) -> None:
    phone, desk = passenger(house), house.phone(DRIVER)
    await send(desk, "/start")
    await send(phone, "/start")
    await house.app.traces.write(house.app.database, house.app.vault)
    number = (await person(house, phone)).id
    kept = {trace.message_id for trace in await stored(house, Trace, person_id=number)}
    assert kept == {message.id for message in phone.messages}
    for column in (await stored(house, Trace))[0].__table__.columns:
        assert column.name in {"person_id", "message_id", "seen_at"}
    house.clock.shift += timedelta(hours=47)
    await house.app.housekeeping.tidy()
    assert len(await stored(house, Trace)) == 4
    house.clock.shift += timedelta(hours=2)
    await house.app.housekeeping.tidy()
    assert await stored(house, Trace) == []
    await assert_sound(house)


async def test_what_the_outbox_sent_goes_too_and_what_it_sends_later_is_neutral(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    await flag(phone, _)  # its code comes by the outbox
    assert len(phone.messages) == 3
    await press(phone, _("✕ Clear chat"))
    await cleared(phone, language)
    answer = await send(phone, "?")  # whoever holds the phone now reads nothing of what was sent
    assert answer.text == _("I did not understand that. Here is what I can do:")
    assert len(await stored(house, Flag)) == 1
    parcels = await stored(house, Parcel)
    assert all(parcel.sealed is None or b"message_ids" not in parcel.sealed for parcel in parcels)
    await assert_sound(house)
