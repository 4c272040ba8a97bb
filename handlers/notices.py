"""Short notices that nobody asked for: to a person whose update failed, and to the team.

A notification says nothing of what happened to whom: it may light up on a screen that others see.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from aiogram.filters.callback_data import CallbackData
from aiogram.methods import AnswerCallbackQuery, DeleteMessages, SendMessage, TelegramMethod
from aiogram.types import Update
from sqlalchemy.ext.asyncio import AsyncSession

from handlers.presses import AppealPress, DeskTalkPress, OwnPress, ReviewPress
from handlers.screens import button, keyboard
from handlers.texts import Texts
from models.audit import Anchor
from models.behaviours import MAX_SEVERITY
from models.details import Reach
from models.directory import Contact
from models.duty import on_call
from models.flag_rights import holders, parties
from models.flags import Flag
from models.merging import worker_on
from models.outbox import Priority, post
from models.people import Language, Person
from models.quiet import at_hour, local_day
from models.talk import Talk
from models.team import Role, members
from models.vault import Vault


def apology(update: Update, _: Texts) -> TelegramMethod[Any]:
    """What a person sees when their update could not be handled."""
    text = _("Something went wrong on our side. We've been told. Please try again, or go back with /start.")
    return _notice(update, text, alert=True)


def slow_down(update: Update, _: Texts) -> TelegramMethod[Any]:
    """What a person sees who presses too fast."""
    return _notice(update, _("One moment, please: the bot can't keep up. Try again in a few seconds."))


def _notice(update: Update, text: str, *, alert: bool = False) -> TelegramMethod[Any]:
    query = update.callback_query
    if query is not None:
        return AnswerCallbackQuery(callback_query_id=query.id, text=text, show_alert=alert or None)
    event = update.message or update.edited_message or update.my_chat_member
    return SendMessage(chat_id=event.chat.id if event is not None else 0, text=text)


def post_message(
    session: AsyncSession,
    vault: Vault,
    person: Person,
    message: SendMessage | DeleteMessages,
    *,
    priority: Priority,
    now: datetime,
    due_at: datetime | None = None,
) -> None:
    """Put a message for a person, or the deletion of some, into the outbox, to go out at once or later.

    Its chat is filled in at delivery.
    """
    parameters = message.model_dump(mode="json", exclude_none=True, exclude_defaults=True, exclude={"chat_id"})
    post(session, vault, person.id, message.__api_method__, parameters, priority=priority, now=now, due_at=due_at)


async def tell_team_of_flag(
    session: AsyncSession, vault: Vault, texts: Mapping[Language, Texts], flag: Flag, now: datetime
) -> None:
    """Tell who is on call that something waits in the queue; everybody if nobody is, or where it's most severe.

    Nobody who is on either side of it is told, nor counted as on call.
    """
    await tell_team_of_flags(session, vault, texts, [flag], now)


async def tell_team_of_flags(
    session: AsyncSession, vault: Vault, texts: Mapping[Language, Texts], flags: Sequence[Flag], now: datetime
) -> None:
    """The same of several at once: whoever is to hear of any of them hears it once."""
    team, duty = [person for _member, person in await members(session)], await on_call(session)
    told: dict[int, Person] = {}
    for flag in flags:
        called = [] if flag.severity == MAX_SEVERITY else duty
        told |= {person.id: person for person in first_free([called, team], await parties(session, flag))}
    for person in told.values():
        _ = texts[person.language]
        rows = [[button(_("Open the queue"), ReviewPress(action="queue"))]]
        message = SendMessage(chat_id=0, text=_("There is something new in the queue."), reply_markup=keyboard(rows))
        post_message(session, vault, person, message, priority=Priority.ALERT, now=now)


def first_free(circles: Iterable[Sequence[Person]], on_a_side: Collection[int]) -> list[Person]:
    """Those of the first of these circles in which somebody is left without whoever is on a side of a flag."""
    without = ([person for person in circle if person.id not in on_a_side] for circle in circles)
    return next(filter(None, without), [])


async def tell_reporter(
    session: AsyncSession,
    vault: Vault,
    texts: Mapping[Language, Texts],
    reporter: Person,
    handle: str,
    now: datetime,
    *,
    due_at: datetime | None = None,
) -> None:
    """Tell a person that there's news of a flag, by its handle, without a word of what about, at once or later."""
    _ = texts[reporter.language]
    rows = [[button(_("Show"), OwnPress(action="open", flag=handle))]]
    message = SendMessage(chat_id=0, text=_("There is news for you."), reply_markup=keyboard(rows))
    post_message(session, vault, reporter, message, priority=Priority.RELAY, now=now, due_at=due_at)


async def tell_of_message(
    session: AsyncSession, vault: Vault, texts: Mapping[Language, Texts], flag: Flag, said: Talk, now: datetime
) -> None:
    """Tell the other side of a message of the talk: each whose flag it is; or who works on it, or else all the team."""
    if said.from_team:
        for person in await holders(session, flag):
            await tell_reporter(session, vault, texts, person, flag.handle, now)
        return
    await _tell_who_works_on(session, vault, texts, flag, DeskTalkPress(action="open", flag=flag.id), now)


