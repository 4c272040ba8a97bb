"""The QR code for a car: a certified driver declares a plate and prints a sheet; whoever scans it sees what is true.

    certificate → QR for my car → plate → how often it's driven → sheet to print
    scan → is the certificate valid? → thank the driver, or report an incident with the plate filled in

What a scan shows is looked up at each scan: a sheet that stays in a car says nothing by itself.
"""

from collections.abc import Mapping
from typing import Any

from aiogram import Router
from aiogram.filters import StateFilter
from aiogram.fsm.state import State, StatesGroup
from aiogram.methods import AnswerCallbackQuery, SendDocument, SendPhoto
from aiogram.types import BufferedInputFile, CallbackQuery, Message

from handlers.certificate import show_certificate
from handlers.drawings.car import Sheet, as_pdf
from handlers.drawings.qr import qr_code
from handlers.driven import ask_how_often, how_often, how_often_button, keep_answer
from handlers.driving import ADD_LATER
from handlers.home import back_home
from handlers.making import Made, Workshop
from handlers.own import Typed
from handlers.presses import Action, CarPress, CertificatePress, HomePress, Payload, ReportPress, ThanksPress
from handlers.screens import DANGER, PRIMARY, SUCCESS, Event, Method, Row, button, show
from handlers.visit import Visit
from models.cars import MOST, Car, car_of_code, cars_of, declare_car, may_add_car, own_car
from models.certificates import Certificate, short_name, show_number, valid_certificate
from models.people import Language, Person
from models.plates import looks_kazakh, normalise_plate
from models.quiet import local_day
from models.thanks import tells_thanks

PREFIX = "q"
"""Begins the payload of the link in the code of a car."""
PICTURE, PDF = "picture", "pdf"


class Declaring(StatesGroup):
    """The plate of a car is asked for."""

    plate = State()


def router() -> Router:
    """Routes for cars, their drivers' and scanned ones."""
    router = Router(name="car")
    router.message.register(open_link, Payload(PREFIX))
    router.message.register(take_plate, StateFilter(Declaring.plate), Typed())
    router.callback_query.filter(CarPress.filter())
    router.callback_query.register(show_cars, Action("list"))
    router.callback_query.register(ask_plate, Action("add"))
    router.callback_query.register(open_car, Action("open"))
    router.callback_query.register(ask_often, Action("often"))
    router.callback_query.register(say_often, Action("said"))
    router.callback_query.register(send, Action(PICTURE, PDF))
    router.callback_query.register(ask_end, Action("end"))
    router.callback_query.register(end, Action("ended"))
    router.callback_query.register(see, Action("see"))
    return router


# the driver's own


async def show_cars(event: Event, visit: Visit) -> Method:
    """The driver's cars; without a valid certificate, the certificate."""
    _ = visit._
    await visit.state.clear()
    if await valid_certificate(visit.session, visit.person.id, visit.now) is None:
        return await show_certificate(event, visit)
    cars = await cars_of(visit.session, visit.person.id)
    lines = [
        _("<b>QR for my car</b>"),
        "",
        _(
            "A sheet for your car: passengers scan it, see that your certificate is valid, and can thank you or say "
            "what happened. Thanks come to you once a week."
        ),
    ]
    rows: list[Row] = [
        [button(car.plate(visit.vault), CarPress(action="open", car=car.id), None if len(cars) > 1 else PRIMARY)]
        for car in cars
    ]
    if await may_add_car(visit.session, visit.person.id, visit.now):
        rows.append([button(_("Add a car"), CarPress(action="add"), None if cars else PRIMARY)])
    elif len(cars) >= MOST:
        lines += ["", _("{n} cars is the most. To add another, end the code of one.", n=MOST)]
    else:
        lines += ["", _(ADD_LATER)]
    if await tells_thanks(visit.session, visit.person.id):
        rows.append([button(_("No weekly thanks"), ThanksPress(action="stop"))])
    else:
        rows.append([button(_("Tell me of thanks again"), ThanksPress(action="again"))])
    back = button(_("« My certificate"), CertificatePress(action="show"))
    return show(event, "\n".join(lines), [*rows, [back, *back_home(_)]])


