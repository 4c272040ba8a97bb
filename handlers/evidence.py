"""Photos, voice messages and the place of a report.

    the person sends it → a row, and an order → fetched, checked, cleaned, sealed ──refused──▶ the person is told
    the team asks for a piece → an entry of the audit, and an order → the right is checked again → it's shown

Nothing is fetched or drawn before delivery, so a report never waits for it.
"""

from collections.abc import Mapping
from typing import Any

from aiogram import Router
from aiogram.filters import StateFilter
from aiogram.fsm.state import State, StatesGroup
from aiogram.methods import AnswerCallbackQuery, SendLocation, SendMessage, SendPhoto, SendVoice
from aiogram.types import BufferedInputFile, CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from handlers.arrivals import note_added, note_removed
from handlers.cleaning import clean_photo, seconds_of_voice
from handlers.desk import find_kept, no_such_flag, note
from handlers.form import go
from handlers.home import way_out
from handlers.making import GIVEN_UP, Made, OutOfReach, Workshop
from handlers.media import (
    ASKED,
    CAPTION_LEFT_OUT,
    FAR_AWAY,
    HINT,
    UNFIT,
    Media,
    Place,
    Unfit,
    place_of,
    take_piece,
    with_caption,
)
from handlers.notices import tell_of_message
from handlers.own import Adding, Typed, nothing_changed, nothing_kept, open_report
from handlers.pieces import is_around_kazakhstan, piece_lines, piece_names, remove_rows
from handlers.presses import Action, DeskPiecePress, EvidencePress, FormPress, OwnPress, ReviewPress
from handlers.review import open_flag
from handlers.roles import OnTeam
from handlers.screens import PRIMARY, SUCCESS, Event, Method, Row, button, keyboard, show
from handlers.talk import back_button
from handlers.texts import Texts
from handlers.visit import Visit
from models.audit import Action as Audited
from models.evidence import (
    LARGEST,
    LONGEST_VOICE,
    Evidence,
    Kind,
    Status,
    content_of,
    locked_piece,
    own_piece,
    pieces_of_flag,
)
from models.flag_rights import own_flag, own_flag_of_handle, reviewed_flag
from models.flags import Flag
from models.flags import State as FlagState
from models.late_news import as_shown
from models.markup import units
from models.outbox import Priority
from models.people import Person
from models.talk import TEXT_LIMIT, Talk, is_news
from models.words import N_

ASKED_PLACE = N_("The place fits in here too: tap the paperclip 📎, then “Location”.")
SLACK = 5
"""Seconds by which a recording may be longer than Telegram said."""


class Showing(StatesGroup):
    """Photos, voice or a place are awaited for a report that was sent; the data holds `flag`, its number."""

    media = State()


def router() -> Router:
    """Routes for evidence."""
    router = Router(name="evidence")
    router.message.register(take, StateFilter(Showing.media, Adding.words), Media())
    router.message.register(take_place, StateFilter(Showing.media), Place())
    router.message.register(explain, StateFilter(Showing.media), Unfit())
    router.message.register(explain, StateFilter(Showing.media), Typed())
    own, desk = EvidencePress.filter(), DeskPiecePress.filter()
    router.callback_query.register(ask, own, Action("add"))
    router.callback_query.register(remove, own, Action("remove"))
    router.callback_query.register(remove_place, own, Action("remove_place"))
    router.callback_query.register(show_refused, own, Action("refused"))
    router.callback_query.register(see, desk, Action("see"), OnTeam())
    router.callback_query.register(see_place, desk, Action("map"), OnTeam())
    return router


# the person who reported


async def ask(query: CallbackQuery, callback_data: EvidencePress, visit: Visit) -> Method:
    """Wait for photos, voice messages or the place of a report that was sent; what is there can be deleted."""
    flag = await own_flag_of_handle(visit.session, visit.person.id, callback_data.flag)
    if flag is None or not as_shown(flag, visit.now).is_open:
        return await open_report(query, OwnPress(action="open", flag=callback_data.flag), visit)
    await visit.state.set_state(Showing.media)
    await visit.state.set_data({"flag": flag.id})
    return await _screen(query, flag, visit)


