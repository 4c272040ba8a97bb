"""Markdown to what Telegram shows, rendered once.

Authors write plain Markdown; Telegram wants a text and a list of entities that are counted in UTF-16 units.
Everything is rendered when the course is loaded, so that showing a card costs nothing but sending it.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from pydantic import BaseModel, ConfigDict

# Tables and strikethrough are switched on only to be recognised and refused by name.
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"]).disable("reference")

ALLOWED = frozenset({"inline", "text", "softbreak", "hardbreak"}) | {
    f"{kind}_{edge}"
    for kind in ("paragraph", "heading", "strong", "em", "link", "bullet_list", "ordered_list", "list_item")
    for edge in ("open", "close")
}
REFUSED = {
    "table_open": "tables are not shown by Telegram: write a list",
    "image": "images can't stand in a lesson: describe it in words",
    "html_block": "raw HTML is not allowed: use Markdown",
    "html_inline": "raw HTML is not allowed: use Markdown",
    "fence": "code blocks have no place in a lesson",
    "code_block": "text indented by four spaces becomes a code block: indent it less",
    "code_inline": "code marks (`) have no place in a lesson",
    "blockquote_open": "quotations (>) are not allowed: use quotation marks",
    "hr": "lines (---, ***) are not allowed: start a new card",
    "s_open": "strikethrough (~~) is not allowed",
}

_PARAGRAPHS = frozenset({"paragraph_open", "inline", "paragraph_close"})
_MARKS = {"strong_open": "bold", "em_open": "italic", "link_open": "text_link"}
_BLANKS = re.compile(r"[ \t\n\r\f]+")
_NOT_TEXT = re.compile(r"[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_PROSE = re.compile(r"^slug:.*|\{#[^{}]{0,80}\}|\[[ xXхХ]\]|https?://\S+")
_WORD = re.compile(r"[^\W\d_]+")
_TWINS = frozenset("aceiopxyh")  # Latin small letters that have a Cyrillic twin in Kazakh or Russian


class Rich(BaseModel):
    """A text as Telegram shows it: `entities` are MessageEntity dicts that count UTF-16 units."""

    model_config = ConfigDict(frozen=True)

    text: str
    entities: tuple[dict[str, Any], ...] = ()


def units(text: str) -> int:
    """Length of a text as Telegram counts it: in UTF-16 units, so that most emoji count twice."""
    return len(text.encode("utf-16-le")) // 2


def bold(text: str) -> Rich:
    """The whole text in bold."""
    return Rich(text=text, entities=({"type": "bold", "offset": 0, "length": units(text)},))


def join(*parts: Rich | str) -> Rich:
    """Put parts one after another, moving the entities of each to where its text now stands."""
    text = ""
    entities: list[dict[str, Any]] = []
    for part in parts:
        rich = Rich(text=part) if isinstance(part, str) else part
        start = units(text)
        entities += [{**entity, "offset": entity["offset"] + start} for entity in rich.entities]
        text += rich.text
    return Rich(text=text, entities=tuple(entities))


def render(tokens: Sequence[Token]) -> Rich:
    """Turn Markdown tokens into text and entities, without white space at either end."""
    if all(token.type in _PARAGRAPHS for token in tokens):
        paragraphs = [_paragraph(token) for token in tokens if token.type == "inline"]
        if None not in paragraphs:  # most texts: no need of a parser for HTML
            shown = [_trimmed(rich) for rich in paragraphs if rich is not None]
            return _trimmed(join(*(part for rich in shown for part in ("\n\n" * bool(rich.text), rich))))
    # Imported here because sulguk pulls in the whole bot framework where that is installed.
    from sulguk import transform_html

    result = transform_html(MARKDOWN.renderer.render(tokens, MARKDOWN.options, {}))
    return _trimmed(Rich(text=result.text, entities=tuple(dict(entity) for entity in result.entities)))


def _paragraph(inline: Token) -> Rich | None:
    """A paragraph of text with simple marks; None if there is more in it."""
    text = ""
    entities: list[dict[str, Any]] = []
    opened: list[dict[str, Any]] = []
    for child in inline.children or []:
        if child.type in ("text", "softbreak"):
            piece = _BLANKS.sub(" ", child.content if child.type == "text" else " ")
            text += piece.removeprefix(" ") if text.endswith(" ") else piece
        elif child.type in _MARKS:
            address = {"url": str(child.attrs["href"])} if child.type == "link_open" else {}
            opened.append({"type": _MARKS[child.type], "offset": units(text), **address})
        elif child.type.removesuffix("_close") + "_open" in _MARKS:
            entity = opened.pop()
            entities.append({**entity, "length": units(text) - entity["offset"]})
        else:
            return None
    return Rich(text=text, entities=tuple(entities))


def _trimmed(rich: Rich) -> Rich:
    """The text without white space at either end; marks that would reach beyond it are cut."""
    text = rich.text.strip()
    before = units(rich.text) - units(rich.text.lstrip())
    entities: list[dict[str, Any]] = []
    for entity in rich.entities:
        start = max(entity["offset"] - before, 0)
        end = min(entity["offset"] - before + entity["length"], units(text))
        if start < end:
            entities.append({**entity, "offset": start, "length": end - start})
    return Rich(text=text, entities=tuple(entities))


def plain(inline: Token) -> str | None:
    """The text of an inline token on one line, or None if it holds any markup."""
    children = inline.children or []
    if any(child.type not in ("text", "softbreak") for child in children):
        return None
    return _BLANKS.sub(" ", "".join(child.content if child.type == "text" else " " for child in children)).strip()


def refused(tokens: Sequence[Token]) -> Iterator[tuple[int, str]]:
    """Yield (line of the body counted from 0, reason) for everything that a lesson may not contain."""
    line = 0
    for token in tokens:
        line = token.map[0] if token.map else line
        if token.type.startswith(("thead", "tbody", "tr_", "th_", "td_")):
            continue
        yield from _refused_one(token, line)
        below = line
        for child in token.children or []:
            below += child.type in ("softbreak", "hardbreak")
            yield from _refused_one(child, below)


def _refused_one(token: Token, line: int) -> Iterator[tuple[int, str]]:
    href = str(token.attrs.get("href", ""))
    if token.type == "heading_open" and (token.tag != "h2" or token.level):
        yield line, "only ## headings are used, and never inside a list"
    elif token.type == "link_open" and not href.startswith("https://"):
        yield line, f"a link must begin with https://, not {href!r}"
    elif token.type not in ALLOWED and not token.type.endswith("_close"):
        yield line, REFUSED.get(token.type, f"Markdown of the kind {token.type!r} is not allowed")


def unshowable(text: str) -> Iterator[tuple[int, str]]:
    """Yield (line counted from 1, character) for control characters, which no message can carry."""
    for match in _NOT_TEXT.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.group()


def prose(line: str) -> str:
    """A line of a file without what nobody reads: keys, boxes, addresses."""
    return _NOT_PROSE.sub(" ", line)


def look_alikes(text: str) -> Iterator[tuple[int, str]]:
    """Yield (line counted from 1, word) where a letter of the wrong alphabet hides.

    That is a word with both Cyrillic and other letters, and, in a text that is mostly Cyrillic, a Latin word
    that could be a Cyrillic one by its looks (c, a, he), unless a Latin neighbour shows that it is meant.
    """
    cyrillic_text = sum(map(_cyrillic, text)) * 2 > sum(map(str.isalpha, text))
    for number, line in enumerate(text.split("\n"), 1):
        words = _WORD.findall(prose(line))
        for index, word in enumerate(words):
            cyrillic = sum(map(_cyrillic, word))
            if 0 < cyrillic < len(word):
                yield number, word
            elif cyrillic_text and _TWINS.issuperset(word.casefold()):
                neighbours = words[max(index - 1, 0) : index] + words[index + 1 : index + 2]
                if not any(not _TWINS.issuperset(other) and other.isascii() for other in neighbours):
                    yield number, word


@cache
def _cyrillic(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("CYRILLIC")
