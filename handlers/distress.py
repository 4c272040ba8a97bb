"""A cry for help is answered before anything else, in any state, with care and numbers to call.

What was written goes no further and is stored nowhere; what was being asked stays asked. Only where the words of a
report were being asked, or one side's word on it, may they be saved or sent after all, with a button: for that they are
held until the person does anything else. Where a passphrase is asked, it's deleted from the chat as any other answer.
A photo or a voice message that was asked for goes where it was to go, with the words below it: it may be all that
there is to show.
"""

import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiogram import Router
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, Message, TelegramObject

from handlers import evidence, talk
from handlers.asked import ABOUT_OTHERS, SECRETS
from handlers.form import begin as go_on_with_draft
from handlers.form_answers import keep_answer
from handlers.form_answers import take_media as take_draft_media
from handlers.form_screens import Filling
from handlers.hearing import Answering, keep_word
from handlers.hearing import ask_again as ask_word_again
from handlers.home import call_rows, help_lines, help_text, way_out
from handlers.other_account import gone
from handlers.own import Adding, ask_words, keep_words, open_report
from handlers.presses import (
    Action,
    DistressPress,
    FormPress,
    OwnPress,
    ReportPress,
)
from handlers.remedy import Disagreeing, disagree
from handlers.remedy import ask_again as ask_to_disagree_again
from handlers.screens import PRIMARY, Event, Method, Row, button, show
from handlers.second_look import Asking, ask_for_second_look
from handlers.second_look import ask_again as ask_why_again
from handlers.talk import Talking, say_text
from handlers.talk import back_again as back_to_talk
from handlers.texts import LOCALES
from handlers.visit import Visit
from models.distress import Distress, load_distress
from models.drafts import draft_of
from models.flag_rights import own_flag
from models.lessons import LANGUAGES
from models.team import role_of

HELD = "held"
"""In the data of the conversation, which is sealed: the number of the message and its words."""


_KEEPS: Mapping[str | None, Callable[[Event, str, Visit], Awaitable[Method]]] = {
    Answering.word.state: keep_word,
    Disagreeing.words.state: disagree,
    Asking.words.state: ask_for_second_look,
}
"""Where one side tells of what was: what keeps its words."""


_TAKES: Mapping[str | None, Callable[[Message, Visit], Awaitable[Method | None]]] = {
    Filling.answer.state: take_draft_media,
    Adding.words.state: evidence.take,
    evidence.Showing.media.state: evidence.take,
    Talking.person.state: talk.take_media,
}
"""Where photos and voice messages are taken, and what takes them."""


class Distressed(Filter):
    """A message whose text or caption is a cry for help. A command never is.

    With `command` it's a command whose words are a cry: to be asked for once nobody knows the command.
    """

    def __init__(self, *, command: bool = False) -> None:
        self._distress, self._command = _lists(), command

    async def __call__(self, message: Message, visit: Visit) -> bool:
        """Look through all languages, whichever the person has chosen.

        What a member of the team writes of others, or to them, is often said in the same words.
        """
        text = message.text or message.caption or ""
        if text.startswith("/") is not self._command or not self._distress.cries(text):
            return False
        return visit.raw_state not in ABOUT_OTHERS or await role_of(visit.session, visit.person.id) is None


def router() -> Router:
    """Routes for distress words; must come first. Raises ContentError for a list that can't be used."""
    router = Router(name="distress")
    distressed = Distressed()
    for observer in (router.message, router.edited_message, router.callback_query):
        observer.outer_middleware(_let_go)
    router.message.register(care, distressed)
    router.edited_message.register(care, distressed)
    router.callback_query.filter(DistressPress.filter())
    router.callback_query.register(save, Action("save"))
    return router


@functools.cache
def _lists() -> Distress:
    return load_distress(LOCALES, LANGUAGES)


async def _let_go(
    handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]], event: TelegramObject, data: dict[str, Any]
) -> Any:
    """Forget held words at whatever comes next; only this module still gets them, as `held`."""
    visit: Visit = data["visit"]
    data["held"] = None
    if _words_are_asked(visit):
        kept = await visit.state.get_data()
        if (held := kept.pop(HELD, None)) is not None:
            data["held"] = held
            await visit.state.set_data(kept)
    return await handler(event, data)


