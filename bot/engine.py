"""The engine: commit, then confirm, then show.

    updates ──▶ one transaction: drop the known ones, load the people, run the handlers ──commit──▶ show

A batch is one transaction, because a commit costs more than all the handlers in it. If anything in it raises, it's
undone and its updates run one by one; one that raises again is set aside, sealed, and its person is told so.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter
from typing import Any, Protocol

from aiogram import Bot, Dispatcher
from aiogram.dispatcher.event.bases import UNHANDLED
from aiogram.enums import ChatType
from aiogram.methods import AnswerCallbackQuery, TelegramMethod
from aiogram.types import Message, Update
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock, utc_now
from bot.conversation import RowStorage, context_for
from bot.flood import Flood
from bot.metrics import Metrics
from bot.traces import Noted, Traces
from handlers.notices import apology, slow_down, tell_owners_of_dead_letter
from handlers.texts import Texts
from handlers.visit import Terms, Visit
from models.database import Database, may_pass
from models.lessons import Course
from models.outbox import has_posted
from models.people import Language, Person, find_person, load_people
from models.traces import keep_traces
from models.updates import set_aside, take_new
from models.vault import Vault

log = logging.getLogger(__name__)

Methods = list[TelegramMethod[Any]]

PATIENCE = (0.05, 0.5, 2.0)
"""Pauses in seconds before an update is blamed for what may be the database's trouble."""
ALLOWED_UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"]


@dataclass(frozen=True)
class _Done:
    """What became of an update, and what to show for it."""

    kind: str
    result: str
    chat_id: int = 0
    methods: Methods = field(default_factory=list)


class Screen(Protocol):
    """Where methods go to be shown, after the commit."""

    def show(self, chat_id: int, methods: Methods) -> None:
        """Show these, in this order, in this chat."""


@dataclass
class Engine:
    """Everything that a batch needs, put together once."""

    database: Database
    vault: Vault
    bot: Bot
    dispatcher: Dispatcher
    texts: Mapping[Language, Texts]
    course: Course
    replies: Screen
    traces: Traces
    metrics: Metrics
    default_language: Language
    terms: Terms
    wake_outbox: Callable[[], None]
    link: Callable[[str], str]
    clock: Clock = utc_now
    flood: Flood = field(default_factory=Flood)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def process(self, updates: Sequence[Mapping[str, Any]]) -> None:
        """Take updates as Telegram sent them: when this returns, they're committed and may be confirmed.

        Raises what the database raises if it could not even set an update aside; then none that is not
        committed may be confirmed, and the same updates may be given again.
        """
        updates = [update for update in updates if _is_number(update.get("update_id"))]
        async with self._turn:
            try:
                await self._commit_and_show(updates)
            except Exception as error:
                log.warning("a batch of %d was undone: %s", len(updates), _where(error))
                for update in updates:
                    await self._process_alone(update)

    async def _process_alone(self, update: Mapping[str, Any]) -> None:
        for pause in PATIENCE:
            try:
                await self._commit_and_show([update])
            except Exception as error:
                if not may_pass(error):
                    return await self._set_aside(update, error)
                log.warning("the database did not answer: %s", _where(error))
                await asyncio.sleep(pause)
            else:
                return None
        await self.database.ping()  # raises while the database is gone: no update is to blame for that
        try:
            await self._commit_and_show([update])
        except Exception as error:
            await self._set_aside(update, error)

    async def _commit_and_show(self, raw: Sequence[Mapping[str, Any]]) -> None:
        done: list[_Done] = []
        began, now = perf_counter(), self.clock()
        async with self.database.transaction() as session:
            updates = [Update.model_validate(update, context={"bot": self.bot}) for update in raw]
            new = await take_new(session, [update.update_id for update in updates], now)
            fresh = {update.update_id: update for update in updates if update.update_id in new}
            senders = {i: sender for i, update in fresh.items() if (sender := private_sender(update))}
            people = await load_people(
                session, self.vault, dict(senders.values()), default=self.default_language, now=now
            )
            noted = await self._write_traces(session, [fresh[i] for i in senders], people, now)
            for i, update in fresh.items():
                person = people[senders[i][0]] if i in senders else None
                done.append(await self._handle(session, update, person, now))
        self.traces.written(noted)
        if has_posted(session):  # else the outbox would be read after every batch
            self.wake_outbox()
        self.metrics.batch_done(len(done))
        for each in done:
            self.metrics.update_done(each.kind, each.result, perf_counter() - began)
            if each.methods:
                self.replies.show(each.chat_id, each.methods)

    async def _write_traces(
        self, session: AsyncSession, updates: Sequence[Update], people: Mapping[int, Person], now: datetime
    ) -> Noted:
        """Write what stands in these people's chats, if anything is new: before the handlers, who may need it."""
        for update in updates:
            if (message := _message(update)) is not None:
                self.traces.note(message.chat.id, message.message_id, min(message.date, now))
        noted = self.traces.of(people)
        rows = [(people[i].id, message_id, at) for i, each in noted.items() for message_id, at in each.items()]
        await keep_traces(session, rows)
        return noted

    async def _handle(self, session: AsyncSession, update: Update, person: Person | None, now: datetime) -> "_Done":
        kind = known_kind(update)
        if kind is None:
            return _Done("other", "ignored")
        _ = self.texts[person.language if person else self.default_language]
        if person is not None and not self.flood.admits(person.id, update.update_id, now):
            notice = [slow_down(update, _)] if self.flood.is_first_refusal(person.id, update.update_id) else []
            return _Done(kind, "flood", _chat_id(update), _answered(update, notice))
        visit = self._visit(session, person, now) if person is not None else None
        raw_state = visit.raw_state if visit is not None else None
        # Not feed_update: it also logs every update and looks for what nobody here asks for, which costs a fifth.
        event = getattr(update, kind)
        result = await self.dispatcher.propagate_event(kind, event, bot=self.bot, visit=visit, raw_state=raw_state, _=_)
        outcome = "ignored" if result is UNHANDLED else "handled"
        return _Done(kind, outcome, _chat_id(update), _answered(update, _listed(result)))

    def _visit(self, session: AsyncSession, person: Person, now: datetime) -> Visit:
        storage = RowStorage(person, self.vault, now)
        return Visit(
            session=session,
            vault=self.vault,
            person=person,
            state=context_for(storage, person, self.bot.id),
            raw_state=storage.state,
            now=now,
            course=self.course,
            texts=self.texts,
            terms=self.terms,
            link=self.link,
        )

    async def _set_aside(self, raw: Mapping[str, Any], error: Exception) -> None:
        now, where = self.clock(), _where(error)
        update = _readable(raw)
        sender = private_sender(update) if update is not None else None
        async with self.database.transaction() as session:
            person = await find_person(session, self.vault, sender[0]) if sender else None
            if not await set_aside(session, self.vault, raw, person.id if person else None, where, now):
                return
        await self._alert_owners(now)
        log.error("update %s was set aside: %s", raw["update_id"], where)
        self.metrics.update_done("other", "dead", 0.0)
        if update is not None and sender is not None:
            language = person.language if person else Language.of(sender[1], self.default_language)
            self.replies.show(sender[0], _answered(update, [apology(update, self.texts[language])]))

    async def _alert_owners(self, now: datetime) -> None:
        """An alert that fails must not keep the update from being set aside."""
        try:
            async with self.database.transaction() as session:
                await tell_owners_of_dead_letter(session, self.vault, self.texts, now)
            self.wake_outbox()
        except Exception as error:
            log.error("the owners could not be told: %s", _where(error))


