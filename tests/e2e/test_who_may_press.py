"""Who may press what: each command and each button that the bot knows, tried by everybody it isn't for."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, NamedTuple

import pytest
from aiogram import Router
from aiogram.filters import Command, StateFilter
from aiogram.filters.callback_data import CallbackData, CallbackQueryFilter
from aiogram.methods import TelegramMethod
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handlers import presses, routers
from handlers.asked import OF_THE_TEAM
from handlers.home import SOS
from handlers.menu import EVERYONE, commands_for
from handlers.presses import Action as Means
from handlers.presses import ReviewPress
from handlers.roles import _In
from models import audit
from models.approvals import Kind as ApprovalKind
from models.approvals import ask
from models.audit import Action, AuditEntry
from models.behaviours import Form
from models.cars import Driven
from models.conversation import Conversation
from models.drivers import Hearing, Remedy
from models.evidence import Evidence, Kind
from models.flags import Flag, Outcome, Ride
from models.new_flags import store_flag
from models.people import Person, find_person
from models.schema import metadata
from models.seminars import Scene
from models.talk import Talk
from models.talk import say as say_in_talk
from models.team import Member, Role
from models.updates import DeadLetter
from models.vault import Vault
from tests.e2e.backstage import Backstage, Step
from tests.e2e.walking import COURSE, LANGUAGES, holds_none_of, say
from tests.house import DRIVER, OWNER, PASSENGER, REVIEWER
from tests.models.helpers import OwnTexts, add_both_sides, add_course, add_stored, every_row

ANYBODY, ITS_PERSON = "anybody", "whose row it names"
Needed = Role | str
Shown = list[tuple[str, dict[str, Any]]]
"""Methods and what they say."""

COMMANDS: Mapping[Needed, str] = {
    ANYBODY: "start report rights myreports learn progress certificate verify language privacy deletedata help "
    "sos сос көмек комек помощь",
    Role.REVIEWER: "queue flag search stats export team",
    Role.SUPERVISOR: "approve",
    Role.OWNER: "audit cohort broadcast",
}
"""From which role on a command works."""
BUTTONS: Mapping[type[CallbackData], Mapping[Needed, str]] = {
    presses.HomePress: {ANYBODY: "start, language, choose, help, call, text"},
    presses.LearnPress: {ANYBODY: "step, look, answer, open, again, straight, finish, list"},
    presses.ExamPress: {ANYBODY: "offer, begin, answer, missed"},
    presses.DailyPress: {ANYBODY: "begin, answer, hours, hour, later, pause, stop"},
    presses.PolicyPress: {ANYBODY: "read, accept"},
    presses.CertificatePress: {
        ANYBODY: "begin, show, name, ask, check",
        ITS_PERSON: "issue, picture, pdf",
        Role.OWNER: "revoke, revoked",
    },
    presses.CarPress: {ANYBODY: "list, add, see", ITS_PERSON: "open, often, said, picture, pdf, end, ended"},
    presses.ThanksPress: {ANYBODY: "ask, give, stop, silence, again"},
    presses.PledgePress: {ANYBODY: "begin, list, take, leave, own, done", ITS_PERSON: "ask, kept, skip"},
    presses.CohortPress: {
        ANYBODY: "gender, region, again",
        Role.OWNER: "list, new, place, day, open, beside, qr, end, ended",
    },
    presses.SeminarPress: {ITS_PERSON: "vote", Role.OWNER: "lessons, lesson, open, look, answer"},
    presses.BroadcastPress: {
        Role.OWNER: "list, write, draft, text, drop, instead, whom, group, cohorts, cohort, regions, region, language, "
        "preview, ask, start, discard, discarded, open, pause, resume, stop, cancelled"
    },
    presses.OptPress: {ANYBODY: "out, in, preview"},
    presses.StatsPress: {ANYBODY: "progress, mine", Role.REVIEWER: "all, cohort, region, gender, hardest, plot"},
    presses.FiguresPress: {Role.REVIEWER: "page, plot"},
    presses.ExportPress: {Role.REVIEWER: "offer, make, report, texts, ask"},
    presses.TrialPress: {ANYBODY: "step, look, answer, finish"},
    presses.ReportPress: {ANYBODY: "begin, driver, ride, form, send, anew, add"},
    presses.FormPress: {ANYBODY: "begin, go, set, form, toggle, drop, send"},
    presses.CapsulePress: {ANYBODY: "begin, when, at, ask, keep"},
    presses.ExitPress: {ANYBODY: ""},
    presses.OwnPress: {
        ANYBODY: "list, gone",
        ITS_PERSON: "open, plate, words, order, hand_over, withdraw, withdrawn",
    },
    presses.ConsentPress: {ITS_PERSON: "open, give, take, driver, reach"},
    presses.PassphrasePress: {ITS_PERSON: "ask, remove, close"},
    presses.StatementPress: {ITS_PERSON: ""},
    presses.HistoryPress: {ITS_PERSON: ""},
    presses.ErasePress: {ITS_PERSON: "ask, erase"},
    presses.DutyPress: {Role.REVIEWER: "on, off"},
    presses.BarPress: {Role.OWNER: "ask, bar, unbar"},
    presses.DistressPress: {ITS_PERSON: "save"},
    presses.EvidencePress: {ITS_PERSON: "add, refused, remove, remove_place"},
    presses.DeskPiecePress: {Role.REVIEWER: "see, map"},
    presses.TalkPress: {ITS_PERSON: "own, full, piece"},
    presses.DeskTalkPress: {Role.REVIEWER: "open, ask, full, piece"},
    presses.RightsPress: {ANYBODY: "list, card, regions, region"},
    presses.ReviewPress: {Role.REVIEWER: "queue, open, outcome, close, read, claim, release"},
    presses.QueuePress: {Role.REVIEWER: "list, form, region, platform"},
    presses.ClosePress: {Role.REVIEWER: "outcome, why, close, reopen, reopened"},
    presses.CategoryPress: {Role.REVIEWER: "show, form, toggle, save, levels, level, set"},
    presses.MergePress: {Role.REVIEWER: "list, ask, merge, part"},
    presses.NotePress: {Role.REVIEWER: "list, ask"},
    presses.TemplatePress: {Role.REVIEWER: "list, preview, send"},
    presses.SearchPress: {Role.REVIEWER: "ask, form, turn"},
    presses.FlagPress: {Role.REVIEWER: "give, to, back, contact, cancel", Role.OWNER: "purge"},
    presses.ApprovalPress: {Role.REVIEWER: "mine", Role.SUPERVISOR: "list, open, yes, no"},
    presses.TeamPress: {
        ANYBODY: "join, decline",
        Role.OWNER: "list, open, role, remove, removed, invite, as, invited, withdraw",
    },
    presses.AuditPress: {Role.OWNER: "show, members, groups"},
    presses.DrivingPress: {ANYBODY: "list, add", ITS_PERSON: "open, often, said, end, ended"},
    presses.HearingPress: {ITS_PERSON: "open, write, decline"},
    presses.RemedyPress: {ITS_PERSON: "open, appeal"},
    presses.ReplyPress: {Role.REVIEWER: "ask, really, stop, read"},
    presses.AgreePress: {ITS_PERSON: "yes, no"},
    presses.SecondLookPress: {ITS_PERSON: "ask"},
    presses.AppealPress: {Role.REVIEWER: "list, open, read, other, why, decide"},
    presses.DataPress: {ANYBODY: "ask, delete"},
    # These are pressed last, as nothing can be pressed after them.
    presses.LeavePress: {Role.REVIEWER: "show, ask, leave"},
}
"""Whom a button is for, by the action of its data."""
ANSWERS: Mapping[Role, str] = {
    Role.REVIEWER: "Writing:note Writing:closing Writing:reopening Writing:category Writing:severity "
    "Writing:duplicate Writing:search Deciding:reason Asking:reason FullExport:reason Talking:team",
    Role.OWNER: "Writing:text Inviting:label Revoking:reason Founding:name Founding:region Founding:organisation "
    "Founding:day",
}
"""From which role on what is typed there is an answer to what the bot asked."""
QUESTION = COURSE.lesson(1, "en").questions[0]
"""That is voted on."""
OF_DRIVER = (
    presses.CertificatePress,
    presses.CarPress,
    presses.PledgePress,
    presses.SeminarPress,
    presses.DrivingPress,
    presses.HearingPress,
    presses.RemedyPress,
)
"""Of these the rows in this house are the driver's, of all others the passenger's."""
WORDS: Mapping[type[CallbackData], Mapping[str, str]] = {
    presses.CarPress: {"word": Driven.MOST_DAYS},
    presses.DrivingPress: {"word": Driven.NOW_AND_THEN},
    presses.ClosePress: {"outcome": Outcome.ADVICE},
    presses.AppealPress: {"outcome": Outcome.NO_FINDING},
    presses.CategoryPress: {"value": "4"},
    presses.TemplatePress: {"name": "plate"},
    presses.TeamPress: {"value": Role.OWNER},
    presses.ConsentPress: {"value": "police"},
    presses.SearchPress: {"form": Form.PHYSICAL},
    presses.SeminarPress: {"question": QUESTION.key, "option": QUESTION.options[0].key},
    presses.BroadcastPress: {"value": "drivers"},
    presses.PledgePress: {"value": "yes"},
    presses.CertificatePress: {"value": "Somebody"},
    presses.ExportPress: {"value": "csv"},
}
"""What their other fields say, so that they would do something; each number is that of the first row."""
LEVELS: Mapping[Needed | None, int] = {role: level for level, role in enumerate((None, *Role))}
SECRETS = OwnTexts(name="Ерлан Үлгіберген", pledge="Түнде мекенжай сұрамаймын", plate="909QTZ16")
WORDS_TOLD, CONTACT, SIDE = "Есікті құлыптап алды", "+7 701 555 77 99", "Мен ондай сөз айтқан жоқпын"


def _all(given: list[Router]) -> Iterator[Router]:
    for router in given:
        yield router
        yield from _all(router.sub_routers)


@dataclass
class Known:
    """All that the bot answers to, as its routers say, and what of it asks for a role."""

    buttons: dict[tuple[type[CallbackData], str], bool] = field(default_factory=dict)
    commands: dict[str, bool] = field(default_factory=dict)
    states: dict[str, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for router in _all(routers()):
            for handler in router.callback_query.handlers:
                self._note_press([*router.callback_query._handler.filters, *(handler.filters or [])])
            for handler in router.message.handlers:
                self._note_message([each.callback for each in handler.filters or []])

    def _note_press(self, given: list) -> None:
        filters = [each.callback for each in given]
        kinds = [each.callback_data for each in filters if isinstance(each, CallbackQueryFilter)]
        if not kinds:
            return  # the fallback
        names = [each._names for each in filters if isinstance(each, Means)] or [{""}]
        for name in frozenset.intersection(*map(frozenset, names)):
            self.buttons[kinds[-1], name] = any(isinstance(each, _In) for each in filters)

    def _note_message(self, filters: list) -> None:
        needs_role = any(isinstance(each, _In) for each in filters)
        for each in filters:
            if isinstance(each, Command):
                self.commands |= {str(name): needs_role for name in each.commands}
            if isinstance(each, StateFilter):
                for state in each.states:
                    if state is not None:
                        name = str(state if isinstance(state, str) else state.state)
                        self.states[name] = self.states.get(name, False) or needs_role


def needed() -> dict[tuple[type[CallbackData], str], Needed]:
    """The table above, by button."""
    return {
        (kind, action): who
        for kind, table in BUTTONS.items()
        for who, actions in table.items()
        for action in actions.split(", ")
    }


def data_of(kind: type[CallbackData], action: str, member: int, handles: Mapping[str, str]) -> str:
    """A button that would do something: of the first row, in a flag's case together with the second."""
    values: dict[str, object] = {name: 1 for name, each in kind.model_fields.items() if each.annotation is int}
    values |= {name: handles[name] for name in kind.model_fields.keys() & handles.keys() - values.keys()}
    values |= {"other": 2} if "other" in values else {}
    values |= {"member": member} if "member" in values else {}
    values |= WORDS.get(kind, {}) | ({"action": action} if "action" in kind.model_fields else {})
    return kind(**values).pack()


