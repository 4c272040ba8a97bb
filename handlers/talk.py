"""The talk about a flag: the person who reported and the team write to each other, and neither learns who the other is.

Each message is stored, and shown to the other side when they open the talk; what they get is a neutral notice. Photos
and voice messages are taken as for the report itself.
"""

from collections.abc import Sequence

from aiogram import Router
from aiogram.enums import ButtonStyle
from aiogram.filters import StateFilter
from aiogram.fsm.state import State, StatesGroup
from aiogram.methods import AnswerCallbackQuery
from aiogram.types import CallbackQuery, InlineKeyboardButton, Message

from handlers.desk import find_kept, no_such_flag, note
from handlers.home import back_home, way_out
from handlers.media import UNFIT, Media, Unfit, note_piece, refusal
from handlers.notices import tell_of_message
from handlers.own import Typed, nothing_changed, nothing_kept, shorten, show_reports
from handlers.pieces import may_ask
from handlers.presses import Action, DeskTalkPress, OwnPress, ReportPress, ReviewPress, TalkPress
from handlers.roles import OnTeam
from handlers.screens import PRIMARY, Event, Method, Row, button, in_rows, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.audit import Action as Audited
from models.audit import record_denied
from models.evidence import Evidence, Kind, Status
from models.flag_rights import own_flag, own_flag_of_handle
from models.flags import UNSEEN, Flag
from models.late_news import as_shown
from models.markup import units
from models.outbox import Priority
from models.talk import TEXT_LIMIT, Talk, is_news, note_seen, say, thread
from models.team import role_of

SHOWN, NEWEST_SHOWN = 180, 1200
"""Characters of a message on the screen of the talk; the newest has more room. Longer ones open alone."""
MOST_FOUND = 1000
"""So many of the newest messages can be opened."""


class Talking(StatesGroup):
    """A message of the talk is awaited from one side; the data holds `flag`, its number."""

    person = State()
    team = State()


def router() -> Router:
    """Routes for the talk."""
    router = Router(name="talk")
    states = StateFilter(Talking.person, Talking.team)
    router.message.register(take_text, states, Typed())
    router.message.register(take_media, states, Media())
    router.message.register(explain, states, Unfit())
    own, desk = TalkPress.filter(), DeskTalkPress.filter()
    router.callback_query.register(open_own, own, Action("own"))
    router.callback_query.register(show_own, own, Action("full", "piece"))
    router.callback_query.register(open_team, desk, Action("open"), OnTeam())
    router.callback_query.register(ask, desk, Action("ask"), OnTeam())
    router.callback_query.register(show_team, desk, Action("full", "piece"), OnTeam())
    return router


# the person who reported


async def open_own(query: CallbackQuery, callback_data: TalkPress, visit: Visit) -> Method:
    """The talk about one's own report; while that is open, what is sent next is a message."""
    flag = await own_flag_of_handle(visit.session, visit.person.id, callback_data.flag)
    if flag is None:
        return await nothing_changed(query, visit)
    return await _own_screen(query, flag, visit)


async def _own_screen(event: Event, flag: Flag, visit: Visit, said: str = "") -> Method:
    _ = visit._
    await note_seen(visit.session, flag.id, by_team=False, now=visit.now)
    messages = await thread(visit.session, flag.id, by_team=False)
    parts = [said, _("<b>You and the team</b>"), *_lines(messages, flag, visit, by_team=False)]
    if as_shown(flag, visit.now).with_team:
        await _await_more(flag, visit)
        parts.append(
            _(
                "Write your message, or send a photo or a voice message. Nobody of the team sees your name. "
                "A voice can be recognised."
            )
        )
    else:
        await visit.state.clear()
        parts.append(_("This report is closed, so no more messages can be sent. You can always send a new report."))
    back = button(_("« My report"), OwnPress(action="open", flag=flag.handle))
    rows = [*_message_rows(messages, flag, visit, by_team=False), [back, *way_out(_)]]
    if not as_shown(flag, visit.now).with_team:
        rows.insert(-1, [button(_("Report an incident"), ReportPress(action="begin"))])
    return show(event, "\n\n".join(filter(None, parts)), rows)


async def show_own(query: CallbackQuery, callback_data: TalkPress, visit: Visit) -> Method:
    """One message of the talk in full, or its photo or voice below."""
    flag = await own_flag_of_handle(visit.session, visit.person.id, callback_data.flag)
    if flag is None:
        return await nothing_changed(query, visit)
    messages = await thread(visit.session, flag.id, by_team=False, limit=MOST_FOUND)
    found = next((each for each in messages if each[0].handle == callback_data.message), None)
    return await _one(query, flag, found, visit, in_full=callback_data.action == "full", by_team=False)


