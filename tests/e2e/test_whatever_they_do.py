"""Whatever several people do with flags, in whatever order: states, audit and counts tell the same story."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from hypothesis.strategies import DataObject, data, integers, sampled_from, tuples
from sqlalchemy import inspect, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.sandbox import Phone
from handlers.presses import (
    CategoryPress,
    ClosePress,
    ErasePress,
    FlagPress,
    MergePress,
    OwnPress,
    ReportPress,
    ReviewPress,
)
from models.audit import Action, AuditEntry
from models.flag_figures import totals
from models.flags import Flag, Outcome, Ride, State
from models.periods import ALL, Period
from models.queue import count_waiting, queue
from models.suppression import LEAST
from models.team import Role
from tests.e2e.conftest import KINDS, QUICK
from tests.e2e.walking import appoint, assert_sound, person
from tests.house import DRIVER, PASSENGER, REVIEWER, House, open_house
from tests.postgres import Postgres

SECOND = 1005
PASSENGERS, TEAM = (PASSENGER, DRIVER), (REVIEWER, SECOND)
REPORTERS = sampled_from((*PASSENGERS, SECOND))
CODES = sampled_from(("SX1", "VB2", "PH4", "OT"))
PLATES = sampled_from(("", "123 ABC 02", "kz 123 авс 02", "777 ABE 05"))
MOST = 7
"""Flags at a time: few, so that much happens to each."""
NUMBERS = integers(0, MOST + 2)
OF_REPORTERS = [OwnPress(action="withdrawn"), OwnPress(action="hand_over"), ErasePress(action="erase")]
OF_TEAM = [
    ReviewPress(action="open"),
    ReviewPress(action="claim"),
    ReviewPress(action="release"),
    *[ClosePress(action="close", outcome=outcome) for outcome in ("verdict", *Outcome)],
    ClosePress(action="reopened"),
    MergePress(action="merge"),
    MergePress(action="part"),
    FlagPress(action="to"),
    FlagPress(action="back"),
    *[CategoryPress(action="set", value=str(level)) for level in (0, 1, 4)],
]


class Standing(NamedTuple):
    """Where the audit says that a flag stands."""

    state: State
    reviewer: int | None = None
    main: int | None = None


NEW, WITHDRAWN = Standing(State.NEW), Standing(State.WITHDRAWN)


def story(entries: list[AuditEntry]) -> dict[int, Standing]:
    """Where each flag stands by what was written down; a move that can't be is an AssertionError."""
    flags: dict[int, Standing] = {}
    for entry in entries:
        number, actor = entry.flag_id or 0, entry.actor_id
        stood = flags.get(number)
        match entry.action:
            case Action.RECEIVED:
                assert stood is None
                flags[number] = NEW
            case Action.CLAIMED:
                assert stood == NEW
                flags[number] = Standing(State.CLAIMED, actor)
            case Action.HANDED_OVER:
                assert stood is not None
                assert stood.state in {State.NEW, State.CLAIMED}
                flags[number] = Standing(State.CLAIMED, actor) if entry.detail else NEW
            case Action.RELEASED:
                assert stood is not None
                assert stood.state is State.CLAIMED
                flags[number] = NEW
            case Action.MERGED:
                main = int(entry.detail)
                assert stood in {NEW, Standing(State.CLAIMED, actor)}
                assert flags[main] == Standing(State.CLAIMED, actor)
                for each, its in flags.items():
                    if its == Standing(State.MERGED, None, number):
                        flags[each] = its._replace(main=main)
                flags[number] = Standing(State.MERGED, None, main)
            case Action.PARTED:
                assert stood is not None
                assert stood.state is State.MERGED
                flags[number] = NEW
            case Action.CLOSED:
                worker = flags[stood.main] if stood and stood.main else stood
                assert stood in {Standing(State.CLAIMED, actor), Standing(State.MERGED, None, stood and stood.main)}
                assert worker is not None
                assert worker.reviewer == actor
                flags[number] = Standing(State.CLOSED, actor, stood and stood.main)
            case Action.REOPENED:
                assert stood is not None
                assert stood.state is State.CLOSED
                if stood.main is not None:
                    flags[number] = Standing(State.MERGED, None, stood.main)
                else:
                    flags[number] = Standing(State.CLAIMED, actor) if actor is not None else NEW
            case Action.WITHDRAWN:
                assert stood is not None
                assert stood.state in {State.NEW, State.CLAIMED, State.MERGED}
                flags[number] = WITHDRAWN
            case Action.DELETED:
                del flags[number]
                for each, its in flags.items():
                    if its.main == number:
                        flags[each] = NEW if its.state is State.MERGED else its._replace(main=None)
    return flags


