"""The Bot API methods that do something here. Parameters arrive checked by `schema.check`.

A method returns its `result` or raises Refusal. Only those that wait are coroutines.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .delivery import Delivery, Webhook
from .errors import Json, Refusal, bad
from .files import DOCUMENT_BYTES, DOWNLOAD_BYTES, photo_sizes
from .keyboards import reply_markup
from .markup import Formatted, formatted, utf16
from .profile import checked_commands, checked_language, scope_key
from .schema import Upload
from .world import DELETABLE, Message, Person, World


@dataclass(frozen=True, slots=True)
class Telegram:
    """What a method may touch."""

    world: World
    delivery: Delivery


Handler = Callable[[Telegram, Json], Any]
HANDLERS: dict[str, Handler] = {}

_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same"
    " as a current content and reply markup of the message"
)
_ACTIONS = (
    "cancel", "typing", "record_video", "upload_video", "record_audio", "record_voice", "upload_audio",
    "upload_voice", "upload_photo", "upload_document", "choose_sticker", "pick_up_location", "find_location",
    "record_video_note", "upload_video_note",
)  # fmt: skip
_CONTENT = (
    "text", "entities", "link_preview_options", "caption", "caption_entities", "photo", "document", "voice",
    "contact", "location", "venue", "sticker",
)  # fmt: skip


def method(handler: Handler) -> Handler:
    """Make a function the Bot API method that its name says: send_message is sendMessage."""
    HANDLERS[handler.__name__.replace("_", "")] = handler
    return handler


# the bot itself


@method
def get_me(t: Telegram, p: Json) -> Json:
    abilities = {
        "can_join_groups": True, "can_read_all_group_messages": False, "supports_guest_queries": False,
        "supports_inline_queries": False, "can_connect_to_business": False, "has_main_web_app": False,
        "has_topics_enabled": False, "allows_users_to_create_topics": False, "can_manage_bots": False,
    }  # fmt: skip
    return t.world.bot | abilities


@method
def log_out(t: Telegram, p: Json) -> bool:
    return True


@method
def close(t: Telegram, p: Json) -> bool:
    return True


# updates


@method
async def get_updates(t: Telegram, p: Json) -> list[Json]:
    t.delivery.allow(p.get("allowed_updates"))
    return await t.delivery.get_updates(p.get("offset", 0), p.get("limit", 100), p.get("timeout", 0))


@method
async def set_webhook(t: Telegram, p: Json) -> bool:
    t.delivery.allow(p.get("allowed_updates"))
    url = p.get("url", "")
    if url and not url.startswith(("http://", "https://")):
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    secret = p.get("secret_token", "")
    if len(secret) > 256 or not all(c.isascii() and (c.isalnum() or c in "-_") for c in secret):
        raise bad("secret token contains unallowed characters")
    connections = p.get("max_connections", 40)
    webhook = Webhook(url, secret or None, connections if 1 <= connections <= 100 else 40) if url else None
    await t.delivery.set_webhook(webhook, p.get("drop_pending_updates", False))
    return True


@method
async def delete_webhook(t: Telegram, p: Json) -> bool:
    await t.delivery.set_webhook(None, p.get("drop_pending_updates", False))
    return True


@method
def get_webhook_info(t: Telegram, p: Json) -> Json:
    return t.delivery.info()


# sending


def _keyboard(p: Json) -> Json | None:
    return reply_markup(p["reply_markup"]) if "reply_markup" in p else None


def _text(p: Json, too_long: str) -> Json:
    text, entities = formatted(p["text"], p.get("parse_mode"), p.get("entities"))
    if not text:
        raise bad("text must be non-empty")
    if utf16(text) > 4096:
        raise bad(too_long)
    content: Json = {"text": text}
    if entities:
        content["entities"] = entities
    if p.get("link_preview_options"):
        content["link_preview_options"] = p["link_preview_options"]
    return content


def _caption(p: Json) -> Json:
    text, entities = _formatted_caption(p)
    content: Json = {"caption": text} if text else {}
    if text and entities:
        content["caption_entities"] = entities
    return content


def _formatted_caption(p: Json) -> Formatted:
    if not p.get("caption"):
        return "", []
    text, entities = formatted(p["caption"], p.get("parse_mode"), p.get("caption_entities"))
    if utf16(text) > 1024:
        raise bad("message caption is too long")
    return text, entities


def _send(t: Telegram, p: Json, content: Json) -> Json:
    """The last steps of every sending: keyboard, chat, replied message."""
    keyboard = _keyboard(p)
    person = t.world.reachable(p["chat_id"])
    reply = p.get("reply_parameters")
    if reply and reply.get("message_id"):
        replied = person.messages.get(reply["message_id"])
        if replied is not None:
            inner = {name: value for name, value in replied.raw.items() if name != "reply_to_message"}
            content = {"reply_to_message": inner, **content}
        elif not reply.get("allow_sending_without_reply"):
            raise bad("message to be replied not found")
    if p.get("protect_content"):
        content = {**content, "has_protected_content": True}
    return t.world.sent_by_bot(person, content, keyboard).raw


@method
def send_message(t: Telegram, p: Json) -> Json:
    return _send(t, p, _text(p, "message is too long"))


def _stored(t: Telegram, given: Upload | str, p: Json, kind: str, **more: Any) -> Any:
    """A photo, document or voice as Telegram describes it, from an upload, an attach:// name or a file_id."""
    if isinstance(given, str) and given.startswith("attach://"):
        given = p.get("attached", {}).get(given.removeprefix("attach://"), "")
        if not given:
            raise bad(f"there is no {kind} in the request")
    if isinstance(given, str):
        if given.startswith(("http://", "https://")):
            raise bad("failed to get HTTP URL content")  # the sandbox never leaves this machine
        file = t.world.files.get(given)
        if file is None:
            raise bad("wrong remote file identifier specified: can't unserialize it. Wrong last symbol")
        given = Upload(file.name, file.mime, file.data)
    else:
        file = None
    if len(given.data) > DOCUMENT_BYTES:
        raise Refusal("Request Entity Too Large", 413)
    if kind == "photo":
        return photo_sizes(t.world.files, given.name, given.data)
    if not given.data:
        raise bad("file must be non-empty")
    folder = {"document": "documents", "voice": "voice"}[kind]
    file = file or t.world.files.add(folder, given.name, given.mime, given.data)
    name = {"file_name": file.name} if kind == "document" else {}
    return {**name, "mime_type": file.mime, **more, **file.described()}


