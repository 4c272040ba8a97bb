"""What comes just after a report was sent, from another phone of the account perhaps, is not lost without a word."""

from datetime import datetime, timedelta

from aiogram.types import Message

from handlers.home import way_out
from handlers.presses import EvidencePress, OwnPress
from handlers.screens import PRIMARY, Event, Method, Row, button, show
from handlers.visit import Visit
from models.flag_rights import own_flag
from models.flags import Flag
from models.late_news import as_shown

JUST = timedelta(minutes=10)
"""So long after it was sent a report is spoken of unasked; whoever takes up the phone later reads nothing of it."""
_SENT = "sent"
"""In the data of the conversation, which is sealed, and forgotten at the next screen: the flag's number, and when."""


async def note_sent(flag: Flag, visit: Visit) -> None:
    """Remember that a report has just been sent; nothing is being asked now."""
    await visit.state.set_data({_SENT: [flag.id, visit.now.isoformat()]})


async def too_late(event: Event, visit: Visit) -> Method | None:
    """Say of what comes just after a report was sent that it was not kept, and how to add it; else nothing."""
    if isinstance(event, Message) and (event.text or "").startswith("/"):
        return None
    missed = await what_is_missed(visit)
    return show(event, missed[0], [*missed[1], way_out(visit._)]) if missed is not None else None


async def what_is_missed(visit: Visit) -> tuple[str, list[Row]] | None:
    """The same as a text and the ways to add it, for another screen."""
    _ = visit._
    number, at = (await visit.state.get_data()).get(_SENT, (0, ""))
    if visit.raw_state is not None or not number or visit.now - datetime.fromisoformat(at) > JUST:
        return None
    flag = await own_flag(visit.session, visit.person.id, number)
    if flag is None or not as_shown(flag, visit.now).is_open:
        return None
    words = _("Change your words") if flag.sealed_words else _("Add your words")
    rows: list[Row] = [
        [button(words, OwnPress(action="words", flag=flag.handle), PRIMARY)],
        [button(_("Photo, voice or place"), EvidencePress(action="add", flag=flag.handle))],
    ]
    return _("Your report was sent without this. You can still add it."), rows
