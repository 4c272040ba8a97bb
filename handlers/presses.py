"""Presses of buttons: each module has a shape of callback data for either side, checked once where it's routed.

Callback data is at most 64 bytes and untrusted: it names what is meant, never what is allowed. Nor is it hidden from
whoever gets the button: to all but the team, a flag and what hangs on it are named by handles (`models/handles.py`).
"""

from typing import Annotated, Any, Self

from aiogram.filters import Filter
from aiogram.filters.callback_data import CallbackData
from aiogram.types import Message
from pydantic import Field

Number = Annotated[int, Field(ge=0, lt=2**63)]
"""The number of a row, as far as a database can have it."""


class LastingPress(CallbackData, prefix="lasting"):
    """A press whose shape may grow at its end: buttons from before lack the new fields, and still work."""

    @classmethod
    def unpack(cls, value: str) -> Self:
        """Read callback data; raises TypeError or ValueError for what can't be meant."""
        missing = len(cls.model_fields) - value.count(cls.__separator__)
        return super().unpack(value + cls.__separator__ * missing)


class HomePress(CallbackData, prefix="home"):
    """The first screen, languages and help."""

    action: str
    value: str = ""


class LearnPress(CallbackData, prefix="learn"):
    """The lessons: a lesson's number, the key of a card or question, the key of an option."""

    action: str
    lesson: int = 0
    step: str = ""
    option: str = ""


class ExamPress(CallbackData, prefix="exam"):
    """The tests: which one, the number of a sitting, the place of an item in it, the key of an option."""

    action: str
    exam: str = ""
    sitting: Number = 0
    at: int = 0
    option: str = ""


class DailyPress(CallbackData, prefix="daily"):
    """Spaced review: a lesson's number, the key of a question, the key of an option or an hour."""

    action: str
    lesson: int = 0
    question: str = ""
    option: str = ""


class PolicyPress(CallbackData, prefix="policy"):
    """The zero-tolerance policy: its version, and the number of the lesson that is to follow."""

    action: str
    version: int = 0
    lesson: int = 0


class CertificatePress(CallbackData, prefix="cert"):
    """Certificates: the number of a row or draft, and the number on a certificate."""

    action: str
    certificate: Number = 0
    value: str = ""


class CarPress(LastingPress, prefix="car"):
    """Cars: to their driver by the number of the row, to whoever scans them by their code; how often one is driven."""

    action: str
    car: Number = 0
    code: str = ""
    word: str = ""


class ThanksPress(CallbackData, prefix="thanks"):
    """Thanks for a driver: the code of the car, and a kind word."""

    action: str
    code: str = ""
    word: str = ""


class PledgePress(CallbackData, prefix="pledge"):
    """The action plan: its number, the position of a commitment (1-3), days after which it's asked about, a key."""

    action: str
    plan: Number = 0
    position: int = 0
    days: int = 0
    value: str = ""


class CohortPress(CallbackData, prefix="cohort"):
    """Cohorts and what their participants are asked: the row's number and a value."""

    action: str
    cohort: Number = 0
    value: str = ""


class SeminarPress(CallbackData, prefix="scene"):
    """Seminars: the number of a cohort or scene, a lesson's number, the keys of a question and of an option."""

    action: str
    row: Number = 0
    lesson: int = 0
    question: str = ""
    option: str = ""


class BroadcastPress(CallbackData, prefix="cast"):
    """Broadcasts: the number of a broadcast or cohort, and a value."""

    action: str
    row: Number = 0
    value: str = ""


class OptPress(CallbackData, prefix="opt"):
    """Whether a person wants broadcasts."""

    action: str


class StatsPress(CallbackData, prefix="stats"):
    """Figures for the team."""

    action: str
    value: str = ""


class FiguresPress(CallbackData, prefix="figures"):
    """Figures about flags: a page of them, the name of a period."""

    action: str
    page: str = "all"
    period: str = "30"


class ExportPress(CallbackData, prefix="export"):
    """Flags as a file: its kind, or the name of a period."""

    action: str
    value: str = ""


class TrialPress(CallbackData, prefix="trial"):
    """A lesson that its author is trying: the key of a card or question, the key of an option."""

    action: str
    step: str = ""
    option: str = ""


