"""Phones: what tests rely on, and what they say when the bot does not do its part."""

import struct
from datetime import timedelta
from typing import Any

import pytest

from bot.sandbox import Phone, Sandbox

from .conftest import Client, Clock

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 8, 8) + b"\x08\x02"
KEYBOARD = {
    "inline_keyboard": [
        [{"text": "Next", "callback_data": "next"}, {"text": "Back", "callback_data": "back"}],
        [{"text": "Site", "url": "https://example.org/"}],
    ]
}


class EchoBot:
    """Answers every message with its kind, and presses according to their data."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def __call__(self, update: dict[str, Any]) -> None:
        call = self.client.call
        if query := update.get("callback_query"):
            where = {"chat_id": query["from"]["id"], "message_id": query["message"]["message_id"]}
            if query["data"] == "dead":
                return
            if query["data"] == "next":
                await call("editMessageText", **where, text="edited", reply_markup=KEYBOARD)
            await call("answerCallbackQuery", callback_query_id=query["id"], text=query["data"], show_alert=True)
            if query["data"] == "late":
                await call("editMessageText", **where, text="late")
            return
        message = update.get("message") or update.get("edited_message")
        if not message or message.get("text") == "silence":
            return
        kinds = ("text", "photo", "document", "voice", "location", "contact", "sticker")
        words = next(f"{kind}: {message.get(kind) if kind == 'text' else ''}" for kind in kinds if kind in message)
        if "edited_message" in update:
            words = f"edited {words}"
        if "forward_origin" in message:
            words = f"forwarded {words}"
        await call("sendMessage", chat_id=message["chat"]["id"], text=words, reply_markup=KEYBOARD)
        if message.get("text") == "twice":
            await call("sendMessage", chat_id=message["chat"]["id"], text="again")


async def test_two_phones_of_one_account_show_one_chat(client: Client, phone: Phone) -> None:
    other = phone.another()
    async with client.bot(EchoBot(client)):
        await phone.send("hi")
        await other.press("Next")
        assert [message.text for message in phone.messages] == [message.text for message in other.messages]
        assert (phone.screen, other.texts) == ("edited\n[Next] [Back]\n[Site]", "edited")
    assert client.sandbox.phones == [phone]


async def test_a_text_brings_the_new_messages_of_the_bot(client: Client, phone: Phone) -> None:
    async with client.bot(EchoBot(client)):
        assert [message.text for message in await phone.send("hi")] == ["text: hi"]
        assert [message.text for message in await phone.send("twice", expect=2)] == ["text: twice", "again"]
        assert await phone.send("silence", expect=0) == []
        assert client.sandbox.pending == 0
    assert phone.texts == "text: hi\ntext: twice\nagain"
    assert phone.last.text == "silence"
    assert [message.from_bot for message in phone.messages[:3]] == [False, False, True]


async def test_everything_that_a_person_can_send_arrives(client: Client, phone: Phone) -> None:
    async with client.bot(EchoBot(client)):
        sent = [
            await phone.photo(PNG, caption="c"),
            await phone.document(b"x", "a.csv", "text/csv"),
            await phone.voice(b"OggS", duration=3),
            await phone.location(43.24, 76.9),
            await phone.contact("+77010000000", "Aigul"),
            await phone.sticker(),
            await phone.forward("old words"),
        ]
        own = phone.messages[-2]
        edited = await phone.edit(own, "new words")
    assert [messages[0].text for messages in sent] == [
        "photo:", "document:", "voice:", "location:", "contact:", "sticker:", "forwarded text: old words",
    ]  # fmt: skip
    assert edited[0].text == "forwarded edited text: new words"
    assert own.text == "new words"


async def test_the_screen_is_the_newest_message_of_the_bot_with_its_buttons(client: Client, phone: Phone) -> None:
    async with client.bot(EchoBot(client)):
        await phone.send("hi")
    assert phone.screen == "text: hi\n[Next] [Back]\n[Site]"
    assert [[button["text"] for button in row] for row in phone.buttons] == [["Next", "Back"], ["Site"]]


async def test_a_press_waits_for_its_answer_and_returns_it(client: Client, phone: Phone) -> None:
    async with client.bot(EchoBot(client)):
        await phone.send("hi")
        answer = await phone.press("Next")
        assert (answer.text, answer.show_alert, answer.url) == ("next", True, None)
        assert phone.last.text == "edited"
        assert (await phone.press("ack")).text == "back"
        assert (await phone.press_data("forged", phone.last)).text == "forged"
        assert (await phone.press_data("late", expect=1)).text == "late"
        assert phone.last.text == "late"


async def test_a_press_looks_for_exact_words_before_parts_and_at_the_newest_message_first(
    client: Client, phone: Phone
) -> None:
    def row(*texts: str) -> dict[str, Any]:
        return {"inline_keyboard": [[{"text": text, "callback_data": text + "!"} for text in texts]]}

    async def send(**params: Any) -> None:
        await client.call("sendMessage", chat_id=phone.id, text="x", **params)

    await send(reply_markup=row("Yes", "Old"))
    await send(reply_markup=row("Yes, please", "No, thanks", "Yes, but"))
    await send()
    phone.tap("Yes")
    phone.tap("thanks")
    phone.tap("Old", phone.messages[1])
    pressed = [each["callback_query"]["data"] for each in await client.call("getUpdates")]
    assert pressed == ["Yes!", "No, thanks!", "Old!"]
    with pytest.raises(AssertionError, match="2 buttons fit"):
        phone.tap("Yes, ")
    with pytest.raises(AssertionError, match="there is none"):
        phone.tap("Nothing")


async def test_a_dead_button_fails_with_the_screen(client: Client, phone: Phone) -> None:
    async with client.bot(EchoBot(client)):
        await phone.send("hi")
        with pytest.raises(AssertionError) as failure:
            await phone.press_data("dead", timeout=0.05)
    words = str(failure.value)
    assert "got no answer" in words
    assert "bot │ text: hi\n    │ [Next] [Back]" in words


async def test_a_missing_message_fails_with_the_screen_and_what_was_refused(client: Client, phone: Phone) -> None:
    await client.refused("sendMessage", chat_id=phone.id, text="")
    with pytest.raises(AssertionError) as failure:
        await phone.send("hello?", timeout=0.05)
    words = str(failure.value)
    assert "Aigul (1001) expected 1 message(s) of the bot, 0 came" in words
    assert "│ hello?" in words
    assert "unconfirmed updates: 1" in words
    assert "refused: sendMessage: Bad Request: message text is empty" in words
    with pytest.raises(AssertionError, match="screen that did not come"):
        await phone.until(lambda phone: phone.texts, timeout=0.05)


async def test_until_sees_deletions_and_edits(client: Client, phone: Phone) -> None:
    async with client.bot(EchoBot(client)):
        [message] = await phone.send("hi")
        phone.tap("Next")
        await phone.until(lambda phone: phone.last.text == "edited")
        await client.call("deleteMessage", chat_id=phone.id, message_id=message.id)
        await phone.until(lambda phone: not phone.last.from_bot)


async def test_a_link_button_cannot_be_pressed(client: Client, phone: Phone) -> None:
    await client.call("sendMessage", chat_id=phone.id, text="x", reply_markup=KEYBOARD)
    with pytest.raises(AssertionError, match=r"\[Site\] is no callback button"):
        phone.tap("Site")


async def test_blocking_tells_the_bot_and_a_blocker_cannot_write(client: Client, phone: Phone) -> None:
    phone.block()
    assert phone.block() == 0
    with pytest.raises(AssertionError, match="has blocked the bot"):
        phone.post("x")
    phone.unblock()
    changes = [update["my_chat_member"] for update in await client.call("getUpdates")]
    assert [(each["old_chat_member"]["status"], each["new_chat_member"]["status"]) for each in changes] == [
        ("member", "kicked"),
        ("kicked", "member"),
    ]
    assert changes[0]["from"]["id"] == phone.id


async def test_language_and_clock_are_the_persons(client: Client, phone: Phone, clock: Clock) -> None:
    phone.set_language("ru")
    phone.shift_clock(3600)
    phone.post("x")
    [update] = await client.call("getUpdates")
    assert update["message"]["from"]["language_code"] == "ru"
    assert phone.last.date == clock() + timedelta(hours=1)
    await client.call("sendMessage", chat_id=phone.id, text="x")
    assert phone.last.date == clock()


async def test_a_cleared_view_is_empty_for_the_person_only(client: Client, phone: Phone) -> None:
    sent = await client.call("sendMessage", chat_id=phone.id, text="x")
    phone.clear()
    assert phone.messages == []
    await client.call("editMessageText", chat_id=phone.id, message_id=sent["message_id"], text="y")
    assert phone.messages == []
    await client.call("sendMessage", chat_id=phone.id, text="z")
    assert [message.text for message in phone.messages] == ["z"]


async def test_a_deleted_message_is_gone_for_the_bot_too(client: Client, phone: Phone) -> None:
    sent = await client.call("sendMessage", chat_id=phone.id, text="x")
    phone.delete(phone.last)
    assert await client.refused("editMessageText", chat_id=phone.id, message_id=sent["message_id"], text="y") == (
        "Bad Request: message to edit not found"
    )


async def test_a_phone_is_made_once(sandbox: Sandbox) -> None:
    phone = sandbox.phone(5, first_name="Aigul", title="Driver")
    assert sandbox.phone(5) is phone
    assert sandbox.phone().id not in (5,)
    assert [each.id for each in sandbox.phones] == [5, 1001]


async def test_a_chat_keeps_its_newest_messages_and_ids_go_on_rising(clock: Clock) -> None:
    sandbox = Sandbox(clock=clock, keep=3)
    phone = sandbox.phone(1)
    for number in range(5):
        phone.post(str(number))
    assert [message.text for message in phone.messages] == ["2", "3", "4"]
    ids = [message.id for message in phone.messages]
    assert ids == sorted(ids)


async def test_the_oldest_unanswered_presses_are_forgotten(
    sandbox: Sandbox, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.sandbox.world._QUERIES_KEPT", 3)
    _, first = phone.press_button(None, "x")
    for _ in range(3):
        _, last = phone.press_button(None, "x")
    assert not (await sandbox.call("answerCallbackQuery", {"callback_query_id": first.id}))["ok"]
    assert (await sandbox.call("answerCallbackQuery", {"callback_query_id": last.id}))["ok"]


async def test_calls_are_recorded_without_the_polls(client: Client, phone: Phone, sandbox: Sandbox) -> None:
    await client.call("getUpdates")
    await client.call("sendMessage", chat_id=phone.id, text="x")
    await client.refused("sendMessage", chat_id=77, text="x")
    assert [(call.method, call.ok, call.description) for call in sandbox.calls] == [
        ("sendMessage", True, None),
        ("sendMessage", False, "Bad Request: chat not found"),
    ]
    assert sandbox.calls[1].params == {"chat_id": 77, "text": "x"}
    assert sandbox.requests == {"getUpdates": 1, "sendMessage": 2}


async def test_a_taken_port_is_an_os_error(sandbox: Sandbox) -> None:
    async with sandbox.serve() as url:
        with pytest.raises(OSError, match="in use"):
            async with Sandbox().serve(port=int(url.rsplit(":", 1)[1])):
                raise AssertionError("two servers on one port")