def test_whom_each_command_and_each_button_is_for_is_said_here_and_asked_at_its_route() -> None:
    known, table = Known(), needed()
    assert known.buttons.keys() == table.keys()
    assert {each for each, asks in known.buttons.items() if asks} == {
        each for each, who in table.items() if who in set(Role)
    }
    commands = {name: who for who, names in COMMANDS.items() for name in names.split()}
    assert known.commands.keys() == commands.keys()
    for role in (None, *Role):
        own = {name for name, who in commands.items() if LEVELS.get(who, 0) <= LEVELS[role]}
        assert own == commands_for(role).keys() | {"start", *SOS}
        assert {name for name in own if known.commands[name]} == own - EVERYONE.keys() - {"start", *SOS}
    answers = set(" ".join(ANSWERS.values()).split())
    assert {state for state, asks in known.states.items() if asks} <= answers == OF_THE_TEAM
    of_team = {kind.__prefix__ for (kind, _), who in table.items() if who in set(Role)}
    assert of_team == presses.TEAM_PREFIXES | {each.partition(":")[0] for each in presses.TEAM_ACTIONS}


@dataclass
class Somebody:
    """Somebody who tries, and what they see who try what there isn't."""

    name: str
    id: int
    """In Telegram."""
    number: int
    role: Role | None
    start: Shown
    """The first screen."""
    dead: Shown
    """The answer to a button that means nothing."""
    unknown: Shown
    """The answer to an unknown command."""
    tried: list[tuple[str, int | None]] = field(default_factory=list)
    """What the audit should say of it, and about which flag."""

    def may(self, kind: type[CallbackData], who: Needed) -> bool:
        """Whether a button is for this person."""
        if who == ITS_PERSON and self.name == ("driver" if kind in OF_DRIVER else "passenger"):
            return True
        return who == ANYBODY or (who in LEVELS and LEVELS[who] <= LEVELS[self.role])


