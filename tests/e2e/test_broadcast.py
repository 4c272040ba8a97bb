"""Broadcasts: an owner writes once in each language, sees what arrives and for how many, and watches it go out."""

import asyncio
from collections import Counter

import pytest
from sqlalchemy import select

from bot import broadcasting
from bot.sandbox import Message, Phone, Sandbox
from handlers.home import LANGUAGE_NAMES
from models.audit import Action, AuditEntry
from models.broadcasts import Broadcast, Stage
from models.opt_outs import OptOut
from models.people import Language, load_people
from models.recipients import Recipient
from models.regions import REGIONS
from models.team import Role
from tests.e2e.conftest import QUICK
from tests.e2e.rooms import cohort_by, come
from tests.e2e.walking import (
    LANGUAGES,
    Say,
    appoint,
    assert_sound,
    labels,
    live,
    passenger,
    person,
    press,
    presses,
    reviewer,
    say,
    send,
    stored,
)
from tests.house import OWNER, House, TestClock, open_house

TEXTS = {"kk": "Ертең кездесу, <b>кел</b> & тыңда", "ru": "Завтра встреча, 112 & всё", "en": "We meet tomorrow 🚗"}
FORGED = (
    "list:0:", "write:0:", "draft:0:", "text:0:kk", "text:0:xx", "drop:0:kk", "instead:0:", "whom:0:",
    "group:0:drivers", "group:0:cohort", "cohorts:0:9", "cohort:1:", "cohort:99:", "regions:0:", "region:0:KZ-99",
    "language:0:xx",
    "preview:0:", "preview:99:", "ask:0:", "start:1:0", "start:99:x", "discard:0:", "discarded:0:", "open:1:",
    "open:99:", "pause:1:", "resume:1:", "stop:1:", "cancelled:1:",
)  # fmt: skip


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcasting, "_LOOK_AGAIN", 0.05)


async def crowd(house: House, number: int = 6, first: int = 2001) -> dict[str, list[Phone]]:
    """People of each language who have started the bot, without any walking."""
    phones = {
        language: [house.phone(first + 100 * at + i, language) for i in range(number)]
        for at, language in enumerate(LANGUAGES)
    }
    wanted = {phone.id: language for language, each in phones.items() for phone in each}
    for each in phones.values():
        for phone in each:
            phone.person.started = True
    async with house.app.database.transaction() as session:
        await load_people(session, house.app.vault, wanted, default=Language.KAZAKH, now=house.clock())
    return phones


async def write(desk: Phone, _: Say, texts: dict[str, str]) -> Message:
    """Begin a draft and write it; gives the draft as it then looks."""
    await send(desk, "/broadcast")
    screen = await press(desk, _("Write a message"))
    for language, text in texts.items():
        await press(desk, f"✎ {LANGUAGE_NAMES[Language(language)]}", screen)
        screen = await send(desk, text)
    return screen


async def start(desk: Phone, _: Say, screen: Message, number: int) -> None:
    await press(desk, _("Send »"), screen)
    confirm = next(label for label in labels(screen) if str(number) in label)
    await press(desk, confirm, screen)


async def ended(house: House, stage: Stage = Stage.DONE) -> Broadcast:
    """Wait until the only broadcast is at a stage, and nobody of it is being written to."""
    for _ in range(400):
        (broadcast,) = await stored(house, Broadcast)
        if broadcast.stage is stage and not house.app.broadcasting._in_flight and not house.app.broadcasting._results:
            return broadcast
        await asyncio.sleep(0.02)
    raise AssertionError(f"the broadcast is {broadcast.stage}")


def copies(phone: Phone, text: str) -> int:
    return sum(message.text == text for message in phone.messages if message.from_bot)