async def _screen(event: Event, flag: Flag, visit: Visit, said: str = "") -> Method:
    _ = visit._
    pieces = await pieces_of_flag(visit.session, flag.id)
    place = flag.place(visit.vault)
    parts = [said, _(ASKED), _(ASKED_PLACE), "\n".join(piece_lines(pieces, place, _))]
    rows = remove_rows(pieces, _)
    if place is not None:
        press = EvidencePress(action="remove_place", flag=flag.handle)
        rows.append([button(_("Delete: {what}", what=_("Place")), press)])
    done = [button(_("Done"), OwnPress(action="open", flag=flag.handle), SUCCESS), *way_out(_)]
    return show(event, "\n\n".join(filter(None, parts)), [*rows, done])


async def take(message: Message, visit: Visit) -> Method | None:
    """Note a photo or voice message for the report; the words below it are added to the person's own."""
    _ = visit._
    flag = await own_flag(visit.session, visit.person.id, (await visit.state.get_data()).get("flag", 0))
    if flag is None or not as_shown(flag, visit.now).is_open:
        return await nothing_kept(message, visit)
    kept, said = await take_piece(message, visit, flag_id=flag.id)
    if kept:
        detail = "photo" if message.photo else "voice"
        await note_added(flag, detail, visit)
        if message.caption:
            words = with_caption(flag.words(visit.vault), message) or ""
            if units(words) <= TEXT_LIMIT:
                flag.write_words(visit.vault, words)
                await note_added(flag, "words", visit)
            else:
                said = "\n\n".join(filter(None, [said, _(CAPTION_LEFT_OUT)]))
    if said is None:
        return None
    if kept and message.media_group_id is not None:  # how many there are is known when all of it is here
        further = button(_("Next »"), EvidencePress(action="add", flag=flag.handle), PRIMARY)
        return show(message, said, [[further], way_out(_)])
    return await _screen(message, flag, visit, said)


async def take_place(message: Message, visit: Visit) -> Method:
    """Keep the place of the report; one that looks odd is kept too, with a hint."""
    _ = visit._
    flag = await own_flag(visit.session, visit.person.id, (await visit.state.get_data()).get("flag", 0))
    if flag is None or not as_shown(flag, visit.now).is_open:
        return await nothing_kept(message, visit)
    place = place_of(message)
    flag.write_place(visit.vault, place)
    await note_added(flag, "place", visit)
    return await _screen(message, flag, visit, _("Kept. Thank you.") if is_around_kazakhstan(place) else _(FAR_AWAY))


async def explain(message: Message, visit: Visit) -> Method:
    """Say what can be taken here, and why a file can't."""
    flag = await own_flag(visit.session, visit.person.id, (await visit.state.get_data()).get("flag", 0))
    if flag is None or not as_shown(flag, visit.now).is_open:
        return await nothing_kept(message, visit)
    return await _screen(message, flag, visit, visit._(HINT if message.text else UNFIT))


async def remove(query: CallbackQuery, callback_data: EvidencePress, visit: Visit) -> Method:
    """Delete one piece of a draft or of an open report; it's the person's own, and not part of a talk."""
    piece = await own_piece(visit.session, visit.person.id, callback_data.piece)
    if piece is None or piece.talk_id is not None:
        return await nothing_changed(query, visit)
    if piece.flag_id is None:
        await visit.session.delete(piece)
        await visit.session.flush()
        return await go(query, FormPress(action="go", step="media"), visit)
    flag = await own_flag(visit.session, visit.person.id, piece.flag_id)
    if flag is None or not as_shown(flag, visit.now).is_open:
        return await nothing_changed(query, visit)
    await visit.session.delete(piece)
    await visit.session.flush()
    await note_removed(flag, piece.kind.value, visit)
    return await ask(query, EvidencePress(action="add", flag=flag.handle), visit)


