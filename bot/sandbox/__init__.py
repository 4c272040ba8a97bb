"""A local Telegram: a Bot API server on loopback, and phones for people who talk to the bot through it.

It stands in for Telegram in the demo, in the end-to-end tests and in the benchmarks. It knows nothing of this
project's bot: it answers, delivers and refuses as Telegram does.
"""

from .api import Call
from .errors import Refusal
from .events import Event
from .faults import Faults
from .phone import Answer, Phone
from .sandbox import DEFAULT_TOKEN, Sandbox
from .world import Message

__all__ = ["DEFAULT_TOKEN", "Answer", "Call", "Event", "Faults", "Message", "Phone", "Refusal", "Sandbox"]
