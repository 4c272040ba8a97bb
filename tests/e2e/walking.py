"""How people walk through the bot: what buttons say, what a screen shows, what of it is stored.

Buttons are found by the words that the catalogues have for them today, so a better translation breaks no test; a text
that the code no longer has fails by name.
"""

import html
import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.inspection import inspect

import bot.app
from bot.catalogues import extract
from bot.sandbox import Message, Phone
from handlers.texts import LOCALES, load_texts
from models.audit import verify
from models.base import Base
from models.behaviours import BEHAVIOURS, FORM_NAMES, Form
from models.flags import Ride
from models.people import Language, Person, find_person
from models.team import Member, Role
from models.updates import DeadLetter
from tests.house import PASSENGER, REVIEWER, House

Say = Callable[..., str]
Row = TypeVar("Row", bound=Base)

LANGUAGES = [language.value for language in Language]
COURSE = bot.app.load_course(LOCALES)
CODE = re.compile(r"\b\d{4}-\d{4}-\d{4}\b")
_TEXTS = load_texts()
_IDS = [message.id for message in extract() if message.id]
ENGLISH = [text for each in _IDS for text in ([each] if isinstance(each, str) else each)]
"""Every text of the code, singular and plural."""
UNCHANGED = "are exactly the same as a current content and reply markup of the message"
NOT_STARTED = ("chat not found", "bot can't initiate conversation with a user")
OFFERED = "Flag №{number} is back in the queue. {member} hears of it if they may open it."
"""What whoever hands a flag over is told, whoever is to take it."""
RIDES = {Ride.GOING_ON: "Yes, I am in the car", Ride.OVER: "No, it is over"}


def plain(text: str) -> str:
    """A text of the catalogues as it looks on a screen."""
    return html.unescape(re.sub(r"<[^>]+>", "", text))


def say(language: str) -> Say:
    """A function from an English text of the code to what a person reads in a language."""

    def said(text: str, **values: object) -> str:
        assert text in ENGLISH, f"the code no longer says {text!r}"
        return plain(_TEXTS[Language(language)](text, **values))

    return said


# what is on a screen


def labels(message: Message) -> list[str]:
    """The words on the buttons of a message."""
    return [button["text"] for row in message.buttons for button in row]


def presses(message: Message) -> list[str]:
    """The callback data of the buttons of a message."""
    return [button["callback_data"] for row in message.buttons for button in row if "callback_data" in button]


def whole(message: Message) -> str:
    """All the words of a message, those on its buttons too."""
    return "\n".join([message.text, *labels(message)])


def copied(message: Message) -> list[str]:
    """What the copy buttons of a message copy."""
    return [button["copy_text"]["text"] for row in message.buttons for button in row if "copy_text" in button]


def code_on(message: Message) -> str:
    """The one receipt code in a text."""
    (code,) = set(CODE.findall(message.text))
    return str(code)


# what people do


async def press(phone: Phone, label: str, message: Message | None = None) -> Message:
    """Press a button, on the newest message that has it or on a given one; gives the message as it then looks."""
    if message is None:
        message = next((each for each in reversed(phone.messages) if each.from_bot and label in labels(each)), None)
    assert message is not None, f"no button {label!r} on {phone.screen!r}"
    assert labels(message).count(label) == 1, f"{label!r} among {labels(message)}"
    await phone.press(label, message)
    return message


async def send(phone: Phone, text: str) -> Message:
    """Send a text and see the one message that answers it."""
    (message,) = await phone.send(text)
    return message


def taps(house: House, phone: Phone) -> int:
    """How often this person has pressed a button."""
    return sum(query.person.id == phone.id for query in house.sandbox.world.queries.values())


async def flag(phone: Phone, _: Say, code: str = "VB2", ride: Ride = Ride.OVER) -> Message:
    """Flag one behaviour the fast way, from /start on, and wait for the receipt as a message too; gives the screen."""
    screen = await send(phone, "/start")
    behaviour = BEHAVIOURS[code]
    last = "Send" if behaviour.form is Form.OTHER else behaviour.name
    for text in ["Report an incident", RIDES[ride], FORM_NAMES[behaviour.form], last]:
        await press(phone, _(text), screen)
    receipt = code_on(screen)
    await phone.until(lambda phone: phone.texts.count(receipt) == 2)
    return screen


