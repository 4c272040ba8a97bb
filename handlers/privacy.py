"""What is stored about a person, and how to have it deleted."""

from aiogram import Router
from aiogram.methods import DeleteMyCommands
from aiogram.types import BotCommandScopeChat, CallbackQuery, Message

from handlers.commands import Command
from handlers.home import back_home
from handlers.notices import tell_team_of_flags
from handlers.opting import opt_button
from handlers.presses import Action, DataPress, HomePress, TeamPress
from handlers.quick_exit import EXIT
from handlers.screens import DANGER, PRIMARY, Event, Method, Row, button, show
from handlers.team import HINDRANCES
from handlers.visit import Visit
from models.audit import Action as Audited
from models.deletion import delete_person, keep_limits
from models.flags import Flag, claimed_by
from models.membership import Hindrance, is_last_owner
from models.merging import parted_by_deletion
from models.opt_outs import has_opted_out
from models.team import role_of


def router() -> Router:
    """Routes for a person's own data."""
    router = Router(name="privacy")
    router.message.register(privacy, Command("privacy"))
    router.message.register(ask_delete, Command("deletedata"))
    router.callback_query.filter(DataPress.filter())
    router.callback_query.register(ask_delete, Action("ask"))
    router.callback_query.register(delete, Action("delete"))
    return router


async def privacy(message: Message, visit: Visit) -> Method:
    """What is stored, who sees it, and what can't be promised."""
    _ = visit._
    text = _(
        "<b>What is stored</b>\n"
        "• your language; your place, answers and opinions in lessons and tests; which policy "
        "you accepted, and when; your cohort, and your votes in a seminar\n"
        "• the name on your certificate and your own words in the action plan, encrypted\n"
        "• your gender and region, if you said them: for counts, and for messages to a region\n"
        "• whether you want no messages that the team sends to many people at once\n"
        "• your reports: your words, photos, voice, the place, a contact, what you and the team write to each other, "
        "the number plate and the code are encrypted, with keys of their own for each report; "
        "what you chose by buttons, when, and the region, also if it was read from the plate, are not\n"
        "• your Telegram ID, encrypted, so that the bot can answer you. "
        "Not your name in Telegram, not your telephone number\n"
        "• for 48 hours, the numbers of the messages in this chat, so that “{clear}” can delete them\n\n"
        "<b>Who sees it</b>\n"
        "Reviewers see reports, without your account. Every look is written down. "
        "Closed reports are deleted after {days} days. Of the course the team sees counts, none below five, "
        "but for the live vote of a seminar. "
        "Whoever has the number of your certificate sees your first name and an initial.\n\n"
        "<b>What we can't promise</b>\n"
        "Chats with bots are not end-to-end encrypted, and Telegram keeps the history abroad. "
        "Anybody who holds your phone can read this chat. “{clear}”, a button on every screen about reports, "
        "deletes the messages of the last 48 hours at once, yours too; older ones only you can delete in Telegram.",
        days=visit.terms.days_kept,
        clear=_(EXIT),
    )
    text += "\n\n" + _(
        "A passphrase is kept only as an encrypted digest that nobody can read back. "
        "Which accounts opened a report with it is kept as long as the report, a wrong try for a day."
    )
    text += "\n\n" + _(
        "/deletedata deletes everything that is stored about you, except what limits need: under your encrypted "
        "Telegram ID, when you reported or wrote a wrong passphrase in the last 24 hours, and a limit that was set "
        "because of misuse, as long as it stands. If a single report is deleted, the time it was sent is kept in the "
        "same way."
    )
    text += "\n\n" + _(
        "<b>The QR code of a car</b>\n"
        "A driver's number plate is encrypted. Whoever scans the code sees it, with the first name and an initial. "
        "Whom you thanked, and in which week, is stored for five weeks; the driver learns only how many thanks there "
        "were, and what for."
    )
    text += "\n\n" + _(
        "<b>Both sides</b>\n"
        "The plate that a driver names is encrypted; how often they drive, if they said so, is not. "
        "If that car is reported, the driver may learn the kind of behaviour and the week, at least {days} days later "
        "(the less often they drive, the later), and never if the person who reported says no. "
        "A driver's answer is encrypted and for the team alone. It goes with the report, or with the driver's data.",
        days=visit.terms.reply_delay_days,
    )
    if visit.terms.operator:
        text += "\n\n" + _("Operator of personal data: {operator}", operator=visit.terms.operator)
    rows: list[Row] = [
        [opt_button(await has_opted_out(visit.session, visit.person.id), _)],
        [button(_("Delete my data"), DataPress(action="ask"), DANGER)],
        back_home(_),
    ]
    return show(message, text, rows)


async def ask_delete(event: Event, visit: Visit) -> Method:
    """Make sure before everything goes."""
    _ = visit._
    await visit.state.clear()
    if await is_last_owner(visit.session, visit.person.id):
        return _stays(event, visit)
    rows: list[Row] = [
        [button(_("Yes, delete everything"), DataPress(action="delete"), DANGER)],
        [button(_("No, keep it"), HomePress(action="start"), PRIMARY)],
    ]
    text = _(
        "<b>Delete everything about you?</b>\n\nYour lesson results, your certificate and your reports will be gone "
        "for good, even those being looked at. Nobody can bring them back.\n\n"
        "Of your reports only numbered records stay: that they were handled, without their content. "
        "What limits need stays too (/privacy says what)."
    )
    return show(event, text, rows)


def _stays(event: Event, visit: Visit) -> Method:
    """The last owner can't go before there's another."""
    _ = visit._
    rows: list[Row] = [[button(_("« Team"), TeamPress(action="list")), *back_home(_)]]
    return show(event, _(HINDRANCES[Hindrance.LAST_OWNER]), rows)


async def delete(query: CallbackQuery, visit: Visit) -> Method | list[Method]:
    """Delete the person and all that hangs on them; a member of the team leaves it, and its commands go."""
    _ = visit._
    if await is_last_owner(visit.session, visit.person.id):
        return _stays(query, visit)
    number = visit.person.id
    of_team = await role_of(visit.session, visit.person.id) is not None
    parted = set(await parted_by_deletion(visit.session, Flag.reporter_id == visit.person.id))
    released = await claimed_by(visit.session, visit.person.id)
    await keep_limits(visit.session, visit.vault, visit.person, visit.now)
    gone = await delete_person(visit.session, visit.person)
    for action, numbers in (
        (Audited.RELEASED, released),
        (Audited.PARTED, sorted(parted.difference(gone))),
        (Audited.DELETED, gone),
    ):
        for flag_id in numbers:
            await visit.record(action, flag_id)
    if of_team:
        await visit.record(Audited.LEFT, actor_id=number)
    freed = [flag for each in released if (flag := await visit.session.get(Flag, each, populate_existing=True))]
    await tell_team_of_flags(visit.session, visit.vault, visit.texts, freed, visit.now)
    text = _(
        "Everything about you is deleted, except what limits need (/privacy says what). "
        "Of reports only numbered records stay, without content. You can also clear this chat in Telegram. "
        "All the best to you."
    )
    screen = show(query, text, [back_home(_)])
    if not of_team:
        return screen
    return [screen, DeleteMyCommands(scope=BotCommandScopeChat(chat_id=query.from_user.id))]
