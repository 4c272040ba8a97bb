"""What the page may do to a phone: POST /sandbox/phones/<id>/<action>."""

from collections.abc import Callable

from .errors import Json
from .events import Events
from .phone import Phone, Phones
from .schema import Upload
from .world import Message

_LONGEST_SHIFT = 10 * 366 * 86400.0


class Wrong(Exception):
    """A request of the page that cannot be done; `status` is the HTTP status."""

    def __init__(self, words: str, status: int = 400) -> None:
        super().__init__(words)
        self.status = status


def act(phones: Phones, events: Events, path: str, params: Json) -> Json:
    """Do what the page asks and return what the answer holds; `path` is "<id>/<action>", "" makes a phone."""
    if not path:
        return _new(phones, events, params)
    id_, _, action = path.partition("/")
    phone = next((phone for phone in phones.all if str(phone.id) == id_), None)
    if phone is None or action not in _ACTIONS:
        raise Wrong("not found", 404)
    return _ACTIONS[action](phone, params) or {}


def _new(phones: Phones, events: Events, params: Json) -> Json:
    given = params.get("id")
    phone = phones.get(
        int(given) if given is not None else None,
        first_name=_words(params, "first_name"),
        language_code=str(params.get("language_code") or "en"),
        last_name=None,
        username=None,
        title=str(params["title"]) if params.get("title") else None,
    )
    return {"phone": events.with_messages(phone.person)}


def _words(params: Json, name: str) -> str:
    words = params.get(name)
    if not isinstance(words, str) or not words.strip():
        raise Wrong(f"{name} is missing")
    return words


def _message(phone: Phone, params: Json, name: str = "message_id") -> Message:
    message = phone.person.messages.get(int(params.get(name, 0)))
    if message is None or message.hidden:
        raise Wrong("message not found", 404)
    return message


def _file(params: Json) -> Upload:
    file = params.get("file")
    if not isinstance(file, Upload):
        raise Wrong("file is missing")
    return file


def _text(phone: Phone, params: Json) -> Json:
    reply_to = _message(phone, params, "reply_to_message_id") if params.get("reply_to_message_id") else None
    return {"update_id": phone.post(_words(params, "text"), reply_to)}


def _press(phone: Phone, params: Json) -> Json:
    message = _message(phone, params)
    row, column = int(params["row"]), int(params["column"])
    if not (0 <= row < len(message.buttons) and 0 <= column < len(message.buttons[row])):
        raise Wrong("button not found", 404)
    data = message.buttons[row][column].get("callback_data")
    if data is None:
        raise Wrong("the button has no callback data")
    _, query = phone.press_button(message, data)
    return {"callback_query_id": query.id}


def _edit(phone: Phone, params: Json) -> Json:
    return {"update_id": phone.post_edit(_message(phone, params), _words(params, "text"))}


def _delete(phone: Phone, params: Json) -> None:
    ids = {int(message_id) for message_id in params.get("message_ids", [])}
    phone.delete(*(message for message in phone.messages if message.id in ids))


def _location(phone: Phone, params: Json) -> Json:
    return {"update_id": phone.post_location(float(params["latitude"]), float(params["longitude"]))}


def _contact(phone: Phone, params: Json) -> Json:
    return {"update_id": phone.post_contact(_words(params, "phone_number"), params.get("first_name") or None)}


def _photo(phone: Phone, params: Json) -> Json:
    return {"update_id": phone.post_photo(_file(params).data, params.get("caption") or None)}


def _document(phone: Phone, params: Json) -> Json:
    file = _file(params)
    return {"update_id": phone.post_document(file.data, file.name, file.mime, params.get("caption") or None)}


def _voice(phone: Phone, params: Json) -> Json:
    return {"update_id": phone.post_voice(_file(params).data, int(float(params.get("duration") or 1)))}


def _language(phone: Phone, params: Json) -> None:
    phone.set_language(_words(params, "language_code"))


def _clock(phone: Phone, params: Json) -> None:
    shift = float(params["shift"])
    if not abs(shift) <= _LONGEST_SHIFT:
        raise Wrong("shift is too long")
    phone.shift_clock(shift)


def _block(phone: Phone, params: Json) -> Json:
    return {"update_id": phone.block()}


def _unblock(phone: Phone, params: Json) -> Json:
    return {"update_id": phone.unblock()}


def _clear(phone: Phone, params: Json) -> None:
    phone.clear()


_ACTIONS: dict[str, Callable[[Phone, Json], Json | None]] = {
    "text": _text, "press": _press, "edit": _edit, "delete": _delete, "location": _location,
    "contact": _contact, "photo": _photo, "document": _document, "voice": _voice, "language": _language,
    "clock": _clock, "block": _block, "unblock": _unblock, "clear": _clear,
}  # fmt: skip
