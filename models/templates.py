"""Ready replies of the team to whoever sent a flag: a few kind texts, each sent in the reader's own language."""

from enum import StrEnum

from models.words import N_


class Template(StrEnum):
    """What is to be said."""

    LOOKING = "looking"
    PLATE = "plate"
    MORE = "more"
    PASSED_ON = "passed on"
    CLOSED = "closed"


QUESTIONS = frozenset({Template.PLATE, Template.MORE})
"""Not sent to a person who doesn't want to be asked, nor about a closed flag."""
TITLES = {
    Template.LOOKING: N_("Thank you, we are looking"),
    Template.PLATE: N_("We need the plate"),
    Template.MORE: N_("Tell us more, if you can"),
    Template.PASSED_ON: N_("Passed on with your consent"),
    Template.CLOSED: N_("Closed: what you can do"),
}
"""As the team sees them in the list."""
TEXTS = {
    Template.LOOKING: N_(
        "Thank you for telling us. A person has read your report and is looking into it. You need not do anything."
    ),
    Template.PLATE: N_(
        "Thank you for telling us. If you remember the number plate, even a part of it, it would help us. You can add "
        "it in /myreports. If you don't know it, that is all right too."
    ),
    Template.MORE: N_(
        "Thank you for telling us. If you want to, you can add more in your own words in /myreports: as much or as "
        "little as you like."
    ),
    Template.PASSED_ON: N_(
        "With your consent your report was passed on. In /myreports you see to whom, and you can take a consent back "
        "at any time."
    ),
    Template.CLOSED: N_(
        "Your report is closed; the answer is in /myreports. You can still go to the police (102) "
        "yourself; if you decide to, the earlier the better. /rights says what else you can do, and "
        "/sos who helps."
    ),
}
"""As the person who reported reads them."""
