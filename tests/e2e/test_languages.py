"""Languages: from Telegram at first, then as the person chose; kept, and whole on every screen that can be reached."""

import re
from collections import deque

import pytest

from bot.sandbox import Message, Phone
from bot.sandbox.api import Call
from handlers.home import LANGUAGE_NAMES
from handlers.menu import EVERYONE
from handlers.presses import ExitPress
from models.behaviours import BEHAVIOURS, Form, behaviours_of
from models.markup import units
from models.people import Language
from models.team import Role
from tests.e2e.conftest import QUICK
from tests.e2e.walking import (
    COURSE,
    ENGLISH,
    LANGUAGES,
    appoint,
    assert_sound,
    called,
    flag,
    labels,
    passenger,
    person,
    plain,
    press,
    presses,
    reviewer,
    say,
    send,
    whole,
)
from tests.house import OWNER, PASSENGER, House, open_house

COMMANDS = [f"/{name}" for name in EVERYONE]
HOME, EXIT = "home:start:", ExitPress().pack()


@pytest.mark.parametrize(
    ("telegram", "expected"),
    [("kk", "kk"), ("ru", "ru"), ("en", "en"), ("ru-RU", "ru"), ("en-GB", "en"), ("de", "kk"), ("", "kk")],
)
async def test_the_first_language_is_that_of_telegram_and_else_the_default(
    small_house: House, telegram: str, expected: str
) -> None:
    phone = small_house.phone(PASSENGER, telegram)
    screen = await send(phone, "/start")
    assert f"🌐 {LANGUAGE_NAMES[Language(expected)]}" in labels(screen)
    assert say(expected)("Report an incident") in labels(screen)
    assert (await person(small_house, phone)).language == expected


async def test_the_language_is_switched_in_place_and_kept(database_url: str) -> None:
    async with open_house(database_url, **QUICK) as house:
        phone = house.phone(PASSENGER, "en")
        screen = await send(phone, "/start")
        for language in (Language.KAZAKH, Language.RUSSIAN, Language.ENGLISH, Language.KAZAKH):
            await press(phone, next(label for label in labels(screen) if label.startswith("🌐")), screen)
            assert {label.removeprefix("✓ ") for label in labels(screen)} > set(LANGUAGE_NAMES.values())
            name = LANGUAGE_NAMES[language]
            await press(phone, name, screen)
            assert f"🌐 {name}" in labels(screen)
            assert say(language.value)("Lessons for drivers") in labels(screen)
        assert [message for message in phone.messages if message.from_bot] == [screen]
        await assert_sound(house)
    async with open_house(database_url, sandbox=house.sandbox, clock=house.clock, **QUICK) as house:
        phone.set_language("ru")
        assert say("kk")("Lessons for drivers") in labels(await send(phone, "/start"))


async def test_the_teams_menu_follows_the_language_that_a_member_chooses(small_house: House) -> None:
    desk = await reviewer(small_house, "en")
    await press(desk, LANGUAGE_NAMES[Language.KAZAKH], await send(desk, "/language"))
    queue = say("kk")("queue of flags")

    def is_theirs(call: Call) -> bool:
        return call.method == "setMyCommands" and "chat_id" in str(call.params) and queue in str(call.params)

    await desk.until(lambda _phone: any(map(is_theirs, small_house.sandbox.calls)))
    await assert_sound(small_house)


async def test_until_somebody_chooses_the_bot_follows_telegrams_language(small_house: House) -> None:
    phone = small_house.phone(PASSENGER, "ru")
    await send(phone, "/start")
    phone.set_language("kk")
    assert say("kk")("Help now") in labels(await send(phone, "/start"))
    phone.set_language("de")
    assert say("kk")("Help now") in labels(await send(phone, "/start"))


@pytest.mark.menu
async def test_the_commands_are_described_in_each_language(small_house: House) -> None:
    for number, language in enumerate(LANGUAGES):
        phone, _ = small_house.phone(PASSENGER + 50 + number, language), say(language)
        expected = {name: _(what) for name, what in EVERYONE.items()}
        await small_house.sandbox.until(
            lambda phone=phone, expected=expected: (
                {each["command"]: each["description"] for each in phone.commands} == expected
            )
        )


def english_left(language: str) -> re.Pattern[str]:
    """What must not be read in this language: pieces of English texts that its catalogue translates otherwise."""
    _ = say(language)
    pieces: set[str] = set()
    for text in ENGLISH:
        if _(text) != plain(text):
            pieces |= {piece.strip() for piece in re.split(r"\{\w+\}|\n|/\w+", plain(text))}
    worth = [piece for piece in pieces if re.search(r"[A-Za-z]{4}", piece)]
    return re.compile(r"(?<![\w/])(" + "|".join(map(re.escape, sorted(worth, key=len, reverse=True))) + r")(?!\w)")


def assert_whole(message: Message, english: re.Pattern[str] | None) -> None:
    """A screen is within Telegram's limits and in one language."""
    assert 0 < units(message.text) <= 4096
    assert all(len(data.encode()) <= 64 for data in presses(message))
    assert all(label.strip() for label in labels(message))
    shown = whole(message).replace("Choose a language", "").replace("English", "")
    assert "{" not in shown
    assert english is None or (found := english.search(shown)) is None, found.group()


OF_A_REPORT = (
    "report:", "own:", "form:", "capsule:", "consent:", "piece:", "talk:", "history:", "phrase:", "erase:",
    "home:help", "home:text", "rights:",
)  # fmt: skip
"""How the buttons begin that show something of a report, or of help."""


