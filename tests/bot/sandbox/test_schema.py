"""Every method of the Bot API asks for what it requires, and for the right types."""

import json
from typing import Any

import pytest

from bot.sandbox import schema
from bot.sandbox.errors import Refusal
from bot.sandbox.schema import METHODS, Upload

FILE = Upload("x.png", "image/png", b"x")
API: dict[str, Any] = schema._API


def example(kind: str, depth: int = 0) -> Any:
    """A value that fits a type."""
    simple = {"Integer": 1, "String": "x", "Integer or String": 1, "Boolean": True, "True": True, "Float": 1.5,
              "InputFile": FILE, "InputFile or String": FILE, "RichText": "x"}  # fmt: skip
    if kind in simple:
        return simple[kind]
    if kind.startswith("Array of "):
        return [example(kind.removeprefix("Array of "), depth + 1)] if depth < 6 else []
    name = kind.replace(",", " or").split(" or ")[0].split(" and ")[0]
    name = API["unions"].get(name, [name])[0]
    fields: dict[str, str] = API["types"][name]
    return {field: example(t.rstrip("*"), depth + 1) for field, t in fields.items() if t.endswith("*")}


def required(method: str) -> dict[str, Any]:
    fields: dict[str, str] = API["methods"][method]
    return {field: example(t.rstrip("*")) for field, t in fields.items() if t.endswith("*")}


def test_the_data_is_the_whole_bot_api() -> None:
    assert schema.VERSION == "Bot API 10.3"
    assert len(METHODS) == 185


@pytest.mark.parametrize("method", sorted(API["methods"]))
def test_required_parameters_are_enough_and_each_of_them_is_needed(method: str) -> None:
    params = required(method)
    compiled = METHODS[method.lower()]
    assert set(schema.check(compiled, params)) == set(params)
    for name in params:
        for nothing in ({}, {name: None}, {name: ""}):
            left = {key: value for key, value in params.items() if key != name} | nothing
            with pytest.raises(Refusal, match=r"^Bad Request: "):
                schema.check(compiled, left)


@pytest.mark.parametrize("method", sorted(API["methods"]))
def test_every_parameter_of_a_wrong_type_is_refused(method: str) -> None:
    compiled = METHODS[method.lower()]
    params = required(method)
    wrong: Any
    for name, kind in API["methods"][method].items():
        kind = kind.rstrip("*")
        wrong = {"Integer": "1x", "Float": "wide", "Boolean": "perhaps", "True": "perhaps"}.get(kind, [[]])
        if kind.startswith("Array of"):
            wrong = 5
        with pytest.raises(Refusal, match=r"^Bad Request: "):
            schema.check(compiled, params | {name: wrong})


@pytest.mark.parametrize("method", sorted(API["methods"]))
def test_objects_may_come_as_json_text(method: str) -> None:
    params = required(method)
    texts = {
        name: json.dumps(value) if isinstance(value, dict | list) else value
        for name, value in params.items()
        if "Upload" not in repr(value) or isinstance(value, Upload)
    }
    if set(texts) == set(params):
        assert schema.check(METHODS[method.lower()], texts) == schema.check(METHODS[method.lower()], params)


def test_unknown_parameters_fall_away_and_numbers_may_be_written_as_text() -> None:
    checked = schema.check(METHODS["sendmessage"], {"chat_id": "-100", "text": 5, "unheard_of": [1]})
    assert checked == {"chat_id": -100, "text": "5"}


@pytest.mark.parametrize(
    ("method", "params", "words"),
    [
        ("setMessageReaction", {"chat_id": 1, "message_id": True},
         'parameter "message_id" must be of type Integer'),
        ("sendPoll", {"chat_id": 1, "question": "x", "options": [{}]},
         "can't parse InputPollOption: Can't find field \"text\""),
        ("setWebhook", {"url": "https://example.org", "allowed_updates": "message"},
         "can't parse allowed updates JSON object"),
        ("setWebhook", {"url": "https://example.org", "certificate": "text"},
         'parameter "certificate" must be of type InputFile'),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(method: str, params: dict[str, Any], words: str) -> None:
    with pytest.raises(Refusal) as refusal:
        schema.check(METHODS[method.lower()], params)
    assert refusal.value.description == f"Bad Request: {words}"
