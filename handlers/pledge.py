"""The action plan: three commitments after the final test, and how it went with them after 7 and after 30 days.

The plan is chosen on one live message; the choice is kept in the conversation until it's done. The questions later are
one live message too, and nobody is blamed for an answer.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from aiogram import Router
from aiogram.filters import StateFilter
from aiogram.fsm.state import State, StatesGroup
from aiogram.methods import AnswerCallbackQuery, SendMessage
from aiogram.types import CallbackQuery, Message

from handlers.certificate import choice_text, lacks_plan, pledge_lines, show_certificate
from handlers.home import back_home
from handlers.making import Made, Workshop
from handlers.own import Typed
from handlers.presses import Action, PledgePress
from handlers.screens import PRIMARY, SUCCESS, Event, Method, Row, button, in_rows, keyboard, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.action_plans import (
    ASKED_AFTER,
    PLEDGES,
    WORDS_LIMIT,
    ActionPlan,
    Kept,
    check_pledge,
    checks_of,
    make_plan,
    newest_plan,
    own_plan,
)
from models.certificates import certifiable
from models.commitments import COMMITMENTS, Commitment, commitment
from models.outbox import Priority
from models.people import Person
from models.vault import Vault
from models.words import N_

Picks = dict[str, str | None]
"""What is chosen so far, in order: the key of a commitment, or a name of its own with the driver's words."""

KEPT_NAMES = {Kept.YES: N_("Yes"), Kept.PARTLY: N_("Partly"), Kept.NO: N_("No")}
_IN_A_ROW = 3


class Pledging(StatesGroup):
    """A commitment in own words is asked for; the data holds `picks`, also before and after that."""

    words = State()


class Telling(StatesGroup):
    """What helped is asked for; the data holds `plan`, its number, and `days`."""

    words = State()


def router() -> Router:
    """Routes for action plans."""
    router = Router(name="pledge")
    router.message.register(take_words, StateFilter(Pledging.words), Typed())
    router.message.register(take_remark, StateFilter(Telling.words), Typed())
    router.callback_query.filter(PledgePress.filter())
    router.callback_query.register(show_choice, Action("begin", "list"))
    router.callback_query.register(choose, Action("take", "leave"))
    router.callback_query.register(ask_words, Action("own"))
    router.callback_query.register(finish, Action("done"))
    router.callback_query.register(ask_kept, Action("ask"))
    router.callback_query.register(take_kept, Action("kept"))
    router.callback_query.register(skip_remark, Action("skip"))
    return router


# making a plan


async def show_choice(query: CallbackQuery, visit: Visit) -> Method:
    """The commitments to choose from, with those that are chosen."""
    if not await _may_plan(visit):
        return await show_certificate(query, visit)
    return await _choice(query, await _picks(visit), visit)


async def _may_plan(visit: Visit) -> bool:
    """Whether a plan is to be made now: a test was passed, and no plan made since."""
    sitting = await certifiable(visit.session, visit.person.id)
    return sitting is not None and await lacks_plan(sitting, visit)


async def _picks(visit: Visit) -> Picks:
    picks: Picks = (await visit.state.get_data()).get("picks", {})
    return picks


async def _choice(event: Event, picks: Picks, visit: Visit) -> Method:
    """Show the choice, and keep it."""
    _ = visit._
    await visit.state.set_state(None)
    await visit.state.set_data({"picks": picks})
    choices: dict[str, Commitment | str] = {each.key: each for each in COMMITMENTS}
    choices |= {name: words for name, words in picks.items() if words is not None}
    lines = [
        _("<b>My action plan</b>"),
        "",
        _(
            "Choose three habits that you'll keep: tap their numbers, or write your own. "
            "After 7 and after 30 days you are asked how it went."
        ),
        "",
    ]
    numbers = []
    for number, (name, choice) in enumerate(choices.items(), 1):
        chosen = name in picks
        lines.append(f"{'✓' if chosen else '○'} {number}. {choice_text(choice, _)}")
        press = PledgePress(action="leave" if chosen else "take", value=name)
        numbers.append(button(f"✓ {number}" if chosen else str(number), press, PRIMARY if chosen else None))
    lines += ["", _("Chosen: {n} of {total}", n=len(picks), total=PLEDGES)]
    rows = in_rows(numbers, _IN_A_ROW)
    if len(picks) == PLEDGES:
        rows.append([button(_("Done"), PledgePress(action="done"), SUCCESS)])
    else:
        rows.append([button(_("In my own words"), PledgePress(action="own"))])
    return show(event, "\n".join(lines), [*rows, back_home(_)])


