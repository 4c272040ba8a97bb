"""Whatever several people do with flags, in whatever order: states, audit and counts tell the same story."""

import asyncio
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from hypothesis.strategies import DataObject, data, integers, lists, sampled_from, tuples
from sqlalchemy import inspect, select
from sqlalchemy.ext.asyncio import AsyncSession

import bot.engine
from handlers.presses import (
    AgreePress,
    AppealPress,
    ApprovalPress,
    BarPress,
    CategoryPress,
    ClosePress,
    ConsentPress,
    DataPress,
    DrivingPress,
    DutyPress,
    ErasePress,
    FlagPress,
    FormPress,
    HearingPress,
    MergePress,
    OwnPress,
    PassphrasePress,
    RemedyPress,
    ReplyPress,
    ReportPress,
    ReviewPress,
    SecondLookPress,
    TeamPress,
)
from models.appeals import Appeal
from models.approvals import Approval, Standing
from models.audit import Action, AuditEntry, verify
from models.behaviours import MAX_SEVERITY
from models.cars import Car
from models.consents import Consent, Recipient
from models.details import Aim, Reach
from models.drivers import Hearing, Remedy
from models.flag_figures import COUNTED, OPEN, by_form, by_outcome, by_severity, totals
from models.flag_rights import reviewable
from models.flags import ENDED, UNSEEN, Flag, Outcome, Ride, State
from models.people import Person
from models.periods import ALL, Period
from models.queue import count_waiting, queue
from models.readers import Reader
from models.suppression import LEAST
from models.team import Member, Role
from models.updates import DeadLetter
from tests.e2e.audit_story import Story
from tests.e2e.backstage import Backstage, OnStage, Step
from tests.e2e.conftest import KINDS
from tests.house import DRIVER, OWNER, PASSENGER, REVIEWER
from tests.postgres import Postgres

OTHER, SUPERVISOR, COLLEAGUE = 1005, 1006, 1007
PEOPLE = (PASSENGER, OTHER, DRIVER, SUPERVISOR, COLLEAGUE, OWNER, REVIEWER)
REPORTERS = (PASSENGER, PASSENGER, OTHER, OTHER, SUPERVISOR, DRIVER)
ROLES = {SUPERVISOR: Role.SUPERVISOR, COLLEAGUE: Role.REVIEWER, OWNER: Role.OWNER}
"""Who is of the team at first, besides the owner of the settings, whom nobody can remove."""
CODES = ("SX1", "VB2", "PH4", "OT")
PLATES = ("123 ABC 02", "kz 123 авс 02", "123abc02", "777 ABE 05", "777 аве 05")
"""Two cars, written as people write."""
PASSPHRASE = "seven patchwork quilts"
OTHERWISE = "It was not like that"
MOST = 8
"""Flags at a time: few, so that much happens to each."""
KEPT = timedelta(days=365)
TIMES = [timedelta(minutes=10), timedelta(minutes=45), timedelta(hours=5), timedelta(days=1), timedelta(days=16)]
TIMES += [timedelta(days=60), KEPT + timedelta(days=1)]
RECEIPT = re.compile(r"\b\d{4}-?\d{4}-?\d{4}\b")
MOVES: Mapping[State | None, Collection[State | None]] = {
    None: {State.NEW, State.HELD, State.COUNTED},
    State.NEW: {State.CLAIMED, State.MERGED, State.WITHDRAWN, None},
    State.CLAIMED: {State.NEW, State.MERGED, State.CLOSED, State.WITHDRAWN, None},
    State.MERGED: {State.NEW, State.CLOSED, State.WITHDRAWN, None},
    State.HELD: {State.NEW, State.WITHDRAWN, None},
    State.COUNTED: {State.NEW, None},
    State.CLOSED: {State.NEW, State.CLAIMED, State.MERGED, None},
    State.WITHDRAWN: {None},
}
"""The small machine: where a flag can go from a state; None is before it is sent, and after it's deleted."""
FORGED: list[Any] = [
    OwnPress(action="withdrawn"),
    OwnPress(action="hand_over"),
    ErasePress(action="erase"),
    ConsentPress(action="give", value=Recipient.POLICE),
    PassphrasePress(action="close"),
    AgreePress(action="yes"),
    ReviewPress(action="open"),
    ReviewPress(action="read"),
    ReviewPress(action="claim"),
    ReviewPress(action="release"),
    *[ClosePress(action="close", outcome=outcome) for outcome in ("verdict", *Outcome)],
    ClosePress(action="reopened"),
    MergePress(action="merge"),
    MergePress(action="part"),
    FlagPress(action="to"),
    FlagPress(action="back"),
    FlagPress(action="purge"),
    FlagPress(action="contact"),
    ApprovalPress(action="yes"),
    AppealPress(action="decide", outcome="stays"),
    AppealPress(action="decide", outcome=Outcome.ADVICE),
    ReplyPress(action="really"),
    ReplyPress(action="stop"),
    BarPress(action="bar"),
    TeamPress(action="removed"),
    TeamPress(action="role", value=Role.OWNER),
    *[CategoryPress(action="set", value=str(level)) for level in (0, 1, 4)],
]
"""What anybody may press with any number, or with the handle of a flag that they may have nothing to do with."""