def assert_safe(message: Message, *, with_help: bool = False) -> None:
    """The quick exit is in the last row; if asked for, help is one tap away, or its number is on the screen."""
    data = presses(message)
    assert EXIT in [button.get("callback_data") for button in message.buttons[-1]], message.text
    assert data.count(EXIT) == 1, message.text
    assert not with_help or "112" in message.text or any(each.startswith("home:help") for each in data), message.text


def meaning(data: str) -> str:
    """What a button does, whichever draft or report it names."""
    if data.startswith(("exam:answer", "daily:answer", "daily:hour", "queue:", "search:")):
        return ":".join(data.split(":")[:2])
    if data.startswith("report:"):
        return re.sub(r"^(report:\w+):[^:]*", r"\1:", data)
    if data.startswith("own:"):
        return re.sub(r"^(own:\w+):.*", r"\1:", data)
    return re.sub(r"^((review|close|category|merge|flag|note):\w+):\d+", r"\1:", data)


async def crawl(
    phone: Phone, commands: list[str], language: str, only: str | tuple[str, ...] = ""
) -> dict[str, set[str]]:
    """Press every button that can be reached and begins with `only`, breadth first; gives what each leads to.

    Whatever shows something of a report has the quick exit; on the fast way help is one tap away.
    """
    english = english_left(language) if language != "en" else None
    others = [f"home:choose:{other}" for other in LANGUAGES if other != language]
    others += [f"learn:{step}:{each}:" for each in COURSE.numbers if each != 1 for step in ("step", "answer", "finish")]
    waiting: deque[str] = deque()
    led: dict[str, set[str]] = {}

    def look(message: Message) -> set[str]:
        assert_whole(message, english)
        found = presses(message)
        waiting.extend(data for data in found if data.startswith(only) and meaning(data) not in led)
        return set(map(meaning, found))

    screen = None
    for command in commands:
        screen = await send(phone, command)
        assert look(screen), f"{command} leads nowhere"
    assert screen is not None
    while waiting:
        data = waiting.popleft()
        if meaning(data) in led or any(map(data.startswith, others)):
            continue
        if data.startswith(("report:form", "report:send")) and ":over:" in data:  # the same as during the ride
            continue
        if data == "data:delete" and set(waiting) - {data}:  # last, or little would be left to see
            waiting.append(data)
            continue
        newest = phone.last.id
        await phone.press_data(data, screen)
        if data == "exit":  # the screens before are gone, and one is left
            (screen,) = phone.messages
        led[meaning(data)] = look(screen)
        if data.startswith(OF_A_REPORT):
            assert_safe(screen, with_help=data.startswith("report:"))
        for message in phone.messages:
            if message.id > newest and "contact" not in message.raw:
                led[meaning(data)] |= look(message)
        assert len(led) < 400
    return led


async def test_no_button_is_dead_and_none_speaks_another_language(house: House, language: str) -> None:
    phone = passenger(house, language)
    led = await crawl(phone, COMMANDS, language)
    assert {"data:delete", "own:withdrawn:", "learn:finish:1::", "exam:answer", HOME} <= led.keys()
    for wanted in (
        "form:drop",
        "home:text",
        "capsule:at",
        "form:send",
        "form:toggle",
        "own:list",
        "piece:",
        "consent:",
    ):
        assert any(data.startswith(wanted) for data in led), wanted
    assert sum(each.startswith("report:send:") for each in led) == len(BEHAVIOURS) + sum(
        len(behaviours_of(form, by_passenger=True)) for form in Form
    )
    assert_there_is_a_way_back(led)
    await assert_sound(house)


async def test_no_button_of_the_desk_is_dead_and_none_speaks_another_language(house: House, language: str) -> None:
    phone, desk = passenger(house), house.phone(OWNER, language)
    await reviewer(house)
    await send(desk, "/start")
    await appoint(house, desk, Role.REVIEWER)
    screen = await flag(phone, say("en"), "PH1")
    await called(desk, say(language))
    for asked, words in (("Add the plate", "777 ABE 05"), ("Add your words", "Сол күні")):
        await press(phone, asked, screen)
        screen = await send(phone, words)
    begin = ["/queue", "/flag", "/search", "/search 1", "/flag 1", "/flag 7"]
    led = await crawl(desk, begin, language, ("review:", "queue:", "search:"))
    await press(desk, say(language)("Claim"), await send(desk, "/flag 1"))
    for only in (("category:", "merge:", "flag:give", "note:"), ("close:",), ("close:",)):  # closed, then reopened
        for data, shown in (await crawl(desk, ["/flag 1"], language, only)).items():
            led.setdefault(data, set()).update(shown)
    assert {"review:read:::0", "review:claim:::0", "review:release:::0"} <= led.keys()
    seen = {":".join(each.split(":")[:2]) for each in led}
    assert {"category:toggle", "category:set", "note:ask", "merge:list", "flag:give"} <= seen
    assert {"close:close", "close:reopened", "queue:form", "search:form"} <= seen
    assert_there_is_a_way_back(led)
    await assert_sound(house)


def assert_there_is_a_way_back(led: dict[str, set[str]]) -> None:
    """From every screen the first one is at most three presses away."""
    home = {meaning(HOME)}
    near = {each for each, next_ in led.items() if each in home or next_ & home}
    for _step in range(2):
        near |= {each for each, next_ in led.items() if next_ & near}
    assert led.keys() - near == set()