async def test_an_owner_writes_in_three_languages_and_everybody_gets_their_own_once(
    house: House, language: str
) -> None:
    desk, _ = await reviewer(house, language), say(language)
    phones = await crowd(house)
    screen = await write(desk, _, {})
    assert _("Send »") not in labels(screen)
    for code, text in TEXTS.items():
        await press(desk, f"✎ {LANGUAGE_NAMES[Language(code)]}", screen)
        wrong = await send(desk, "я" * 4001)
        assert wrong.text == _(
            "That is {length} characters, and {limit} fit. Please write it shorter.", length=4001, limit=4000
        )
        screen = await send(desk, text)
        assert f"✓ {LANGUAGE_NAMES[Language(code)]}" in labels(screen)
    numbers = {code: 6 + (code == language) for code in LANGUAGES}
    assert _("Get it: {number}", number=19) in screen.text
    for code, number in numbers.items():
        assert f"• {LANGUAGE_NAMES[Language(code)]}: {number}" in screen.text

    await press(desk, _("Preview"), screen)
    await desk.until(lambda desk: labels(live(desk)) and _("Preview") in labels(live(desk)))
    previews = {m.text: m for m in desk.messages if m.text in TEXTS.values() and m.from_bot}
    assert [previews[text].raw.get("entities") for text in TEXTS.values()] == [None, None, None]
    assert {labels(previews[TEXTS[code]])[0] for code in LANGUAGES} == {
        say(code)("No more such messages") for code in LANGUAGES
    }
    answer = await desk.press_data(presses(previews[TEXTS["ru"]])[0], previews[TEXTS["ru"]])
    assert answer.text == _("Whoever presses this gets no more such messages. Here it does nothing.")

    screen = live(desk)
    await start(desk, _, screen, 19)
    broadcast = await ended(house)
    await desk.until(lambda desk: _("ended") in screen.text, timeout=20)
    assert _("Sent: {number}", number=19) in screen.text
    assert _("Pause") not in labels(screen)
    for code, each in phones.items():
        for phone in each:
            assert [message.text for message in phone.messages] == [TEXTS[code]]
            assert labels(phone.last) == [say(code)("No more such messages")]
    assert (broadcast.total, broadcast.sent, broadcast.left) == (19, 19, 0)
    assert not await stored(house, Recipient)
    _joined, *entries = await stored(house, AuditEntry)
    assert [(entry.action, entry.detail) for entry in entries] == [
        (Action.BROADCASTS_SEEN, ""),
        (Action.BROADCAST_MADE, "1"),
        (Action.BROADCAST_STARTED, "1: everybody"),
        (Action.BROADCAST_ENDED, "1: 19/19"),
    ]
    await press(desk, _("« Broadcasts"), screen)
    assert any(_("ended") in label for label in labels(screen))
    await assert_sound(house)


async def test_formatting_is_kept_and_typed_html_stays_text(house: House) -> None:
    desk, _ = await reviewer(house), say("en")
    screen = await write(desk, _, {})
    await press(desk, "✎ English", screen)
    text = "Bold 🚗 link <i>x</i> @somebody"
    entities = [
        {"type": "bold", "offset": 0, "length": 4},
        {"type": "text_link", "offset": 8, "length": 4, "url": "https://example.kz/"},
        {"type": "text_link", "offset": 0, "length": 4, "url": "tg://user?id=1001"},
        {"type": "text_mention", "offset": 5, "length": 2, "user": desk.person.user},
        {"type": "mention", "offset": 22, "length": 9},
    ]
    desk._message({"text": text, "entities": entities})
    await desk.until(lambda desk: "✓ English" in labels(live(desk)))
    await press(desk, _("Preview"), live(desk))
    await desk.until(lambda desk: copies(desk, text))
    shown = next(message for message in desk.messages if message.from_bot and message.text == text)
    assert [(e["type"], e["offset"], e.get("url")) for e in shown.raw["entities"]] == [
        ("bold", 0, None),
        ("text_link", 8, "https://example.kz/"),
        ("mention", 22, None),
    ]
    await assert_sound(house)


async def test_the_audience_is_chosen_and_small_numbers_are_hidden(house: House) -> None:
    desk, _ = await reviewer(house), say("en")
    phones = await crowd(house)
    cohort = await cohort_by(house, desk, "Almaty <b> & co")
    screen = await write(desk, _, {"kk": TEXTS["kk"]})
    assert _("Get nothing, as things are: {languages}", languages="Русский, English") in screen.text
    assert _("Get it: {number}", number=6) in screen.text
    await press(desk, _("Without a text of their own: {what}", what=_("nothing")), screen)
    assert _("Get it: {number}", number=19) in screen.text
    await press(desk, _("Without a text of their own: {what}", what="Қазақша"), screen)
    assert _("Get it: {number}", number=6) in screen.text

    for phone in phones["kk"][:5]:
        await come(phone, cohort)
    for phone in phones["kk"][:2]:
        await phone.press_data(f"cohort:region:{cohort.id}:KZ-75")
    await press(desk, _("To whom"), screen)
    assert f"✓ {_('Everybody')} · 19" in labels(screen)
    assert f"{_('Drivers')} · 0" in labels(screen)
    await press(desk, _("A cohort »"), screen)
    await press(desk, f"{cohort.name} · 5", screen)
    assert f"✓ {cohort.name}" in labels(screen)
    assert _("Get it: {number}", number=5) in screen.text
    await press(desk, _("Region: {region} »", region=_("all")), screen)
    assert f"{_('Almaty')} · *" in labels(screen)
    assert _("hidden, so that nobody can be recognised") in screen.text
    assert len([label for label in labels(screen) if label.rpartition(" · ")[0] in map(_, REGIONS.values())]) == 20
    await press(desk, f"{_('Almaty')} · *", screen)
    assert _("To: {whom}", whom=f"{cohort.name} · {_('Almaty')}") in screen.text
    assert _("Get it: {number}", number="*") in screen.text
    await press(desk, "English", screen)
    assert "✓ English" in labels(screen)
    await press(desk, _("« Back"), screen)
    await press(desk, _("Send »"), screen)
    assert screen.text == _("Nobody would get it: choose other people, or write another language.")
    await press(desk, _("« Back"), screen)
    await press(desk, _("To whom"), screen)
    await press(desk, _("All languages"), screen)
    await press(desk, _("« Back"), screen)
    await press(desk, _("Send »"), screen)
    assert screen.text.startswith(_("Send it now? The number of people is hidden, so that nobody can be recognised."))
    await press(desk, _("Yes, send it"), screen)
    await ended(house)
    assert _("The numbers are hidden, so that nobody can be recognised.") in screen.text
    assert [copies(phone, TEXTS["kk"]) for phone in phones["kk"]] == [1, 1, 0, 0, 0, 0]
    assert not any(sign.isdigit() for entry in await stored(house, AuditEntry) for sign in entry.detail[2:])
    await assert_sound(house)


