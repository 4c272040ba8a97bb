"""A report told step by step, for whoever has time: one question a screen, each may be skipped, and back at any point.

    who → what → own words → photos or voice → day → about when → region → place → platform → order → plate
        → first time? → under 18? → earlier report? → what shall happen → may you be asked? → who else may know
        → review → sent

The draft is kept sealed with every answer, survives restarts, and is offered again. Nothing is sent before the review.
"""

from aiogram import Router
from aiogram.filters import StateFilter
from aiogram.types import CallbackQuery

from handlers.after_sending import note_sent
from handlers.form_answers import choose, explain, take_media, take_place, take_typed, toggle
from handlers.form_questions import FIRST, STEPS, following
from handlers.form_screens import Filling, show_behaviours, show_step
from handlers.home import way_out
from handlers.media import Media, Place, Unfit
from handlers.own import Typed, nothing_changed, open_report, show_reports
from handlers.presses import Action, FormPress, OwnPress, ReportPress
from handlers.screens import Method, button, show
from handlers.sending import Ways, add_to_earlier, send_flag
from handlers.visit import Visit
from models.cars import plate_of_code
from models.details import Aim, Teller
from models.drafts import Told, draft_of, new_draft
from models.evidence import forget_of_draft
from models.flags import Ride
from models.new_flags import sent_from


def router() -> Router:
    """Routes for the guided form."""
    router = Router(name="form")
    router.message.register(take_typed, StateFilter(Filling.answer), Typed())
    router.message.register(take_media, StateFilter(Filling.answer), Media())
    router.message.register(take_place, StateFilter(Filling.answer), Place())
    router.message.register(explain, StateFilter(Filling.answer), Unfit())
    router.callback_query.filter(FormPress.filter())
    router.callback_query.register(begin, Action("begin"))
    router.callback_query.register(go, Action("go"))
    router.callback_query.register(choose, Action("set"))
    router.callback_query.register(show_behaviours, Action("form"))
    router.callback_query.register(toggle, Action("toggle"))
    router.callback_query.register(drop, Action("drop"))
    router.callback_query.register(send, Action("send"))
    return router


async def begin(query: CallbackQuery, callback_data: FormPress, visit: Visit) -> Method:
    """Begin, or go on with the draft there is; `value` names the draft that the buttons before this belong to.

    A driver who comes from the fast way, as `step` says, is not asked again who tells. A new draft has the plate of a
    car that was scanned; one that is gone on with may be about another.
    """
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None:
        key = callback_data.value[:16]
        if not key or await sent_from(visit.session, visit.person.id, key) is not None:
            return await show_reports(query, visit)
        by_driver = callback_data.step == Teller.DRIVER
        at = following(FIRST, Told()) if by_driver else FIRST
        draft = await new_draft(visit.session, visit.vault, visit.person.id, key, at, visit.now)
        plate = None if by_driver else await plate_of_code(visit.session, visit.vault, callback_data.car)
        draft.write(visit.vault, Told(teller=Teller.DRIVER if by_driver else None, plate=plate), visit.now)
        await visit.session.flush()
    return await show_step(query, draft, visit)


async def go(query: CallbackQuery, callback_data: FormPress, visit: Visit) -> Method:
    """Show a question: the next, the one before, or one that is to be changed."""
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None or callback_data.step not in STEPS:
        return await show_reports(query, visit)
    draft.place = callback_data.step
    return await show_step(query, draft, visit)


async def drop(query: CallbackQuery, visit: Visit) -> Method:
    """Delete the draft: nothing of it is left."""
    _ = visit._
    await visit.state.clear()
    draft = await draft_of(visit.session, visit.person.id)
    if draft is not None:
        await forget_of_draft(visit.session, visit.person.id, draft.key)
        await visit.session.delete(draft)
    again = [button(_("Report an incident"), ReportPress(action="begin"))]
    return show(query, _("The draft is deleted. Nothing was sent."), [again, way_out(_)])


async def send(query: CallbackQuery, callback_data: FormPress, visit: Visit) -> Method:
    """Store the flag and give the receipt; pressed again, it's the same flag."""
    draft = await draft_of(visit.session, visit.person.id)
    if draft is None or draft.key != callback_data.value:
        sent = await sent_from(visit.session, visit.person.id, callback_data.value)
        if sent is not None:
            there = await open_report(query, OwnPress(action="open", flag=sent.handle), visit)
            await note_sent(sent, visit)
            return there
        return await nothing_changed(query, visit)
    await visit.state.clear()
    told = draft.read(visit.vault)
    if told.aim is Aim.HOLD and not told.by_driver and not told.plate:
        draft.place = "plate"
        note = visit._("To wait for another person, the number plate is needed.")
        return await show_step(query, draft, visit, note)
    told.codes = told.codes or ["OT"]
    screen = None
    if callback_data.step == "add":
        screen = await add_to_earlier(query, told, visit, draft.key)
    if screen is not None:
        await visit.session.delete(draft)
        return screen
    ways = None
    if not callback_data.step:
        ways = Ways(*(callback_data.model_copy(update={"step": way}) for way in ("add", "anew")))
    screen = await send_flag(query, visit, draft=draft.key, ride=Ride.OVER, told=told, ways=ways, kept=True)
    if await sent_from(visit.session, visit.person.id, draft.key) is not None:  # else it has to wait, and stays
        await visit.session.delete(draft)
    return screen
