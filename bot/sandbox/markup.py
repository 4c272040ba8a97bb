"""From what a bot writes to text and entities, counted as Telegram counts: in UTF-16 code units.

The HTML and MarkdownV2 rules and the complaints follow TDLib's parsers; byte offsets in them are of UTF-8.
"""

import re
from collections.abc import Callable
from typing import Any

from .errors import Json, bad
from .keyboards import checked_url

Formatted = tuple[str, list[Json]]

_HTML_TYPES = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler",
    "span": "spoiler", "a": "text_link", "code": "code", "pre": "pre", "blockquote": "blockquote",
    "tg-emoji": "custom_emoji", "tg-time": "date_time",
}  # fmt: skip
_ATTRIBUTES = {"a": "href", "code": "class", "span": "class", "tg-emoji": "emoji-id", "tg-time": "unix"}
_SPACE = " \t\r\n\0\v"
_HTML_ENTITY = re.compile(r"&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|(lt|gt|amp|quot)(?![a-zA-Z]));?")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_PLAIN_TAG = re.compile(f"<({'|'.join(set(_HTML_TYPES) - {'span'})})>")  # most tags: a short cut
_STOP = re.compile(r"[<&]")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_TYPES = {*_HTML_TYPES.values(), "expandable_blockquote", "text_mention"}
_FOUND = re.compile(
    r"(?P<bot_command>(?<![\w/@#<])/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?(?![\w/]))"
    r"|(?P<url>\bhttps?://[^\s<>\"]*[^\s<>\".,;:!?)\]}'»])"
    r"|(?P<email>\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b)"
    r"|(?P<mention>(?<![\w@])@[A-Za-z]\w{3,31}\b)"
    r"|(?P<hashtag>(?<![\w#])#\w*[^\W\d]\w*)"
)
_HINTS = re.compile(r"[/@#]")


def utf16(text: str) -> int:
    """The length of `text` as Telegram counts it: an emoji is 2, a Cyrillic letter is 1."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def formatted(text: str, parse_mode: str | None, entities: Any) -> Formatted:
    """The text and the entities that Telegram makes of a bot's words; raises Refusal as Telegram words it."""
    mode = (parse_mode or "").lower()
    if mode in ("", "none"):
        found = given_entities(text, entities) if entities else []
    elif mode == "html":
        text, found = _parsed(parse_html, text)
    elif mode == "markdownv2":
        text, found = _parsed(parse_markdown, text)
    elif mode == "markdown":
        raise bad("the old Markdown mode is not available in the sandbox; use MarkdownV2 or HTML")
    else:
        raise bad("unsupported parse_mode")
    text, found = _trimmed(text, found)
    return text, with_found(text, found) if _HINTS.search(text) else found


def _parsed(parse: Callable[[str], Formatted], text: str) -> Formatted:
    try:
        return parse(text)
    except ValueError as error:
        raise bad(f"can't parse entities: {error}") from None


def _bytes(text: str, end: int) -> int:
    return len(text[:end].encode("utf-8", "surrogatepass"))


def parse_html(source: str) -> Formatted:
    """Telegram's HTML. ValueError holds Telegram's complaint."""
    out: list[str] = []
    entities: list[Json] = []
    open_tags: list[tuple[str, Json, int, int]] = []  # name, attributes, UTF-16 offset, index in `out`
    size = len if utf16(source) == len(source) else utf16  # cheap where no character takes two units
    offset = at = 0
    while at < len(source):
        stop = _STOP.search(source, at)
        end = stop.start() if stop else len(source)
        if end > at:
            out.append(source[at:end])
            offset += size(source[at:end])
        if stop is None:
            break
        at = end
        if source[at] == "&":
            character, at = _unescaped(source, at)
            out.append(character)
            offset += utf16(character)
        elif source.startswith("</", at):
            at = _close_tag(source, at, offset, open_tags, entities, out)
        else:
            name, attributes, at = _open_tag(source, at)
            open_tags.append((name, attributes, offset, len(out)))
    if open_tags:
        raise ValueError(f'Can\'t find end tag corresponding to start tag "{open_tags[-1][0]}"')
    return "".join(out), _sorted(entities)


def _unescaped(source: str, at: int) -> tuple[str, int]:
    match = _HTML_ENTITY.match(source, at)
    if match is None:
        return "&", at + 1
    hexadecimal, decimal, name = match.groups()
    if name:
        return _NAMED[name], match.end()
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    if not 0 < code < 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        return "&", at + 1
    return chr(code), match.end()