async def test_who_opts_out_gets_no_more_and_can_come_back(house: House, language: str) -> None:
    desk, _ = await reviewer(house), say("en")
    phones = await crowd(house, 8)
    said, (leaver, *others) = say(language), phones[language]
    blocker = others[0]
    blocker.block()
    await house.sandbox.until(lambda: not house.sandbox.delivery.count)
    gone = others[1]
    gone.person.blocked = True  # and Telegram tells nobody
    for number in (24, 22):
        screen = await write(desk, _, TEXTS)
        await start(desk, _, screen, number)
        await desk.until(lambda desk, screen=screen: _("ended") in screen.text, timeout=20)
        if number == 24:
            message = leaver.last
            answer = await leaver.press(said("No more such messages"), message)
            assert answer.text == said("Done. The team will no longer write to you together with many others.")
            await leaver.until(lambda phone: labels(phone.last) == [said("Send me such messages again")])
            assert message.text == TEXTS[language]
    assert copies(leaver, TEXTS[language]) == 1
    assert copies(others[2], TEXTS[language]) == 2
    assert len(await stored(house, OptOut)) == 1
    first, second = await stored(house, Broadcast)
    assert (first.sent, first.blocked, second.sent, second.blocked) == (23, 1, 22, 0)
    assert (await person(house, gone)).blocked_at is not None

    privacy = await send(leaver, "/privacy")
    await leaver.press(said("Send me such messages again"), privacy)
    await leaver.until(lambda phone: said("No more such messages") in labels(privacy))
    assert said("Delete my data") in labels(privacy)
    assert not await stored(house, OptOut)
    await assert_sound_but_for_blocks(house)


async def assert_sound_but_for_blocks(house: House) -> None:
    for call in list(house.sandbox.calls):
        if not call.ok and "blocked" in call.description:
            house.sandbox.calls.remove(call)
    await assert_sound(house)


async def test_it_is_paused_resumed_and_stopped_for_good(house: House) -> None:
    desk, _ = await reviewer(house), say("en")
    await crowd(house, 40)
    screen = await write(desk, _, TEXTS)
    house.app.broadcasting.rate = 10
    await start(desk, _, screen, 121)
    await house.sandbox.until(lambda: any(c.params.get("text") == TEXTS["kk"] for c in house.sandbox.calls))
    await press(desk, _("Pause"), screen)
    paused = await ended(house, Stage.PAUSED)
    assert _("<b>A message to many people: {stage}</b>", stage=_("paused")) in screen.text
    await asyncio.sleep(0.4)  # several rounds
    (same,) = await stored(house, Broadcast)
    assert (same.sent, same.left) == (paused.sent, paused.left)
    assert 0 < same.sent < 121
    await press(desk, _("Refresh"), screen)
    assert _("Left: {number}", number=same.left) in screen.text
    await desk.press_data("cast:pause:1:", screen)  # a second tap
    await press(desk, _("Resume"), screen)
    await house.sandbox.until(lambda: sent(house) > same.sent)
    await press(desk, _("Stop for good"), screen)
    await press(desk, _("« Back"), screen)
    await press(desk, _("Stop for good"), screen)
    await press(desk, _("Yes, stop it for good"), screen)
    await ended(house, Stage.CANCELLED)
    number = sent(house)
    await asyncio.sleep(0.4)
    assert sent(house) == number < 121
    await house.sandbox.until(lambda: house.sandbox.idle)
    assert not await stored(house, Recipient)
    await press(desk, _("Refresh"), screen)
    assert _("Did not get it: {number}", number=121 - number) in screen.text
    done = [Action.BROADCAST_PAUSED, Action.BROADCAST_RESUMED, Action.BROADCAST_CANCELLED]
    actions = [entry.action for entry in await stored(house, AuditEntry)]
    assert [action for action in actions if action in done] == done
    assert actions[-1] is Action.BROADCASTS_SEEN
    await assert_sound(house)


