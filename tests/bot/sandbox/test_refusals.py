"""What Telegram refuses, in Telegram's words, over HTTP."""

import struct
from typing import Any

import aiohttp
import pytest

from bot.sandbox import Phone, Sandbox
from bot.sandbox.schema import Upload

from .conftest import Client, Clock

NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same"
    " as a current content and reply markup of the message"
)


def keyboard(**button: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "x", **button}]]}


async def test_a_wrong_token_is_unauthorized(client: Client) -> None:
    async with client.session.get(f"{client.url}/bot42:wrong/getMe") as response:
        assert response.status == 401
        assert await response.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}


async def test_an_unknown_method_is_not_found(client: Client) -> None:
    assert await client.answer("getNothing") == {
        "status": 404,
        "ok": False,
        "error_code": 404,
        "description": "Not Found",
    }


async def test_method_names_are_taken_in_any_case_and_by_get(client: Client, phone: Phone) -> None:
    address = f"{client.url}/bot{client.sandbox.token}/SENDmessage?chat_id={phone.id}&text=%D2%9B"
    async with client.session.get(address) as response:
        assert (await response.json())["result"]["text"] == "қ"


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "message text is empty"),
        ({"text": "x"}, "chat_id is empty"),
        ({"text": ""}, "message text is empty"),
        ({"text": "x", "chat_id": 999}, "chat not found"),
        ({"text": "x", "chat_id": "@nobody"}, "chat not found"),
        ({"chat_id": 1001, "text": "  \n "}, "text must be non-empty"),
        ({"chat_id": 1001, "text": "<b></b>", "parse_mode": "HTML"}, "text must be non-empty"),
        ({"chat_id": 1001, "text": "😀" * 2049}, "message is too long"),
        ({"chat_id": 1001, "text": "<x>", "parse_mode": "HTML"},
         'can\'t parse entities: Unsupported start tag "x" at byte offset 0'),
        ({"chat_id": 1001, "text": "x", "entities": [{"type": "bold", "offset": 0, "length": 2}]},
         "entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 1"),
        ({"chat_id": 1001, "text": "x", "reply_parameters": {"message_id": 77}},
         "message to be replied not found"),
        ({"chat_id": 1001, "text": "x", "reply_markup": "{"}, "can't parse reply keyboard markup JSON object"),
        ({"chat_id": 1001, "text": "x", "reply_markup": "[]"}, "object expected as reply markup"),
        ({"chat_id": 1001, "text": "x", "disable_notification": "perhaps"},
         'parameter "disable_notification" must be of type Boolean'),
    ],
)  # fmt: skip
async def test_bad_messages_are_refused(client: Client, phone: Phone, params: dict[str, Any], words: str) -> None:
    assert await client.refused("sendMessage", **params) == f"Bad Request: {words}"
    assert phone.texts == ""


async def test_a_text_of_4096_units_is_sent_and_4097_are_not(client: Client, phone: Phone) -> None:
    text = "<b>" + "қ" * 4096 + "</b>"
    await client.call("sendMessage", chat_id=phone.id, text=text, parse_mode="HTML")
    assert len(phone.last.text) == 4096
    assert await client.refused("sendMessage", chat_id=phone.id, text="қ" * 4097) == (
        "Bad Request: message is too long"
    )


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        (keyboard(callback_data="қ" * 33), "BUTTON_DATA_INVALID"),
        (keyboard(callback_data="x" * 65), "BUTTON_DATA_INVALID"),
        (keyboard(text="", callback_data="x"), "inline keyboard button text must be non-empty"),
        (keyboard(), "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"),
        (keyboard(callback_data="x", style="red"),
         "can't parse inline keyboard button: invalid button style specified"),
        (keyboard(url="localhost"), "inline keyboard button URL 'localhost' is invalid: Wrong HTTP URL"),
        (keyboard(url="ftp://x.org"), "inline keyboard button URL 'ftp://x.org' is invalid: Unsupported URL protocol"),
        (keyboard(copy_text={"text": "x" * 257}), "BUTTON_COPY_TEXT_INVALID"),
        (keyboard(copy_text={}), "can't parse inline keyboard button: Can't find field \"text\""),
        ({"inline_keyboard": [{"text": "x"}]},
         'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays'),
        ({"inline_keyboard": [["x"]]},
         "can't parse inline keyboard button: InlineKeyboardButton must be an Object"),
        ({"inline_keyboard": [[{"text": "x", "callback_data": "x"}] * 8] * 13}, "reply markup is too long"),
        ({"keyboard": [[{}]]}, "can't parse keyboard button: Can't find field \"text\""),
    ],
)  # fmt: skip
async def test_bad_keyboards_are_refused(client: Client, phone: Phone, markup: dict[str, Any], words: str) -> None:
    refused = await client.refused("sendMessage", chat_id=phone.id, text="x", reply_markup=markup)
    assert refused == f"Bad Request: {words}"


