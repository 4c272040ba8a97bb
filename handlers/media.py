"""Photos, voice messages and places as people send them, and what is said at once: kept, too many, or not like that.

A handler only notes what came; it's fetched and checked at delivery (`handlers/evidence.py`).
"""

from aiogram.filters import Filter
from aiogram.types import Message

from handlers.visit import Visit
from models.evidence import (
    LARGEST,
    LIMITS,
    LONGEST_VOICE,
    TALK_LIMIT,
    Evidence,
    Kind,
    add_piece,
    pieces_of_draft,
    pieces_of_flag,
    sent_in_talk,
)
from models.words import N_

ASKED = N_(
    "<b>Photos or your voice</b>\n\nSend up to 5 photos, or up to 3 voice messages of at most 5 minutes. "
    "A voice can be recognised. Hidden data in a photo, such as the place, is removed."
)
UNFIT = N_(
    "Here only photos and voice messages can be taken. Files and videos carry hidden data, such as the place where "
    "they were made: please send a photo as a photo, not as a file."
)
HINT = N_("Please send a photo or a voice message here, or go on with the button below.")
FAR_AWAY = N_("That is far from Kazakhstan; it is kept as you sent it.")
CAPTION_LEFT_OUT = N_("The words below the photo did not fit any more and were not kept.")


class Media(Filter):
    """A photo or a voice message."""

    async def __call__(self, message: Message) -> bool:
        """Look at what the message holds."""
        return bool(message.photo) or message.voice is not None


class Place(Filter):
    """A place on the map."""

    async def __call__(self, message: Message) -> bool:
        """Look at what the message holds."""
        return message.location is not None


class Unfit(Filter):
    """Anything else that is no text: a file, a video, a sticker."""

    async def __call__(self, message: Message) -> bool:
        """Look at what the message holds."""
        return message.text is None and not message.photo and message.voice is None


def place_of(message: Message) -> tuple[float, float]:
    """Latitude and longitude in degrees of a message that holds a place."""
    assert message.location is not None
    return message.location.latitude, message.location.longitude


def kind_of(message: Message) -> Kind:
    """What kind of piece a photo or voice message is."""
    return Kind.PHOTO if message.photo else Kind.VOICE


async def refusal(
    message: Message, visit: Visit, *, draft: str = "", flag_id: int = 0, talk: bool = False
) -> str | None:
    """Why a photo or voice message can't be taken, in words for the person; None if it can."""
    _, kind = visit._, kind_of(message)
    if message.voice is not None and message.voice.duration > LONGEST_VOICE.total_seconds():
        return _("That voice message is longer than 5 minutes. Please send it in shorter parts.")
    if _size(message) > LARGEST:
        return _("That is larger than 20 MB, more than Telegram hands over. Please send a shorter one.")
    if talk:
        full = await sent_in_talk(visit.session, flag_id, visit.person.id, kind) >= TALK_LIMIT
        return _("No more photos or voice messages fit into this talk. You can still write.") if full else None
    if draft:
        pieces = await pieces_of_draft(visit.session, visit.person.id, draft)
    else:
        pieces = await pieces_of_flag(visit.session, flag_id)
    if sum(piece.kind is kind for piece in pieces) < LIMITS[kind]:
        return None
    if kind is Kind.PHOTO:
        return _("5 photos are kept: the most for one report. Those that came after are not kept.")
    return _("3 voice messages are kept: the most for one report. What came after is not kept.")


def _size(message: Message) -> int:
    file = message.photo[-1] if message.photo else message.voice
    return (file.file_size if file is not None else None) or 0


async def note_piece(
    message: Message, visit: Visit, *, draft: str | None = None, flag_id: int | None = None, talk_id: int | None = None
) -> Evidence:
    """Note a photo or voice message, and order it to be fetched; after `refusal` had nothing against it."""
    file = message.photo[-1] if message.photo else message.voice
    assert file is not None
    piece = await add_piece(
        visit.session,
        visit.vault,
        person_id=visit.person.id,
        kind=kind_of(message),
        file_id=file.file_id,
        size=_size(message),
        seconds=message.voice.duration if message.voice is not None else None,
        draft=draft,
        flag_id=flag_id,
        talk_id=talk_id,
        now=visit.now,
    )
    order = {"piece": piece.id}
    visit.order("evidence", order)
    return piece


async def take_piece(message: Message, visit: Visit, *, draft: str = "", flag_id: int = 0) -> tuple[bool, str | None]:
    """Take a photo or voice message for a draft or a flag: whether it's kept, and what to say.

    None to say means silence: of an album one photo is answered, and one that is too many.
    """
    _ = visit._
    why = await refusal(message, visit, draft=draft, flag_id=flag_id)
    album = message.media_group_id
    said_of = "album" if why is None else "full"
    again = album is not None and (await visit.state.get_data()).get(said_of) == album
    if album is not None:
        await visit.state.update_data({said_of: album})
    if why is not None:
        return False, None if again else why
    await note_piece(message, visit, draft=draft or None, flag_id=flag_id or None)
    if album is not None:
        return True, None if again else _("Your photos are coming in; each is kept, up to 5.")
    return True, _("Kept. Thank you.")


def with_caption(words: str | None, message: Message) -> str | None:
    """The person's words with those that stand below a photo."""
    return "\n\n".join(filter(None, [words, message.caption])) or None
