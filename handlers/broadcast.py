"""Broadcasts, as owners write them: once in each language, looked at as they'll arrive, confirmed, watched.

Whoever is not an owner gets the same answer as to an unknown command. What is typed keeps its formatting as Telegram's
entities, so that a text with "<b>" in it stays a text.
"""

from collections.abc import Mapping
from typing import Any

from aiogram import Router
from aiogram.filters import Command, StateFilter
from aiogram.fsm.state import State, StatesGroup
from aiogram.methods import EditMessageText
from aiogram.types import CallbackQuery, InlineKeyboardButton, Message
from babel.numbers import format_decimal
from sqlalchemy.ext.asyncio import AsyncSession

from handlers.desk import note
from handlers.home import LANGUAGE_NAMES, back_home
from handlers.making import Made, Workshop
from handlers.opting import broadcast_message
from handlers.own import Typed
from handlers.presses import Action, BroadcastPress
from handlers.roles import Owns
from handlers.screens import (
    DANGER,
    PRIMARY,
    SUCCESS,
    Event,
    Method,
    Row,
    button,
    in_rows,
    keyboard,
    progress,
    show,
    show_anew,
)
from handlers.texts import Texts
from handlers.visit import Visit
from models.audit import Action as Audited
from models.broadcasts import (
    TEXT_LIMIT,
    Audience,
    Broadcast,
    Fate,
    Group,
    Stage,
    begun,
    draft_of,
    leave,
    new_draft,
    newest_broadcasts,
    reach,
    reach_of_cohorts,
    reach_of_roles,
    shown_fates,
    start,
)
from models.cohorts import Cohort, newest_cohorts
from models.markup import Rich, units
from models.people import Language, Person
from models.regions import REGIONS
from models.team import Role, role_of
from models.words import N_

SHOWN = 5
"""Earlier broadcasts in the list."""
PAGE = 8
_LAST_PAGE = 10_000
_ALL = "all"
_HIDDEN = "*"
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
GROUPS = {
    Group.EVERYBODY: N_("Everybody"),
    Group.DRIVERS: N_("Drivers"),
    Group.CERTIFIED: N_("Certificate holders"),
}
STAGES = {
    Stage.DRAFT: N_("draft"),
    Stage.QUEUEING: N_("being prepared"),
    Stage.SENDING: N_("being sent"),
    Stage.PAUSED: N_("paused"),
    Stage.CANCELLED: N_("cancelled"),
    Stage.DONE: N_("ended"),
}
FATES = {
    Fate.SENT: N_("Sent: {number}"),
    Fate.BLOCKED: N_("Blocked the bot: {number}"),
    Fate.SKIPPED: N_("Want no such messages, or changed their language: {number}"),
    Fate.REFUSED: N_("Refused by Telegram: {number}"),
    Fate.UNSURE: N_("Perhaps sent, the connection broke: {number}"),
}


class Writing(StatesGroup):
    """The text of a language is asked for; the data holds `language`."""

    text = State()


def router() -> Router:
    """Routes for owners; before all that reads what people type."""
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


async def show_list(event: Event, visit: Visit) -> Method:
    """The draft, and what was sent lately."""
    _ = visit._
    await visit.state.clear()
    if isinstance(event, CallbackQuery) and isinstance(event.message, Message):
        await leave(visit.session, visit.person.id, event.message.message_id)
    text = _("<b>Broadcasts</b>\n\nA message of the team to many people at once, to each in their language.")
    draft = await draft_of(visit.session, visit.person.id)
    write = _("Go on with the draft") if draft is not None else _("Write a message")
    rows: list[Row] = [[button(write, BroadcastPress(action="write"), PRIMARY)]]
    for each in await newest_broadcasts(visit.session, SHOWN):
        assert each.started_at is not None
        label = f"{_.moment(each.started_at)} · {_(STAGES[each.stage])}"
        rows.append([button(label, BroadcastPress(action="open", row=each.id))])
    return show(event, text, [*rows, back_home(_)])


# the draft


