"""What hangs on a flag of its driver's side: lines and buttons for the team and for whoever reported.

Neither of these screens says who the driver is, and of what the driver answered only the team learns. When the driver
will hear of a report the team alone sees, for it follows from how often they drive; that they have heard, and since
when, whoever reported must know.
"""

from datetime import date

from handlers.coarse import coarsely
from handlers.presses import AgreePress, ReplyPress, SecondLookPress
from handlers.screens import DANGER, SUCCESS, Row, button
from handlers.visit import Visit
from models.appeals import Side, appeal_of, may_appeal
from models.coarse import first_day
from models.drivers import Given, Hearing, Remedy
from models.flags import Flag, State
from models.hearings import hearing_of, may_hear
from models.known_drivers import Unknown, driver_of
from models.late_news import as_shown
from models.quiet import local_day
from models.remedies import remedy_of
from models.words import N_

GIVEN_NAMES = {Given.ADVICE: N_("Advice for the driver"), Given.LESSON: N_("Lesson for the driver")}


# the team


async def driver_lines(flag: Flag, visit: Visit) -> list[str]:
    """Lines for the team: whether the driver is known, was asked, answered, was given something, and disagrees."""
    _ = visit._
    hearing, remedy = await hearing_of(visit.session, flag.id), await remedy_of(visit.session, flag.id)
    known = await driver_of(visit.session, visit.vault, flag)
    lines = []
    if known is Unknown.SEVERAL:
        lines.append(_("Several drivers named this plate: the bot can't know who drove."))
    elif hearing is None and remedy is None and isinstance(known, int):
        lines.append(
            _(
                "The bot knows the driver of this car only by their own word: they named its plate, and the "
                "bot did not check it."
            )
        )
    if isinstance(known, int) or hearing is not None or remedy is not None:
        allowed = await may_hear(visit.session, flag)
        if allowed is False:
            lines.append(_("The person who reported doesn't want the driver to hear of it."))
        elif allowed is None:
            lines.append(_("The driver hears of it only once the person who reported says yes."))
    lines += _hearing_lines(hearing, visit) + _remedy_lines(remedy, visit)
    for side in Side:
        appeal = await appeal_of(visit.session, flag.id, side)
        if appeal is None:
            continue
        who = _("the driver") if side is Side.DRIVER else _("the person who reported")
        lines.append(_("{date}: second look asked for by {who}", date=_.day(appeal.made_at), who=who))
        if appeal.decided_at is not None:
            what = _("the outcome was changed") if appeal.changed else _("the outcome stays")
            lines.append(_("{date}: second look given, {what}", date=_.day(appeal.decided_at), what=what))
    return lines


def _hearing_lines(hearing: Hearing | None, visit: Visit) -> list[str]:
    _ = visit._
    if hearing is None:
        return []
    if hearing.told_at is None or hearing.answer_by is None:
        return [_("The driver will be asked for their view, on {date} at the earliest.", date=_.day(hearing.tell_at))]
    if hearing.answered_at is not None:
        return [_("The driver answered on {date}.", date=_.day(hearing.answered_at))]
    if hearing.declined_at is not None:
        return [_("The driver was asked and would rather say nothing.")]
    if hearing.is_open(visit.now):
        return [_("The driver was asked and may answer until {date}.", date=_.day(hearing.answer_by))]
    return [_("The driver was asked and did not answer in time.")]


def _remedy_lines(remedy: Remedy | None, visit: Visit) -> list[str]:
    _ = visit._
    if remedy is None:
        return []
    title = visit.course.lesson(remedy.lesson, visit.person.language).title
    lines = [f"{_(GIVEN_NAMES[remedy.kind])}: {remedy.lesson}. {title}"]
    if remedy.told_at is None:
        lines.append(_("The driver hears of it on {date} at the earliest.", date=_.day(remedy.tell_at)))
    elif remedy.lifted_at is not None:
        lines.append(_("Taken back on {date}.", date=_.day(remedy.lifted_at)))
    else:
        lines.append(_("The driver was told on {date}.", date=_.day(remedy.told_at)))
    if remedy.passed_at is not None:
        lines.append(_("✓ Lesson passed on {date}.", date=_.day(remedy.passed_at)))
    return lines


