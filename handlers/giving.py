"""What the closing of a flag means for its driver, and word to a driver who knew of something else."""

from handlers.notices import tell_driver
from handlers.presses import RemedyPress
from handlers.visit import Visit
from models.flags import Flag
from models.people import Person
from models.remedies import remedy_of, settle_remedy


async def settle(flag: Flag, visit: Visit) -> int | None:
    """Make what is given to the driver fit the outcome; the driver who was told of a change at once, if any."""
    delay = visit.terms.reply_delay_days
    _remedy, driver_id = await settle_remedy(visit.session, visit.vault, flag, delay, visit.now)
    if driver_id is not None:
        await tell_of_change(driver_id, flag, visit)
    return driver_id


async def tell_of_change(driver_id: int, flag: Flag, visit: Visit) -> None:
    """Tell a driver that there's news about what was given to them."""
    driver, remedy = await visit.session.get(Person, driver_id), await remedy_of(visit.session, flag.id)
    if driver is not None and remedy is not None:
        theirs = remedy.driver_id == driver_id and remedy.told_at is not None
        handle = remedy.handle if theirs else ""  # of nothing: nothing is asked any more
        press = RemedyPress(action="open", remedy=handle)
        tell_driver(visit.session, visit.vault, visit.texts, driver, press, visit.now)