@pytest.mark.parametrize(
    "markup",
    [
        keyboard(callback_data="қ" * 32, style="danger"),
        keyboard(copy_text={"text": "x" * 256}),
        keyboard(url="https://example.org/"),
        {"keyboard": [[{"text": "Share", "request_contact": True}]], "resize_keyboard": True},
        {"remove_keyboard": True},
        {"force_reply": True, "input_field_placeholder": "…"},
    ],
)
async def test_good_keyboards_are_kept_on_the_message(client: Client, phone: Phone, markup: dict[str, Any]) -> None:
    sent = await client.call("sendMessage", chat_id=phone.id, text="x", reply_markup=markup)
    assert phone.last.keyboard == phone.last.shown["reply_markup"] == markup
    assert sent.get("reply_markup") == (markup if "inline_keyboard" in markup else None)


async def test_an_unmodified_edit_is_refused(client: Client, phone: Phone) -> None:
    markup = keyboard(callback_data="a")
    sent = await client.call("sendMessage", chat_id=phone.id, text="<b>x</b>", parse_mode="HTML", reply_markup=markup)
    same = {"chat_id": phone.id, "message_id": sent["message_id"]}
    assert (
        await client.refused("editMessageText", **same, text="<b>x</b>", parse_mode="HTML", reply_markup=markup)
        == NOT_MODIFIED
    )
    assert await client.refused("editMessageReplyMarkup", **same, reply_markup=markup) == NOT_MODIFIED
    edited = await client.call("editMessageText", **same, text="x", reply_markup=markup)
    assert "entities" not in edited
    assert edited["edit_date"] >= edited["date"]
    without = await client.call("editMessageText", **same, text="x")
    assert "reply_markup" not in without


async def test_a_message_that_cannot_be_edited_says_why(client: Client, phone: Phone) -> None:
    async def edit(**params: Any) -> str:
        return await client.refused("editMessageText", **({"chat_id": phone.id, "text": "y"} | params))

    assert await edit(message_id=999) == "Bad Request: message to edit not found"
    assert await edit(message_id=phone.messages[0].id) == "Bad Request: message can't be edited"
    assert await client.refused("editMessageText", text="y") == "Bad Request: message identifier is not specified"
    reply = {"keyboard": [["x"]]}
    sent = await client.call("sendMessage", chat_id=phone.id, text="x", reply_markup=reply)
    assert await edit(message_id=sent["message_id"]) == "Bad Request: message can't be edited"
    place = await client.call("sendLocation", chat_id=phone.id, latitude=43.2, longitude=76.9)
    assert await edit(message_id=place["message_id"]) == "Bad Request: there is no text in the message to edit"
    assert await edit(message_id=place["message_id"], text="y" * 4097) == "Bad Request: MESSAGE_TOO_LONG"
    assert "no caption in the message to edit" in await client.refused(
        "editMessageCaption", chat_id=phone.id, message_id=place["message_id"], caption="y"
    )


async def test_deleting_says_what_is_missing_or_too_old(client: Client, phone: Phone, clock: Clock) -> None:
    sent = await client.call("sendMessage", chat_id=phone.id, text="x")
    where = {"chat_id": phone.id, "message_id": sent["message_id"]}
    assert await client.call("deleteMessage", **where) is True
    assert await client.refused("deleteMessage", **where) == "Bad Request: message to delete not found"
    old = await client.call("sendMessage", chat_id=phone.id, text="x")
    clock.turn(hours=48, seconds=1)
    assert await client.refused("deleteMessage", chat_id=phone.id, message_id=old["message_id"]) == (
        "Bad Request: message can't be deleted for everyone"
    )
    assert phone.last.text == "x"


async def test_many_messages_are_deleted_at_once_and_unknown_ones_are_passed_over(client: Client, phone: Phone) -> None:
    ids = [(await client.call("sendMessage", chat_id=phone.id, text="x"))["message_id"] for _ in range(3)]
    assert await client.call("deleteMessages", chat_id=phone.id, message_ids=[*ids[:2], 999]) is True
    assert [message.id for message in phone.messages if message.from_bot] == ids[2:]
    assert "too many" in await client.refused("deleteMessages", chat_id=phone.id, message_ids=list(range(101)))


async def test_who_blocked_the_bot_or_never_wrote_cannot_be_written_to(
    client: Client, phone: Phone, sandbox: Sandbox
) -> None:
    stranger = sandbox.phone(2002)
    answer = await client.answer("sendMessage", chat_id=stranger.id, text="x")
    assert answer["status"] == 403
    assert answer["description"] == "Forbidden: bot can't initiate conversation with a user"
    phone.block()
    for method in ("sendMessage", "sendChatAction"):
        answer = await client.answer(method, chat_id=phone.id, text="x", action="typing")
        assert (answer["status"], answer["description"]) == (403, "Forbidden: bot was blocked by the user")
    phone.unblock()
    await client.call("sendMessage", chat_id=phone.id, text="x")


