"""The certificate: the name on it, the certificate itself with the driver's commitments, its picture and its PDF.

A driver who has passed the final test makes an action plan first (`handlers/pledge.py`); a renewed certificate keeps
the plan. Picture and PDF are drawn at delivery from the row, so nothing goes out that was revoked meanwhile.
"""

from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import Any

from aiogram import Router
from aiogram.filters import StateFilter
from aiogram.fsm.state import State, StatesGroup
from aiogram.methods import AnswerCallbackQuery, SendDocument, SendMessage, SendPhoto
from aiogram.types import BufferedInputFile, CallbackQuery, InlineKeyboardButton, Message

from handlers.commands import Command
from handlers.drawings.certificate import Paper, as_pdf, as_png
from handlers.home import back_home
from handlers.making import Made, Workshop
from handlers.own import Typed
from handlers.presses import Action, CarPress, CertificatePress, ExamPress, HomePress, LearnPress, PledgePress
from handlers.screens import PRIMARY, SUCCESS, Event, Method, Row, button, copy_button, keyboard, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.action_plans import ActionPlan, newest_plan
from models.certificates import (
    NAME_LIMIT,
    REMINDED,
    Certificate,
    NameFault,
    Standing,
    certifiable,
    fault_of_name,
    issue,
    newest_certificate,
    own_certificate,
    short_name,
    show_number,
    tidy_name,
)
from models.commitments import Commitment
from models.exams import FOLLOWUP_AFTER, Exam, Sitting
from models.outbox import Priority
from models.path import path_of
from models.people import Person
from models.quiet import local_day
from models.vault import Vault
from models.words import N_

PICTURE, PDF = "picture", "pdf"
FAULTS = {
    NameFault.EMPTY: N_("Please write your name in letters."),
    NameFault.LONG: N_("That is longer than {limit} characters and would not fit. Please write it shorter."),
    NameFault.DIGITS: N_("There are digits in that. Please write your name in letters only."),
    NameFault.SIGNS: N_(
        "Only letters, spaces, hyphens, apostrophes and full stops fit on the certificate. "
        "Please write your name without other signs."
    ),
}


class Naming(StatesGroup):
    """The name for a certificate is asked for; once there is one, the data holds it as `name`, and its `draft`.

    The draft is what a button confirms: an older button doesn't confirm a newer name.
    """

    name = State()


def router() -> Router:
    """Routes for a person's own certificate."""
    router = Router(name="certificate")
    router.message.register(show_certificate, Command("certificate"))
    router.message.register(take_name, StateFilter(Naming.name), Typed())
    router.callback_query.filter(CertificatePress.filter())
    router.callback_query.register(show_certificate, Action("begin", "show"))
    router.callback_query.register(change_name, Action("name"))
    router.callback_query.register(confirm, Action("issue"))
    router.callback_query.register(send, Action(PICTURE, PDF))
    return router


async def show_certificate(event: Event, visit: Visit) -> Method:
    """The certificate; or the next step towards it, or what is still missing."""
    await visit.state.clear()
    sitting = await certifiable(visit.session, visit.person.id)
    if sitting is not None:
        return await _go_on(event, sitting, visit)
    certificate = await newest_certificate(visit.session, visit.person.id)
    if certificate is None:
        return await _missing(event, visit)
    return await _certificate_screen(event, certificate, visit)


async def _go_on(event: Event, sitting: Sitting, visit: Visit) -> Method:
    _ = visit._
    if await lacks_plan(sitting, visit):
        text = _(
            "<b>My certificate</b>\n\nYou have passed the test. Two steps are left: three habits of your choice, "
            "and your name as it should appear on the certificate."
        )
        return show(event, text, [[button(_("My action plan »"), PledgePress(action="begin"), SUCCESS)], back_home(_)])
    earlier = await newest_certificate(visit.session, visit.person.id)
    if earlier is None:
        return await _ask_name(event, visit)
    return await _ask_whether_right(event, earlier.name(visit.vault), 0, visit)


async def lacks_plan(sitting: Sitting, visit: Visit) -> bool:
    """Whether a plan is to be made before the certificate: one after each final test, none at a renewal."""
    plan = await newest_plan(visit.session, visit.person.id)
    if plan is None or sitting.finished_at is None:
        return True
    return sitting.exam is Exam.FINAL and plan.made_at < sitting.finished_at


