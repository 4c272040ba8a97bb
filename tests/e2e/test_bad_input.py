"""Whatever Telegram can send, and what it can't: a useful answer or silence, never a traceback or a dead button."""

import base64
from typing import Any

from aiogram.types import ChatMemberAdministrator

from bot.sandbox import Phone
from handlers.presses import LearnPress
from models.flags import Flag
from tests.e2e.walking import assert_sound, flag, labels, passenger, press, reviewer, say, send, stored
from tests.house import PASSENGER, House

FORGED = [
    "",
    ":",
    "::::",
    "nonsense",
    "home",
    "home:",
    "home:unknown:",
    "home:choose:xx",
    "home:choose:en:and:more",
    "home:call:999",
    "learn:open:two::",
    "learn:open:99999999999999999999::",
    "learn:step:2:nowhere:",
    "learn:step:2:\x00:",
    "learn:answer:2:figure:nothing",
    "learn:answer:2:nowhere:polite",
    "learn:finish:-2::",
    "report:send:draft:now:XX9",
    "report:send::now:SX1",
    "report:send:draft:later:SX1",
    "report:send:\x00\x00:now:SX1",
    "report:send:" + "d" * 40 + ":now:SX1",
    "report:form:draft:now:OT9",
    "report:ride:draft::",
    "own:open:0",
    "own:open:-1",
    f"own:open:{2**63}",
    f"own:open:-{2**63 + 1}",
    "own:withdrawn:99999999999999999999999999",
    "own:words:1e3",
    "own:plate:",
    "piece:add:1:0",
    "piece:see:1:1",
    "piece:map:1:0",
    f"piece:remove:0:{2**63 - 1}",
    f"piece:remove:0:{2**63}",
    "talk:own:1:0",
    "talk:again:1:0",
    "talk:team:1:0",
    "talk:piece:1:1",
    "talk:full:қ:<b>",
    f"own:open:{'A' * 22}",
    f"own:open:{'=' * 22}",
    f"consent:open:{'ә' * 22}:",
    "hear:open:1",
    f"hear:write:{'-' * 22}",
    "remedy:open:1",
    "remedy:appeal:🚗",
    "deskpiece:see:1:1",
    "deskpiece:map:1:0",
    "desktalk:open:1:0",
    "desktalk:ask:1:0",
    "desktalk:full:1:1",
    f"desktalk:piece:1:{'A' * 22}",
    "review:open:1::0",
    f"review:open:{2**70}::0",
    "review:queue:0::-1",
    "review:queue:0::99999999999999999999",
    "review:close:1:guilty:0",
    "data:drop",
    "' OR 1=1 --",
    "<b>",
    "🚗" * 16,
    "x" * 64,
]


async def test_forged_presses_are_answered_with_a_screen_that_leads_on(house: House) -> None:
    stranger, desk = passenger(house), await reviewer(house)
    await flag(house.phone(PASSENGER + 50), say("en"))
    for phone in (stranger, desk):
        screen = await send(phone, "/start")
        for data in FORGED:
            await phone.press_data(data, screen)
            assert labels(screen), data
    assert len(await stored(house, Flag)) == 1
    await assert_sound(house)


async def test_a_press_on_a_message_that_is_gone_gets_a_new_screen(small_house: House) -> None:
    phone, _ = passenger(small_house), say("en")
    screen = await send(phone, "/start")
    help_press, message_id = "home:help:", screen.id
    phone.delete(screen)
    await phone.press_data(help_press, screen, expect=1)
    assert "112" in phone.last.text
    assert phone.last.id != message_id


PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


async def send_anything(phone: Phone) -> int:
    """Send one of everything that is no text; gives how many answers came."""
    sent = [
        await phone.sticker(),
        await phone.photo(PICTURE),
        await phone.voice(b"OggS"),
        await phone.document(b"%PDF-1.7", "a.pdf", "application/pdf"),
        await phone.location(43.24, 76.95),
        await phone.contact("+77010000000"),
    ]
    return sum(map(len, sent))