async def choose(query: CallbackQuery, callback_data: PledgePress, visit: Visit) -> Method:
    """Take a commitment into the plan, or out of it; pressed twice, it's the same as once."""
    _ = visit._
    if not await _may_plan(visit):
        return await show_certificate(query, visit)
    picks, name = await _picks(visit), callback_data.value
    if callback_data.action == "leave":
        picks.pop(name, None)
    elif name not in picks and commitment(name) is not None:
        if len(picks) == PLEDGES:
            return _three_are_enough(query, _)
        picks[name] = None
    return await _choice(query, picks, visit)


def _three_are_enough(query: CallbackQuery, _: Texts) -> Method:
    text = _("Three are enough. To change one, tap its number first.")
    return AnswerCallbackQuery(callback_query_id=query.id, text=text)


async def ask_words(query: CallbackQuery, visit: Visit) -> Method:
    """Wait for a commitment in the driver's own words."""
    _ = visit._
    if not await _may_plan(visit):
        return await show_certificate(query, visit)
    if len(await _picks(visit)) == PLEDGES:
        return _three_are_enough(query, _)
    await visit.state.set_state(Pledging.words)
    text = _(
        "Please write what you'll do, in one sentence of at most {limit} characters. Nobody else reads it.",
        limit=WORDS_LIMIT,
    )
    return show(query, text, [_cancel(_)])


def _cancel(_: Texts) -> Row:
    return [button(_("Cancel"), PledgePress(action="list"))]


async def take_words(message: Message, visit: Visit) -> Method:
    """Take own words into the plan."""
    _ = visit._
    if not await _may_plan(visit):
        return await show_certificate(message, visit)
    picks, words = await _picks(visit), " ".join((message.text or "").split())
    if len(words) > WORDS_LIMIT:
        text = _("That is longer than {limit} characters. Please write it shorter.", limit=WORDS_LIMIT)
        return show(message, text, [_cancel(_)])
    if len(picks) < PLEDGES and words and words not in picks.values():
        picks[f"own-{message.message_id}"] = words
    return await _choice(message, picks, visit)


async def finish(query: CallbackQuery, visit: Visit) -> Method | list[Method]:
    """Store the plan, ask about it later, and go on to the certificate; pressed again, it only goes on."""
    _ = visit._
    if not await _may_plan(visit):
        return await show_certificate(query, visit)
    picks = await _picks(visit)
    choices = [words or commitment(name) for name, words in picks.items()]
    known = [choice for choice in choices if choice is not None]
    if len(known) != PLEDGES:
        note = AnswerCallbackQuery(callback_query_id=query.id, text=_("Please choose three."))
        return [await _choice(query, picks, visit), note]
    plan = await make_plan(visit.session, visit.vault, visit.person.id, known, visit.now)
    for days in ASKED_AFTER:
        visit.order(
            "pledge check",
            {"plan": plan.id, "days": days},
            priority=Priority.REMINDER,
            due_at=visit.now + timedelta(days=days),
        )
    return await show_certificate(query, visit)


# how it went


async def make_check(workshop: Workshop, person: Person, values: Mapping[str, Any]) -> Made | None:
    """The questions about a plan; nothing if there is a newer plan, or if they are answered already."""
    async with workshop.database.reading() as session:
        plan = await newest_plan(session, person.id)
        if plan is None or plan.id != values["plan"]:
            return None
        given = await checks_of(session, plan, values["days"])
    if len(given) == PLEDGES:
        return None
    _ = workshop.texts[person.language]
    text, rows = _question(plan, given, _first_open(given), values["days"], workshop.vault, _)
    text = _("Please read it when you are parked.") + "\n\n" + text
    return Made(SendMessage(chat_id=0, text=text, reply_markup=keyboard(rows)))


def _first_open(given: Mapping[int, Kept]) -> int:
    return next(position for position in range(1, PLEDGES + 1) if position not in given)