def _is_number(update_id: object) -> bool:
    """Whether a database can remember it as the number of an update; Telegram's are far smaller."""
    return isinstance(update_id, int) and -(2**63) <= update_id < 2**63


def known_kind(update: Update) -> str | None:
    """The kind of an update that we take, or None for anything else, whatever Telegram invents."""
    return next((kind for kind in ALLOWED_UPDATES if getattr(update, kind) is not None), None)


def private_sender(update: Update) -> tuple[int, str | None] | None:
    """Telegram id and language of the person behind an update of a private chat; None for all others."""
    query = update.callback_query
    if query is not None:
        chat = query.message.chat if query.message is not None else None
        user = query.from_user
    else:
        event = update.message or update.edited_message or update.my_chat_member
        if event is None or event.from_user is None:
            return None
        chat, user = event.chat, event.from_user
    if chat is None or chat.type != ChatType.PRIVATE or chat.id != user.id or user.is_bot:
        return None
    return user.id, user.language_code


def _message(update: Update) -> Message | None:
    """The message that came, or the one whose button was pressed as far as Telegram still has it."""
    pressed = update.callback_query.message if update.callback_query is not None else None
    return pressed if isinstance(pressed, Message) else update.message or update.edited_message


def _chat_id(update: Update) -> int:
    query = update.callback_query
    if query is not None:
        return query.message.chat.id if query.message is not None else query.from_user.id
    event = update.message or update.edited_message or update.my_chat_member
    return event.chat.id if event is not None else 0


def _listed(result: Any) -> Methods:
    if result is None or result is UNHANDLED:
        return []
    return [result] if isinstance(result, TelegramMethod) else list(result)


def _answered(update: Update, methods: Methods) -> Methods:
    """The methods, and for a press the answer that ends its waiting, if they hold none."""
    query = update.callback_query
    if query is None or any(isinstance(method, AnswerCallbackQuery) for method in methods):
        return methods
    return [*methods, AnswerCallbackQuery(callback_query_id=query.id)]


def _where(error: BaseException) -> str:
    """Type and place of an error, never its text: that may quote a person."""
    frames = error.__traceback__
    place = ""
    while frames is not None:
        place = f"{frames.tb_frame.f_code.co_filename.rpartition('/')[2]}:{frames.tb_lineno}"
        frames = frames.tb_next
    return f"{type(error).__name__} at {place}"


def _readable(raw: Mapping[str, Any]) -> Update | None:
    try:
        return Update.model_validate(raw)
    except ValidationError:
        return None
