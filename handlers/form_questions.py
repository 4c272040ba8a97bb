"""The questions of a report told step by step, in their order: one a screen, and each may be skipped."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from handlers.consent import ASK_CONTACT
from handlers.media import ASKED, HINT
from models.details import AIM_NAMES, DAYTIME_NAMES, PLATFORM_NAMES, REACH_NAMES, TELLER_NAMES, Aim, Reach
from models.drafts import Told
from models.regions import REGIONS
from models.words import N_


class Question(NamedTuple):
    """What is asked, and how it's answered where that is not by buttons of its own.

    `choices` are the answers to pick one from, with their names.
    """

    text: str
    short: str
    """What the review calls it."""
    choices: Mapping[Any, str] = {}
    is_yes_or_no: bool = False
    is_typed: bool = False
    hint: str = ""
    """What whoever types is told, where the answer is no text but is sent."""


QUESTIONS: Mapping[str, Question] = {
    "teller": Question(N_("<b>Who is telling this?</b>"), N_("Told by"), TELLER_NAMES),
    "what": Question(
        N_("<b>What happened?</b>\n\nYou can choose several. Not sure what it was? Skip it: that is accepted too."),
        N_("What happened"),
    ),
    "words": Question(
        N_("<b>In your own words</b>\n\nWrite as much or as little as you want, in any language."),
        N_("Own words"),
        is_typed=True,
    ),
    "media": Question(ASKED, N_("Photos, voice"), hint=HINT),
    "day": Question(
        N_("<b>When was it?</b>\n\nTap a day, or write the date, for example 05.11.2026."), N_("When"), is_typed=True
    ),
    "daytime": Question(N_("<b>About when was it?</b>"), N_("About when"), DAYTIME_NAMES),
    "region": Question(N_("<b>In which region was it?</b>"), N_("Region"), REGIONS),
    "place": Question(
        N_(
            "<b>Where was it?</b>\n\nSend the place with the paperclip 📎: tap it, then “Location”. "
            "Any place along the way helps."
        ),
        N_("Place"),
        hint=N_("Please send the place with the paperclip 📎, or go on with the button below."),
    ),
    "platform": Question(N_("<b>Where was the ride ordered?</b>"), N_("App"), PLATFORM_NAMES),
    "order": Question(
        N_("<b>Order number</b>\n\nIf you see it in the app, you can write it here."), N_("Order"), is_typed=True
    ),
    "plate": Question(
        N_("<b>Number plate</b>\n\nAs you remember it, for example <code>123 ABC 02</code>."),
        N_("Plate"),
        is_typed=True,
    ),
    "repeated": Question(N_("<b>Has the same person done this before?</b>"), N_("Before"), is_yes_or_no=True),
    "minor": Question(N_("<b>Is anybody affected, you included, under 18?</b>"), N_("Under 18"), is_yes_or_no=True),
    "retaliation": Question(
        N_("<b>Did it happen because of an earlier report?</b>"), N_("Earlier report"), is_yes_or_no=True
    ),
    "aim": Question(
        N_(
            "<b>What shall happen with it?</b>\n\nA report that is held is seen by nobody until another person names "
            "the same car. Then both go to the team, and you are told. You can change your mind at any time."
        ),
        N_("What happens with it"),
        AIM_NAMES,
    ),
    "reach": Question(
        N_("<b>May the team ask you something?</b>\n\nThey never see your account, whatever you choose."),
        N_("Questions to me"),
        REACH_NAMES,
    ),
    "contact": Question(ASK_CONTACT, N_("Contact"), is_typed=True),
    "consents": Question(
        N_(
            "<b>Who else may know?</b>\n\nThe team reads your report. Nobody else gets it without your consent. "
            "You can take each back later."
        ),
        N_("Who may know"),
    ),
}
FIRST, REVIEW = "teller", "review"
STEPS = (*QUESTIONS, REVIEW)


def asked(told: Told) -> list[str]:
    """The questions for this report: of a passenger no plate is asked, and of what is only counted, nobody to tell."""
    left_out = set()
    if told.by_driver:
        left_out.add("plate")
    if told.day is None or told.details().happened_at is not None:
        left_out.add("daytime")
    if told.aim is Aim.COUNT:
        left_out |= {"reach", "contact", "consents"}
    if told.reach is not Reach.CONTACT:
        left_out.add("contact")
    return [step for step in QUESTIONS if step not in left_out]


def following(step: str, told: Told) -> str:
    """What comes after a question, which may itself be no longer asked: the next one, or the review."""
    to_come = {*asked(told), REVIEW}
    return next(each for each in STEPS[STEPS.index(step) + 1 :] if each in to_come)


def is_answered(step: str, told: Told) -> bool:
    """Whether something was told here; where photos and voice are sent, it's not told but kept with the draft."""
    return getattr(told, "codes" if step == "what" else step, None) not in (None, [])
