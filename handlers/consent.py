"""Who may know of a report that was sent: whether the person may be asked something, and who besides the team.

Everything is said for one report, can be changed as long as the report is kept, and stands in its history.
"""

from collections.abc import Collection

from aiogram import Router
from aiogram.filters import StateFilter
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, InlineKeyboardButton, Message

from handlers.details import consent_line
from handlers.home import way_out
from handlers.own import Typed, nothing_changed, nothing_kept
from handlers.presses import Action, ConsentPress, OwnPress
from handlers.screens import PRIMARY, Event, Method, Row, button, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.audit import Action as Audited
from models.behaviours import MAX_SEVERITY
from models.consents import RECIPIENT_NAMES, Recipient, consents_of, say, says_yes_to
from models.details import REACH_NAMES, Reach
from models.flag_rights import own_flag, own_flag_of_handle
from models.flags import UNSEEN, Flag
from models.markup import units
from models.words import N_

CONTACT_LIMIT = 300
"""Characters of a contact, as Telegram counts them."""
ASK_CONTACT = N_(
    "<b>How can you be reached safely?</b>\n\nWrite the way and when it is safe, for example: “messages only, "
    "after 18:00”. It is kept encrypted. The team sees it only if two of them agree that it is needed."
)
TOO_LONG = N_("That is longer than {limit} characters. Please write it shorter.")


class Reaching(StatesGroup):
    """How a person can be reached is about to be typed; the data holds `flag`, its number."""

    contact = State()


def router() -> Router:
    """Routes for who may know."""
    router = Router(name="consent")
    router.message.register(take_contact, StateFilter(Reaching.contact), Typed())
    router.callback_query.filter(ConsentPress.filter())
    router.callback_query.register(open_consents, Action("open"))
    router.callback_query.register(give_or_take_back, Action("give", "take"))
    router.callback_query.register(answer_for_driver, Action("driver"))
    router.callback_query.register(choose_reach, Action("reach"))
    return router


async def open_consents(query: CallbackQuery, callback_data: ConsentPress, visit: Visit) -> Method:
    """Who may know of this report."""
    await visit.state.clear()
    flag = await own_flag_of_handle(visit.session, visit.person.id, callback_data.flag)
    if flag is None:
        return await nothing_changed(query, visit)
    return await _screen(query, flag, visit)


async def _screen(event: Event, flag: Flag, visit: Visit, note: str = "") -> Method:
    _ = visit._
    given = await consents_of(visit.session, flag.id)
    lines = [note] if note else []
    lines += [
        _("<b>Who may know</b>"),
        _("The team never sees your account. Nobody else gets your report without your consent here."),
        consent_line(given, _),
    ]
    if flag.sealed_contact is not None and (contact := flag.contact(visit.vault)):
        lines.append(_("Your contact: <blockquote>{words}</blockquote>", words=contact))
    reach = flag.reach or Reach.HERE
    rows: list[Row] = []
    for each, name in RECIPIENT_NAMES.items():
        if each is not Recipient.DRIVER:
            press = ConsentPress(action="take" if each in given else "give", flag=flag.handle, value=each)
            rows.append([_choice(_(name), press, each in given)])
    if not flag.by_driver:
        said = await says_yes_to(visit.session, flag.id, Recipient.DRIVER)
        lines.append(_driver_line(flag, said, _))
        press = ConsentPress(action="driver", flag=flag.handle)
        yes, no = (press.model_copy(update={"value": value}) for value in ("yes", "no"))
        rows.append([_choice(_("The driver: yes"), yes, said is True), _choice(_("The driver: no"), no, said is False)])
    rows += [
        [_choice(_(name), ConsentPress(action="reach", flag=flag.handle, value=each), each is reach)]
        for each, name in REACH_NAMES.items()
    ]
    back = button(_("« Back"), OwnPress(action="open", flag=flag.handle))
    return show(event, "\n\n".join(lines), [*rows, [back, *way_out(_)]])


def _driver_line(flag: Flag, said: bool | None, _: Texts) -> str:
    """What stands for the driver. It says nothing of other reports on the car: it may be its driver who looks."""
    if said is True:
        return _("<b>The driver:</b> you said yes. Later they may hear the kind and the week, nothing else.")
    if said is False:
        return _("<b>The driver:</b> you said no. They hear nothing of it.")
    if flag.severity_as_told == MAX_SEVERITY or flag.retaliation:
        return _("<b>The driver:</b> you have said nothing yet. Without your yes they hear nothing.")
    return _(
        "<b>The driver:</b> you have said nothing yet. Before they hear the kind and the week, you are told and can "
        "say no."
    )