async def test_what_is_no_text_is_answered_kindly_and_leads_on(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    assert await send_anything(phone) == 6
    assert phone.texts.count(_("I did not understand that. Here is what I can do:")) == 6
    await press(phone, _("Help now"))
    await assert_sound(house)


async def test_a_sticker_in_the_middle_is_answered_kindly_and_the_question_stays_asked(
    house: House, language: str
) -> None:
    phone, _ = passenger(house, language), say(language)
    screen = await flag(phone, _)
    hint = _("Please send it as text. To stop, press Cancel above or go to /start.")
    await press(phone, _("Add the plate"), screen)
    assert await send_anything(phone) == 6
    assert phone.texts.count(hint) == 6
    screen = await send(phone, "A123BCD")
    assert "A123BCD" in screen.text
    await press(phone, _("Add your words"), screen)  # a photo or a voice message would be taken here
    await phone.sticker()
    await phone.document(b"%PDF-1.7", "a.pdf", "application/pdf")
    assert phone.texts.count(hint) == 8
    assert "Тек осы" in (await send(phone, "Тек осы")).text
    await assert_sound(house)


TEXTS = ["я" * 4096, "👩‍👩‍👧" * 500, "\u202eабв", "<b>", "&lt;", "%s {0} {plate}", "/", "//", "/start@other_bot"]


async def test_any_text_gets_an_answer_whatever_is_asked(house: House) -> None:
    phone, _ = passenger(house), say("en")
    screen = await flag(phone, _)
    for asked in ("open", "plate", "words"):
        for text in TEXTS:
            await phone.press_data(f"own:{asked}:1", screen)
            assert labels(await send(phone, text)) or asked != "open"
        assert len(await phone.forward("Forwarded words")) == 1
    await assert_sound(house)


async def test_an_edited_message_changes_nothing_and_is_met_with_silence(small_house: House) -> None:
    phone, _ = passenger(small_house), say("en")
    await press(phone, _("Add your words"), await flag(phone, _))
    await send(phone, "First")
    typed = next(message for message in phone.messages if message.text == "First" and not message.from_bot)
    assert await phone.edit(typed, "Second", expect=0) == []
    (flag_,) = await stored(small_house, Flag)
    assert flag_.words(small_house.app.vault) == "First"
    await assert_sound(small_house)


GROUP = {"id": -1001234567890, "type": "supergroup", "title": "Drivers <b>"}
CHANNEL = {"id": -1009876543210, "type": "channel", "title": "News"}


def joined(house: House, chat: dict[str, Any], status: str) -> dict[str, Any]:
    """The bot's membership in a chat changes, by the doing of the passenger."""
    me = house.sandbox.world.bot
    change = {"chat": chat, "from": passenger(house).person.user, "date": int(house.clock().timestamp())}
    member = {"user": me, "status": status}
    if status == "administrator":
        fields = ChatMemberAdministrator.model_fields.items()
        member = {name: False for name, field in fields if field.is_required()} | member
    left = {"user": me, "status": "left"}
    return {"my_chat_member": {**change, "old_chat_member": left, "new_chat_member": member}}


async def test_added_to_a_group_the_bot_says_one_sentence_and_leaves(small_house: House) -> None:
    sandbox = small_house.sandbox
    for chat, status, said in ((GROUP, "member", 1), (GROUP, "administrator", 1), (CHANNEL, "administrator", 0)):
        sandbox.calls.clear()
        await sandbox.confirmed(sandbox.push(joined(small_house, chat, status)))
        await sandbox.until(lambda: any(call.method == "leaveChat" for call in sandbox.calls))
        calls = [(call.method, call.params["chat_id"]) for call in sandbox.calls if "chat_id" in call.params]
        expected = [("sendMessage", chat["id"])] * said + [("leaveChat", chat["id"])]
        assert [(method, int(chat_id)) for method, chat_id in calls] == expected
        if said:
            text = next(call.params["text"] for call in sandbox.calls if call.method == "sendMessage")
            assert text == say("kk")("I work in private chats only. Please write to me there.")


async def test_what_is_said_in_groups_and_channels_is_met_with_silence(small_house: House) -> None:
    sandbox, phone = small_house.sandbox, passenger(small_house)
    await send(phone, "/start")
    sandbox.calls.clear()
    date = int(small_house.clock().timestamp())
    user = phone.person.user
    said = {"message_id": 5, "date": date, "chat": GROUP, "from": user, "text": "/queue"}
    pushed = [
        {"message": said},
        {"message": {**said, "text": "/flag 1", "chat": {**GROUP, "type": "group"}}},
        {"edited_message": {**said, "edit_date": date}},
        {"channel_post": {"message_id": 6, "date": date, "chat": CHANNEL, "text": "/start"}},
        {"message": {**said, "chat": phone.person.chat, "from": {**user, "id": 999}}},
        {"message_reaction": {"chat": GROUP, "message_id": 5, "date": date, "old_reaction": [], "new_reaction": []}},
        {"a_kind_of_the_future": {"secret": 1}},
        {"inline_query": {"id": "1", "from": user, "query": "flag", "offset": ""}},
    ]
    for update in pushed:
        await sandbox.confirmed(sandbox.push(update))
    assert [call for call in sandbox.calls if "chat_id" in call.params] == []
    assert labels(await send(phone, "/start"))
    await assert_sound(small_house)


async def test_who_blocks_the_bot_is_left_alone_and_welcome_back(small_house: House) -> None:
    phone, other, _ = passenger(small_house), small_house.phone(PASSENGER + 50), say("en")
    await flag(phone, _)
    await small_house.sandbox.confirmed(phone.block())
    assert labels(await send(other, "/start"))
    phone.unblock()
    screen = await send(phone, "/myreports")
    assert len(labels(screen)) == 3
    await assert_sound(small_house)


async def test_names_with_html_do_no_harm(house: House) -> None:
    phone = house.sandbox.phone(PASSENGER, first_name="</b><a href='x'>", last_name="&&", username="a_b")
    _ = say("en")
    for command in ("/start", "/learn", "/report", "/myreports", "/privacy", "/help", "/sos", "/language"):
        assert labels(await send(phone, command))
    await press(phone, _("« Menu"), await send(phone, "/privacy"))
    await assert_sound(house)


async def test_old_buttons_of_every_kind_give_a_fresh_screen(house: House, language: str) -> None:
    phone, _ = passenger(house, language), say(language)
    screen = await send(phone, "/start")
    for data in ("old:press", "lesson:2:next", "home:gone:", LearnPress(action="gone").pack()):
        answer = await phone.press_data(data, screen)
        assert answer.text == _("That button no longer works. Here is the menu.")
        assert _("Report an incident") in labels(screen)
    await assert_sound(house)