NOT_DELIVERED = "that it was not delivered"


class Try(NamedTuple):
    """Something that somebody tries, and what should be seen then."""

    step: Step
    expected: str
    asked: str = ""
    """What the bot has just asked, as if they had been allowed to press the button that asks."""


def shown(methods: Sequence[TelegramMethod[Any]]) -> Shown:
    """What is shown, whatever it answers."""
    ids = {"callback_query_id", "message_id", "chat_id"}
    return [(method.__api_method__, method.model_dump(exclude_none=True, exclude=ids)) for method in methods]


async def what_is_stored(stage: Backstage) -> dict[str, list[tuple[object, ...]]]:
    """All that is stored, but the audit, what any update leaves behind, and what is being asked."""
    async with stage.app.database.reading() as session:
        rows = await every_row(session)
    left_out = {"audit", "audit_head", "seen_updates", "conversations", "leases", "traces"}
    return {name: rows[name] for name in metadata.tables if name not in left_out}


async def all_try(stage: Backstage, tries: Mapping[int, Iterator[Try]]) -> AsyncIterator[tuple[int, Try, Shown]]:
    """Everybody tries one thing after the other, each at the same time as all others: who, what, and what they saw."""
    for turn in zip_longest(*tries.values()):
        now = dict(zip(tries, turn, strict=True))
        asked = {who: each.asked for who, each in now.items() if each is not None and each.asked}
        if asked:
            async with stage.app.database.transaction() as session:
                for who, state in asked.items():
                    await at_work(session, stage, who, state)
        await stage.do([each.step for each in now.values() if each is not None])
        for who, each in now.items():
            if each is not None:
                yield who, each, shown(stage.shown.get(who, []))


