"""Whatever may be asked of a person is known for what it is."""

import importlib
import pkgutil
from collections import Counter

from aiogram.fsm.state import StatesGroup

import handlers
from handlers.asked import ABOUT_OTHERS, OF_A_DRIVER, OF_A_REPORT, OF_THE_TEAM, SECRETS


def test_every_state_of_every_handler_is_sorted_into_one_kind() -> None:
    for module in pkgutil.walk_packages(handlers.__path__, "handlers."):
        importlib.import_module(module.name)
    groups = [group for group in StatesGroup.__subclasses__() if group.__module__.startswith("handlers.")]
    states = Counter(state.state for group in groups for state in group.__states__)
    assert set(states.values()) == {1}, "two groups call a state the same"
    kinds = (OF_THE_TEAM, OF_A_REPORT, OF_A_DRIVER)
    assert Counter(state for kind in kinds for state in kind) == states
    assert ABOUT_OTHERS <= OF_THE_TEAM
    assert SECRETS <= OF_A_REPORT
