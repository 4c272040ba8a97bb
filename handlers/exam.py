"""The tests: before the course, at its end, a month later, and when a certificate is renewed.

One question a screen; an answer is stored at once and not graded until the end, so a test can be left and gone on
with. Afterwards every question that was missed is explained, and comes back in the daily questions.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from aiogram import Router
from aiogram.methods import AnswerCallbackQuery, SendMessage
from aiogram.types import CallbackQuery

from handlers.home import back_home
from handlers.lesson_screens import number_buttons
from handlers.making import Made, Workshop
from handlers.presses import Action, CertificatePress, ExamPress, LearnPress, PledgePress
from handlers.screens import PRIMARY, SUCCESS, Event, Method, Row, button, keyboard, progress, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.attitudes import AGREEMENT_NAMES, ATTITUDES, Agreement, Attitude
from models.certificates import may_renew
from models.exams import (
    ATTITUDE,
    FOLLOWUP_AFTER,
    PLANS,
    TRIES,
    TRIES_WITHIN,
    Exam,
    Sitting,
    SittingAnswer,
    Verdict,
    answers_of_sitting,
    draw,
    judge,
    own_sitting,
    times_seen,
    tries_since,
)
from models.lessons import Course, Question, join
from models.markup import bold
from models.path import Path, path_of
from models.people import Language, Person
from models.reviews import plan_of, remember, set_next
from models.words import N_

Item = Question | Attitude

NAMES = {
    Exam.PRE: N_("Test before the course"),
    Exam.FINAL: N_("Final test"),
    Exam.FOLLOWUP: N_("Five questions, a month later"),
    Exam.RENEWAL: N_("Test for a new certificate"),
}
ABOUT = {
    Exam.PRE: N_(
        "Twelve everyday situations and six opinions, about five minutes. Nobody grades it: "
        "later it shows what the course gave you."
    ),
    Exam.FINAL: N_(
        "Fifteen everyday situations and six opinions, about seven minutes. For the certificate, twelve answers have "
        "to be right, and each one about zero tolerance. You can stop at any point and go on later."
    ),
    Exam.FOLLOWUP: N_("Five situations and six opinions, about three minutes: what has stayed after a month?"),
    Exam.RENEWAL: N_(
        "Eight situations, about four minutes. For the new certificate, seven answers have to be right, "
        "and each one about zero tolerance."
    ),
}


def router() -> Router:
    """Routes for the tests."""
    router = Router(name="exam")
    router.callback_query.filter(ExamPress.filter())
    router.callback_query.register(offer, Action("offer"))
    router.callback_query.register(begin, Action("begin"))
    router.callback_query.register(answer, Action("answer"))
    router.callback_query.register(missed, Action("missed"))
    return router


async def offer(query: CallbackQuery, callback_data: ExamPress, visit: Visit) -> Method:
    """What a test is, before it begins; or why it can't begin now."""
    _ = visit._
    exam = _exam(callback_data.exam)
    path = await path_of(visit.session, visit.person.id, visit.course.numbers)
    if exam is None:
        return show(query, _("That test isn't there any more."), _away(_))
    if (refusal := await _refusal(exam, path, visit)) is not None:
        return show(query, refusal, _away(_))
    rows: list[Row] = [
        [button(_("Begin the test"), ExamPress(action="begin", exam=exam), PRIMARY)],
        *_away(_),
    ]
    text = f"<b>{_(NAMES[exam])}</b>\n\n" + _(ABOUT[exam]) + "\n\n" + _("Please read when you are parked.")
    return show(query, text, rows)


async def begin(query: CallbackQuery, callback_data: ExamPress, visit: Visit) -> Method:
    """Draw the questions, or go on with the sitting that was begun."""
    exam = _exam(callback_data.exam)
    if exam is None:
        return await offer(query, callback_data, visit)
    path = await path_of(visit.session, visit.person.id, visit.course.numbers)
    sitting = next((s for s in path.sittings if s.exam is exam and s.finished_at is None), None)
    if sitting is None:
        if await _refusal(exam, path, visit) is not None:
            return await offer(query, callback_data, visit)
        seen = await times_seen(visit.session, visit.person.id)
        items = draw(visit.course.pool(visit.person.language), exam, seen)
        sitting = Sitting(person_id=visit.person.id, exam=exam, items=items, started_at=visit.now)
        visit.session.add(sitting)
        await visit.session.flush()
    return await _go_on(query, sitting, visit)


