"""Checks the parameters of every Bot API method against the Bot API as data (`bot-api.json`).

The data holds only names, types and a `*` after the type of what is required. Each type is compiled once
into a function, so that a request costs a dictionary look-up and a call for each parameter.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .errors import Json, Refusal, bad

Checker = Callable[[Any, str], Any]

_API: Json = json.loads(Path(__file__).with_name("bot-api.json").read_text("utf-8"))
VERSION: str = _API["version"]
_INTEGER = re.compile(r"-?\d{1,19}\Z")
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

# What Telegram says when a parameter is missing; the others get `parameter "x" is required`.
_MISSING = {
    "chat_id": "chat_id is empty",
    "text": "message text is empty",
    "photo": "there is no photo in the request",
    "document": "there is no document in the request",
    "voice": "there is no voice in the request",
    "file_id": "file_id not specified",
    "latitude": "latitude is empty",
    "longitude": "longitude is empty",
    "user_id": "invalid user_id specified",
    "action": "wrong parameter action in request",
    "callback_query_id": "query is too old and response timeout expired or query ID is invalid",
}
_NOT_JSON = {
    "reply_markup": "can't parse reply keyboard markup JSON object",
    "scope": "can't parse BotCommandScope JSON object",
}
_NOT_THIS = {"reply_markup": "object expected as reply markup", "scope": "BotCommandScope must be an Object"}

# Telegram words its complaints about these itself: only "is it an object, is it a list" is asked here.
_CHECKED_ELSEWHERE = {
    "InlineKeyboardMarkup": dict,
    "InlineKeyboardMarkup or ReplyKeyboardMarkup or ReplyKeyboardRemove or ForceReply": dict,
    "Array of MessageEntity": list,
    "Array of BotCommand": list,
    "BotCommandScope": dict,
}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came as a part of a multipart request."""

    name: str
    mime: str
    data: bytes

    def __repr__(self) -> str:
        return f"Upload({self.name!r}, {self.mime!r}, {len(self.data)} bytes)"


@dataclass(frozen=True, slots=True)
class Method:
    """A compiled method: how to check each parameter, and which must be there."""

    name: str
    checkers: dict[str, Checker]
    required: tuple[str, ...]


def _mismatch(name: str, expected: str) -> Refusal:
    return bad(f'parameter "{name}" must be of type {expected}')


def _integer(value: Any, name: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _INTEGER.match(value):
        return int(value)
    raise _mismatch(name, "Integer")


def _string(value: Any, name: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)  # Telegram takes a JSON number where it wants a string
    raise _mismatch(name, "String")


def _integer_or_string(value: Any, name: str) -> int | str:
    if isinstance(value, str):
        return int(value) if _INTEGER.match(value) else value
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _mismatch(name, "Integer or String")


def _boolean(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return value
    found = _BOOLEANS.get(str(value).lower()) if isinstance(value, str | int) else None
    if found is None:
        raise _mismatch(name, "Boolean")
    return found


def _float(value: Any, name: str) -> float:
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            return float(value)
        except ValueError:
            pass
    raise _mismatch(name, "Float")


def _file(value: Any, name: str) -> Upload:
    if isinstance(value, Upload):
        return value
    raise _mismatch(name, "InputFile")


def _file_or_string(value: Any, name: str) -> Upload | str:
    return value if isinstance(value, Upload) else _string(value, name)


_SIMPLE: dict[str, Checker] = {
    "Integer": _integer,
    "String": _string,
    "Integer or String": _integer_or_string,
    "Boolean": _boolean,
    "True": _boolean,
    "Float": _float,
    "InputFile": _file,
    "InputFile or String": _file_or_string,
    "RichText": lambda value, name: value,  # a string, a list or an object: nothing to tell apart
}


def _decoded(value: Any, name: str, kind: type) -> Any:
    """An object or a list, which may come as JSON text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise bad(_NOT_JSON.get(name, f"can't parse {name.replace('_', ' ')} JSON object")) from None
    if isinstance(value, kind):
        return value
    words = f"object expected as {name.replace('_', ' ')}" if kind is dict else f"expected an Array of {name}"
    raise bad(_NOT_THIS.get(name, words))


@cache
def checker(kind: str) -> Checker:
    """The check for a type of the Bot API; it returns the value in its Python form or raises Refusal."""
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if kind in _CHECKED_ELSEWHERE:
        shape = _CHECKED_ELSEWHERE[kind]
        return lambda value, name: _decoded(value, name, shape)
    if kind.startswith("Array of "):
        return _array(kind.removeprefix("Array of "))
    names = re.split(r" or |, | and ", kind)
    if len(names) == 1:
        names = _API["unions"].get(kind, names)
    return _object(names[0]) if len(names) == 1 else _union(kind, tuple(names))


def _array(item: str) -> Checker:
    def check(value: Any, name: str) -> Any:
        one = checker(item)
        return [one(each, name) for each in _decoded(value, name, list)]

    return check


def _union(kind: str, names: tuple[str, ...]) -> Checker:
    def check(value: Any, name: str) -> Any:
        value = _decoded(value, name, dict)
        for each in names:
            try:
                return checker(each)(value, name)
            except Refusal:
                continue
        raise bad(f"can't parse {kind}: wrong object in {name}")

    return check


def _object(kind: str) -> Checker:
    def check(value: Any, name: str) -> Any:
        value = _decoded(value, name, dict)
        fields = _fields(kind)
        for field, (one, required) in fields.items():
            if value.get(field) is None:
                if required:
                    raise bad(f"can't parse {kind}: Can't find field \"{field}\"")
            else:
                one(value[field], field)
        return value

    return check


@cache
def _fields(kind: str) -> dict[str, tuple[Checker, bool]]:
    fields: dict[str, str] = _API["types"][kind]
    return {name: (checker(t.rstrip("*")), t.endswith("*")) for name, t in fields.items()}


def _compile(name: str, fields: dict[str, str]) -> Method:
    required = [field for field, kind in fields.items() if kind.endswith("*")]
    required.sort(key=lambda field: field != "text")  # Telegram looks at the text before the chat
    return Method(name, {field: checker(kind.rstrip("*")) for field, kind in fields.items()}, tuple(required))


METHODS: dict[str, Method] = {name.lower(): _compile(name, fields) for name, fields in _API["methods"].items()}


def check(method: Method, params: Json) -> Json:
    """The known parameters in their Python form (unknown ones fall away); raises Refusal as Telegram would.

    None and the empty string count as "not given".
    """
    checked: Json = {}
    checkers = method.checkers
    for name, value in params.items():
        one = checkers.get(name)
        if one is not None and value is not None and value != "":
            checked[name] = one(value, name)
    for name in method.required:
        if name not in checked:
            raise bad(_MISSING.get(name, f'parameter "{name}" is required'))
    return checked