def _name_end(source: str, at: int, ends: str) -> int:
    while at < len(source) and source[at] not in ends:
        at += 1
    return at


def _skip_space(source: str, at: int) -> int:
    while at < len(source) and source[at] in _SPACE:
        at += 1
    return at


def _open_tag(source: str, begin: int) -> tuple[str, Json, int]:
    plain = _PLAIN_TAG.match(source, begin)
    if plain:
        return plain[1], {}, plain.end()
    where = f"at byte offset {_bytes(source, begin)}"
    at = _name_end(source, begin + 1, _SPACE + ">")
    if at == len(source):
        raise ValueError(f"Unclosed start tag {where}")
    name = source[begin + 1 : at].lower()
    if name not in _HTML_TYPES:
        raise ValueError(f'Unsupported start tag "{name}" {where}')
    attributes: Json = {}
    while True:
        at = _skip_space(source, at)
        if source[at : at + 1] == ">":
            break
        start = at
        at = _name_end(source, at, _SPACE + "=>")
        attribute = source[start:at].lower()
        if not attribute:
            if at == len(source):
                raise ValueError(f"Unclosed start tag {where}")
            raise ValueError(f'Empty attribute name in the tag "{name}" {where}')
        at = _skip_space(source, at)
        if source[at : at + 1] != "=":
            if name == "blockquote" and attribute == "expandable" and at < len(source):
                attributes[attribute] = ""
                continue
            raise ValueError(f'Expected equal sign in declaration of an attribute of the tag "{name}" {where}')
        attributes[attribute], at = _attribute_value(source, _skip_space(source, at + 1), name, where)
    if name == "span" and attributes.get("class") != "tg-spoiler":
        raise ValueError(f'Tag "span" must have class "tg-spoiler" {where}')
    return name, attributes, at + 1


def _attribute_value(source: str, at: int, tag: str, where: str) -> tuple[str, int]:
    if at == len(source):
        raise ValueError(f'Unclosed start tag "{tag}" {where}')
    quote = source[at]
    if quote in "'\"":
        end = source.find(quote, at + 1)
        if end < 0 or end + 1 == len(source):
            raise ValueError(f"Unclosed start tag {where}")
        return _HTML_ENTITY.sub(lambda m: _unescaped(m.group(), 0)[0], source[at + 1 : end]), end + 1
    end = at
    while end < len(source) and ((source[end].isascii() and source[end].isalnum()) or source[end] in ".-"):
        end += 1
    if source[end : end + 1] not in tuple(_SPACE + ">"):
        raise ValueError(f"Unexpected end of name token at byte offset {_bytes(source, at)}")
    return source[at:end].lower(), end


def _close_tag(
    source: str,
    begin: int,
    offset: int,
    open_tags: list[tuple[str, Json, int, int]],
    entities: list[Json],
    out: list[str],
) -> int:
    if not open_tags:
        raise ValueError(f"Unexpected end tag at byte offset {_bytes(source, begin)}")
    at = _name_end(source, begin + 2, _SPACE + ">")
    name = source[begin + 2 : at].lower()
    at = _skip_space(source, at)
    if source[at : at + 1] != ">":
        raise ValueError(f"Unclosed end tag at byte offset {_bytes(source, begin)}")
    tag, attributes, start, index = open_tags.pop()
    if name and name != tag:
        where = f"at byte offset {_bytes(source, begin)}"
        raise ValueError(f'Unmatched end tag {where}, expected "</{tag}>", found "</{name}>"')
    if offset > start:
        _add_html_entity(entities, tag, attributes, start, offset - start, "".join(out[index:]))
    return at + 1