class ReportPress(LastingPress, prefix="report"):
    """The form of a flag: the draft, whether the ride goes on, form or behaviour, code of a scanned car, who tells.

    A car is named by its code, not by its number: by counting anybody could read the plates of all. Who tells is empty,
    or "driver".
    """

    action: str
    draft: str = ""
    ride: str = ""
    code: str = ""
    car: str = ""
    who: str = ""


class FormPress(LastingPress, prefix="form"):
    """The guided form: a step of it, what was chosen there, and at its beginning the code of a scanned car."""

    action: str
    step: str = ""
    value: str = ""
    car: str = ""


class CapsulePress(CallbackData, prefix="capsule"):
    """The ride capsule: the name of a draft, or when to write."""

    action: str
    value: str = ""


class ExitPress(CallbackData, prefix="exit"):
    """The quick exit."""


class OwnPress(CallbackData, prefix="own"):
    """A person's own flags: the handle of one."""

    action: str
    flag: str = ""


class ConsentPress(CallbackData, prefix="consent"):
    """Who may know of a person's own flag: its handle, a recipient or a way to be reached."""

    action: str
    flag: str = ""
    value: str = ""


class PassphrasePress(CallbackData, prefix="phrase"):
    """The passphrase of one of a person's own flags: its handle."""

    action: str
    flag: str = ""


class StatementPress(CallbackData, prefix="statement"):
    """The statement of one of a person's own flags: its handle."""

    flag: str = ""


class HistoryPress(CallbackData, prefix="history"):
    """The history of one of a person's own flags: its handle."""

    flag: str = ""


class ErasePress(CallbackData, prefix="erase"):
    """Deleting one of a person's own flags: its handle."""

    action: str
    flag: str = ""


class DutyPress(CallbackData, prefix="duty"):
    """Going on call and off."""

    action: str


class BarPress(CallbackData, prefix="bar"):
    """Barring whoever sent a flag: its number."""

    action: str
    flag: Number = 0


class DistressPress(CallbackData, prefix="distress"):
    """What a person in distress wrote: the number of the message."""

    action: str
    message: Number = 0


class EvidencePress(CallbackData, prefix="piece"):
    """Photos, voice messages and the place of a report of one's own: the handle of its flag, and of a piece."""

    action: str
    flag: str = ""
    piece: str = ""


class DeskPiecePress(CallbackData, prefix="deskpiece"):
    """The same for the team: the number of a flag, and of a piece."""

    action: str
    flag: Number = 0
    piece: Number = 0


class TalkPress(CallbackData, prefix="talk"):
    """What a person and the team write to each other about the person's own flag: its handle, and a message's."""

    action: str
    flag: str = ""
    message: str = ""


class DeskTalkPress(CallbackData, prefix="desktalk"):
    """The same for the team: the number of a flag, and of a message."""

    action: str
    flag: Number = 0
    message: Number = 0


class RightsPress(CallbackData, prefix="rights"):
    """Know your rights and help near you: the number of a card, the ISO code of a region."""

    action: str
    card: int = 0
    region: str = ""


class ReviewPress(CallbackData, prefix="review"):
    """A flag as the team sees it: its number. The last two are of older buttons."""

    action: str
    flag: Number = 0
    outcome: str = ""
    page: int = 0


class QueuePress(CallbackData, prefix="queue"):
    """The queue: which flags are wanted, and from which place on, as `handlers/queue.py` writes both."""

    action: str
    view: str = ""
    form: str = ""
    region: str = ""
    platform: str = ""
    at: str = ""


class ClosePress(CallbackData, prefix="close"):
    """Closing and reopening a flag: its number, an outcome, the position of a reason in its list."""

    action: str
    flag: Number = 0
    outcome: str = ""
    reason: int = 0


class CategoryPress(CallbackData, prefix="category"):
    """What a flag is about and how severe it is: its number, a form, behaviour or level, the position of a reason."""

    action: str
    flag: Number = 0
    value: str = ""
    reason: int = 0


class MergePress(CallbackData, prefix="merge"):
    """Duplicates: the number of the main flag, and of the other one."""

    action: str
    flag: Number = 0
    other: Number = 0


class NotePress(CallbackData, prefix="note"):
    """The team's notes on a flag: its number, the position of a note."""

    action: str
    flag: Number = 0
    at: Number = 0


