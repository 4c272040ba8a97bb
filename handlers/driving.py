"""The driver's own side of reports: which car they drive, and what the team asks of them.

A driver says which plates they drive. If such a car is reported, the team can hear its driver, and give them a lesson
that fits instead of deciding over their head. The cars are those of the QR codes (`handlers/car.py`); for a code a
certificate is needed, for being heard it isn't.
"""

from aiogram import Router
from aiogram.filters import StateFilter
from aiogram.fsm.state import State, StatesGroup
from aiogram.types import CallbackQuery, Message

from handlers.driven import ask_how_often, how_often, how_often_button, keep_answer
from handlers.home import back_home
from handlers.own import NO_CHANGE, NOT_KEPT, Typed
from handlers.presses import Action, DrivingPress, HearingPress, LearnPress, RemedyPress
from handlers.screens import DANGER, PRIMARY, Event, Method, Row, button, show
from handlers.visit import Visit
from models.cars import MOST, Car, cars_of, declare_car, may_add_car, own_car
from models.hearings import open_hearings
from models.plates import looks_kazakh, normalise_plate
from models.remedies import told_of
from models.words import N_

ADD_LATER = N_("Several cars were added lately. Another one can be added later.")


class Naming(StatesGroup):
    """The plate of a car that somebody drives is asked for."""

    plate = State()


def router() -> Router:
    """Routes for drivers' own cars."""
    router = Router(name="driving")
    router.message.register(take_plate, StateFilter(Naming.plate), Typed())
    router.callback_query.filter(DrivingPress.filter())
    router.callback_query.register(show_driving, Action("list"))
    router.callback_query.register(ask_plate, Action("add"))
    router.callback_query.register(open_car, Action("open"))
    router.callback_query.register(ask_often, Action("often"))
    router.callback_query.register(say_often, Action("said"))
    router.callback_query.register(ask_end, Action("end"))
    router.callback_query.register(end, Action("ended"))
    return router


async def show_driving(event: Event, visit: Visit, note: str = "") -> Method:
    """The cars that the person named, and what waits for them."""
    _ = visit._
    await visit.state.clear()
    cars = await cars_of(visit.session, visit.person.id)
    hearings = await open_hearings(visit.session, visit.person.id, visit.now)
    remedies = await told_of(visit.session, visit.person.id)
    rows: list[Row] = []
    for hearing in hearings:
        asked = HearingPress(action="open", hearing=hearing.handle)
        rows.append([button(_("The team would like to hear you"), asked, PRIMARY)])
    for remedy in remedies:
        given = RemedyPress(action="open", remedy=remedy.handle)
        rows.append([button(_("Lesson {number} from the team", number=remedy.lesson), given)])
    rows += [[button(car.plate(visit.vault), DrivingPress(action="open", car=car.id))] for car in cars]
    lines = [
        _("<b>The car I drive</b>"),
        "",
        _(
            "Name the number plate, so that you can be heard: if somebody reports this car, the team can "
            "ask you for your view too. The plate is kept encrypted; the bot doesn't check it."
        ),
    ]
    if note:
        lines = [note, "", *lines]
    if await may_add_car(visit.session, visit.person.id, visit.now):
        rows.append([button(_("Add a car"), DrivingPress(action="add"), None if cars else PRIMARY)])
    elif len(cars) < MOST:
        lines += ["", _(ADD_LATER)]
    return show(event, "\n".join(lines), [*rows, [button(_("« Lessons"), LearnPress(action="list")), *back_home(_)]])


async def leads_nowhere(event: Event, visit: Visit) -> Method:
    """The same in answer to a button, or to words, that lead to nothing of what this driver is asked.

    Which it was is not known any more; that the team no longer asks it is said only where it asks nothing.
    """
    _, session, me = visit._, visit.session, visit.person.id
    asks = bool(await open_hearings(session, me, visit.now) or await told_of(session, me))
    notes = [_(NOT_KEPT)] if isinstance(event, Message) else [_(NO_CHANGE)] if asks else []
    notes.append(_("What the team asks of you now is here.") if asks else _("The team no longer asks this."))
    return await show_driving(event, visit, " ".join(notes))