async def at_work(session: AsyncSession, stage: Backstage, who: int, state: str) -> None:
    """Let a person be asked something about the first flag."""
    found = await find_person(session, stage.app.vault, who)
    assert found is not None
    row = await session.merge(Conversation(person_id=found.id, sealed=b""))
    data = {"flag": 1, "outcome": Outcome.ADVICE, "kind": ApprovalKind.CONTACT, "role": Role.OWNER, "main": 1}
    row.write(stage.app.vault, state, data, stage.clock())


async def furnish(stage: Backstage, people: Mapping[str, Person]) -> list[str]:
    """A row of everything that a button can name, the first of its table; what nobody else may read of it."""
    vault: Vault = stage.app.vault
    now, reporter, driver = stage.clock(), people["passenger"], people["driver"]
    async with stage.app.database.transaction() as session:
        flags = []
        for each, code in ((reporter, "SX1"), (people["barred"], "VB2")):
            sent = {"reporter_id": each.id, "draft": "draft", "codes": [code], "ride": Ride.OVER, "now": now}
            flags.append((await store_flag(session, vault, **sent))[0])
        flag = flags[0]
        flag.write_words(vault, WORDS_TOLD)
        flag.write_contact(vault, CONTACT)
        flag.write_plate(vault, SECRETS.plate)
        flag.write_place(vault, (43.24, 76.89))
        of = {"person_id": reporter.id, "flag_id": flag.id}
        await add_stored(session, vault, content=b"photo", kind=Kind.PHOTO, **of)
        await say_in_talk(session, vault, flag, reporter.id, WORDS_TOLD, from_team=False, now=now)
        await add_course(session, vault, await session.get_one(Person, driver.id), SECRETS, now)
        await session.delete(await session.get_one(Member, driver.id))
        await add_both_sides(session, vault, flag, driver, SIDE, now)
        (await session.get_one(Remedy, 1)).told_at = now
        (await session.get_one(Scene, 1)).question = QUESTION.key
        asked = {"requester_id": people["reviewer"].id, "reason": "The person asked to be called", "now": now}
        await ask(session, vault, ApprovalKind.CONTACT, flag_id=flag.id, **asked)
        (await session.get_one(Person, people["barred"].id)).barred_at = now
        for name, role in (("supervisor", Role.SUPERVISOR), ("reviewer", Role.REVIEWER), ("removed", Role.REVIEWER)):
            session.add(Member(person_id=people[name].id, role=role, since=now))
        return [WORDS_TOLD, CONTACT, SECRETS.plate, SECRETS.name, SECRETS.pledge, SIDE, flag.receipt(vault)]