async def answer(query: CallbackQuery, callback_data: ExamPress, visit: Visit) -> Method | list[Method]:
    """Store the first answer to an item, and show the next; a repeated or old press changes nothing."""
    _ = visit._
    sitting = await own_sitting(visit.session, visit.person.id, callback_data.sitting)
    if sitting is None:
        return await offer(query, callback_data, visit)
    if sitting.finished_at is not None or callback_data.at not in range(len(sitting.items)):
        return await _go_on(query, sitting, visit)
    name = sitting.items[callback_data.at]
    item = _item(visit.course, visit.person.language, name)
    answers = await answers_of_sitting(visit.session, sitting)
    if name in answers:
        note = AnswerCallbackQuery(callback_query_id=query.id, text=_("That one is answered already."))
        return [await _go_on(query, sitting, visit), note]
    if item is not None and (given := _given(item, callback_data.option)) is not None:
        option, right = given
        visit.session.add(
            SittingAnswer(sitting_id=sitting.id, item=name, option=option, right=right, answered_at=visit.now)
        )
        await visit.session.flush()
    return await _go_on(query, sitting, visit)


async def missed(query: CallbackQuery, callback_data: ExamPress, visit: Visit) -> Method:
    """The questions that were answered wrongly, one after another, with what there is to say to each."""
    _ = visit._
    sitting = await own_sitting(visit.session, visit.person.id, callback_data.sitting)
    if sitting is None or sitting.finished_at is None:
        return await offer(query, callback_data, visit)
    answers = await answers_of_sitting(visit.session, sitting)
    wrong = _missed(sitting, answers, visit.course, visit.person.language)
    if callback_data.at not in range(len(wrong)):
        return await _go_on(query, sitting, visit)
    question, given = wrong[callback_data.at]
    chosen = next((option for option in question.options if option.key == given.option), None)
    parts: list[Any] = [f"{callback_data.at + 1}/{len(wrong)}\n\n", question.scenario]
    if chosen is not None:
        parts += ["\n\n", bold(_("You chose: {option}").format(option=chosen.text)), "\n\n", chosen.why]
    right = question.answer
    parts += ["\n\n", bold(_("Better: {option}").format(option=right.text)), "\n\n", right.why]
    rows: list[Row] = []
    if callback_data.at + 1 < len(wrong):
        following = ExamPress(action="missed", sitting=sitting.id, at=callback_data.at + 1)
        rows.append([button(_("Next »"), following, PRIMARY)])
    back = ExamPress(action="answer", sitting=sitting.id)
    return show(query, join(*parts), [*rows, [button(_("« Result"), back)]])


