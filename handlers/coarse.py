"""All that a driver learns of a report, in words."""

from handlers.texts import Texts
from models.coarse import FORMS_FOR_DRIVER, week_named
from models.flags import Flag


def coarsely(flag: Flag, _: Texts) -> str:
    """The kind of behaviour and the week, as HTML."""
    monday, sunday = week_named(flag)
    kind = _("What it is about: {kind}", kind=_(FORMS_FOR_DRIVER[flag.form]))
    return kind + "\n" + _("Week: {first} – {last}", first=_.date(monday), last=_.date(sunday))