def _add_html_entity(entities: list[Json], tag: str, attributes: Json, offset: int, length: int, inner: str) -> None:
    entity: Json = {"type": _HTML_TYPES[tag], "offset": offset, "length": length}
    argument = attributes.get(_ATTRIBUTES.get(tag, ""), "")
    last = entities[-1] if entities else {}
    same_place = last.get("offset") == offset and last.get("length") == length
    language = argument.removeprefix("language-") if argument.startswith("language-") else ""
    if tag == "a":
        linked = _link(argument or inner)
        if linked is None:
            return
        entity |= linked
    elif tag == "blockquote" and "expandable" in attributes:
        entity["type"] = "expandable_blockquote"
    elif tag == "tg-emoji":
        if not argument.isdigit() or int(argument) == 0:
            raise ValueError("Invalid custom emoji identifier specified")
        entity["custom_emoji_id"] = argument
    elif tag == "tg-time":
        if not argument.lstrip("-").isdigit():
            raise ValueError("Invalid date_time entity unix_time specified")
        entity["unix_time"] = int(argument)
        if attributes.get("format"):
            entity["date_time_format"] = attributes["format"]
    elif tag == "pre" and same_place and last["type"] == "code":
        last["type"] = "pre"
        if last.get("_language"):
            last["language"] = last["_language"]
        return
    elif tag == "code" and same_place and last["type"] == "pre":
        if language:
            last["language"] = language
        return
    elif tag == "code" and language:
        entity["_language"] = language  # counts only if a <pre> closes around it
    entities.append(entity)


def _link(url: str) -> Json | None:
    """The entity of a link; a link that is no link leaves plain text, as Telegram does."""
    user = re.match(r"tg://user\?id=(\d{1,15})$", url)
    if user:
        return {"type": "text_mention", "user": {"id": int(user[1]), "is_bot": False, "first_name": "User"}}
    try:
        return {"type": "text_link", "url": checked_url(url)}
    except ValueError:
        return None


def _sorted(entities: list[Json]) -> list[Json]:
    for entity in entities:
        entity.pop("_language", None)
    entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
    return entities


_MARKDOWN_TYPES = {
    "_": "italic", "__": "underline", "*": "bold", "~": "strikethrough", "||": "spoiler", "`": "code",
    "```": "pre", "[": "text_link", ">": "blockquote",
}  # fmt: skip
_MARKDOWN_NAMES = {
    "_": "Italic", "__": "Underline", "*": "Bold", "~": "Strikethrough", "||": "Spoiler", "`": "Code",
    "```": "Pre", "[": "TextUrl", ">": "BlockQuote",
}  # fmt: skip
_RESERVED = "_*[]()~`>#+-=|{}.!"


def parse_markdown(source: str) -> Formatted:
    """Telegram's MarkdownV2 without custom emoji and quotations. ValueError holds Telegram's complaint."""
    out: list[str] = []
    entities: list[Json] = []
    stack: list[tuple[str, int, int, str]] = []  # mark, UTF-16 offset, position in the source, language
    offset = at = 0
    while at < len(source):
        character = source[at]
        inside = stack[-1][0] if stack else ""
        if character == "\\" and at + 1 < len(source) and 0 < ord(source[at + 1]) <= 126:
            at += 1
            character = source[at]
        elif character in _RESERVED and (inside not in ("`", "```") or character == "`"):
            mark = next((m for m in ("```", "||", "__") if source.startswith(m, at)), character)
            if inside == "`":
                mark = "`"
            if inside in ("`", "```") and mark != inside:
                raise ValueError(_reserved(character))
            if mark == inside or (inside == "[" and mark == "]"):
                at = _close_mark(source, at + len(mark), stack, offset, entities)
                continue
            if mark in _MARKDOWN_TYPES and mark != ">":
                language = ""
                start = at
                at += len(mark)
                if mark == "```":
                    named = re.compile(r"([^\s`]*)\n|([^\s`]+) ").match(source, at)
                    if named:
                        language, at = named[1] or named[2] or "", named.end()
                stack.append((mark, offset, start, language))
                continue
            raise ValueError(_reserved(character))
        out.append(character)
        offset += utf16(character)
        at += 1
    if stack:
        mark, _, start, _ = stack[-1]
        raise ValueError(f"Can't find end of {_MARKDOWN_NAMES[mark]} entity at byte offset {_bytes(source, start)}")
    return "".join(out), _sorted(entities)


def _reserved(character: str) -> str:
    return f"Character '{character}' is reserved and must be escaped with the preceding '\\'"


def _close_mark(source: str, at: int, stack: list[tuple[str, int, int, str]], offset: int, entities: list[Json]) -> int:
    mark, start, _, language = stack.pop()
    entity: Json = {"type": _MARKDOWN_TYPES[mark], "offset": start, "length": offset - start}
    if language:
        entity["language"] = language
    if mark == "[":
        if source[at : at + 1] != "(":
            return at
        end = source.find(")", at)
        if end < 0:
            raise ValueError(f"Can't find end of a URL at byte offset {_bytes(source, at)}")
        linked = _link(re.sub(r"\\(.)", r"\1", source[at + 1 : end]))
        at = end + 1
        if linked is None:
            return at
        entity |= linked
    if entity["length"]:
        entities.append(entity)
    return at