async def ask_plate(query: CallbackQuery, visit: Visit) -> Method:
    """Wait for the plate of one more car."""
    _ = visit._
    certificate = await valid_certificate(visit.session, visit.person.id, visit.now)
    if certificate is None or not await may_add_car(visit.session, visit.person.id, visit.now):
        return await show_cars(query, visit)
    await visit.state.set_state(Declaring.plate)
    text = _(
        "Please write the number plate of the car you drive, for example <code>123 ABC 02</code>. Passengers see it "
        "when they scan the code, and compare it with the car."
    )
    return show(query, text, [[button(_("Cancel"), CarPress(action="list"))]])


async def take_plate(message: Message, visit: Visit) -> Method:
    """Keep the plate; one that looks odd is kept too, with a hint."""
    _ = visit._
    certificate = await valid_certificate(visit.session, visit.person.id, visit.now)
    if certificate is None:
        return await show_cars(message, visit)
    plate = normalise_plate(message.text or "")
    if not plate:
        text = _("There are no letters or digits in that. Please write the plate once more.")
        return show(message, text, [[button(_("Cancel"), CarPress(action="list"))]])
    await visit.state.clear()
    car = await declare_car(visit.session, visit.vault, visit.person.id, plate, visit.now)
    if car is None:
        return await show_cars(message, visit)
    note = ""
    if not looks_kazakh(plate):
        note = _(
            "It does not look like a plate of Kazakhstan. If it's a slip, end this code and add the car once more."
        )
    if car.driven is None:
        return ask_how_often(message, car, CarPress, visit, note)
    return _car_screen(message, car, certificate, visit, note)


async def open_car(query: CallbackQuery, callback_data: CarPress, visit: Visit) -> Method:
    """One car: its sheet, what passengers see, its end."""
    car, certificate = await _own(callback_data, visit)
    if car is None or certificate is None:
        return await show_cars(query, visit)
    return _car_screen(query, car, certificate, visit)


async def ask_often(query: CallbackQuery, callback_data: CarPress, visit: Visit) -> Method:
    """Ask how often the car is driven."""
    car, certificate = await _own(callback_data, visit)
    if car is None or certificate is None:
        return await show_cars(query, visit)
    return ask_how_often(query, car, CarPress, visit)


async def say_often(query: CallbackQuery, callback_data: CarPress, visit: Visit) -> Method:
    """Keep how often the car is driven."""
    car, certificate = await _own(callback_data, visit)
    if car is None or certificate is None:
        return await show_cars(query, visit)
    return _car_screen(query, car, certificate, visit, keep_answer(car, callback_data, visit))


async def _own(press: CarPress, visit: Visit) -> tuple[Car | None, Certificate | None]:
    """The car of a press if it's the person's own, and the certificate that it takes."""
    car = await own_car(visit.session, visit.person.id, press.car)
    return car, await valid_certificate(visit.session, visit.person.id, visit.now)


def _car_screen(event: Event, car: Car, certificate: Certificate, visit: Visit, note: str = "") -> Method:
    _ = visit._
    lines = [
        _("Number plate: <b>{plate}</b>", plate=car.plate(visit.vault)),
        _("Valid until: {date}", date=_.day(certificate.expires_at)),
        *how_often(car, _),
        "",
        _("Print the sheet, or show the picture on a screen, where it can be read from the back seat."),
    ]
    if note:
        lines += ["", note]
    rows: list[Row] = [
        [
            button(_("PDF to print"), CarPress(action=PDF, car=car.id), PRIMARY),
            button(_("Picture"), CarPress(action=PICTURE, car=car.id)),
        ],
        [button(_("What passengers see"), CarPress(action="see", code=car.code))],
        [how_often_button(car, CarPress, _)],
        [button(_("End this code"), CarPress(action="end", car=car.id), DANGER)],
        [button(_("« My cars"), CarPress(action="list")), *back_home(_)],
    ]
    return show(event, "\n".join(lines), rows)


async def send(query: CallbackQuery, callback_data: CarPress, visit: Visit) -> Method:
    """Order the sheet or the picture."""
    _ = visit._
    car, certificate = await _own(callback_data, visit)
    if car is None or certificate is None:
        return await show_cars(query, visit)
    values = {"car": car.id, "form": callback_data.action}
    visit.order("car", values)
    return AnswerCallbackQuery(callback_query_id=query.id, text=_("It comes in a moment."))


