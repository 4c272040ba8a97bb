"""Where flags stand by what the audit says alone: replayed entry by entry, it must tell what the tables hold."""

from collections.abc import Collection
from typing import NamedTuple

from handlers.appealing import STAYS
from models.audit import Action, AuditEntry
from models.flags import State


class Standing(NamedTuple):
    """Where the audit says that a flag stands: who works on it, or closed it, and what it's looked at together with."""

    state: State
    reviewer: int | None = None
    main: int | None = None


NEW, WITHDRAWN = Standing(State.NEW), Standing(State.WITHDRAWN)


class Story:
    """Reads entries in their order; a move that can't be is an AssertionError."""

    def __init__(self) -> None:
        self.flags: dict[int, Standing] = {}
        self.deleted: set[int] = set()
        self.forgotten = 0
        """How many are gone whose time had come."""
        self.read = 0
        """The number of the last entry that was read."""

    def go_on(self, entries: Collection[AuditEntry]) -> None:
        """Read what was written since."""
        for entry in entries:
            assert entry.number == self.read + 1
            self.read = entry.number
            self._turn(entry, entry.flag_id or 0)

    def forget(self, number: int) -> None:
        """A flag is gone whose time had come: it's one of those that the audit counts."""
        self.forgotten -= 1
        del self.flags[number]
        self._let_go(number)

    def _let_go(self, gone: int) -> None:
        for number, its in self.flags.items():
            if its.main == gone:
                assert its.state is State.CLOSED  # what is looked at together with another is parted from it first
                self.flags[number] = its._replace(main=None)

    def _turn(self, entry: AuditEntry, number: int) -> None:
        flags, actor, stood = self.flags, entry.actor_id, self.flags.get(number)
        match entry.action:
            case Action.RECEIVED:
                assert stood is None
                assert number not in self.deleted
                flags[number] = NEW
            case Action.CLAIMED:
                assert stood == NEW
                flags[number] = Standing(State.CLAIMED, actor)
            case Action.HANDED_OVER:
                assert stood is not None
                assert stood.state in {State.NEW, State.CLAIMED}
                assert entry.detail in {"", str(actor)}
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
                assert stood is not None
                if stood.main is None:
                    assert stood == Standing(State.CLAIMED, actor)
                else:
                    main_one = flags[stood.main]
                    assert main_one == Standing(State.CLOSED, actor)
                flags[number] = Standing(State.CLOSED, actor, stood.main)
            case Action.APPEAL_DECIDED if entry.detail != STAYS:
                assert stood is not None
                assert (stood.state, stood.main) == (State.CLOSED, None)
                assert stood.reviewer != actor or actor is None
                flags[number] = stood._replace(reviewer=actor)
                for each, its in flags.items():
                    if its.main == number and its.state is State.CLOSED:
                        flags[each] = its._replace(reviewer=actor)
            case Action.REOPENED:
                assert stood is not None
                assert stood.state is State.CLOSED
                if stood.main is not None:
                    assert flags[stood.main].state in {State.NEW, State.CLAIMED}
                    flags[number] = Standing(State.MERGED, None, stood.main)
                else:
                    flags[number] = Standing(State.CLAIMED, actor) if actor is not None else NEW
            case Action.WITHDRAWN:
                assert stood is not None
                assert stood.state in {State.NEW, State.CLAIMED, State.MERGED}
                assert not [its for its in flags.values() if its == Standing(State.MERGED, None, number)]
                flags[number] = WITHDRAWN
            case Action.FORGOTTEN:
                self.forgotten += int(entry.detail)
            case Action.DELETED | Action.PURGED:
                del flags[number]
                self.deleted.add(number)
                self._let_go(number)