async def tell_team_of_answer(
    session: AsyncSession, vault: Vault, texts: Mapping[Language, Texts], flag: Flag, now: datetime
) -> None:
    """Tell who works on a flag, or else all the team, that its driver has answered or would rather not."""
    await _tell_who_works_on(session, vault, texts, flag, ReviewPress(action="open", flag=flag.id), now)


async def _tell_who_works_on(
    session: AsyncSession,
    vault: Vault,
    texts: Mapping[Language, Texts],
    flag: Flag,
    press: CallbackData,
    now: datetime,
) -> None:
    on_a_side, worker = await parties(session, flag), await worker_on(session, flag)
    for _member, person in await members(session):
        if person.id in on_a_side or worker not in {None, person.id}:
            continue
        _ = texts[person.language]
        text = _("There is an answer to one of your flags.")
        message = SendMessage(chat_id=0, text=text, reply_markup=keyboard([[button(_("Show"), press)]]))
        post_message(session, vault, person, message, priority=Priority.RELAY, now=now)


async def tell_of_news(
    session: AsyncSession, vault: Vault, texts: Mapping[Language, Texts], flag: Flag, now: datetime
) -> None:
    """Tell everybody whose flag it is that there's news, unless they want to be left alone."""
    if flag.reach is not Reach.ANONYMOUS:
        for person in await holders(session, flag):
            await tell_reporter(session, vault, texts, person, flag.handle, now)


def tell_driver(
    session: AsyncSession,
    vault: Vault,
    texts: Mapping[Language, Texts],
    driver: Person,
    press: CallbackData,
    now: datetime,
) -> None:
    """Tell a driver, by day, that there's news; what it is they see when they press."""
    _ = texts[driver.language]
    rows = [[button(_("Show"), press)]]
    message = SendMessage(chat_id=0, text=_("There is news for you."), reply_markup=keyboard(rows))
    post_message(session, vault, driver, message, priority=Priority.REMINDER, now=now)


async def tell_of_second_look(
    session: AsyncSession, vault: Vault, texts: Mapping[Language, Texts], person_ids: Collection[int], now: datetime
) -> None:
    """Tell these members of the team that somebody asks for a second look; the owners if there's nobody."""
    for member, person in await members(session):
        _ = texts[person.language]
        text, rows = "", [[button(_("Second looks"), AppealPress(action="list"))]]
        if person.id in person_ids:
            text = _("Somebody asks for a second look at a closed flag.")
        elif not person_ids and member.role is Role.OWNER:
            text = _(
                "Somebody asks for a second look at a closed flag, and nobody of the team may give it: whoever closed "
                "it can't. Please invite one more reviewer."
            )
        if text:
            message = SendMessage(chat_id=0, text=text, reply_markup=keyboard(rows))
            post_message(session, vault, person, message, priority=Priority.RELAY, now=now)


async def tell_owners_of_dead_letter(
    session: AsyncSession, vault: Vault, texts: Mapping[Language, Texts], now: datetime
) -> None:
    """Tell the owners that an update could not be handled and was set aside."""
    for member, person in await members(session):
        if member.role is Role.OWNER:
            _ = texts[person.language]
            text = _("The bot could not handle an update. It was set aside; see the log for details.")
            message = SendMessage(chat_id=0, text=text)
            post_message(session, vault, person, message, priority=Priority.ALERT, now=now)


async def tell_owners_of_anchor(
    session: AsyncSession, vault: Vault, texts: Mapping[Language, Texts], anchor: Anchor, now: datetime
) -> None:
    """Send the owners where the audit stands today: what they have in Telegram, nobody can change in the database."""
    for member, person in await members(session):
        if member.role is Role.OWNER:
            _ = texts[person.language]
            text = _(
                "Record of {date}. Entries: {count}. Mark: <code>{anchor}</code>. Please keep this message.",
                date=_.day(now),
                count=anchor.entries,
                anchor=anchor,
            )
            post_message(session, vault, person, SendMessage(chat_id=0, text=text), priority=Priority.REMINDER, now=now)


async def tell_owners_of_contacts(
    session: AsyncSession,
    vault: Vault,
    texts: Mapping[Language, Texts],
    hiding: Sequence[tuple[Contact, date]],
    now: datetime,
) -> None:
    """Name to the owners the contacts that nobody sees any more, or soon won't, each with its first hidden day."""
    for member, person in await members(session):
        if member.role is Role.OWNER:
            _ = texts[person.language]
            lines = [_("Contacts of the help directory have to be verified again:")]
            for contact, hidden in hiding:
                name = f"{contact.value}, {_(contact.name)}" if contact.value else _(contact.name)
                day = _.day(at_hour(hidden, 12))
                if hidden <= local_day(now):
                    lines.append(_("• {contact}: hidden since {date}", contact=name, date=day))
                else:
                    lines.append(_("• {contact}: will be hidden on {date}", contact=name, date=day))
            lines.append(_("Once that is done, the new day goes into models/directory.py."))
            message = SendMessage(chat_id=0, text="\n".join(lines))
            post_message(session, vault, person, message, priority=Priority.REMINDER, now=now)
