"""The team's side of the right of reply: ask the driver whom the bot knows by the plate, and read the answer.

Before that the reviewer reads what the driver would learn and when, and what speaks against it; whoever reported is
told first and can say no.
"""

from aiogram import Router
from aiogram.types import CallbackQuery

from handlers.coarse import coarsely
from handlers.desk import back_to, find_kept, no_such_flag, note, tell
from handlers.home import back_home
from handlers.presses import Action, ReplyPress
from handlers.review import flag_screen
from handlers.roles import OnTeam
from handlers.screens import DANGER, PRIMARY, Method, Row, button, show
from handlers.visit import Visit
from models.audit import Action as Audited
from models.coarse import EXTRA_DAYS
from models.hearings import ask_driver, hearing_of, is_delicate, may_hear, read_answer, take_back
from models.known_drivers import delay_of, driver_of


def router() -> Router:
    """Routes for asking the driver."""
    router = Router(name="right_of_reply")
    router.callback_query.filter(ReplyPress.filter(), OnTeam())
    router.callback_query.register(ask, Action("ask"))
    router.callback_query.register(really_ask, Action("really"))
    router.callback_query.register(stop, Action("stop"))
    router.callback_query.register(read, Action("read"))
    return router


async def ask(query: CallbackQuery, callback_data: ReplyPress, visit: Visit) -> Method:
    """What the driver would learn and when, and what to think of before."""
    _ = visit._
    await visit.state.clear()
    flag = await find_kept(callback_data.flag, visit)
    if flag is None:
        return no_such_flag(query, _)
    known = isinstance(await driver_of(visit.session, visit.vault, flag), int)
    refused = await may_hear(visit.session, flag) is False
    if not flag.is_worked_on_by(visit.person.id) or flag.is_quiet(visit.now) or refused or not known:
        return await flag_screen(query, flag, visit)
    delicate = await is_delicate(visit.session, flag)
    days = await delay_of(visit.session, visit.vault, flag, visit.terms.reply_delay_days)
    parts = [
        _("<b>Ask the driver of flag №{number} for their view?</b>", number=flag.id),
        _("All that the driver learns:") + "\n" + coarsely(flag, _),
        _(
            "Not before {days} days after the week of the report, and then on one of {extra} days drawn by lot: time "
            "for several other rides, as far as the bot knows how often this driver drives. It can't count them: a "
            "driver with few rides may guess who reported.",
            days=days,
            extra=EXTRA_DAYS,
        ),
        _("The person who reported is told first and can say no."),
    ]
    if delicate:
        parts.append(
            "⚠ "
            + _(
                "<b>This can put somebody in danger.</b> It was most severe, or happened because of an earlier report. "
                "The driver is asked only once the person who reported says yes. Is the answer worth it?"
            )
        )
    yes = button(_("Yes, ask"), ReplyPress(action="really", flag=flag.id), DANGER if delicate else PRIMARY)
    return show(query, "\n\n".join(parts), [[yes], [back_to(flag.id)]])


async def really_ask(query: CallbackQuery, callback_data: ReplyPress, visit: Visit) -> Method:
    """Decide that the driver is asked, and tell whoever reported that there's news."""
    flag = await find_kept(callback_data.flag, visit)
    if flag is None:
        return no_such_flag(query, visit._)
    known = await hearing_of(visit.session, flag.id)
    before = known.id if known is not None else None
    delay = visit.terms.reply_delay_days
    hearing = await ask_driver(visit.session, visit.vault, flag, visit.person.id, delay, visit.now)
    if hearing is not None and hearing.id != before:
        await note(visit, Audited.DRIVER_ASKED, flag)
        await tell(flag, visit)
    return await flag_screen(query, flag, visit)


async def stop(query: CallbackQuery, callback_data: ReplyPress, visit: Visit) -> Method:
    """Ask the driver no more, as long as they haven't heard of it."""
    flag = await find_kept(callback_data.flag, visit)
    if flag is None:
        return no_such_flag(query, visit._)
    if await take_back(visit.session, flag, visit.person.id):
        await note(visit, Audited.DRIVER_NOT_ASKED, flag)
    return await flag_screen(query, flag, visit)


async def read(query: CallbackQuery, callback_data: ReplyPress, visit: Visit) -> Method:
    """The driver's answer, alone on the screen, as it may fill a message."""
    _ = visit._
    flag = await find_kept(callback_data.flag, visit)
    if flag is None:
        return no_such_flag(query, _)
    hearing = await hearing_of(visit.session, flag.id)
    answer = read_answer(visit.vault, flag, hearing) if hearing is not None else None
    if answer is None:
        return await flag_screen(query, flag, visit)
    await note(visit, Audited.ANSWER_READ, flag)
    rows: list[Row] = [[back_to(flag.id), *back_home(_)]]
    return show(query, _("<blockquote>{words}</blockquote>", words=answer), rows)
