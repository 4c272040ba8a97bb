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
from aiogram.methods import AnswerCallbackQuery
from aiogram.types import CallbackQuery, Message, TelegramObject

from handlers import evidence, talk
from handlers.after_sending import too_late, what_is_missed
from handlers.asked import ABOUT_OTHERS, SECRETS
from handlers.form_answers import keep_answer
from handlers.form_answers import take_media as take_draft_media
from handlers.form_screens import Filling, show_step
from handlers.hearing import Answering, keep_word
from handlers.hearing import ask_again as ask_word_again
from handlers.home import call_rows, help_lines, help_text, way_out
from handlers.other_account import gone
from handlers.own import Adding, ask_words_again, keep_words, nothing_kept
from handlers.presses import Action, DistressPress, ReportPress
from handlers.remedy import Disagreeing, disagree
from handlers.remedy import ask_again as ask_to_disagree_again
from handlers.screens import PRIMARY, Event, Method, Row, button, show
from handlers.second_look import Asking, ask_for_second_look
from handlers.second_look import ask_again as ask_why_again
from handlers.talk import Talking
from handlers.texts import LOCALES
from handlers.visit import Visit
from models.distress import Distress, load_distress
from models.drafts import draft_of
from models.lessons import LANGUAGES
from models.team import role_of

HELD = "held"
"""In the data of the conversation, which is sealed: the number of the message and its words."""
_DONE = "done"
"""There too, and forgotten at the next screen: the number of the message whose words were just saved or sent."""


async def _ask_draft_again(query: CallbackQuery, visit: Visit) -> Method:
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None:
        return await nothing_kept(query, visit)
    return await show_step(query, draft, visit, visit._("What you wrote was not saved."))


_KEEPS: Mapping[str | None, Callable[[Event, str, Visit], Awaitable[Method]]] = {
    Filling.answer.state: keep_answer,
    Adding.words.state: keep_words,
    Talking.person.state: talk.say_text,
    Talking.team.state: talk.say_text,
    Answering.word.state: keep_word,
    Disagreeing.words.state: disagree,
    Asking.words.state: ask_for_second_look,
}
"""Where the words of a report may be what is asked, or one side's word on it: what keeps them."""


_ASKS: Mapping[str | None, Callable[[CallbackQuery, Visit], Awaitable[Method]]] = {
    Filling.answer.state: _ask_draft_again,
    Adding.words.state: ask_words_again,
    Talking.person.state: talk.back_again,
    Talking.team.state: talk.back_again,
    Answering.word.state: ask_word_again,
    Disagreeing.words.state: ask_to_disagree_again,
    Asking.words.state: ask_why_again,
}
"""What asks there once more."""


_SAVES = {Filling.answer.state, Adding.words.state}
"""Where they're saved; elsewhere they go to somebody at once."""


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
    if visit.raw_state in _KEEPS:
        kept = await visit.state.get_data()
        if (held := kept.pop(HELD, None)) is not None:
            data["held"] = held
            await visit.state.set_data(kept)
    return await handler(event, data)


async def _may_save(visit: Visit) -> bool:
    if visit.raw_state != Filling.answer.state:
        return visit.raw_state in _KEEPS
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
    # An edited photo or voice message was kept, or not, when it came.
    missed = await what_is_missed(visit) if message.text is not None or message.edit_date is None else None
    if missed is not None:
        parts.append(missed[0])
        rows += missed[1]
    elif message.text is None:
        if message.edit_date is None:
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
        if saves := visit.raw_state in _SAVES:
            parts.append(_("What you wrote was not saved. The button below saves it."))
        else:
            parts.append(_("What you wrote was not sent. The button below sends it."))
        # The press brings no text along, so it's held here, sealed, no longer than until the next press or message.
        await visit.state.update_data({HELD: [message.message_id, message.text]})
        press = DistressPress(action="save", message=message.message_id)
        rows.append([button(_("Save it in my report") if saves else _("Send it"), press, PRIMARY)])
    elif visit.raw_state is not None:
        parts.append(_("What you wrote was not saved."))
    rows.append([button(_("Report an incident"), ReportPress(action="begin"))])
    return [*before, show(message, "\n\n".join(parts), [*rows, way_out(_)])]


async def save(
    query: CallbackQuery, callback_data: DistressPress, visit: Visit, held: tuple[int, str] | None
) -> Method:
    """Save the held words as if they had been typed now; once they're gone, ask again or say that they were not kept.

    A second press, before the first is answered, changes nothing.
    """
    if (await visit.state.get_data()).get(_DONE) == callback_data.message:
        return AnswerCallbackQuery(callback_query_id=query.id)
    if held is not None and held[0] == callback_data.message and await _may_save(visit):
        screen = await _KEEPS[visit.raw_state](query, held[1], visit)
        await visit.state.update_data({_DONE: callback_data.message})
        return screen
    if (ask := _ASKS.get(visit.raw_state)) is not None:
        return await ask(query, visit)
    return await too_late(query, visit) or await nothing_kept(query, visit)