async def _missing(event: Event, visit: Visit) -> Method:
    _ = visit._
    path = await path_of(visit.session, visit.person.id, visit.course.numbers)
    done = sum(number in path.finished for number in path.numbers)
    text = _(
        "<b>My certificate</b>\n\nIt says that you took the course and passed its final test. Passengers can check it "
        "by its number. What it takes:"
    )
    lessons = _("lessons: {done} of {total}", done=done, total=len(path.numbers))
    text += f"\n\n{'✓' if path.complete else '○'} {lessons}\n○ " + _("the final test")
    if path.complete:
        onwards = button(_("To the final test »"), ExamPress(action="offer", exam=Exam.FINAL), PRIMARY)
    else:
        onwards = button(_("To the lessons »"), LearnPress(action="list"), PRIMARY)
    return show(event, text, [[onwards], back_home(_)])


# the name


async def change_name(query: CallbackQuery, visit: Visit) -> Method:
    """Ask for the name once more."""
    if await _sitting(visit) is None:
        return await show_certificate(query, visit)
    return await _ask_name(query, visit)


async def _sitting(visit: Visit) -> Sitting | None:
    """The test for which a name may be given now."""
    sitting = await certifiable(visit.session, visit.person.id)
    return None if sitting is None or await lacks_plan(sitting, visit) else sitting


async def _ask_name(event: Event, visit: Visit) -> Method:
    _ = visit._
    await visit.state.set_state(Naming.name)
    await visit.state.set_data({})
    text = _(
        "<b>Your name on the certificate</b>\n\nPlease write it as it should appear there: first name, then surname. "
        "It is kept encrypted. Whoever checks the certificate sees only the first name and the initial of the surname."
    )
    return show(event, text, [[button(_("Cancel"), HomePress(action="start"))]])


async def take_name(message: Message, visit: Visit) -> Method:
    """Show the name as it will stand there, or say what is wrong with it and wait for another."""
    _ = visit._
    if await _sitting(visit) is None:
        return await show_certificate(message, visit)
    name = tidy_name(message.text or "")
    if (fault := fault_of_name(name)) is not None:
        return show(message, _(FAULTS[fault], limit=NAME_LIMIT), [[button(_("Cancel"), HomePress(action="start"))]])
    return await _ask_whether_right(message, name, message.message_id, visit)


async def _ask_whether_right(event: Event, name: str, draft: int, visit: Visit) -> Method:
    _ = visit._
    await visit.state.set_state(Naming.name)
    await visit.state.set_data({"name": name, "draft": draft})
    text = _(
        "On the certificate: <b>{name}</b>\nWhoever checks it sees: <b>{short}</b>\n\n"
        "Is that right? Once it's issued, the name stays.",
        name=name,
        short=short_name(name),
    )
    rows: list[Row] = [
        [button(_("Yes, issue it"), CertificatePress(action="issue", certificate=draft), SUCCESS)],
        [button(_("Change the name"), CertificatePress(action="name"))],
        [button(_("Cancel"), HomePress(action="start"))],
    ]
    return show(event, text, rows)


async def confirm(query: CallbackQuery, callback_data: CertificatePress, visit: Visit) -> Method:
    """Issue the certificate under the name that was shown; pressed again, it's the same one."""
    sitting, data = await _sitting(visit), await visit.state.get_data()
    if sitting is None or visit.raw_state != Naming.name.state or "name" not in data:
        return await show_certificate(query, visit)
    if data["draft"] != callback_data.certificate:
        return await _ask_whether_right(query, data["name"], data["draft"], visit)
    certificate, is_new = await issue(
        visit.session, visit.vault, sitting, data["name"], visit.person.language, visit.now
    )
    if is_new:
        _order_all(certificate, sitting, visit)
    await visit.state.clear()
    return await _certificate_screen(query, certificate, visit)


def _order_all(certificate: Certificate, sitting: Sitting, visit: Visit) -> None:
    """Picture and PDF at once; later the reminder to renew, and after a final test the questions of day 30."""
    for form in (PICTURE, PDF):
        _order_paper(certificate, form, visit)
    _order_later("renewal", {"certificate": certificate.id}, certificate.expires_at - REMINDED, visit)
    if sitting.exam is Exam.FINAL and sitting.finished_at is not None:
        _order_later("followup", {}, sitting.finished_at + FOLLOWUP_AFTER, visit)


def _order_paper(certificate: Certificate, form: str, visit: Visit) -> None:
    values = {"certificate": certificate.id, "form": form}
    visit.order("certificate", values)


def _order_later(name: str, values: Mapping[str, Any], due_at: datetime, visit: Visit) -> None:
    visit.order(name, values, priority=Priority.REMINDER, due_at=due_at)


# the certificate


