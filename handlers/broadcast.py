"""Broadcasts, as owners write them: once in each language, looked at as they'll arrive, confirmed.

Whoever is not an owner gets the same answer as to an unknown command. What is typed keeps its formatting as Telegram's
entities, so that a text with "<b>" in it stays a text.
"""

from typing import Any

from aiogram import Router
from aiogram.filters import StateFilter
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message

from handlers.broadcast_audience import (
    choose_cohort,
    choose_group,
    choose_language,
    choose_region,
    show_cohorts,
    show_regions,
    show_whom,
)
from handlers.broadcast_list import ask_cancel, cancel, pause_or_resume, show_list, watch, watched
from handlers.broadcast_words import legend, note_broadcast, reach_lines, to_list, whom_in_words
from handlers.commands import Command
from handlers.home import LANGUAGE_NAMES, back_home
from handlers.opting import broadcast_message
from handlers.own import Typed
from handlers.presses import Action, BroadcastPress
from handlers.roles import Owns
from handlers.screens import DANGER, PRIMARY, SUCCESS, Event, Method, Row, button, show, show_anew
from handlers.visit import Visit
from models.audit import Action as Audited
from models.broadcasts import TEXT_LIMIT, Broadcast, begun, draft_of, new_draft, reach, start
from models.markup import Rich, units
from models.people import Language

_KEPT = frozenset(
    {
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "blockquote",
        "expandable_blockquote",
        "code",
        "pre",
        "text_link",
    }
)
"""Formatting that is kept. Addresses and numbers Telegram finds again by itself; who is mentioned by id is left out."""


class Writing(StatesGroup):
    """The text of a language is asked for; the data holds `language`."""

    text = State()


def router() -> Router:
    """Routes for owners."""
    router = Router(name="broadcast")
    router.message.register(show_list, Command("broadcast"), Owns())
    router.message.register(text_typed, StateFilter(Writing.text), Typed(), Owns())
    router.callback_query.filter(BroadcastPress.filter(), Owns())
    router.callback_query.register(show_list, Action("list"))
    router.callback_query.register(begin, Action("write"))
    router.callback_query.register(show_draft, Action("draft"))
    router.callback_query.register(ask_text, Action("text"))
    router.callback_query.register(drop_text, Action("drop"))
    router.callback_query.register(next_instead, Action("instead"))
    router.callback_query.register(show_whom, Action("whom"))
    router.callback_query.register(choose_group, Action("group"))
    router.callback_query.register(show_cohorts, Action("cohorts"))
    router.callback_query.register(choose_cohort, Action("cohort"))
    router.callback_query.register(show_regions, Action("regions"))
    router.callback_query.register(choose_region, Action("region"))
    router.callback_query.register(choose_language, Action("language"))
    router.callback_query.register(preview, Action("preview"))
    router.callback_query.register(ask_start, Action("ask"))
    router.callback_query.register(begin_sending, Action("start"))
    router.callback_query.register(ask_discard, Action("discard"))
    router.callback_query.register(discard, Action("discarded"))
    router.callback_query.register(watch, Action("open"))
    router.callback_query.register(pause_or_resume, Action("pause", "resume"))
    router.callback_query.register(ask_cancel, Action("stop"))
    router.callback_query.register(cancel, Action("cancelled"))
    return router


# the draft


async def begin(query: CallbackQuery, visit: Visit) -> Method:
    """Go on with the draft, or begin one."""
    await visit.state.clear()
    if await draft_of(visit.session, visit.person.id) is None:
        draft = await new_draft(visit.session, visit.person.id, visit.now)
        await note_broadcast(visit, Audited.BROADCAST_MADE, draft)
    return await show_draft(query, visit)


async def show_draft(event: Event, visit: Visit) -> Method:
    """The draft: whom it's for, in which languages it's written, how many people get it."""
    await visit.state.clear()
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None:
        return await show_list(event, visit)
    return show(event, *await _draft_screen(draft, visit))


