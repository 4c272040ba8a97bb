"""Whatever nothing else answers: an old button, an unknown command, a sticker. Always a way on."""

from aiogram import Router
from aiogram.enums import ChatMemberStatus
from aiogram.methods import AnswerCallbackQuery
from aiogram.types import CallbackQuery, ChatMemberUpdated, Message

from handlers.after_sending import too_late
from handlers.asked import OF_A_REPORT, OF_THE_TEAM
from handlers.commands import SIGNS
from handlers.distress import Distressed, care
from handlers.home import back_home, home_rows, start, way_out
from handlers.menu import EVERYONE, OWNERS, REVIEWERS, SUPERVISORS
from handlers.presses import TEAM_ACTIONS, TEAM_PREFIXES, HomePress
from handlers.screens import DANGER, Method, button, show
from handlers.visit import Visit
from models.audit import record_denied
from models.team import role_of

_TEAM_COMMANDS = {*REVIEWERS, *SUPERVISORS, *OWNERS} - set(EVERYONE)


def router() -> Router:
    """Routes for everything else in a private chat; must come last."""
    router = Router(name="fallback")
    router.message.register(care, Distressed(command=True))
    router.message.register(unknown_message)
    router.callback_query.register(unknown_press)
    router.my_chat_member.register(came_or_went)
    return router


async def unknown_message(message: Message, visit: Visit) -> Method:
    """Say so kindly and show the way; what is being asked stays asked.

    An answer to what only the team is asked comes here from somebody who isn't in that role any more.
    """
    _, typed = visit._, message.text or ""
    is_command = typed.startswith("/")
    if is_command:
        await _note_try(typed[1:], "/", visit)
    if visit.raw_state in OF_THE_TEAM and (
        (typed and not is_command) or await role_of(visit.session, visit.person.id) is None
    ):
        return await start(message, visit)
    if visit.raw_state is not None:
        out = way_out(_) if visit.raw_state in OF_A_REPORT else back_home(_)
        rows = [[button(_("Help now"), HomePress(action="help"), DANGER)], out]
        return show(message, _("Please send it as text. To stop, press Cancel above or go to /start."), rows)
    if (said := await too_late(message, visit)) is not None:
        return said
    text = _("I did not understand that. Here is what I can do:")
    return show(message, text, await home_rows(visit))


async def unknown_press(query: CallbackQuery, visit: Visit) -> list[Method]:
    """A button that nothing else answers: if it's the team's, somebody tried what they have no right to."""
    await _note_try(query.data or "", ":", visit)
    return await dead_press(query, visit)


async def dead_press(query: CallbackQuery, visit: Visit) -> list[Method]:
    """A button that no longer means anything gets a fresh screen."""
    _ = visit._
    screen = await start(query, visit)
    return [
        screen,
        AnswerCallbackQuery(callback_query_id=query.id, text=_("That button no longer works. Here is the menu.")),
    ]


async def _note_try(tried: str, kind: str, visit: Visit) -> None:
    """Write down that somebody tried a command or an old or forged button of the team without the right to."""
    if kind == "/":
        name = (tried.split() or [""])[0].partition("@")[0].rstrip(SIGNS).lower()
        known = name in _TEAM_COMMANDS
    else:
        name = tried.partition(":")[0]
        known = name in TEAM_PREFIXES or tried.startswith(TEAM_ACTIONS)
    if known:
        detail = f"/{name}" if kind == "/" else f"button {name}"
        await record_denied(visit.session, visit.vault, visit.person.id, detail, visit.now)


async def came_or_went(change: ChatMemberUpdated, visit: Visit) -> None:
    """Remember who blocked the bot; any other update of theirs makes it forget that again."""
    if change.new_chat_member.status == ChatMemberStatus.KICKED:
        visit.person.blocked_at = visit.now