async def handles_of(stage: Backstage) -> dict[str, str]:
    """By what buttons name the first row of a table to whoever is not of the team, by the fields of their data."""
    async with stage.app.database.reading() as session:
        return {
            "flag": (await session.get_one(Flag, 1)).handle,
            "piece": (await session.get_one(Evidence, 1)).handle,
            "message": (await session.get_one(Talk, 1)).handle,
            "hearing": (await session.get_one(Hearing, 1)).handle,
            "remedy": (await session.get_one(Remedy, 1)).handle,
        }


async def test_each_command_and_each_button_is_tried_by_everybody_whom_it_is_not_for(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "DENIED_AN_HOUR", 10_000)  # each try is to be seen; that a flood is not, others test
    stage = Backstage(database_url)
    await stage.open()
    people = {"owner": REVIEWER, "passenger": PASSENGER, "driver": DRIVER, "supervisor": OWNER}
    people |= {name: 7000 + at for at, name in enumerate(("stranger", "reviewer", "removed", "barred"))}
    stage.languages = {who: LANGUAGES[at % 3] for at, who in enumerate(people.values())}
    await stage.do([Step(who, text="/start") for who in people.values()])
    async with stage.app.database.reading() as session:
        rows = {name: await find_person(session, stage.app.vault, who) for name, who in people.items()}
    persons = {name: row for name, row in rows.items() if row is not None}
    secrets = await furnish(stage, persons)
    handles = await handles_of(stage)
    removed = persons["removed"].id
    await stage.do([Step(people["removed"], ReviewPress(action="claim", flag=1).pack())])
    await stage.do([Step(people["owner"], data_of(presses.TeamPress, "removed", removed, {}))])
    async with stage.app.database.reading() as session:
        roles = {member.person_id: member.role for member in await session.scalars(select(Member))}
    assert roles.keys() == {persons[name].id for name in ("owner", "supervisor", "reviewer")}

    seen = []
    for each in (Step(0, text="/start"), Step(0, "nothing:at:all"), Step(0, text="/nonsense")):
        await stage.do([each._replace(who=who) for who in people.values()])
        seen.append({who: shown(stage.shown[who]) for who in people.values()})
    everybody = {
        who: Somebody(name, who, persons[name].id, roles.get(persons[name].id), *(each[who] for each in seen))
        for name, who in people.items()
    }
    for who, each in everybody.items():
        said = say(stage.languages[who])("That button no longer works. Here is the menu.")
        assert each.dead[1:] == [("answerCallbackQuery", {"text": said})]

    before, number = await what_is_stored(stage), Counter[str]()
    tries = {who: in_vain(each, handles) for who, each in everybody.items()}
    async for who, tried, answer in all_try(stage, tries):
        each = everybody[who]
        assert answer, (each.name, tried)
        number[tried.expected] += 1
        if tried.expected in {"dead", "unknown", NOT_DELIVERED}:
            each.tried.append(denied(tried))
        if tried.expected in {"dead", "unknown", "start"}:
            assert answer == getattr(each, tried.expected), (each.name, tried)
        assert holds_none_of(str(answer), secrets), (each.name, tried)
    assert await what_is_stored(stage) == before
    assert number.total() > 1_200, number
    async with stage.app.database.reading() as session:
        for each in everybody.values():
            mine = (AuditEntry.actor_id == each.number, AuditEntry.action == Action.DENIED)
            entries = (await session.scalars(select(AuditEntry).where(*mine).order_by(AuditEntry.number))).all()
            assert [(entry.detail, entry.flag_id) for entry in entries] == each.tried

    tries = {who: with_right(each, removed, handles) for who, each in everybody.items()}
    async for who, tried, answer in all_try(stage, tries):
        each = everybody[who]
        assert answer, (each.name, tried)
        assert answer[-1] not in (each.dead[-1], each.unknown[-1]), (each.name, tried)
        number[tried.expected] += 1
    assert number["answer"] > 400, number
    async with stage.app.database.reading() as session:
        assert [letter.error for letter in await session.scalars(select(DeadLetter))] == []
        assert await audit.verify(session, stage.app.vault) == []
    await stage.close()