async def remove_place(query: CallbackQuery, callback_data: EvidencePress, visit: Visit) -> Method:
    """Delete the place of an open report of the person's own."""
    flag = await own_flag_of_handle(visit.session, visit.person.id, callback_data.flag)
    if flag is not None and as_shown(flag, visit.now).is_open and flag.sealed_place is not None:
        flag.sealed_place = None
        await note_removed(flag, "place", visit)
    return await ask(query, callback_data, visit)


# the team


async def see(query: CallbackQuery, callback_data: DeskPiecePress, visit: Visit) -> Method:
    """Order a piece of a flag for a reviewer, below the screen of the flag."""
    flag = await find_kept(callback_data.flag, visit)
    pieces = await pieces_of_flag(visit.session, flag.id) if flag is not None else []
    piece = next((piece for piece in pieces if piece.id == callback_data.piece), None)
    if flag is None:
        return no_such_flag(query, visit._)
    if piece is None or piece.status is not Status.STORED:  # deleted since the button was shown
        return await open_flag(query, ReviewPress(action="open", flag=flag.id), visit)
    await note(visit, Audited.EVIDENCE, flag, f"{piece.kind.value} {piece.id}")
    return _ordered(query, "piece", {"piece": piece.id}, visit)


async def see_place(query: CallbackQuery, callback_data: DeskPiecePress, visit: Visit) -> Method:
    """Order the place of a flag for a reviewer, as a map."""
    flag = await find_kept(callback_data.flag, visit)
    if flag is None:
        return no_such_flag(query, visit._)
    if flag.sealed_place is None:
        return await open_flag(query, ReviewPress(action="open", flag=flag.id), visit)
    await note(visit, Audited.EVIDENCE, flag, "place")
    return _ordered(query, "place", {"flag": flag.id}, visit)


def _ordered(query: CallbackQuery, name: str, values: Mapping[str, Any], visit: Visit) -> Method:
    visit.order(name, values, priority=Priority.RECEIPT)
    return AnswerCallbackQuery(callback_query_id=query.id, text=visit._("It comes below."))


# at delivery


