"""Thanking a driver after a scan, and the driver's weekly message: how many thanks, and what for; never who or when."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from aiogram import Router
from aiogram.methods import SendMessage
from aiogram.types import CallbackQuery

from handlers.car import certificate_of_car, scanned, show_cars
from handlers.home import back_home
from handlers.making import Made, Workshop
from handlers.presses import Action, CarPress, ThanksPress
from handlers.screens import PRIMARY, SUCCESS, Method, Row, button, keyboard, show, show_anew
from handlers.visit import Visit
from models.cars import Car, car_of_code
from models.people import Person
from models.thanks import KIND_WORDS, KindWord, Told, gather, stop_telling, tell_again, tells_thanks, thank


def router() -> Router:
    """Routes for thanks."""
    router = Router(name="thanks")
    router.callback_query.filter(ThanksPress.filter())
    router.callback_query.register(ask_word, Action("ask"))
    router.callback_query.register(give, Action("give"))
    router.callback_query.register(stop, Action("stop", "silence"))
    router.callback_query.register(again, Action("again"))
    return router


async def ask_word(query: CallbackQuery, callback_data: ThanksPress, visit: Visit) -> Method:
    """Offer kind words; one tap is all it takes."""
    _ = visit._
    car = await _thankable(callback_data.code, visit)
    if car is None:
        return await scanned(query, callback_data.code, visit)
    rows: list[Row] = [
        [button(_(text), ThanksPress(action="give", code=car.code, word=kind))] for kind, text in KIND_WORDS.items()
    ]
    rows.append([button(_("Just thank you"), ThanksPress(action="give", code=car.code), SUCCESS)])
    rows.append([button(_("« Back"), CarPress(action="see", code=car.code)), *back_home(_)])
    text = _(
        "<b>What was good?</b>\n\nThe driver learns once a week how many thanks there were and what for, "
        "never from whom."
    )
    return show(query, text, rows)


async def _thankable(code: str, visit: Visit) -> Car | None:
    """The car of this code, if its driver has a valid certificate and is somebody else."""
    car = await car_of_code(visit.session, code)
    if car is None or car.person_id == visit.person.id or await certificate_of_car(car, visit) is None:
        return None
    return car


async def give(query: CallbackQuery, callback_data: ThanksPress, visit: Visit) -> Method:
    """Keep the thanks, once a week for a car."""
    _ = visit._
    car, word = await _thankable(callback_data.code, visit), callback_data.word
    if car is None or (word and word not in set(KindWord)):
        return await ask_word(query, callback_data, visit)
    kind = KindWord(word) if word else None
    if await thank(visit.session, car, visit.person.id, kind, visit.now):
        text = _(
            "Thank you for your kindness! It counts among the thanks of this week; the driver won't learn your name."
        )
    else:
        text = _(
            "You have thanked the driver of this car this week already; it counts once. Thank you for saying it again!"
        )
    return show(query, text, [[button(_("« Back"), CarPress(action="see", code=car.code)), *back_home(_)]])


# the driver's weekly message


async def make_thanks(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made | None:
    """The thanks of the weeks from `since` until before `until`; nothing after a stop, or when none is left."""
    told = Told(person.id, date.fromisoformat(values["since"]), date.fromisoformat(values["until"]))
    async with workshop.database.reading() as session:
        gathered = await gather(session, told) if await tells_thanks(session, person.id) else None
    if gathered is None:
        return None
    _ = workshop.texts[person.language]
    lines = [
        _("Please read it when you are parked."),
        "",
        _("<b>Thanks from passengers</b>"),
        f"{_.date(gathered.first)} – {_.date(gathered.last)}",
        "",
        _.n("You were thanked {n} time.", "You were thanked {n} times.", gathered.total),
    ]
    if gathered.kinds:
        lines += ["", *(f"• {_(KIND_WORDS[kind])}: {count}" for kind, count in gathered.kinds.items())]
    rows: list[Row] = [[button(_("No weekly thanks"), ThanksPress(action="silence"))]]
    return Made(SendMessage(chat_id=0, text="\n".join(lines), reply_markup=keyboard(rows)))


async def stop(query: CallbackQuery, callback_data: ThanksPress, visit: Visit) -> Method:
    """Tell of no thanks any more; pressed under a weekly message, that one stays to be read."""
    _ = visit._
    await stop_telling(visit.session, visit.person.id, visit.now)
    text = _("No more messages about thanks. Passengers can thank you all the same.")
    rows: list[Row] = [[button(_("Tell me of thanks again"), ThanksPress(action="again"), PRIMARY)], back_home(_)]
    shown = show_anew if callback_data.action == "silence" else show
    return shown(query, text, rows)


async def again(query: CallbackQuery, visit: Visit) -> Method:
    """Tell of thanks again."""
    await tell_again(visit.session, visit.person.id, visit.now)
    return await show_cars(query, visit)
