"""How a lesson looks: cards, questions, explanations. The same for a driver who learns and an author who tries one."""

from collections.abc import Callable
from dataclasses import dataclass

from aiogram.filters.callback_data import CallbackData

from handlers.screens import PRIMARY, SUCCESS, Row, button, progress
from handlers.texts import Texts
from models.lessons import Card, Lesson, Option, Question, Rich, join
from models.markup import bold

Screen = tuple[Rich, list[Row]]


@dataclass(frozen=True)
class Presses:
    """What the buttons of a lesson press: each gets the key of a card or question, `answer` also an option's."""

    step: Callable[[str], CallbackData]
    look: Callable[[str], CallbackData]
    """Look at a question once more, without its explanation."""
    answer: Callable[[str, str], CallbackData]
    finish: CallbackData
    leave: Row
    """Where the first card leads back to."""
    menu: Row


def steps_of(lesson: Lesson) -> list[str]:
    """The keys of all cards and questions, in order."""
    return [step.key for step in _steps(lesson)]


def step_screen(lesson: Lesson, place: str, presses: Presses, _: Texts) -> Screen:
    """The card or question at a place; a place that a newer text no longer has is the first card."""
    steps = _steps(lesson)
    at = next((i for i, step in enumerate(steps) if step.key == place), 0)
    step = steps[at]
    rows: list[Row] = []
    if isinstance(step, Question):
        rows.append(number_buttons(step, lambda option: presses.answer(step.key, option.key)))
    else:
        rows.append([button(_("Next »"), presses.step(steps[at + 1].key), PRIMARY)])
    back = [button(_("« Back"), presses.step(steps[at - 1].key))] if at else presses.leave
    return _headed(lesson, at, step.screen, _), [*rows, [*back, *presses.menu]]


def answer_screen(lesson: Lesson, question: Question, option: Option, presses: Presses, _: Texts) -> Screen:
    """What there is to say to the option that was chosen, and the way on."""
    at = lesson.questions.index(question)
    if at + 1 < len(lesson.questions):
        onwards = button(_("Next »"), presses.step(lesson.questions[at + 1].key), PRIMARY)
    else:
        onwards = button(_("Finish"), presses.finish, SUCCESS)
    again = [] if option.right else [button(_("Look at the question again"), presses.look(question.key))]
    text = _headed(lesson, len(lesson.cards) + at, explained(question, option, _), _)
    return text, [[onwards], again, presses.menu]


def explained(question: Question, option: Option, _: Texts) -> Rich:
    """The scenario, the chosen option, and why it's right or isn't."""
    verdict = _("✓ Yes, that's it.") if option.right else _("Not quite. It's a common thought, so let's look closer.")
    return join(question.scenario, "\n\n", bold(numbered(question, option)), "\n\n", verdict, "\n\n", option.why)


def numbered(question: Question, option: Option) -> str:
    """An option with the number that its button has."""
    return f"{question.options.index(option) + 1}. {option.text}"


def number_buttons(question: Question, press: Callable[[Option], CallbackData]) -> Row:
    """A button for each option; the options themselves stand in the text."""
    return [button(str(number), press(option)) for number, option in enumerate(question.options, 1)]


def minutes_left(lesson: Lesson, at: int) -> int:
    """Minutes from a step (counted from 0) to the end, at least one."""
    steps = len(_steps(lesson))
    return max(1, round(lesson.minutes * (steps - at) / steps))


def _steps(lesson: Lesson) -> list[Card | Question]:
    return [*lesson.cards, *lesson.questions]


def _headed(lesson: Lesson, at: int, text: Rich, _: Texts) -> Rich:
    """The text under a line that says how far one is and how many minutes are left."""
    steps = len(_steps(lesson))
    left = _.n("{n} minute left", "{n} minutes left", minutes_left(lesson, at))
    return join(f"{progress(at + 1, steps)}  {at + 1}/{steps} · {left}\n\n", text)