@method
def send_photo(t: Telegram, p: Json) -> Json:
    caption = _caption(p)
    t.world.reachable(p["chat_id"])
    return _send(t, p, {"photo": _stored(t, p["photo"], p, "photo"), **caption})


@method
def send_document(t: Telegram, p: Json) -> Json:
    caption = _caption(p)
    t.world.reachable(p["chat_id"])
    return _send(t, p, {"document": _stored(t, p["document"], p, "document"), **caption})


@method
def send_voice(t: Telegram, p: Json) -> Json:
    caption = _caption(p)
    t.world.reachable(p["chat_id"])
    voice = _stored(t, p["voice"], p, "voice", duration=p.get("duration", 0))
    return _send(t, p, {"voice": voice, **caption})


@method
def send_contact(t: Telegram, p: Json) -> Json:
    fields = ("phone_number", "first_name", "last_name", "vcard")
    return _send(t, p, {"contact": {name: p[name] for name in fields if name in p}})


def _location(p: Json) -> Json:
    if not (-90 <= p["latitude"] <= 90 and -180 <= p["longitude"] <= 180):
        raise bad("wrong latitude or longitude specified")  # NaN ends here too
    fields = (
        "latitude",
        "longitude",
        "horizontal_accuracy",
        "live_period",
        "heading",
        "proximity_alert_radius",
    )
    return {name: p[name] for name in fields if name in p}


@method
def send_location(t: Telegram, p: Json) -> Json:
    return _send(t, p, {"location": _location(p)})


@method
def send_venue(t: Telegram, p: Json) -> Json:
    location = _location(p)
    return _send(
        t,
        p,
        {"venue": {"location": location, "title": p["title"], "address": p["address"]}, "location": location},
    )


@method
def copy_message(t: Telegram, p: Json) -> Json:
    source = _message(t, p, "message to copy", t.world.person(p["from_chat_id"]))
    content = {name: source.raw[name] for name in _CONTENT if name in source.raw}
    if "caption" in p and "text" not in content:
        content.pop("caption_entities", None)
        content.update(_caption(p))
    if not content:
        raise bad("message can't be copied")
    return {"message_id": _send(t, p, content)["message_id"]}