async def _draft_screen(draft: Broadcast, visit: Visit) -> tuple[str, list[Row]]:
    _ = visit._
    written = [Language(each) for each in draft.languages]
    reached = await reach_lines(draft, visit)
    lines = [
        _("<b>A message to many people: draft</b>"),
        "",
        _("To: {whom}", whom=await whom_in_words(visit.session, draft.whom, _)),
        *reached,
        *legend(reached, _),
        "",
        _("Blocked the bot or want no such messages: not counted."),
    ]
    if written and (unread := [LANGUAGE_NAMES[each] for each in Language if each not in draft.readers]):
        lines.append(_("Get nothing, as things are: {languages}", languages=", ".join(unread)))
    texts = [
        button(("✓ " if each in written else "✎ ") + name, BroadcastPress(action="text", value=each))
        for each, name in LANGUAGE_NAMES.items()
    ]
    rows: list[Row] = [texts, [button(_("To whom"), BroadcastPress(action="whom"))]]
    if written and len(written) < len(Language):
        who = LANGUAGE_NAMES[draft.instead] if draft.instead else _("nothing")
        rows.append([button(_("Without a text of their own: {what}", what=who), BroadcastPress(action="instead"))])
    if written:
        preview = button(_("Preview"), BroadcastPress(action="preview"))
        rows.append([preview, button(_("Send »"), BroadcastPress(action="ask"), PRIMARY)])
    rows.append([button(_("Delete the draft"), BroadcastPress(action="discard"), DANGER)])
    return "\n".join(lines), [*rows, [to_list(_), *back_home(_)]]


async def ask_text(query: CallbackQuery, callback_data: BroadcastPress, visit: Visit) -> Method:
    """Wait for the text of a language."""
    _ = visit._
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None or callback_data.value not in set(Language):
        return await show_draft(query, visit)
    language = Language(callback_data.value)
    await visit.state.set_state(Writing.text)
    await visit.state.set_data({"language": language})
    text = _(
        "Please write the text: <b>{language}</b>. At most {limit} characters; bold, italics and links are kept.",
        language=LANGUAGE_NAMES[language],
        limit=TEXT_LIMIT,
    )
    rows: list[Row] = [[button(_("Cancel"), BroadcastPress(action="draft"))]]
    if language in draft.languages:
        text += "\n\n" + _("What you write replaces the text that is there.")
        rows.insert(0, [button(_("Take this text out"), BroadcastPress(action="drop", value=language), DANGER)])
    return show(query, text, rows)


async def text_typed(message: Message, visit: Visit) -> Method:
    """Keep the text with its formatting, or say that it's too long."""
    _ = visit._
    draft = await draft_of(visit.session, visit.person.id)
    language = (await visit.state.get_data()).get("language")
    if draft is None or language is None:
        return await show_draft(message, visit)
    rich = typed(message)
    if (length := units(rich.text)) > TEXT_LIMIT:
        text = _(
            "That is {length} characters, and {limit} fit. Please write it shorter.", length=length, limit=TEXT_LIMIT
        )
        return show(message, text, [[button(_("Cancel"), BroadcastPress(action="draft"))]])
    draft.write(visit.vault, Language(language), rich, visit.now)
    return await show_draft(message, visit)


def typed(message: Message) -> Rich:
    """What a person typed, with the formatting that they gave it."""
    entities: list[dict[str, Any]] = []
    for entity in message.entities or []:
        if entity.type not in _KEPT:
            continue
        kept: dict[str, Any] = {"type": entity.type, "offset": entity.offset, "length": entity.length}
        if entity.type == "text_link":
            if not (entity.url or "").startswith(("https://", "http://")):
                continue
            kept["url"] = entity.url
        entities.append(kept)
    return Rich(text=message.text or "", entities=tuple(entities))


async def drop_text(query: CallbackQuery, callback_data: BroadcastPress, visit: Visit) -> Method:
    """Take the text of a language out."""
    draft = await draft_of(visit.session, visit.person.id)
    if draft is not None and callback_data.value in draft.languages:
        draft.write(visit.vault, Language(callback_data.value), None, visit.now)
    return await show_draft(query, visit)