async def ask_plate(query: CallbackQuery, visit: Visit) -> Method:
    """Wait for a plate."""
    _ = visit._
    if not await may_add_car(visit.session, visit.person.id, visit.now):
        return await show_driving(query, visit)
    await visit.state.set_state(Naming.plate)
    text = _("Please write the number plate of the car you drive, for example <code>123 ABC 02</code>.")
    return show(query, text, [[button(_("Cancel"), DrivingPress(action="list"))]])


async def take_plate(message: Message, visit: Visit) -> Method:
    """Keep the plate; one that looks odd is kept too, with a hint."""
    _ = visit._
    plate = normalise_plate(message.text or "")
    if not plate:
        text = _("There are no letters or digits in that. Please write the plate once more.")
        return show(message, text, [[button(_("Cancel"), DrivingPress(action="list"))]])
    car = await declare_car(visit.session, visit.vault, visit.person.id, plate, visit.now)
    if car is None:
        return await show_driving(message, visit)
    await visit.state.clear()
    note = _("Saved. Thank you.")
    if not looks_kazakh(plate):
        note = _(
            "Saved. It does not look like a plate of Kazakhstan; if it's a slip, you can remove the car and add it "
            "once more."
        )
    if car.driven is None:
        return ask_how_often(message, car, DrivingPress, visit, note)
    return _car_screen(message, car, visit, note)


async def open_car(query: CallbackQuery, callback_data: DrivingPress, visit: Visit) -> Method:
    """One car: how often it's driven, and its end."""
    await visit.state.clear()
    car = await own_car(visit.session, visit.person.id, callback_data.car)
    return _car_screen(query, car, visit) if car is not None else await show_driving(query, visit)


def _car_screen(event: Event, car: Car, visit: Visit, note: str = "") -> Method:
    _ = visit._
    lines = [_("Number plate: <b>{plate}</b>", plate=car.plate(visit.vault)), *how_often(car, _)]
    rows: list[Row] = [
        [how_often_button(car, DrivingPress, _)],
        [button(_("I no longer drive this car"), DrivingPress(action="end", car=car.id), DANGER)],
        [button(_("« My cars"), DrivingPress(action="list")), *back_home(_)],
    ]
    return show(event, "\n".join([note, "", *lines] if note else lines), rows)


async def ask_often(query: CallbackQuery, callback_data: DrivingPress, visit: Visit) -> Method:
    """Ask how often the car is driven."""
    car = await own_car(visit.session, visit.person.id, callback_data.car)
    return ask_how_often(query, car, DrivingPress, visit) if car is not None else await show_driving(query, visit)


async def say_often(query: CallbackQuery, callback_data: DrivingPress, visit: Visit) -> Method:
    """Keep how often the car is driven."""
    car = await own_car(visit.session, visit.person.id, callback_data.car)
    if car is None:
        return await show_driving(query, visit)
    return _car_screen(query, car, visit, keep_answer(car, callback_data, visit))


async def ask_end(query: CallbackQuery, callback_data: DrivingPress, visit: Visit) -> Method:
    """Make sure before a car is no longer the person's."""
    _ = visit._
    car = await own_car(visit.session, visit.person.id, callback_data.car)
    if car is None:
        return await show_driving(query, visit)
    text = _(
        "You no longer drive {plate}? If there is a sheet with a QR code in the car, it will confirm nothing any more.",
        plate=car.plate(visit.vault),
    )
    rows: list[Row] = [
        [button(_("Yes, remove it"), DrivingPress(action="ended", car=car.id), DANGER)],
        [button(_("No, keep it"), DrivingPress(action="open", car=car.id), PRIMARY)],
    ]
    return show(query, text, rows)


async def end(query: CallbackQuery, callback_data: DrivingPress, visit: Visit) -> Method:
    """Note that the person doesn't drive a car any more."""
    car = await own_car(visit.session, visit.person.id, callback_data.car)
    if car is not None:
        car.end(visit.now)
    return await show_driving(query, visit)