# the team


async def open_team(query: CallbackQuery, callback_data: DeskTalkPress, visit: Visit) -> Method:
    """The talk as the team reads it."""
    flag = await find_kept(callback_data.flag, visit)
    if flag is None:
        return no_such_flag(query, visit._)
    await visit.state.clear()
    return await _team_screen(query, flag, visit)


async def _team_screen(event: Event, flag: Flag, visit: Visit, said: str = "") -> Method:
    _ = visit._
    await note(visit, Audited.TALK, flag)
    await note_seen(visit.session, flag.id, by_team=True, now=visit.now)
    messages = await thread(visit.session, flag.id, by_team=True)
    parts = [said, _("<b>Talk about flag №{number}</b>", number=flag.id)]
    parts += _lines(messages, flag, visit, by_team=True) or [_("Nothing was written yet.")]
    ask = [button(_("Ask the person"), DeskTalkPress(action="ask", flag=flag.id), PRIMARY)]
    rows = [*_message_rows(messages, flag, visit, by_team=True), ask if await may_ask(flag, visit) else []]
    return show(event, "\n\n".join(filter(None, parts)), [*rows, _to_flag(flag, visit)])


def _to_flag(flag: Flag, visit: Visit) -> Row:
    return [button(f"« №{flag.id}", ReviewPress(action="open", flag=flag.id)), *back_home(visit._)]


async def ask(query: CallbackQuery, callback_data: DeskTalkPress, visit: Visit) -> Method:
    """Wait for what whoever works on the flag wants to ask."""
    _ = visit._
    flag = await find_kept(callback_data.flag, visit)
    if flag is None:
        return no_such_flag(query, visit._)
    if not await may_ask(flag, visit):
        return await _team_screen(query, flag, visit, _("Only who has claimed a flag can write to the person."))
    await visit.state.set_state(Talking.team)
    await visit.state.set_data({"flag": flag.id})
    text = _(
        "Write your question, or send a photo or a voice message. The person reads it as from the team, without your "
        "name; a voice can be recognised."
    )
    return show(query, text, [[button(_("Cancel"), DeskTalkPress(action="open", flag=flag.id))]])


async def show_team(query: CallbackQuery, callback_data: DeskTalkPress, visit: Visit) -> Method:
    """One message of the talk in full, or its photo or voice below, for the team."""
    flag = await find_kept(callback_data.flag, visit)
    if flag is None:
        return no_such_flag(query, visit._)
    messages = await thread(visit.session, flag.id, by_team=True, limit=MOST_FOUND)
    found = next((each for each in messages if each[0].id == callback_data.message), None)
    return await _one(query, flag, found, visit, in_full=callback_data.action == "full", by_team=True)


# both


async def back_again(query: CallbackQuery, visit: Visit) -> Method:
    """Back to the talk in which a message is awaited, on whichever side of it the person is."""
    number = (await visit.state.get_data()).get("flag", 0)
    if visit.raw_state != Talking.team.state:
        flag = await own_flag(visit.session, visit.person.id, number)
        return await (_own_screen(query, flag, visit) if flag is not None else nothing_changed(query, visit))
    if await role_of(visit.session, visit.person.id) is None:
        return await show_reports(query, visit)
    return await open_team(query, DeskTalkPress(action="open", flag=number), visit)


async def _await_more(flag: Flag, visit: Visit) -> None:
    """Wait for what the person who reported sends next; of an album the rest may still be on its way."""
    data = await visit.state.get_data()
    album = {name: value for name, value in data.items() if name in {"album", "full"}}
    await visit.state.set_state(Talking.person)
    await visit.state.set_data({"flag": flag.id, **album})


async def _is_answered(message: Message, visit: Visit) -> bool:
    """Whether what was asked of the team has come: after the first of an album only the rest of it is still taken."""
    album = (await visit.state.get_data()).get("album")
    return visit.raw_state == Talking.team.state and album not in {None, message.media_group_id}


async def awaited(visit: Visit) -> tuple[Flag | None, bool]:
    """The flag to which a message may be added now, if the right to it still stands; and whether from the team."""
    number = (await visit.state.get_data()).get("flag", 0)
    if visit.raw_state != Talking.team.state:
        flag = await own_flag(visit.session, visit.person.id, number)
        return flag, False
    if await role_of(visit.session, visit.person.id) is None:
        return None, True
    flag = await find_kept(number, visit)
    return flag if flag is not None and await may_ask(flag, visit) else None, True