@method
def forward_message(t: Telegram, p: Json) -> Json:
    source = _message(t, p, "message to forward", t.world.person(p["from_chat_id"]))
    content = {name: source.raw[name] for name in _CONTENT if name in source.raw}
    origin = {"type": "user", "sender_user": source.raw["from"], "date": source.raw["date"]}
    return _send(t, p, {"forward_origin": origin, **content})


@method
def send_chat_action(t: Telegram, p: Json) -> bool:
    if p["action"].lower() not in _ACTIONS:
        raise bad("wrong parameter action in request")
    person = t.world.reachable(p["chat_id"])
    t.world.publish("action", {"phone": person.id, "action": p["action"].lower()})
    return True


# editing and deleting


def _message(t: Telegram, p: Json, what: str, person: Person) -> Message:
    message = person.messages.get(p.get("message_id", 0))
    if message is None:
        raise bad(f"{what} not found")
    return message


def _editable(t: Telegram, p: Json) -> tuple[Person, Message]:
    if "chat_id" not in p:
        if "message_id" in p:
            raise bad("chat_id is empty")
        raise bad("MESSAGE_ID_INVALID" if "inline_message_id" in p else "message identifier is not specified")
    person = t.world.person(p["chat_id"])
    message = _message(t, p, "message to edit", person)
    if not message.from_bot or (message.keyboard and "inline_keyboard" not in message.keyboard):
        raise bad("message can't be edited")  # another's message, or one that carries a reply keyboard
    if person.blocked:
        raise Refusal("Forbidden: bot was blocked by the user", 403)
    return person, message


def _edit(t: Telegram, p: Json, person: Person, message: Message, removed: tuple[str, ...], content: Json) -> Json:
    """Put `content` in the place of the fields `removed`; an edit without a keyboard takes that away."""
    keyboard = _keyboard(p)
    if keyboard and "inline_keyboard" not in keyboard:
        raise bad("Inline keyboard expected")
    raw = {name: value for name, value in message.raw.items() if name not in (*removed, "reply_markup")} | content
    if keyboard:
        raw["reply_markup"] = keyboard
    if raw == message.raw:
        raise bad(_NOT_MODIFIED)
    t.world.edited(person, message, raw, keyboard)
    return message.raw


@method
def edit_message_text(t: Telegram, p: Json) -> Json:
    if "text" not in p:
        raise bad("message text is empty")
    content = _text(p, "MESSAGE_TOO_LONG")
    person, message = _editable(t, p)
    if "text" not in message.raw:
        raise bad("there is no text in the message to edit")
    return _edit(t, p, person, message, ("text", "entities", "link_preview_options"), content)


@method
def edit_message_caption(t: Telegram, p: Json) -> Json:
    caption = _caption(p)
    person, message = _editable(t, p)
    if not any(name in message.raw for name in ("photo", "document", "voice")):
        raise bad("there is no caption in the message to edit")
    return _edit(t, p, person, message, ("caption", "caption_entities"), caption)


@method
def edit_message_reply_markup(t: Telegram, p: Json) -> Json:
    person, message = _editable(t, p)
    return _edit(t, p, person, message, (), {})


@method
def edit_message_media(t: Telegram, p: Json) -> Json:
    media = p["media"]
    kind = media["type"]
    if kind not in ("photo", "document"):
        raise bad(f"can't parse InputMedia: type {kind} is not available in the sandbox")
    caption = _caption(media)
    person, message = _editable(t, p)
    content = {kind: _stored(t, media["media"], p, kind), **caption}
    return _edit(t, p, person, message, _CONTENT, content)


@method
def delete_message(t: Telegram, p: Json) -> bool:
    person = t.world.person(p["chat_id"])
    message = _message(t, p, "message to delete", person)
    _check_deletable(t, message)
    t.world.deleted(person, [message.id])
    return True


@method
def delete_messages(t: Telegram, p: Json) -> bool:
    person = t.world.person(p["chat_id"])
    ids = p["message_ids"]
    if not ids:
        raise bad("message identifiers are not specified")
    if len(ids) > 100:
        raise bad("too many message identifiers specified")
    found = [message for message_id in ids if (message := person.messages.get(message_id))]
    for message in found:
        _check_deletable(t, message)
    t.world.deleted(person, [message.id for message in found])
    return True


def _check_deletable(t: Telegram, message: Message) -> None:
    if t.world.clock() - message.at > DELETABLE:
        raise bad("message can't be deleted for everyone")


