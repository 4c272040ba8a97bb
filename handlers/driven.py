"""How often a driver drives a car with passengers: asked once, when the car is named, and changed on its screen.

It's what the bot knows of "several other rides" (`models/coarse.py`). It's asked in the same words wherever a car is
named, and long before anything is reported: whoever is asked can't guess anything by it.
"""

from contextlib import suppress

from aiogram.types import InlineKeyboardButton

from handlers.presses import CarPress, DrivingPress
from handlers.screens import Event, Method, Row, button, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.cars import Car, Driven
from models.words import N_

DRIVEN_NAMES = {
    Driven.MOST_DAYS: N_("Most days"),
    Driven.SOME_DAYS: N_("Some days of the week"),
    Driven.NOW_AND_THEN: N_("Now and then"),
}


def ask_how_often(event: Event, car: Car, press: type[CarPress | DrivingPress], visit: Visit, note: str = "") -> Method:
    """Ask for a car that is kept already; `press` leads back to its screen, with the answer or without."""
    _ = visit._
    parts = [
        note,
        _("Number plate: <b>{plate}</b>", plate=car.plate(visit.vault)),
        _("<b>How often do you drive passengers in this car?</b>"),
        _(
            "So that a report of a ride points to nobody, drivers hear of it only once there has been time for several "
            "other rides. That's all the bot asks this for; you can change the answer at any time."
        ),
    ]
    rows: list[Row] = [
        [button(_(name), press(action="said", car=car.id, word=word))] for word, name in DRIVEN_NAMES.items()
    ]
    leave = _("Skip") if car.driven is None else _("« Back")
    return show(event, "\n\n".join(filter(None, parts)), [*rows, [button(leave, press(action="open", car=car.id))]])


def how_often(car: Car, _: Texts) -> list[str]:
    """The answer as a line of the car's screen, if there is one."""
    return [_("I drive passengers: <b>{often}</b>", often=_(DRIVEN_NAMES[car.driven]))] if car.driven else []


def how_often_button(car: Car, press: type[CarPress | DrivingPress], _: Texts) -> InlineKeyboardButton:
    """The button that asks, on the car's screen."""
    return button(_("How often I drive"), press(action="often", car=car.id))


def keep_answer(car: Car, press: CarPress | DrivingPress, visit: Visit) -> str:
    """Keep what a button says, and thank for it; a word that isn't an answer changes nothing."""
    with suppress(ValueError):
        car.say_driven(Driven(press.word), visit.now)
        return visit._("Saved. Thank you.")
    return ""