async def take_text(message: Message, visit: Visit) -> Method:
    """Send what was typed to the other side."""
    if await _is_answered(message, visit):
        return await _not_sent(message, None, visit, from_team=True)
    return await say_text(message, message.text or "", visit)


async def say_text(event: Event, text: str, visit: Visit) -> Method:
    """Add a text to the talk and tell the other side; what is too long is asked for in parts."""
    _ = visit._
    flag, from_team = await awaited(visit)
    if flag is None or not as_shown(flag, visit.now).with_team:
        return await _not_sent(event, flag, visit, from_team=from_team)
    if units(text) > TEXT_LIMIT:
        await _note_refused(flag, flag.id, "message too long", visit, from_team=from_team)
        return show(
            event,
            _("That is longer than one message can be. Please send it in parts."),
            [_back(flag, visit, from_team=from_team)],
        )
    said = await _say(flag, text, visit, from_team=from_team)
    if await is_news(visit.session, said):
        await tell_of_message(visit.session, visit.vault, visit.texts, flag, said, visit.now)
    if from_team:
        await visit.state.clear()
    return await _sent(event, flag, visit, from_team=from_team)


async def say_to_reporter(flag: Flag, text: str, visit: Visit) -> None:
    """Add a text of the team to the talk and tell the person who reported; also when the flag is closed."""
    said = await _say(flag, text, visit, from_team=True)
    if await is_news(visit.session, said):
        await tell_of_message(visit.session, visit.vault, visit.texts, flag, said, visit.now)


async def take_media(message: Message, visit: Visit) -> Method | None:
    """Add a photo or voice message to the talk; the other side is told once it's stored."""
    _ = visit._
    flag, from_team = await awaited(visit)
    if flag is None or not as_shown(flag, visit.now).with_team or await _is_answered(message, visit):
        return await _not_sent(message, flag, visit, from_team=from_team)
    why = await refusal(message, visit, flag_id=flag.id, talk=True)
    album, said_of = message.media_group_id, "album" if why is None else "full"
    again = album is not None and (await visit.state.get_data()).get(said_of) == album
    if album is not None:
        await visit.state.update_data({said_of: album})
    if why is None:
        said = await _say(flag, message.caption, visit, from_team=from_team)
        await note_piece(message, visit, flag_id=flag.id, talk_id=said.id)
        if from_team and album is None:
            await visit.state.clear()
    if again:
        return None
    if why is not None:
        return show(message, why, [_back(flag, visit, from_team=from_team)])
    return await _sent(message, flag, visit, from_team=from_team)


async def _say(flag: Flag, text: str | None, visit: Visit, *, from_team: bool) -> Talk:
    vault, author = visit.vault, visit.person.id
    said = await say(visit.session, vault, flag, author, text, from_team=from_team, now=visit.now)
    if from_team:
        await note(visit, Audited.QUESTIONED, flag)
    else:
        await visit.record(Audited.ANSWERED, flag.id)
    return said


async def _sent(event: Event, flag: Flag, visit: Visit, *, from_team: bool) -> Method:
    said = visit._("Sent. Thank you.")
    if from_team:
        return await _team_screen(event, flag, visit, said)
    return await _own_screen(event, flag, visit, said)


async def _not_sent(event: Event, flag: Flag | None, visit: Visit, *, from_team: bool) -> Method:
    """The report is over, or the right to write is: say that it wasn't sent, and lead on."""
    number = (await visit.state.get_data()).get("flag")
    await visit.state.clear()
    await _note_refused(flag, number, "message", visit, from_team=from_team)
    said = visit._("What you sent was not passed on.")
    if flag is not None and not from_team:
        return await _own_screen(event, flag, visit, said)
    if from_team:
        return show(event, said, [[button(visit._("Queue"), ReviewPress(action="queue")), *back_home(visit._)]])
    return await nothing_kept(event, visit)


async def _note_refused(flag: Flag | None, number: int | None, what: str, visit: Visit, *, from_team: bool) -> None:
    """Write down that a message was not taken; whose flag it is, is not named, and of one that the team doesn't know of
    nothing is written.
    """
    if from_team:
        await record_denied(visit.session, visit.vault, visit.person.id, what, visit.now, number)
    elif flag is not None and flag.state not in UNSEEN:
        await record_denied(visit.session, visit.vault, None, what, visit.now, flag.id)