def live(phone: Phone) -> Message:
    """The newest message of the bot that has buttons: pictures have none."""
    return next(message for message in reversed(phone.messages) if message.from_bot and message.buttons)


async def open_lesson(phone: Phone, language: str, number: int = 1) -> Message:
    """Open a lesson from the list, past the offer of a test; one that begins stands in a message of its own."""
    _, lesson = say(language), COURSE.lesson(number, language)
    await phone.send("/learn", expect=1)
    screen = live(phone)
    (label,) = (label for label in labels(screen) if label.endswith(f"{number}. {lesson.title}"))
    await press(phone, label, screen)
    if _("Straight to the lesson") not in labels(screen):
        return live(phone)
    await press(phone, _("Straight to the lesson"), screen)
    await phone.until(lambda phone: lesson.cards[0].screen.text in live(phone).text)
    await phone.until(lambda phone: "photo" in phone.messages[-1].raw)
    return live(phone)


async def take_lesson(phone: Phone, language: str, *, right: bool = True, number: int = 1) -> Message:
    """Take a lesson from where it stands to its result; every first answer is right, or none is."""
    _, lesson = say(language), COURSE.lesson(number, language)
    screen = await open_lesson(phone, language, number)
    for _card in lesson.cards:
        await press(phone, _("Next »"), screen)
    for question in lesson.questions:
        option = next(i for i, option in enumerate(question.options, 1) if option.right is right)
        await press(phone, str(option), screen)
        await press(phone, _("Finish" if question is lesson.questions[-1] else "Next »"), screen)
    return screen


def passenger(house: House, language: str = "en") -> Phone:
    """The passenger's phone; the name must never reach the team."""
    return house.sandbox.phone(PASSENGER, first_name="Aigerim <b>& co", language_code=language)


async def reviewer(house: House, language: str = "en") -> Phone:
    """The phone of the member of the team that the settings name, who has started the bot."""
    phone = house.phone(REVIEWER, language)
    await phone.send("/start")
    return phone


async def called(desk: Phone, _: Say, times: int = 1) -> None:
    """Wait until a member of the team has been told of so many flags."""
    await desk.until(lambda desk: desk.texts.count(_("There is something new in the queue.")) >= times)


# what is stored


async def stored(house: House, table: type[Row], **values: Any) -> list[Row]:
    """The rows of a table that have these values, in the order of their keys."""
    async with house.app.database.reading() as session:
        query = select(table).filter_by(**values).order_by(*inspect(table).primary_key)
        return list(await session.scalars(query))


async def person(house: House, phone: Phone) -> Person:
    """The row of the person with this phone."""
    async with house.app.database.reading() as session:
        found = await find_person(session, house.app.vault, phone.id)
    assert found is not None
    return found


async def appoint(house: House, phone: Phone, role: Role | None) -> None:
    """Make a person, who has started the bot, a member of the team, or no longer one."""
    person_id = (await person(house, phone)).id
    async with house.app.database.transaction() as session:
        if role is not None:
            await session.merge(Member(person_id=person_id, role=role, since=house.clock(), by_settings=False))
        else:
            await session.delete(await session.get_one(Member, person_id))


async def assert_sound(house: House) -> None:
    """Nothing was set aside, nothing refused by Telegram that matters, and the audit is whole."""
    letters = [letter.error for letter in await stored(house, DeadLetter)]
    assert not letters, letters
    refused = [f"{call.method}: {call.description}" for call in house.sandbox.calls if not call.ok]
    harmless = (UNCHANGED,) if house.phone(REVIEWER).person.started else (UNCHANGED, *NOT_STARTED)
    harmful = [why for why in refused if not why.endswith(harmless)]
    assert not harmful, harmful
    async with house.app.database.reading() as session:
        faults = await verify(session, house.app.vault)
    assert not faults, faults


def holds_none_of(text: str, secrets: Iterable[str]) -> bool:
    """Whether none of these words, in any case, is in a text."""
    return not any(secret.casefold() in text.casefold() for secret in secrets)