async def make_followup(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made | None:
    """The invitation to the five questions a month after the final test, unless they are answered already."""
    async with workshop.database.reading() as session:
        path = await path_of(session, person.id, workshop.course.numbers)
    if not _followup_due(path, workshop.now):
        return None
    _ = workshop.texts[person.language]
    text = _("Please read it when you are parked.") + "\n\n" + _(ABOUT[Exam.FOLLOWUP])
    rows = [[button(_("Begin the test"), ExamPress(action="begin", exam=Exam.FOLLOWUP), PRIMARY)]]
    return Made(SendMessage(chat_id=0, text=text, reply_markup=keyboard(rows)))


async def _refusal(exam: Exam, path: Path, visit: Visit) -> str | None:
    """Why the person can't begin this test now; None if they can, or have begun it."""
    _ = visit._
    if any(s.exam is exam and s.finished_at is None for s in path.sittings):
        return None
    if exam is Exam.PRE:
        return None if path.may_measure_before else _("This test is only for before the first lesson.")
    if exam is Exam.FOLLOWUP:
        return None if _followup_due(path, visit.now) else _("Nothing to answer now. Thank you.")
    if exam is Exam.RENEWAL:
        if not await may_renew(visit.session, visit.person.id, visit.now):
            return _("A certificate can be renewed from two months before it expires.")
    elif not path.complete:
        return _("The final test opens after lesson {number}.", number=path.numbers[-1])
    elif path.passed(Exam.FINAL) is not None:
        return _("You have passed the final test. /certificate shows your certificate.")
    tries = await tries_since(visit.session, visit.person.id, exam, visit.now - TRIES_WITHIN)
    if len(tries) < TRIES:
        return None
    return _(
        "Three tries a day are enough. The next one opens on {moment}. Until then, look at the lessons once more.",
        moment=_.moment(tries[-TRIES] + TRIES_WITHIN),
    )


def _followup_due(path: Path, now: Any) -> bool:
    passed = path.passed(Exam.FINAL)
    if passed is None or passed.finished_at is None or now < passed.finished_at + FOLLOWUP_AFTER - timedelta(days=1):
        return False
    return not path.sat(Exam.FOLLOWUP)


async def _go_on(query: CallbackQuery, sitting: Sitting, visit: Visit) -> Method:
    """The first item without an answer; after the last one, the result."""
    answers = await answers_of_sitting(visit.session, sitting)
    if sitting.finished_at is None:
        for at, name in enumerate(sitting.items):
            item = _item(visit.course, visit.person.language, name)
            if name not in answers and item is not None:
                return _item_screen(query, sitting, at, item, visit._)
        await _finish(sitting, answers, visit)
    return await _result_screen(query, sitting, answers, visit)


async def _finish(sitting: Sitting, answers: Mapping[str, SittingAnswer], visit: Visit) -> None:
    verdict = _verdict(sitting, answers, visit)
    sitting.finished_at, sitting.questions, sitting.right_answers = visit.now, verdict.questions, verdict.right
    sitting.passed = verdict.passed
    if sitting.exam is not Exam.PRE:  # what isn't taught yet can't be reviewed
        questions = _questions(sitting, visit.course, visit.person.language)
        answered = [(q.lesson, q.key, bool(answers[item].right)) for item, q in questions.items() if item in answers]
        await remember(visit.session, visit.person.id, answered, visit.now)
        await visit.session.flush()
        await set_next(visit.session, await plan_of(visit.session, visit.person.id), visit.now)
    await visit.session.flush()


def _verdict(sitting: Sitting, answers: Mapping[str, SittingAnswer], visit: Visit) -> Verdict:
    return judge(_questions(sitting, visit.course, visit.person.language), answers)


async def _result_screen(event: Event, sitting: Sitting, answers: Mapping[str, SittingAnswer], visit: Visit) -> Method:
    _ = visit._
    score = _.n(
        "{right} of {n} question answered correctly.",
        "{right} of {n} questions answered correctly.",
        sitting.questions or 0,
        right=sitting.right_answers or 0,
    )
    text = f"<b>{_(NAMES[sitting.exam])}</b>\n\n{score}"
    rows: list[Row] = []
    if PLANS[sitting.exam].certifies:
        verdict = _verdict(sitting, answers, visit)
        if sitting.passed:
            text = f"<b>{_(NAMES[sitting.exam])}</b>\n\n" + _("Passed. Well done!") + f" {score}"
            first = sitting.exam is Exam.FINAL
            onwards = PledgePress(action="begin") if first else CertificatePress(action="begin")
            rows.append([button(_("My action plan »") if first else _("My certificate »"), onwards, SUCCESS)])
        else:
            text += "\n\n" + _("This time it isn't enough yet: twelve lessons are a lot, and you may try again.")
            if verdict.zero_missed:
                text += " " + _("For the certificate, each answer about zero tolerance has to be right.")
            again = ExamPress(action="offer", exam=sitting.exam)
            rows.append([button(_("Try again"), again)])
    else:
        text += "\n\n" + _("Thank you. Your answers are saved.")
    wrong = _missed(sitting, answers, visit.course, visit.person.language)
    # Before the course nothing is explained: the lessons do that.
    if wrong and sitting.exam is not Exam.PRE:
        look = ExamPress(action="missed", sitting=sitting.id)
        rows.append([button(_("Look at what I missed"), look)])
        text += "\n\n" + _("What you missed comes back in the daily questions.")
    if sitting.exam is Exam.PRE:
        first_lesson = LearnPress(action="open", lesson=visit.course.numbers[0])
        rows.append([button(_("To the first lesson »"), first_lesson, PRIMARY)])
    return show(event, text, [*rows, *_away(_)])


def _item_screen(query: CallbackQuery, sitting: Sitting, at: int, item: Item, _: Texts) -> Method:
    head = f"{progress(at, len(sitting.items))}  {at + 1}/{len(sitting.items)}\n\n"

    def press(option: str) -> ExamPress:
        return ExamPress(action="answer", sitting=sitting.id, at=at, option=option)

    rows: list[Row]
    if isinstance(item, Question):
        rows = [number_buttons(item, lambda option: press(option.key))]
        text = join(head, item.screen)
    else:
        asked = _("These are opinions that people hold. There is no right answer: what do you think?")
        text = join(head, asked, "\n\n", bold(_(item.statement)))
        rows = [[button(_(AGREEMENT_NAMES[agreement]), press(agreement))] for agreement in Agreement]
    return show(query, text, [*rows, back_home(_)])


def _exam(name: str) -> Exam | None:
    return Exam(name) if name in set(Exam) else None


def _item(course: Course, language: Language, name: str) -> Item | None:
    """The question or opinion of that name; None for a question that the course no longer has."""
    where, _, key = name.partition("/")
    if where == ATTITUDE:
        return next((attitude for attitude in ATTITUDES if attitude.key == key), None)
    return course.question(int(where), key, language)


def _given(item: Item, option: str) -> tuple[str, bool | None] | None:
    """What is stored for an option, and whether it's right; None if there is no such option."""
    if isinstance(item, Question):
        return next(((o.key, o.right) for o in item.options if o.key == option), None)
    return (option, None) if option in set(Agreement) else None


def _questions(sitting: Sitting, course: Course, language: Language) -> dict[str, Question]:
    items = {name: _item(course, language, name) for name in sitting.items}
    return {name: item for name, item in items.items() if isinstance(item, Question)}


def _missed(
    sitting: Sitting, answers: Mapping[str, SittingAnswer], course: Course, language: Language
) -> Sequence[tuple[Question, SittingAnswer]]:
    questions = _questions(sitting, course, language)
    return [(q, answers[item]) for item, q in questions.items() if item in answers and not answers[item].right]


def _away(_: Texts) -> list[Row]:
    return [[button(_("« Lessons"), LearnPress(action="list")), *back_home(_)]]