async def explain(message: Message, visit: Visit) -> Method:
    """Say what can be taken here, and why a file can't."""
    flag, from_team = await awaited(visit)
    if flag is None or not as_shown(flag, visit.now).with_team:
        return await _not_sent(message, flag, visit, from_team=from_team)
    return show(message, visit._(UNFIT), [_back(flag, visit, from_team=from_team)])


def _back(flag: Flag, visit: Visit, *, from_team: bool) -> Row:
    return [back_button(flag, visit._, from_team=from_team), *(back_home(visit._) if from_team else way_out(visit._))]


def back_button(flag: Flag, _: Texts, style: ButtonStyle | None = None, *, from_team: bool) -> InlineKeyboardButton:
    """The way back to the talk, for either side."""
    own, desk = TalkPress(action="own", flag=flag.handle), DeskTalkPress(action="open", flag=flag.id)
    return button(_("Back to the talk"), desk if from_team else own, style)


def _lines(messages: Sequence[tuple[Talk, Evidence | None]], flag: Flag, visit: Visit, *, by_team: bool) -> list[str]:
    """The messages as HTML, each with who said it and when."""
    _, shown_flag = visit._, as_shown(flag, visit.now)
    lines = []
    for n, (said, piece) in enumerate(messages, 1):
        who = _("The team") if said.from_team else _("The person who reported") if by_team else _("You")
        head = f"<b>{who}</b> · {_.moment(said.said_at)}"
        seen = said.seen_at is not None and (by_team or not shown_flag.hides(said.seen_at))
        if said.from_team is by_team and seen:
            head += " · " + _("read")
        what = [head]
        if piece is not None:
            kind = _("photo") if piece.kind is Kind.PHOTO else _("voice message")
            what.append(f"[{kind}]" if piece.status is Status.STORED else f"[{kind}] " + _("(on its way)"))
        if text := said.text(visit.vault, flag):
            shown = shorten(text, NEWEST_SHOWN if n == len(messages) else SHOWN)
            what.append(_("<blockquote>{words}</blockquote>", words=shown))
        lines.append("\n".join(what))
    return lines


def _message_rows(
    messages: Sequence[tuple[Talk, Evidence | None]], flag: Flag, visit: Visit, *, by_team: bool
) -> list[Row]:
    """Buttons for what the screen of the talk has no room for: long texts, photos and voice messages."""
    _ = visit._

    def opens(said: Talk, what: str) -> TalkPress | DeskTalkPress:
        if by_team:
            return DeskTalkPress(action=what, flag=flag.id, message=said.id)
        return TalkPress(action=what, flag=flag.handle, message=said.handle)

    buttons = []
    for n, (said, piece) in enumerate(messages, 1):
        text = said.text(visit.vault, flag) or ""
        at = _.moment(said.said_at).rpartition(" ")[2]
        if piece is not None and piece.status is Status.STORED:
            label = _("Photo, {time}", time=at) if piece.kind is Kind.PHOTO else _("Voice, {time}", time=at)
            buttons.append(button(label, opens(said, "piece")))
        if units(text) > (NEWEST_SHOWN if n == len(messages) else SHOWN):
            label = _("Read in full, {time}", time=at)
            buttons.append(button(label, opens(said, "full")))
    return in_rows(buttons)


async def _one(
    query: CallbackQuery,
    flag: Flag,
    found: tuple[Talk, Evidence | None] | None,
    visit: Visit,
    *,
    in_full: bool,
    by_team: bool,
) -> Method:
    """A message of this talk that this side may see: its text alone on the screen, or its piece below."""
    _ = visit._
    said, piece = found or (None, None)
    if not in_full and piece is not None and piece.status is Status.STORED:
        if by_team:
            await note(visit, Audited.EVIDENCE, flag, f"{piece.kind.value} {piece.id}")
        order, priority = {"piece": piece.id}, Priority.RECEIPT
        visit.order("piece", order, priority=priority)
        return AnswerCallbackQuery(callback_query_id=query.id, text=_("It comes below."))
    text = said.text(visit.vault, flag) if said is not None else None
    if text is None:
        return await (_team_screen if by_team else _own_screen)(query, flag, visit)
    if by_team:
        await note(visit, Audited.TALK, flag)
    return show(query, _("<blockquote>{words}</blockquote>", words=text), [_back(flag, visit, from_team=by_team)])
