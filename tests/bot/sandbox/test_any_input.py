"""Whatever a bot sends, it gets an answer in Telegram's form: never a broken sandbox."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox import Sandbox
from bot.sandbox.methods import HANDLERS
from bot.sandbox.schema import METHODS

SIMPLE = st.none() | st.booleans() | st.integers(-3, 8) | st.integers() | st.floats() | st.text(max_size=12)
WORDS = st.sampled_from(
    [
        "1001", "<b>x</b>", "<a href='", "HTML", "MarkdownV2", "*_", "attach://x", "{", "[]", "bold", "photo", "chat",
        "x" * 5000,
    ]
)  # fmt: skip
KEYS = st.sampled_from(
    [
        "text", "type", "offset", "length", "url", "user", "message_id", "inline_keyboard", "keyboard", "callback_data",
        "copy_text", "command", "description", "chat_id", "media", "caption", "caption_entities", "force_reply",
    ]
)  # fmt: skip
ANY = st.recursive(
    SIMPLE | WORDS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=8
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(HANDLERS) - {"getupdates", "setwebhook"}))
@settings(max_examples=15, deadline=None)
@given(data=st.data())
async def test_any_parameters_get_an_answer(name: str, data: st.DataObject) -> None:
    sandbox = Sandbox(clock=lambda: datetime(2026, 9, 1, tzinfo=UTC))
    sandbox.phone(1001).post("/start")
    sent = await sandbox.call("sendMessage", {"chat_id": 1001, "text": "x"})
    method = METHODS[name]
    params: dict[str, Any] = {"chat_id": 1001, "message_id": sent["result"]["message_id"], "text": "x"}
    params |= data.draw(st.dictionaries(st.sampled_from(sorted(method.checkers) or ["none"]), ANY, max_size=6))
    answer = await sandbox.call(name, params)
    json.dumps(answer)
    if not answer["ok"]:
        assert answer["error_code"] in (400, 403, 413)
        assert answer["description"].partition(":")[0] in ("Bad Request", "Forbidden", "Request Entity Too Large")
