"""What is said before a report is sent: what the bot can and can't promise, and what whoever sends it says by that."""

from handlers.quick_exit import EXIT
from handlers.texts import Texts
from models.details import Aim


def promises(_: Texts, aim: Aim = Aim.ACT) -> str:
    """The four lines: who reads it, who knows the person, what stays in the chat, and that nobody is called.

    Few words: she may be in the car.
    """
    if aim is Aim.HOLD:
        read = _("People read it once another person names the same car.")
    elif aim is Aim.COUNT:
        read = _("It is only counted: nobody reads it.")
    else:
        read = _("People read it, and answer here.")
    lines = [
        read,
        _("The team doesn't see your account; only the bot knows it."),
        _("“{clear}” deletes this chat's last 48 hours, not your report. Telegram keeps the rest.", clear=_(EXIT)),
        _("We call nobody for you. In danger, call 112."),
    ]
    return "<blockquote>" + "\n".join(lines) + "</blockquote>"


def as_far_as_known(_: Texts) -> str:
    """What whoever sends says by it; part of each screen that sends."""
    return _("By sending, you say it is true as far as you know.")