def _choice(label: str, press: ConsentPress, chosen: bool) -> InlineKeyboardButton:
    return button(("✓ " if chosen else "") + label, press, PRIMARY if chosen else None)


async def give_or_take_back(query: CallbackQuery, callback_data: ConsentPress, visit: Visit) -> Method:
    """Give a consent, or take it back: what the button meant when it was shown, whatever stands by now."""
    flag = await own_flag_of_handle(visit.session, visit.person.id, callback_data.flag)
    if flag is None or callback_data.value not in set(Recipient):
        return await nothing_changed(query, visit)
    recipient = Recipient(callback_data.value)
    if recipient is not Recipient.DRIVER:  # of which nothing but a yes or a no is said
        await say_for(flag, recipient, callback_data.action == "give", visit)
    return await _screen(query, flag, visit)


async def answer_for_driver(query: CallbackQuery, callback_data: ConsentPress, visit: Visit) -> Method:
    """Say yes or no to that the driver hears of it."""
    flag = await own_flag_of_handle(visit.session, visit.person.id, callback_data.flag)
    if flag is None or flag.by_driver or callback_data.value not in {"yes", "no"}:
        return await nothing_changed(query, visit)
    await say_for(flag, Recipient.DRIVER, callback_data.value == "yes", visit)
    return await _screen(query, flag, visit)


async def say_for(flag: Flag, recipient: Recipient, yes: bool, visit: Visit) -> None:
    """Let a yes or a no stand for a recipient; what stands already is not said twice."""
    if await says_yes_to(visit.session, flag.id, recipient) is not yes:
        await say(visit.session, flag.id, recipient, yes, visit.now)
        await _note(flag, Audited.CONSENTED if yes else Audited.CONSENT_REVOKED, recipient, visit)


async def choose_reach(query: CallbackQuery, callback_data: ConsentPress, visit: Visit) -> Method:
    """Choose whether one may be asked; for another way it's asked which."""
    _ = visit._
    flag = await own_flag_of_handle(visit.session, visit.person.id, callback_data.flag)
    if flag is None or callback_data.value not in set(Reach):
        return await nothing_changed(query, visit)
    reach = Reach(callback_data.value)
    if reach is Reach.CONTACT:
        await visit.state.set_state(Reaching.contact)
        await visit.state.set_data({"flag": flag.id})
        return show(query, _(ASK_CONTACT), [_cancel(flag, _)])
    await visit.state.clear()
    flag.choose_reach(reach)
    await _note(flag, Audited.REACH_CHANGED, reach, visit)
    return await _screen(query, flag, visit)


async def choose_anew(
    flag: Flag, consents: Collection[Recipient] | None, reach: Reach | None, contact: str | None, visit: Visit
) -> None:
    """Let what was chosen for a report that is added to this one stand for this one; None is not chosen."""
    if consents is not None:
        stand = await consents_of(visit.session, flag.id)
        refused = set() if flag.by_driver else {Recipient.DRIVER}
        for recipient in sorted({*consents, *stand, *refused}):
            await say_for(flag, recipient, recipient in consents, visit)
    if reach is not None:
        flag.choose_reach(reach)
        if contact is not None:
            flag.write_contact(visit.vault, contact)
        await _note(flag, Audited.REACH_CHANGED, reach, visit)


def _cancel(flag: Flag, _: Texts) -> Row:
    return [button(_("Cancel"), ConsentPress(action="open", flag=flag.handle)), *way_out(_)]


async def take_contact(message: Message, visit: Visit) -> Method:
    """Keep how the person can be reached."""
    _ = visit._
    contact = (message.text or "").strip()
    flag = await own_flag(visit.session, visit.person.id, (await visit.state.get_data()).get("flag", 0))
    if flag is None:
        return await nothing_kept(message, visit)
    if units(contact) > CONTACT_LIMIT:
        return show(message, _(TOO_LONG, limit=CONTACT_LIMIT), [_cancel(flag, _)])
    await visit.state.clear()
    flag.write_contact(visit.vault, contact)
    await _note(flag, Audited.REACH_CHANGED, Reach.CONTACT, visit)
    return await _screen(message, flag, visit, note=_("Saved. Thank you."))


async def _note(flag: Flag, action: Audited, detail: str, visit: Visit) -> None:
    """Write it down, unless the team doesn't know of the report."""
    if flag.state not in UNSEEN:
        await visit.record(action, flag.id, detail=detail)