def denied(tried: Try) -> tuple[str, int | None]:
    """What the audit says of a try, and about which flag."""
    if tried.expected == NOT_DELIVERED:
        return "message", 1
    if tried.step.data:
        return f"button {tried.step.data.partition(':')[0]}", None
    return tried.step.text.split()[0].partition("@")[0].lower(), None


def in_vain(each: Somebody, handles: Mapping[str, str]) -> Iterator[Try]:
    """Everything that this person has no right to."""
    for who, names in COMMANDS.items():
        for name in names.split() if LEVELS.get(who, 0) > LEVELS[each.role] else []:
            for text in (f"/{name}", f"/{name} 1", f"/{name.upper()}@sandbox_bot 1"):
                yield Try(Step(each.id, text=text), "unknown")
    for (kind, action), who in needed().items():
        if not each.may(kind, who):
            yield Try(
                Step(each.id, data_of(kind, action, each.number, handles)), "dead" if who in LEVELS else "nothing of it"
            )
    for role, states in ANSWERS.items():
        for state in states.split() if LEVELS[role] > LEVELS[each.role] else []:
            expected = NOT_DELIVERED if state == "Talking:team" else "start"
            yield Try(Step(each.id, text="1"), expected, state)


def with_right(each: Somebody, nobody: int, handles: Mapping[str, str]) -> Iterator[Try]:
    """Everything that this person has a right to; `nobody` is the number of no member."""
    for who, names in COMMANDS.items():
        for name in names.split() if LEVELS.get(who, 0) <= LEVELS[each.role] else []:
            for text in (f"/{name} 1", f"/{name.upper()}!"):
                yield Try(Step(each.id, text=text), "answer")
    for (kind, action), who in needed().items():
        if who != ANYBODY and each.may(kind, who):
            yield Try(Step(each.id, data_of(kind, action, nobody, handles)), "answer")