class TemplatePress(CallbackData, prefix="template"):
    """Ready replies to whoever sent a flag: its number, the name of a reply."""

    action: str
    flag: Number = 0
    name: str = ""


class SearchPress(CallbackData, prefix="search"):
    """Searching for flags: a form, and from which place on, as `handlers/search.py` writes it."""

    action: str
    form: str = ""
    at: str = ""


class FlagPress(CallbackData, prefix="flag"):
    """What else is done with a flag: its number, and the number of a member of the team."""

    action: str
    flag: Number = 0
    member: Number = 0


class ApprovalPress(CallbackData, prefix="second"):
    """What waits for a second person: the number of the request."""

    action: str
    approval: Number = 0


class TeamPress(CallbackData, prefix="team"):
    """The team: the number of a member or invitation, a role, a page, or the code of an invitation."""

    action: str
    member: Number = 0
    value: str = ""


class LeavePress(CallbackData, prefix="leave"):
    """Leaving the team oneself."""

    action: str


class AuditPress(CallbackData, prefix="audit"):
    """The audit: a number of days, a member, a group of actions, a flag, the place at which a page begins."""

    action: str
    days: int = 0
    member: Number = 0
    group: str = ""
    flag: Number = 0
    skip: Number = 0


class DrivingPress(LastingPress, prefix="drive"):
    """The cars that a person drives: the number of one, and how often it's driven."""

    action: str
    car: Number = 0
    word: str = ""


class HearingPress(CallbackData, prefix="hear"):
    """A driver who is asked for their view: the handle of the hearing, which leads to no flag."""

    action: str
    hearing: str = ""


class RemedyPress(CallbackData, prefix="remedy"):
    """What a driver was given: its handle, which leads to no flag."""

    action: str
    remedy: str = ""


class ReplyPress(CallbackData, prefix="reply"):
    """The team asks a driver for their word: the number of the flag."""

    action: str
    flag: Number = 0


class AgreePress(CallbackData, prefix="agree"):
    """Whether the driver may hear of one of a person's own flags: its handle."""

    action: str
    flag: str = ""


class SecondLookPress(CallbackData, prefix="again"):
    """A second look at one of a person's own flags: its handle."""

    action: str
    flag: str = ""


class AppealPress(CallbackData, prefix="appeal"):
    """Second looks, for the team: the number of one, another outcome or "stays", the position of a reason."""

    action: str
    appeal: Number = 0
    outcome: str = ""
    reason: int = 0


class DataPress(CallbackData, prefix="data"):
    """A person's own data."""

    action: str


class Payload(Filter):
    """A link into the bot: /start with a payload that begins with this letter. Hands over the rest as `payload`."""

    def __init__(self, letter: str) -> None:
        self._letter = letter

    async def __call__(self, message: Message) -> bool | dict[str, Any]:
        """Compare the first letter; Telegram gives a payload after one space."""
        command, _, payload = (message.text or "").partition(" ")
        if command.partition("@")[0].lower() != "/start" or not payload.startswith(self._letter):
            return False
        return {"payload": payload.removeprefix(self._letter).strip()}


class Action(Filter):
    """The press means one of these actions."""

    def __init__(self, *names: str) -> None:
        self._names = frozenset(names)

    async def __call__(self, *args: Any, callback_data: Any) -> bool:
        """Compare the action of the press that the router has already read."""
        return callback_data.action in self._names


TEAM_PREFIXES = frozenset(
    press.__prefix__
    for press in (
        AppealPress,
        ApprovalPress,
        AuditPress,
        BarPress,
        BroadcastPress,
        CategoryPress,
        ClosePress,
        CohortPress,
        DeskPiecePress,
        DeskTalkPress,
        DutyPress,
        ExportPress,
        FiguresPress,
        FlagPress,
        LeavePress,
        MergePress,
        NotePress,
        QueuePress,
        ReplyPress,
        ReviewPress,
        SearchPress,
        SeminarPress,
        StatsPress,
        TeamPress,
        TemplatePress,
    )
)
"""How the buttons of the team begin: whoever presses one without the right to it is written down."""
TEAM_ACTIONS = ("cert:revoke",)
"""The same for buttons of which others are everybody's."""