def sent(house: House) -> int:
    return sum(call.ok and call.params.get("text") in TEXTS.values() for call in house.sandbox.calls)


async def test_a_draft_survives_a_restart_and_a_changed_one_is_asked_about_again(database_url: str) -> None:
    async with open_house(database_url, **QUICK) as house:
        desk, _ = await reviewer(house), say("en")
        await crowd(house)
        screen = await write(desk, _, {"kk": TEXTS["kk"]})
        await press(desk, "✎ Русский", screen)
    async with open_house(database_url, sandbox=house.sandbox, clock=house.clock, **QUICK) as house:
        screen = await send(desk, TEXTS["ru"])
        assert {"✓ Қазақша", "✓ Русский", "✎ English"} < set(labels(screen))
        await press(desk, _("Send »"), screen)
        stale = next(data for data in presses(screen) if data.startswith("cast:start"))
        await press(desk, _("« Back"), screen)
        await press(desk, "✓ Русский", screen)
        await press(desk, _("Take this text out"), screen)
        await desk.press_data(stale, screen)
        assert screen.text.startswith("Send it to 6 people now?")
        await press(desk, _("« Back"), screen)
        await press(desk, _("Delete the draft"), screen)
        await press(desk, _("Yes, delete it"), screen)
        assert _("Write a message") in labels(screen)
        assert not await stored(house, Broadcast)
        await desk.press_data(stale, screen)
        assert not sent(house)
        await assert_sound(house)


async def test_a_restart_in_the_middle_leaves_nobody_out_and_writes_to_nobody_twice(database_url: str) -> None:
    clock = TestClock()
    sandbox = Sandbox(clock=clock)
    async with open_house(database_url, **QUICK) as house:
        desk, _ = await reviewer(house), say("en")
        phones = await crowd(house, 15)
        house.app.broadcasting.rate = 10
        screen = await write(desk, _, TEXTS)
        await start(desk, _, screen, 46)
        await house.sandbox.until(lambda: sent(house) > 5)
    assert sent(house) < 46
    sandbox = house.sandbox
    async with open_house(database_url, sandbox=sandbox, clock=house.clock, **QUICK) as house:
        broadcast = await ended(house)
        assert (broadcast.sent, broadcast.unsure) == (46, 0)
        await desk.until(lambda desk: _("ended") in screen.text, timeout=20)
        await assert_sound(house)
    arrived = Counter(copies(phone, TEXTS[code]) for code, each in phones.items() for phone in each)
    assert arrived == {1: 45}


async def test_everybody_but_an_owner_gets_the_answer_to_an_unknown_command(small_house: House) -> None:
    desk, _ = await reviewer(small_house), say("en")
    await write(desk, _, {"kk": TEXTS["kk"]})
    phone, colleague = passenger(small_house), small_house.phone(OWNER)
    await send(colleague, "/start")
    await appoint(small_house, colleague, Role.REVIEWER)
    for other in (phone, colleague):
        unknown = await send(other, "/nonsense")
        answer = await send(other, "/broadcast")
        assert (answer.text, presses(answer)) == (unknown.text, presses(unknown))
        dead = await other.press_data("nonsense", unknown)
        for data in FORGED:
            assert await other.press_data(f"cast:{data}", unknown) == dead
    (draft,) = await stored(small_house, Broadcast)
    assert (draft.stage, draft.languages) == (Stage.DRAFT, ["kk"])
    await press(desk, "✎ Русский")
    await appoint(small_house, desk, Role.REVIEWER)  # no longer an owner, in the middle of a text
    await send(desk, "Жалған мәтін")
    (same,) = await stored(small_house, Broadcast)
    assert same.version == draft.version
    await assert_sound(small_house)


async def test_forged_and_late_presses_of_an_owner_lead_on(house: House) -> None:
    desk, _ = await reviewer(house), say("en")
    screen = await send(desk, "/broadcast")
    for _round in range(2):
        for data in FORGED:
            await desk.press_data(f"cast:{data}", screen)
            assert labels(live(desk)), data
        screen = await write_or_go_on(desk, _)
    async with house.app.database.reading() as session:
        assert set(await session.scalars(select(Broadcast.stage))) <= {Stage.DRAFT}
    await assert_sound(house)


async def write_or_go_on(desk: Phone, _: Say) -> Message:
    screen = await send(desk, "/broadcast")
    label = _("Write a message") if _("Write a message") in labels(screen) else _("Go on with the draft")
    return await press(desk, label, screen)