@method
def answer_callback_query(t: Telegram, p: Json) -> bool:
    text = p.get("text", "")
    if utf16(text) > 200:
        raise bad("MESSAGE_TOO_LONG")
    answer = {"text": text, "show_alert": p.get("show_alert", False), "url": p.get("url")}
    t.world.answered(p["callback_query_id"], answer)
    return True


@method
def pin_chat_message(t: Telegram, p: Json) -> bool:
    _message(t, p, "message to pin", t.world.reachable(p["chat_id"]))
    return True


@method
def unpin_chat_message(t: Telegram, p: Json) -> bool:
    t.world.reachable(p["chat_id"])
    return True


@method
def set_message_reaction(t: Telegram, p: Json) -> bool:
    _message(t, p, "message to react", t.world.person(p["chat_id"]))
    return True


# files and chats


@method
def get_file(t: Telegram, p: Json) -> Json:
    file = t.world.files.get(p["file_id"])
    if file is None:
        raise bad("wrong file_id or the file is temporarily unavailable")
    if len(file.data) > DOWNLOAD_BYTES:
        raise bad("file is too big")
    return {**file.described(), "file_path": file.path}


@method
def get_chat(t: Telegram, p: Json) -> Json:
    person = t.world.person(p["chat_id"])
    gifts = (
        "unlimited_gifts",
        "limited_gifts",
        "unique_gifts",
        "premium_subscription",
        "gifts_from_channels",
    )
    accepted = dict.fromkeys(gifts, True)
    return {
        **person.chat,
        "accent_color_id": person.id % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": accepted,
    }


@method
def get_chat_member(t: Telegram, p: Json) -> Json:
    person = t.world.person(p["chat_id"])
    if p["user_id"] == person.id:
        return {"status": "member", "user": person.user}
    if p["user_id"] == t.world.bot["id"]:
        return {"status": "member", "user": t.world.bot}
    raise bad("PARTICIPANT_ID_INVALID")


@method
def leave_chat(t: Telegram, p: Json) -> bool:
    t.world.person(p["chat_id"])
    raise bad("chat member status can't be changed in private chats")


# commands, texts and the menu button


def _scope(t: Telegram, p: Json) -> tuple[str, str]:
    key, chat_id = scope_key(p.get("scope"))
    if chat_id is not None:
        t.world.person(int(chat_id) if str(chat_id).lstrip("-").isdigit() else chat_id)
    return key, checked_language(p.get("language_code", ""))


def _profile_changed(t: Telegram) -> bool:
    t.world.publish("profile", {})
    return True


@method
def set_my_commands(t: Telegram, p: Json) -> bool:
    key = _scope(t, p)
    commands = checked_commands(p["commands"])
    if commands:
        t.world.profile.commands[key] = commands
    else:
        t.world.profile.commands.pop(key, None)
    return _profile_changed(t)


@method
def get_my_commands(t: Telegram, p: Json) -> list[Json]:
    return t.world.profile.commands.get(_scope(t, p), [])


@method
def delete_my_commands(t: Telegram, p: Json) -> bool:
    t.world.profile.commands.pop(_scope(t, p), None)
    return _profile_changed(t)


def _profile_text(kind: str) -> None:
    """The pair setMy… and getMy… for one text."""

    def set_text(t: Telegram, p: Json) -> bool:
        t.world.profile.set_text(kind, p.get("language_code", ""), p.get(kind, ""))
        if kind == "name":
            t.world.bot = t.world.bot | {"first_name": t.world.profile.text("name", "")}
        return _profile_changed(t)

    def get_text(t: Telegram, p: Json) -> Json:
        return {kind: t.world.profile.text(kind, checked_language(p.get("language_code", "")))}

    name = kind.replace("_", "")
    HANDLERS[f"setmy{name}"] = set_text
    HANDLERS[f"getmy{name}"] = get_text


for _kind in ("name", "description", "short_description"):
    _profile_text(_kind)


@method
def set_chat_menu_button(t: Telegram, p: Json) -> bool:
    chat_id = p.get("chat_id", 0)
    if chat_id:
        t.world.person(chat_id)
    t.world.profile.menu_buttons[chat_id] = p.get("menu_button", {"type": "default"})
    return True


@method
def get_chat_menu_button(t: Telegram, p: Json) -> Json:
    buttons = t.world.profile.menu_buttons
    return buttons.get(p.get("chat_id", 0)) or buttons.get(0) or {"type": "default"}