async def test_a_press_is_answered_once_and_in_time(client: Client, phone: Phone, clock: Clock) -> None:
    too_old = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    phone.tap_data("a")
    phone.tap_data("b")
    first, second = [each["callback_query"] for each in await client.call("getUpdates")]
    long = "қ" * 201
    assert await client.refused("answerCallbackQuery", callback_query_id=first["id"], text=long) == (
        "Bad Request: MESSAGE_TOO_LONG"
    )
    assert await client.call("answerCallbackQuery", callback_query_id=first["id"], text=long[:200]) is True
    assert await client.refused("answerCallbackQuery", callback_query_id=first["id"]) == too_old
    assert await client.refused("answerCallbackQuery", callback_query_id="17") == too_old
    assert await client.refused("answerCallbackQuery") == too_old
    clock.turn(seconds=151)
    assert await client.refused("answerCallbackQuery", callback_query_id=second["id"]) == too_old


def png(width: int, height: int, size: int = 100) -> bytes:
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height)
    return head + bytes(max(size - len(head), 0))


async def upload(client: Client, method: str, field: str, data: bytes, **params: str) -> dict[str, Any]:
    form = aiohttp.FormData(params)
    form.add_field(field, data, filename="x.png", content_type="application/octet-stream")
    address = f"{client.url}/bot{client.sandbox.token}/{method}"
    async with client.session.post(address, data=form) as response:
        answer: dict[str, Any] = await response.json()
        return answer


async def test_a_photo_is_described_by_its_real_size(client: Client, phone: Phone) -> None:
    answer = await upload(client, "sendPhoto", "photo", png(1280, 640), chat_id="1001", caption="<i>x</i>", parse_mode="HTML")  # noqa: E501 # fmt: skip
    small, full = answer["result"]["photo"]
    assert (full["width"], full["height"], full["file_size"]) == (1280, 640, 100)
    assert (small["width"], small["height"]) == (90, 45)
    assert answer["result"]["caption_entities"] == [{"type": "italic", "offset": 0, "length": 1}]
    again = await client.call("sendPhoto", chat_id=phone.id, photo=full["file_id"])
    assert again["photo"][-1]["width"] == 1280


async def test_a_jpeg_is_measured_and_loses_what_the_camera_wrote_into_it(client: Client, phone: Phone) -> None:
    exif = b"\xff\xe1" + struct.pack(">H", 12) + b"Exif\0\0abcd"
    jpeg = b"\xff\xd8" + exif + b"\xff\xc2" + struct.pack(">HBHH", 11, 8, 480, 640) + bytes(20)
    answer = await upload(client, "sendPhoto", "photo", jpeg, chat_id="1001")
    photo = answer["result"]["photo"][-1]
    assert (photo["width"], photo["height"]) == (640, 480)
    file = client.sandbox.world.files.get(photo["file_id"])
    assert file
    assert file.data == jpeg.replace(exif, b"")


@pytest.mark.parametrize(
    ("method", "head", "size", "words"),
    [
        ("sendPhoto", png(100, 100), 10 * 1024 * 1024 + 1, "Bad Request: file is too big"),
        ("sendPhoto", b"no picture", 10, "Bad Request: IMAGE_PROCESS_FAILED"),
        ("sendPhoto", png(9000, 2000), 100, "Bad Request: PHOTO_INVALID_DIMENSIONS"),
        ("sendPhoto", png(2100, 100), 100, "Bad Request: PHOTO_INVALID_DIMENSIONS"),
        ("sendDocument", b"", 50 * 1024 * 1024 + 1, "Request Entity Too Large"),
        ("sendDocument", b"", 0, "Bad Request: file must be non-empty"),
    ],
)
async def test_bad_files_are_refused(
    sandbox: Sandbox, phone: Phone, method: str, head: bytes, size: int, words: str
) -> None:
    file = Upload("x", "application/octet-stream", head + bytes(size - min(len(head), size)))
    answer = await sandbox.call(method, {"chat_id": 1001, method.removeprefix("send").lower(): file})
    assert answer["description"] == words


async def test_a_photo_of_ten_megabytes_and_a_document_of_fifty_are_sent(sandbox: Sandbox, phone: Phone) -> None:
    photo = Upload("x", "image/png", png(100, 100, 10 * 1024 * 1024))
    document = Upload("x", "text/plain", bytes(50 * 1024 * 1024))
    assert (await sandbox.call("sendPhoto", {"chat_id": 1001, "photo": photo}))["ok"]
    assert (await sandbox.call("sendDocument", {"chat_id": 1001, "document": document}))["ok"]