async def begin(query: CallbackQuery, visit: Visit) -> Method:
    """Go on with the draft, or begin one."""
    await visit.state.clear()
    if await draft_of(visit.session, visit.person.id) is None:
        draft = await new_draft(visit.session, visit.person.id, visit.now)
        await _note(visit, Audited.BROADCAST_MADE, draft)
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
    reached = await _reach_lines(draft, visit)
    lines = [
        _("<b>A message to many people: draft</b>"),
        "",
        _("To: {whom}", whom=await _whom(visit.session, draft.whom, _)),
        *reached,
        *_legend(reached, _),
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
    return "\n".join(lines), [*rows, [_to_list(_), *back_home(_)]]


async def _reach_lines(draft: Broadcast, visit: Visit) -> list[str]:
    """How many people get it, in all and by language."""
    _, whom = visit._, draft.whom
    found = await reach(visit.session, whom, visit.now)
    by_language = found.by_language(whom.region)
    number = found.number(whom.region, draft.readers)
    return [
        _("Get it: {number}", number=_number(number, _)),
        *(f"• {LANGUAGE_NAMES[each]}: {_number(by_language[each], _)}" for each in Language if each in draft.readers),
    ]


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


# whom it's for


async def show_whom(query: CallbackQuery, visit: Visit) -> Method:
    """The choice of people, with how many of each can be reached."""
    _ = visit._
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None:
        return await show_list(query, visit)
    whom, numbers = draft.whom, await reach_of_roles(visit.session, visit.now)
    roles = [f"{_(name)} · {_number(numbers[group], _)}" for group, name in GROUPS.items()]
    rows: list[Row] = [
        [_choice(label, whom.group is group, BroadcastPress(action="group", value=group))]
        for label, group in zip(roles, GROUPS, strict=True)
    ]
    cohort = await _cohort(visit.session, whom)
    name = cohort.name if cohort is not None else _("A cohort »")
    rows.append([_choice(name, whom.group is Group.COHORT, BroadcastPress(action="cohorts"))])
    region = _(REGIONS[whom.region]) if whom.region else _("all")
    rows.append([button(_("Region: {region} »", region=region), BroadcastPress(action="regions"))])
    languages = [(_ALL, _("All languages")), *((each.value, name) for each, name in LANGUAGE_NAMES.items())]
    rows += in_rows(
        [
            _choice(name, (whom.language or _ALL) == value, BroadcastPress(action="language", value=value))
            for value, name in languages
        ]
    )
    lines = [
        _("<b>Who is it for?</b>"),
        "",
        _("To: {whom}", whom=await _whom(visit.session, whom, _)),
        *(await _reach_lines(draft, visit)),
    ]
    legend = _legend([*lines, *roles], _)
    return show(query, "\n".join([*lines, *legend]), [*rows, _back(_)])


async def choose_group(query: CallbackQuery, callback_data: BroadcastPress, visit: Visit) -> Method:
    """Everybody, drivers, or those who hold a certificate."""
    if callback_data.value in set(GROUPS):
        await _choose(visit, group=Group(callback_data.value), cohort=None)
    return await show_whom(query, visit)


async def show_cohorts(query: CallbackQuery, callback_data: BroadcastPress, visit: Visit) -> Method:
    """The cohorts, the newest first, with how many of each can be reached."""
    _, wanted = visit._, callback_data.value
    page = min(int(wanted), _LAST_PAGE) if wanted.isdecimal() else 0
    cohorts = await newest_cohorts(visit.session, PAGE + 1, page * PAGE)
    numbers = await reach_of_cohorts(visit.session, [cohort.id for cohort in cohorts])
    labels = [f"{cohort.name} · {_number(numbers[cohort.id], _)}" for cohort in cohorts[:PAGE]]
    rows: list[Row] = [
        [button(label, BroadcastPress(action="cohort", row=cohort.id))]
        for label, cohort in zip(labels, cohorts, strict=False)
    ]
    turn: list[InlineKeyboardButton] = []
    if page:
        turn.append(button("◀", BroadcastPress(action="cohorts", value=str(page - 1))))
    if len(cohorts) > PAGE:
        turn.append(button("▶", BroadcastPress(action="cohorts", value=str(page + 1))))
    text = _("Which cohort is it for?") if cohorts else _("There is none yet.")
    back = [button(_("« Back"), BroadcastPress(action="whom"))]
    return show(query, "\n".join([text, *_legend(labels, _)]), [*rows, turn, back])


async def choose_cohort(query: CallbackQuery, callback_data: BroadcastPress, visit: Visit) -> Method:
    """The participants of a cohort."""
    if await visit.session.get(Cohort, callback_data.row) is not None:
        await _choose(visit, group=Group.COHORT, cohort=callback_data.row)
    return await show_whom(query, visit)


async def show_regions(query: CallbackQuery, visit: Visit) -> Method:
    """The regions, with how many people of each can be reached."""
    _ = visit._
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None:
        return await show_list(query, visit)
    found = await reach(visit.session, draft.whom, visit.now)
    labels = {code: f"{_(name)} · {_number(found.of_region(code), _)}" for code, name in REGIONS.items()}
    buttons = [button(label, BroadcastPress(action="region", value=code)) for code, label in labels.items()]
    whole = button(_("All regions"), BroadcastPress(action="region", value=_ALL))
    lines = [
        _("Which region is it for?"),
        _("A region is known only of people who said it themselves."),
        *_legend(list(labels.values()), _),
    ]
    back = [button(_("« Back"), BroadcastPress(action="whom"))]
    return show(query, "\n".join(lines), [[whole], *in_rows(buttons), back])


async def choose_region(query: CallbackQuery, callback_data: BroadcastPress, visit: Visit) -> Method:
    """One region, or all of them."""
    if callback_data.value in {*REGIONS, _ALL}:
        await _choose(visit, region=callback_data.value if callback_data.value in REGIONS else None)
    return await show_whom(query, visit)


async def choose_language(query: CallbackQuery, callback_data: BroadcastPress, visit: Visit) -> Method:
    """One language, or all of them."""
    if callback_data.value in {*Language, _ALL}:
        await _choose(visit, language=None if callback_data.value == _ALL else Language(callback_data.value))
    return await show_whom(query, visit)


async def _choose(visit: Visit, **changes: Any) -> None:
    draft = await draft_of(visit.session, visit.person.id)
    if draft is not None:
        draft.choose(draft.whom.model_copy(update=changes), visit.now)


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
    to = _("To: {whom}", whom=await _whom(visit.session, whom, _))
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
        return await watch(query, callback_data, visit)
    if str(draft.version) != callback_data.value or not draft.languages:
        return await ask_start(query, visit)
    await start(visit.session, draft, may_count=draft.may_count, now=visit.now)
    await _note(visit, Audited.BROADCAST_STARTED, draft, str(draft.whom.group))
    return await watch(query, callback_data, visit)


# what is on its way


async def watch(query: CallbackQuery, callback_data: BroadcastPress, visit: Visit) -> Method:
    """How far a broadcast has come. The message that its owner sees now is the one that is kept up to date."""
    await visit.state.clear()
    broadcast = await begun(visit.session, callback_data.row)
    if broadcast is None:
        return await show_list(query, visit)
    if broadcast.owner_id == visit.person.id and isinstance(query.message, Message):
        broadcast.message_id = query.message.message_id
    whom = await _whom(visit.session, broadcast.whom, visit._)
    return show(query, *_progress_screen(broadcast, whom, visit._))


async def pause_or_resume(query: CallbackQuery, callback_data: BroadcastPress, visit: Visit) -> Method:
    """Let it wait, or go on; pressed twice it's harmless."""
    broadcast = await begun(visit.session, callback_data.row)
    if broadcast is not None:
        if callback_data.action == "pause" and broadcast.pause():
            await _note(visit, Audited.BROADCAST_PAUSED, broadcast)
        elif callback_data.action == "resume" and broadcast.resume():
            await _note(visit, Audited.BROADCAST_RESUMED, broadcast)
    return await watch(query, callback_data, visit)


async def ask_cancel(query: CallbackQuery, callback_data: BroadcastPress, visit: Visit) -> Method:
    """Make sure before it stops for good."""
    _ = visit._
    broadcast = await begun(visit.session, callback_data.row)
    if broadcast is None or broadcast.ended_at is not None:
        return await watch(query, callback_data, visit)
    if isinstance(query.message, Message):  # this question must not be overwritten
        await leave(visit.session, visit.person.id, query.message.message_id)
    rows: list[Row] = [
        [button(_("Yes, stop it for good"), BroadcastPress(action="cancelled", row=broadcast.id), DANGER)],
        [button(_("« Back"), BroadcastPress(action="open", row=broadcast.id))],
    ]
    text = _("Stop this message for good? Who has it keeps it; everybody else will not get it.")
    return show(query, text, rows)


async def cancel(query: CallbackQuery, callback_data: BroadcastPress, visit: Visit) -> Method:
    """Stop it for good."""
    broadcast = await begun(visit.session, callback_data.row)
    if broadcast is not None and broadcast.cancel(visit.now):
        await _note(visit, Audited.BROADCAST_CANCELLED, broadcast)
    return await watch(query, callback_data, visit)


async def make_progress(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made | None:
    """The message in which an owner watches a broadcast, brought up to date; nothing if they no longer watch."""
    async with workshop.database.reading() as session:
        broadcast = await session.get(Broadcast, values["broadcast"])
        if broadcast is None or broadcast.owner_id != person.id or broadcast.message_id is None:
            return None
        if await role_of(session, person.id) is not Role.OWNER:
            return None
        _ = workshop.texts[person.language]
        text, rows = _progress_screen(broadcast, await _whom(session, broadcast.whom, _), _)
    edit = EditMessageText(chat_id=0, message_id=broadcast.message_id, text=text, reply_markup=keyboard(rows))
    return Made(edit)


def _progress_screen(broadcast: Broadcast, whom: str, _: Texts) -> tuple[str, list[Row]]:
    fates, left, total = shown_fates(broadcast)
    lines = [
        _("<b>A message to many people: {stage}</b>", stage=_(STAGES[broadcast.stage])),
        "",
        _("To: {whom}", whom=whom),
    ]
    if total and left is not None:
        lines += ["", f"{progress(total - left, total)} {100 * (total - left) // total} %"]
    if not broadcast.may_count:
        lines.append(_("The numbers are hidden, so that nobody can be recognised."))
    else:
        numbers = [_("Recipients: {number}", number=_number(total, _))]
        numbers += [_(FATES[fate], number=_number(n, _)) for fate, n in fates.items() if n != 0 or fate is Fate.SENT]
        if broadcast.ended_at is None:
            numbers.append(_("Left: {number}", number=_number(left, _)))
        elif left != 0:
            numbers.append(_("Did not get it: {number}", number=_number(left, _)))
        lines += [*numbers, *_legend(numbers, _)]
    if broadcast.expected_at is not None:
        lines += ["", _("Expected end: {time}", time=_.moment(broadcast.expected_at))]
    if broadcast.ended_at is not None:
        lines += ["", _("Ended: {time}", time=_.moment(broadcast.ended_at))]

    def to(action: str) -> BroadcastPress:
        return BroadcastPress(action=action, row=broadcast.id)

    running: list[InlineKeyboardButton] = []
    if broadcast.stage is Stage.PAUSED:
        running = [button(_("Resume"), to("resume"), SUCCESS), button(_("Stop for good"), to("stop"), DANGER)]
    elif broadcast.ended_at is None:
        running = [button(_("Pause"), to("pause"), PRIMARY), button(_("Stop for good"), to("stop"), DANGER)]
    looks = [button(_("Refresh"), to("open")), button(_("Show the text"), to("preview"))]
    return "\n".join(lines), [running, looks, [_to_list(_)]]


# words


async def _whom(session: AsyncSession, whom: Audience, _: Texts) -> str:
    """The audience in words."""
    cohort = await _cohort(session, whom)
    parts = [cohort.name if cohort is not None else _(GROUPS.get(whom.group, N_("A cohort")))]
    if whom.region is not None:
        parts.append(_(REGIONS[whom.region]))
    if whom.language is not None:
        parts.append(LANGUAGE_NAMES[whom.language])
    return " · ".join(parts)


async def _cohort(session: AsyncSession, whom: Audience) -> Cohort | None:
    return await session.get(Cohort, whom.cohort) if whom.cohort is not None else None


async def _note(visit: Visit, action: Audited, broadcast: Broadcast, detail: str = "") -> None:
    """Write down what this owner does."""
    await note(visit, action, detail=f"{broadcast.id}: {detail}" if detail else counted(broadcast))


def counted(broadcast: Broadcast) -> str:
    """A broadcast for the audit: its number, and how many of how many were sent."""
    if broadcast.stage is Stage.DRAFT or not broadcast.may_count:
        return str(broadcast.id)
    return f"{broadcast.id}: {broadcast.sent}/{broadcast.total}"


def _choice(label: str, is_chosen: bool, press: BroadcastPress) -> InlineKeyboardButton:
    return button(("✓ " if is_chosen else "") + label, press)


def _number(number: int | None, _: Texts) -> str:
    return _HIDDEN if number is None else format_decimal(number, locale=_.language.value)


def _legend(lines: list[str], _: Texts) -> list[str]:
    """What the sign of hidden numbers means, if it's there."""
    if not any(line.endswith(_HIDDEN) for line in lines):
        return []
    return [f"{_HIDDEN}: " + _("hidden, so that nobody can be recognised")]


def _back(_: Texts) -> Row:
    return [button(_("« Back"), BroadcastPress(action="draft"))]


def _to_list(_: Texts) -> InlineKeyboardButton:
    return button(_("« Broadcasts"), BroadcastPress(action="list"))
