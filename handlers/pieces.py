"""What hangs on a report besides what was chosen and written: lines and buttons for photos, voice, place and talk."""

from collections.abc import Mapping, Sequence

from handlers.presses import DeskPiecePress, DeskTalkPress, EvidencePress, TalkPress
from handlers.screens import PRIMARY, Row, button, in_rows
from handlers.texts import Texts
from handlers.visit import Visit
from models.details import Reach
from models.evidence import Evidence, Kind, Status, pieces_of_flag
from models.flags import Flag
from models.late_news import as_shown
from models.merging import works_on
from models.talk import asks, thread

SOUTH, NORTH, WEST, EAST = 40.0, 56.0, 46.0, 88.0
"""Degrees, around Kazakhstan."""


def is_around_kazakhstan(place: tuple[float, float]) -> bool:
    """Whether latitude and longitude lie in or near Kazakhstan."""
    return SOUTH <= place[0] <= NORTH and WEST <= place[1] <= EAST


def piece_lines(pieces: Sequence[Evidence], place: tuple[float, float] | None, _: Texts) -> list[str]:
    """How many photos and voice messages there are, and where it was, as HTML; nothing for what there isn't."""
    photos, voices = (sum(piece.kind is kind for piece in pieces) for kind in (Kind.PHOTO, Kind.VOICE))
    counts = [_.n("{n} photo", "{n} photos", photos)] if photos else []
    counts += [_.n("{n} voice message", "{n} voice messages", voices)] if voices else []
    lines = [", ".join(counts)] if counts else []
    if place is not None:
        lines.append(_("Place: <code>{place}</code>", place=f"{place[0]:.4f}, {place[1]:.4f}"))
    return lines


def piece_names(pieces: Sequence[Evidence], _: Texts) -> Mapping[int, str]:
    """What each piece is called on buttons, by its number: "Photo 1", "Photo 2", "Voice 1"."""
    names: dict[int, str] = {}
    for kind, text in ((Kind.PHOTO, _("Photo {n}")), (Kind.VOICE, _("Voice {n}"))):
        ids = [piece.id for piece in pieces if piece.kind is kind]
        names |= {piece_id: text.format(n=n) for n, piece_id in enumerate(ids, 1)}
    return names


def remove_rows(pieces: Sequence[Evidence], _: Texts) -> list[Row]:
    """A button for each piece, to delete it."""
    names = piece_names(pieces, _)
    buttons = [
        button(_("Delete: {what}", what=names[piece.id]), EvidencePress(action="remove", piece=piece.handle))
        for piece in pieces
    ]
    return in_rows(buttons)


async def own_lines(flag: Flag, visit: Visit) -> list[str]:
    """Lines for the person who reported: what hangs on the report, and whether there's a question."""
    lines = piece_lines(await pieces_of_flag(visit.session, flag.id), flag.place(visit.vault), visit._)
    if as_shown(flag, visit.now).with_team and await asks(visit.session, flag.id):
        lines.append("<b>" + visit._("There is a message from the team.") + "</b>")
    return lines


async def own_rows(flag: Flag, visit: Visit) -> list[Row]:
    """Buttons for the person who reported: add a photo, voice or place, write to the team."""
    _ = visit._
    if not as_shown(flag, visit.now).is_open:
        if not await thread(visit.session, flag.id, by_team=False, limit=1):
            return []
        return [[button(_("Messages"), TalkPress(action="own", flag=flag.handle))]]
    add: Row = [button(_("Photo, voice or place"), EvidencePress(action="add", flag=flag.handle))]
    if not as_shown(flag, visit.now).with_team:
        return [add]
    asked = await asks(visit.session, flag.id)
    write = _("Answer") if asked else _("Write to the team")
    return [
        add,
        [button(write, TalkPress(action="own", flag=flag.handle), PRIMARY if asked else None)],
    ]


async def desk_lines(flag: Flag, visit: Visit) -> list[str]:
    """Lines for the team: what hangs on the flag."""
    return piece_lines(await pieces_of_flag(visit.session, flag.id), flag.place(visit.vault), visit._)


async def desk_rows(flag: Flag, visit: Visit) -> list[Row]:
    """Buttons for the team: a piece each, the place, the talk, and a question by whoever claimed the flag."""
    _ = visit._
    pieces = await pieces_of_flag(visit.session, flag.id)
    names = piece_names(pieces, _)
    shown = [
        button(names[piece.id], DeskPiecePress(action="see", flag=flag.id, piece=piece.id))
        for piece in pieces
        if piece.status is Status.STORED
    ]
    if flag.sealed_place is not None:
        shown.append(button(_("Place on the map"), DeskPiecePress(action="map", flag=flag.id)))
    talk: Row = []
    if await thread(visit.session, flag.id, by_team=True, limit=1):
        talk = [button(_("Talk"), DeskTalkPress(action="open", flag=flag.id))]
    if await may_ask(flag, visit):
        talk = [*talk, button(_("Ask the person"), DeskTalkPress(action="ask", flag=flag.id))]
    return [*in_rows(shown, 3), talk]


async def may_ask(flag: Flag, visit: Visit) -> bool:
    """Whether this member of the team works on the flag, and so may ask the person.

    Not who doesn't want that, nor as long as they don't know that the team has it.
    """
    if flag.reach is Reach.ANONYMOUS or flag.is_quiet(visit.now):
        return False
    return await works_on(visit.session, flag, visit.person.id)