async def _certificate_screen(event: Event, certificate: Certificate, visit: Visit) -> Method:
    _ = visit._
    standing = certificate.standing(visit.now)
    number = show_number(certificate.number)
    lines = [
        _("<b>My certificate</b>"),
        "",
        _("№ <code>{number}</code>", number=number),
        escape(certificate.name(visit.vault), quote=False),
    ]
    rows: list[Row] = []
    if standing is Standing.REVOKED:
        lines += ["", *_revoked(certificate, visit)]
    else:
        lines.append(_("Valid until: {date}", date=_.day(certificate.expires_at)))
        if standing is Standing.EXPIRED:
            lines += ["", _("Its twelve months are over.")]
        elif plan := await newest_plan(visit.session, visit.person.id):
            lines += ["", _("My action plan:"), *pledge_lines(plan, visit.vault, _)]
        rows.append([copy_button(_("Copy the number"), number)])
        rows.append(
            [
                button(_("Picture"), CertificatePress(action=PICTURE, certificate=certificate.id)),
                button(_("PDF"), CertificatePress(action=PDF, certificate=certificate.id)),
            ]
        )
    if standing is Standing.VALID:
        rows.append([button(_("QR for my car"), CarPress(action="list"))])
    if certificate.is_renewable(visit.now):
        lines += ["", _("Pass a short test to get a new one for twelve months.")]
        rows.append([_renew_button(_)])
    return show(event, "\n".join(lines), [*rows, back_home(_)])


def _revoked(certificate: Certificate, visit: Visit) -> list[str]:
    _ = visit._
    assert certificate.revoked_at is not None
    lines = [
        _("The certificate was revoked: {date}", date=_.day(certificate.revoked_at)),
        _("<blockquote>{words}</blockquote>", words=certificate.reason(visit.vault)),
    ]
    if visit.terms.operator:
        lines.append(
            _("If you see it differently, please write to the operator: {operator}", operator=visit.terms.operator)
        )
    else:
        lines.append(_("If you see it differently, please write to those who run this bot."))
    return lines


def _renew_button(_: Texts) -> InlineKeyboardButton:
    return button(_("To the short test »"), ExamPress(action="offer", exam=Exam.RENEWAL), PRIMARY)


def pledge_lines(plan: ActionPlan, vault: Vault, _: Texts) -> list[str]:
    """The commitments of a plan as HTML, numbered, a line each."""
    return [f"{pledge.position}. {choice_text(pledge.chosen(vault), _)}" for pledge in plan.pledges]


def choice_text(choice: Commitment | str, _: Texts) -> str:
    """A commitment as HTML: one of the list in the language of the texts, own words as they were typed."""
    return _(choice.text) if isinstance(choice, Commitment) else escape(choice, quote=False)


async def send(query: CallbackQuery, callback_data: CertificatePress, visit: Visit) -> Method:
    """Order the picture or the PDF once more."""
    _ = visit._
    certificate = await own_certificate(visit.session, visit.person.id, callback_data.certificate)
    if certificate is None or certificate.revoked_at is not None:
        return await show_certificate(query, visit)
    _order_paper(certificate, callback_data.action, visit)
    return AnswerCallbackQuery(callback_query_id=query.id, text=_("It comes in a moment."))


# made at delivery


async def make_certificate(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made | None:
    """The picture or the PDF in the language in which the certificate was issued; nothing once it's revoked."""
    async with workshop.database.reading() as session:
        certificate = await own_certificate(session, person.id, values["certificate"])
    if certificate is None or certificate.revoked_at is not None:
        return None
    number = show_number(certificate.number)
    paper = Paper(
        name=certificate.name(workshop.vault),
        number=number,
        issued=local_day(certificate.issued_at),
        expires=local_day(certificate.expires_at),
        link=workshop.link(f"v{certificate.number}"),
    )
    pdf = await workshop.aside(as_pdf, paper, workshop.texts[certificate.language])
    if values["form"] == PDF:
        return Made(SendDocument(chat_id=0, document=BufferedInputFile(pdf, f"qurmet-{number}.pdf")))
    picture = await workshop.aside(as_png, pdf)
    return Made(SendPhoto(chat_id=0, photo=BufferedInputFile(picture, f"qurmet-{number}.png")))


async def make_renewal(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made | None:
    """The reminder before a certificate ends; nothing if it was revoked or renewed, or has ended."""
    async with workshop.database.reading() as session:
        certificate = await newest_certificate(session, person.id)
    if certificate is None or certificate.id != values["certificate"]:
        return None
    if certificate.standing(workshop.now) is not Standing.VALID or not certificate.is_renewable(workshop.now):
        return None
    _ = workshop.texts[person.language]
    lines = [
        _("Please read it when you are parked."),
        "",
        _("Your certificate is valid until: {date}", date=_.day(certificate.expires_at)),
        _("Pass a short test to get a new one for twelve months."),
    ]
    return Made(SendMessage(chat_id=0, text="\n".join(lines), reply_markup=keyboard([[_renew_button(_)]])))
