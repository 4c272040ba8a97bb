"""What can be flagged: behaviours, the form of harassment each belongs to, and how severe it is.

The forms follow the training of drivers by the OSCE Programme Office in Astana and inDrive (Almaty, 2025).
Severity 4 is the highest; it decides how soon a person looks (`models/first_look.py`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from models.words import N_

MAX_SEVERITY = 4


class Form(StrEnum):
    """Forms, in the order in which they are offered."""

    SEXUALISED = "SX"
    VERBAL = "VB"
    NON_VERBAL = "NV"
    PHYSICAL = "PH"
    STALKING = "ST"
    UNEQUAL = "DI"
    DRIVING = "DR"
    OTHER = "OT"


FORM_NAMES = {
    Form.SEXUALISED: N_("Prying, sexual remarks"),
    Form.VERBAL: N_("Rude or threatening words"),
    Form.NON_VERBAL: N_("Looks, filming, exposure"),
    Form.PHYSICAL: N_("Touch or force"),
    Form.STALKING: N_("Calls, following afterwards"),
    Form.UNEQUAL: N_("Discrimination"),
    Form.DRIVING: N_("Dangerous driving, weapon"),
    Form.OTHER: N_("Not sure, uncomfortable"),
}


FORMS_OF_HARASSMENT = frozenset(Form) - {Form.DRIVING, Form.OTHER}


MORE = "+"
"""Ends the code of what is more severe than the behaviour of the same code without it."""


@dataclass(frozen=True)
class Behaviour:
    """A behaviour: its code, its name in plain words, and its severity from 1 to 4."""

    code: str
    name: str
    severity: int

    @property
    def form(self) -> Form:
        """The form it belongs to, which its code begins with."""
        return Form(self.code[:2])

    @property
    def base(self) -> str:
        """The code of the behaviour that this is, however severe: two that share it exclude each other."""
        return self.code.removesuffix(MORE)


BEHAVIOURS = {
    behaviour.code: behaviour
    for behaviour in (
        Behaviour("SX1", N_("Questions about private life"), 1),
        Behaviour("SX2", N_("Comments on body or clothes"), 1),
        Behaviour("SX3", N_("Flirting, asking for a number"), 1),
        Behaviour("SX3+", N_("The same, after I said no"), 2),
        Behaviour("SX4", N_("Talk about sex"), 2),
        Behaviour("SX5", N_("Asked for sex"), 3),
        Behaviour("SX6", N_("Threats of sexual violence"), 4),
        Behaviour("VB1", N_("Pet names, mockery"), 1),
        Behaviour("VB2", N_("Insults, shaming, shouting"), 2),
        Behaviour("VB3", N_("Threats"), 3),
        Behaviour("NV1", N_("Staring, also in the mirror"), 1),
        Behaviour("NV2", N_("Winks, faces, gestures"), 2),
        Behaviour("NV3", N_("Filming or taking photos"), 2),
        Behaviour("NV3+", N_("Filming intimate parts"), 3),
        Behaviour("NV4", N_("Showing sexual images"), 2),
        Behaviour("NV5", N_("Exposure, masturbation"), 3),
        Behaviour("NV5+", N_("The same, going on right now"), 4),
        Behaviour("PH1", N_("Tried to touch or kiss"), 3),
        Behaviour("PH2", N_("Touch, kiss: hand, cheek"), 3),
        Behaviour("PH3", N_("Intimate touch, kiss on lips"), 4),
        Behaviour("PH4", N_("Rape or attempted rape"), 4),
        Behaviour("PH5", N_("Hitting, grabbing"), 4),
        Behaviour("PH6", N_("Not let out, driven elsewhere"), 4),
        Behaviour("ST1", N_("Wrote or called once"), 2),
        Behaviour("ST2", N_("Wrote or called again and again"), 3),
        Behaviour("ST3", N_("Followed, came to the home"), 4),
        Behaviour("ST4", N_("Published personal data"), 3),
        Behaviour("DI1", N_("Treated worse than others"), 2),
        Behaviour("DI2", N_("Hate, threats for who you are"), 3),
        Behaviour("DR1", N_("Phone at the wheel, speeding"), 1),
        Behaviour("DR2", N_("Drunk, drowsy or reckless"), 3),
        Behaviour("DR3", N_("Crash or weapon"), 4),
        Behaviour("OT", N_("Not sure, but it felt wrong"), 1),
    )
}
"""All of them, in the order in which they are offered: thirty, three of which have a more severe kind."""
_OFFERED = {code: at for at, code in enumerate(BEHAVIOURS)}
BY_PASSENGERS = {
    "PH6": None,
    "DI1": None,
    "DR1": None,
    "DR2": None,
    "DR3": N_("Weapon, damage to the car"),
    "ST3": N_("Followed me, came to my home"),
}
"""What a driver is asked about a passenger where it differs: another name, or None where it can't be."""
FORMS_BY_PASSENGERS = {Form.DRIVING: N_("Weapon, damage to the car"), Form.UNEQUAL: N_("Hate for who you are")}


def behaviours_of(form: Form, *, by_passenger: bool = False) -> list[Behaviour]:
    """The behaviours of a form as they are offered; those of passengers where a driver tells."""
    found = [behaviour for behaviour in BEHAVIOURS.values() if behaviour.form is form]
    return [each for each in found if not by_passenger or BY_PASSENGERS.get(each.code, each.name) is not None]


def behaviour_name(code: str, *, by_passenger: bool = False) -> str:
    """What a behaviour is called, as it stands in the catalogues. Raises KeyError for an unknown code."""
    return (BY_PASSENGERS.get(code) if by_passenger else None) or BEHAVIOURS[code].name


def form_name(form: Form, *, by_passenger: bool = False) -> str:
    """What a form is called, as it stands in the catalogues."""
    return FORMS_BY_PASSENGERS.get(form, FORM_NAMES[form]) if by_passenger else FORM_NAMES[form]


def primary_form(codes: Iterable[str]) -> Form:
    """The form of the most severe of these behaviours, of equals the first that is offered, as the figures count.

    Raises KeyError for an unknown code, ValueError without any.
    """
    offered = sorted(codes, key=_OFFERED.__getitem__)
    return max((BEHAVIOURS[code] for code in offered), key=lambda behaviour: behaviour.severity).form


def with_toggled(codes: list[str], code: str) -> list[str]:
    """The codes with one taken out or put in; of a behaviour and its more severe kind only the newer one stays."""
    base = BEHAVIOURS[code].base
    others = [each for each in codes if BEHAVIOURS[each].base != base]
    return others if code in codes else [*others, code]


def severity(
    codes: Iterable[str],
    *,
    ride_going_on: bool,
    minor: bool = False,
    retaliation: bool = False,
    same_vehicle: bool = False,
) -> int:
    """How severe these behaviours are together, 1 to 4.

    The most severe one counts, raised by one level for each of these: the ride is going on, somebody under 18 was
    affected, it happened because of an earlier report, the vehicle was reported before.
    Raises KeyError for an unknown code and ValueError without any.
    """
    raised = ride_going_on + minor + retaliation + same_vehicle
    return min(MAX_SEVERITY, max(BEHAVIOURS[code].severity for code in codes) + raised)