class Desk(RuleBasedStateMachine):
    """Two passengers and two of the team, one of whom also reports, press whatever comes to their minds."""

    fresh_database: Callable[[], str]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.at_work = AsyncExitStack()
        self.drafts = count()
        self.people: dict[int, int] = {}
        self.flags: list[Flag] = []
        self.run(self._open())

    def run(self, doing: Coroutine[Any, Any, Any]) -> Any:
        """Let the whole house live as long as this takes."""
        return self.runner.run(doing)

    async def _open(self) -> None:
        self.house: House = await self.at_work.enter_async_context(open_house(Desk.fresh_database(), **QUICK))
        self.phones: dict[int, Phone] = {who: self.house.phone(who) for who in (*PASSENGERS, *TEAM)}
        for who, phone in self.phones.items():
            await phone.send("/start")
            self.people[who] = (await person(self.house, phone)).id
        await appoint(self.house, self.phones[SECOND], Role.SUPERVISOR)

    def press(self, who: int, press: Any) -> None:
        """Press a button that may be old or forged."""
        self.run(self.phones[who].press_data(press.pack()))

    @initialize(plates=tuples(PLATES, PLATES, PLATES))
    def begin(self, plates: tuple[str, ...]) -> None:
        for who, plate in zip((*PASSENGERS, SECOND), plates, strict=True):
            self.report(who, "VB2", plate)

    def report(self, who: int, code: str, plate: str) -> None:
        """Somebody reports something, and perhaps the plate."""
        draft = f"draft{next(self.drafts)}"
        self.press(who, ReportPress(action="anew", draft=draft, ride=Ride.OVER, code=code))
        if plate:
            number = self.run(self._all(Flag))[-1].id
            self.press(who, OwnPress(action="plate", flag=number))
            self.run(self.phones[who].send(plate))

    @rule(data=data())
    def somebody_does_something(self, data: DataObject) -> None:
        """What fits the moment, more often than not."""
        what = data.draw(sampled_from(["report", "reporter", "forged", *["team"] * 6]))
        if what == "report" and len(self.flags) < MOST:
            return self.report(data.draw(REPORTERS), data.draw(CODES), data.draw(PLATES))
        if what == "team" and (moves := self.moves()):
            who, press = data.draw(sampled_from(data.draw(sampled_from(moves))))
        elif what == "reporter":
            who, press = data.draw(REPORTERS), data.draw(sampled_from(OF_REPORTERS))
            press = press.model_copy(update={"flag": data.draw(NUMBERS)})
        else:
            who, press = data.draw(sampled_from(list(self.phones))), data.draw(sampled_from(OF_TEAM))
            numbers = {"flag": data.draw(NUMBERS), "other": data.draw(NUMBERS), "member": data.draw(NUMBERS)}
            press = press.model_copy(update={n: v for n, v in numbers.items() if n in type(press).model_fields})
        return self.press(who, press)

    def moves(self) -> list[list[tuple[int, Any]]]:
        """What somebody of the team can do with each flag as it stands, seldom in vain."""
        return [moves for flag in self.flags if (moves := list(self._moves(flag)))]

    def _moves(self, flag: Flag) -> Iterator[tuple[int, Any]]:
        both = [who for who in TEAM if self.people[who] != flag.reporter_id]
        if flag.state is State.NEW:
            yield from ((who, ReviewPress(action="claim", flag=flag.id)) for who in both)
        if flag.state is State.CLOSED:
            yield from ((who, ClosePress(action="reopened", flag=flag.id)) for who in both)
        if flag.state is State.MERGED:
            yield from ((who, MergePress(action="part", flag=flag.merged_into_id, other=flag.id)) for who in both)
        if flag.state is State.CLAIMED:
            who = next(who for who in TEAM if self.people[who] == flag.reviewer_id)
            yield who, ReviewPress(action="release", flag=flag.id)
            yield who, CategoryPress(action="set", flag=flag.id, value="4")
            for outcome in (Outcome.ADVICE, Outcome.NO_FINDING, Outcome.MISUSE, Outcome.PASSED_TO_POLICE):
                yield who, ClosePress(action="close", flag=flag.id, outcome=outcome)
            for other in self.flags:
                if other.state in {State.NEW, State.CLAIMED}:
                    yield who, ReviewPress(action="open", flag=other.id)
                    yield who, MergePress(action="merge", flag=flag.id, other=other.id)
            yield from ((who, FlagPress(action="to", flag=flag.id, member=self.people[to])) for to in TEAM)
            yield SECOND, FlagPress(action="back", flag=flag.id)

    # what must be true at any moment

    async def _all(self, table: Any) -> list[Any]:
        async with self.house.app.database.reading() as session:
            return list(await session.scalars(select(table).order_by(*inspect(table).primary_key)))

    @invariant()
    def everything_agrees(self) -> None:
        if self.people:
            self.run(self._look())

    async def _look(self) -> None:
        self.flags, entries = await self._all(Flag), await self._all(AuditEntry)
        told = story(entries)
        assert told.keys() == {flag.id for flag in self.flags}
        for flag in self.flags:
            standing = told[flag.id]
            assert (flag.state, flag.merged_into_id) == (standing.state, standing.main)
            # Of a closed one too: whoever closed it, alone or with its main one, gives no second look at it.
            assert flag.state not in {State.CLAIMED, State.CLOSED} or flag.reviewer_id == standing.reviewer
        # Nobody of the team has anything to do with a flag of their own.
        theirs = {flag.id for flag in self.flags if flag.reporter_id == self.people[SECOND]}
        assert not [each for each in entries if each.flag_id in theirs and each.actor_id == self.people[SECOND]]
        async with self.house.app.database.reading() as session:
            for who in TEAM:
                await self._count(session, self.people[who])
            counted = sum(flag.state is not State.WITHDRAWN for flag in self.flags)
            shown = (await totals(session, Period(ALL))).flags
            assert shown == (counted if counted >= LEAST or not counted else None)

    async def _count(self, session: AsyncSession, member: int) -> None:
        own = {flag.id for flag in self.flags if flag.reporter_id == member}
        own |= {flag.merged_into_id for flag in self.flags if flag.id in own}
        waiting = [flag for flag in self.flags if flag.state in {State.NEW, State.CLAIMED} and flag.id not in own]
        shown = await queue(session, member, limit=100, now=self.house.clock())
        assert sorted(flag.id for flag in shown) == [flag.id for flag in waiting]
        counts = await count_waiting(session, member, self.house.clock())
        mine = [flag for flag in waiting if (flag.state, flag.reviewer_id) == (State.CLAIMED, member)]
        assert (counts.open, counts.mine) == (len(waiting), len(mine))

    def teardown(self) -> None:
        """Look at the whole once more, and close the house."""
        if self.people:
            self.run(assert_sound(self.house))
        self.run(self.at_work.aclose())
        self.runner.close()


@pytest.mark.parametrize("kind", KINDS)
def test_states_audit_and_counts_agree_whatever_people_do(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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

    monkeypatch.setattr(Desk, "fresh_database", staticmethod(fresh_database), raising=False)
    few = settings(
        max_examples=3 if kind == "sqlite" else 1,
        stateful_step_count=40,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Desk, settings=few)
