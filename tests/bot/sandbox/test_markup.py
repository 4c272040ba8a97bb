"""Text and entities as Telegram counts them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.errors import Refusal
from bot.sandbox.markup import formatted, parse_html, utf16, with_found


def entity(kind: str, offset: int, length: int, **more: object) -> dict[str, object]:
    return {"type": kind, "offset": offset, "length": length, **more}


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("plain", "plain", []),
        ("<b>a</b>", "a", [entity("bold", 0, 1)]),
        ("<STRONG>a</Strong>", "a", [entity("bold", 0, 1)]),
        ("😀<i>қ</i>", "😀қ", [entity("italic", 2, 1)]),
        ("<b>1<i>2</i></b>", "12", [entity("bold", 0, 2), entity("italic", 1, 1)]),
        ("<b></b>x", "x", []),
        ("<b>a</>", "a", [entity("bold", 0, 1)]),
        ("&lt;b&gt; &amp; &quot; &#1179; &#x49b; &nbsp; &", '<b> & " қ қ &nbsp; &', []),
        ('<a href="https://example.org?a=1&amp;b=2">x</a>', "x",
         [entity("text_link", 0, 1, url="https://example.org/?a=1&b=2")]),
        ("<a>example.org</a>", "example.org", [entity("text_link", 0, 11, url="http://example.org/")]),
        ('<a href="not a link">x</a>', "x", []),
        ('<pre><code class="language-python">x</code></pre>', "x", [entity("pre", 0, 1, language="python")]),
        ('<code class="language-python">x</code>', "x", [entity("code", 0, 1)]),
        ('<span class="tg-spoiler">x</span>', "x", [entity("spoiler", 0, 1)]),
        ("<blockquote expandable>x</blockquote>", "x", [entity("expandable_blockquote", 0, 1)]),
        ('<tg-emoji emoji-id="5368324170671202286">👍</tg-emoji>', "👍",
         [entity("custom_emoji", 0, 2, custom_emoji_id="5368324170671202286")]),
        ('<tg-time unix="1647531900" format="wDT">soon</tg-time>', "soon",
         [entity("date_time", 0, 4, unix_time=1647531900, date_time_format="wDT")]),
    ],
)  # fmt: skip
def test_html_becomes_text_and_entities(source: str, text: str, entities: list[object]) -> None:
    assert formatted(source, "HTML", None) == (text, entities)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("қ<x>a</x>", 'Unsupported start tag "x" at byte offset 2'),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<b>қ</i>", 'Unmatched end tag at byte offset 5, expected "</b>", found "</i>"'),
        ("a</b>", "Unexpected end tag at byte offset 1"),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("<b>a</b", "Unclosed end tag at byte offset 4"),
        ("<a href>x</a>", 'Expected equal sign in declaration of an attribute of the tag "a" at byte offset 0'),
        ("<a href=x!>x</a>", "Unexpected end of name token at byte offset 8"),
        ('<a href="x>x</a>', "Unclosed start tag at byte offset 0"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ('<tg-emoji emoji-id="x">x</tg-emoji>', "Invalid custom emoji identifier specified"),
    ],
)
def test_bad_html_is_refused_in_telegrams_words(source: str, words: str) -> None:
    with pytest.raises(Refusal) as refusal:
        formatted(source, "HTML", None)
    assert refusal.value.description == f"Bad Request: can't parse entities: {words}"


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("*a* _b_ __c__ ~d~ ||e||", "a b c d e", [
            entity("bold", 0, 1), entity("italic", 2, 1), entity("underline", 4, 1),
            entity("strikethrough", 6, 1), entity("spoiler", 8, 1)]),
        ("`a_b` ```py\nx```", "a_b x", [entity("code", 0, 3), entity("pre", 4, 1, language="py")]),
        ("[x](https://example.org/)", "x", [entity("text_link", 0, 1, url="https://example.org/")]),
        (r"1\.5 \*", "1.5 *", []),
    ],
)  # fmt: skip
def test_markdown_becomes_text_and_entities(source: str, text: str, entities: list[object]) -> None:
    assert formatted(source, "MarkdownV2", None) == (text, entities)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("Hi.", "Character '.' is reserved and must be escaped with the preceding '\\'"),
        ("қ *a", "Can't find end of Bold entity at byte offset 3"),
        ("[x](https://example.org/", "Can't find end of a URL at byte offset 3"),
    ],
)
def test_bad_markdown_is_refused_in_telegrams_words(source: str, words: str) -> None:
    with pytest.raises(Refusal) as refusal:
        formatted(source, "markdownv2", None)
    assert refusal.value.description == f"Bad Request: can't parse entities: {words}"


@pytest.mark.parametrize(
    ("entities", "words"),
    [
        (["x"], "can't parse MessageEntity: expected an Object"),
        ([{"type": "bold", "offset": 0}], 'can\'t parse MessageEntity: Can\'t find field "length"'),
        ([entity("bold", "0", 1)], 'can\'t parse MessageEntity: Field "offset" must be of type Number'),  # type: ignore[arg-type]
        ([entity("bold", -1, 1)], "receive an entity with incorrect offset -1"),
        ([entity("bold", 0, 9)],
         "entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 4"),
        ([entity("bold", 2, 1)], "entity begins in a middle of a UTF-16 symbol at byte offset 1"),
        ([entity("text_link", 0, 1)], 'can\'t parse MessageEntity: Can\'t find field "url"'),
    ],
)  # fmt: skip
def test_bad_entities_are_refused(entities: list[object], words: str) -> None:
    with pytest.raises(Refusal) as refusal:
        formatted("a😀b", None, entities)
    assert refusal.value.description == f"Bad Request: {words}"


def test_entities_move_and_shrink_with_the_white_space_that_telegram_cuts() -> None:
    text, entities = formatted("  ab  ", None, [entity("bold", 0, 3), entity("italic", 4, 2)])
    assert (text, entities) == ("ab", [entity("bold", 0, 1)])


def test_commands_and_links_are_found_but_not_inside_code() -> None:
    text = "😀 /start_me http://example.org/a. a@b.kz @aigul #құрмет /x/y"
    found = [(each["type"], text.encode("utf-16-le")[2 * each["offset"] :][: 2 * each["length"]].decode("utf-16-le"))
             for each in with_found(text, [])]  # fmt: skip
    assert found == [
        ("bot_command", "/start_me"),
        ("url", "http://example.org/a"),
        ("email", "a@b.kz"),
        ("mention", "@aigul"),
        ("hashtag", "#құрмет"),
    ]
    assert formatted("<code>/start</code>", "HTML", None)[1] == [entity("code", 0, 6)]


def test_an_unknown_parse_mode_is_refused() -> None:
    with pytest.raises(Refusal, match="Bad Request: unsupported parse_mode"):
        formatted("x", "HTML5", None)


@given(st.text())
def test_any_text_either_parses_with_entities_inside_it_or_is_refused(source: str) -> None:
    try:
        text, entities = parse_html(source)
    except ValueError:
        return
    for each in entities:
        assert 0 <= each["offset"] < each["offset"] + each["length"] <= utf16(text)


@given(st.text(st.characters(exclude_characters="<&", exclude_categories=("Cs",))))
def test_text_without_markup_stays_as_it_is(source: str) -> None:
    assert parse_html(source) == (source, [])
