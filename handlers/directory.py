"""Help near you: a region, then who helps there, each with the day on which it was last verified."""

from aiogram import Router
from aiogram.types import CallbackQuery, InlineKeyboardButton

from handlers.home import call_button, way_out
from handlers.presses import Action, RightsPress
from handlers.screens import DANGER, Method, Row, button, in_rows, show
from handlers.texts import Texts
from handlers.visit import Visit
from models.directory import EMERGENCY, Contact, Kind, shown
from models.quiet import at_hour, local_day
from models.regions import REGIONS


def router() -> Router:
    """Routes for the help directory."""
    router = Router(name="directory")
    router.callback_query.filter(RightsPress.filter(), Action("regions", "region"))
    router.callback_query.register(choose_region, Action("regions"))
    router.callback_query.register(show_contacts, Action("region"))
    return router


async def choose_region(query: CallbackQuery, visit: Visit) -> Method:
    """The regions, cities first; which one is chosen is stored nowhere."""
    _ = visit._
    rows: list[Row] = [
        [button(_("All of Kazakhstan"), RightsPress(action="region"))],
        *in_rows([button(_(name), RightsPress(action="region", region=code)) for code, name in REGIONS.items()]),
        [button(_("« Know your rights"), RightsPress(action="list"))],
        way_out(_),
    ]
    text = _("<b>Help near you</b>\n\nWhich region are you looking for? Your choice is not stored.")
    return show(query, text, rows)


async def show_contacts(query: CallbackQuery, callback_data: RightsPress, visit: Visit) -> Method:
    """Who helps in a region; a region that there isn't is all of Kazakhstan."""
    _ = visit._
    region = callback_data.region if callback_data.region in REGIONS else None
    contacts = shown(region, local_day(visit.now), visit.terms.contacts_kept_days)
    name = _("All of Kazakhstan") if region is None else _(REGIONS[region])
    parts = [_("<b>Help near you: {region}</b>", region=name)]
    if region is not None and all(contact.region is None for contact in contacts):
        parts.append(_("We know of no line of this region's own. These are for all of Kazakhstan."))
    parts += [_described(contact, _) for contact in contacts]
    parts.append(_("This bot can't send help itself. If you are in danger, please call 112."))
    return show(query, "\n\n".join(parts), _rows(contacts, _))


def _described(contact: Contact, _: Texts) -> str:
    """A contact in words: how it is reached, what for, when, and how fresh that is."""
    head = f"<b>{contact.value}</b>: {_(contact.name)}" if contact.kind is Kind.PHONE else f"<b>{_(contact.name)}</b>"
    about = [_(contact.purpose)] + ([_(contact.hours)] if contact.hours else [])
    verified = _("verified: {date}", date=_.day(at_hour(contact.verified, 12)))
    return f"{head}\n{' · '.join(about)}\n<i>{verified}</i>"


def _rows(contacts: tuple[Contact, ...], _: Texts) -> list[Row]:
    first, *phones = [contact for contact in contacts if contact.kind is Kind.PHONE]  # 112 always stays
    dangers = [call_button(contact, DANGER) for contact in phones if contact in EMERGENCY]
    others = [call_button(contact) for contact in phones if contact not in EMERGENCY]
    sites = [
        InlineKeyboardButton(text=_(contact.name), url=contact.value)
        for contact in contacts
        if contact.kind is Kind.SITE
    ]
    back = button(_("« Regions"), RightsPress(action="regions"))
    return [
        [call_button(first, DANGER)],
        dangers,
        *in_rows(others),
        *([site] for site in sites),
        [back],
        way_out(_),
    ]
