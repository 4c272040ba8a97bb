"""The first screen, the choice of language, and what the bot is for."""

from collections.abc import Sequence
from datetime import datetime

from aiogram import Router
from aiogram.enums import ButtonStyle
from aiogram.methods import SendContact
from aiogram.types import CallbackQuery, InlineKeyboardButton, Message

from handlers.commands import Command
from handlers.menu import order_menu
from handlers.presses import Action, HomePress, LearnPress, OwnPress, ReportPress, ReviewPress, RightsPress
from handlers.quick_exit import exit_button
from handlers.screens import DANGER, PRIMARY, Event, Method, Row, button, copy_button, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.cars import plate_of_code
from models.directory import HELP_LINES, Contact, phone
from models.drafts import draft_of
from models.flag_rights import flags_of
from models.new_flags import DAY
from models.people import Language
from models.quiet import at_hour, local_day
from models.team import role_of

SOS = ("сос", "көмек", "комек", "помощь")
"""What people type for /sos besides."""
LANGUAGE_NAMES = {Language.KAZAKH: "Қазақша", Language.RUSSIAN: "Русский", Language.ENGLISH: "English"}


def router() -> Router:
    """Routes for the first screen."""
    router = Router(name="home")
    router.message.register(start, Command("start"))
    router.message.register(language, Command("language"))
    router.message.register(help_now, Command("sos", *SOS))
    router.message.register(about, Command("help"))
    router.callback_query.filter(HomePress.filter())
    router.callback_query.register(start, Action("start"))
    router.callback_query.register(language, Action("language"))
    router.callback_query.register(choose_language, Action("choose"))
    router.callback_query.register(help_now, Action("help"))
    router.callback_query.register(call, Action("call"))
    router.callback_query.register(text_to_send, Action("text"))
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
        "<b>Құрмет</b> means respect.\n\nDrivers learn here to treat passengers with respect; "
        "anybody can say what happened on a ride. Where shall we begin?"
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
    if await role_of(visit.session, visit.person.id) is not None:
        order_menu(visit, visit.person.id)
    return await start(query, visit)


def help_lines(visit: Visit) -> list[Contact]:
    """The help lines that were verified lately; the emergency numbers always are among them."""
    today = local_day(visit.now)
    return [line for line in HELP_LINES if line.is_shown(today, visit.terms.contacts_kept_days)]


def help_text(_: Texts, lines: Sequence[Contact] = HELP_LINES) -> str:
    """The help lines, in one message, with the day on which the least fresh of them was verified."""
    verified = _.day(at_hour(min(line.verified for line in lines), 12))
    listed = "\n".join(f"<b>{line.value}</b>: {_(line.name)}" for line in lines)
    return listed + "\n\n" + _("All open 24 hours a day. Verified: {date}", date=verified)


def call_rows(lines: Sequence[Contact] = HELP_LINES) -> list[Row]:
    """Buttons that send a number as a contact; the widest for 112."""
    first, *others = [call_button(line, DANGER) for line in lines]
    return [[first], others]


def help_rows(car: str, visit: Visit) -> list[Row]:
    """The help lines, each a tap, and a text for somebody near, with the plate of the car whose code was scanned."""
    trusted = button(visit._("A text for somebody you trust"), HomePress(action="text", value=car))
    return [*call_rows(help_lines(visit)), [trusted]]


def call_button(contact: Contact, style: ButtonStyle | None = None) -> InlineKeyboardButton:
    """A button that sends a phone number as a contact, which the phone dials on a tap."""
    return button(f"📞 {contact.value}", HomePress(action="call", value=contact.value), style)


async def help_now(event: Event, visit: Visit) -> Method:
    """Numbers that help at once, from anywhere and in any state."""
    _ = visit._
    lines = help_lines(visit)
    text = _("<b>Help now</b>") + "\n\n" + help_text(_, lines)
    text += "\n\n" + _("This bot can't send help itself. If you are in danger, please call 112.")
    rows: list[Row] = [
        *call_rows(lines),
        [button(_("A text for somebody you trust"), HomePress(action="text"))],
        [button(_("Help near you"), RightsPress(action="regions"))],
        [button(_("Report an incident"), ReportPress(action="begin"))],
        [button(_("Know your rights"), RightsPress(action="list"))],
        way_out(_),
    ]
    return show(event, text, rows)


async def text_to_send(query: CallbackQuery, callback_data: HomePress, visit: Visit) -> Method:
    """A text to send to somebody one trusts, or to show to somebody near.

    It names the plate of the car whose code stands in the press, or the one that was told last, if that was today.
    """
    _ = visit._
    text = _("I am in a taxi and I don't feel safe. Please call me now and stay on the line.")
    plate = await plate_of_code(visit.session, visit.vault, callback_data.value)
    if plate := plate or await _told_today(visit):
        text += " " + _("Number plate: {plate}", plate=plate)
    lines = [
        _("<b>A text for somebody you trust</b>"),
        "",
        _("Copy it and send it to somebody close, or show it to somebody near you. The bot sends it to nobody."),
        "",
        f"<blockquote>{text}</blockquote>",
    ]
    rows: list[Row] = [
        [copy_button(_("Copy"), text)],
        [button(_("Help now"), HomePress(action="help"), DANGER)],
        way_out(_),
    ]
    return show(query, "\n".join(lines), rows)


async def _told_today(visit: Visit) -> str | None:
    """The plate that the person told last, in a report or in a draft that is not about another day."""
    told: list[tuple[datetime, str | None]] = []
    draft = await draft_of(visit.session, visit.person.id)
    if draft is not None and (so_far := draft.read(visit.vault)).day in {None, local_day(visit.now)}:
        told.append((draft.changed_at, so_far.plate))
    told += [(flag.received_at, flag.plate(visit.vault)) for flag in await flags_of(visit.session, visit.person.id, 1)]
    return next((plate for at, plate in sorted(told, reverse=True) if plate and visit.now - at < DAY), None)


async def call(query: CallbackQuery, callback_data: HomePress, visit: Visit) -> Method | None:
    """Send a phone number of the directory as a contact; one that is not there (any more) is "help now"."""
    _ = visit._
    contact = phone(callback_data.value, local_day(visit.now), visit.terms.contacts_kept_days)
    if contact is None:
        return await help_now(query, visit)
    return SendContact(
        chat_id=query.from_user.id,
        phone_number=contact.value.replace(" ", ""),
        first_name=f"{contact.value}: {_(contact.name)}"[:64],
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
        "/rights: your rights, and who helps near you\n"
        "/language: Қазақша, Русский, English\n"
        "/privacy: what is stored about you and who sees it\n"
        "/deletedata: delete everything about you\n\n"
        "I am not an emergency service. If you are in danger, please call 112."
    )
    return show(message, text, [back_home(_)])


def back_home(_: Texts) -> Row:
    """The way back to the first screen."""
    return [button(_("« Menu"), HomePress(action="start"))]


def way_out(_: Texts) -> Row:
    """The last row of every screen around a report: the quick exit, and the way back to the first screen."""
    return [exit_button(_), *back_home(_)]
