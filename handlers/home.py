"""The first screen, the choice of language, and what the bot is for."""

from aiogram import Router
from aiogram.filters import Command, CommandStart
from aiogram.methods import SendContact
from aiogram.types import CallbackQuery, Message

from handlers.presses import Action, HomePress, LearnPress, OwnPress, ReportPress, ReviewPress
from handlers.screens import DANGER, PRIMARY, Event, Method, Row, button, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.people import Language
from models.team import role_of
from models.words import N_

LANGUAGE_NAMES = {Language.KAZAKH: "Қазақша", Language.RUSSIAN: "Русский", Language.ENGLISH: "English"}

HELP_LINES = {
    "112": N_("one emergency number, free, at any hour"),
    "102": N_("police"),
    "103": N_("ambulance"),
    "111": N_("family, women, children: advice, psychologist, at any hour"),
}
"""Sources: egov.kz, turantimes.kz, apgazeta.kz; last checked on 21 July 2026."""
CHECKED = "21.07.2026"


def router() -> Router:
    """Routes for the first screen."""
    router = Router(name="home")
    router.message.register(start, CommandStart())
    router.message.register(language, Command("language"))
    router.message.register(help_now, Command("sos"))
    router.message.register(about, Command("help"))
    router.callback_query.filter(HomePress.filter())
    router.callback_query.register(start, Action("start"))
    router.callback_query.register(language, Action("language"))
    router.callback_query.register(choose_language, Action("choose"))
    router.callback_query.register(help_now, Action("help"))
    router.callback_query.register(call, Action("call"))
    return router


async def home_rows(visit: Visit) -> list[Row]:
    """The buttons of the first screen; the team's own row only for the team."""
    _ = visit._
    rows: list[Row] = [
        [button(_("Lessons for drivers"), LearnPress(action="list"), PRIMARY)],
        [button(_("Report an incident"), ReportPress(action="begin"), PRIMARY)],
        [button(_("Help now"), HomePress(action="help"), DANGER)],
        [
            button(_("My reports"), OwnPress(action="list")),
            button(f"🌐 {LANGUAGE_NAMES[visit.person.language]}", HomePress(action="language")),
        ],
    ]
    if await role_of(visit.session, visit.person.id) is not None:
        rows.append([button(_("Queue"), ReviewPress(action="queue"))])
    return rows


def greeting(_: Texts) -> str:
    """What the bot is, in two lines."""
    return _(
        "<b>Құрмет</b> means respect.\n\nHere drivers learn how to treat passengers with respect, "
        "and anybody can say what happened on a ride. Where shall we begin?"
    )


async def start(event: Event, visit: Visit) -> Method:
    """The first screen; whatever was being asked is over."""
    _ = visit._
    await visit.state.clear()
    return show(event, greeting(_), await home_rows(visit))


async def language(event: Event, visit: Visit) -> Method:
    """The choice of a language, each named in itself."""
    _ = visit._
    rows: list[Row] = [
        [button(("✓ " if code is visit.person.language else "") + name, HomePress(action="choose", value=code))]
        for code, name in LANGUAGE_NAMES.items()
    ]
    return show(event, "Тілді таңдаңыз · Выберите язык · Choose a language", [*rows, back_home(_)])


async def choose_language(query: CallbackQuery, callback_data: HomePress, visit: Visit) -> Method:
    """Keep the language that the person chose, and go on in it."""
    visit.person.language = Language.of(callback_data.value, visit.person.language)
    visit.person.language_chosen = True
    return await start(query, visit)


def help_text(_: Texts) -> str:
    """The help lines, in one message."""
    lines = "\n".join(f"<b>{number}</b>: {_(what)}" for number, what in HELP_LINES.items())
    return lines + "\n\n" + _("Checked on {date}.", date=CHECKED)


def call_rows() -> list[Row]:
    """Buttons that send a number as a contact, which the phone dials on a tap; the widest for 112."""
    first, *others = [button(f"📞 {number}", HomePress(action="call", value=number), DANGER) for number in HELP_LINES]
    return [[first], others]


async def help_now(event: Event, visit: Visit) -> Method:
    """Numbers that help at once, from anywhere and in any state."""
    _ = visit._
    text = _("<b>Help now</b>") + "\n\n" + help_text(_)
    text += "\n\n" + _("This bot can't send help itself. If you are in danger, please call 112.")
    flag = [button(_("Report an incident"), ReportPress(action="begin"))]
    return show(event, text, [*call_rows(), flag, back_home(_)])


async def call(query: CallbackQuery, callback_data: HomePress, visit: Visit) -> Method | None:
    """Send a help line as a contact."""
    _ = visit._
    number = callback_data.value
    if number not in HELP_LINES:
        return await help_now(query, visit)
    return SendContact(
        chat_id=query.from_user.id, phone_number=number, first_name=f"{number}: {_(HELP_LINES[number])}"[:64]
    )


async def about(message: Message, visit: Visit) -> Method:
    """What the bot can do and what it can't."""
    _ = visit._
    text = _(
        "<b>What I can do</b>\n"
        "/learn: lessons for drivers, three minutes each\n"
        "/progress: what you have done and what comes back\n"
        "/certificate: your certificate\n"
        "/verify: check a driver's certificate\n"
        "/report: say what happened on a ride, in four taps\n"
        "/myreports: what became of your reports\n"
        "/sos: numbers to call for help\n"
        "/language: Қазақша, Русский, English\n"
        "/privacy: what is stored about you and who sees it\n"
        "/deletedata: delete everything about you\n\n"
        "I am not an emergency service. If you are in danger, please call 112."
    )
    return show(message, text, [back_home(_)])


def back_home(_: Texts) -> Row:
    """The way back to the first screen."""
    return [button(_("« Menu"), HomePress(action="start"))]
