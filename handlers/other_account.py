"""A report opened from another account, with its code and a passphrase: when the phone is lost, for example.

A code that is unknown, somebody else's or without a passphrase gets one and the same answer, and so does every wrong
passphrase. Whatever was typed as a passphrase is deleted from the chat at once.
"""

from aiogram import Router
from aiogram.filters import Filter, StateFilter
from aiogram.fsm.state import State, StatesGroup
from aiogram.methods import DeleteMessage
from aiogram.types import CallbackQuery, Message

from handlers.home import way_out
from handlers.notices import tell_reporter
from handlers.own import Typed, nothing_changed, nothing_kept, report_screen
from handlers.presses import Action, OwnPress, PassphrasePress
from handlers.screens import DANGER, Method, Row, button, show
from handlers.visit import Visit
from models.audit import Action as Audited
from models.flag_rights import own_flag, own_flag_of_handle, own_flag_of_receipt
from models.flags import Flag
from models.passphrases import (
    LEAST,
    MOST,
    Fault,
    fault_of_passphrase,
    keep_passphrase,
    open_elsewhere,
    tidy_passphrase,
    wait_before_try,
)
from models.people import Person
from models.readers import count_readers, remove_readers
from models.receipts import read_receipt
from models.words import N_

FAULTS = {
    Fault.SHORT: N_("That is shorter than {least} characters. Please write a longer one."),
    Fault.LONG: N_("That is longer than {most} characters. Please write a shorter one."),
    Fault.CODE: N_("That is a code. Please write words that only you know."),
}


class Phrase(StatesGroup):
    """A passphrase is asked for: a new one (the data holds `flag`), or that of a code (`receipt`, 12 digits)."""

    new = State()
    known = State()


class Receipt(Filter):
    """A receipt code, typed or pasted; the handler gets it as `receipt`, 12 digits."""

    async def __call__(self, message: Message) -> dict[str, str] | bool:
        """Only what is no longer than a code with its dashes and spaces."""
        receipt = read_receipt(message.text) if message.text and len(message.text) <= 32 else None
        return {"receipt": receipt} if receipt else False


def router() -> Router:
    """Routes for passphrases and codes; a code is taken for one only where nothing else is asked."""
    router = Router(name="other_account")
    router.message.register(keep, StateFilter(Phrase.new), Typed())
    router.message.register(open_by_receipt, StateFilter(None, Phrase.known), Receipt())
    router.message.register(open_by_passphrase, StateFilter(Phrase.known), Typed())
    router.callback_query.filter(PassphrasePress.filter())
    router.callback_query.register(ask, Action("ask"))
    router.callback_query.register(remove, Action("remove"))
    router.callback_query.register(close, Action("close"))
    return router


# one's own passphrase


async def ask(query: CallbackQuery, callback_data: PassphrasePress, visit: Visit) -> Method:
    """Wait for a new passphrase; what is set can be taken back."""
    _ = visit._
    flag = await own_flag_of_handle(visit.session, visit.person.id, callback_data.flag)
    if flag is None:
        return await nothing_changed(query, visit)
    await visit.state.set_state(Phrase.new)
    await visit.state.set_data({"flag": flag.id})
    parts = [
        _("<b>Passphrase</b>"),
        _(
            "With the code and a passphrase you can open this report from another account: "
            "if the phone is lost, for example. Whoever knows both can do so."
        ),
    ]
    rows: list[Row] = []
    if flag.sealed_passphrase is not None:
        parts.append(_("A passphrase is set. What you write now replaces it."))
        rows.append([button(_("Remove the passphrase"), PassphrasePress(action="remove", flag=flag.handle))])
    if count := await count_readers(visit.session, flag.id):
        parts.append(_.n("{n} other account can open this report.", "{n} other accounts can open this report.", count))
        if flag.reporter_id == visit.person.id:
            rows.append([button(_("Close it for others"), PassphrasePress(action="close", flag=flag.handle), DANGER)])
    parts.append(
        _(
            "Please write at least {least} characters; a few words are easiest to remember. "
            "The bot deletes your message at once. Nobody can read the passphrase or remind you of it.",
            least=LEAST,
        )
    )
    rows.append([button(_("Cancel"), OwnPress(action="open", flag=flag.handle)), *way_out(_)])
    return show(query, "\n\n".join(parts), rows)


async def keep(message: Message, visit: Visit) -> Method | list[Method]:
    """Set the passphrase, or say what is wrong with it and wait for another."""
    _ = visit._
    flag = await own_flag(visit.session, visit.person.id, (await visit.state.get_data()).get("flag", 0))
    if flag is None:
        return [gone(message), await nothing_kept(message, visit)]
    tidy = tidy_passphrase(message.text or "")
    if (fault := fault_of_passphrase(tidy)) is not None:
        text = _(FAULTS[fault], least=LEAST, most=MOST) + " " + _("Your message is deleted from this chat.")
        cancel = [button(_("Cancel"), OwnPress(action="open", flag=flag.handle)), *way_out(_)]
        return [gone(message), show(message, text, [cancel])]
    await visit.state.clear()
    keep_passphrase(visit.vault, flag, tidy)
    await _note(Audited.PASSPHRASE_SET, flag, visit)
    note = _("The passphrase is set. Your message with it is deleted from this chat. Please keep the code as well.")
    return [gone(message), await report_screen(message, flag, visit, note)]


