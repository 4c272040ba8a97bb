"""Know your rights: short cards, one a screen, for everybody and without a right to be asked for.

Whatever is being asked stays asked: somebody who looks up their rights in the middle of a report goes on afterwards.
"""

from aiogram import Router
from aiogram.types import CallbackQuery

from handlers.commands import Command
from handlers.home import way_out
from handlers.presses import Action, HomePress, RightsPress
from handlers.screens import DANGER, PRIMARY, Event, Method, Row, button, show
from handlers.visit import Visit
from models.lessons import Rich, join
from models.markup import bold, units


def router() -> Router:
    """Routes for the cards."""
    router = Router(name="rights")
    router.message.register(show_list, Command("rights"))
    router.callback_query.filter(RightsPress.filter(), Action("list", "card"))
    router.callback_query.register(show_list, Action("list"))
    router.callback_query.register(show_card, Action("card"))
    return router


async def show_list(event: Event, visit: Visit) -> Method:
    """All cards by their titles."""
    _ = visit._
    rows: list[Row] = [
        [button(card.title, RightsPress(action="card", card=card.number))]
        for card in visit.course.rights(visit.person.language)
    ]
    rows.append([button(_("Help near you"), RightsPress(action="regions"), PRIMARY)])
    rows += [[button(_("Help now"), HomePress(action="help"), DANGER)], way_out(_)]
    text = _(
        "<b>Know your rights</b>\n\nShort answers, with their sources. They are not legal advice. "
        "What you do is always your choice."
    )
    return show(event, text, rows)


async def show_card(query: CallbackQuery, callback_data: RightsPress, visit: Visit) -> Method:
    """One card with the way to its neighbours; a number that there isn't (any more) is the list."""
    _ = visit._
    cards = visit.course.rights(visit.person.language)
    at = next((at for at, card in enumerate(cards) if card.number == callback_data.card), None)
    if at is None:
        return await show_list(query, visit)
    way = []
    if at > 0:
        way.append(button(_("« Back"), RightsPress(action="card", card=cards[at - 1].number)))
    if at + 1 < len(cards):
        way.append(button(_("Next »"), RightsPress(action="card", card=cards[at + 1].number), PRIMARY))
    rows: list[Row] = [
        way,
        [button(_("Help near you"), RightsPress(action="regions"))],
        [
            button(_("« Know your rights"), RightsPress(action="list")),
            button(_("Help now"), HomePress(action="help"), DANGER),
        ],
        way_out(_),
    ]
    card = cards[at]
    sources = _small("\n".join([_("Sources:"), *(f"• {source}" for source in card.sources)]))
    return show(query, join(bold(card.title), "\n\n", card.text, "\n\n", sources), rows)


def _small(text: str) -> Rich:
    """What few need to read, folded up until somebody taps it."""
    return Rich(text=text, entities=({"type": "expandable_blockquote", "offset": 0, "length": units(text)},))
