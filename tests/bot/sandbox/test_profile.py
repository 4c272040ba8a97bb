"""Commands, names and descriptions per language and scope."""

from typing import Any

import pytest

from bot.sandbox import Phone, Sandbox

from .conftest import Client


def commands(*names: str) -> list[dict[str, str]]:
    return [{"command": name, "description": name.upper()} for name in names]


async def test_the_menu_prefers_the_chat_then_private_chats_then_default_and_the_language_within(
    client: Client, phone: Phone, sandbox: Sandbox
) -> None:
    other = sandbox.phone(2002, language_code="ru")
    steps: list[dict[str, Any]] = [
        {"commands": commands("default")},
        {"commands": commands("default_kk"), "language_code": "kk"},
        {"commands": commands("private"), "scope": {"type": "all_private_chats"}},
        {"commands": commands("private_kk"), "scope": {"type": "all_private_chats"}, "language_code": "kk"},
        {"commands": commands("chat"), "scope": {"type": "chat", "chat_id": phone.id}},
        {"commands": commands("chat_kk"), "scope": {"type": "chat", "chat_id": phone.id}, "language_code": "kk"},
    ]
    seen = []
    for step in steps:
        await client.call("setMyCommands", **step)
        seen.append((phone.commands[0]["command"], other.commands[0]["command"]))
    assert seen == [
        ("default", "default"),
        ("default_kk", "default"),
        ("private", "private"),
        ("private_kk", "private"),
        ("chat", "private"),
        ("chat_kk", "private"),
    ]
    for step in reversed(steps):
        names = {name: value for name, value in step.items() if name != "commands"}
        assert await client.call("getMyCommands", **names) == step["commands"]
        await client.call("deleteMyCommands", **names)
        assert await client.call("getMyCommands", **names) == []
    assert phone.commands == []


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"commands": commands("Big")}, "BOT_COMMAND_INVALID"),
        ({"commands": commands("with space")}, "BOT_COMMAND_INVALID"),
        ({"commands": commands("/")}, "command must be non-empty"),
        ({"commands": commands("a" * 33)}, "command length must not exceed 32"),
        ({"commands": [{"command": "a", "description": " "}]}, "command description must be non-empty"),
        ({"commands": [{"command": "a", "description": "d" * 257}]},
         "command description length must not exceed 256"),
        ({"commands": [{"command": "a"}]}, "can't parse BotCommand: Can't find field \"description\""),
        ({"commands": commands(*["a"] * 101)}, "BOT_COMMANDS_TOO_MUCH"),
        ({"commands": "x"}, "can't parse commands JSON object"),
        ({"commands": commands("a"), "language_code": "kazakh"}, "invalid language code specified"),
        ({"commands": commands("a"), "scope": {"type": "planet"}},
         "can't parse BotCommandScope: Unsupported type specified"),
        ({"commands": commands("a"), "scope": {"type": "chat"}},
         "can't parse BotCommandScope: Can't find field \"chat_id\""),
        ({"commands": commands("a"), "scope": {"type": "chat", "chat_id": 77}}, "chat not found"),
    ],
)  # fmt: skip
async def test_bad_commands_are_refused(client: Client, params: dict[str, Any], words: str) -> None:
    assert await client.refused("setMyCommands", **params) == f"Bad Request: {words}"


@pytest.mark.parametrize(
    ("kind", "field", "longest"),
    [("Name", "name", 64), ("Description", "description", 512), ("ShortDescription", "short_description", 120)],
)
async def test_texts_are_kept_per_language_and_fall_back(client: Client, kind: str, field: str, longest: int) -> None:
    await client.call(f"setMy{kind}", **{field: "all"})
    await client.call(f"setMy{kind}", **{field: "қаз"}, language_code="kk")
    assert await client.call(f"getMy{kind}", language_code="kk") == {field: "қаз"}
    assert await client.call(f"getMy{kind}", language_code="ru") == {field: "all"}
    await client.call(f"setMy{kind}", language_code="kk")
    assert await client.call(f"getMy{kind}", language_code="kk") == {field: "all"}
    assert "INVALID" in await client.refused(f"setMy{kind}", **{field: "x" * (longest + 1)})


async def test_a_new_name_is_the_bots_name(client: Client) -> None:
    await client.call("setMyName", name="Qurmet")
    assert (await client.call("getMe"))["first_name"] == "Qurmet"


async def test_the_menu_button_is_kept_per_chat(client: Client, phone: Phone) -> None:
    assert await client.call("getChatMenuButton", chat_id=phone.id) == {"type": "default"}
    await client.call("setChatMenuButton", menu_button={"type": "commands"})
    assert await client.call("getChatMenuButton", chat_id=phone.id) == {"type": "commands"}


async def test_a_chat_and_its_member_are_described(client: Client, phone: Phone) -> None:
    chat = await client.call("getChat", chat_id=phone.id)
    assert (chat["type"], chat["first_name"]) == ("private", "Aigul")
    member = await client.call("getChatMember", chat_id=phone.id, user_id=phone.id)
    assert (member["status"], member["user"]["id"]) == ("member", phone.id)
    assert "PARTICIPANT" in await client.refused("getChatMember", chat_id=phone.id, user_id=5)