async def next_instead(query: CallbackQuery, visit: Visit) -> Method:
    """Another choice for people without a text of their own: none, then each text that there is."""
    draft = await draft_of(visit.session, visit.person.id)
    if draft is not None:
        choices = [None, *(Language(each) for each in draft.languages)]
        draft.instead = choices[(choices.index(draft.instead) + 1) % len(choices)]
        draft.touch(visit.now)
    return await show_draft(query, visit)


async def ask_discard(query: CallbackQuery, visit: Visit) -> Method:
    """Make sure before a draft goes."""
    _ = visit._
    rows: list[Row] = [
        [button(_("Yes, delete it"), BroadcastPress(action="discarded"), DANGER)],
        [button(_("« Back"), BroadcastPress(action="draft"))],
    ]
    return show(query, _("Delete the draft with all its texts?"), rows)


async def discard(query: CallbackQuery, visit: Visit) -> Method:
    """Delete the draft."""
    draft = await draft_of(visit.session, visit.person.id)
    if draft is not None:
        await visit.session.delete(draft)
        await visit.session.flush()
    return await show_list(query, visit)


# preview, confirmation, start


async def preview(query: CallbackQuery, callback_data: BroadcastPress, visit: Visit) -> Method | list[Method]:
    """Each text as it arrives, the opt-out button included; then the draft once more, below."""
    _ = visit._
    draft = await draft_of(visit.session, visit.person.id)
    broadcast = await begun(visit.session, callback_data.row) if callback_data.row else draft
    if broadcast is None or not broadcast.languages:
        return await show_draft(query, visit)
    texts = broadcast.texts(visit.vault)
    shown: list[Method] = [
        broadcast_message(texts[each], visit.texts[each], is_preview=True).model_copy(
            update={"chat_id": query.from_user.id}
        )
        for each in Language
        if each in texts
    ]
    if broadcast is not draft:
        return shown
    screen = await _draft_screen(draft, visit)
    return [show(query, _("This is how it arrives:")), *shown, show_anew(query, *screen)]


async def ask_start(query: CallbackQuery, visit: Visit) -> Method:
    """The last question, with the number of people. The draft that is seen now is the one that is confirmed."""
    _ = visit._
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None or not draft.languages:
        return await show_draft(query, visit)
    whom = draft.whom
    number = (await reach(visit.session, whom, visit.now)).number(whom.region, draft.readers)
    draft.may_count = number is not None
    back = [button(_("« Back"), BroadcastPress(action="draft"))]
    if number == 0:
        return show(query, _("Nobody would get it: choose other people, or write another language."), [back])
    to = _("To: {whom}", whom=await whom_in_words(visit.session, whom, _))
    if number is None:
        question = _("Send it now? The number of people is hidden, so that nobody can be recognised.")
        confirm = _("Yes, send it")
    else:
        question = _.n("Send it to {n} person now?", "Send it to {n} people now?", number)
        confirm = _.n("Yes, send to {n} person", "Yes, send to {n} people", number)
    press = BroadcastPress(action="start", row=draft.id, value=str(draft.version))
    text = f"{question}\n\n{to}\n{_('What was sent cannot be taken back.')}"
    return show(query, text, [[button(confirm, press, SUCCESS)], back])


async def begin_sending(query: CallbackQuery, callback_data: BroadcastPress, visit: Visit) -> Method:
    """Start it, once; an older question doesn't confirm a newer draft."""
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None or draft.id != callback_data.row:
        return await watched(query, callback_data, visit)
    if str(draft.version) != callback_data.value or not draft.languages:
        return await ask_start(query, visit)
    await start(visit.session, draft, may_count=draft.may_count, now=visit.now)
    await note_broadcast(visit, Audited.BROADCAST_STARTED, draft, str(draft.whom.group))
    return await watched(query, callback_data, visit)