async def ask_end(query: CallbackQuery, callback_data: CarPress, visit: Visit) -> Method:
    """Make sure before a code confirms nothing any more."""
    _ = visit._
    car = await own_car(visit.session, visit.person.id, callback_data.car)
    if car is None:
        return await show_cars(query, visit)
    rows: list[Row] = [
        [button(_("Yes, end it"), CarPress(action="ended", car=car.id), DANGER)],
        [button(_("No, keep it"), CarPress(action="open", car=car.id), PRIMARY)],
    ]
    text = _(
        "End the code for {plate}? The sheet in the car will then confirm nothing any more. If you come back to this "
        "car, it needs a new sheet.",
        plate=car.plate(visit.vault),
    )
    return show(query, text, rows)


async def end(query: CallbackQuery, callback_data: CarPress, visit: Visit) -> Method:
    """End the code of a car."""
    car = await own_car(visit.session, visit.person.id, callback_data.car)
    if car is not None:
        car.end(visit.now)
    return await show_cars(query, visit)


# scanned


async def open_link(message: Message, payload: str, visit: Visit) -> Method:
    """The link in the code of a car."""
    await visit.state.clear()
    return await scanned(message, payload, visit)


async def see(query: CallbackQuery, callback_data: CarPress, visit: Visit) -> Method:
    """Back to what a scan shows."""
    return await scanned(query, callback_data.code, visit)


async def scanned(event: Event, code: str, visit: Visit) -> Method:
    """What anybody learns of a car by its code: what is true and no more."""
    _ = visit._
    car = await car_of_code(visit.session, code)
    certificate = await certificate_of_car(car, visit)
    plate = [_("Number plate: <b>{plate}</b>", plate=car.plate(visit.vault))] if car is not None else []
    if certificate is not None:
        lines = [
            _("✓ <b>The driver of this car took the course</b> and has a valid certificate."),
            _("Valid until: {date}", date=_.day(certificate.expires_at)),
            "",
            *plate,
            _("Name: <b>{name}</b>", name=short_name(certificate.name(visit.vault))),
            "",
            _(
                "Please compare the number plate with the car, and the name with the driver's in the app. "
                "The driver named the plate; the bot did not check it."
            ),
        ]
    else:
        lines = [
            _("This code is no longer valid: the bot can't confirm a certificate for this car now."),
            *plate,
            "",
            _("There may be a simple reason. If something happened on the ride, you can say it here all the same."),
        ]
    rows: list[Row] = []
    if car is not None and car.person_id == visit.person.id:
        rows.append([button(_("« My cars"), CarPress(action="list")), *back_home(_)])
        lines += ["", _("This is your own car: passengers also have buttons here to thank you and to report.")]
        return show(event, "\n".join(lines), rows)
    if car is not None and certificate is not None:
        rows.append([button(_("Thank the driver"), ThanksPress(action="ask", code=car.code), SUCCESS)])
    report = ReportPress(action="begin", car=car.code if car is not None else "")
    rows.append([button(_("Report an incident"), report, PRIMARY)])
    rows.append([button(_("Help now"), HomePress(action="help"), DANGER), *back_home(_)])
    return show(event, "\n".join(lines), rows)


async def certificate_of_car(car: Car | None, visit: Visit) -> Certificate | None:
    """The valid certificate of the driver of a car that has not ended."""
    if car is None or car.ended_at is not None:
        return None
    return await valid_certificate(visit.session, car.person_id, visit.now)


# made at delivery


async def make_car(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made | None:
    """The sheet to print, or the code as a picture; nothing once the car has ended or the certificate is not valid."""
    async with workshop.database.reading() as session:
        car = await own_car(session, person.id, values["car"])
        certificate = await valid_certificate(session, person.id, workshop.now)
    if car is None or certificate is None:
        return None
    plate, link = car.plate(workshop.vault), workshop.link(PREFIX + car.code)
    if values["form"] == PICTURE:
        photo = BufferedInputFile(await workshop.aside(qr_code, link), f"qurmet-{plate}.png")
        return Made(SendPhoto(chat_id=0, photo=photo, caption=f"{plate}\n{link}", parse_mode=None))
    sheet = Sheet(
        plate=plate,
        number=show_number(certificate.number),
        made=local_day(car.made_at),
        expires=local_day(certificate.expires_at),
        link=link,
    )
    languages = [workshop.texts[language] for language in (Language.KAZAKH, Language.RUSSIAN)]
    pdf = await workshop.aside(as_pdf, sheet, languages)
    return Made(SendDocument(chat_id=0, document=BufferedInputFile(pdf, f"qurmet-{plate}.pdf")))
