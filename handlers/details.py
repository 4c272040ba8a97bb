"""What a report says besides its behaviours, in words: the same lines for whoever told it and for the team."""

from collections.abc import Collection

from handlers.texts import Texts
from models.consents import RECIPIENT_NAMES, Recipient
from models.details import DAYTIME_NAMES, PLATFORM_NAMES, Details, Reach, Teller
from models.flags import Flag
from models.regions import REGIONS
from models.words import N_

TOLD_BY = {
    Teller.PASSENGER: N_("Told by the passenger"),
    Teller.DRIVER: N_("Told by the driver"),
    Teller.WITNESS: N_("Told by a witness"),
}
YES = {
    "repeated": N_("The same person did this before"),
    "minor": N_("Somebody under 18 was affected"),
    "retaliation": N_("It happened because of an earlier report"),
}
REACHED = {
    Reach.ANONYMOUS: N_("Does not want to be asked anything"),
    Reach.HERE: N_("May be asked here, through the bot"),
    Reach.CONTACT: N_("Left another way to be reached"),
}


def detail_lines(details: Details, order: str | None, plate: str | None, _: Texts) -> list[str]:
    """The lines as HTML; nothing for what wasn't said."""
    lines: list[str] = []
    if details.teller is not None:
        lines.append(_(TOLD_BY[details.teller]))
    if details.happened_at is not None:
        lines.append(_("Time: {time}", time=_.moment(details.happened_at)))
    elif details.happened_on is not None:
        lines.append(_("Day: {day}", day=_.date(details.happened_on)))
    if details.daytime is not None:
        lines.append(_("Time: {time}", time=_(DAYTIME_NAMES[details.daytime])))
    if (region := REGIONS.get(details.region or "")) is not None:
        lines.append(_("Region: {region}", region=_(region)))
    if details.platform is not None:
        lines.append(_("App: {platform}", platform=_(PLATFORM_NAMES[details.platform])))
    if order:
        lines.append(_("Order: <code>{order}</code>", order=order))
    if plate:
        lines.append(_("Number plate: <code>{plate}</code>", plate=plate))
    lines += [_(text) for name, text in YES.items() if getattr(details, name)]
    if details.reach is not None:
        lines.append(_(REACHED[details.reach]))
    return lines


def consent_line(recipients: Collection[Recipient], _: Texts) -> str:
    """Who else may know of a report, as HTML."""
    names = [_(RECIPIENT_NAMES[each]) for each in Recipient if each in recipients]
    if not names:
        return _("Nobody besides the team may know of it.")
    return _("May also know: {names}", names="; ".join(names))


def details_of(flag: Flag) -> Details:
    """What a flag holds of them."""
    return Details(
        teller=flag.teller,
        platform=flag.platform,
        happened_on=flag.happened_on,
        daytime=flag.daytime,
        happened_at=flag.happened_at,
        repeated=flag.repeated,
        minor=flag.minor,
        retaliation=flag.retaliation,
        reach=flag.reach,
        region=flag.region,
    )
