"""What Telegram accepts as a keyboard, and what it says when it does not."""

from typing import Any
from urllib.parse import urlsplit

from .errors import Json, bad

_BUTTON_FIELDS = (
    "text", "icon_custom_emoji_id", "style", "url", "callback_data", "web_app", "login_url",
    "switch_inline_query", "switch_inline_query_current_chat", "switch_inline_query_chosen_chat", "copy_text",
    "callback_game", "pay", "disabled",
)  # fmt: skip
_STYLES = ("danger", "success", "primary")
_MOST_BUTTONS = 100


def reply_markup(value: Json) -> Json | None:
    """The keyboard as Telegram keeps it, or None when it holds nothing; raises Refusal."""
    if value.get("keyboard"):
        return _reply_keyboard(value)
    if value.get("inline_keyboard"):
        return _inline_keyboard(value["inline_keyboard"])
    for flag in ("remove_keyboard", "force_reply"):
        if value.get(flag):
            kept = (flag, "selective", "input_field_placeholder")
            return {name: value[name] for name in kept if value.get(name)}
    return None


def _inline_keyboard(rows: Any) -> Json | None:
    if not isinstance(rows, list):
        raise bad('Field "inline_keyboard" must be of type Array')
    kept = []
    for row in rows:
        if not isinstance(row, list):
            raise bad('Field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
        if row:
            kept.append([_inline_button(button) for button in row])
    if sum(map(len, kept)) > _MOST_BUTTONS:
        raise bad("reply markup is too long")
    return {"inline_keyboard": kept} if kept else None


def _inline_button(button: Any) -> Json:
    wrong = "Can't parse inline keyboard button: "
    if not isinstance(button, dict):
        raise bad(wrong + "InlineKeyboardButton must be an Object")
    kept = {name: button[name] for name in _BUTTON_FIELDS if button.get(name) is not None}
    text = _text(kept, wrong)
    if not text.strip():
        raise bad("Inline keyboard button text must be non-empty")
    _style(kept, wrong)
    if kept.get("url"):
        kept["url"] = _checked_url(kept["url"], wrong)
    elif kept.get("callback_data"):
        data = kept["callback_data"]
        if not isinstance(data, str):
            raise bad(wrong + 'Field "callback_data" must be of type String')
        if len(data.encode()) > 64:
            raise bad("BUTTON_DATA_INVALID")
    elif "copy_text" in kept:
        copied = kept["copy_text"]
        if not isinstance(copied, dict):
            raise bad(wrong + 'Field "copy_text" must be of type Object')
        if not 1 <= len(_text(copied, wrong)) <= 256:
            raise bad("BUTTON_COPY_TEXT_INVALID")
    elif not any(name in kept for name in _BUTTON_FIELDS[5:]):
        raise bad(wrong + "Text buttons are unallowed in the inline keyboard")
    return kept


def _reply_keyboard(value: Json) -> Json:
    wrong = "Can't parse keyboard button: "
    rows = []
    if not isinstance(value["keyboard"], list):
        raise bad('Field "keyboard" must be of type Array')
    for row in value["keyboard"]:
        if not isinstance(row, list):
            raise bad('Field "keyboard" must be an Array of Arrays')
        buttons = []
        for given in row:
            button = {"text": given} if isinstance(given, str) else given
            if not isinstance(button, dict):
                raise bad(wrong + "KeyboardButton must be a String or an Object")
            _text(button, wrong)
            _style(button, wrong)
            buttons.append({name: each for name, each in button.items() if each is not None})
        rows.append(buttons)
    flags = ("is_persistent", "resize_keyboard", "one_time_keyboard", "input_field_placeholder", "selective")
    return {"keyboard": rows} | {name: value[name] for name in flags if value.get(name)}


def _text(holder: Json, wrong: str) -> str:
    text = holder.get("text")
    if text is None:
        raise bad(wrong + 'Can\'t find field "text"')
    if not isinstance(text, str):
        raise bad(wrong + 'Field "text" must be of type String')
    return text


def _style(button: Json, wrong: str) -> None:
    if button.get("style") is not None and button["style"] not in _STYLES:
        raise bad(wrong + "invalid button style specified")


def _checked_url(url: Any, wrong: str) -> str:
    if not isinstance(url, str):
        raise bad(wrong + 'Field "url" must be of type String')
    try:
        return checked_url(url)
    except ValueError as error:
        raise bad(f"Inline keyboard button URL '{url}' is invalid: {error}") from None


def checked_url(url: str) -> str:
    """A link as Telegram stores it: no scheme becomes http, no path becomes /. ValueError: what is wrong."""
    link = url.strip()
    if link.startswith(("tg://", "ton://", "tonsite://")):
        return link
    parts = urlsplit(link if "://" in link else f"http://{link}")
    if parts.scheme.lower() not in ("http", "https"):
        raise ValueError("Unsupported URL protocol")
    host = parts.netloc.rsplit("@", 1)[-1]
    if not host:
        raise ValueError("URL host is empty")
    if "." not in host or any(character.isspace() for character in link):
        raise ValueError("Wrong HTTP URL")
    return parts._replace(scheme=parts.scheme.lower(), path=parts.path or "/").geturl()
