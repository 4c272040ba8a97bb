"""The zero-tolerance policy: read, and accepted by version with the hash of the text that was shown."""

from aiogram import Router
from aiogram.types import CallbackQuery

from handlers.presses import Action, LearnPress, PolicyPress
from handlers.screens import PRIMARY, Method, Row, button, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.lessons import Policy, join
from models.markup import bold
from models.policies import PolicyAcceptance, has_accepted
from models.words import N_

TITLE = N_("Zero tolerance: our policy")


def router() -> Router:
    """Routes for the policy."""
    router = Router(name="policy")
    router.callback_query.filter(PolicyPress.filter())
    router.callback_query.register(read, Action("read"))
    router.callback_query.register(accept, Action("accept"))
    return router


def policy_screen(query: CallbackQuery, policy: Policy, lesson: int, _: Texts) -> Method:
    """The policy with the question whether the person accepts it; the lesson of that number follows then."""
    rows: list[Row] = [
        [button(_("I accept it"), PolicyPress(action="accept", version=policy.version, lesson=lesson), PRIMARY)],
        [button(_("Not now"), LearnPress(action="list"))],
    ]
    return show(query, join(bold(_(TITLE)), "\n\n", policy.text, "\n\n", _("Do you accept this policy?")), rows)


async def read(query: CallbackQuery, visit: Visit) -> Method:
    """The policy, and whether the person has accepted it."""
    _ = visit._
    policy = visit.course.policy(visit.person.language)
    if not await has_accepted(visit.session, visit.person.id, policy.version):
        return policy_screen(query, policy, 0, _)
    acceptance = await visit.session.get(PolicyAcceptance, (visit.person.id, policy.version))
    assert acceptance is not None
    when = _("You accepted it on {date}.", date=_.day(acceptance.accepted_at))
    rows = [[button(_("« Lessons"), LearnPress(action="list"))]]
    return show(query, join(bold(_(TITLE)), "\n\n", policy.text, "\n\n", when), rows)


async def accept(query: CallbackQuery, callback_data: PolicyPress, visit: Visit) -> Method:
    """Keep the acceptance of exactly the version that was shown; a newer one is shown instead."""
    _ = visit._
    policy = visit.course.policy(visit.person.language)
    if callback_data.version != policy.version:
        return policy_screen(query, policy, callback_data.lesson, _)
    if not await has_accepted(visit.session, visit.person.id, policy.version):
        visit.session.add(
            PolicyAcceptance(
                person_id=visit.person.id,
                version=policy.version,
                hash=policy.hash,
                language=visit.person.language,
                accepted_at=visit.now,
            )
        )
        await visit.session.flush()
    rows: list[Row] = [[button(_("« Lessons"), LearnPress(action="list"))]]
    if callback_data.lesson in visit.course.numbers:
        onwards = LearnPress(action="open", lesson=callback_data.lesson)
        rows.insert(0, [button(_("On to the lesson »"), onwards, PRIMARY)])
    return show(query, _("Thank you. Your acceptance of the policy is saved."), rows)