async def make_evidence(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made | None:
    """Fetch what a person sent, check it, clean it and store it sealed; they're told only if it's refused.

    Done twice it changes nothing, and of a piece that was deleted meanwhile nothing is kept. With `quiet` among the
    values they're told no more than that there's news, and read what it is when they ask. So they are where the order
    had to be given up, by which it's refused.
    """
    async with workshop.database.reading() as session:
        piece = await session.get(Evidence, values["piece"])
    if piece is None or piece.person_id != person.id or piece.status is Status.STORED:
        return None
    given_up = bool(values.get(GIVEN_UP))
    quiet = given_up or bool(values.get("quiet"))
    if piece.status is Status.REFUSED:
        return await _refused(workshop, piece, person, quiet=quiet)
    content = await _cleaned(workshop, piece) if not given_up else None
    sealed = await workshop.aside(piece.seal, workshop.vault, content) if content is not None else None
    async with workshop.database.transaction() as session:
        piece = await locked_piece(session, piece.id)
        if piece is None or piece.status is not Status.WAITING:
            return None
        if content is not None and sealed is not None:
            piece.store(sealed, len(content))
            await session.flush()
            await _pass_on(session, workshop, piece)
            return None
        piece.refuse()
    return await _refused(workshop, piece, person, quiet=quiet)


async def _cleaned(workshop: Workshop, piece: Evidence) -> bytes | None:
    """The content as it may be kept; None if it isn't what it was sent as, or Telegram doesn't give it out."""
    try:
        content = await workshop.download(piece.file_id(workshop.vault))
    except OutOfReach:
        return None
    if len(content) > LARGEST:
        return None
    if piece.kind is Kind.PHOTO:
        return await workshop.aside(clean_photo, content)
    seconds = await workshop.aside(seconds_of_voice, content)
    return content if seconds is not None and seconds <= LONGEST_VOICE.total_seconds() + SLACK else None


async def _pass_on(session: AsyncSession, workshop: Workshop, piece: Evidence) -> None:
    """A piece of a talk has arrived: the other side is told."""
    said = await session.get(Talk, piece.talk_id) if piece.talk_id is not None else None
    flag = await session.get(Flag, said.flag_id) if said is not None else None
    if said is not None and flag is not None and flag.is_open and await is_news(session, said):
        await tell_of_message(session, workshop.vault, workshop.texts, flag, said, workshop.now)


async def _refused(workshop: Workshop, piece: Evidence, person: Person, *, quiet: bool) -> Made:
    _ = workshop.texts[person.language]
    if quiet:
        rows: list[Row] = [[button(_("Show"), EvidencePress(action="refused", piece=piece.handle))]]
        return Made(SendMessage(chat_id=0, text=_("There is news for you."), reply_markup=keyboard(rows)))
    async with workshop.database.reading() as session:
        text, rows = await _why_refused(session, piece, _)
    return Made(SendMessage(chat_id=0, text=text, reply_markup=keyboard(rows)))


async def show_refused(query: CallbackQuery, callback_data: EvidencePress, visit: Visit) -> Method:
    """What became of a piece of one's own that could not be kept."""
    piece = await own_piece(visit.session, visit.person.id, callback_data.piece)
    if piece is None or piece.status is not Status.REFUSED:
        return await nothing_changed(query, visit)
    return show(query, *await _why_refused(visit.session, piece, visit._))


async def _why_refused(session: AsyncSession, piece: Evidence, _: Texts) -> tuple[str, list[Row]]:
    if piece.kind is Kind.PHOTO:
        text = _("One of your photos could not be fetched or read, so it was not kept. Please send it once more.")
    else:
        text = _(
            "One of your voice messages could not be fetched or read, so it was not kept. Please record it once more."
        )
    if piece.flag_id is None:
        return text, [[button(_("Go on with my draft"), FormPress(action="begin"), PRIMARY)], way_out(_)]
    flag = await session.get(Flag, piece.flag_id)
    said = await session.get(Talk, piece.talk_id) if piece.talk_id is not None else None
    if flag is None:  # deleted since
        return text, [way_out(_)]
    again = button(_("Photo, voice or place"), EvidencePress(action="add", flag=flag.handle), PRIMARY)
    if said is not None:
        again = back_button(flag, _, PRIMARY, from_team=said.from_team)
    return text, [[again], way_out(_)]


async def make_piece(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made | None:
    """A photo or voice message, for whoever still has the right to it; it can't be passed on from the chat."""
    _ = workshop.texts[person.language]
    async with workshop.database.transaction() as session:
        piece = await locked_piece(session, values["piece"])
        if piece is None or piece.flag_id is None:
            return None
        is_own = await own_flag(session, person.id, piece.flag_id) is not None
        if not is_own and await _reviewed(session, person, piece.flag_id) is None:
            return None
        content = await content_of(session, workshop.vault, piece.id)
        names = piece_names(await pieces_of_flag(session, piece.flag_id), _)
        number = None if is_own else f"№{piece.flag_id}"  # a number is for the team
        name = " · ".join(filter(None, [number, names.get(piece.id)]))
    if content is None:
        return None
    kept: dict[str, Any] = {"chat_id": 0, "protect_content": True}
    if piece.kind is Kind.PHOTO:
        photo = BufferedInputFile(content, "photo.jpg")
        return Made(SendPhoto(photo=photo, has_spoiler=True, caption=name or None, **kept))
    voice = BufferedInputFile(content, "voice.ogg")
    return Made(SendVoice(voice=voice, duration=piece.seconds, caption=name or None, **kept))


async def make_place(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made | None:
    """The place of a flag on a map, for a reviewer who still has the right to it."""
    async with workshop.database.transaction() as session:
        flag = await _reviewed(session, person, values["flag"])
        place = flag.place(workshop.vault) if flag is not None else None
    if place is None:
        return None
    return Made(SendLocation(chat_id=0, latitude=place[0], longitude=place[1], protect_content=True))


async def _reviewed(session: AsyncSession, person: Person, flag_id: int) -> Flag | None:
    flag = await reviewed_flag(session, person.id, flag_id)
    return flag if flag is not None and flag.state is not FlagState.WITHDRAWN else None
