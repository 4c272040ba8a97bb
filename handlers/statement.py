"""The statement: a report on paper, for a complaint, a lawyer or the police, in the person's language.

It's drawn at delivery from the row. Its hash goes into the audit, so that it can be shown later that nothing of the
content was changed: the same content has the same hash, on whatever day and in whatever language it's drawn.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from html import unescape
from typing import Any
from unicodedata import normalize

from aiogram import Router
from aiogram.methods import AnswerCallbackQuery, SendDocument
from aiogram.types import BufferedInputFile, CallbackQuery

from handlers.details import detail_lines, details_of
from handlers.drawings.statement import Statement, as_pdf, moment
from handlers.making import Made, Workshop
from handlers.own import STATE_NAMES, nothing_changed
from handlers.pieces import piece_lines
from handlers.presses import StatementPress
from handlers.screens import Method
from handlers.texts import Texts
from handlers.visit import Visit
from models.audit import Action, record
from models.behaviours import BEHAVIOURS, Behaviour, behaviour_name, form_name
from models.evidence import Evidence, Kind, pieces_of_flag
from models.flag_rights import own_flag, own_flag_of_handle
from models.flags import Flag, Ride, State
from models.late_news import Shown, as_shown
from models.people import Person
from models.receipts import show_receipt
from models.remedies import outcome_in_words
from models.vault import Vault

VERSION = 1
"""Of what the hash is made of."""


def router() -> Router:
    """Routes for statements."""
    router = Router(name="statement")
    router.callback_query.filter(StatementPress.filter())
    router.callback_query.register(order)
    return router


async def order(query: CallbackQuery, callback_data: StatementPress, visit: Visit) -> Method:
    """Order the statement of a report."""
    _ = visit._
    flag = await own_flag_of_handle(visit.session, visit.person.id, callback_data.flag)
    if flag is None:
        return await nothing_changed(query, visit)
    values = {"flag": flag.id}
    visit.order("statement", values)
    return AnswerCallbackQuery(callback_query_id=query.id, text=_("It comes in a moment."))


async def make_statement(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made | None:
    """The statement as PDF, written down in the audit; nothing once the report is gone or no longer the person's."""
    _ = workshop.texts[person.language]
    async with workshop.database.transaction() as session:
        flag = await own_flag(session, person.id, values["flag"])
        if flag is None:
            return None
        pieces = await pieces_of_flag(session, flag.id)
        outcome = await outcome_in_words(session, flag, workshop.now)
        statement = statement_of(flag, pieces, workshop.vault, _, workshop.now, outcome)
    pdf = await workshop.aside(as_pdf, statement, _)
    async with workshop.database.transaction() as session:
        if await own_flag(session, person.id, values["flag"]) is None:
            return None
        now = workshop.now
        await record(session, workshop.vault, Action.STATEMENT, now=now, flag_id=values["flag"], detail=statement.hash)
    document = BufferedInputFile(pdf, f"qurmet-{statement.receipt}.pdf")
    caption = _("Please keep it where nobody else finds it.")
    return Made(SendDocument(chat_id=0, document=document, caption=caption))


def statement_of(
    flag: Flag, pieces: Sequence[Evidence], vault: Vault, _: Texts, now: datetime, outcome: str | None
) -> Statement:
    """What the statement of a flag and of what hangs on it says, drawn at this moment in the language of the texts.

    `outcome` is what came of it, in words.
    """
    known = [BEHAVIOURS[behaviour.code] for behaviour in flag.behaviours]
    ride = _("reported during the ride") if flag.ride is Ride.GOING_ON else _("reported after the ride")
    shown = as_shown(flag, now)
    standing = [_("{time}: received", time=moment(flag.received_at, _))]
    if shown.opened_at is not None:
        standing.append(_("{time}: opened by a reviewer", time=moment(shown.opened_at, _)))
    if shown.reopened_at is not None:
        standing.append(_("{time}: opened once more", time=_.day(shown.reopened_at)))
    if shown.state in {State.CLAIMED, State.MERGED}:
        standing.append(_("It is being looked at."))
    state = _(STATE_NAMES[shown.state])
    if shown.ended_at is not None:
        standing.append(_("{time}: {state}", time=moment(shown.ended_at, _), state=state))
    if outcome is not None:
        standing.append(_("Outcome: {outcome}", outcome=_(outcome)))
    told = replace(details_of(flag), reach=None)
    details = [ride, *detail_lines(told, flag.order(vault), flag.plate(vault), _)]
    details += piece_lines(pieces, flag.place(vault), _)
    return Statement(
        receipt=show_receipt(flag.receipt(vault)),
        received=flag.received_at,
        drawn=now,
        behaviours=[_behaviour(each, flag, _) for each in known],
        details=[_plain(line) for line in details],
        words=flag.words(vault),
        standing=[_plain(line) for line in standing],
        hash=hashlib.sha256(canonical(flag, shown, pieces, vault).encode()).hexdigest(),
    )


def _behaviour(known: Behaviour, flag: Flag, _: Texts) -> str:
    form = form_name(known.form, by_passenger=flag.by_driver)
    return f"{_(form)}: {_(behaviour_name(known.code, by_passenger=flag.by_driver))}"


def _plain(line: str) -> str:
    """A line of HTML as plain text."""
    return unescape(re.sub(r"<[^>]*>", "", line))


def canonical(flag: Flag, shown: Shown, pieces: Sequence[Evidence], vault: Vault) -> str:
    """The content of a statement as one text (JSON in NFC, keys in order, no blanks, times in UTC) to be hashed.

    What may be there or not stands in it only if it's there: so what comes to be asked later changes no older hash.
    """
    told = {
        "statement": VERSION,
        "receipt": flag.receipt(vault),
        "received": flag.received_at.isoformat(),
        "ride": flag.ride,
        "behaviours": sorted(behaviour.code for behaviour in flag.behaviours),
        "teller": flag.teller,
        "platform": flag.platform,
        "day": flag.happened_on.isoformat() if flag.happened_on else None,
        "daytime": flag.daytime,
        "repeated": flag.repeated,
        "minor": flag.minor,
        "retaliation": flag.retaliation,
        "order": flag.order(vault),
        "plate": flag.plate(vault),
        "words": flag.words(vault),
        "state": shown.state,
        "opened": shown.opened_at.isoformat() if shown.opened_at else None,
        "ended": shown.ended_at.isoformat() if shown.ended_at else None,
        "outcome": shown.outcome,
    }
    besides = {
        "region": flag.region,
        "time": flag.happened_at.isoformat() if flag.happened_at else None,
        "place": flag.place(vault),
        "photos": sum(piece.kind is Kind.PHOTO for piece in pieces) or None,
        "voices": sum(piece.kind is Kind.VOICE for piece in pieces) or None,
    }
    told |= {name: value for name, value in besides.items() if value is not None}
    return normalize("NFC", json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")))