@pytest.mark.parametrize(
    ("method", "params", "words"),
    [
        ("sendPhoto", {"photo": "nonsense"},
         "wrong remote file identifier specified: can't unserialize it. Wrong last symbol"),
        ("sendPhoto", {"photo": "https://example.org/x.png"}, "failed to get HTTP URL content"),
        ("sendPhoto", {"photo": "attach://nothing"}, "there is no photo in the request"),
        ("sendPhoto", {}, "there is no photo in the request"),
        ("sendDocument", {}, "there is no document in the request"),
        ("sendDocument", {"document": "x", "caption": "x" * 1025}, "message caption is too long"),
        ("sendLocation", {"latitude": 91, "longitude": 0}, "wrong latitude or longitude specified"),
        ("sendContact", {"first_name": "x"}, 'parameter "phone_number" is required'),
        ("sendChatAction", {"action": "dancing"}, "wrong parameter action in request"),
        ("copyMessage", {"from_chat_id": 1001, "message_id": 99}, "message to copy not found"),
        ("forwardMessage", {"from_chat_id": 1001, "message_id": 99}, "message to forward not found"),
        ("getFile", {"file_id": "nonsense"}, "wrong file_id or the file is temporarily unavailable"),
        ("getChat", {"chat_id": 77}, "chat not found"),
        ("sendPoll", {"question": "x", "options": [{"text": "x"}]}, "method is not available in the sandbox"),
    ],
)  # fmt: skip
async def test_other_methods_refuse_in_telegrams_words(
    client: Client, phone: Phone, method: str, params: dict[str, Any], words: str
) -> None:
    assert await client.refused(method, **{"chat_id": phone.id, **params}) == f"Bad Request: {words}"


async def test_a_file_over_20_megabytes_is_sent_but_not_given_back(sandbox: Sandbox, phone: Phone) -> None:
    file = Upload("x", "text/plain", bytes(20 * 1024 * 1024 + 1))
    sent = await sandbox.call("sendDocument", {"chat_id": 1001, "document": file})
    answer = await sandbox.call("getFile", {"file_id": sent["result"]["document"]["file_id"]})
    assert answer["description"] == "Bad Request: file is too big"


async def test_a_file_comes_back_as_it_was_sent(client: Client, phone: Phone) -> None:
    answer = await upload(client, "sendDocument", "document", b"hello", chat_id="1001")
    file = await client.call("getFile", file_id=answer["result"]["document"]["file_id"])
    async with client.session.get(f"{client.url}/file/bot{client.sandbox.token}/{file['file_path']}") as response:
        assert await response.read() == b"hello"
    async with client.session.get(f"{client.url}/file/bot42:x/{file['file_path']}") as response:
        assert response.status == 401


async def test_media_can_be_exchanged_by_an_attached_file(client: Client, phone: Phone) -> None:
    sent = await upload(client, "sendPhoto", "photo", png(10, 10), chat_id="1001", caption="old")
    media = '{"type":"document","media":"attach://f","caption":"new"}'
    answer = await upload(client, "editMessageMedia", "f", b"text", chat_id="1001", media=media,
                          message_id=str(sent["result"]["message_id"]))  # fmt: skip
    assert answer["ok"], answer
    assert "photo" not in answer["result"]
    assert answer["result"]["caption"] == "new"
    assert answer["result"]["document"]["file_size"] == 4


@pytest.mark.parametrize("body", [b'{"chat_id":1001,"text":"\\ud83d"}', b"\xff"])
async def test_text_that_is_no_unicode_is_refused(client: Client, phone: Phone, body: bytes) -> None:
    kind = "application/json" if body[:1] == b"{" else "application/x-www-form-urlencoded"
    address = f"{client.url}/bot{client.sandbox.token}/sendMessage"
    async with client.session.post(address, data=body, headers={"Content-Type": kind}) as response:
        assert (await response.json())["description"] == "Bad Request: strings must be encoded in UTF-8"


async def test_copies_and_forwards_carry_the_content(client: Client, phone: Phone) -> None:
    sent = await client.call("sendMessage", chat_id=phone.id, text="<b>x</b>", parse_mode="HTML")
    source = {"chat_id": phone.id, "from_chat_id": phone.id, "message_id": sent["message_id"]}
    copied = await client.call("copyMessage", **source)
    assert phone.last.id == copied["message_id"]
    assert phone.last.entities == sent["entities"]
    forwarded = await client.call("forwardMessage", **source)
    assert forwarded["forward_origin"]["sender_user"]["id"] == 42
    assert forwarded["text"] == "x"