def given_entities(text: str, entities: Any) -> list[Json]:
    """The `entities` parameter, checked as Telegram does; kinds that Telegram finds by itself fall away."""
    kept: list[Json] = []
    total = utf16(text)
    bounds: set[int] | None = None
    for entity in entities:
        if not isinstance(entity, dict):
            raise bad("can't parse MessageEntity: expected an Object")
        for field, kind in (("type", str), ("offset", int), ("length", int)):
            value = entity.get(field)
            if value is None:
                raise bad(f"can't parse MessageEntity: Can't find field \"{field}\"")
            if not isinstance(value, kind) or isinstance(value, bool):
                word = "String" if kind is str else "Number"
                raise bad(f'can\'t parse MessageEntity: Field "{field}" must be of type {word}')
        offset, length = entity["offset"], entity["length"]
        if not 0 <= offset <= 1_000_000:
            raise bad(f"Receive an entity with incorrect offset {offset}")
        if not 0 <= length <= 1_000_000:
            raise bad(f"Receive an entity with incorrect length {length}")
        if length == 0 or entity["type"] not in _TYPES:
            continue
        if offset + length > total:
            raise bad(
                f"Entity beginning at UTF-16 offset {offset} ends after the end of the text at UTF-16 offset {total}"
            )
        if total != len(text):
            bounds = bounds or _boundaries(text)
            place = len(text.encode("utf-16-le")[: offset * 2].decode("utf-16-le", "ignore").encode())
            if offset not in bounds:
                raise bad(f"Entity begins in a middle of a UTF-16 symbol at byte offset {place}")
            if offset + length not in bounds:
                raise bad(
                    f"Entity beginning at UTF-16 offset {offset} ends in a middle of a UTF-16 symbol"
                    f" at byte offset {place}"
                )
        kept.append(_given_entity(entity))
    return _sorted(kept)


def _given_entity(entity: Json) -> Json:
    extra = {
        "text_link": "url",
        "text_mention": "user",
        "custom_emoji": "custom_emoji_id",
        "date_time": "unix_time",
    }
    needed = extra.get(entity["type"])
    if needed and entity.get(needed) is None:
        raise bad(f"can't parse MessageEntity: Can't find field \"{needed}\"")
    kept = {name: value for name, value in entity.items() if value is not None}
    if "url" in kept:
        try:
            kept["url"] = checked_url(str(kept["url"]))
        except ValueError as error:
            raise bad(f"Entity URL '{kept['url']}' is invalid: {error}") from None
    return kept


def _boundaries(text: str) -> set[int]:
    at = 0
    bounds = {0}
    for character in text:
        at += 1 + (character > "\uffff")
        bounds.add(at)
    return bounds


def _trimmed(text: str, entities: list[Json]) -> Formatted:
    """Without control characters and white space at both ends; entities move and shrink with it."""
    if _CONTROL.search(text):
        if not entities:  # dropping a character would move them: only blanked then
            text = text.replace("\r", "")
        text = _CONTROL.sub(" ", text)
    stripped = text.strip()
    if len(stripped) == len(text) or not entities:
        return stripped, entities
    cut = utf16(text[: len(text) - len(text.lstrip())])
    end = utf16(stripped)
    kept = []
    for entity in entities:
        start = max(entity["offset"] - cut, 0)
        length = min(entity["offset"] + entity["length"] - cut, end) - start
        if length > 0:
            kept.append({**entity, "offset": start, "length": length})
    return stripped, kept


def with_found(text: str, entities: list[Json]) -> list[Json]:
    """`entities` and what Telegram finds by itself: commands, links, addresses, names, hashtags."""
    taken = [
        (entity["offset"], entity["offset"] + entity["length"])
        for entity in entities
        if entity["type"] in ("code", "pre", "text_link", "text_mention")
    ]
    found = []
    for match in _FOUND.finditer(text):
        offset = utf16(text[: match.start()])
        length = utf16(match.group())
        if not any(start < offset + length and offset < end for start, end in taken):
            found.append({"type": match.lastgroup, "offset": offset, "length": length})
    return _sorted([*entities, *found]) if found else entities
