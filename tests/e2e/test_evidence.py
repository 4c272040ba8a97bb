"""Photos, voice and place: cleaned and sealed, as many as promised, for the team only while the right stands."""

import asyncio
from datetime import timedelta
from io import BytesIO

from PIL import Image
from sqlalchemy import func, select, update

from bot.delivery import MOST_TRIES
from bot.sandbox import Message, Phone
from handlers.media import UNFIT
from handlers.presses import DeskPiecePress, EvidencePress, FormPress
from handlers.texts import load_texts
from models.audit import Action, AuditEntry
from models.drafts import Draft
from models.evidence import LARGEST, LONGEST_VOICE, Evidence, Status, content_of
from models.flag_rights import own_flag
from models.flags import Flag
from models.outbox import Delivery, Parcel
from models.people import Language
from models.team import Role
from tests.e2e.conftest import QUICK
from tests.e2e.handles import handle
from tests.e2e.test_form import begin, to_review
from tests.e2e.walking import (
    Say,
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
from tests.media import MADE_WITH, photo, voice
from tests.walks import eventually

PLACE = (43.238949, 76.889709)
DRAFT_FORGOTTEN = timedelta(days=31)


async def settled(house: House, count: int) -> list[Evidence]:
    """The pieces, once there are so many and none of them waits any more."""
    async with asyncio.timeout(10):
        while True:
            pieces = await stored(house, Evidence)
            if len(pieces) == count and all(piece.status is not Status.WAITING for piece in pieces):
                return pieces
            await asyncio.sleep(0.01)


def photos(language: str, n: int) -> str:
    """How many photos, in words."""
    return load_texts()[Language(language)].n("{n} photo", "{n} photos", n)


async def contents(house: House) -> list[bytes | None]:
    """The content of each piece."""
    pieces = await stored(house, Evidence)
    async with house.app.database.reading() as session:
        return [await content_of(session, house.app.vault, piece.id) for piece in pieces]


async def at_media(phone: Phone, _: Say) -> Message:
    """From the first screen to the question for photos and voice."""
    screen = await begin(phone, _)
    await phone.press_data(FormPress(action="go", step="media").pack(), screen)
    assert _("Skip") in labels(screen)
    return screen


async def test_photos_voice_and_place_are_told_step_by_step_and_seen_by_the_team(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    desk, their = await reviewer(house, language), say(language)
    screen = await begin(phone, _)
    await phone.press_data(FormPress(action="go", step="words").pack(), screen)
    (screen,) = await phone.voice(voice(3), duration=3)  # instead of words
    assert screen.text.startswith(_("Kept. Thank you."))
    await press(phone, _("Skip"), screen)
    assert _("{n} voice message", n=1) in screen.text
    (screen,) = await phone.photo(photo((640, 480)), caption="Айналы терезе & <b>")
    (screen,) = await phone.photo(photo())
    assert _("Delete: {what}", what=_("Photo {n}", n=2)) in labels(screen)
    await press(phone, _("Next »"), screen)
    await press(phone, _("Skip"), screen)
    await press(phone, _("Skip"), screen)
    assert (
        _(
            "<b>Where was it?</b>\n\nSend the place with the paperclip 📎: tap it, then “Location”. "
            "Any place along the way helps."
        )
        in screen.text
    )
    screen = await send(phone, "somewhere")
    assert _("Please send the place with the paperclip 📎, or go on with the button below.") in screen.text
    (screen,) = await phone.location(0, 0)
    assert screen.text.startswith(_("That is far from Kazakhstan; it is kept as you sent it."))
    await press(phone, _("« Back"), screen)
    assert "0.0000, 0.0000" in screen.text
    (screen,) = await phone.location(*PLACE)
    assert _("That is far from Kazakhstan; it is kept as you sent it.") not in screen.text
    await to_review(phone, _, screen)
    counted = ", ".join([photos(language, 2), _("{n} voice message", n=1)])
    for said in (counted, "43.2389, 76.8897", "Айналы терезе & <b>"):
        assert said in screen.text
    await settled(house, 3)
    assert not any(MADE_WITH in (content or b"") for content in await contents(house))
    await press(phone, _("Send"), screen)
    (sent,) = await stored(house, Flag)
    assert [(piece.flag_id, piece.draft) for piece in await stored(house, Evidence)] == [(sent.id, None)] * 3
    assert sent.place(house.app.vault) == PLACE

    await called(desk, their)
    shown = await send(desk, f"/flag {sent.id}")
    assert counted in shown.text
    assert "43.2389, 76.8897" in shown.text
    for label in (_("Photo {n}", n=1), _("Voice {n}", n=1), _("Place on the map")):
        before = len(desk.messages)
        answer = await desk.press(label, shown)
        assert answer.text == _("It comes below.")
        await desk.until(lambda desk, before=before: len(desk.messages) > before)
        assert desk.last.raw["has_protected_content"]
    pictured, spoken, mapped = desk.messages[-3:]
    assert mapped.raw["location"] == {"latitude": PLACE[0], "longitude": PLACE[1]}
    assert spoken.raw["voice"]["duration"] == 3
    assert pictured.raw["caption"] == f"№{sent.id} · " + _("Photo {n}", n=1)
    given = house.sandbox.world.files.get(pictured.raw["photo"][-1]["file_id"])
    assert given is not None
    assert Image.open(BytesIO(given.data)).size == (640, 480)
    heard = house.sandbox.world.files.get(spoken.raw["voice"]["file_id"])
    assert heard is not None
    assert heard.data == voice(3)
    seen = await stored(house, AuditEntry, action=Action.EVIDENCE)
    assert [entry.detail for entry in seen] == ["photo 2", "voice 1", "place"]
    assert {entry.actor_id for entry in seen} == {(await person(house, desk)).id}

    mine = await send(phone, "/myreports")
    await press(phone, labels(mine)[0], mine)
    assert counted in mine.text
    assert "43.2389, 76.8897" in mine.text
    await press(phone, _("Photo, voice or place"), mine)
    await press(phone, _("Delete: {what}", what=_("Photo {n}", n=1)), mine)
    assert _("Delete: {what}", what=_("Photo {n}", n=2)) not in labels(mine)
    await press(phone, _("Done"), mine)
    assert photos(language, 1) in mine.text
    await press(phone, _("Photo, voice or place"), mine)
    await press(phone, _("Delete: {what}", what=_("Place")), mine)
    assert "43.2389" not in mine.text
    (added,) = await phone.location(52.2871, 76.9733)  # the place can be added, and changed, after sending
    assert added.text.startswith(_("Kept. Thank you."))
    await press(phone, _("Done"), added)
    assert "52.2871, 76.9733" in added.text
    assert [flag.place(house.app.vault) for flag in await stored(house, Flag)] == [(52.2871, 76.9733)]
    mine = added
    assert len(await stored(house, Evidence)) == 2
    removed = await stored(house, AuditEntry, action=Action.PIECE_REMOVED)
    assert [entry.detail for entry in removed] == ["photo", "place"]
    await press(desk, _("Photo {n}", n=1), shown)  # of what was deleted an old button shows the flag as it is
    assert _("Photo {n}", n=2) not in labels(shown)
    await assert_sound(house)


async def test_of_an_album_of_ten_five_are_kept_and_one_word_says_so(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    await at_media(phone, _)
    coming, full = await phone.album([photo((40 + n, 40)) for n in range(10)], expect=2)
    assert coming.text == _("Your photos are coming in; each is kept, up to 5.")
    assert full.text.startswith(_("5 photos are kept: the most for one report. Those that came after are not kept."))
    assert len([message for message in phone.messages if message.from_bot]) == 3
    await press(phone, _("Next »"), coming)
    assert sum(label.startswith(_("Delete: {what}", what="")) for label in labels(coming)) == 5
    pieces = await settled(house, 5)
    assert {piece.status for piece in pieces} == {Status.STORED}
    sizes = [Image.open(BytesIO(content or b"")).width for content in await contents(house)]
    assert sizes == [40, 41, 42, 43, 44]
    assert len([message for message in phone.messages if message.from_bot]) == 3  # and not a word more
    await press(phone, _("Delete: {what}", what=_("Photo {n}", n=5)), coming)
    (screen,) = await phone.photo(photo())
    assert screen.text.startswith(_("Kept. Thank you."))
    await assert_sound(house)


async def test_what_is_too_long_or_too_large_is_refused_at_once_and_twenty_megabytes_are_not(
    house: House,
    language: str,
) -> None:
    phone, _ = passenger(house, language), say(language)
    screen = await flag(phone, _)
    await phone.press_data(EvidencePress(action="add", flag=await handle(house, Flag)).pack(), screen)
    limit = int(LONGEST_VOICE.total_seconds())
    (screen,) = await phone.voice(voice(limit + 1), duration=limit + 1)
    assert _("That voice message is longer than 5 minutes. Please send it in shorter parts.") in screen.text
    (screen,) = await phone.voice(voice(5, size=LARGEST + 1), duration=5)
    assert _("That is larger than 20 MB, more than Telegram hands over. Please send a shorter one.") in screen.text
    whole = voice(limit, size=LARGEST - 100_000)
    assert LARGEST - 200_000 < len(whole) <= LARGEST
    (screen,) = await phone.voice(whole, duration=limit)
    assert _("{n} voice message", n=1) in screen.text
    await settled(house, 1)
    assert await contents(house) == [whole]
    for _time in range(2):
        await phone.voice(voice())
    (screen,) = await phone.voice(voice())
    assert _("3 voice messages are kept: the most for one report. What came after is not kept.") in screen.text
    await settled(house, 3)
    await assert_sound(house)


async def test_what_is_not_what_it_was_sent_as_is_not_kept_and_the_person_is_told(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    await at_media(phone, _)
    broken = photo((640, 480))
    await phone.photo(broken[: len(broken) // 2], expect=2)
    text = _("One of your photos could not be fetched or read, so it was not kept. Please send it once more.")
    assert text in phone.texts
    await phone.voice(b"OggS, or so it says", expect=2)
    said = _("One of your voice messages could not be fetched or read, so it was not kept. Please record it once more.")
    assert said in phone.texts
    await phone.voice(voice(4000), duration=3, expect=2)  # said to be short
    assert phone.texts.count(said) == 2
    assert [piece.status for piece in await settled(house, 3)] == [Status.REFUSED] * 3
    assert await contents(house) == [None] * 3
    screen = await press(phone, _("Go on with my draft"))
    assert _("Skip") in labels(screen)  # nothing is there
    await assert_sound(house)


async def test_files_videos_and_stickers_are_refused_with_the_reason_and_a_way_on(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    for place in ("draft", "report"):
        if place == "draft":
            await at_media(phone, _)
        else:
            screen = await flag(phone, _)
            await phone.press_data(EvidencePress(action="add", flag=await handle(house, Flag)).pack(), screen)
        answers = [
            *await phone.document(photo(), "photo.jpg", "image/jpeg"),
            *await phone.video(b"\0\0\0 ftypisom"),
            *await phone.sticker(),
            *await phone.contact("+77010000000"),
        ]
        assert len(answers) == 4
        for answer in answers:
            assert answer.text.startswith(_(UNFIT))
            assert {_("Skip"), _("Done")} & set(labels(answer))
        typed = await send(phone, "...")
        assert _("Please send a photo or a voice message here, or go on with the button below.") in typed.text
    assert await stored(house, Evidence) == []
    await assert_sound(house)


async def test_nobody_elses_draft_report_or_photo_can_be_reached_by_a_forged_press(house: House, language: str) -> None:
    phone, other, _ = passenger(house, language), house.phone(DRIVER, language), say(language)
    desk = await reviewer(house, language)
    screen = await flag(phone, _)
    await phone.press_data(EvidencePress(action="add", flag=await handle(house, Flag)).pack(), screen)
    await phone.photo(photo())
    await settled(house, 1)
    theirs = await send(other, "/start")
    mine, first = await handle(house, Flag), await handle(house, Evidence)
    for forged in (
        *(EvidencePress(action=each, flag=mine, piece=first) for each in ("add", "remove", "remove_place", "refused")),
        *(DeskPiecePress(action=each, flag=1, piece=1) for each in ("see", "map")),
    ):
        await other.press_data(forged.pack(), theirs)
        assert labels(theirs)
        assert photos(language, 1) not in theirs.text
    await other.photo(photo())
    await desk.press_data(EvidencePress(action="remove", piece=first).pack(), await send(desk, "/start"))
    for piece in (0, 7, 2**63 - 1):
        await desk.press_data(DeskPiecePress(action="see", flag=1, piece=piece).pack(), await send(desk, "/start"))
    await at_media(phone, _)
    await phone.photo(photo())
    await settled(house, 2)
    second = EvidencePress(action="remove", piece=await handle(house, Evidence, 2)).pack()
    for each in (other, desk):
        await each.press_data(second, await send(each, "/start"))
    me = (await person(house, phone)).id
    assert [piece.person_id for piece in await stored(house, Evidence)] == [me, me]
    assert not any("photo" in message.raw for message in [*other.messages, *desk.messages] if message.from_bot)
    assert await stored(house, AuditEntry, action=Action.EVIDENCE) == []
    await assert_sound(house)


async def test_the_right_to_see_is_asked_again_when_it_is_delivered(house: House, language: str) -> None:
    phone, desk, _ = passenger(house, language), house.phone(OWNER, language), say(language)
    await send(desk, "/start")
    await appoint(house, desk, Role.REVIEWER)
    screen = await flag(phone, _)
    await phone.press_data(EvidencePress(action="add", flag=await handle(house, Flag)).pack(), screen)
    await phone.photo(photo())
    await settled(house, 1)
    screen = await send(desk, "/flag 1")
    make, seer = house.app.sender.make, await person(house, desk)
    assert await make("piece", seer, {"piece": 1}) is not None
    await appoint(house, desk, None)
    assert await make("piece", seer, {"piece": 1}) is None
    assert await make("place", seer, {"flag": 1}) is None
    await desk.press(_("Photo {n}", n=1), screen)
    assert _("Report an incident") in labels(screen)
    await appoint(house, desk, Role.REVIEWER)
    mine = await send(phone, "/myreports")
    await phone.press_data(f"own:withdrawn:{await handle(house, Flag)}", mine)
    assert await make("piece", seer, {"piece": 1}) is None
    await assert_sound(house)


async def test_a_repeated_order_changes_nothing_and_a_deleted_piece_gives_nothing(house: House) -> None:
    phone, _ = passenger(house), say("en")
    await at_media(phone, _)
    (screen,) = await phone.photo(photo())
    (before,) = await settled(house, 1)
    make, who = house.app.sender.make, await person(house, phone)
    assert await make("evidence", who, {"piece": 1}) is None
    (after,) = await stored(house, Evidence)
    assert after.size == before.size
    await press(phone, "Delete: Photo 1", screen)
    assert await make("evidence", who, {"piece": 1}) is None
    assert await make("piece", who, {"piece": 1}) is None
    assert await stored(house, Evidence) == []
    assert "Skip" in labels(screen)
    await assert_sound(house)


async def test_telegrams_passing_trouble_delays_a_photo_and_a_file_it_never_gives_is_told(
    small_house: House,
) -> None:
    phone, _ = passenger(small_house), say("en")
    await at_media(phone, _)
    small_house.sandbox.faults.broken(times=1, method="getFile")
    await phone.photo(photo())
    (piece,) = await settled(small_house, 1)
    assert piece.status is Status.STORED
    small_house.sandbox.faults.refuse(
        400, "Bad Request: wrong file_id or the file is temporarily unavailable", 1, "getFile"
    )
    await phone.photo(photo(), expect=2)
    assert "could not be fetched or read" in phone.texts
    assert [piece.status for piece in await settled(small_house, 2)] == [Status.STORED, Status.REFUSED]


async def test_a_photo_that_telegram_never_hands_over_is_told_neutrally_once_it_is_given_up(
    house: House, language: str
) -> None:
    phone, _ = passenger(house, language), say(language)
    desk, en = await reviewer(house), say("en")
    screen = await flag(phone, _)
    await phone.press_data(EvidencePress(action="add", flag=await handle(house, Flag)).pack(), screen)
    house.sandbox.faults.broken(times=99, method="getFile")
    (screen,) = await phone.photo(photo())
    assert photos(language, 1) in screen.text
    await called(desk, en)
    await tried_for_a_day(house)
    (piece,) = await settled(house, 1)
    assert piece.status is Status.REFUSED
    await phone.until(lambda phone: phone.last.text == _("There is news for you."))
    await press(phone, _("Show"), shown := phone.last)
    assert shown.text == _(
        "One of your photos could not be fetched or read, so it was not kept. Please send it once more."
    )
    assert photos("en", 1) not in (await send(desk, "/flag 1")).text
    await press(phone, _("Photo, voice or place"), shown)
    assert photos(language, 1) not in shown.text
    await assert_sound(house)


async def tried_for_a_day(house: House) -> None:
    """What waits in the outbox failed once, and is now tried for the last time."""
    waits = Parcel.status == Delivery.WAITING

    async def failed() -> bool:
        async with house.app.database.reading() as session:
            return bool(await session.scalar(select(func.count()).where(waits, Parcel.error.is_not(None))))

    await eventually(failed)
    async with house.app.database.transaction() as session:
        await session.execute(update(Parcel).where(waits).values(tries=MOST_TRIES - 1, due_at=house.clock()))
    house.app.sender.wake()


async def test_what_was_sent_is_kept_though_the_person_leaves_at_once(small_house: House) -> None:
    phone, _ = passenger(small_house), say("en")
    screen = await flag(phone, _)
    await phone.press_data(EvidencePress(action="add", flag=await handle(small_house, Flag)).pack(), screen)
    small_house.sandbox.faults.broken(times=1, method="getFile")  # so that it's fetched after they left
    phone.post_photo(photo())
    await small_house.sandbox.confirmed(phone.block())
    (piece,) = await settled(small_house, 1)
    assert piece.status is Status.STORED


async def test_a_draft_with_photos_survives_a_restart_and_leaves_none_when_it_is_dropped_or_forgotten(
    database_url: str, language: str
) -> None:
    _ = say(language)
    async with open_house(database_url, **QUICK) as house:
        phone = passenger(house, language)
        await at_media(phone, _)
        await phone.photo(photo(), caption="бір")
        await settled(house, 1)
    async with open_house(database_url, sandbox=house.sandbox, clock=house.clock, **QUICK) as house:
        (screen,) = await phone.photo(photo(), caption="екі")
        await settled(house, 2)
        assert [draft.read(house.app.vault).words for draft in await stored(house, Draft)] == ["бір\n\nекі"]
        await phone.press_data(FormPress(action="go", step="review").pack(), screen)
        await press(phone, _("Delete the draft"), screen)
        assert await stored(house, Evidence) == []
        await at_media(phone, _)
        await phone.photo(photo())
        await settled(house, 1)
        house.clock.shift += DRAFT_FORGOTTEN
        await house.app.housekeeping.tidy()
        assert await stored(house, Evidence) == []
        await assert_sound(house)


async def test_two_phones_of_one_account_together_keep_no_more_than_the_most(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    other = phone.another()
    screen = await flag(phone, _)
    await phone.press_data(EvidencePress(action="add", flag=await handle(house, Flag)).pack(), screen)
    for _time in range(4):
        phone.post_photo(photo())
        other.post_voice(voice())
    await other.album([photo(), photo()], expect=1)
    enough = (
        _("5 photos are kept: the most for one report. Those that came after are not kept."),
        _("3 voice messages are kept: the most for one report. What came after is not kept."),
    )
    await phone.until(lambda phone: all(text in phone.texts for text in enough))
    pieces = await settled(house, 8)
    assert {piece.flag_id for piece in pieces} == {1}
    async with house.app.database.transaction() as session:
        mine = await own_flag(session, (await person(house, phone)).id, 1)
        assert mine is not None
        mine.withdraw(house.clock())
    (screen,) = await phone.photo(photo())  # the report is over
    over = _("What you sent was not kept."), _("<b>My reports</b>\n\nTap a code to see where it stands.")
    assert screen.text == "\n\n".join(over)
    assert len(await stored(house, Evidence)) == 8
    await assert_sound(house)


async def test_a_photo_or_place_sent_at_another_question_is_kept_and_the_question_stays(
    house: House, language: str
) -> None:
    phone, _ = passenger(house, language), say(language)
    screen = await begin(phone, _)
    for step in ("order", "plate"):
        await phone.press_data(FormPress(action="go", step=step).pack(), screen)
        asked = screen.text
        (screen,) = await phone.photo(photo())
        assert screen.text == _("Kept. Thank you.") + "\n\n" + asked
        (screen,) = await phone.location(*PLACE)
        assert screen.text == _("Kept. Thank you.") + "\n\n" + asked
    (draft,) = await stored(house, Draft)
    assert draft.read(house.app.vault).place == PLACE
    await settled(house, 2)
    await assert_sound(house)