def _question(
    plan: ActionPlan, given: Mapping[int, Kept], position: int, days: int, vault: Vault, _: Texts
) -> tuple[str, list[Row]]:
    """Whether one commitment was kept: the text as HTML, and the buttons."""
    lines = _answered_lines(plan, given, days, vault, _)
    lines += ["", _("Number {position}: did it work out?", position=position)]

    def press(kept: Kept) -> PledgePress:
        return PledgePress(action="kept", plan=plan.id, position=position, days=days, value=kept)

    rows: list[Row] = [[button(_(name), press(kept)) for kept, name in KEPT_NAMES.items()]]
    back: Row = []
    if position > 1:
        back = [button(_("« Back"), PledgePress(action="ask", plan=plan.id, position=position - 1, days=days))]
    return "\n".join(lines), [*rows, [*back, *back_home(_)]]


def _answered_lines(plan: ActionPlan, given: Mapping[int, Kept], days: int, vault: Vault, _: Texts) -> list[str]:
    lines = [_("<b>My action plan: {days} days later</b>", days=days), ""]
    for position, line in enumerate(pledge_lines(plan, vault, _), 1):
        answer = f" <b>{_(KEPT_NAMES[given[position]])}</b>" if position in given else ""
        lines.append(line + answer)
    return lines


async def ask_kept(query: CallbackQuery, callback_data: PledgePress, visit: Visit) -> Method:
    """One of the three questions once more, as long as not all are answered."""
    plan = await _plan(callback_data, visit)
    if plan is None:
        return await show_certificate(query, visit)
    given = await checks_of(visit.session, plan, callback_data.days)
    if len(given) == PLEDGES or callback_data.position not in range(1, PLEDGES + 1):
        return await _check_screen(query, plan, callback_data.days, visit)
    text, rows = _question(plan, given, callback_data.position, callback_data.days, visit.vault, visit._)
    return show(query, text, rows)


async def _plan(press: PledgePress, visit: Visit) -> ActionPlan | None:
    return await own_plan(visit.session, visit.person.id, press.plan) if press.days in ASKED_AFTER else None


async def take_kept(query: CallbackQuery, callback_data: PledgePress, visit: Visit) -> Method:
    """Keep an answer, and ask the next."""
    plan = await _plan(callback_data, visit)
    if plan is None or callback_data.value not in set(Kept):
        return await show_certificate(query, visit)
    kept, days = Kept(callback_data.value), callback_data.days
    await check_pledge(visit.session, plan, callback_data.position, days, kept, visit.now)
    return await _check_screen(query, plan, days, visit)


async def _check_screen(query: CallbackQuery, plan: ActionPlan, days: int, visit: Visit) -> Method:
    """The first open question; after the third answer, what helped; after that, thanks."""
    _ = visit._
    given = await checks_of(visit.session, plan, days)
    if len(given) < PLEDGES:
        text, rows = _question(plan, given, _first_open(given), days, visit.vault, _)
        return show(query, text, rows)
    if any(remark.after_days == days for remark in plan.remarks):
        return _thanks(query, _)
    await visit.state.set_state(Telling.words)
    await visit.state.set_data({"plan": plan.id, "days": days})
    lines = _answered_lines(plan, given, days, visit.vault, _)
    lines += ["", _("What helped, or got in the way? You can write it in a few words.")]
    skip = button(_("Skip"), PledgePress(action="skip", plan=plan.id, days=days))
    return show(query, "\n".join(lines), [[skip]])


async def take_remark(message: Message, visit: Visit) -> Method:
    """Keep what helped."""
    data = await visit.state.get_data()
    await visit.state.clear()
    plan = await own_plan(visit.session, visit.person.id, data["plan"])
    if plan is not None:
        plan.remark(visit.vault, data["days"], message.text or "", visit.now)
    return _thanks(message, visit._)


async def skip_remark(query: CallbackQuery, visit: Visit) -> Method:
    """Leave it at the answers."""
    if visit.raw_state == Telling.words.state:
        await visit.state.clear()
    return _thanks(query, visit._)


def _thanks(event: Event, _: Texts) -> Method:
    return show(event, _("Thank you, it's saved. Each ride is a new chance."), [back_home(_)])
