"""Joining a cohort: by its link, or by its code as a message. Then two optional questions, once in a lifetime.

Gender and region are asked for the counts of those who took part, and the region for messages to it; each answer is
stored as it's pressed.
"""

from aiogram import Router
from aiogram.filters import Filter, StateFilter
from aiogram.types import CallbackQuery, InlineKeyboardButton, Message

from handlers.asked import SENTENCES
from handlers.cohort import PREFIX, day
from handlers.home import back_home, home_rows
from handlers.presses import Action, CohortPress, LearnPress, Payload
from handlers.screens import PRIMARY, Event, Method, Row, button, in_rows, show
from handlers.texts import Texts
from handlers.visit import Visit
from handlers.voting import ballot_beside
from models.cohorts import Cohort, cohort_of_code, is_in, join_cohort, read_code
from models.profiles import UNSAID, Gender, Profile, profile_of
from models.regions import REGIONS
from models.words import N_

GENDER_NAMES = {Gender.WOMAN: N_("Woman"), Gender.MAN: N_("Man"), Gender.UNSAID: N_("Rather not say")}


class Code(Filter):
    """A message that is nothing but a cohort's code; the handler gets it as `code`."""

    async def __call__(self, message: Message) -> dict[str, str] | bool:
        """Only what is no longer than a code with spaces around it."""
        code = read_code(message.text) if message.text and len(message.text) <= 16 else None
        return {"code": code} if code else False


class KnownCode(Filter):
    """The same, if there's a cohort with this code."""

    async def __call__(self, message: Message, visit: Visit) -> dict[str, str] | bool:
        """Look for it in the database."""
        found = await Code()(message)
        known = isinstance(found, dict) and await cohort_of_code(visit.session, found["code"]) is not None
        return found if known else False


def router() -> Router:
    """Routes for whoever comes by a cohort's code; before those that take whatever is written."""
    router = Router(name="joining")
    router.message.register(by_link, Payload(PREFIX))
    router.message.register(by_code, StateFilter(None), Code())
    router.message.register(by_code_instead, StateFilter(*SENTENCES), KnownCode())
    router.callback_query.filter(CohortPress.filter(), Action("gender", "region", "again"))
    router.callback_query.register(gender_chosen, Action("gender"))
    router.callback_query.register(region_chosen, Action("region"))
    router.callback_query.register(ask_again, Action("again"))
    return router


async def by_link(message: Message, payload: str, visit: Visit) -> Method | list[Method]:
    """A link into a cohort was followed; whatever was being asked is over."""
    await visit.state.clear()
    return await by_code(message, read_code(payload) or "", visit)


async def by_code_instead(message: Message, code: str, visit: Visit) -> Method | list[Method]:
    """Nobody tells anything in a code alone: whatever was being asked is over."""
    await visit.state.clear()
    return await by_code(message, code, visit)


async def by_code(message: Message, code: str, visit: Visit) -> Method | list[Method]:
    """Count the person in, and show what their cohort votes on now."""
    _ = visit._
    cohort = await cohort_of_code(visit.session, code)
    if cohort is None:
        text = _("I don't know this code. Please look at it once more, or ask your trainer.")
        return show(message, text, await home_rows(visit))
    if not await join_cohort(visit.session, cohort, visit.person.id, visit.now):
        text = _("This group has ended; nobody can join it any more. You can take the lessons here without a group.")
        return show(message, text, await home_rows(visit))
    profile = await profile_of(visit.session, visit.person.id)
    screen = _next_question(message, cohort, profile, _)
    return [screen, *await ballot_beside(message, cohort.id, visit)]


def _next_question(event: Event, cohort: Cohort | None, profile: Profile, _: Texts) -> Method:
    if profile.gender is None:
        return _ask_gender(event, cohort, _)
    if profile.region is None:
        return _ask_region(event, cohort, _)
    rows: list[Row] = [[button(_("Lessons for drivers"), LearnPress(action="list"), PRIMARY)], back_home(_)]
    return show(event, _joined(cohort, _) or _("Thank you."), rows)


def _ask_gender(event: Event, cohort: Cohort | None, _: Texts) -> Method:
    text = _joined(cohort, _, "\n\n") + _(
        "Two questions, to count who takes part. You need not answer, and only counts are shown to anybody.\n\nYou are:"
    )
    woman, man, unsaid = (_answer(_(name), "gender", gender, cohort) for gender, name in GENDER_NAMES.items())
    return show(event, text, [[woman, man], [unsaid], back_home(_)])


def _ask_region(event: Event, cohort: Cohort | None, _: Texts) -> Method:
    regions = [_answer(_(name), "region", code, cohort) for code, name in REGIONS.items()]
    rows: list[Row] = [
        *in_rows(regions),
        [_answer(_("Rather not say"), "region", UNSAID, cohort)],
        [_answer(_("« Back"), "again", "", cohort), *back_home(_)],
    ]
    text = _joined(cohort, _, "\n\n") + _(
        "Which region are you from? It is for the counts, and for messages to people of your region."
    )
    return show(event, text, rows)


def _joined(cohort: Cohort | None, _: Texts, end: str = "") -> str:
    if cohort is None:
        return ""
    place = {"name": cohort.name, "organisation": cohort.organisation, "date": day(cohort.held_on)}
    return _("You are in: <b>{name}</b>, {organisation}, {date}.", **place) + end


def _answer(text: str, action: str, value: str, cohort: Cohort | None) -> InlineKeyboardButton:
    return button(text, CohortPress(action=action, cohort=cohort.id if cohort else 0, value=value))


async def gender_chosen(query: CallbackQuery, callback_data: CohortPress, visit: Visit) -> Method:
    """Store the answer, ask for the region."""
    profile = await profile_of(visit.session, visit.person.id)
    if callback_data.value in set(Gender):
        profile.gender = Gender(callback_data.value)
    return _next_question(query, await _own_cohort(callback_data, visit), profile, visit._)


async def region_chosen(query: CallbackQuery, callback_data: CohortPress, visit: Visit) -> Method:
    """Store the answer, show the way to the lessons."""
    profile = await profile_of(visit.session, visit.person.id)
    if callback_data.value in {*REGIONS, UNSAID}:
        profile.region = callback_data.value
    return _next_question(query, await _own_cohort(callback_data, visit), profile, visit._)


async def ask_again(query: CallbackQuery, callback_data: CohortPress, visit: Visit) -> Method:
    """Go back to the first of the two questions."""
    return _ask_gender(query, await _own_cohort(callback_data, visit), visit._)


async def _own_cohort(press: CohortPress, visit: Visit) -> Cohort | None:
    """The cohort of a press, if the person is in it."""
    if not await is_in(visit.session, press.cohort, visit.person.id):
        return None
    return await visit.session.get(Cohort, press.cohort)