Moves = list[list[Step]]


class Table(dict[int, Any]):
    """The rows of a table by their number."""

    def __init__(self, rows: Collection[Any]) -> None:
        super().__init__({row.id: row for row in rows})


class Desk(RuleBasedStateMachine):
    """Passengers, a driver and a team, two of whom also report, press whatever comes to their minds."""

    fresh_database: Callable[[], str]
    stage_of: type[Backstage | OnStage]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stage = Desk.stage_of(Desk.fresh_database())
        self.drafts, self.looks, self.restarted = count(), 0, 0
        self.story = Story()
        self.words: dict[str, tuple[int, str]] = {}
        """Words that stand for the words of a report: who wrote them, and in which draft."""
        self.receipts: dict[str, int] = {}
        self.flags, self.sides = Table([]), dict[int, set[int]]()
        self.run(self._begin())

    def run(self, doing: Coroutine[Any, Any, Any]) -> Any:
        """Let the whole bot live as long as this takes."""
        return self.runner.run(doing)

    async def _begin(self) -> None:
        await self.stage.open()
        await self.stage.do([Step(who, text="/start") for who in PEOPLE])
        await self._read()
        async with self.stage.app.database.transaction() as session:
            for who, role in ROLES.items():
                member = Member(person_id=self.numbers[who], role=role, since=self.stage.clock(), by_settings=False)
                session.add(member)
        await self._look()

    @initialize(plates=tuples(*[sampled_from(("", *PLATES))] * 3), car=sampled_from(("", *PLATES)))
    def begin(self, plates: tuple[str, ...], car: str) -> None:
        """Some reports there are, and a driver who says which car is theirs."""
        if car:
            self.somebody_says_what_they_drive(DRIVER, car)
        for who, plate in zip((PASSENGER, OTHER, SUPERVISOR), plates, strict=True):
            self.do([self._told(who, ["VB2"], plate)])

    # what people do

    def do(self, batches: Moves) -> None:
        """Let this happen, and look at everything after each part."""
        for batch in batches:
            self.run(self.stage.do(batch))
            self.run(self._look())

    @rule(data=data())
    def somebody_works(self, data: DataObject) -> None:
        """Somebody of the team does what fits the moment."""
        self._choose(data, self._work())

    @rule(data=data())
    def somebody_works_on(self, data: DataObject) -> None:
        """The same: the team works more than all others."""
        self._choose(data, self._work())

    @rule(data=data())
    def somebody_changes_their_report(self, data: DataObject) -> None:
        """Whoever has a report says something more, or takes something back."""
        self._choose(data, [list(self._own(flag, data)) for flag in self.flags.values()])

    @rule(who=sampled_from((DRIVER, DRIVER, COLLEAGUE, OTHER)), plate=sampled_from(("", *PLATES)))
    def somebody_says_what_they_drive(self, who: int, plate: str) -> None:
        """A car is somebody's, or not any more."""
        if plate:
            self.do([[Step(who, DrivingPress(action="add").pack()), Step(who, text=plate)]])
        else:
            cars = [car for car, (person, _) in self.cars.items() if person == self.numbers.get(who)]
            self.do([[Step(who, DrivingPress(action="ended", car=car).pack())] for car in cars[:1]])

    @rule(data=data())
    def somebody_reports(self, data: DataObject) -> None:
        """A report, the fast way or told at length."""
        if len(self.flags) >= MOST:
            return self._choose(data, self._work())
        who, way = data.draw(sampled_from(REPORTERS)), data.draw(sampled_from(("anew", "add")))
        codes = data.draw(lists(sampled_from(CODES), min_size=1, max_size=2, unique=True))
        if aim := data.draw(sampled_from((None, None, *Aim))):
            consents = data.draw(lists(sampled_from(list(Recipient)), unique=True, max_size=2))
            plate = data.draw(sampled_from(("", *PLATES)))
            return self.do([self._told(who, codes, plate, aim, consents, way)])
        press = ReportPress(action=way, draft=self._draft(), ride=Ride.OVER, code=codes[0])
        if who == DRIVER:
            press.who = "driver"
        return self.do([[Step(who, press.pack())]])

    @rule(data=data())
    def the_team_changes(self, data: DataObject) -> None:
        """Somebody joins, leaves, is removed, gets another role, or deletes all their data."""
        n = self.numbers
        people = [who for who in PEOPLE if who != REVIEWER]
        moves: list[list[Moves]] = [
            [[[Step(REVIEWER, TeamPress(action="role", member=n[who], value=role).pack())]]]
            for who in people
            if who in n and n[who] in self.team
            for role in Role
        ]
        moves += [
            [[[Step(by, TeamPress(action="removed", member=n[who]).pack())]]]
            for who in people
            for by in (OWNER, REVIEWER)
            if who in n and n[who] in self.team
        ]
        moves += [[[[Step(who, DataPress(action="delete").pack())]]] for who in people]
        moves += [[[[Step(who, DutyPress(action=action).pack())]]] for who in people for action in ("on", "off")]
        invited = [(who, role) for who in people if n.get(who) not in self.team for role in Role]
        if invited and data.draw(integers(0, 2)):
            who, role = data.draw(sampled_from(invited))
            self.do([[Step(REVIEWER, TeamPress(action="as", value=role).pack())], [Step(REVIEWER, text="Colleague")]])
            links = re.findall(r"start=(t[\w-]{32})", "\n".join(seen.text for seen in self.shown))
            self.do([[Step(who, text=f"/start {links[0]}")], [Step(who, f"team:join:0:{links[0][1:]}")]])
        else:
            self._choose(data, moves)

    @rule(data=data(), number=integers(0, 2 * MOST), other=integers(0, 2 * MOST))
    def somebody_forges(self, data: DataObject, number: int, other: int) -> None:
        """Any button, pressed by anybody, with any number, or the handle of the flag that has it."""
        who, press = data.draw(sampled_from(PEOPLE)), data.draw(sampled_from(FORGED))
        known = type(press).model_fields
        values: dict[str, Any] = {name: number for name in ("flag", "approval", "appeal") if name in known}
        values |= {name: other for name in ("other", "member") if name in known}
        if "flag" in known and known["flag"].annotation is str:
            values["flag"] = self.flags[number].handle if number in self.flags else str(number)
        self.do([[Step(who, press.model_copy(update=values).pack())]])

    @rule(time=sampled_from(TIMES))
    def time_passes(self, time: timedelta) -> None:
        """The clock goes on, and the bot does what it does by itself."""
        self.stage.clock.shift += time
        self.run(self.stage.rounds())
        self.run(self._look())

    @precondition(lambda self: self.looks >= self.restarted + 15)
    @rule()
    def the_bot_is_started_anew(self) -> None:
        """Nothing is lost, and nothing happens twice."""
        self.restarted = self.looks
        self.run(self.stage.restart())
        self.run(self._look())

    @rule(data=data(), times=integers(1, 3))
    def the_disk_is_full_for_a_moment(self, data: DataObject, times: int) -> None:
        """What can't be committed is shown to nobody, and done once it can be."""
        self.stage.fails = times
        self._choose(data, self._work())
        self.stage.fails = 0

    def _choose(self, data: DataObject, groups: list[list[Moves]]) -> None:
        groups = [group for group in groups if group]
        if groups:
            at = data.draw(integers(0, len(groups) - 1), "of so many")
            self.do(data.draw(sampled_from(groups[at]), "does"))

    def _draft(self) -> str:
        return f"draft{next(self.drafts)}"

    def _told(
        self,
        who: int,
        codes: Collection[str],
        plate: str,
        aim: Aim = Aim.ACT,
        consents: Collection[Recipient] = (),
        way: str = "anew",
    ) -> list[Step]:
        """A report told step by step, in words of its own."""
        draft = self._draft()
        presses = [FormPress(action="drop"), FormPress(action="begin", value=draft)]
        presses += [FormPress(action="toggle", step="what", value=code) for code in codes]
        presses += [FormPress(action="set", step="aim", value=aim)]
        presses += [FormPress(action="toggle", step="consents", value=each) for each in consents]
        steps = [Step(who, press.pack()) for press in presses]
        for step, text in (("plate", plate), ("words", self._words(who, draft))):
            if text:
                steps += [Step(who, FormPress(action="go", step=step).pack()), Step(who, text=text)]
        return [*steps, Step(who, FormPress(action="send", step=way, value=draft).pack())]

    def _words(self, who: int, draft: str) -> str:
        words = f"сөз{len(self.words)}сөз"
        self.words[words] = (who, draft)
        return words

    # what fits the moment

    def _work(self) -> list[list[Moves]]:
        """What the team can do with each flag as it stands, seldom in vain."""
        found = [list(self._work_on(flag)) for flag in self.flags.values() if flag.state not in UNSEEN]
        waiting = [each for each in self.approvals.values() if each.standing is Standing.WAITING]
        found += [
            [
                [[Step(who, ApprovalPress(action=action, approval=each.id).pack())]]
                for who in self._of_team(Role.SUPERVISOR, Role.OWNER)
                for action in ("yes", "yes", "no")
            ]
            for each in waiting
        ]
        found += [
            [
                [[Step(who, AppealPress(action="decide", appeal=each.id, outcome=outcome).pack())]]
                for who in self._of_team(*Role)
                for outcome in ("stays", Outcome.LESSON, Outcome.NO_FINDING, Outcome.PASSED_TO_POLICE)
            ]
            for each in self.appeals.values()
            if each.decided_at is None
        ]
        return found

    def _of_team(self, *roles: Role) -> list[int]:
        return [who for who, number in self.numbers.items() if self.team.get(number) in roles]

    def _work_on(self, flag: Flag) -> Iterator[Moves]:
        number = flag.id

        def press(who: int, *presses: Any) -> Moves:
            return [[Step(who, each.pack()) for each in presses]]

        everybody = self._of_team(*Role)
        owners, supervisors = self._of_team(Role.OWNER), self._of_team(Role.SUPERVISOR, Role.OWNER)
        for who in everybody:
            if flag.state is State.NEW:
                yield press(who, ReviewPress(action="open", flag=number), ReviewPress(action="claim", flag=number))
            if flag.state is State.CLOSED:
                yield press(who, ClosePress(action="reopened", flag=number))
            if flag.state is State.MERGED:
                yield press(who, MergePress(action="part", flag=flag.merged_into_id, other=number))
        for who in owners:
            purge = FlagPress(action="purge", flag=number)
            yield [[Step(who, purge.pack()), Step(who, text="It names a child")]]
            yield press(who, BarPress(action="bar" if flag.reporter_id not in self.barred else "unbar", flag=number))
        if flag.state is not State.CLAIMED:
            return
        for who in supervisors:
            yield press(who, FlagPress(action="back", flag=number))
            yield press(who, FlagPress(action="to", flag=number, member=self.numbers[who]))
        for who in everybody:
            if self.numbers[who] != flag.reviewer_id:
                continue
            yield press(who, ReviewPress(action="release", flag=number))
            yield press(who, ReplyPress(action="really", flag=number))
            yield press(who, CategoryPress(action="set", flag=number, value="4"))
            yield from (press(who, FlagPress(action="to", flag=number, member=to)) for to in self.team)
            for outcome in (*Outcome, Outcome.ADVICE, Outcome.LESSON, Outcome.NO_FINDING):
                others = [each.id for each in self.flags.values() if each.plate_index == flag.plate_index]
                looks = [ReviewPress(action="open", flag=each) for each in others if flag.plate_index is not None]
                yield press(who, *looks, ClosePress(action="close", flag=number, outcome=outcome))
            for other in self.flags.values():
                if other.state in {State.NEW, State.CLAIMED} and other is not flag:
                    merge = MergePress(action="merge", flag=number, other=other.id)
                    yield press(who, ReviewPress(action="open", flag=other.id), merge)

    def _own(self, flag: Flag, data: DataObject) -> Iterator[Moves]:
        """What whoever sent a flag can do with it, and whoever knows its passphrase; the driver too."""
        vault = self.stage.app.vault
        number, handle, receipt = flag.id, flag.handle, flag.receipt(vault)
        holders = [who for who, id in self.numbers.items() if id == flag.reporter_id or (number, id) in self.readers]

        def typed(who: int, press: Any, text: str) -> Moves:
            return [[Step(who, press.pack()), Step(who, text=text)]]

        for who in holders:
            for press in (
                OwnPress(action="withdrawn", flag=handle),
                ErasePress(action="erase", flag=handle),
                *[
                    ConsentPress(action=action, flag=handle, value=each)
                    for each in Recipient
                    for action in ("give", "take")
                ],
                *[ConsentPress(action="driver", flag=handle, value=each) for each in ("yes", "no")],
                ConsentPress(action="reach", flag=handle, value=Reach.HERE),
                *[OwnPress(action="hand_over", flag=handle) for _ in range(3) if flag.state in UNSEEN],
                PassphrasePress(action="close", flag=handle),
            ):
                yield [[Step(who, press.pack())]]
            yield from (typed(who, OwnPress(action="plate", flag=handle), plate) for plate in PLATES)
            yield typed(who, PassphrasePress(action="ask", flag=handle), PASSPHRASE)
            if flag.state is State.CLOSED:
                for _ in range(4):
                    yield typed(who, SecondLookPress(action="ask", flag=handle), "Please look at it again")
        if flag.sealed_passphrase is not None:
            for who in (*PEOPLE, OTHER, SUPERVISOR):
                for text in (PASSPHRASE, PASSPHRASE, "another passphrase"):
                    yield [[Step(who, text=receipt)], [Step(who, text=text)]]
        for hearing in self.hearings.values():
            if hearing.flag_id == number and hearing.told_at is not None:
                yield typed(DRIVER, HearingPress(action="write", hearing=hearing.handle), OTHERWISE)
        for remedy in self.remedies.values():
            if remedy.flag_id == number and remedy.told_at is not None:
                yield typed(DRIVER, RemedyPress(action="appeal", remedy=remedy.handle), OTHERWISE)

    # what must be true at any moment

    async def _read(self) -> None:
        """Everything there is, as it stands in the tables."""
        vault = self.stage.app.vault

        async with self.stage.app.database.reading() as session:

            async def every(table: Any) -> list[Any]:
                return list(await session.scalars(select(table).order_by(*inspect(table).primary_key)))

            people = await every(Person)
            self.numbers = {person.telegram_id(vault): person.id for person in people}
            self.barred = {person.id for person in people if person.barred_at is not None}
            self.team = {member.person_id: member.role for member in await every(Member)}
            self.flags = Table(await every(Flag))
            self.readers = {(each.flag_id, each.person_id) for each in await every(Reader)}
            self.cars = {each.id: (each.person_id, each.plate(vault)) for each in await every(Car)}
            self.hearings, self.remedies = Table(await every(Hearing)), Table(await every(Remedy))
            self.appeals, self.approvals = Table(await every(Appeal)), Table(await every(Approval))
            self.consents = {(each.flag_id, each.recipient) for each in await every(Consent) if each.revoked_at is None}
            unread = select(AuditEntry).where(AuditEntry.number > self.story.read).order_by(AuditEntry.number)
            self.new = list(await session.scalars(unread))
            self.letters = [each.error for each in await every(DeadLetter)]

    async def _look(self, *, closely: bool = False) -> None:
        """See that everything agrees: of the team each time with another member's eyes, now and then with all."""
        before, sides = dict(self.flags), self.sides
        await self._read()
        self.shown, self.stage.seen = self.stage.seen, []
        assert self.letters == []
        self.story.go_on(self.new)
        self._moved(before)
        self._stand()
        self.sides = self._sides()
        # Nobody of the team has anything to do with a flag of which they are a side.
        for entry in self.new:
            if entry.actor_id is not None and entry.flag_id in sides and entry.action is not Action.RELEASED:
                assert entry.actor_id not in sides[entry.flag_id], entry.action
        self.may = {
            member: {number for number in self.story.flags if member not in self.sides[number]} for member in self.team
        }
        self._told_nobody_else()
        self.looks += 1
        closely = closely or self.looks % 12 == 0
        async with self.stage.app.database.reading() as session:
            team = sorted(self.team)
            for member in team if closely else team[self.looks % (3 * len(team)) :][:1]:
                await self._wait(session, member)
            if closely:
                await self._count(session)
                assert await verify(session, self.stage.app.vault) == []

    def _moved(self, before: Mapping[int, Flag]) -> None:
        """Each flag went where the small machine lets it go; what vanished was deleted by somebody, or had its time."""
        now: datetime = self.stage.clock()
        for number in before.keys() | self.flags.keys():
            old, new = before.get(number), self.flags.get(number)
            states = (old.state if old else None, new.state if new else None)
            assert states[0] is states[1] or states[1] in MOVES[states[0]], (number, states)
            if old is not None and new is None and number in self.story.flags:
                assert old.state in ENDED
                assert old.ended_at < now - KEPT
                self.story.forget(number)
        assert self.story.forgotten == 0

    def _stand(self) -> None:
        """The audit tells where each flag stands that the team knows of, and nothing of the others."""
        told = self.story.flags
        known = {number for number, flag in self.flags.items() if flag.state not in UNSEEN}
        assert told.keys() <= known
        for number in known - told.keys():
            assert self.flags[number].state is State.WITHDRAWN  # while it was held
        people = set(self.numbers.values())
        for number, standing in told.items():
            flag = self.flags[number]
            assert (flag.state, flag.merged_into_id) == (standing.state, standing.main), number
            # Of a closed one too: whoever closed it, alone or with its main one, gives no second look at it.
            if flag.state in {State.CLAIMED, State.CLOSED}:
                assert flag.reviewer_id == (standing.reviewer if standing.reviewer in people else None), number
            if flag.state is State.CLAIMED:
                assert flag.reviewer_id in self.team
            if flag.state is State.MERGED:
                assert self.flags[flag.merged_into_id].severity >= flag.severity

    def _root(self, flag: Flag) -> int:
        return flag.merged_into_id or flag.id

    def _sides(self) -> dict[int, set[int]]:
        """Who is on either side of each flag, or of one that it's looked at together with."""
        vault = self.stage.app.vault
        families: dict[int, set[int]] = defaultdict(set)
        for flag in self.flags.values():
            family = families[self._root(flag)]
            family.add(flag.reporter_id)
            family |= {person for number, person in self.readers if number == flag.id}
            family |= {person for person, plate in self.cars.values() if plate == flag.plate(vault)}
            family |= {each.driver_id for each in (*self.hearings.values(), *self.remedies.values())
                       if each.flag_id == flag.id and each.driver_id is not None}  # fmt: skip
        return {flag.id: families[self._root(flag)] for flag in self.flags.values()}

    async def _wait(self, session: AsyncSession, member: int) -> None:
        """A member may open what they are no side of, and their queue and its counts hold that."""
        now, may = self.stage.clock(), self.may[member]
        assert set(await session.scalars(select(Flag.id).where(*reviewable(member)))) == may
        flags = [flag for number, flag in self.flags.items() if number in may]
        kept_out = {each.id for each in flags if each.reporter_id in self.barred and each.severity < MAX_SEVERITY}
        waiting = [each for each in flags if each.state in {State.NEW, State.CLAIMED} and each.id not in kept_out]
        assert sorted(each.id for each in await queue(session, member, limit=100, now=now)) == [
            each.id for each in waiting
        ]
        mine = [each for each in waiting if (each.state, each.reviewer_id) == (State.CLAIMED, member)]
        late = [each for each in waiting if each.opened_at is None and each.due_at < now]
        assert await count_waiting(session, member, now) == (len(waiting), len(late), len(mine))

    async def _count(self, session: AsyncSession) -> None:
        """What is shown of the figures is so, and no small number is shown."""
        counted = [
            flag
            for flag in self.flags.values()
            if flag.state not in {State.HELD, State.WITHDRAWN} and (flag.id, Recipient.STATISTICS) in self.consents
        ]
        period = Period(ALL)
        total = (await totals(session, period)).flags
        assert total == (len(counted) if len(counted) >= LEAST or not counted else None)
        names = {State.COUNTED: COUNTED, State.NEW: OPEN, State.CLAIMED: OPEN, State.MERGED: OPEN}
        truths: list[tuple[Mapping[Any, int | None], Counter[Any]]] = [
            (await by_outcome(session, period), Counter(names.get(each.state, str(each.outcome)) for each in counted)),
            (await by_severity(session, period), Counter(each.severity for each in counted)),
            (await by_form(session, period), Counter(each.form for each in counted)),
        ]
        for table, truth in truths:
            shown = {key: number for key, number in table.items() if number is not None}
            assert shown == {key: truth[key] for key in shown}, (shown, truth)
            assert not [number for number in shown.values() if 0 < number < LEAST]

    def _told_nobody_else(self) -> None:
        """No word and no code of a report comes into the chat of anybody who may not read it."""
        vault = self.stage.app.vault
        self.receipts |= {flag.receipt(vault): number for number, flag in self.flags.items()}
        words = {flag.words(vault) or "": number for number, flag in self.flags.items()}
        for who, text in self.shown:
            number = self.numbers.get(who, 0)
            for found in RECEIPT.findall(text):
                if (flag := self.receipts.get(found.replace("-", ""))) is not None:
                    assert number in self._holders(flag), f"{who} sees the code of {flag}"
            for each, (author, draft) in self.words.items():
                if each in text and who != author:
                    flag = words.get(each)
                    assert flag is not None, f"{who} sees words of {draft}, which are gone"
                    as_team = flag in self.may.get(number, ())
                    assert as_team or number in self._holders(flag), f"{who} sees the words of {flag}"

    def _holders(self, number: int) -> set[int]:
        flag = self.flags.get(number)
        return {person for each, person in self.readers if each == number} | ({flag.reporter_id} if flag else set())

    def teardown(self) -> None:
        """Look at the whole audit once more, and stop the bot."""

        try:
            self.run(self._look(closely=True))
        finally:
            self.run(self.stage.close())
            self.runner.close()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stage", [Backstage, OnStage])
def test_states_audit_and_counts_agree_whatever_people_do(
    kind: str,
    stage: type[Backstage | OnStage],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    template = request.getfixturevalue(f"{kind}_template")
    server: Postgres | None = request.getfixturevalue("postgres") if kind == "postgres" else None
    numbers = count()

    def fresh_database() -> str:
        if server is not None:
            return server.url(server.create(template))
        path = tmp_path / f"{next(numbers)}.db"
        path.write_bytes(template.read_bytes())
        return f"sqlite+aiosqlite:///{path}"

    monkeypatch.setattr(bot.engine, "PATIENCE", (0.0, 0.0, 0.0))
    monkeypatch.setattr(Desk, "fresh_database", staticmethod(fresh_database), raising=False)
    monkeypatch.setattr(Desk, "stage_of", stage, raising=False)
    hundredths = {(Backstage, "sqlite"): 5, (Backstage, "postgres"): 2}.get((stage, kind), 1)
    few = settings(
        max_examples=settings.default.max_examples * hundredths // 100,
        stateful_step_count=40,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Desk, settings=few)