async def driver_rows(flag: Flag, visit: Visit) -> list[Row]:
    """Buttons for the team: ask the driver, ask no more, read the answer."""
    _ = visit._
    hearing = await hearing_of(visit.session, flag.id)
    mine = flag.is_worked_on_by(visit.person.id)
    if hearing is not None and hearing.sealed_answer is not None:
        return [[button(_("Show the driver's answer"), ReplyPress(action="read", flag=flag.id))]]
    if hearing is not None:
        if mine and hearing.told_at is None:
            return [[button(_("Don't ask the driver"), ReplyPress(action="stop", flag=flag.id))]]
        return []
    if not mine or flag.is_quiet(visit.now) or await may_hear(visit.session, flag) is False:
        return []
    if not isinstance(await driver_of(visit.session, visit.vault, flag), int):
        return []
    return [[button(_("Ask the driver for their view"), ReplyPress(action="ask", flag=flag.id))]]


# whoever reported


async def own_driver_lines(flag: Flag, visit: Visit) -> list[str]:
    """Lines for whoever reported: what the driver may hear, what was done, and what became of a second look."""
    _ = visit._
    if as_shown(flag, visit.now).unseen:
        return []
    of = flag.merged_into_id or flag.id
    hearing, remedy = await hearing_of(visit.session, of), await remedy_of(visit.session, of)
    lines = []
    if flag.merged_into_id is None and (untold := _untold(hearing, remedy)) is not None:
        wish = _("The team would like to hear the driver too.")
        if isinstance(untold, Remedy):
            wish = _("The team would like to give the driver advice.")
            if untold.kind is Given.LESSON:
                wish = _("The team would like to assign the driver a lesson.")
        lines += [
            f"<b>{wish}</b>",
            _(
                "All that the driver would learn, on {date} at the earliest:",
                date=_.date(_earliest(flag, untold, visit)),
            ),
            coarsely(flag, _),
            _("The bot never tells the driver who reported, nor any of your words."),
            _("A driver with few rides may still guess."),
        ]
        allowed = await may_hear(visit.session, flag)
        if allowed is False:
            lines.append(_("You said no: the driver hears nothing of it."))
        elif allowed is None:
            lines.append(_("This happens only if you say yes."))
        else:
            lines.append(_("You can say no until the driver has heard of it."))
    if flag.merged_into_id is None and hearing is not None and hearing.told_at is not None:
        lines.append(_("{date}: the driver was asked for their view", date=_.day(hearing.told_at)))
    if remedy is not None and remedy.passed_at is not None:
        lines.append(_("Action taken: the driver passed the lesson on {date}.", date=_.day(remedy.passed_at)))
    appeal = await appeal_of(visit.session, flag.id, Side.REPORTER)
    if appeal is not None and appeal.decided_at is None:
        lines.append(_("Somebody else of the team will look at it again."))
    elif appeal is not None and appeal.decided_at is not None:
        said = _("the outcome was changed") if appeal.changed else _("the outcome stays")
        lines.append(_("{date}: somebody else looked at it again, {what}", date=_.day(appeal.decided_at), what=said))
    return lines


def _untold(hearing: Hearing | None, remedy: Remedy | None) -> Hearing | Remedy | None:
    """What the driver is to hear and hasn't."""
    if hearing is not None and hearing.told_at is None:
        return hearing
    return remedy if remedy is not None and remedy.told_at is None else None


def _earliest(flag: Flag, untold: Hearing | Remedy, visit: Visit) -> date:
    """The first day on which it could be told to any driver; not later than to this one, if the delay was changed."""
    decided_at = untold.asked_at if isinstance(untold, Hearing) else untold.given_at
    of_any = first_day(flag, visit.terms.reply_delay_days, decided_at)
    return max(min(of_any, local_day(untold.tell_at)), local_day(visit.now))


async def own_driver_rows(flag: Flag, visit: Visit) -> list[Row]:
    """Buttons for whoever reported: yes or no to what the driver may hear, and a second look at a closed report."""
    _ = visit._
    rows: list[Row] = []
    untold = _untold(await hearing_of(visit.session, flag.id), await remedy_of(visit.session, flag.id))
    if untold is not None and flag.merged_into_id is None:
        allowed = await may_hear(visit.session, flag)
        yes = button(_("Yes, the driver may hear this"), AgreePress(action="yes", flag=flag.handle), SUCCESS)
        no = button(_("No, don't tell the driver"), AgreePress(action="no", flag=flag.handle), DANGER)
        rows += [[yes]] if allowed is not True else []
        rows += [[no]] if allowed is not False else []
    shown = as_shown(flag, visit.now)
    runs = shown.state is State.CLOSED and may_appeal(shown.ended_at, visit.terms.appeal_term_days, visit.now)
    if runs and await appeal_of(visit.session, flag.id, Side.REPORTER) is None:
        rows.append([button(_("Ask for a second look"), SecondLookPress(action="ask", flag=flag.handle))])
    return rows