def gone(message: Message) -> DeleteMessage:
    """Takes what a person wrote out of the chat."""
    return DeleteMessage(chat_id=message.chat.id, message_id=message.message_id)


async def _note(action: Audited, flag: Flag, visit: Visit, actor_id: int | None = None) -> None:
    await visit.record(action, flag.id, actor_id=actor_id)


async def remove(query: CallbackQuery, callback_data: PassphrasePress, visit: Visit) -> Method:
    """Forget the passphrase: no other account can open the report with it any more."""
    _ = visit._
    await visit.state.clear()
    flag = await own_flag_of_handle(visit.session, visit.person.id, callback_data.flag)
    if flag is None:
        return await nothing_changed(query, visit)
    if flag.sealed_passphrase is not None:
        flag.sealed_passphrase = None
        await _note(Audited.PASSPHRASE_REMOVED, flag, visit)
    return await report_screen(query, flag, visit, _("The passphrase is removed."))


async def close(query: CallbackQuery, callback_data: PassphrasePress, visit: Visit) -> Method:
    """Close a report for all other accounts and forget the passphrase; only from where it was sent."""
    _ = visit._
    await visit.state.clear()
    flag = await own_flag_of_handle(visit.session, visit.person.id, callback_data.flag)
    if flag is None or flag.reporter_id != visit.person.id:
        return await nothing_changed(query, visit)
    flag.sealed_passphrase = None
    await remove_readers(visit.session, flag.id)
    await _note(Audited.CLOSED_ELSEWHERE, flag, visit)
    note = _("Now the report can be opened from this account only. The passphrase is removed.")
    return await report_screen(query, flag, visit, note)


# another account


async def open_by_receipt(message: Message, receipt: str, visit: Visit) -> Method:
    """The report of a code, if it's this person's; else ask for the passphrase, whether there is one or not."""
    _ = visit._
    await visit.state.clear()
    flag = await own_flag_of_receipt(visit.session, visit.vault, visit.person.id, receipt)
    if flag is not None:
        return await report_screen(message, flag, visit)
    text = _("There is no report with this code in your account.")
    rows: list[Row] = [[button(_("My reports"), OwnPress(action="list")), *way_out(_)]]
    until = await wait_before_try(visit.session, visit.vault, visit.person.id, receipt, visit.now)
    if until is not None:
        wait = _("There were several wrong passphrases. You can try again on {time}.", time=_.moment(until))
        return show(message, f"{text} {wait}", rows)
    await visit.state.set_state(Phrase.known)
    await visit.state.set_data({"receipt": receipt})
    text += " " + _("If a passphrase was set for it, please write it now. The bot deletes your message at once.")
    return show(message, text, [[button(_("Cancel"), OwnPress(action="list")), *way_out(_)]])


async def open_by_passphrase(message: Message, visit: Visit) -> list[Method]:
    """Open the report from now on, if it's the right passphrase; anything else gets one and the same answer."""
    _ = visit._
    receipt = str((await visit.state.get_data()).get("receipt", ""))
    opening = await open_elsewhere(
        visit.session,
        visit.vault,
        person_id=visit.person.id,
        receipt=receipt,
        tidy=tidy_passphrase(message.text or ""),
        now=visit.now,
    )
    if opening.flag is not None:
        await visit.state.clear()
        if opening.released:
            await _note(Audited.RELEASED, opening.flag, visit, visit.person.id)
        await _note(Audited.OPENED_ELSEWHERE, opening.flag, visit)
        await _tell_sender(opening.flag, visit)
        note = _("You can open this report from this account now. Your message is deleted from this chat.")
        return [gone(message), await report_screen(message, opening.flag, visit, note)]
    rows: list[Row] = [[button(_("Cancel"), OwnPress(action="list")), *way_out(_)]]
    if opening.wait_until is not None:
        await visit.state.clear()
        time = _.moment(opening.wait_until)
        text = _("There were several wrong passphrases. You can try again on {time}.", time=time)
    else:
        if opening.missed is not None:
            await _note(Audited.WRONG_PASSPHRASE, opening.missed, visit)
            if opening.is_first_today:
                await _tell_sender(opening.missed, visit)
        text = _("Code and passphrase don't fit. Please check both, then write the code or the passphrase once more.")
    return [gone(message), show(message, text + " " + _("Your message is deleted from this chat."), rows)]


async def _tell_sender(flag: Flag, visit: Visit) -> None:
    sender = await visit.session.get(Person, flag.reporter_id)
    if sender is not None:
        await tell_reporter(visit.session, visit.vault, visit.texts, sender, flag.handle, visit.now)
