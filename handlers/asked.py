"""What may be being asked of a person, sorted by who is asked and what of: everything that is asked stands here.

What a member of the team writes about a flag tells of somebody else, often in that person's own words, so it's no cry
of theirs. Whoever is not of the team any more is asked nothing of the team's.
"""

from aiogram.fsm.state import State, StatesGroup

from handlers import appealing, asking, broadcast, car, certificate, driving, full_export, second_look
from handlers.capsule import Noting
from handlers.cohort import Founding
from handlers.consent import Reaching
from handlers.desk import Writing
from handlers.evidence import Showing
from handlers.form_screens import Filling
from handlers.hearing import Answering
from handlers.other_account import Phrase
from handlers.own import Adding
from handlers.pledge import Pledging, Telling
from handlers.remedy import Disagreeing
from handlers.talk import Talking
from handlers.team import Inviting
from handlers.verify import Checking, Revoking

_Asked = State | type[StatesGroup]


def _names(*asked: _Asked) -> frozenset[str | None]:
    states = (each.__states__ if isinstance(each, type) else (each,) for each in asked)
    return frozenset(state.state for several in states for state in several)


ABOUT_OTHERS = _names(
    Writing,
    Talking.team,
    appealing.Deciding,
    asking.Asking,
    full_export.FullExport,
    Revoking,
    broadcast.Writing,
)
"""Asked of a member of the team, who writes of others or to them."""
OF_THE_TEAM = ABOUT_OTHERS | _names(Founding, Inviting)
"""Asked of a member of the team."""
SECRETS = _names(Phrase)
"""What is answered is deleted from the chat at once."""
OF_A_REPORT = SECRETS | _names(Filling, Adding, Showing, Talking.person, Noting, Reaching, second_look.Asking)
"""Asked of whoever reports or has reported."""
SENTENCES = _names(Adding.words, Talking.person, second_look.Asking, Answering, Disagreeing, Pledging, Telling)
"""What is told in sentences, where a code alone is no answer."""
OF_A_DRIVER = _names(
    Checking, certificate.Naming, driving.Naming, car.Declaring, Pledging, Telling, Answering, Disagreeing
)
"""Asked of a driver, or of anybody, but not about a report of their own."""
