"""A driver's own figures: what is done, what comes back and when, and a plot of the answers over time."""

from collections.abc import Mapping
from typing import Any

from aiogram import Router
from aiogram.methods import AnswerCallbackQuery, SendPhoto
from aiogram.types import BufferedInputFile, CallbackQuery

from handlers.commands import Command
from handlers.drawings.plots import answers_over_time
from handlers.exam import NAMES
from handlers.home import back_home
from handlers.making import Made, Workshop
from handlers.presses import Action, LearnPress, StatsPress
from handlers.screens import Event, Method, Row, button, progress, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.certificates import Certificate, Standing, newest_certificate
from models.course_figures import answers_by_day, coming_back
from models.exams import Exam
from models.path import Path, path_of
from models.people import Person
from models.reviews import ReviewPlan
from models.words import N_

STANDINGS = {
    Standing.VALID: N_("Certificate valid until: {date}"),
    Standing.EXPIRED: N_("Certificate expired: {date}"),
    Standing.REVOKED: N_("Certificate revoked"),
}


def router() -> Router:
    """Routes for a driver's own figures."""
    router = Router(name="progress")
    router.message.register(show_progress, Command("progress"))
    router.callback_query.filter(StatsPress.filter(), Action("progress", "mine"))
    router.callback_query.register(show_progress, Action("progress"))
    router.callback_query.register(order_plot, Action("mine"))
    return router


async def show_progress(event: Event, visit: Visit) -> Method:
    """Where the person stands in everything that the course asks of them."""
    _ = visit._
    await visit.state.clear()
    path = await path_of(visit.session, visit.person.id, visit.course.numbers)
    total = len(path.numbers)
    done = sum(number in path.finished for number in path.numbers)
    certificate = await newest_certificate(visit.session, visit.person.id)
    parts = [
        _("<b>My progress</b>"),
        f"{progress(done, total, 12)}  " + _("lessons: {done} of {total}", done=done, total=total),
        "\n".join([*_tests(path, _), _certificate_line(certificate, visit)]),
        "\n".join(await _daily(visit)),
    ]
    rows: list[Row] = [[button(_("« Lessons"), LearnPress(action="list")), *back_home(_)]]
    if await answers_by_day(visit.session, visit.person.id, visit.now):
        rows.insert(0, [button(_("Plot"), StatsPress(action="mine"))])
    return show(event, "\n\n".join(parts), rows)


def _tests(path: Path, _: Texts) -> list[str]:
    """The tests around the course, a line each: the newest result that counts, or that there's none yet."""
    lines = []
    for exam in Exam:
        sitting = path.passed(exam) or next(iter(path.sat(exam)), None)
        if sitting is not None and sitting.finished_at is not None:
            result = _(
                "{right} of {n} right, {date}",
                right=sitting.right_answers,
                n=sitting.questions,
                date=_.day(sitting.finished_at),
            )
            lines.append(f"{_(NAMES[exam])}: {result}")
        elif exam is Exam.FINAL:
            lines.append(f"{_(NAMES[exam])}: " + _("not yet"))
    return lines


def _certificate_line(certificate: Certificate | None, visit: Visit) -> str:
    _ = visit._
    if certificate is None:
        return _("Certificate: not yet")
    return _(STANDINGS[certificate.standing(visit.now)], date=_.day(certificate.expires_at))


async def _daily(visit: Visit) -> list[str]:
    """The questions that come back: days of practice, how many are due when, and the next reminder."""
    _ = visit._
    plan = await visit.session.get(ReviewPlan, visit.person.id)
    back = await coming_back(visit.session, visit.person.id, visit.now)
    lines = [_("<b>Questions that come back</b>")]
    if plan is not None and plan.days:
        lines.append("🔥 " + _.n("{n} day of practice.", "{n} days of practice.", plan.days))
    lines.append(_("now: {now} · within 7 days: {soon} · later: {later}", **vars(back)))
    if plan is not None and plan.next_at is not None:
        lines.append(_("The next questions come on {moment}.", moment=_.moment(plan.next_at)))
    return lines


async def order_plot(query: CallbackQuery, visit: Visit) -> Method:
    """Have the plot drawn; without answers there's nothing to draw."""
    if not await answers_by_day(visit.session, visit.person.id, visit.now):
        return await show_progress(query, visit)
    visit.order("progress plot", {})
    return AnswerCallbackQuery(callback_query_id=query.id, text=visit._("It comes in a moment."))


async def make_plot(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made | None:
    """Right and wrong answers by day, as they are at delivery."""
    async with workshop.database.reading() as session:
        days = await answers_by_day(session, person.id, workshop.now)
    if not days:
        return None
    picture = await workshop.aside(answers_over_time, days, workshop.texts[person.language])
    return Made(SendPhoto(chat_id=0, photo=BufferedInputFile(picture, "qurmet.png")))