def _words_are_asked(visit: Visit) -> bool:
    """Whether the words of a report may be what is asked, of one that was sent or a draft, or a word on one."""
    return visit.raw_state in {Adding.words.state, Filling.answer.state} or _sends(visit)


def _talks(visit: Visit) -> bool:
    return visit.raw_state in {Talking.person.state, Talking.team.state}


def _sends(visit: Visit) -> bool:
    """Whether what is asked goes to somebody at once."""
    return _talks(visit) or visit.raw_state in _KEEPS


async def _may_save(visit: Visit) -> bool:
    if visit.raw_state != Filling.answer.state:
        return visit.raw_state == Adding.words.state or _sends(visit)
    draft = await draft_of(visit.session, visit.person.id)
    return draft is not None and draft.place == "words"


async def care(message: Message, visit: Visit) -> list[Method]:
    """Answer with care and help, below whatever is said of a photo or voice message; the state stays as it is."""
    _, lines, before = visit._, help_lines(visit), list[Method]()
    parts = [
        _("<b>You did well to write. It is not your fault.</b>"),
        help_text(_, lines),
        _("This bot can't send help itself. If you are in danger, please call 112."),
    ]
    rows: list[Row] = [*call_rows(lines)]
    if message.text is None:
        if message.edit_date is None:  # else it was taken, or not, when it came
            take = _TAKES.get(visit.raw_state) if message.photo or message.voice else None
            if take is None:
                parts.append(_("What you sent was not kept."))
            elif (said := await take(message, visit)) is not None:
                before.append(said)
    elif visit.raw_state in SECRETS:
        if message.edit_date is None:
            before.append(gone(message))
            parts.append(_("Your message is deleted from this chat."))
    elif await _may_save(visit):
        if _sends(visit):
            parts.append(_("What you wrote was not sent. The button below sends it."))
        else:
            parts.append(_("What you wrote was not saved. The button below saves it."))
        # The press brings no text along, so it's held here, sealed, no longer than until the next press or message.
        data = await visit.state.update_data({HELD: [message.message_id, message.text]})
        flag = await own_flag(visit.session, visit.person.id, data.get("flag", 0))
        handle = flag.handle if flag is not None else ""
        press = DistressPress(action="save", flag=handle, message=message.message_id)
        rows.append([button(_("Send it") if _sends(visit) else _("Save it in my report"), press, PRIMARY)])
    elif visit.raw_state is not None:
        parts.append(_("What you wrote was not saved."))
    rows.append([button(_("Report an incident"), ReportPress(action="begin"))])
    return [*before, show(message, "\n\n".join(parts), [*rows, way_out(_)])]


async def save(
    query: CallbackQuery, callback_data: DistressPress, visit: Visit, held: tuple[int, str] | None
) -> Method:
    """Save the held words as if they had been typed now; once they're gone, ask again or show what is saved."""
    is_held = held is not None and held[0] == callback_data.message
    if visit.raw_state == Filling.answer.state:
        if held is not None and is_held and await _may_save(visit):
            return await keep_answer(query, held[1], visit)
        return await go_on_with_draft(query, FormPress(action="begin"), visit)
    if (keep := _KEEPS.get(visit.raw_state)) is not None:
        return await (keep(query, held[1], visit) if held is not None and is_held else _ask_again(query, visit))
    if _talks(visit):
        if held is not None and is_held:
            return await say_text(query, held[1], visit)
        return await back_to_talk(query, visit)
    if held is not None and is_held:
        return await keep_words(query, held[1], visit)
    if visit.raw_state == Adding.words.state:
        return await ask_words(query, OwnPress(action="words", flag=callback_data.flag), visit)
    return await open_report(query, OwnPress(action="open", flag=callback_data.flag), visit)


async def _ask_again(query: CallbackQuery, visit: Visit) -> Method:
    """Ask one side once more for its word: what was held is gone."""
    if visit.raw_state == Answering.word.state:
        return await ask_word_again(query, visit)
    if visit.raw_state == Disagreeing.words.state:
        return await ask_to_disagree_again(query, visit)
    return await ask_why_again(query, visit)
