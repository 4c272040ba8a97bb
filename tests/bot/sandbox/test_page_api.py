"""What the page stands on: the stream of events and the control of phones."""

import json
import struct
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.sandbox import Phone, Sandbox

from .conftest import Client, Clock

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 8, 8) + b"\x08\x02"
KEYBOARD = {"inline_keyboard": [[{"text": "Next", "callback_data": "n", "style": "success"}]]}


class Stream:
    """A page's event source."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def next(self, kind: str) -> dict[str, Any]:
        """The next event, which must be of this kind."""
        lines = (await self.response.content.readuntil(b"\n\n")).decode().splitlines()
        assert lines[0] == f"event: {kind}", lines
        data: dict[str, Any] = json.loads(lines[1].removeprefix("data: "))
        return data


@pytest.fixture
async def stream(client: Client, phone: Phone) -> AsyncIterator[Stream]:
    async with client.session.get(f"{client.url}/sandbox/events") as response:
        assert response.content_type == "text/event-stream"
        yield Stream(response)


async def do(client: Client, path: str, status: int = 200, **body: Any) -> dict[str, Any]:
    async with client.session.post(f"{client.url}/sandbox/phones{path}", json=body) as response:
        answer: dict[str, Any] = await response.json()
        assert (response.status, answer["ok"]) == (status, status == 200), answer
        return answer


async def test_the_stream_begins_with_all_phones(stream: Stream, phone: Phone) -> None:
    snapshot = await stream.next("snapshot")
    assert snapshot["bot"]["username"] == "sandbox_bot"
    [shown] = snapshot["phones"]
    assert shown["id"] == phone.id
    assert (shown["language_code"], shown["clock_shift"], shown["blocked"], shown["started"]) == (
        "kk", 0, False, True,
    )  # fmt: skip
    assert shown["messages"][0]["text"] == "/start"


async def test_the_stream_tells_of_messages_edits_answers_actions_and_deletions(
    stream: Stream, client: Client, phone: Phone
) -> None:
    await stream.next("snapshot")
    await do(client, "/1001/text", text="сәлем")
    event = await stream.next("message")
    assert (event["phone"], event["message"]["text"]) == (1001, "сәлем")
    await client.call("sendChatAction", chat_id=1001, action="typing")
    assert await stream.next("action") == {"phone": 1001, "action": "typing"}
    sent = await client.call("sendMessage", chat_id=1001, text="x", reply_markup=KEYBOARD)
    assert (await stream.next("message"))["message"] == sent
    pressed = await do(client, "/1001/press", message_id=sent["message_id"], row=0, column=0)
    query = pressed["callback_query_id"]
    await client.call("answerCallbackQuery", callback_query_id=query, text="ok")
    assert await stream.next("answer") == {
        "phone": 1001, "callback_query_id": query, "message_id": sent["message_id"], "data": "n",
        "text": "ok", "show_alert": False, "url": None,
    }  # fmt: skip
    await client.call("editMessageText", chat_id=1001, message_id=sent["message_id"], text="y")
    edited = (await stream.next("message"))["message"]
    assert (edited["message_id"], edited["text"], "reply_markup" in edited) == (sent["message_id"], "y", False)
    await client.call("deleteMessage", chat_id=1001, message_id=sent["message_id"])
    assert await stream.next("delete") == {"phone": 1001, "message_ids": [sent["message_id"]]}
    reply = {"keyboard": [[{"text": "Share", "request_contact": True}]], "resize_keyboard": True}
    await client.call("sendMessage", chat_id=1001, text="x", reply_markup=reply)
    assert (await stream.next("message"))["message"]["reply_markup"] == reply


async def test_the_stream_tells_of_settings_and_of_the_menu(stream: Stream, client: Client) -> None:
    await stream.next("snapshot")
    await do(client, "/1001/language", language_code="ru")
    assert (await stream.next("phone"))["language_code"] == "ru"
    await do(client, "/1001/clock", shift=-3600)
    assert (await stream.next("phone"))["clock_shift"] == -3600
    await do(client, "/1001/block")
    assert (await stream.next("phone"))["blocked"] is True
    await do(client, "/1001/unblock")
    assert (await stream.next("phone"))["blocked"] is False
    menu = [{"command": "start", "description": "Бастау"}]
    await client.call("setMyCommands", commands=menu, language_code="ru")
    assert (await stream.next("phone"))["commands"] == menu
    await client.call("setMyDescription", description="all")
    phone = await stream.next("phone")
    assert (phone["description"], "messages" in phone) == ("all", False)
    made = await do(client, "", first_name="Dana", language_code="kk", title="Reviewer")
    new = await stream.next("phone")
    assert (new["id"], new["title"], new["started"]) == (made["phone"]["id"], "Reviewer", False)
    assert made["phone"]["messages"] == []


async def test_several_pages_hear_the_same(client: Client, phone: Phone) -> None:
    address = f"{client.url}/sandbox/events"
    async with client.session.get(address) as first, client.session.get(address) as second:
        streams = [Stream(first), Stream(second)]
        for each in streams:
            await each.next("snapshot")
        phone.post("x")
        assert [(await each.next("message"))["message"]["text"] for each in streams] == ["x", "x"]


async def test_a_page_that_has_gone_is_forgotten(client: Client, sandbox: Sandbox, phone: Phone) -> None:
    async with client.session.get(f"{client.url}/sandbox/events") as response:
        await Stream(response).next("snapshot")
        assert sandbox.listeners == 1
    await sandbox.until(lambda: sandbox.listeners == 0)


async def test_a_person_sends_attachments_from_the_page(client: Client, phone: Phone) -> None:
    async def send(action: str, data: bytes, name: str, **fields: str) -> None:
        form = aiohttp.FormData(fields)
        form.add_field("file", data, filename=name)
        async with client.session.post(f"{client.url}/sandbox/phones/1001/{action}", data=form) as response:
            assert (await response.json())["ok"] is True

    await send("photo", PNG, "a.png", caption="here")
    await send("document", b"a;b", "table.csv")
    await send("voice", b"OggS", "a.oga", duration="3")
    await do(client, "/1001/location", latitude=43.24, longitude=76.9)
    await do(client, "/1001/contact", phone_number="+77010000000", first_name="Aigul")
    photo, document, voice, location, contact = [
        each["message"] for each in await client.call("getUpdates") if "message" in each
    ]
    assert (photo["photo"][-1]["width"], photo["caption"]) == (8, "here")
    assert (document["document"]["file_name"], document["document"]["mime_type"]) == ("table.csv", "text/csv")
    assert voice["voice"]["duration"] == 3
    assert location["location"] == {"latitude": 43.24, "longitude": 76.9}
    assert contact["contact"]["user_id"] == 1001
    file_id = document["document"]["file_id"]
    async with client.session.get(f"{client.url}/sandbox/files/{file_id}") as response:
        assert (response.content_type, await response.read()) == ("text/csv", b"a;b")


async def test_a_person_edits_replies_deletes_and_clears(client: Client, phone: Phone) -> None:
    await do(client, "/1001/edit", message_id=phone.last.id, text="new")
    assert phone.last.text == "new"
    await do(client, "/1001/text", text="re", reply_to_message_id=phone.last.id)
    assert phone.last.raw["reply_to_message"]["text"] == "new"
    await do(client, "/1001/delete", message_ids=[phone.last.id])
    assert phone.last.text == "new"
    cleared = phone.last.id
    await do(client, "/1001/clear")
    assert phone.messages == []
    await do(client, "/1001/edit", 404, message_id=cleared, text="x")
    async with client.session.get(f"{client.url}/sandbox/events") as response:
        assert (await Stream(response).next("snapshot"))["phones"][0]["messages"] == []


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/77/text", {"text": "x"}, 404),
        ("/1001/dance", {}, 404),
        ("/1001/text", {}, 400),
        ("/1001/text", {"text": "x" * 4097}, 400),
        ("/1001/press", {"message_id": 999, "row": 0, "column": 0}, 404),
        ("/1001/press", {"message_id": 1}, 400),
        ("/1001/press", {"message_id": "x", "row": 0, "column": 0}, 400),
        ("/1001/edit", {"message_id": 999, "text": "x"}, 404),
        ("/1001/location", {"latitude": "NaN", "longitude": 0}, 400),
        ("/1001/location", {}, 400),
        ("/1001/clock", {"shift": "1e99"}, 400),
        ("/1001/photo", {}, 400),
        ("", {}, 400),
        ("", {"id": "x", "first_name": "x"}, 400),
    ],
)
async def test_a_wrong_request_of_the_page_is_said_to_be_wrong(
    client: Client, phone: Phone, path: str, body: dict[str, Any], status: int
) -> None:
    assert (await do(client, path, status, **body))["error"]


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {"Host": "evil.example"}),
        ("GET", {"Host": "127.0.0.1.evil.example"}),
        ("POST", {"Origin": "https://evil.example"}),
        ("POST", {"Origin": "null"}),
    ],
)
async def test_foreign_hosts_and_origins_are_refused(
    client: Client, phone: Phone, method: str, headers: dict[str, str]
) -> None:
    for path in ("/", "/sandbox/events", "/sandbox/phones/1001/block", f"/bot{client.sandbox.token}/getMe"):
        async with client.session.request(method, client.url + path, headers=headers) as response:
            assert response.status == 403
    assert not phone.person.blocked


async def test_the_own_origin_and_localhost_are_served(client: Client, phone: Phone) -> None:
    host = client.url.removeprefix("http://").replace("127.0.0.1", "localhost")
    headers = {"Host": host, "Origin": f"http://{host}"}
    address = f"{client.url}/sandbox/phones/1001/block"
    async with client.session.post(address, headers=headers) as response:
        assert response.status == 200
    assert phone.person.blocked


@pytest.mark.parametrize("path", ["/page/../server.py", "/page/%2e%2e/server.py", "/page//etc/passwd", "/nothing"])
async def test_only_files_of_the_page_are_served(client: Client, path: str) -> None:
    from yarl import URL

    async with client.session.get(URL(client.url + path, encoded=True)) as response:
        assert response.status == 404


async def test_clocks_of_phones_show_in_their_messages(client: Client, phone: Phone, clock: Clock) -> None:
    await do(client, "/1001/clock", shift=7200)
    await do(client, "/1001/text", text="x")
    assert phone.last.raw["date"] == int(clock().timestamp()) + 7200


async def test_events_can_be_followed_without_http(sandbox: Sandbox, phone: Phone) -> None:
    events = sandbox.subscribe()
    assert (await anext(events)).kind == "snapshot"
    phone.post("x")
    assert (await anext(events)).data["message"]["text"] == "x"
    await events.aclose()
    assert sandbox.listeners == 0
